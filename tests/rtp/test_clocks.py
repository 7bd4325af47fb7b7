from __future__ import annotations

import itertools
import random

import pytest

from rtc_notebook.rtp.clocks import SenderClock, TrackClock

START = 1_700_000_000.0


def hear(clock: SenderClock, ahead: float, seconds: float, start: float = START) -> list[float]:
    """Return how wrong the capture times are of frames that take 20 to 100 ms; the sender's clock is ``ahead``."""
    chance = random.Random(1)
    errors = []
    for number in range(int(30 * seconds)):
        captured = start + number / 30
        arrived = captured + 0.02 + 0.08 * chance.random() ** 2
        here = clock.here(captured + ahead, arrived)
        assert here <= arrived
        errors.append(here - captured)
    return errors


def test_a_clock_that_is_right_is_believed() -> None:
    assert max(map(abs, hear(SenderClock(), 0.0, 40))) < 1e-5


@pytest.mark.parametrize("ahead", [3600.0, -3600.0, 0.5, -0.5])
def test_one_that_is_wrong_is_corrected_by_the_quickest_frame(ahead: float) -> None:
    errors = hear(SenderClock(), ahead, 40)
    assert all(0.02 - 1e-5 <= error < 0.1 for error in errors)
    assert max(errors[60:]) < 0.025


def test_two_senders_are_on_one_clock() -> None:
    one, other = hear(SenderClock(), 7200, 10)[-1], hear(SenderClock(), -0.4, 10)[-1]
    assert abs(one - other) < 0.01


def test_a_clock_that_is_set_right_is_believed_after_a_while() -> None:
    clock = SenderClock()
    hear(clock, 60, 20)
    assert max(map(abs, hear(clock, 0, 60, START + 20)[-60:])) < 1e-5


def test_a_tracks_times_do_not_go_back_and_come_near_to_what_the_newest_report_says():
    clock = TrackClock()
    late = {0: 0.0, 30: 0.2, 60: -0.05, 90: 0.01}  # by how much a report errs, from this frame on
    times, error = [], 0.0
    for frame in range(120):
        error = late.get(frame, error)
        true = 1000 + frame / 30
        times.append(clock.captured(frame / 30, true + error, true + 0.25))
    steps = [after - before for before, after in itertools.pairwise(times)]
    assert min(steps) > 0.01
    assert abs(times[29] - (1000 + 29 / 30)) < 1e-6
    assert abs(times[89] - (1000 + 89 / 30 - 0.05)) < 1e-6, "a quarter of a second is caught up within one"


def test_a_tracks_times_are_never_later_than_their_arrival_and_follow_a_clock_that_is_set_back():
    clock = TrackClock()
    assert clock.captured(0.0, 100.0, 100.0) == 100.0  # before any report
    assert clock.captured(0.1, 99.9, 100.001) == 100.001, "in a burst"
    assert clock.captured(0.1, 99.9, 100.002) == 100.001, "twice the same picture"
    assert clock.captured(0.2, 40.0, 40.1) == 40.0
