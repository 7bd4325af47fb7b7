"""The child's side: its parent, as a stream of lines."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import threading
from collections import OrderedDict
from collections.abc import AsyncIterator
from typing import Any

import msgspec

MAX_LINE_BYTES = 4 * 1024 * 1024
MAX_BEHIND_BYTES = 3 * MAX_LINE_BYTES // 4  # more than the largest message between kernels
WATCH_SECONDS = 1.0


class Parent:
    """The process that started this one, over stdin and stdout.

    Iterating yields its lines and ends when it is gone: at end-of-file, or when this process has been given another
    parent (a forked grandchild can keep the pipe open).
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._out: int = writer.get_extra_info("pipe").fileno()
        self._writing = threading.Lock()
        self._latest: OrderedDict[str, bytes] = OrderedDict()
        self._burst = False  # something was written in this turn of the event loop
        self._drained = asyncio.Event()
        self._ppid = os.getppid()
        self._tasks = [asyncio.ensure_future(self._watch()), asyncio.ensure_future(self._ring())]

    @classmethod
    async def attach(cls) -> Parent:
        """Take over stdin and stdout; from now on whatever prints to stdout goes to stderr instead."""
        loaded()
        loop = asyncio.get_running_loop()
        out = os.dup(1)
        os.dup2(2, 1)
        sys.stdout = sys.stderr
        os.set_inheritable(out, False)
        source = os.dup(0)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)
        reader = asyncio.StreamReader(limit=MAX_LINE_BYTES)
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(source, "rb", 0))
        transport, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, os.fdopen(out, "wb", 0))
        transport.set_write_buffer_limits(high=0)
        return cls(reader, asyncio.StreamWriter(transport, protocol, None, loop))

    def send(self, message: Any) -> None:
        """Queue a message that must arrive."""
        self._write(msgspec.json.encode(message))

    @property
    def behind(self) -> bool:
        """Whether the parent has much to read yet: what may be left out then is."""
        return self._writer.transport.get_write_buffer_size() > MAX_BEHIND_BYTES

    def send_latest(self, key: str, message: Any) -> None:
        """Queue a message of which only the newest with this key matters.

        While the parent does not read (a kernel that a cell keeps busy), one message a key is kept, not a backlog.
        """
        data = msgspec.json.encode(message)
        if not (self._latest or self._burst or self._writer.transport.get_write_buffer_size()):
            self._burst = True  # the parent keeps up: at once, without a detour over another task
            asyncio.get_running_loop().call_soon(self._end_burst)
            self._write(data)
            return
        self._latest[key] = data
        self._drained.set()

    def send_at_once(self, message: Any) -> bool:
        """Send a short message from another thread, without a turn of the event loop, if the parent keeps up.

        False: nothing was sent, since others wait before it; `send_latest` on the event loop is the way then.
        """
        line = msgspec.json.encode(message) + b"\n"
        with self._writing:
            if self._latest or self._writer.is_closing() or self._writer.transport.get_write_buffer_size():
                return False
            try:
                os.write(self._out, line)  # whole or not at all: it does not block, and is shorter than PIPE_BUF
            except OSError:
                return False
        return True

    def _end_burst(self) -> None:
        self._burst = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            try:
                line = await self._reader.readline()
            except (ValueError, ConnectionError):
                break
            if not line:
                break
            yield line
        self.close()

    def close(self) -> None:
        """Stop speaking; idempotent."""
        for task in self._tasks:
            task.cancel()
        self._writer.close()

    def _write(self, data: bytes) -> None:
        if self._writer.is_closing():
            return
        if self._writer.transport.get_write_buffer_size() > MAX_LINE_BYTES:
            self._reader.feed_eof()  # the parent has not read for a very long time: as good as gone
            return
        with self._writing:
            self._writer.write(data + b"\n")

    async def _ring(self) -> None:
        try:
            while True:
                await self._drained.wait()
                self._drained.clear()
                while self._latest:
                    self._write(self._latest.popitem(last=False)[1])
                    await self._writer.drain()
        except ConnectionError:
            self._reader.feed_eof()

    async def _watch(self) -> None:
        while os.getppid() == self._ppid:  # noqa: ASYNC110 - nothing wakes a process whose parent died
            await asyncio.sleep(WATCH_SECONDS)
        self._reader.feed_eof()


def loaded() -> None:
    """Collect garbage from now on, but none among what is there already: that would halt all media for a moment."""
    gc.freeze()
    gc.enable()


def die_with_parent() -> None:
    """Have Linux end this process when the thread that started it does, whatever this one is doing then."""
    if sys.platform == "linux":
        import ctypes
        import signal

        parent_death = 1  # PR_SET_PDEATHSIG
        ctypes.CDLL(None).prctl(parent_death, signal.SIGKILL)
