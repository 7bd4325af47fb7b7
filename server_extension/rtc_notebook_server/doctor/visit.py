"""A place in a room of a Jupyter server, taken to see what works from here to there."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator
from typing import TypeVar

from rtc_notebook import protocol
from rtc_notebook.errors import ConnectionFailed, SfuError
from rtc_notebook.server import Server
from rtc_notebook.signaling import Signaling

Answer = TypeVar("Answer", bound=protocol.ServerMessage)

ANSWER_SECONDS = 8.0
ENTER_SECONDS = 20.0
"""More than `Signaling` takes to say why there is no way in; a room's SFU is started meanwhile."""


class Visit:
    """What is said in that room.

    Attributes
    ----------
    welcome : Welcome
        How the server let this in.
    entered : float
        Seconds from the first try until then: the server starts the room's SFU meanwhile.
    """

    welcome: protocol.Welcome
    entered: float

    def __init__(self, server: Server) -> None:
        self.server = server
        self.url = server.socket(f"doctor-{secrets.token_hex(4)}")  # nobody is disturbed there
        self._heard: asyncio.Queue[protocol.ServerMessage] = asyncio.Queue()
        self._signaling = Signaling(
            self.url,
            server.authorization,
            name="doctor",
            call=None,
            on_message=self._heard.put_nowait,
            on_lost=lambda reason: None,
        )

    @contextlib.asynccontextmanager
    async def stay(self) -> AsyncIterator[Visit]:
        """Be in the room.

        Raises
        ------
        ConnectionFailed
            If there is no way in; says why.
        """
        begun = time.monotonic()
        talking = asyncio.ensure_future(self._signaling.run())
        entering = asyncio.ensure_future(self._next(protocol.Welcome))
        try:
            await asyncio.wait((talking, entering), timeout=ENTER_SECONDS, return_when="FIRST_COMPLETED")
            if entering.done():
                self.welcome = entering.result()
            elif talking.done():
                raise ConnectionFailed(talking.result()[1])  # where nothing opened, it raises by itself
            else:
                raise ConnectionFailed(_silent("welcome", ENTER_SECONDS))
            self.entered = time.monotonic() - begun
            try:
                yield self
            finally:
                await self._signaling.leave()
        finally:
            for task in (talking, entering):
                task.cancel()
            await asyncio.wait((talking, entering))

    async def ask(self, question: protocol.ClientMessage, answer: type[Answer]) -> Answer:
        """Say something, and return the answer; what else is said meanwhile is passed over.

        Raises
        ------
        ConnectionFailed, SfuError
            If there is none, or a refusal.
        """
        self._signaling.send(question)
        try:
            return await asyncio.wait_for(self._next(answer), ANSWER_SECONDS)
        except asyncio.TimeoutError:
            raise ConnectionFailed(_silent(str(answer.__struct_config__.tag), ANSWER_SECONDS)) from None

    async def _next(self, kind: type[Answer]) -> Answer:
        while True:
            message = await self._heard.get()
            if isinstance(message, kind):
                return message
            if isinstance(message, protocol.Error):
                raise SfuError(message.code, message.message)


def _silent(what: str, seconds: float) -> str:
    return f"no {what} within {seconds:g} s. A proxy in between may not pass WebSockets on (Upgrade header)."
