"""The WebSocket of a room: one participant's signaling."""

from __future__ import annotations

import asyncio
from typing import Any

from jupyter_server.auth.decorator import authorized, ws_authenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from jupyter_server.extension.handler import ExtensionHandlerMixin
from tornado.ioloop import PeriodicCallback
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from rtc_notebook import __version__, protocol
from rtc_notebook.errors import ProtocolError, RoomNameError, SfuError

from . import going
from .conversation import hear
from .handlers import AUTH_RESOURCE
from .identity import Identity, identify
from .limits import Bucket
from .live import LiveRoom
from .local_key import LocalKeyMixin
from .manager import RoomManager
from .place import POLICY_VIOLATION, TRY_AGAIN_LATER, Place
from .token_protocol import TokenProtocolMixin

MESSAGES_PER_SECOND = 200
HELLO_SECONDS = 15.0
MAX_UNSENT_BYTES = 4 * 1024 * 1024
HEARD_SECONDS = 2.0
PAGE_GONE = 4001  # what a page says that is closed, or loaded again


class RoomSocket(
    TokenProtocolMixin, LocalKeyMixin, ExtensionHandlerMixin, WebSocketMixin, WebSocketHandler, JupyterHandler
):
    """Reads messages one by one, so that a client waits for its own messages and for nobody else's."""

    auth_resource = AUTH_RESOURCE
    max_message_size = protocol.MAX_MESSAGE_BYTES  # a larger one closes with 1009
    ping_interval = 20  # seconds, as tornado has them; it finds clients that are gone without a word
    ping_timeout = 20

    def set_default_headers(self) -> None:
        """Leave out headers of pages."""

    def get_compression_options(self) -> dict[str, Any] | None:
        """Compress if the server does."""
        options: dict[str, Any] | None = self.settings.get("websocket_compression_options")
        return options

    @ws_authenticated
    @authorized(action="execute")  # type: ignore[untyped-decorator]
    async def get(self, room: str) -> None:  # type: ignore[override]
        """Open the socket."""
        await self.converse(room)

    async def converse(self, room: str) -> None:
        """Open the socket of a room, for who has been let in."""
        self._room = room
        self._live: LiveRoom | None = None
        self._place: Place | None = None
        self._closing = False
        self._unsent = 0
        self._bucket = Bucket(MESSAGES_PER_SECOND, MESSAGES_PER_SECOND)
        self._hello_timer: asyncio.TimerHandle | None = None
        self._pulse = PeriodicCallback(self._say_heard, HEARD_SECONDS * 1000)
        await super().get(room)  # WebSocketMixin's, which checks the origin

    def open(self, *args: Any, **kwargs: Any) -> None:
        """Wait for hello, for a while. Tornado pings; WebSocketMixin, whose intervals are milliseconds, need not."""
        self.set_nodelay(True)
        self._hello_timer = asyncio.get_running_loop().call_later(HELLO_SECONDS, self._no_hello)
        self._pulse.start()

    def _say_heard(self) -> None:
        """Have the client know that this socket leads somewhere, also while a message of its takes long."""
        if self._place is not None:
            self.send(protocol.Heard(count=self._place.ledger.heard))
        elif self._live is not None:
            self.send(protocol.Heard(count=0))

    async def on_message(self, data: str | bytes) -> None:
        """Hear one message; tornado reads the next when this returns."""
        if self._closing:
            return
        if not self._bucket.take():
            self._refuse("rate-limit", f"More than {MESSAGES_PER_SECOND} messages a second. Send fewer.")
            self.close(POLICY_VIOLATION, "rate-limit")
            return
        if isinstance(data, bytes):
            self._refuse("bad-message", "Messages are JSON in text frames; this was a binary one.")
            return
        try:
            message = protocol.decode_client(data)
        except ProtocolError as error:
            self._refuse(error.code, str(error))
            return
        about, number = str(message.__struct_config__.tag), getattr(message, "id", None)
        if self._place is None and self._live is not None and not isinstance(message, protocol.Heard):
            async with self._live.lock:  # it may be about to be let in, and know that already
                pass
        if self._place is not None:
            if isinstance(message, protocol.Heard):
                self._place.ledger.acknowledge(message.count)
                self._say_heard()
                return
            self._place.ledger.hear(message)
        try:
            if self._place is not None and self._live is not None:
                await hear(self._live, self._place, message)
            elif self._live is not None:
                self._wait(message)
            elif isinstance(message, protocol.Hello):
                await self._hello(message)
            else:
                raise ProtocolError("hello-first", "The first message on a socket is hello.")
        except (ProtocolError, SfuError) as error:
            self._refuse(error.code, str(error), about, number)
        except Exception:
            self.log.exception("rtc-notebook: %s failed", about)
            self._refuse("internal", "The server failed at this; its log says why.", about, number)

    def on_close(self) -> None:
        """Give the place up, or keep it for the grace time."""
        self._closing = True
        self._pulse.stop()
        if self._hello_timer is not None:
            self._hello_timer.cancel()
        if self._live is not None:
            task = asyncio.ensure_future(self._left())
            _closed.add(task)
            task.add_done_callback(_closed.discard)
        super().on_close()

    # --- as an Outlet ---

    def send(self, message: protocol.ServerMessage) -> None:
        """Send a message; a client that reads too slowly loses its socket, and may come back on another."""
        if self._closing or self.ws_connection is None:
            return
        text = protocol.encode(message)
        if self._unsent + len(text) > MAX_UNSENT_BYTES:
            self.log.warning("rtc-notebook: closing a socket that does not read")
            self.close(TRY_AGAIN_LATER, "too slow")
            return
        try:
            sent = self.write_message(text)
        except WebSocketClosedError:
            return
        self._unsent += len(text)
        sent.add_done_callback(lambda done: self._sent(done, len(text)))

    @property
    def unsent(self) -> int:
        """Bytes that wait for the client to read."""
        return self._unsent

    def admitted(self, place: Place) -> None:
        """Take note of the place, for which this client waited."""
        self._place = place

    @property
    def origin(self) -> str:
        """Where the page comes from that opened this socket; empty for a kernel's."""
        return str(self.request.headers.get("Origin", ""))

    @property
    def identity(self) -> Identity:
        """Who this is."""
        return identify(self.current_user)

    def close(self, code: int | None = None, reason: str | None = None) -> None:
        """Close the socket; what comes in after that is not heard."""
        self._closing = True
        super().close(code, reason)

    # --- inside ---

    def spoke(self) -> None:
        """Take note that this socket has said whose it is."""

    async def _hello(self, hello: protocol.Hello) -> None:
        self.spoke()
        if self._hello_timer is not None:
            self._hello_timer.cancel()
        if hello.version != protocol.VERSION:
            self._refuse("version-mismatch", _which_side(hello), "hello")
            self._end("version-mismatch", _which_side(hello))
            return
        manager: RoomManager = self.settings["rtc_notebook_rooms"]
        try:
            self._live, self._place = await manager.join(self._room, hello, self.identity, self)
        except RoomNameError as error:
            self._end("bad-room-name", str(error))
        except ProtocolError as error:
            self._end(error.code, str(error))
        except SfuError as error:
            self._refuse(error.code, str(error), "hello")
            self.close(TRY_AGAIN_LATER, error.code)
        else:
            if self._closing:  # gone while it was joining
                await self._left()

    async def _left(self) -> None:
        assert self._live is not None
        if self._place is None:
            await going.gone(self._live, self)
        else:  # RFC 6455, 7.4.1: 1001 is a page that was closed
            await going.disconnected(self._live, self._place, self, went_away=self.close_code in (1001, PAGE_GONE))

    def _wait(self, message: protocol.ClientMessage) -> None:
        if isinstance(message, protocol.Leave):
            self.close(1000, "left")
        elif isinstance(message, protocol.Heard):
            self._say_heard()
        else:
            raise ProtocolError("not-admitted", "You are not in this room yet. Wait for 'welcome'.")

    def _refuse(self, code: str, message: str, about: str | None = None, id: int | None = None) -> None:
        error = protocol.Error(code=code, message=message, about=about, id=id)
        (self if self._place is None else self._place).send(error)

    def _end(self, code: str, message: str) -> None:
        self.send(protocol.Bye(code=code, message=message))
        self.close(POLICY_VIOLATION, code)

    def _no_hello(self) -> None:
        self._refuse("hello-first", f"No hello came within {HELLO_SECONDS:g} seconds.")
        self.close(POLICY_VIOLATION, "hello-first")

    def _sent(self, done: asyncio.Future[None], size: int) -> None:
        self._unsent -= size
        if not done.cancelled():
            done.exception()  # a closed socket is told by on_close


_closed: set[asyncio.Future[None]] = set()


def _which_side(hello: protocol.Hello) -> str:
    where = (
        "the kernel's environment" if hello.client == "kernel" else "the page: reload it, or upgrade the kernel's side"
    )
    side = "the Jupyter server's environment" if hello.version > protocol.VERSION else where
    return (
        f"The {hello.client} has rtc-notebook {hello.client_version} (protocol {hello.version}), the Jupyter server "
        f"{__version__} (protocol {protocol.VERSION}). Upgrade rtc-notebook in {side}."
    )
