from __future__ import annotations

import builtins
from collections.abc import Iterator

import numpy as np
import pytest

from rtc_notebook import MissingDependency, filters
from rtc_notebook.filters import opencv
from rtc_notebook.filters.result import to_bgr

ALL = [getattr(filters, name) for name in filters.__all__]


@pytest.fixture
def frame() -> np.ndarray:
    y, x = np.mgrid[0:720, 0:1280]
    return np.stack([x % 256, y % 256, (x // 90 + y // 90) % 2 * 255], -1).astype(np.uint8)


@pytest.mark.parametrize("function", ALL, ids=filters.__all__)
@pytest.mark.parametrize("shape", [(720, 1280), (37, 51)])
def test_each_returns_a_picture_of_that_size_and_keeps_its_input(function, shape, frame) -> None:
    given = frame[: shape[0], : shape[1]].copy()
    before = given.copy()
    assert to_bgr(function(given)).shape == (*shape, 3)
    assert (given == before).all()


def test_what_they_do(frame) -> None:
    assert (filters.mirror(frame)[:, 0] == frame[:, -1]).all()
    assert len(np.unique(filters.pixelate(frame).reshape(-1, 3), axis=0)) <= 48 * 27
    assert set(np.unique(filters.edges(frame))) == {0, 255}
    assert (filters.sepia(np.full((32, 32, 3), 100, np.uint8))[0, 0] == [94, 120, 135]).all()


@pytest.fixture
def without_opencv(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    real = builtins.__import__

    def fails(name, *args, **kwargs):
        if name == "cv2":
            raise ImportError("libGL.so.1: cannot open shared object file")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", fails)
    opencv.cv2.cache_clear()
    yield
    opencv.cv2.cache_clear()


def test_without_opencv_they_say_what_to_install(without_opencv: None, frame) -> None:
    with pytest.raises(MissingDependency, match=r"libGL\.so\.1.*apt-get install.*opencv-python-headless"):
        filters.edges(frame)
    assert filters.mirror(frame).shape == frame.shape
    assert to_bgr(frame[:, :, 0]).shape == frame.shape


def test_a_mask_is_black_and_white() -> None:
    mask = np.eye(20, dtype=bool)
    assert (to_bgr(mask)[0, :2, 0] == [255, 0]).all()
