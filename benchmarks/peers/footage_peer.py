"""A kernel's participant as far as the network sees it: our own connections, footage instead of an encoder, no decoder.

``python -m peers.footage_peer URL TOKEN ROOM NAME LINK FOOTAGE``; LINK is ``webrtc`` or ``websocket``. To each line on
stdin it answers what came since the one before.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

import av

from rtc_notebook import protocol
from rtc_notebook.media import linked
from rtc_notebook.media.link import MediaLink
from rtc_notebook.media.linked import LinkPublishing, LinkSubscribing
from rtc_notebook.media.outgoing import OutgoingVideo, clock
from rtc_notebook.media.publishing import Offered, Publishing
from rtc_notebook.media.receiver import FrameReceiver, ReceivedFrame
from rtc_notebook.media.sender import Sender
from rtc_notebook.media.subscribing import Subscribing
from rtc_notebook.rtp import seam
from rtc_notebook.server import named
from rtc_notebook.signaling import Signaling

from . import footage
from .told import told


class Peer:
    """Sends footage and takes what everybody else in the room sends."""

    def __init__(self, url: str, token: str, room: str, name: str, link: str) -> None:
        server = named(url, token)
        self._where = (server.socket(room), server.authorization)
        self._signaling = Signaling(*self._where, name=name, call=None, on_message=self._on_message, on_lost=self._lost)
        self._name, self._me = name, ""
        self._linked = link == "websocket"
        self._publishing: Any = None
        self._subscribing: Any = None
        self._wanted: tuple[str, ...] = ()
        self._came: list[tuple[float, int]] = []

    async def run(self) -> None:
        """Take part, and send thirty pictures a second."""
        talking = asyncio.ensure_future(self._signaling.run())
        blank = av.VideoFrame(footage.WIDTH, footage.HEIGHT, "yuv420p")
        start = time.monotonic()
        for count in range(10**9):
            await asyncio.sleep(max(0.0, start + count / footage.FPS - time.monotonic()))
            track = self._publishing.track("footage") if self._publishing is not None else None
            if isinstance(track, OutgoingVideo):
                track.put(blank, clock())
            if talking.done():
                return

    def told(self) -> dict[str, float]:
        """Return how it was since this was last asked."""
        came, self._came = self._came, self._came[-1:]
        now = time.monotonic()
        times = [at for at, _ in came] + [now]  # it may stand still just now
        seconds = times[-1] - times[0]
        return {**told(times), "bitrate": 8 * sum(size for _, size in came[1:]) / max(seconds, 1e-9)}

    def _lost(self, sentence: str) -> None:
        print(self._name, sentence, file=sys.stderr)

    def _on_message(self, message: protocol.ServerMessage) -> None:
        if isinstance(message, protocol.Welcome):
            self._enter(message)
        elif isinstance(message, protocol.Offer):
            self._subscribing.offered(message)
        elif isinstance(message, protocol.PublishAnswer):
            self._publishing.answered(message)
        elif isinstance(message, protocol.RoomState):
            self._look(message)
        elif isinstance(message, protocol.Error | protocol.Restarted):
            print(self._name, message, file=sys.stderr)

    def _look(self, room: protocol.RoomState) -> None:
        others = (who for who in room.participants if who.id != self._me)
        tracks = tuple(track.id for who in others for track in who.tracks)
        if tracks != self._wanted:
            self._wanted = tracks
            self._signaling.send(protocol.Subscribe(tracks=tracks, link=self._linked))
            if self._linked:
                self._subscribing.want(tracks)

    def _enter(self, welcome: protocol.Welcome) -> None:
        self._me = welcome.participant
        if welcome.resumed:
            self._publishing.resume()
            return
        send = self._signaling.send
        if self._linked:
            link = MediaLink(*self._where, welcome.session, welcome.media)
            self._publishing = LinkPublishing(send, lambda: None, link)
            self._subscribing = LinkSubscribing(self._bind, link)
        else:
            self._publishing, self._subscribing = Publishing(send, lambda: None), Subscribing(send, self._bind)
            self._publishing.media = self._subscribing.media = welcome.media
        description = protocol.TrackDescription(source="kernel")
        self._publishing.want({"footage": Offered("video", description)})

    def _bind(self, track: str, receiver: Any) -> None:
        receiver.bind(self._on_frame)

    def _on_frame(self, frame: ReceivedFrame) -> None:
        self._came.append((time.monotonic(), len(frame.encoded.data)))


async def main(url: str, token: str, room: str, name: str, link: str) -> None:
    """Take part until stdin closes."""
    peer = Peer(url, token, room, name, link)
    running = asyncio.ensure_future(peer.run())
    while await asyncio.to_thread(sys.stdin.readline):
        if running.done():
            running.result()
            sys.exit("It left the room.")
        print(json.dumps(peer.told()), flush=True)
    running.cancel()


if __name__ == "__main__":
    streams = footage.load(Path(sys.argv[6]))
    seam.use_only_forwarded_codecs()
    seam.use_mid_router()
    seam.use_roomy_sockets()
    seam.use_rtp_classes(Sender, FrameReceiver)
    seam.use_encoders(video=lambda: footage.Encoder(streams))
    setattr(linked, "RealtimeVp8Encoder", lambda *args: footage.Encoder(streams))  # noqa: B010
    asyncio.run(main(*sys.argv[1:6]))
