"""What the SFU sends to somebody whose acknowledgements stay away for a while, and asks of whom they watch."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable

import pytest
from rtc_notebook_server.sfu.link import LinkPort
from rtc_notebook_server.sfu.publication import Publication

from rtc_notebook.link import wire

KEYFRAME = b"\x10\0\0\x9d\x01\x2a\x40\x01\xb4\x00"
DELTA = b"\x11" + bytes(9)


class Room:
    """Somebody who publishes and somebody who watches, each with a link, and a clock that goes by itself never."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = time.monotonic()
        monkeypatch.setattr(time, "monotonic", lambda: self.now)
        self.camera, self.microphone = Publication("v", "ana", "video"), Publication("a", "ana", "audio")
        both = {"v": self.camera, "a": self.microphone}
        self.publisher, self.viewer = LinkPort(lambda wanted: both), LinkPort(lambda wanted: both)
        self.asked: list[wire.Record] = []
        self.came: list[wire.Frame] = []
        self.received = 0
        self.reads = True
        self.publisher.publish(both.values())
        self.publisher.open(lambda data: self.asked.extend(self._records(data)))
        self.viewer.open(self._read)
        self.viewer.want(["v", "a"])
        self._ticks = 0

    def _records(self, data: bytes) -> Iterable[wire.Record]:
        return (record for record in wire.decode(data)[1] if isinstance(record, wire.Wanted))

    def _read(self, data: bytes) -> None:
        sent, records, media = wire.decode(data)
        self.came += [record for record in records if isinstance(record, wire.Frame)]
        self.received += media
        self._sent = sent
        if self.reads and media:
            self.acknowledge()

    def acknowledge(self) -> None:
        self.viewer.receive(self._message(wire.Ack(self._sent, 0.0, self.received)))

    async def film(self, seconds: float) -> None:
        """Let time pass with a picture of 6 kB thirty times a second, and fifty packets of sound."""
        for _ in range(round(seconds * 100)):
            self.now += 0.01
            self._ticks += 1
            if self._ticks % 3 == 0:
                keyframe, self.asked = bool(self.asked), []
                data = (KEYFRAME if keyframe else DELTA) + bytes(6_000)
                self._take(wire.Frame("v", "video", keyframe, self._ticks * 900 & 0xFFFFFFFF, 0.0, data))
            if self._ticks % 2 == 0:
                self._take(wire.Frame("a", "audio", False, self._ticks * 480 & 0xFFFFFFFF, 0.0, bytes(100)))
            if self._ticks % 10 == 0:
                for each in (self.camera, self.microphone):
                    each.tick(self.now)
                for port in (self.publisher, self.viewer):
                    port.tick()
            for _ in range(3):
                await asyncio.sleep(0)

    def _take(self, frame: wire.Frame) -> None:
        self.publisher.receive(self._message(frame))

    def _message(self, record: wire.Record) -> bytes:
        return wire.message(self.now, [wire.encode(record)])

    def count(self, kind: str) -> int:
        return sum(frame.kind == kind for frame in self.came)


async def test_a_slow_reader_gets_no_more_pictures_than_fit_its_sound_first_and_goes_on_at_a_keyframe(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    room = Room(monkeypatch)
    await room.film(2)
    assert room.count("video") > 50 and room.count("audio") > 90
    assert [frame.keyframe for frame in room.came if frame.kind == "video"].count(True) == 1

    room.reads = False
    pictures, sounds = room.count("video"), room.count("audio")
    await room.film(4)
    assert 6_000 * (room.count("video") - pictures) < 128 * 1024
    assert room.count("audio") - sounds > 190, "sound goes before pictures"
    assert room.viewer.describe()["skipped"] > 60
    assert not room.asked, "nobody is asked for a keyframe that could not be sent"

    room.reads = True
    before = len(room.came)
    room.acknowledge()
    await room.film(1)
    later = [frame for frame in room.came[before:] if frame.kind == "video"]
    assert later[0].keyframe and len(later) > 20
    assert [frame.keyframe for frame in later].count(True) == 1


async def test_a_reader_that_stops_for_good_costs_a_bounded_amount(monkeypatch: pytest.MonkeyPatch) -> None:
    room = Room(monkeypatch)
    await room.film(1)
    room.reads = False
    await room.film(8)
    assert sum(len(frame.data) for frame in room.came) < 400_000
    waiting = room.viewer._outbox
    assert len(waiting._sounds) <= 50 and sum(map(len, waiting._pictures.values())) <= 20
