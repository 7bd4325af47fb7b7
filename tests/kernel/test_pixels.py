from __future__ import annotations

import av
import numpy as np
import pytest

from rtc_notebook import pixels
from rtc_notebook.pixels import convert, i420_shape, planes_into

SIZES = [(48, 64), (50, 34), (49, 33), (17, 16)]


@pytest.fixture(params=[True, False], ids=["opencv", "ffmpeg"])
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if not request.param:
        monkeypatch.setattr(pixels, "opencv", lambda: None)


def gradient(height: int, width: int) -> np.ndarray:
    """Return a picture whose colours change slowly, since I420 has one colour for four pixels."""
    rows, columns = np.mgrid[0:height, 0:width]
    return np.stack([rows * 2 + 40, columns * 2 + 30, 200 - rows - columns], axis=-1).astype(np.uint8)


@pytest.mark.parametrize("size", SIZES)
def test_there_and_back(library: None, size: tuple[int, int]) -> None:
    bgr = gradient(*size)
    i420 = convert(bgr, "bgr", "yuv420p", *size)
    assert i420.shape == i420_shape(*size)
    back = convert(i420, "yuv420p", "bgr", *size)
    assert back.shape == bgr.shape and back.flags.writeable and back.flags.c_contiguous
    assert np.abs(back.astype(int) - bgr).max() <= 8
    rgb = convert(i420, "yuv420p", "rgb", *size)
    assert np.abs(rgb[:, :, ::-1].astype(int) - back).max() <= 1


@pytest.mark.parametrize("size", SIZES)
def test_grey_is_as_of_the_colours_and_uses_the_full_range(library: None, size: tuple[int, int]) -> None:
    bgr = gradient(*size)
    expected = bgr @ np.array([0.114, 0.587, 0.299])
    i420 = convert(bgr, "bgr", "yuv420p", *size)
    for source, layout in ((bgr, "bgr"), (i420, "yuv420p")):
        grey = convert(source, layout, "gray", *size)  # type: ignore[arg-type]
        assert grey.shape == size
        assert np.abs(grey - expected).max() <= 3
    white = convert(np.full((16, 16, 3), 255, np.uint8), "bgr", "yuv420p", 16, 16)
    assert convert(white, "yuv420p", "gray", 16, 16).min() >= 254


@pytest.mark.parametrize("size", SIZES)
def test_a_decoded_picture_of_any_size(size: tuple[int, int]) -> None:
    height, width = size
    frame = av.VideoFrame.from_ndarray(gradient(*size), "bgr24").reformat(format="yuv420p")
    i420 = np.empty(i420_shape(height, width), np.uint8)
    planes_into(frame, i420)
    expected = frame.to_ndarray(format="bgr24").astype(int)
    assert np.abs(convert(i420, "yuv420p", "bgr", height, width) - expected)[2:-2, 2:-2].max() <= 12
    assert (i420.shape[0] * 2 // 3, i420.shape[1]) == (height + height % 2, width + width % 2)
