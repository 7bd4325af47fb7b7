"""How much may come over a link: all that anybody has to say, and not much more."""

from __future__ import annotations

import time
from random import Random

import pytest
from rtc_notebook_server.sfu.link import MAX_PER_SECOND, LinkPort
from rtc_notebook_server.sfu.publication import Publication

from rtc_notebook.errors import ProtocolError
from rtc_notebook.link import wire

KINDS = {"camera": "video", "screen": "video", "microphone": "audio", "sound": "audio"}


class Sender:
    """A link over which four tracks go out."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = time.monotonic()
        monkeypatch.setattr(time, "monotonic", lambda: self.now)
        self.port = LinkPort(lambda wanted: {})
        self.port.publish([Publication(id, "ana", kind) for id, kind in KINDS.items()])  # type: ignore[arg-type]

    def say(self, *records: wire.Record) -> None:
        self.port.receive(wire.message(self.now, map(wire.encode, records)))

    def send(self, track: str, size: int = 100) -> None:
        kind = KINDS.get(track, "video")
        self.say(wire.Frame(track, kind, True, 0, 0.0, bytes(size)), wire.Ack(0.0, 0.0, 0))  # type: ignore[arg-type]

    def everything(self, tick: int) -> None:
        """Send what there is to send in one hundredth of a second, each frame in a message with an acknowledgement."""
        for track, kind in KINDS.items():
            if tick % (3 if kind == "video" else 2) == 0:
                self.send(track, 4_000 if kind == "video" else 100)


def test_four_tracks_are_taken_and_what_waited_for_three_seconds_comes_all_at_once(monkeypatch: pytest.MonkeyPatch):
    sender = Sender(monkeypatch)
    for tick in range(3_000):
        sender.now += 0.01
        if tick % 1_000 == 300:
            for missed in range(300):
                sender.everything(missed)
        sender.everything(tick)


def test_a_voice_that_was_held_up_for_ten_seconds_comes_all_at_once(monkeypatch: pytest.MonkeyPatch):
    sender = Sender(monkeypatch)
    sender.port.publish([Publication("microphone", "ana", "audio")])
    for _ in range(500):
        sender.say(wire.Frame("microphone", "audio", True, 0, 0.0, bytes(100)))


@pytest.mark.parametrize("track", ["camera", "nobody's"])
def test_ten_times_as_much_is_not(monkeypatch: pytest.MonkeyPatch, track: str):
    sender = Sender(monkeypatch)
    with pytest.raises(ProtocolError) as refusal:
        for _ in range(10 * 5 * int(MAX_PER_SECOND)):
            sender.now += 1 / (10 * 5 * MAX_PER_SECOND)
            sender.send(track)
    assert refusal.value.code == "rate-limit"


def test_nor_is_it_in_fewer_messages_or_in_larger_pictures(monkeypatch: pytest.MonkeyPatch):
    sender = Sender(monkeypatch)
    with pytest.raises(ProtocolError) as refusal:
        for _ in range(2):
            sender.say(*[wire.Wanted("x")] * 4_000)
    assert refusal.value.code == "rate-limit"
    sender = Sender(monkeypatch)
    with pytest.raises(ProtocolError) as refusal:
        for _ in range(30):
            sender.now += 1 / 30
            sender.send("camera", 1_000_000)
    assert refusal.value.code == "rate-limit"


def test_a_server_that_lets_more_bits_through_lets_them_come(monkeypatch: pytest.MonkeyPatch):
    sender = Sender(monkeypatch)
    sender.port = LinkPort(lambda wanted: {}, max_bitrate=400_000_000)
    for _ in range(60):
        sender.now += 1 / 30
        sender.send("camera", 1_000_000)


async def test_whatever_bytes_come_a_link_takes_them_or_refuses_them(monkeypatch: pytest.MonkeyPatch):
    sender, random = Sender(monkeypatch), Random(1)
    sent: list[bytes] = []
    sender.port.open(sent.append)
    records: list[wire.Record] = [
        wire.Frame("camera", "video", True, 0, 1.7e9, b"\x10\0\0\x9d\x01\x2a" + bytes(40)),
        wire.Frame("microphone", "audio", False, 0, 0.0, bytes(20)),
        wire.Wanted("camera"),
        wire.Ack(1.0, 0.0, 10),
    ]
    taken = refused = 0
    for _ in range(5_000):
        sender.now += 1
        data = bytearray(wire.message(sender.now, map(wire.encode, random.sample(records, 3))))
        for _ in range(random.randrange(4)):
            data[random.randrange(len(data))] = random.choice((0, 1, 0x7F, 0x80, 0xF0, 0xFF, random.randrange(256)))
        try:
            sender.port.receive(bytes(data[: random.choice((len(data), len(data), random.randrange(len(data))))]))
            taken += 1
        except ProtocolError:
            refused += 1
        sender.port.tick()
    assert min(taken, refused) > 1_000
    sender.port.close()
