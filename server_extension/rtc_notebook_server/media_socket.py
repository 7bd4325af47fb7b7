"""The second WebSocket of a room: one participant's pictures and sound, where WebRTC finds no way.

The first message is text, ``{"session": …}`` with the session from the participant's welcome; the answer is
``{"type": "open"}``. From then on messages are binary (`rtc_notebook.link.wire`) and go between participant and SFU
as they are: nothing here looks into them, and nothing waits here but what the window between those two lets out.
"""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from jupyter_server.auth.decorator import authorized, ws_authenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from jupyter_server.extension.handler import ExtensionHandlerMixin
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from rtc_notebook.errors import ProtocolError, RoomNameError, SfuError
from rtc_notebook.link import tcp
from rtc_notebook.link.wire import MAX_MESSAGE_BYTES

from .handlers import AUTH_RESOURCE
from .identity import Identity, identify
from .local_key import LocalKeyMixin
from .manager import RoomManager
from .place import POLICY_VIOLATION, TRY_AGAIN_LATER, Place
from .sfu.base import MediaLink
from .token_protocol import TokenProtocolMixin

HELLO_SECONDS = 15.0
MAX_UNSENT_BYTES = 8 * 1024 * 1024


class _Opening(msgspec.Struct, forbid_unknown_fields=True):
    session: str


class MediaSocket(
    TokenProtocolMixin, LocalKeyMixin, ExtensionHandlerMixin, WebSocketMixin, WebSocketHandler, JupyterHandler
):
    """Relays one participant's media."""

    auth_resource = AUTH_RESOURCE
    max_message_size = MAX_MESSAGE_BYTES
    ping_interval = 20
    ping_timeout = 20

    def set_default_headers(self) -> None:
        """Leave out headers of pages."""

    def get_compression_options(self) -> dict[str, Any] | None:
        """Compress nothing: media is."""
        return None

    @ws_authenticated
    @authorized(action="execute")  # type: ignore[untyped-decorator]
    async def get(self, room: str) -> None:  # type: ignore[override]
        """Open the socket."""
        await self.converse(room)

    async def converse(self, room: str) -> None:
        """Open the socket of a room, for who has been let in."""
        self._room = room
        self._place: Place | None = None
        self._link: MediaLink | None = None
        self._closing = False
        self._unsent = 0
        self._timer: asyncio.TimerHandle | None = None
        await super().get(room)

    def open(self, *args: Any, **kwargs: Any) -> None:
        """Wait for the session, for a while."""
        self.set_nodelay(True)
        if self.ws_connection is not None and self.ws_connection.stream is not None:
            tcp.make_quick(self.ws_connection.stream.socket)
        self._timer = asyncio.get_running_loop().call_later(HELLO_SECONDS, self.end, POLICY_VIOLATION, "session-first")

    async def on_message(self, data: str | bytes) -> None:
        """Relay a message; tornado reads the next when the SFU has taken most of what came before."""
        if self._closing:
            return
        if self._link is not None and isinstance(data, bytes):
            await self._link.send(data)
        elif self._link is None and isinstance(data, str):
            await self._begin(data)
        else:
            self.end(POLICY_VIOLATION, "session-first" if self._link is None else "binary-only")

    def on_close(self) -> None:
        """Tell the SFU."""
        self._closing = True
        if self._timer is not None:
            self._timer.cancel()
        if self._place is not None and self._place.media is self:
            self._place.media = None
        if self._link is not None:
            task = asyncio.ensure_future(self._link.close())
            _closing.add(task)
            task.add_done_callback(_closing.discard)
        super().on_close()

    @property
    def identity(self) -> Identity:
        """Who this is."""
        return identify(self.current_user)

    def end(self, code: int, reason: str) -> None:
        """Close with a WebSocket close code (RFC 6455, 7.4.1)."""
        self._closing = True
        self.close(code, reason)

    def spoke(self) -> None:
        """Take note that this socket has said whose it is."""

    async def _begin(self, data: str) -> None:
        self.spoke()
        if self._timer is not None:
            self._timer.cancel()
        manager: RoomManager = self.settings["rtc_notebook_rooms"]
        try:
            session = msgspec.json.decode(data, type=_Opening).session
            self._place = place = manager.find(self._room, session, self.identity)
            seat = place.seated()
            before, place.media = place.media, self
            if before is not None:
                before.end(POLICY_VIOLATION, "replaced")
            link = await seat.open_link(self._relay, self._ended)
        except (msgspec.MsgspecError, RoomNameError, ProtocolError):
            self.end(POLICY_VIOLATION, "no-session")
        except SfuError as error:
            self.end(TRY_AGAIN_LATER, error.code)
        else:
            self._link = link
            if self._closing:
                await link.close()
            else:
                self._write('{"type":"open"}')

    def _ended(self, error: SfuError) -> None:
        """Close: the SFU is gone, or what was said here is more than it takes, or none of what it understands."""
        if error.code == "sfu-gone":
            self.end(TRY_AGAIN_LATER, error.code)
        else:
            self.log.warning("rtc-notebook: closing a media socket: %s", error)
            self.end(POLICY_VIOLATION, error.code)

    def _relay(self, data: bytes) -> None:
        if self._unsent > MAX_UNSENT_BYTES:  # more than any window: what is not read is acknowledged
            self.log.warning("rtc-notebook: closing a media socket that does not read: too slow")
            self.end(TRY_AGAIN_LATER, "too slow")
            return
        self._write(data)

    def _write(self, data: str | bytes) -> None:
        if self._closing or self.ws_connection is None:
            return
        try:
            sent = self.write_message(data, binary=isinstance(data, bytes))
        except WebSocketClosedError:
            return
        self._unsent += len(data)
        sent.add_done_callback(lambda done: self._sent(done, len(data)))

    def _sent(self, done: asyncio.Future[None], size: int) -> None:
        self._unsent -= size
        if not done.cancelled():
            done.exception()  # a closed socket is told by on_close


_closing: set[asyncio.Future[None]] = set()
