"""Numbers that viewers see: without gaps of our own making, steady over restarts, and reversible for NACK."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from rtc_notebook.rtp.estimate import ReceiveEstimate
from rtc_notebook.rtp.keyframes import KeyframeRequests
from rtc_notebook.rtp.loss import FIRST_RTT_SECONDS, GIVE_UP_SECONDS, LossTracker
from rtc_notebook.rtp.rewriter import Rewriter
from rtc_notebook.rtp.timeline import Timeline
from rtc_notebook.rtp.vp8 import keyframe_size


@given(st.integers(0, 0xFFFF), st.lists(st.integers(-20, 40), max_size=400))
def test_indexes_follow_sequence_numbers_over_the_wrap(first: int, steps: list[int]) -> None:
    timeline = Timeline(90000)
    start, _ = timeline.place(1, first, 0, 0.0)
    position = highest = 0
    for step in steps:
        position = max(highest + step, 0)
        highest = max(highest, position)
        index, _ = timeline.place(1, (first + position) & 0xFFFF, 0, 0.0)
        assert index - start == position
        assert index & 0xFFFF == (first + position) & 0xFFFF


def test_a_new_source_goes_on_where_the_last_one_left_off() -> None:
    timeline = Timeline(90000)
    before, stamp = timeline.place(1, 65000, 1000, now=10.0)
    after, later = timeline.place(2, 5, 4_000_000_000, now=10.5)
    assert after > before
    assert later - stamp == 45000
    assert timeline.map_timestamp(2, 4_000_000_090) == later + 90
    assert timeline.map_timestamp(1, 1000) is None


@given(st.lists(st.tuples(st.integers(1, 3000), st.integers(0, 3000)), min_size=1, max_size=6))
def test_holding_back_leaves_no_gap_and_every_number_leads_back(stretches: list[tuple[int, int]]) -> None:
    rewriter = Rewriter()
    index = 70_000
    last: int | None = None
    for sent, held in stretches:
        rewriter.start(index)
        for _ in range(sent):
            number = rewriter.sequence_number(index)
            assert number is not None and rewriter.index(number) == index
            assert last is None or number == (last + 1) & 0xFFFF
            last, index = number, index + 1
        rewriter.pause()
        assert rewriter.sequence_number(index) is None
        assert last is not None and rewriter.index(last) is None
        index += held


def test_a_packet_from_before_the_start_is_not_passed_on() -> None:
    rewriter = Rewriter()
    rewriter.start(100)
    assert rewriter.sequence_number(99) is None


def test_losses_are_asked_for_at_once_then_now_and_then_then_never() -> None:
    losses = LossTracker()
    assert losses.add(1, 0.0) and losses.add(4, 0.0)
    assert losses.due(0.0) == [2, 3]
    assert losses.due(FIRST_RTT_SECONDS) == [], "the answer cannot be here yet"
    assert losses.add(2, 0.02)
    assert not losses.add(2, 0.03), "a repetition"
    assert losses.due(1.3 * FIRST_RTT_SECONDS) == [3]
    assert losses.due(GIVE_UP_SECONDS + 0.1) == []
    assert not losses.add(3, GIVE_UP_SECONDS + 0.2), "too late to matter"
    assert not losses.waiting


@settings(deadline=None, max_examples=30)
@given(st.floats(0.003, 0.35))
def test_the_pace_of_requests_follows_the_round_trip(round_trip: float) -> None:
    losses = LossTracker()
    now, index = 0.0, 0
    for _ in range(60):
        losses.add(index, now)
        index += 2
        losses.add(index, now)
        came = False
        for _ in range(200):
            if index - 1 in losses.due(now) and not came:
                first, came = now, True
            now += 0.005
            if came and now >= first + round_trip:
                break
        losses.add(index - 1, now, again=True)
        index += 1
    assert round_trip - 0.001 <= losses.rtt <= 1.3 * round_trip + 0.006
    assert losses.retry >= round_trip


def test_keyframes_are_asked_for_once_an_interval_until_one_comes() -> None:
    requests = KeyframeRequests()
    assert not requests.due(0.0)
    for _ in range(10):
        requests.ask()
    assert requests.due(0.0)
    assert not requests.due(0.1)
    assert requests.due(0.6)
    requests.arrived()
    assert not requests.due(9.0)


def test_whoever_asks_for_keyframes_all_the_time_gets_ever_fewer() -> None:
    requests = KeyframeRequests()
    sent = 0
    for tick in range(1000):
        requests.ask()
        sent += requests.due(tick / 100)
        requests.arrived()
    assert sent <= 9
    requests.ask(first=True)
    assert requests.due(10.3), "somebody new does not wait for that"
    requests.ask()
    assert not requests.due(11.0)
    assert requests.due(20.0)
    requests.ask()
    assert requests.due(20.4), "after a calm stretch it is as before"


def test_a_keyframe_tells_its_size_and_nothing_else_does() -> None:
    header = b"\x10\x02\x00\x9d\x01\x2a" + (1280).to_bytes(2, "little") + (720).to_bytes(2, "little")
    for descriptor in (b"\x10", b"\x90\x80\x05", b"\x90\x80\x81\x02", b"\x90\xf0\x81\x02\x01\x20"):
        assert keyframe_size(descriptor + header) == (1280, 720)
        assert keyframe_size(descriptor + b"\x11" + header[1:]) is None, "an inter frame"
        for length in range(len(descriptor) + 9):
            assert keyframe_size((descriptor + header)[:length]) is None
    assert keyframe_size(b"\x00" + header) is None, "not the start of a frame"


def test_an_estimate_starts_at_full_quality_and_congestion_takes_it_down_in_steps() -> None:
    estimate = ReceiveEstimate(1_500_000, 2_500_000)
    assert estimate.update(0) == 1_500_000
    delay = 0
    for frame in range(120):  # every picture later than the one before: a queue fills
        delay += 4
        sent, arrived = frame * 33, frame * 33 + delay
        estimate.add(round(sent / 1000 * (1 << 18)) & 0xFFFFFF, arrived, 1200)
        estimate.update(arrived)
    assert estimate.bitrate < 1_500_000
    low = estimate.bitrate
    for frame in range(120, 600):
        estimate.add(round(frame * 33 / 1000 * (1 << 18)) & 0xFFFFFF, frame * 33 + delay, 1200)
        estimate.update(frame * 33 + delay)
    assert low < estimate.bitrate <= 2_500_000
