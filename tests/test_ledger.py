from rtc_notebook import ledger
from rtc_notebook.ledger import Ledger
from rtc_notebook.protocol import ClientMessage, Heard, Leave, SendChat


def said(*texts: str) -> Ledger[ClientMessage]:
    account: Ledger[ClientMessage] = Ledger()
    for text in texts:
        account.say(SendChat(text=text))
    return account


def test_what_was_not_heard_is_said_again_in_order():
    account = said("one", "two", "three")
    account.acknowledge(1)
    account.acknowledge(0)  # an old number comes late
    assert [one.text for one in account.unheard] == ["two", "three"]
    account.say(SendChat(text="four"))
    account.acknowledge(4)
    assert account.unheard == [] and account.whole


def test_both_sides_count_the_same():
    account = said("one")
    account.say(Heard(count=3))
    account.say(Leave())
    other: Ledger[ClientMessage] = Ledger()
    for message in (SendChat(text="one"), Heard(count=3), Leave()):
        other.hear(message)
    assert other.heard == len(account.unheard) == 1


def test_it_is_bounded_and_says_so():
    account = said(*["x"] * (ledger.MOST_MESSAGES + 1))
    assert len(account.unheard) == ledger.MOST_MESSAGES
    assert not account.whole
