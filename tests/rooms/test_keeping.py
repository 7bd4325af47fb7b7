"""What of a room outlasts the server."""

from __future__ import annotations

import msgspec
import pytest
from rtc_notebook_server.rooms import Guest, Room
from rtc_notebook_server.rooms.keeping import MAX_CHAT_CHARACTERS, KeptRoom, keep, restore

from rtc_notebook.protocol import SetFilter, SetRole


def again(room: Room) -> Room:
    """Return the room as the next server has it."""
    text = msgspec.json.encode(keep(room, 1.0))
    after = Room(room.name)
    restore(after, msgspec.json.decode(text, type=KeptRoom))
    return after


def test_who_comes_back_with_their_session_is_who_they_were() -> None:
    room = Room("demo")
    ana, bo = room.join("browser", "Ana", user="ana"), room.join("browser", "Bo", user="bo")
    gus = room.join("browser", "Gus", guest=Guest(id="g", invite="i", role="viewer", since=1.0))
    room.set_role(ana.id, SetRole(participant=bo.id, may_filter=True))
    after = again(room)
    assert [(one.id, one.connected) for one in after.participants.values()] == [
        (ana.id, False),
        (bo.id, False),
        (gus.id, False),
    ]
    back = after.resume(bo.session, "bo")
    assert back is not None
    assert (back.id, back.role, back.may_filter, back.connected, back.session) == (
        bo.id,
        "member",
        True,
        True,
        bo.session,
    )
    assert after.resume(ana.session, "bo") is None, "another user's session is good for nothing"
    assert after.resume("", "ana") is None
    guest = after.resume(gus.session, None, gus.guest)
    assert guest is not None and guest.role == "viewer"
    assert after.join("browser", "New", user="new").role == "member", "the host is only away"


def test_the_file_lets_nobody_in() -> None:
    room = Room("demo")
    ana = room.join("browser", "Ana", user="ana", call="a kernel's secret")
    kept = keep(room, 1.0)
    text = msgspec.json.encode(kept).decode()
    assert ana.session not in text
    assert "a kernel's secret" not in text
    assert again(room).resume(kept.participants[0].sealed, "ana") is None


def test_the_lock_and_those_removed_stay_as_they_were() -> None:
    room = Room("demo")
    ana, bo = room.join("browser", "Ana", user="ana"), room.join("browser", "Bo", user="bo")
    room.remove(ana.id, bo.id)
    room.leave(bo.id)
    after = again(room)
    assert after.knock("Bo", "bo") is not None
    assert after.knock("Cy", "cy") is None
    room.set_lock(ana.id, True)
    assert again(room).knock("Cy", "cy") is not None


def test_the_newest_of_the_chat_is_there_and_goes_on() -> None:
    room = Room("demo")
    for number in range(300):
        room.chat.write("a", "Ana", f"{number} " + "x" * 1000, 1.0)
    after = again(room)
    lines = list(after.chat.lines)
    assert lines[-1].text.startswith("299 ")
    assert sum(len(line.text) for line in lines) <= MAX_CHAT_CHARACTERS
    assert after.chat.write("a", "Ana", "next", 2.0).id == lines[-1].id + 1


@pytest.mark.parametrize(("on_error", "filtered"), [("hold", True), ("pass", False)])
def test_nothing_raw_passes_under_a_filter_that_holds(on_error: str, filtered: bool) -> None:
    room = Room("demo")
    ana, kernel = room.join("browser", "Ana", user="ana"), room.join("kernel", "Kernel", user="ana")
    room.set_filter(kernel.id, msgspec.convert({"participant": ana.id, "onError": on_error}, SetFilter))
    after = again(room)
    assert bool(after.filters) is filtered
    after.leave(kernel.id)  # it did not come back
    assert [its.held for its in after.filters.values()] == [True] * filtered
