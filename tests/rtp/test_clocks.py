from __future__ import annotations

import random

import pytest

from rtc_notebook.rtp.clocks import SenderClock

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
