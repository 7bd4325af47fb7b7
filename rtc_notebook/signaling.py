"""The kernel participant's end of the signaling protocol: one WebSocket that comes back when it breaks."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import math
import random
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

import tenacity
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from . import protocol
from ._version import __version__
from .errors import ConnectionFailed, ProtocolError
from .ledger import MOST_MESSAGES, Ledger

FIRST_SECONDS = 8.0
"""How long the first connection is tried for, while the server does not answer."""

AGAIN_SECONDS = 900.0
"""How long a lost connection is tried for: a Jupyter server that is started again takes a while."""

OPEN_SECONDS = 3.0
"""How long one attempt to get a lost connection back may take: what was sent into a dead network does not come back."""

YOUNG_SECONDS = 5.0
MOST_PAUSE_SECONDS = 3.0
"""A socket that lives no longer than the first may end as the one before did: the pause before the next doubles."""

WELCOME_SECONDS = 10.0
HEARD_SECONDS = 2.0
SILENT_SECONDS = 6.0
HEARD_MESSAGES = 64
MOST_WAITING = 2 * MOST_MESSAGES
"""Messages that a socket has not taken: all that the former one may have lost, and as many again."""


class Signaling:
    """Says hello, takes its place up again after a loss, and hands every other message on.

    Parameters
    ----------
    url : str
        The room's WebSocket.
    authorization : str
        Value of the ``Authorization`` header; it never goes into the URL.
    name, call, session : str
        As in `rtc_notebook.protocol.Hello`.
    subprotocols : sequence of str
        By which a guest is let in, in the place of ``authorization``; secret.
    on_message : callable
        Called with every message, the welcome included.
    on_lost : callable
        Called with a sentence when the connection breaks and is being made again.
    """

    def __init__(
        self,
        url: str,
        authorization: str,
        *,
        name: str | None,
        call: str | None,
        on_message: Callable[[protocol.ServerMessage], None],
        on_lost: Callable[[str], None],
        subprotocols: Sequence[str] = (),
        session: str = "",
    ) -> None:
        self._url = url
        self._subprotocols = [Subprotocol(one) for one in subprotocols]
        self._headers = {"Authorization": authorization} if authorization else {}
        self._name = name
        self._call = call
        self._on_message = on_message
        self._on_lost = on_lost
        self._socket: ClientConnection | None = None
        self._session = session or None
        self._ledger: Ledger[protocol.ClientMessage] | None = None
        self._sending: asyncio.Queue[protocol.ClientMessage] = asyncio.Queue(MOST_WAITING)
        self._last_heard = 0.0
        self._answered = False  # whether the server was there once
        self._left = False

    async def run(self) -> tuple[str, str]:
        """Stay connected until the call ends; return why: a code and a sentence.

        Raises
        ------
        ConnectionFailed
            If the server refuses, or cannot be reached for long.
        """
        loop = asyncio.get_running_loop()
        young = 0
        while True:
            socket = await self._connect()
            opened = loop.time()
            try:
                ended = await self._talk(socket)
            finally:
                self._socket = None
                with contextlib.suppress(Exception):
                    await socket.close()
            if ended is not None:
                return ended
            if self._left:
                return "left", "The call was left."
            self._on_lost("The connection to the Jupyter server broke; connecting again.")
            young = young + 1 if loop.time() - opened < YOUNG_SECONDS else 0
            await asyncio.sleep(_pause(young))

    @property
    def silent(self) -> float:
        """Seconds since the server said something, which it does every two; infinite while there is no socket."""
        return math.inf if self._socket is None else asyncio.get_running_loop().time() - self._last_heard

    def send(self, message: protocol.ClientMessage) -> None:
        """Send a message, now or when the place in the room was taken up again; lost if that cannot be.

        Raises
        ------
        ProtocolError
            If it is larger than the server takes: it would end this socket, and each on which it were said again.
        """
        _check(message)
        if self._ledger is not None:
            self._ledger.say(message)
        if self._socket is not None:
            self._queue(message)

    async def leave(self) -> None:
        """Leave for good and wait until the server knows, a second at most."""
        self._left = True
        socket = self._socket
        if socket is None:
            return
        with contextlib.suppress(ConnectionClosed, asyncio.TimeoutError):
            await socket.send(protocol.encode(protocol.Leave()))
            await asyncio.wait_for(socket.wait_closed(), 1.0)

    async def _connect(self) -> ClientConnection:
        retrying = tenacity.AsyncRetrying(
            wait=tenacity.wait_random_exponential(multiplier=0.2, max=3.0),
            stop=tenacity.stop_after_delay(AGAIN_SECONDS if self._answered or self._session else FIRST_SECONDS),
            retry=tenacity.retry_if_exception(_may_pass),
            reraise=True,
        )
        where = _origin(self._url)
        try:
            return await retrying(self._open)
        except InvalidStatus as error:
            raise ConnectionFailed(
                _refusal(error.response.status_code, where, guest=bool(self._subprotocols))
            ) from None
        except (OSError, asyncio.TimeoutError, InvalidHandshake) as error:
            reason = str(error) or type(error).__name__
            raise ConnectionFailed(
                f"The Jupyter server at {where} cannot be reached ({reason}). Is it running?"
            ) from None

    async def _open(self) -> ClientConnection:
        options: dict[str, Any] = {"proxy": None} if is_loopback(self._url) else {}
        return await connect(
            self._url,
            additional_headers=self._headers,
            subprotocols=self._subprotocols or None,
            user_agent_header=f"rtc-notebook/{__version__}",
            max_size=None,  # a room's state may be large, and the server is ours
            open_timeout=OPEN_SECONDS if self._ledger is not None else WELCOME_SECONDS,
            compression=None,
            **options,
        )

    async def _talk(self, socket: ClientConnection) -> tuple[str, str] | None:
        """Speak until the socket closes; return why it ended for good, or None if it is to be made again."""
        self._sending = asyncio.Queue(MOST_WAITING)
        hello = protocol.Hello(
            version=protocol.VERSION,
            client="kernel",
            client_version=__version__,
            name=self._name,
            session=self._session,
            call=self._call,
            heard=self._ledger.heard if self._ledger is not None and self._ledger.whole else None,
        )
        _check(hello)
        try:
            await socket.send(protocol.encode(hello))
            welcome = protocol.decode_server(await asyncio.wait_for(socket.recv(), WELCOME_SECONDS))
            while isinstance(welcome, (protocol.Waiting, protocol.Heard)):  # until a host admits, as long as that takes
                self._answered = True
                if isinstance(welcome, protocol.Waiting):
                    self._on_message(welcome)
                welcome = protocol.decode_server(await asyncio.wait_for(socket.recv(), WELCOME_SECONDS))
        except (ConnectionClosed, asyncio.TimeoutError):
            return None
        except ProtocolError as error:
            raise ConnectionFailed(_MISMATCH.format(error)) from None
        if isinstance(welcome, protocol.Bye) and welcome.code in protocol.COMES_BACK:
            self._answered = True
            return None
        if isinstance(welcome, (protocol.Error, protocol.Bye)):
            raise ConnectionFailed(welcome.message)
        if not isinstance(welcome, protocol.Welcome):
            raise ConnectionFailed(_MISMATCH.format("it did not say welcome"))
        self._session, self._socket = welcome.session, socket
        ledger = self._take_up(welcome)
        sending = asyncio.ensure_future(self._send_all(socket))
        listening = asyncio.ensure_future(self._tell_heard(socket, ledger))
        try:
            self._on_message(welcome)
            async for data in socket:
                self._last_heard = asyncio.get_running_loop().time()
                message = protocol.decode_server(data)
                if isinstance(message, protocol.Bye):
                    if message.code in protocol.COMES_BACK:
                        return None
                    return message.code, message.message
                if isinstance(message, protocol.Heard):
                    ledger.acknowledge(message.count)
                    continue
                ledger.hear(message)
                if ledger.heard % HEARD_MESSAGES == 0:
                    self._queue(protocol.Heard(count=ledger.heard))
                self._on_message(message)
        except ConnectionClosed:
            pass
        except ProtocolError as error:
            raise ConnectionFailed(_MISMATCH.format(error)) from None
        finally:
            sending.cancel()
            listening.cancel()
        return None

    def _take_up(self, welcome: protocol.Welcome) -> Ledger[protocol.ClientMessage]:
        """Say again what the server has not heard, if the place is the former one."""
        if self._ledger is None or not welcome.resumed:
            self._ledger = Ledger()
        self._ledger.acknowledge(welcome.heard)
        for message in self._ledger.unheard:
            self._queue(message)
        return self._ledger

    def _queue(self, message: protocol.ClientMessage) -> None:
        """Send a message over the socket that there is; where that takes nothing any more, it is given up.

        What was counted must come, or both sides' counts would differ: the next socket says it again.
        """
        try:
            self._sending.put_nowait(message)
        except asyncio.QueueFull:
            if protocol.counted(message) and self._socket is not None:
                self._socket.transport.abort()

    async def _tell_heard(self, socket: ClientConnection, ledger: Ledger[protocol.ClientMessage]) -> None:
        """Say now and then what was heard, and give up a socket over which no answer comes."""
        loop = asyncio.get_running_loop()
        asked = loop.time()
        while True:
            before = loop.time()
            await asyncio.sleep(HEARD_SECONDS)
            if loop.time() - before > 2 * HEARD_SECONDS:
                asked = loop.time()  # this process slept, not the network
            elif self._last_heard >= asked:
                asked = loop.time()
            elif loop.time() - asked > SILENT_SECONDS:
                socket.transport.abort()
                return
            self._queue(protocol.Heard(count=ledger.heard))

    async def _send_all(self, socket: ClientConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await socket.send(protocol.encode(await self._sending.get()))


_MISMATCH = (
    "The Jupyter server's rtc-notebook speaks another language than this kernel's ({}). "
    f"Install the same version of rtc-notebook on both sides; the kernel has {__version__}."
)


def _check(message: protocol.ClientMessage) -> None:
    if not protocol.fits(message):
        raise ProtocolError(
            "too-large",
            f"This cannot be sent ({message.__struct_config__.tag}): it takes more than "
            f"{protocol.MAX_MESSAGE_BYTES // 1024} kB. Make it smaller.",
        )


def _pause(young: int) -> float:
    """Return how long to wait before the next socket, after so many in a row that died young."""
    return random.uniform(0, min(MOST_PAUSE_SECONDS, 0.1 * 2**young)) if young else 0.0


def _refusal(status: int, where: str, guest: bool) -> str:
    if status in (401, 403) and guest:
        return f"The Jupyter server at {where} lets this guest in no more ({status}). Ask a host for a new invite."
    if status in (401, 403):
        return f"The Jupyter server at {where} refused the token ({status}). Give the right one: Call(..., token=...)."
    if status == 404:
        return (
            f"The Jupyter server at {where} has no rtc-notebook. Install it in the server's environment "
            "(pip install rtc-notebook) and start the server again; `jupyter server extension list` shows "
            "whether it is on."
        )
    return f"The Jupyter server at {where} refused the call (HTTP status {status})."


def _may_pass(error: BaseException) -> bool:
    """Whether trying again may help."""
    if isinstance(error, InvalidStatus):
        return error.response.status_code >= 500
    return isinstance(error, (OSError, asyncio.TimeoutError, InvalidHandshake))


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)


def is_loopback(url: str) -> bool:
    """Whether an address is this machine's own, where no proxy can be in between."""
    host = urlsplit(url).hostname or ""
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"
