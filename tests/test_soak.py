"""Two minutes of the soak that ``benchmarks/soak.py`` runs for an hour, and whether it would notice a leak in them."""

from __future__ import annotations

import random
from pathlib import Path

import psutil
import pytest
from harness.benchmark import benchmark

soak = benchmark("soak")

MINUTES, SETTLE = 2.0, 0.7


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_nothing_grows_while_a_call_goes_on(tmp_path: Path):
    assert soak.soak(MINUTES, tmp_path, settle=SETTLE, show=False) == []


def measured(minutes: float, settle: float, mb_a_minute: float) -> soak.Watched:
    """Return a process that grows evenly, with noise as there is in the memory of a busy one."""
    noise = random.Random(1)
    watched = soak.Watched("worker", psutil.Process())
    step = min(5.0, 60 * minutes / soak.SAMPLES)
    for number in range(int(60 * minutes / step)):
        watched.megabytes.append(150 + mb_a_minute * number * step / 60 + noise.choice((0, 0, 0.5, 2.5)))
        watched.threads.append(12 + (number == 70))
        watched.descriptors.append(40)
        watched.cpu.append((number * step, 0.1 * number))
        watched.settled += number * step < 60 * settle
    return watched


@pytest.mark.parametrize(
    ("minutes", "settle", "mb_a_minute", "noticed"),
    [(MINUTES, SETTLE, 5.0, True), (MINUTES, SETTLE, 1.5, False), (60.0, 5.0, 0.5, True), (60.0, 5.0, 0.2, False)],
)
def test_a_leak_is_noticed_and_noise_is_none(minutes: float, settle: float, mb_a_minute: float, noticed: bool):
    grown = measured(minutes, settle, mb_a_minute).grown()
    assert [sentence for sentence in grown if "memory grew" in sentence] == grown
    assert bool(grown) == noticed


def test_a_step_is_none_when_it_is_looked_at_again_and_a_leak_is():
    for mb_a_minute, step, noticed in ((0.0, 8.0, False), (5.0, 0.0, True)):
        watched = measured(MINUTES, SETTLE, mb_a_minute)
        watched.megabytes[-30:] = [megabytes + step for megabytes in watched.megabytes[-30:]]
        assert watched.grown()
        watched.look_again()
        more = measured(MINUTES, SETTLE, mb_a_minute)
        for name in ("megabytes", "threads", "descriptors"):
            getattr(watched, name).extend(getattr(more, name)[-60:])
        watched.threads[:] = [12] * len(watched.threads)
        watched.cpu.extend((at + 60 * MINUTES, cpu) for at, cpu in more.cpu[-60:])
        assert bool(watched.grown()) == noticed


def test_a_thread_that_stays_is_noticed():
    watched = measured(MINUTES, SETTLE, 0.0)
    watched.threads[-20:] = [13] * 20
    assert "+1 threads" in watched.grown()[0]


def test_what_stood_still_or_was_slow_is_noticed():
    well = {"filter": [29.0, 12.0, 28.0], "publication": [15.0, 8.0, 15.0]}
    assert soak.slow(well) == []
    for name, rates in (("filter", [29.0, 0.0, 28.0]), ("filter", [9.0, 8.0, 29.0]), ("publication", [15.0, 4.0, 4.0])):
        assert name in soak.slow({**well, name: rates})[0]
    assert len(soak.slow({"filter": [], "publication": []})) == 2
