"""Rooms of a server that was stopped or killed, taken up by the next one."""

from __future__ import annotations

import asyncio
import logging
import os
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from client import Client
from fake_engine import SDP, FakeEngine
from guest import invite
from harness.jupyter import JupyterServer
from rtc_notebook_server.conversation import hear
from rtc_notebook_server.identity import Identity
from rtc_notebook_server.kept import GOOD_SECONDS, KeptRooms
from rtc_notebook_server.manager import RoomManager
from rtc_notebook_server.place import Place
from rtc_notebook_server.rooms import Room
from rtc_notebook_server.settings import Settings
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from rtc_notebook import NotAllowed, links, server, visiting
from rtc_notebook.errors import SfuError
from rtc_notebook.protocol import (
    Chat,
    Hello,
    Publish,
    Restarted,
    RoomState,
    SendChat,
    SetLock,
    TrackDescription,
    Waiting,
    Welcome,
)

ANA, BO, CY = (Identity(user=name, display_name=name.title()) for name in ("ana", "bo", "cy"))


class Outlet:
    origin = ""
    unsent = 0

    def __init__(self) -> None:
        self.heard: list[Any] = []

    def send(self, message: Any) -> None:
        self.heard.append(message)

    def admitted(self, place: Place) -> None: ...

    def close(self, code: int, reason: str) -> None: ...

    def last(self, kind: type) -> Any:
        return next(one for one in reversed(self.heard) if isinstance(one, kind))


class Server:
    """One run of a Jupyter server, as far as rooms go; the file is all that it shares with the next."""

    def __init__(self, path: Path, clock: Any = None) -> None:
        kept = KeptRooms(lambda: path, **({"clock": clock} if clock else {}))
        settings = Settings(make_engine=FakeEngine, resume_grace=0.3, linger=0.05, tell_seconds=0.0, kept=kept)
        self.manager = RoomManager(settings)

    async def join(self, who: Identity, **fields: Any) -> Outlet:
        outlet = Outlet()
        hello = Hello(version=1, client="browser", client_version="0", **fields)
        await self.manager.join("demo", hello, who, outlet)
        return outlet

    async def say(self, who: Outlet, message: Any) -> None:
        live = self.manager.rooms["demo"]
        await hear(live, live.places[who.last(Welcome).participant], message)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "private" / "rooms.json"


async def until(condition: Callable[[], bool]) -> None:
    deadline = asyncio.get_running_loop().time() + 10
    while not condition() and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110 - a thread writes
        await asyncio.sleep(0.02)


def written(path: Path, text: bytes) -> Path:
    path.parent.mkdir()
    path.write_bytes(text)
    return path


async def call_of_two(path: Path, *, killed: bool = False) -> tuple[Outlet, Outlet]:
    server = Server(path)
    ana, bo = await server.join(ANA), await server.join(BO)
    await server.say(ana, SendChat(text="hello"))
    await server.say(ana, SetLock(locked=True))
    if killed:
        await until(lambda: os.path.exists(path))  # within the second, by a thread
        server.manager.settings.kept.close()
    await server.manager.stop()
    return ana, bo


@pytest.mark.parametrize("killed", [False, True])
async def test_people_roles_lock_and_chat_outlast_the_server(path: Path, killed: bool) -> None:
    ana, bo = await call_of_two(path, killed=killed)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    server = Server(path)
    waiting = await server.join(CY)
    assert waiting.last(Waiting), "the lock holds, whoever comes first"
    again = await server.join(BO, session=bo.last(Welcome).session, heard=7)
    welcome = again.last(Welcome)
    assert (welcome.participant, welcome.resumed) == (bo.last(Welcome).participant, False)
    assert [line.text for line in again.last(Chat).lines] == ["hello"]
    await server.say(again, Publish(id=1, sdp=SDP, tracks={"1": TrackDescription(source="camera")}))
    await server.join(ANA, session=ana.last(Welcome).session)
    state: RoomState = again.last(RoomState)
    assert [(one.name, one.role, one.connected) for one in state.participants] == [
        ("Ana", "host", True),
        ("Bo", "member", True),
    ]
    await server.manager.stop()


async def test_who_does_not_come_back_is_gone_after_the_grace_time(path: Path) -> None:
    _, bo = await call_of_two(path)
    server = Server(path)
    again = await server.join(BO, session=bo.last(Welcome).session)
    await until(lambda: len(again.last(RoomState).participants) == 1)
    assert [(one.name, one.role) for one in again.last(RoomState).participants] == [("Bo", "host")]
    await server.manager.stop()


async def test_a_room_that_is_over_is_not_kept(path: Path) -> None:
    server = Server(path)
    ana = await server.join(ANA)
    live = server.manager.rooms["demo"]
    await live.close("ended", "It is over.")
    await server.manager.stop()
    next_one = Server(path)
    again = await next_one.join(ANA, session=ana.last(Welcome).session)
    assert again.last(Welcome).participant != ana.last(Welcome).participant
    await next_one.manager.stop()


async def test_what_is_old_is_not_taken_up(path: Path) -> None:
    ana, _ = await call_of_two(path)
    server = Server(path, clock=lambda: time.time() + GOOD_SECONDS + 1)
    again = await server.join(ANA, session=ana.last(Welcome).session)
    assert again.last(Welcome).participant != ana.last(Welcome).participant
    await server.manager.stop()


@pytest.mark.parametrize("text", [b"", b"{", b'{"rooms": [{"name": "demo"}]}', b'{"rooms": 7}', b"\xff\x00" * 99])
async def test_a_file_that_cannot_be_read_is_told_and_the_room_begins_empty(
    path: Path, text: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    server = Server(written(path, text))
    with caplog.at_level(logging.WARNING):
        ana = await server.join(ANA)
    assert len(ana.last(RoomState).participants) == 1
    assert "Rooms begin empty" in caplog.text
    await server.manager.stop()


async def test_where_nothing_can_be_written_calls_go_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    server = Server(blocked / "rooms.json")
    with caplog.at_level(logging.WARNING):
        ana = await server.join(ANA)
        await server.manager.stop()
    assert ana.last(RoomState).participants
    assert "cannot be" in caplog.text


async def test_who_is_not_back_yet_when_the_sfu_dies_still_comes_back(path: Path) -> None:
    ana, bo = await call_of_two(path)
    server = Server(path)
    again = await server.join(ANA, session=ana.last(Welcome).session)
    FakeEngine.made[-1].die()
    await until(lambda: any(isinstance(one, Restarted) for one in again.heard))
    back = await server.join(BO, session=bo.last(Welcome).session)
    assert back.last(Welcome).participant == bo.last(Welcome).participant
    await server.say(back, Publish(id=1, sdp=SDP, tracks={"1": TrackDescription(source="camera")}))
    assert set(FakeEngine.made[-1].seats) == {one.last(Welcome).participant for one in (ana, bo)}
    await server.manager.stop()


async def test_who_cannot_be_seated_on_coming_back_is_waited_for_and_no_ghost(path: Path) -> None:
    _, bo = await call_of_two(path)
    server = Server(path)
    FakeEngine.refuse_start = True
    for _ in range(2):
        with pytest.raises(SfuError):
            await server.join(BO, session=bo.last(Welcome).session)
    live = server.manager.rooms["demo"]
    assert not any(who.connected for who in live.room.participants.values())
    FakeEngine.refuse_start = False
    back = await server.join(BO, session=bo.last(Welcome).session)
    assert back.last(Welcome).participant == bo.last(Welcome).participant
    await server.manager.stop()


async def test_who_cannot_be_seated_and_stays_away_is_gone_after_the_grace_time(path: Path) -> None:
    _, bo = await call_of_two(path)
    server = Server(path)
    FakeEngine.refuse_start = True
    with pytest.raises(SfuError):
        await server.join(BO, session=bo.last(Welcome).session)
    await until(lambda: not server.manager.rooms)
    assert not server.manager.rooms
    await server.manager.stop()


async def test_what_is_written_last_is_the_newest_however_long_the_write_before_takes(path: Path) -> None:
    here, begun, go_on = threading.current_thread(), threading.Event(), threading.Event()

    def where() -> Path:
        if threading.current_thread() is not here:
            begun.set()
            assert go_on.wait(20)
        return path

    kept, room = KeptRooms(where), Room("demo")
    room.join("browser", "Ana")
    kept.changed(room)
    await until(begun.is_set)
    room.chat.write("p", "Ana", "the newest", 1.0)
    threading.Timer(0.3, go_on.set).start()
    kept.close()
    assert go_on.wait(20) and kept._writing is not None
    await kept._writing
    assert b"the newest" in await asyncio.to_thread(path.read_bytes)


async def connect(where: server.Server) -> Client:
    request = HTTPRequest(where.socket("demo"), headers={"Authorization": where.authorization})
    return Client(await websocket_connect(request, subprotocols=list(where.subprotocols)))


@pytest.mark.slow
async def test_invites_and_guests_outlast_a_jupyter_server(tmp_path: Path) -> None:
    jupyter = JupyterServer(tmp_path, "server")
    own = server.named(jupyter.url, jupyter.token)
    await asyncio.to_thread(jupyter.start)
    try:
        ana = await connect(own)
        await ana.hello(name="Ana")
        made = links.read((await invite(ana, role="viewer", uses=2))["url"])
        before = await asyncio.to_thread(visiting.enter, made, tmp_path / "bo")
        bo = await connect(before.server)
        await bo.hello(name="Bo")
        await asyncio.to_thread(jupyter.stop)
        await asyncio.to_thread(jupyter.start)

        ana_again = await connect(own)
        await ana_again.hello(session=ana.session)
        after = await asyncio.to_thread(visiting.enter, made, tmp_path / "bo")
        assert after == before, "a guest's session is good still, and uses no invite up"
        bo_again = await connect(after.server)
        await bo_again.hello(session=bo.session)
        assert bo_again.id == bo.id
        cy = await connect((await asyncio.to_thread(visiting.enter, made, tmp_path / "cy")).server)
        await cy.hello(name="Cy")
        await ana_again.until(lambda c: c.names == ["Ana", "Bo", "Cy"])
        assert [ana_again.who(name)["role"] for name in ("Ana", "Bo", "Cy")] == ["host", "viewer", "viewer"]
        with pytest.raises(NotAllowed):
            await asyncio.to_thread(visiting.enter, made, tmp_path / "dan")
    finally:
        await asyncio.to_thread(jupyter.stop)
