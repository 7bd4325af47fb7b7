"""Binary messages between a process and its child, over a socket pair that has no name."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from struct import Struct

logger = logging.getLogger(__name__)

MAX_BYTES = 8 * 1024 * 1024
HIGH_WATER = 256 * 1024

_head = Struct("!II")


class Channel(asyncio.Protocol):
    """Messages, each with a number that says whose it is.

    Parameters
    ----------
    on_message : callable
        Called with the number and the bytes of each message that comes.
    """

    def __init__(self, on_message: Callable[[int, bytes], None]) -> None:
        self._on_message = on_message
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._writable = asyncio.Event()
        self._writable.set()

    @classmethod
    async def open(cls, end: socket.socket, on_message: Callable[[int, bytes], None]) -> Channel:
        """Speak over one end of a socket pair."""
        end.setblocking(False)
        _, channel = await asyncio.get_running_loop().create_connection(lambda: cls(on_message), sock=end)
        return channel

    def send(self, number: int, data: bytes) -> None:
        """Send a message; lost without an error when the other process is gone."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(_head.pack(len(data), number) + data)

    async def drain(self) -> None:
        """Wait until the other process has taken most of what was sent."""
        await self._writable.wait()

    def close(self) -> None:
        """Stop speaking; idempotent."""
        if self._transport is not None:
            self._transport.abort()

    # --- as asyncio has it ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.set_write_buffer_limits(high=HIGH_WATER)

    def connection_lost(self, error: Exception | None) -> None:
        """End; whoever waits goes on."""
        self._writable.set()

    def pause_writing(self) -> None:
        """Have writers wait."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Let writers go on."""
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        """Take bytes and hand on the messages that they complete."""
        buffer = self._buffer
        buffer += data
        at = 0
        while len(buffer) - at >= _head.size:
            size, number = _head.unpack_from(buffer, at)
            if size > MAX_BYTES:
                self.close()
                return
            end = at + _head.size + size
            if len(buffer) < end:
                break
            message = bytes(buffer[at + _head.size : end])
            at = end
            try:
                self._on_message(number, message)
            except Exception:  # or asyncio would end the channel, which is everybody's
                logger.exception("A message on the channel could not be handled")
        del buffer[:at]
