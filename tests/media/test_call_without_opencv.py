"""A whole call on a machine where OpenCV cannot be loaded: kernel and media worker real, the room scripted."""

import asyncio
import os
import sys

import pytest
from fake_room import SECONDS, FakeRoom

from rtc_notebook import protocol

KERNEL = """
import sys
import numpy as np
from rtc_notebook import Call

with Call("demo", server=sys.argv[1], token="abc") as call:
    call.wait_until_connected()
    call.filter(lambda frame: np.full_like(frame, 200), on="Ana", on_error="hold")
    print("filtering", flush=True)
    sys.stdin.read()
assert "cv2" not in sys.modules
"""


@pytest.fixture
def environment(tmp_path):
    """Return an environment whose Pythons, the worker's included, find a cv2 that fails."""
    (tmp_path / "cv2").mkdir()
    (tmp_path / "cv2" / "__init__.py").write_text('raise ImportError("libGL.so.1: cannot open shared object file")')
    return {**os.environ, "PYTHONPATH": str(tmp_path)}


@pytest.mark.slow
async def test_a_plain_numpy_filter_works(environment):
    async with FakeRoom() as room:
        server = room.url.replace("ws://", "http://").removesuffix("socket")
        pipe = asyncio.subprocess.PIPE
        kernel = await asyncio.create_subprocess_exec(
            sys.executable, "-c", KERNEL, server, stdin=pipe, stdout=pipe, env=environment
        )
        try:
            assert kernel.stdin is not None and kernel.stdout is not None
            assert await asyncio.wait_for(kernel.stdout.readline(), SECONDS) == b"filtering\n"
            await room.grey_becomes(200)
            kernel.stdin.close()
            assert await asyncio.wait_for(kernel.wait(), SECONDS) == 0
            assert room.sent(protocol.Leave)
        finally:
            if kernel.returncode is None:
                kernel.kill()
                await kernel.wait()
