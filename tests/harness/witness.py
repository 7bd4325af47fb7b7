"""A participant that says, a line each, when which frame came and whose it is.

``python -m harness.witness URL TOKEN ROOM NAME``; a kernel's processed picture is called ``<name>/camera filtered``.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time

from aiortc import RTCRtpSender
from websockets.asyncio.client import ClientConnection, connect

from rtc_notebook import protocol
from rtc_notebook.media.receiver import FrameReceiver
from rtc_notebook.rtp import seam
from rtc_notebook.server import named

from .participant import Participant


class Witness(Participant):
    """Publishes and receives as everybody does, and tells what comes."""

    def __init__(self, socket: ClientConnection, name: str) -> None:
        super().__init__(socket, name)
        self._whose: dict[str, str] = {}

    async def _take(self, message: protocol.ServerMessage) -> None:
        if isinstance(message, protocol.RoomState):
            names = {track.id: one.name for one in message.participants for track in one.tracks}
            self._whose = {
                track.id: f"{names.get(track.of or track.id, '')}/{track.source}{' filtered' if track.of else ''}"
                for one in message.participants
                for track in one.tracks
            }
        await super()._take(message)

    def _bind(self, track: str, receiver: FrameReceiver) -> None:
        receiver.bind(lambda frame: print(time.time(), self._whose.get(track, "?"), flush=True))


async def main(url: str, token: str, room: str, name: str) -> None:
    """Join, and stay until the room ends or this process does."""
    server = named(url, token)
    headers = {"Authorization": server.authorization}
    async with connect(server.socket(room), additional_headers=headers, proxy=None, max_size=None) as socket:
        with contextlib.suppress(Exception):
            await Witness(socket, name).run()


if __name__ == "__main__":
    seam.use_only_forwarded_codecs()
    seam.use_mid_router()
    seam.use_rtp_classes(RTCRtpSender, FrameReceiver)
    asyncio.run(main(*sys.argv[1:5]))
