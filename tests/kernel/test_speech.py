from __future__ import annotations

import numpy as np
import pytest

from rtc_notebook.speech import level, speaks

RATE = 48_000


def noise(decibels: float, seconds: float) -> list[np.ndarray]:
    generator = np.random.default_rng(1)
    scale = 10 ** (decibels / 20)
    return [scale * generator.standard_normal((960, 2)).astype(np.float32) for _ in range(round(seconds / 0.02))]


def test_level_is_below_full_scale() -> None:
    sine = np.sin(np.arange(RATE) * 0.1)[:, None]
    assert level(sine) == pytest.approx(-3.01, abs=0.01)
    assert level(np.zeros((960, 2))) == -120


def test_words_count_and_noise_does_not() -> None:
    speech, room = noise(-25, 0.3), noise(-60, 0.3)
    assert not speaks(noise(-60, 1))
    assert speaks(room + speech)
    assert speaks(speech + room)  # a pause between words
    assert not speaks(speech + room + room)
    assert not speaks(room + noise(-20, 0.02) + room)  # a click


def test_what_is_between_the_thresholds_changes_nothing() -> None:
    between = noise(-46, 1)
    assert not speaks(between)
    assert speaks(noise(-25, 0.3) + between)
