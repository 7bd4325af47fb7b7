"""A publisher, the SFU's own receiver and sender, and a kernel's receiver, with a lossy path in between.

No socket and no real time: the event loop's clock jumps to whatever is due next, and what gets lost is
drawn from a seeded generator, so that a run is the same each time.
"""

from __future__ import annotations

import asyncio
import random
import selectors
import types
from collections.abc import Callable, Coroutine
from types import SimpleNamespace
from typing import Any

import pytest
from aiortc import RTCRtpCodecParameters
from aiortc.rtp import (
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    HeaderExtensionsMap,
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpRtpfbPacket,
    RtpPacket,
    is_rtcp,
)
from rtc_notebook_server.sfu import publication as publication_module
from rtc_notebook_server.sfu import receiver as receiver_module
from rtc_notebook_server.sfu import sender as sender_module
from rtc_notebook_server.sfu import subscriber as subscriber_module
from rtc_notebook_server.sfu.publication import Publication
from rtc_notebook_server.sfu.receiver import ForwardingReceiver
from rtc_notebook_server.sfu.sender import ForwardingSender

from rtc_notebook.media import receiver as kernel_module
from rtc_notebook.media.receiver import FrameReceiver, ReceivedFrame
from rtc_notebook.rtp import seam, vp8

VP8 = RTCRtpCodecParameters(mimeType="video/VP8", clockRate=90_000, payloadType=97)
RTX = RTCRtpCodecParameters(mimeType="video/rtx", clockRate=90_000, payloadType=98, parameters={"apt": 97})
OPUS = RTCRtpCodecParameters(mimeType="audio/opus", clockRate=48_000, channels=2, payloadType=96)
FPS = 30
KEYFRAME_BYTES, FRAME_BYTES = 45_000, 8_500  # of 2 Mbps at 720p


class _Jump(selectors.DefaultSelector):
    """Waits for nothing: the time that would be waited for is over at once."""

    now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        self.now += timeout or 0.0
        return super().select(0)


class JumpingLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock jumps to what is due next."""

    def __init__(self) -> None:
        self._jump = _Jump()
        super().__init__(self._jump)

    def time(self) -> float:
        return self._jump.now


def simulate(monkeypatch: pytest.MonkeyPatch, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a coroutine on a clock that jumps; the modules of the media path go by it, too."""
    loop = JumpingLoop()
    clock = types.SimpleNamespace(monotonic=loop.time, time=loop.time)
    for module in (publication_module, receiver_module, sender_module, subscriber_module, kernel_module):
        monkeypatch.setattr(module, "time", clock)
    monkeypatch.setattr(seam, "send_packet", lambda transport, data: transport.send(data))
    for name in ("register_receiver", "unregister_receiver", "register_sender", "unregister_sender"):
        monkeypatch.setattr(seam, name, lambda *args: None)
    random.seed(1)
    try:
        loop.run_until_complete(main())
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()


class Path:
    """One direction: loses this share of packets, and brings the others ``delay`` seconds later."""

    def __init__(self, loss: float, delay: float, seed: int) -> None:
        self.loss, self.delay = loss, delay
        self.lose: Callable[[bytes], bool] = lambda data: False
        """Says of a packet that it gets lost, besides those that do by chance."""
        self.sent = 0
        self._latest = 0.0
        self._random = random.Random(seed)
        self.deliver: Callable[[bytes], Any] = lambda data: None

    def send(self, data: bytes) -> bool:
        self.sent += 1
        if self._random.random() >= self.loss and not self.lose(data):
            loop = asyncio.get_running_loop()
            self._latest = max(loop.time() + self.delay, self._latest + 1e-6)  # timers of one time keep no order
            loop.call_at(self._latest, self.deliver, data)
        return True


def deliver_to(handler: Any) -> Callable[[bytes], None]:
    """Return what gives a receiver or sender its packets, as a transport does."""
    extensions = HeaderExtensionsMap()

    def deliver(data: bytes) -> None:
        now = asyncio.get_running_loop().time()
        if is_rtcp(data):
            for report in RtcpPacket.parse(data):
                finish(handler._handle_rtcp_packet(report))
        else:
            packet = RtpPacket.parse(data, extensions)
            finish(handler._handle_rtp_packet(packet, int(1000 * now)))

    return deliver


def finish(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    raise AssertionError(f"{coroutine} waits for something")


def vp8_frame(number: int, keyframe: bool) -> bytes:
    """Return what a packetizer takes for a VP8 frame, with its number inside."""
    size = KEYFRAME_BYTES if keyframe else FRAME_BYTES
    head = b"\x10\x02\x00\x9d\x01\x2a" + (1280).to_bytes(2, "little") + (720).to_bytes(2, "little")
    head = head if keyframe else b"\x11" + head[1:]
    return head + number.to_bytes(4, "big") + bytes(size - len(head) - 4)


class Camera:
    """Sends frames; sends again what a NACK asks for, and a keyframe when a PLI does."""

    def __init__(self, path: Path, ssrc: int = 1000) -> None:
        self.path, self.ssrc = path, ssrc
        self.plis = self.nacks = self.keyframes = 0
        self.frames = 0
        self._number, self._again = 65_000, 7
        self._history: dict[int, RtpPacket] = {}
        self._keyframe = True

    async def run(self, seconds: float) -> None:
        for _ in range(round(seconds * FPS)):
            self.frame()
            await asyncio.sleep(1 / FPS)

    def frame(self) -> None:
        keyframe, self._keyframe = self._keyframe, False
        self.keyframes += keyframe
        payloads = vp8.packetize(vp8_frame(self.frames, keyframe), self.frames)
        for left, payload in zip(range(len(payloads) - 1, -1, -1), payloads, strict=True):
            packet = RtpPacket(97, int(left == 0), self._number, self.frames * 3000, self.ssrc, payload)
            self._history[self._number] = packet
            self._number = (self._number + 1) & 0xFFFF
            self.path.send(packet.serialize())
        self.frames += 1

    async def _handle_rtcp_packet(self, report: Any) -> None:
        if isinstance(report, RtcpRtpfbPacket) and report.fmt == RTCP_RTPFB_NACK:
            self.nacks += 1
            for number in report.lost:
                if (lost := self._history.get(number)) is not None:
                    self._again = (self._again + 1) & 0xFFFF
                    payload = number.to_bytes(2, "big") + lost.payload
                    again = RtpPacket(98, lost.marker, self._again, lost.timestamp, self.ssrc + 1, payload)
                    self.path.send(again.serialize())
        elif isinstance(report, RtcpPsfbPacket) and report.fmt == RTCP_PSFB_PLI:
            self.plis += 1
            self._keyframe = True


class Viewer:
    """A kernel's receiver behind the SFU's sender, and when it had which frame."""

    def __init__(self, publication: Publication, down: Path, up: Path) -> None:
        self.down = down
        self.sender = ForwardingSender(publication.kind, down)
        self.receiver = FrameReceiver(publication.kind, up)
        self.times: list[float] = []
        self.got: list[bytes] = []
        self._publication = publication
        down.deliver, up.deliver = deliver_to(self.receiver), deliver_to(self.sender)

    async def begin(self) -> None:
        await self.negotiate()
        self.sender.bind(self._publication)

    async def negotiate(self) -> None:
        """Take what an offer and its answer say."""
        codecs = [VP8, RTX] if self.sender.kind == "video" else [OPUS]
        encodings = [SimpleNamespace(ssrc=self.sender._ssrc, rtx=SimpleNamespace(ssrc=self.sender._rtx_ssrc))]
        parameters = SimpleNamespace(
            codecs=codecs,
            headerExtensions=[],
            muxId="0",
            rtcp=SimpleNamespace(cname="sfu"),
            encodings=encodings,
        )
        await self.receiver.receive(parameters)
        self.receiver.bind(self._on_frame)
        await self.sender.send(parameters)

    def _on_frame(self, frame: ReceivedFrame) -> None:
        now = asyncio.get_running_loop().time()
        self.times.append(now)
        self.got.append(frame.encoded.data)


class Scene:
    """Ana's camera, the SFU, and Ben who views it; up and down lose and delay alike, in both directions."""

    def __init__(self, loss: float, delay: float, *, down: float | None = None, viewers: int = 1) -> None:
        self.camera = Camera(Path(loss, delay, 1))
        self.publication = Publication("cam", "ana", "video")
        self.receiver = ForwardingReceiver("video", Path(loss, delay, 2))
        self.receiver.publication = self.publication
        self.publication.receiver = self.receiver
        self.receiver.transport.deliver = deliver_to(self.camera)
        self.camera.path.deliver = deliver_to(self.receiver)
        down = loss if down is None else down
        self.viewers = [
            Viewer(self.publication, Path(down, delay, 3 + 2 * n), Path(down, delay, 4 + 2 * n)) for n in range(viewers)
        ]

    async def run(self, seconds: float) -> None:
        rtx = SimpleNamespace(ssrc=self.camera.ssrc + 1)
        encodings = [SimpleNamespace(ssrc=self.camera.ssrc, rtx=rtx)]
        await self.receiver.receive(SimpleNamespace(codecs=[VP8, RTX], encodings=encodings, muxId="0"))
        for viewer in self.viewers:
            await viewer.begin()
        ticking = asyncio.ensure_future(self._tick())
        await self.camera.run(seconds)
        await asyncio.sleep(2)
        ticking.cancel()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(0.1)
            now = asyncio.get_running_loop().time()
            self.publication.tick(now)
            self.receiver.send_report()
            for viewer in self.viewers:
                viewer.sender.tick(now)
