"""The window and the outbox against a simulated path: a pipe of a certain rate with a deep buffer."""

from __future__ import annotations

import math
from collections import deque

from rtc_notebook.link.outbox import Item, Outbox
from rtc_notebook.link.window import MAX_BYTES, Window


class Path:
    """Delivers ``rate`` bytes a second in order after ``trip`` seconds, however much waits."""

    def __init__(self, window: Window, rate: float, trip: float = 0.02) -> None:
        self.window, self.rate, self.trip = window, rate, trip
        self.free_at = 0.0
        self.flying: deque[tuple[float, float, int]] = deque()
        self.received = 0
        self.delays: list[float] = []

    def send(self, size: int, now: float) -> None:
        self.free_at = max(self.free_at, now) + size / self.rate
        self.flying.append((self.free_at + self.trip, now, size))

    def advance(self, now: float) -> None:
        while self.flying and self.flying[0][0] <= now:
            at, sent, size = self.flying.popleft()
            self.received += size
            self.delays.append(at - sent)
            self.window.acknowledge(self.received, at - sent + self.trip, now)


def run(rate: float, seconds: float = 20, bitrate: float = 1_000_000) -> tuple[Outbox, Path, dict[str, list[float]]]:
    """Offer 30 pictures and 50 sounds a second to a path; returns when each arrived in the outbox's hands."""
    outbox = Outbox()
    outbox.begin("v")
    path = Path(outbox.window, rate)
    out: dict[str, list[float]] = {"keyframe": [], "delta": [], "sound": [], "wanted": []}
    labels: dict[int, str] = {}
    key_wanted = True
    for tick in range(int(seconds * 1000)):
        now = tick / 1000
        path.advance(now)
        if tick % 33 == 0:
            size = int(bitrate / 8 / 30) * (5 if key_wanted else 1)
            item = Item("v", False, key_wanted, bytes(size))
            labels[id(item.record)] = "keyframe" if key_wanted else "delta"
            key_wanted = False
            outbox.put(item, now)
            out.setdefault("kept", []).append(item.record)  # type: ignore[arg-type]  # keeps ids apart
        if tick % 20 == 0:
            item = Item("a", True, False, bytes(100))
            labels[id(item.record)] = "sound"
            outbox.put(item, now)
            out["kept"].append(item.record)  # type: ignore[arg-type]
        if tick % 8 == 0:
            if outbox.wanted(now):
                out["wanted"].append(now)
                key_wanted = True
            for record in outbox.take(now):
                path.send(len(record), now)
                out[labels[id(record)]].append(now)
    return outbox, path, out


def test_a_wide_path_gets_everything():
    outbox, path, out = run(rate=2_000_000)
    assert outbox.skipped == 0
    assert len(out["keyframe"]) == 1 and len(out["delta"]) > 590 and len(out["sound"]) > 990
    assert max(path.delays) < 0.06


def test_a_narrow_path_keeps_its_delay_short_and_its_sound_whole():
    outbox, path, out = run(rate=40_000)  # a third of what is offered
    assert outbox.skipped > 100
    assert len(out["sound"]) > 950, "sound goes before pictures"
    late = sorted(path.delays[len(path.delays) // 4 :])
    assert late[len(late) // 2] < 0.35, "half a second of buffers in between would be no call"
    assert out["keyframe"][-1] > 15, "pictures go on, from keyframe to keyframe"


def test_a_path_that_takes_two_thirds_gets_most_pictures():
    _, path, out = run(rate=80_000)
    assert len(out["delta"]) > 150 and len(out["sound"]) > 990
    assert sorted(path.delays)[len(path.delays) // 2] < 0.2


def test_after_a_gap_nothing_goes_out_before_a_keyframe():
    outbox = Outbox()
    outbox.begin("v")
    outbox.put(Item("v", False, False, b"delta"), 0.0)
    assert outbox.take(0.0) == [] and outbox.wanted(0.0) == ["v"] and outbox.wanted(0.5) == []
    outbox.put(Item("v", False, True, b"key"), 0.6)
    outbox.put(Item("v", False, False, b"delta"), 0.6)
    assert outbox.take(0.6) == [b"key", b"delta"]
    assert outbox.wanted(5.0) == []


def test_a_reader_that_stops_costs_a_bounded_amount():
    outbox = Outbox()
    outbox.begin("v")
    for tick in range(30 * 60):
        outbox.put(Item("v", False, tick % 90 == 0, bytes(4000)), tick / 30)
        outbox.put(Item("a", True, False, bytes(100)), tick / 30)
        outbox.take(tick / 30)
    assert outbox.window.unacked < 4 * outbox.window.size
    waiting = sum(len(queue) for queue in outbox._pictures.values()) + len(outbox._sounds)
    assert waiting < 70


def test_a_track_that_was_taken_away_leaves_nothing_behind():
    outbox = Outbox()
    outbox.begin("v")
    outbox.put(Item("v", False, True, b"key"), 0.0)
    outbox.put(Item("a", True, False, b"sound"), 0.0)
    outbox.end("v")
    outbox.end("a")
    outbox.put(Item("v", False, True, b"key"), 0.0)
    assert outbox.take(0.0) == [] and not outbox.pending


def test_an_acknowledgement_of_what_was_never_sent_changes_nothing():
    window = Window()
    window.add(1000)
    window.acknowledge(5000, 0.01, 1.0)
    window.acknowledge(-1, 0.01, 1.0)
    assert window.unacked == 1000


def test_acknowledgements_that_lie_open_no_window_wider_than_the_widest():
    window = Window()
    for turn in range(10_000):
        while window.open:
            window.add(10_000)
        trip = (0.0, -1.0, math.nan, math.inf, -math.inf, 1e308)[turn % 6]
        window.acknowledge(window.sent, trip, turn / 10)
    assert window.size == MAX_BYTES
    assert math.isfinite(window.rate) and math.isfinite(window.delay)
