"""A published track: what comes in, and who is being sent it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from rtc_notebook.protocol import Kind
from rtc_notebook.rtp.keyframes import KeyframeRequests
from rtc_notebook.rtp.loss import LossTracker
from rtc_notebook.rtp.timeline import Timeline
from rtc_notebook.rtp.vp8 import keyframe_size

if TYPE_CHECKING:
    from .linked import Tap

CLOCK_RATES = {"audio": 48000, "video": 90000}
HISTORY_PACKETS = {"audio": 128, "video": 1024}  # two seconds of sound, about four of a 2.5 Mbps picture
RATE_SECONDS = 1.0


class Packet(NamedTuple):
    """A packet on its way through; ``begins`` says that a viewer may start with it, ``level`` is RFC 6464's octet."""

    index: int  # type: ignore[assignment]
    timestamp: int
    marker: int
    payload: bytes
    begins: bool
    level: int


class Source(Protocol):
    """What a publication's packets come from."""

    publication: Publication | None

    @property
    def ready(self) -> bool:
        """Whether it can be asked for something."""

    @property
    def packets_lost(self) -> int:
        """Packets that never came."""

    @property
    def jitter(self) -> float:
        """How unevenly packets arrive, seconds."""

    def send_pli(self) -> bool:
        """Ask for a keyframe; False if it cannot be asked now."""


class Sender(Protocol):
    """What a publication's packets go to."""

    @property
    def loss(self) -> float:
        """The share of packets that get lost there."""

    def forward(self, packet: Packet) -> None:
        """Take a packet."""

    def wait(self) -> None:
        """Go on at the next keyframe."""

    def send_report(self) -> None:
        """Pass the publication's newest sender report on."""

    def unbind(self) -> None:
        """Send nothing from now on."""

    def limit(self, now: float) -> int | None:
        """Return what its way takes, bits per second, while that is too little."""


class Publication:
    """A participant's published track, whichever connection carries it at the moment.

    Parameters
    ----------
    id, participant : str
        The track's id and its publisher's.
    kind : str
        ``"audio"`` or ``"video"``.
    """

    def __init__(self, id: str, participant: str, kind: Kind) -> None:
        self.id = id
        self.participant = participant
        self.kind = kind
        self.muted = False
        self.senders: list[Sender] = []
        self.receiver: Source | None = None
        self.tap: Tap | None = None  # the one among the senders that serves all media links
        self.report: tuple[int, int] | None = None  # the newest sender report: (NTP time, timestamp on the timeline)
        self.losses = LossTracker()
        self.timeline = Timeline(CLOCK_RATES[kind])
        self._keyframes = KeyframeRequests()
        self._history: list[Packet | None] = [None] * HISTORY_PACKETS[kind]
        self._counters = dict.fromkeys(("packets", "bytes", "frames", "keyframes", "width", "height", "plis_sent"), 0)
        self._rate = (time.monotonic(), 0, 0)  # since, bytes then, bits per second before

    def add(
        self,
        ssrc: int,
        sequence_number: int,
        timestamp: int,
        marker: int,
        payload: bytes,
        level: int,
        again: bool = False,
    ) -> None:
        """Take a packet from the publisher and pass it on to everybody who is being sent this track.

        ``again``: it was sent again, because it was asked for.
        """
        now = time.monotonic()
        if self.timeline.switches(ssrc):
            self.losses.reset()
            self.report = None
            self.hold_back()
        index, timestamp = self.timeline.place(ssrc, sequence_number, timestamp, now)
        if not self.losses.add(index, now, again):
            return
        counters = self._counters
        counters["packets"] += 1
        counters["bytes"] += len(payload)
        counters["frames"] += marker if self.kind == "video" else 1
        begins = True
        if self.kind == "video":
            size = keyframe_size(payload)
            begins = size is not None
            if size is not None:
                counters["keyframes"] += 1
                counters["width"], counters["height"] = size
                self._keyframes.arrived()
        packet = Packet(index, timestamp, marker, payload, begins, level)
        self._history[index % len(self._history)] = packet
        if self.muted:
            return
        for sender in self.senders:
            sender.forward(packet)

    def lookup(self, index: int) -> Packet | None:
        """Return a packet that was passed on a while ago, for sending it again."""
        packet = self._history[index % len(self._history)]
        return packet if packet is not None and packet.index == index else None

    def add_report(self, ssrc: int, ntp: int, timestamp: int) -> None:
        """Take the publisher's sender report (RFC 3550, 6.4.1) and pass it on."""
        placed = self.timeline.map_timestamp(ssrc, timestamp)
        if placed is None:
            return
        self.report = (ntp, placed)
        for sender in self.senders:
            sender.send_report()

    def set_muted(self, muted: bool) -> None:
        """Stop passing packets on, or go on at the next keyframe."""
        if muted != self.muted:
            self.muted = muted
            self.hold_back()

    def hold_back(self) -> None:
        """Have every viewer wait for a keyframe (for sound: the next packet)."""
        for sender in self.senders:
            sender.wait()
        if self.senders and not self.muted:
            self.want_keyframe(first=True)

    def want_keyframe(self, first: bool = False) -> None:
        """Ask the publisher for a keyframe, now or as soon as one may be asked for again.

        ``first``: somebody sees nothing before it comes.
        """
        if self.kind == "video":
            self._keyframes.ask(first)
            self.request_keyframe(time.monotonic())

    @property
    def loss(self) -> float:
        """The share of packets that get lost on the worst way to a viewer."""
        return max((sender.loss for sender in self.senders), default=0.0)

    def limit(self, now: float) -> int | None:
        """Return what the thinnest way to a viewer takes, bits per second, if one is too thin."""
        return min((limit for sender in self.senders if (limit := sender.limit(now)) is not None), default=None)

    def request_keyframe(self, now: float) -> None:
        """Send a keyframe request upstream if one is due."""
        receiver = self.receiver
        if receiver is not None and not self.muted and receiver.ready and self._keyframes.due(now, 2 * self.losses.rtt):
            self._counters["plis_sent"] += receiver.send_pli()

    def tick(self, now: float) -> None:
        """Do what is due with time; called about ten times a second."""
        if not self.senders:
            self._keyframes.arrived()
        self.request_keyframe(now)
        since, before, _ = self._rate
        if now - since >= RATE_SECONDS:
            received = self._counters["bytes"]
            self._rate = (now, received, round(8 * (received - before) / (now - since)))

    def end(self) -> None:
        """Stop passing it on to anybody."""
        for sender in list(self.senders):
            sender.unbind()

    def stats(self) -> dict[str, Any]:
        """Return the counters that `rtc_notebook_server.sfu.base.Engine.stats` documents."""
        lost = self.receiver.packets_lost if self.receiver is not None else 0
        jitter = self.receiver.jitter if self.receiver is not None else 0.0
        return {"kind": self.kind, **self._counters, "lost": lost, "jitter": round(jitter, 5), "bitrate": self._rate[2]}
