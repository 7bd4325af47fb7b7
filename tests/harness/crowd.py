"""Many people in one process, each with a small camera; two of them have a microphone, nobody receives anything. Each
line on stdin is what one of them does: ``NAME hand``, ``NAME says TEXT``, ``NAME leaves``.
``python -m harness.crowd URL TOKEN ROOM NAME...``
"""  # noqa: D205, D400

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aiortc import RTCRtpSender
from aiortc.mediastreams import AudioStreamTrack
from websockets.asyncio.client import connect

from rtc_notebook import protocol
from rtc_notebook.media.receiver import FrameReceiver
from rtc_notebook.rtp import seam
from rtc_notebook.server import Server, named

from .jupyter import JupyterServer
from .participant import Camera, Participant

FPS = 5
VOICES = 2
NAMES = [
    *("Bo", "Cleo", "Dan", "Eva", "Finn", "Gus", "Hana", "Ines", "Jan", "Kim"),
    *("Lea", "Max", "Nora", "Omar", "Pia", "Quentin", "Rosa", "Sam", "Tove"),  # with Ana twenty
]


class Crowd:
    """The people of a crowd that runs, as a test directs them."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def __call__(self, name: str, does: str) -> None:
        """Have one of them do something: ``hand``, ``says TEXT``, ``leaves``."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{name} {does}\n")
        self._process.stdin.flush()


@contextmanager
def crowd(server: JupyterServer, room: str, *names: str) -> Iterator[Crowd]:
    """Have these people in a room."""
    command = [sys.executable, "-m", "harness.crowd", server.url, server.token, room, *names]
    with subprocess.Popen(command, stdin=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]) as process:
        try:
            yield Crowd(process)
        finally:
            with contextlib.suppress(BrokenPipeError):
                process.communicate("", timeout=20)


async def come(server: Server, room: str, name: str, people: dict[str, Participant], sound: bool) -> None:
    """Be in a room until the socket closes."""
    headers = {"Authorization": server.authorization}
    async with connect(server.socket(room), additional_headers=headers, proxy=None, max_size=None) as socket:
        people[name] = Participant(socket, name, Camera(fps=FPS), AudioStreamTrack(), sound=sound, watches=False)
        await people[name].run()


async def main(url: str, token: str, room: str, *names: str) -> None:
    """Stay until stdin closes."""
    server = named(url, token)
    seam.use_rtp_classes(RTCRtpSender, FrameReceiver)
    people: dict[str, Participant] = {}
    tasks = [
        asyncio.ensure_future(come(server, room, name, people, index < VOICES)) for index, name in enumerate(names)
    ]
    while line := await asyncio.to_thread(sys.stdin.readline):
        name, does, *rest = line.strip().split(" ", 2)
        if does == "hand":
            people[name].send(protocol.SetHand(raised=True))
        elif does == "says":
            people[name].send(protocol.SendChat(text=rest[0]))
        else:
            people[name].send(protocol.Leave())
    for one in people.values():
        one.send(protocol.Leave())
    await asyncio.wait(tasks, timeout=5)


if __name__ == "__main__":
    seam.use_only_forwarded_codecs()
    seam.use_mid_router()
    asyncio.run(main(*sys.argv[1:]))
