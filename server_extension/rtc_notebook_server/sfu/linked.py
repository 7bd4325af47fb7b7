"""Between frames and packets: what comes in over a media link, and what goes out over one."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rtc_notebook.link import wire
from rtc_notebook.link.outbox import Item, Outbox
from rtc_notebook.rtp import vp8
from rtc_notebook.rtp.assembler import EncodedFrame, FrameAssembler, MediaPacket

if TYPE_CHECKING:
    from .publication import Packet, Publication

NTP_TO_UNIX = 2_208_988_800
REPORT_SECONDS = 1.0
SILENCE = 127  # -127 dBov (RFC 6464)
CLOCK_RATES = {"audio": 48_000, "video": 90_000}


class LinkSource:
    """Makes packets of the frames of one track, in the place of a `ForwardingReceiver`.

    Parameters
    ----------
    publication : Publication
        Gets the packets.
    want_keyframe : callable
        Asks the publisher for a keyframe of this track; False if it cannot be asked now.
    """

    packets_lost = 0
    jitter = 0.0

    def __init__(self, publication: Publication, want_keyframe: Callable[[str], bool]) -> None:
        self.kind = publication.kind
        self.publication: Publication | None = publication
        if publication.receiver is not None:
            publication.receiver.publication = None
        publication.receiver = self
        self._want_keyframe = want_keyframe
        self._ready = False
        self._ssrc = self._number = self._picture_id = 0
        self._started = False
        self._reported = float("-inf")
        self._begin()

    @property
    def ready(self) -> bool:
        """Whether the publisher can be asked for something."""
        return self._ready

    def open(self, ready: bool) -> None:
        """Note that the link was opened afresh, or closed."""
        self._ready = ready
        if ready:
            self._begin()
            if self.publication is not None and self.publication.senders:
                self.publication.want_keyframe(first=True)

    def send_pli(self) -> bool:
        """Ask the publisher for a keyframe."""
        return self.publication is not None and self._want_keyframe(self.publication.id)

    def unbind(self) -> None:
        """Give no packets any more."""
        publication, self.publication = self.publication, None
        if publication is not None and publication.receiver is self:
            publication.receiver = None

    def take(self, frame: wire.Frame, now: float) -> None:
        """Take a frame in; a picture that nothing before it explains waits for a keyframe."""
        publication = self.publication
        if publication is None or not frame.data:
            return
        if self.kind == "video":
            if not (self._started or frame.keyframe):
                publication.want_keyframe()
                return
            payloads = vp8.packetize(frame.data, self._picture_id)
            self._picture_id = (self._picture_id + 1) & 0x7FFF
        else:
            payloads = [frame.data]
        self._started = True
        for left, payload in zip(range(len(payloads) - 1, -1, -1), payloads, strict=True):
            marker = int(left == 0) if self.kind == "video" else 0
            publication.add(self._ssrc, self._number, frame.timestamp, marker, payload, SILENCE)
            self._number = (self._number + 1) & 0xFFFF
        if frame.captured and now - self._reported >= REPORT_SECONDS:
            self._reported = now
            ntp = int((frame.captured + NTP_TO_UNIX) * (1 << 32)) & 0xFFFFFFFFFFFFFFFF
            publication.add_report(self._ssrc, ntp, frame.timestamp)

    def _begin(self) -> None:
        self._ssrc = random.getrandbits(32)
        self._number = random.getrandbits(15)
        self._picture_id = random.getrandbits(15)
        self._started = False
        self._reported = float("-inf")


class Tap:
    """Puts one publication's packets together to frames, once for all who have it over links."""

    loss = 0.0  # TCP loses none

    def __init__(self, publication: Publication) -> None:
        self._publication = publication
        self.viewings: list[Viewing] = []
        self._assembler = FrameAssembler()
        self._asked = False  # whether a keyframe was asked for since the last gap
        self._coming: int | None = None  # the newest keyframe's timestamp
        publication.senders.append(self)

    def forward(self, packet: Packet) -> None:
        """Take a packet, as publications hand them on."""
        publication = self._publication
        if publication.kind == "audio":
            self._give(wire.SOUND, EncodedFrame(packet.payload, packet.timestamp, True))
            return
        data = vp8.depacketize(packet.payload)
        media = MediaPacket(packet.index & 0xFFFF, packet.timestamp, bool(packet.marker), data, packet.begins)
        now = time.monotonic()
        for frame in self._assembler.add(media, now):
            self._give(wire.PICTURE, frame)
        if packet.begins:
            self._coming = packet.timestamp
        waits = self._assembler.needs_keyframe and packet.timestamp != self._coming
        late = waits or self._assembler.stuck(now) > publication.losses.patience
        if late and not self._asked:
            publication.want_keyframe()
        self._asked = late

    def wait(self) -> None:
        """Go on at a keyframe."""
        self._assembler = FrameAssembler()
        for viewing in self.viewings:
            viewing.wait()

    def send_report(self) -> None:
        """Do nothing: each frame carries its time."""

    def limit(self, now: float) -> int | None:
        """Return None: each link skips what it cannot take."""
        return None

    def unbind(self) -> None:
        """Give nothing any more."""
        if self in self._publication.senders:
            self._publication.senders.remove(self)
        self._publication.tap = None
        self.viewings.clear()

    def _give(self, type: int, frame: EncodedFrame) -> None:
        publication = self._publication
        sound = type == wire.SOUND
        captured = 0.0
        if publication.report is not None:
            ntp, reported = publication.report
            since = ((frame.timestamp - reported + 0x80000000) & 0xFFFFFFFF) - 0x80000000
            captured = ntp / (1 << 32) - NTP_TO_UNIX + since / CLOCK_RATES[publication.kind]
        record = wire.encode(
            wire.Frame(publication.id, publication.kind, frame.keyframe, frame.timestamp, captured, frame.data)
        )
        item = Item(publication.id, sound, frame.keyframe and not sound, record)
        for viewing in self.viewings:
            viewing.give(item)


class Viewing:
    """One participant's link has this publication."""

    def __init__(self, publication: Publication, put: Callable[[Item], None], outbox: Outbox) -> None:
        self.publication = publication
        self._put = put
        self._outbox = outbox
        self._counters = dict.fromkeys(("packets", "bytes", "retransmitted", "frames"), 0)
        if publication.tap is None:
            publication.tap = Tap(publication)
        self._tap = publication.tap
        self._tap.viewings.append(self)
        publication.want_keyframe(first=True)

    def give(self, item: Item) -> None:
        """Send a frame, when it is its turn."""
        self._counters["packets"] += 1
        self._counters["frames"] += 1
        self._counters["bytes"] += len(item.record)
        self._put(item)

    def wait(self) -> None:
        """Go on at a keyframe."""
        if self.publication.kind == "video":
            self._outbox.begin(self.publication.id)

    def end(self) -> None:
        """Send it no more; idempotent."""
        if self in self._tap.viewings:
            self._tap.viewings.remove(self)
            if not self._tap.viewings:
                self._tap.unbind()

    def stats(self) -> dict[str, Any]:
        """Return the counters."""
        return {**self._counters, "paused": self._outbox.waits(self.publication.id)}
