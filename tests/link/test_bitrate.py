"""What pictures may take over a link, by what got out and what was acknowledged."""

from __future__ import annotations

from rtc_notebook.link.window import MIN_BITRATE, Bitrate, Window


def test_the_bitrate_follows_what_gets_through():
    bitrate = Bitrate(1_500_000, 2_500_000)
    for now in range(1, 10):
        for picture in range(30):
            bitrate.note(picture % 2 == 0)
        bitrate.update(50_000, now)
    assert MIN_BITRATE <= bitrate.value < 450_000
    for now in range(10, 90):
        bitrate.note(True)
        bitrate.update(200_000, now)
    assert bitrate.value == 2_500_000


def test_it_comes_down_to_what_was_acknowledged_within_two_seconds():
    bitrate = Bitrate(1_500_000, 2_500_000)
    for half in range(1, 5):
        bitrate.note(False)
        bitrate.update(20_000, half / 2)
    assert 100_000 < bitrate.value < 8 * 20_000


def test_it_ends_at_the_least_and_stays_where_nothing_was_sent():
    bitrate = Bitrate(1_500_000, 2_500_000)
    for now in range(1, 60):
        assert bitrate.update(0.0, now) == 1_500_000
    for now in range(60, 120):
        bitrate.note(False)
        bitrate.update(1_000, now)
    assert bitrate.value == MIN_BITRATE


def test_the_window_shrinks_while_messages_wait_in_buffers_and_grows_again_when_they_do_not():
    window = Window()

    def step(trip: float, now: float) -> None:
        while window.open:
            window.add(2_000)
        window.acknowledge(window.sent, trip, now)

    step(0.02, 1)
    before = window.size
    for now in range(2, 6):
        step(0.4, now)
    small = window.size
    assert small < 0.5 * before
    for half in range(12, 20):
        step(0.03, half / 2)
    assert window.size > small


def test_the_rate_is_what_was_acknowledged():
    window = Window()
    for tenth in range(26):
        window.add(20_000)
        window.acknowledge(window.sent // 2, 0.02, tenth / 10)
    assert 90_000 < window.rate < 110_000
