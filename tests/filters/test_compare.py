from __future__ import annotations

import functools

import cv2
import numpy as np
import pytest

from rtc_notebook import FilterError, filters
from rtc_notebook.filters.chain import chain
from rtc_notebook.filters.controls import Controls
from rtc_notebook.frames import FrameInfo


def test_raw_beside_processed(head) -> None:
    shown = filters.compare(filters.mirror)(head[0])
    assert shown.shape == (360, 1280, 3)
    small = cv2.resize(head[0], (640, 360), interpolation=cv2.INTER_AREA)
    assert (shown[:, :640] == small).all()
    assert np.abs(shown[:, 640:].astype(int) - small[:, ::-1]).max() <= 1


def test_one_picture_split(head) -> None:
    shown = filters.compare(filters.grey, layout="split")(head[0])
    assert (shown[:, :630] == head[0][:, :630]).all()
    assert (shown[:, 650:] == cv2.cvtColor(filters.grey(head[0]), cv2.COLOR_GRAY2BGR)[:, 650:]).all()


def test_the_filters_parameters_are_its_own() -> None:
    steps = chain(filters.compare(filters.edges))
    assert steps.label == "compare edges"
    assert Controls(steps).values == [{"low": 80, "high": 160}]
    assert Controls(chain(filters.compare(filters.MotionHeatMap()))).values == [{"memory": 0.9, "gain": 5.0}]

    def given(frame, info, level=(0, 10)):
        assert info.sequence == 7
        frame[:] = level
        return frame

    plain = np.zeros((40, 60, 3), np.uint8)
    steps = chain(filters.compare(given))
    shown = steps.run(plain, FrameInfo(7, 0.0, 0.0, 60, 40), Controls(steps).values)
    assert (shown[:, :30] == 0).all() and (shown[:, 30:] == 5).all() and (plain == 0).all()


def test_parameters_set_by_partial_are_no_controls(head) -> None:
    steps = chain(functools.partial(filters.chroma_key, background=head[0]))
    assert set(Controls(steps).values[0]) == {"key", "tolerance"}


def test_what_is_no_filter_is_told() -> None:
    with pytest.raises(FilterError, match="takes a filter"):
        filters.compare([filters.edges])
    with pytest.raises(FilterError, match="layout"):
        filters.compare(filters.edges, "above")
    with pytest.raises(FilterError, match="returned None"):
        filters.compare(lambda frame: None)(np.zeros((40, 60, 3), np.uint8))
