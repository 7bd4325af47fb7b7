from __future__ import annotations

import cv2
import numpy as np
import pytest

from rtc_notebook import filters

SIZE = (360, 640, 3)


def block(x: int | None, noise: np.ndarray) -> np.ndarray:
    """Return a textured wall with a textured block before it, its left edge at x."""
    picture = cv2.resize(noise[:36, :64], SIZE[1::-1], interpolation=cv2.INTER_CUBIC)
    if x is not None:
        picture[120:240, x : x + 120] = cv2.resize(noise[36:48, :12], (120, 120), interpolation=cv2.INTER_CUBIC)
    return picture


@pytest.fixture
def noise() -> np.ndarray:
    return np.random.default_rng(3).integers(40, 216, (64, 64, 3), np.uint8)


def test_the_heat_map_glows_where_something_moves_and_cools_down(noise) -> None:
    heat = filters.MotionHeatMap()
    for x in range(100, 160, 6):
        shown = heat(block(x, noise))
    raw = block(x, noise)
    assert heat.heat is not None and heat.heat.shape == (180, 320) and heat.heat.dtype == np.float32
    assert heat.heat[60:120, 50:137].mean() > 10 * max(heat.heat[130:].mean(), 0.001)
    assert (shown[260:] == raw[260:]).all() and (shown[130:230, 110:270] != raw[130:230, 110:270]).mean() > 0.4
    for _ in range(60):
        shown = heat(raw)
    assert heat.heat.max() < 0.01 and np.abs(shown.astype(int) - raw).max() <= 12
    assert (heat(raw[:180, :320]) == raw[:180, :320]).all()  # another size: from the start


def test_the_heat_map_of_a_talking_head(head) -> None:
    heat = filters.MotionHeatMap()
    total = np.zeros((180, 320))
    for picture in head[:30]:
        heat(picture)
        total += heat.heat
    assert total[40:160, 100:220].mean() > 2 * total[20:100, 5:60].mean()  # the face more than the car's ceiling


def test_arrows_point_where_it_goes(noise) -> None:
    flow = filters.OpticalFlow()
    first = flow(block(200, noise))
    assert (first == block(200, noise)).all() and flow.flow is None
    shown = flow(block(208, noise), colour="red")
    right, down = np.moveaxis(flow.flow[70:110, 110:150], -1, 0)
    assert abs(np.median(right) - 8) < 1.5 and abs(np.median(down)) < 1.5
    assert abs(np.median(flow.flow[140:, :, 0])) < 0.5
    drawn = (shown != block(208, noise)).any(axis=2)
    inside = drawn[110:250, 190:350].sum()
    assert inside > 100 and inside > 3 * (drawn.sum() - inside)


def test_what_stays_becomes_background(noise) -> None:
    subtract = filters.BackgroundSubtraction()
    empty = block(None, noise)
    for _ in range(40):
        subtract(empty)
    shown = subtract(block(300, noise), background="green", learn=False)
    green = (shown == (0, 255, 0)).all(axis=2)
    assert not green[130:230, 310:410].mean() > 0.1
    green[110:250, 290:430] = True
    assert green.mean() > 0.99
    raw = block(300, noise)[150:200, 330:380]
    assert (np.abs(shown[150:200, 330:380].astype(int) - raw).max(axis=2) == 0).mean() > 0.9


def test_each_has_a_memory_of_its_own(noise) -> None:
    one, other = filters.MotionHeatMap(), filters.MotionHeatMap()
    for x in (100, 150):
        one(block(x, noise))
        other(block(100, noise))
    assert one.heat.max() > 0.5 and other.heat.max() == 0
