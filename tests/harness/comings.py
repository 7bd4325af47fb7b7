"""Somebody who comes and goes: for each line on stdin a visit to the room of that name, answered with ``left``. In a
room whose name begins with ``filtered`` the visit lasts until a kernel filters the picture.
``python -m harness.comings URL TOKEN``
"""  # noqa: D205, D400

from __future__ import annotations

import asyncio
import contextlib
import sys

from aiortc import RTCRtpSender
from websockets.asyncio.client import connect

from rtc_notebook import protocol
from rtc_notebook.media.receiver import FrameReceiver
from rtc_notebook.rtp import seam
from rtc_notebook.server import Server, named

from .participant import Participant

CONNECT_SECONDS = 40.0
STAY_SECONDS = 0.4
"""How long a filtered visit goes on, so that some pictures do go through the filter."""


async def visit(server: Server, room: str) -> str:
    """Join, wait until media is connected, leave; return ``left``, or what went wrong."""
    headers = {"Authorization": server.authorization}
    async with connect(server.socket(room), additional_headers=headers, proxy=None, max_size=None) as socket:
        guest = Participant(socket, "Ana")
        running = asyncio.ensure_future(guest.run())
        try:
            await asyncio.wait_for(guest.connected.wait(), CONNECT_SECONDS)
            if room.startswith("filtered"):
                await asyncio.wait_for(guest.filtered.wait(), CONNECT_SECONDS)
                await asyncio.sleep(STAY_SECONDS)
        except asyncio.TimeoutError:
            return "not connected in time"
        finally:
            with contextlib.suppress(Exception):
                await socket.send(protocol.encode(protocol.Leave()))
                await asyncio.wait_for(socket.wait_closed(), 5)
            running.cancel()
            await guest.close()
    return "left"


async def main(url: str, token: str) -> None:
    """Visit on request until stdin closes."""
    server = named(url, token)
    seam.use_rtp_classes(RTCRtpSender, FrameReceiver)
    while room := (await asyncio.to_thread(sys.stdin.readline)).strip():
        print(await visit(server, room), flush=True)


if __name__ == "__main__":
    seam.use_only_forwarded_codecs()
    seam.use_mid_router()
    asyncio.run(main(*sys.argv[1:3]))
