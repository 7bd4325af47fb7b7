"""The parent's side in an asyncio program."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec

from .child import MAX_LINE_BYTES
from .start import command


class Child:
    """A Python module that runs as a child process and speaks JSON lines; see `rtc_notebook.process.child.Parent`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None and process.stdout is not None
        self._process = process
        self._stdin = process.stdin
        self._stdout = process.stdout

    @classmethod
    async def spawn(cls, module: str, *args: str, pass_fds: Sequence[int] = ()) -> Child:
        """Start ``python -m module args``; its stderr is this process's. It inherits ``pass_fds`` too."""
        process = await asyncio.create_subprocess_exec(
            *command(module, *args),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=MAX_LINE_BYTES,
            start_new_session=True,
            pass_fds=pass_fds,
        )
        return cls(process)

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def send(self, message: Any) -> None:
        """Queue a message; lost without an error if the child is gone."""
        if not self._stdin.is_closing():
            self._stdin.write(msgspec.json.encode(message) + b"\n")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the child's lines until it ends."""
        while True:
            try:
                line = await self._stdout.readline()
            except (ValueError, ConnectionError):
                break
            if not line:
                break
            yield line

    async def wait(self) -> int:
        """Wait for the child's end and return its exit code (negative: the signal that ended it)."""
        return await self._process.wait()

    def kill(self) -> None:
        """End it at once."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def close(self, timeout: float = 2.0) -> None:
        """Close its stdin, which asks it to end, and kill it if it has not within ``timeout`` seconds."""
        self._stdin.close()
        try:
            await asyncio.wait_for(asyncio.shield(self._process.wait()), timeout)
        except asyncio.TimeoutError:
            self.kill()
            await self._process.wait()
