"""Somebody in a room beside a test, without a browser: as often seen and as loud as is wanted.
``python -m harness.somebody URL TOKEN ROOM NAME [--every 30] [--speaks]``
"""  # noqa: D205, D400

from __future__ import annotations

import argparse
import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import av
from aiortc.mediastreams import AudioStreamTrack
from websockets.asyncio.client import ClientConnection

from rtc_notebook.rtp import seam

from .participant import Camera, Participant, Voice, stay


class Server(Protocol):
    """What of a Jupyter server is needed here."""

    url: str
    token: str


class Slow(Camera):
    """One of so many pictures."""

    def __init__(self, every: int) -> None:
        super().__init__()
        self._every = every

    async def recv(self) -> av.VideoFrame:
        for _ in range(self._every - 1):
            await super().recv()
        return await super().recv()


@contextlib.contextmanager
def somebody(server: Server, room: str, name: str, *options: str) -> Iterator[None]:
    """Have somebody in a room meanwhile, with the options of the command line."""
    command = [sys.executable, "-m", "harness.somebody", server.url, server.token, room, name, *options]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, cwd=Path(__file__).parents[1])
    assert process.stdin is not None
    try:
        yield
    finally:
        process.stdin.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def options() -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser()
    for name in ("url", "token", "room", "name"):
        parser.add_argument(name)
    parser.add_argument("--every", type=int, default=1, help="which of 30 pictures a second are sent")
    parser.add_argument("--speaks", action="store_true")
    return parser.parse_args()


async def main(given: argparse.Namespace) -> None:
    """Join, and stay until stdin closes or the room ends."""

    def come(socket: ClientConnection) -> Participant:
        voice = Voice() if given.speaks else AudioStreamTrack()
        return Participant(socket, given.name, camera=Slow(given.every), microphone=voice)

    await stay(given.url, given.token, given.room, come)


if __name__ == "__main__":
    seam.use_only_forwarded_codecs()
    seam.use_mid_router()
    asyncio.run(main(options()))
