"""A call's author as a host: door, invites, chat."""

from __future__ import annotations

import math
import queue
import re
import threading
from typing import Any

import pytest
from fake_worker import OWN_ID, FakeWorker, eventually, person

from rtc_notebook import Call, CallEnded, MessageError, NotAllowed, ParticipantNotFound
from rtc_notebook.media.control import FromServer, Refused, Room, State, ToServer
from rtc_notebook.protocol import (
    Chat,
    ChatLine,
    CreateInvite,
    EndRoom,
    Invited,
    InviteInfo,
    Invites,
    LowerHand,
    Moderate,
    MuteAll,
    ParticipantInfo,
    RevokeInvite,
    Role,
    SendChat,
    SetLock,
    SetRole,
    WaitingInfo,
)

INFO = InviteInfo(id="i1", role="viewer", name="Class", expires=2e9, uses=3, used=0, url="https://h/guest#t<", hint="!")


def said(worker: FakeWorker) -> list[object]:
    return [command.message for command in worker.sent(ToServer)]


def room(worker: FakeWorker, *, role: Role = "host", waiting: tuple[str, ...] = (), locked: bool = False) -> None:
    own = ParticipantInfo(id=OWN_ID, name="kernel", client="kernel", role=role)
    guest = ParticipantInfo(id="p2", name="Guest", client="browser", role="viewer", guest=True, hand=True)
    at_the_door = tuple(WaitingInfo(id=f"w-{name}", name=name) for name in waiting)
    worker.say(Room(participants=(own, guest), locked=locked, waiting=at_the_door))


def line(id: int, text: str, by: str = "p2") -> ChatLine:
    return ChatLine(id=id, by=by, name="Guest", text=text, time=1e9)


@pytest.fixture
def hosted(call: Call, worker: FakeWorker) -> Call:
    worker.connect(person("p2", "Guest"))
    room(worker)
    return call


def test_people_are_muted_removed_and_given_roles(hosted: Call, worker: FakeWorker) -> None:
    guest = hosted.participants["guest"]
    assert (guest.role, guest.is_guest, guest.hand, guest.may_filter) == ("viewer", True, True, False)
    guest.mute()
    guest.role = "member"
    guest.may_filter = True
    guest.lower_hand()
    guest.remove()
    assert said(worker) == [
        Moderate(action="mute", participant="p2"),
        SetRole(participant="p2", role="member"),
        SetRole(participant="p2", may_filter=True),
        LowerHand(participant="p2"),
        Moderate(action="remove", participant="p2"),
    ]
    with pytest.raises(ValueError, match="viewer"):
        guest.role = "owner"  # type: ignore[assignment]


def test_the_door(hosted: Call, worker: FakeWorker) -> None:
    hosted.lock()
    guest = hosted.participants["Guest"]
    room(worker, locked=True, waiting=("Bo", "Guest"))
    assert hosted.locked and hosted.waiting == ["Bo", "Guest"]
    hosted.admit("bo")
    hosted.admit(guest)  # who was here before
    with pytest.raises(ParticipantNotFound, match=r"Bo.*call\.waiting"):
        hosted.admit("Eve")
    hosted.unlock()
    assert said(worker) == [
        SetLock(locked=True),
        *(Moderate(action="admit", participant=f"w-{one}") for one in ("Bo", "Guest")),
        SetLock(locked=False),
    ]


def test_who_is_no_host_is_told_so_in_the_cell(hosted: Call, worker: FakeWorker) -> None:
    room(worker, role="member")
    guest = hosted.participants["guest"]
    asks = (guest.mute, guest.lower_hand, guest.remove, hosted.lock, hosted.unlock, hosted.invite)
    for ask in (*asks, hosted.mute_all, hosted.end):
        with pytest.raises(NotAllowed, match="member"):
            ask()
    assert said(worker) == []


def test_everybody_is_muted_and_the_call_ended_for_all(hosted: Call, worker: FakeWorker) -> None:
    hosted.mute_all()
    hosted.end()
    assert said(worker) == [MuteAll(), EndRoom()]
    worker.say(State(phase="ended", message="A host ended the call for everybody."))
    assert eventually(lambda: hosted.phase == "ended")
    with pytest.raises(CallEnded, match="for everybody"):
        hosted.end()


def test_an_invite(hosted: Call, worker: FakeWorker) -> None:
    def answer() -> None:
        asked = worker.wait_for(ToServer).message
        assert asked == CreateInvite(id=1, role="viewer", minutes=5.0, uses=3, name="Class")
        worker.say(FromServer(message=Invited(id=1, invite=INFO)))

    threading.Thread(target=answer).start()
    invite = hosted.invite(role="viewer", minutes=5, uses=3, name="Class")
    assert (invite.url, invite.role, invite.uses, invite.used, invite.hint) == (INFO.url, "viewer", 3, 0, "!")
    shown = invite._repr_html_()
    assert "<svg" in shown and "#t&lt;" in shown and "#t<" not in shown
    assert INFO.url in repr(invite) and repr(invite).endswith("\n!")
    worker.say(FromServer(message=Invites(invites=(InviteInfo(**{**_fields(INFO), "used": 2}),))))
    assert invite.used == 2 and [one.url for one in hosted.invites] == [INFO.url]
    invite.revoke(remove=1)  # type: ignore[arg-type]
    assert said(worker)[-1] == RevokeInvite(invite="i1", remove=True)


def _fields(info: InviteInfo) -> dict[str, object]:
    return {name: getattr(info, name) for name in info.__struct_fields__}


def test_a_refused_invite_says_why(hosted: Call, worker: FakeWorker) -> None:
    def answer() -> None:
        worker.wait_for(ToServer)
        worker.say(Refused(code="too-many-invites", message="This room has 100 invites.", about="create-invite", id=1))

    threading.Thread(target=answer).start()
    with pytest.raises(NotAllowed, match="has 100 invites"):
        hosted.invite()


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ({"role": "boss"}, "'host', 'member' or 'viewer', not 'boss'"),
        ({"minutes": math.nan}, "minutes=nan"),
        ({"minutes": math.inf}, "minutes=inf"),
        ({"minutes": "60"}, "minutes='60'"),
        ({"minutes": 0}, "minutes=0"),
        ({"uses": "3"}, "uses='3'"),
        ({"uses": 0}, "uses=0"),
        ({"uses": 1.5}, "uses=1.5"),
        ({"uses": 10**30}, "1 to 100,000 people"),
        ({"name": 7}, "name=7"),
    ],
)
def test_an_invite_that_cannot_be_is_refused_in_the_cell(
    hosted: Call, worker: FakeWorker, wanted: dict[str, Any], says: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        hosted.invite(**wanted)
    assert said(worker) == []


def test_chat(hosted: Call, worker: FakeWorker) -> None:
    heard: queue.Queue[str] = queue.Queue()
    hosted.on("chat", lambda message: heard.put(f"{message.name}: {message.text}"))
    worker.say(FromServer(message=Chat(lines=(line(1, "before"),))))
    worker.say(FromServer(message=Chat(lines=(line(2, "mine", by=OWN_ID),))))
    worker.say(FromServer(message=Chat(lines=(line(3, "new"),))))
    worker.say(FromServer(message=Chat(lines=(line(2, "mine", by=OWN_ID), line(3, "new"), line(4, "newer")))))
    assert [heard.get(timeout=5) for _ in range(2)] == ["Guest: new", "Guest: newer"]
    assert [message.text for message in hosted.chat] == ["before", "mine", "new", "newer"]
    assert hosted.chat[-1].participant == "p2" and len(hosted.chat[1:3]) == 2
    assert "Guest: newer" in repr(hosted.chat)
    hosted.chat.send(42)
    with pytest.raises(MessageError, match="4,000 characters at most, this one has 300,000"):
        hosted.chat.send("x" * 300_000)
    assert said(worker) == [SendChat(text="42")]
    hosted.leave()
    with pytest.raises(CallEnded):
        hosted.chat.send("x")


def test_a_kernel_that_waits_says_for_what(call: Call, worker: FakeWorker) -> None:
    worker.say(State(phase="connecting", message="A host of this room has to let you in."))
    assert eventually(lambda: call._studio.message) == "A host of this room has to let you in."
