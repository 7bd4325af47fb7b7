"""The media WebSocket of a real server and its SFU, and what somebody says there who means no good."""

from __future__ import annotations

import asyncio
import json
import math
import socket
import struct
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import psutil
import pytest
from rtc_notebook_server import media_socket
from tornado.websocket import WebSocketClientConnection, WebSocketClosedError

from rtc_notebook.link import wire

pytestmark = pytest.mark.slow

SECONDS = 15
KEYFRAME = b"\x10\0\0\x9d\x01\x2a\x40\x01\xb4\x00"  # as far as anybody here looks: 320x180


@pytest.fixture
def jp_server_config(jp_server_config: dict[str, Any]) -> dict[str, Any]:
    del jp_server_config["RtcNotebookApp"]["engine_class"]
    return jp_server_config


def picture(track: str, size: int = 1_000, captured: float = 0.0) -> bytes:
    data = KEYFRAME + bytes(size - len(KEYFRAME))
    return wire.encode(wire.Frame(track, "video", True, round(90_000 * time.monotonic()) & 0xFFFFFFFF, captured, data))


def message(*records: bytes) -> bytes:
    return wire.message(time.monotonic(), records)


@pytest.fixture
def media(jp_ws_fetch: Any) -> Callable[[Any], Awaitable[WebSocketClientConnection]]:
    """Open a participant's media socket."""

    async def open(client: Any) -> WebSocketClientConnection:
        opened = await jp_ws_fetch("rtc-notebook", "api", "rooms", "demo", "media")
        opened.write_message(json.dumps({"session": client.session}))
        assert await next_message(opened) == '{"type":"open"}'
        return opened

    return open


async def next_message(opened: WebSocketClientConnection) -> Any:
    return await asyncio.wait_for(opened.read_message(), SECONDS)


async def closed(opened: WebSocketClientConnection) -> tuple[int | None, str | None]:
    while await next_message(opened) is not None:
        pass
    return opened.close_code, opened.close_reason


async def sfu(jp_fetch: Any) -> Any:
    return json.loads((await jp_fetch("rtc-notebook", "api", "rooms", "demo")).body)["sfu"]


async def published(client: Any) -> str:
    client.say("publish-link", id=1, kinds={"0": "video"}, tracks={"0": {"source": "camera"}})
    return str((await client.next("publish-answer"))["tracks"]["0"])


class Witness:
    """Two people whose pictures go on whatever a third one does: Ana sends thirty a second, Bo gets them."""

    def __init__(self, size: int = 1_000) -> None:
        self.size = size
        self.came: list[float] = []

    @asynccontextmanager
    async def watch(self, join: Any, media: Any) -> AsyncIterator[Witness]:
        ana, bo = await join(name="Ana"), await join(name="Bo")
        track = await published(ana)
        bo.say("subscribe", tracks=[track], link=True)
        sends, gets = await media(ana), await media(bo)
        tasks = [asyncio.ensure_future(self._send(sends, track)), asyncio.ensure_future(self._get(gets))]
        try:
            await self.go_on()
            yield self
            await self.go_on()
        finally:
            for task in tasks:
                task.cancel()

    async def go_on(self) -> None:
        """Wait until five more pictures have come."""
        target = len(self.came) + 5

        async def enough() -> None:
            while len(self.came) < target:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

        await asyncio.wait_for(enough(), SECONDS)

    async def _send(self, opened: WebSocketClientConnection, track: str) -> None:
        while True:
            await opened.write_message(message(picture(track, self.size, time.time())), binary=True)
            await asyncio.sleep(1 / 30)

    async def _get(self, opened: WebSocketClientConnection) -> None:
        received = 0
        while (data := await opened.read_message()) is not None:
            sent, records, media = wire.decode(data)
            self.came += [time.monotonic() for one in records if isinstance(one, wire.Frame)]
            received += media
            if media:
                await opened.write_message(message(wire.encode(wire.Ack(sent, 0.0, received))), binary=True)


def bad_messages(track: str) -> dict[str, bytes]:
    """Return what is no message, or makes no sense, by what is wrong; the track is the sender's own."""
    whole = message(picture(track))
    ack = struct.Struct("!IBddQ")
    return {
        "nothing": b"",
        "garbage": bytes(range(256)) * 16,
        "a message cut short": whole[:-1],
        "a record longer than any": struct.pack("!dIB", 0.0, 0xFFFFFFFF, wire.PICTURE),
        "a track's name that is none": whole.replace(track.encode(), b"\xff" * len(track)),
        "captured at no time": message(picture(track, captured=math.nan)),
        "captured after all times": message(picture(track, captured=math.inf)),
        "captured almost then": message(picture(track, captured=1e308)),
        "captured before all times": message(picture(track, captured=-math.inf)),
        "an acknowledgement that reaches into the next record": message(
            ack.pack(1, wire.ACK, 0.0, 0.0, 0)[:5], ack.pack(25, wire.ACK, 0.0, 0.0, 0)
        ),
        "very many records": message(*[struct.pack("!IB", 1, 99)] * 100_000),
    }


async def test_what_cannot_be_read_ends_its_own_socket_and_nobody_elses(join: Any, media: Any) -> None:
    eve = await join(name="Eve")
    track = await published(eve)
    async with Witness().watch(join, media) as witness:
        for what, bad in bad_messages(track).items():
            opened = await media(eve)
            await opened.write_message(message(picture(track)), binary=True)
            await opened.write_message(bad, binary=True)
            assert await closed(opened) == (1008, "bad-media"), what
            await witness.go_on()
        opened = await media(eve)
        await opened.write_message("text is for the session", binary=False)
        assert await closed(opened) == (1008, "binary-only")
        opened = await media(eve)
        with suppress(WebSocketClosedError):  # it is closed while this is being written
            await opened.write_message(bytes(wire.MAX_MESSAGE_BYTES + 1), binary=True)
        assert (await closed(opened))[0] == 1009


async def test_a_socket_that_begins_with_nonsense_is_told_so(jp_ws_fetch: Any, join: Any) -> None:
    await join()
    for begins in (
        '{"session": "none"}',
        '{"session": "\\ud800"}',
        '{"session": 1}',
        "[" * 100_000,
        "",
        json.dumps({"session": "s" * 2**20}),
        b"\0",
        b"\0" * 100_000,
    ):
        opened = await jp_ws_fetch("rtc-notebook", "api", "rooms", "demo", "media")
        await opened.write_message(begins, binary=isinstance(begins, bytes))
        reason = "no-session" if isinstance(begins, str) else "session-first"
        assert await closed(opened) == (1008, reason), begins[:30]
    opened = await jp_ws_fetch("rtc-notebook", "api", "rooms", "no%2Fsuch", "media")
    await opened.write_message('{"session": "none"}')
    assert await closed(opened) == (1008, "no-session")


def frames(data: bytes, count: int) -> bytes:
    """Return a binary message many times over, masked (RFC 6455, 5.2) with a mask that changes nothing."""
    head = struct.pack("!BBQ", 0x82, 0xFF, len(data))
    return (head + bytes(4) + data) * count


class Raw:
    """A media socket without a client that keeps to rules: bytes are written by a thread, and nobody reads."""

    def __init__(self, port: int, headers: dict[str, str], receives: int = 0) -> None:
        self.socket = socket.socket()
        if receives:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receives)
        self.socket.connect(("127.0.0.1", port))
        self._headers = headers

    async def open(self, path: str, session: str) -> None:
        lines = {"Host": "localhost", "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
        lines |= {"Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==", **self._headers}
        self.socket.sendall(f"GET {path} HTTP/1.1\r\n".encode())
        self.socket.sendall("".join(f"{name}: {value}\r\n" for name, value in lines.items()).encode() + b"\r\n")
        said = json.dumps({"session": session}).encode()
        self.socket.sendall(struct.pack("!BBI", 0x81, 0x80 | len(said), 0) + said)
        await asyncio.to_thread(self._until, b'{"type":"open"}')

    def flood(self, data: bytes) -> threading.Thread:
        """Write until the other end has had enough."""

        def write() -> None:
            try:
                while True:
                    self.socket.sendall(data)
            except OSError:
                pass

        thread = threading.Thread(target=write, daemon=True)
        thread.start()
        return thread

    def _until(self, wanted: bytes) -> None:
        came = b""
        while wanted not in came:
            came += (more := self.socket.recv(65536))
            assert more, came


@pytest.fixture
def raw(jp_serverapp: Any, http_server_port: Any, jp_base_url: str) -> Callable[..., Awaitable[Raw]]:
    """Open a participant's media socket without a WebSocket client."""

    async def open(client: Any, receives: int = 0) -> Raw:
        token = jp_serverapp.identity_provider.token
        made = Raw(http_server_port[1], {"Authorization": f"token {token}"}, receives)
        await made.open(f"{jp_base_url}rtc-notebook/api/rooms/demo/media", client.session)
        return made

    return open


async def ends(jp_fetch: Any, client: Any) -> None:
    """Wait until the SFU knows of no media socket of this participant's."""

    async def look() -> None:
        while (await sfu(jp_fetch))["participants"][client.id]["connections"]["link"]["state"] != "new":  # noqa: ASYNC110
            await asyncio.sleep(0.05)

    await asyncio.wait_for(look(), SECONDS)


@pytest.mark.parametrize("many", ["small messages", "small records", "large pictures"])
async def test_a_flood_ends_its_own_socket_and_holds_nobody_up(
    join: Any, media: Any, raw: Any, jp_fetch: Any, many: str
) -> None:
    eve = await join(name="Eve")
    track = await published(eve)
    process = psutil.Process((await sfu(jp_fetch))["process"]["pid"])
    async with Witness().watch(join, media):
        opened = await raw(eve)
        small = picture(track, len(KEYFRAME))
        flood = {
            "small messages": frames(message(small), 2_000),
            "small records": frames(message(*[small] * 1_000), 20),
            "large pictures": frames(message(picture(track, 60_000)), 20),
        }[many]
        before = process.memory_info().rss
        thread = opened.flood(flood)
        await ends(jp_fetch, eve)
        assert process.memory_info().rss - before < 30e6
        eve.say("set-hand", raised=True)
        await eve.until(lambda client: client.who("Eve").get("hand"))
        opened.socket.close()
        await asyncio.to_thread(thread.join)


async def test_sockets_that_break_off_in_the_middle_leave_nothing_behind(
    join: Any, media: Any, raw: Any, jp_fetch: Any
) -> None:
    eve = await join(name="Eve")
    track = await published(eve)
    async with Witness().watch(join, media):
        half = frames(message(picture(track)), 1)[:-500]
        for left in (b"", half[:1], half[:7], half):
            opened = await raw(eve)
            opened.socket.sendall(left)
            opened.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            opened.socket.close()  # with a reset
            await ends(jp_fetch, eve)


async def test_acknowledgements_of_what_was_not_read_do_not_fill_the_server(
    join: Any, media: Any, raw: Any, jp_fetch: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(media_socket, "MAX_UNSENT_BYTES", 200_000)
    eve = await join(name="Eve")
    async with Witness(200_000).watch(join, media) as witness:
        await eve.until(lambda client: client.who("Ana") and client.who("Ana")["tracks"])
        track = eve.who("Ana")["tracks"][0]["id"]
        eve.say("subscribe", tracks=[track], link=True)
        opened = await raw(eve, receives=4096)
        size, before = len(picture(track, witness.size)), len(witness.came)
        while not any("too slow" in record.getMessage() for record in caplog.records):
            sent = len(witness.came) - before  # or one more, or less
            acks = [wire.encode(wire.Ack(0.0, 0.0, max(0, count) * size)) for count in range(sent - 3, sent + 4)]
            opened.socket.sendall(frames(message(*acks), 1))
            await asyncio.sleep(1 / 30)
        await ends(jp_fetch, eve)
        opened.socket.close()
