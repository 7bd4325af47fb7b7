"""``python -m rtc_notebook.media``: started by a kernel, one for each call."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

from ..process.child import Parent
from ..rtp import seam
from .control import Join, decode_command
from .worker import Worker

ENCODERS = 6
"""As many tracks are encoded at once; others wait their turn."""


def started_threads() -> ThreadPoolExecutor:
    """Return the threads for encoding, all of them started: so that a thread more, hours later, is one too many."""
    pool, met = ThreadPoolExecutor(ENCODERS, "encoder"), threading.Barrier(ENCODERS)
    for _ in range(ENCODERS):
        pool.submit(met.wait)
    return pool


async def main() -> None:
    """Serve one call until its kernel, its room or its user ends it."""
    asyncio.get_running_loop().set_default_executor(started_threads())
    parent = await Parent.attach()
    lines = parent.__aiter__()
    try:
        join = decode_command(await lines.__anext__())
    except StopAsyncIteration:
        return
    if not isinstance(join, Join):
        raise SystemExit("The first line must be a join.")
    worker = Worker(parent, join)
    task = asyncio.ensure_future(worker.run(lines))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        with contextlib.suppress(asyncio.CancelledError):
            await task
    finally:
        await worker.close()
        parent.close()
        shutil.rmtree(join.directory, ignore_errors=True)


if __name__ == "__main__":
    seam.use_only_forwarded_codecs()
    seam.use_mid_router()
    seam.use_roomy_sockets()
    seam.use_short_gathering()
    asyncio.run(main())
