"""The kernel's end of the media link: what it sends, and a server whose network is gone without a word."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from rtc_notebook.link import wire
from rtc_notebook.media import link
from rtc_notebook.media.link import MediaLink
from rtc_notebook.protocol import Kind, MediaSettings


@pytest.mark.slow
async def test_a_socket_over_which_nothing_comes_is_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "PING_SECONDS", 0.3)
    monkeypatch.setattr(link, "DEAD_SECONDS", 1.5)
    sockets: asyncio.Queue[ServerConnection] = asyncio.Queue()

    async def converse(socket: ServerConnection) -> None:
        await socket.recv()
        await socket.send('{"type": "open"}')
        sockets.put_nowait(socket)
        await socket.wait_closed()

    async with serve(converse, "127.0.0.1", 0, ping_interval=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        media = MediaLink(f"ws://127.0.0.1:{port}/socket", "", "secret", MediaSettings())
        try:
            first = await asyncio.wait_for(sockets.get(), 15)
            with pytest.raises(asyncio.TimeoutError):  # answers to pings are enough to keep it
                await asyncio.wait_for(sockets.get(), 3)
            first.transport.pause_reading()  # what is sent arrives nowhere, and nothing comes back
            await asyncio.wait_for(sockets.get(), 15)
            first.transport.abort()
        finally:
            await media.close()


async def test_a_frame_that_cannot_be_taken_in_leaves_the_others_their_link(caplog: pytest.LogCaptureFixture) -> None:
    media, came = MediaLink("ws://127.0.0.1:1/socket", "", "secret", MediaSettings()), []

    def take(frame: wire.Frame) -> None:
        if frame.track == "ana":
            raise RuntimeError("can't start new thread")  # to decode it
        came.append(frame.track)

    media.on_frame = take
    frames = [wire.encode(wire.Frame(track, "audio", False, 0, 0.0, b"x")) for track in ("ana", "ben")]
    media._take(wire.message(0.0, frames))
    await media.close()
    assert came == ["ben"]
    assert "can't start new thread" in caplog.text


class Server:
    """Takes what comes over a link, and acknowledges it when it is told to."""

    def __init__(self) -> None:
        self.came: list[wire.Frame] = []
        self.received = 0
        self._socket: ServerConnection | None = None
        self._more = asyncio.Event()

    async def converse(self, socket: ServerConnection) -> None:
        await socket.recv()
        await socket.send('{"type": "open"}')
        self._socket = socket
        with suppress(ConnectionClosed):
            async for data in socket:
                assert isinstance(data, bytes)
                self._sent, records, media = wire.decode(data)
                self.came += [one for one in records if isinstance(one, wire.Frame)]
                self.received += media
                self._more.set()

    async def acknowledge(self) -> None:
        assert self._socket is not None
        ack = wire.Ack(self._sent, 0.0, self.received)
        await self._socket.send(wire.message(0.0, [wire.encode(ack)]))

    async def until(self, count: int) -> None:
        while len(self.came) < count:
            self._more.clear()
            await asyncio.wait_for(self._more.wait(), 15)


@asynccontextmanager
async def linked() -> AsyncIterator[tuple[MediaLink, Server]]:
    theirs, opened = Server(), asyncio.Event()
    async with serve(theirs.converse, "127.0.0.1", 0, ping_interval=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        media = MediaLink(f"ws://127.0.0.1:{port}/socket", "", "secret", MediaSettings())
        assert not media.ready(), "nothing gets out before it is open"
        media.on_open = opened.set
        try:
            await asyncio.wait_for(opened.wait(), 15)
            yield media, theirs
        finally:
            await media.close()


def frame(kind: Kind, size: int) -> wire.Frame:
    return wire.Frame("t", kind, True, 0, 0.0, bytes(size))


async def becomes_ready(media: MediaLink) -> None:
    while not media.ready():  # noqa: ASYNC110
        await asyncio.sleep(0.01)


async def test_no_more_is_on_its_way_than_was_acknowledged_makes_room_for() -> None:
    async with linked() as (media, server):
        pictures = 0
        while media.ready():
            media.send(frame("video", 8_000))
            pictures += 1
        assert 5 < pictures < 20
        await server.until(pictures)
        assert not media.ready(), "the server has it all, and has not said so"
        await server.acknowledge()
        await asyncio.wait_for(becomes_ready(media), 15)


async def test_sound_goes_out_when_pictures_have_to_wait_but_not_what_comes_far_too_late() -> None:
    async with linked() as (media, server):
        while media.ready():
            media.send(frame("video", 8_000))
        before = media._window.sent
        for _ in range(600):
            media.send(frame("audio", 200))
            await asyncio.sleep(0)
        sound = media._window.sent - before
        assert 50_000 < sound < 80_000, "as much again as pictures may take"
        media.send(frame("video", 1_000))
        await server.until(len(server.came) + 1)
        while server.received < media._window.sent:
            await server.until(len(server.came) + 1)
        assert server.came[-1].kind == "video", "a picture that is encoded already goes out: those after it refer to it"


async def test_pictures_that_do_not_get_out_lower_the_bitrate_which_they_share(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 1_000.0
    async with linked() as (media, _):
        monkeypatch.setattr("rtc_notebook.media.link.time.monotonic", lambda: now)
        alone = media.share(1)
        assert media.share(2) == alone // 2
        while media.ready():
            media.send(frame("video", 8_000))
        for _ in range(30):
            assert not media.ready()
        now += 1
        assert media.share(1) < 0.9 * alone
