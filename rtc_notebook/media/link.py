"""The kernel's end of the media link: a second WebSocket that comes back when it breaks; see `rtc_notebook.link`."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from ..errors import ProtocolError
from ..link import tcp, wire
from ..link.window import Bitrate, Window
from ..protocol import MediaSettings
from ..signaling import is_loopback

logger = logging.getLogger(__name__)

ACK_SECONDS = 0.04
OPEN_SECONDS = 10.0
RETRY_SECONDS = (0.1, 0.3, 1.0, 2.0)
MAX_WAITING = 200
PING_SECONDS = 1.0
DEAD_SECONDS = 3.0
"""Without anything from the server, answers to pings included, a socket is made anew."""


def media_url(url: str) -> str:
    """Return the media link's address beside that of the signaling socket."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=parts.path.removesuffix("/socket") + "/media"))


class MediaLink:
    """Sends and takes frames; while it is closed, what would be sent is dropped.

    Parameters
    ----------
    url, authorization : str
        As for signaling.
    session : str
        From the welcome; it is said inside the socket.
    media : MediaSettings
        Bitrates.
    subprotocols : sequence of str
        As for signaling.
    """

    def __init__(
        self, url: str, authorization: str, session: str, media: MediaSettings, subprotocols: Sequence[str] = ()
    ) -> None:
        self._subprotocols = [Subprotocol(one) for one in subprotocols]
        self._url = media_url(url)
        self._headers = {"Authorization": authorization} if authorization else {}
        self._session = session
        self.bitrate = Bitrate(media.start_bitrate, media.max_bitrate)
        self.media = media
        self.on_frame: Callable[[wire.Frame], None] = lambda frame: None
        self.on_wanted: Callable[[str], None] = lambda track: None
        self.on_open: Callable[[], None] = lambda: None
        self.open = False
        self._window = Window()
        self._receipts = wire.Receipts()
        self._waiting: list[bytes] = []
        self._ready = asyncio.Event()
        self._ack_timer: asyncio.TimerHandle | None = None
        self._heard = 0.0
        self._failures = 0
        self._task = asyncio.ensure_future(self._run())

    @property
    def quiet(self) -> float:
        """Seconds since anything came, which the server sees to once a second."""
        return time.monotonic() - self._heard

    def ready(self) -> bool:
        """Whether a picture that is encoded now gets out at once."""
        ready = self.open and self._window.open and len(self._waiting) < MAX_WAITING
        if self.open:
            self.bitrate.note(ready)
        return ready

    def share(self, pictures: int) -> int:
        """Return the bits per second that each of so many pictures may take."""
        return int(self.bitrate.update(self._window.rate, time.monotonic()) / max(1, pictures))

    def send(self, frame: wire.Frame) -> None:
        """Send a frame; sound that does not get out any more is dropped."""
        late = self._window.unacked > 2 * self._window.size or len(self._waiting) > MAX_WAITING
        if self.open and not (late and frame.kind == "audio"):
            record = wire.encode(frame)
            self._window.add(len(record))
            self._say(record)

    def want(self, track: str) -> None:
        """Ask for a keyframe of somebody's track."""
        if self.open:
            self._say(wire.encode(wire.Wanted(track)))

    async def close(self) -> None:
        """Close it for good."""
        while not self._task.done():  # before Python 3.12, `wait_for` may swallow a cancellation
            self._task.cancel()
            await asyncio.wait([self._task], timeout=1.0)

    # --- within ----------------------------------------------------------------------------------------

    async def _run(self) -> None:
        attempt = 0
        while True:
            try:
                async with self._connect() as socket:
                    tcp.make_quick(socket.transport.get_extra_info("socket"))
                    await self._begin(socket)
                    attempt = 0
                    await self._talk(socket)
            except (OSError, asyncio.TimeoutError, InvalidHandshake, ConnectionClosed, ProtocolError) as error:
                logger.info("The media link broke: %s", error)
            finally:
                self.open = False
            await asyncio.sleep(RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)])
            attempt += 1

    def _connect(self) -> connect:
        options: dict[str, Any] = {"proxy": None} if is_loopback(self._url) else {}
        return connect(
            self._url,
            additional_headers=self._headers,
            subprotocols=self._subprotocols or None,
            max_size=wire.MAX_MESSAGE_BYTES,
            open_timeout=OPEN_SECONDS,
            ping_interval=None,  # see `_watch`
            compression=None,
            **options,
        )

    async def _begin(self, socket: ClientConnection) -> None:
        await socket.send(msgspec.json.encode({"session": self._session}).decode())
        await asyncio.wait_for(socket.recv(), OPEN_SECONDS)
        self._window, self._receipts, self._waiting = Window(), wire.Receipts(), []
        self.open = True
        self.on_open()

    async def _talk(self, socket: ClientConnection) -> None:
        self._heard = time.monotonic()
        tasks = [asyncio.ensure_future(self._send_all(socket)), asyncio.ensure_future(self._watch(socket))]
        try:
            async for data in socket:
                self._heard = time.monotonic()
                if isinstance(data, bytes):
                    self._take(data)
        finally:
            for task in tasks:
                task.cancel()

    async def _watch(self, socket: ClientConnection) -> None:
        """Give up a socket over which nothing comes: TCP itself would take many minutes to notice."""

        def heard(pong: asyncio.Future[float]) -> None:
            if not pong.cancelled() and pong.exception() is None:
                self._heard = time.monotonic()

        with contextlib.suppress(ConnectionClosed):
            while True:
                before = time.monotonic()
                await asyncio.sleep(PING_SECONDS)
                now = time.monotonic()
                if now - before > 2 * PING_SECONDS:
                    self._heard = now  # this process slept, not the network
                elif now - self._heard > DEAD_SECONDS:
                    socket.transport.abort()
                    return
                (await socket.ping()).add_done_callback(heard)  # type: ignore[attr-defined]  # it is a future

    def _take(self, data: bytes) -> None:
        now = time.monotonic()
        sent, records, media = wire.decode(data)
        self._receipts.add(sent, media, now)
        for record in records:
            if isinstance(record, wire.Frame):
                self._take_frame(record)
            elif isinstance(record, wire.Wanted):
                self.on_wanted(record.track)
            else:
                self._window.acknowledge(record.received, now - record.echo - record.held, now)
        if self._receipts.due and self._ack_timer is None:
            self._ack_timer = asyncio.get_running_loop().call_later(ACK_SECONDS, self._acknowledge)

    def _take_frame(self, frame: wire.Frame) -> None:
        try:
            self.on_frame(frame)
        except Exception:  # an exception here would end the link for good, with everybody's tracks
            self._failures += 1
            if self._failures in (1, 100, 10_000):
                logger.exception("A frame could not be taken in (failure %d on this link)", self._failures)

    def _acknowledge(self) -> None:
        self._ack_timer = None
        self._ready.set()

    def _say(self, record: bytes) -> None:
        self._waiting.append(record)
        self._ready.set()

    async def _send_all(self, socket: ClientConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await self._ready.wait()
                self._ready.clear()
                now = time.monotonic()
                records, self._waiting = self._waiting, []
                if (ack := self._receipts.take(now)) is not None:
                    records.append(wire.encode(ack))
                if records:
                    await socket.send(wire.message(now, records))
