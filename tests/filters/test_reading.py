from __future__ import annotations

import cv2
import numpy as np
import pytest

from rtc_notebook import filters


def held_up(picture: np.ndarray, words: str, corners: list[tuple[int, int]]) -> np.ndarray:
    """Return the picture with a printed QR code held into it, seen at an angle."""
    code = cv2.QRCodeEncoder.create().encode(words)
    code = cv2.copyMakeBorder(code, 4, 4, 4, 4, cv2.BORDER_CONSTANT, value=255)
    code = cv2.resize(code, (400, 400), interpolation=cv2.INTER_NEAREST)
    source = np.float32([(0, 0), (400, 0), (400, 400), (0, 400)])
    matrix = cv2.getPerspectiveTransform(source, np.float32(corners))
    size = picture.shape[1::-1]
    mask = cv2.warpPerspective(np.full((400, 400), 255, np.uint8), matrix, size)
    warped = cv2.warpPerspective(cv2.cvtColor(code, cv2.COLOR_GRAY2BGR), matrix, size, flags=cv2.INTER_AREA)
    result = picture.copy()
    result[mask > 127] = warped[mask > 127] * 0.8 + 10
    encoded = cv2.imencode(".jpg", cv2.GaussianBlur(result, (3, 3), 0.8), [cv2.IMWRITE_JPEG_QUALITY, 60])[1]
    return cv2.imdecode(encoded, cv2.IMREAD_COLOR)


LEFT = [(60, 330), (320, 300), (330, 590), (40, 600)]
RIGHT = [(900, 120), (1190, 150), (1170, 420), (910, 400)]


def test_codes_held_into_a_camera_are_read(head) -> None:
    shown = held_up(held_up(head[0], "https://jupyter.org/try", LEFT), "room 7", RIGHT)
    found = {code.text: code.corners for code in filters.read_qr_codes(shown)}
    assert set(found) == {"https://jupyter.org/try", "room 7"}
    for words, corners in (("https://jupyter.org/try", LEFT), ("room 7", RIGHT)):
        low, high = np.min(corners, 0), np.max(corners, 0)
        assert found[words].shape == (4, 2) and (found[words] > low).all() and (found[words] < high).all()
        assert np.ptp(found[words], axis=0).min() > 0.6 * (high - low).min()  # four white squares around it


def test_what_was_read_is_drawn(head) -> None:
    shown = held_up(head[0], "room 7", RIGHT)
    drawn = filters.qr_codes(shown, colour="magenta")
    changed = np.argwhere((drawn != shown).any(axis=2))
    assert changed[:, 1].min() > 850 and changed[:, 0].max() < 450
    assert ((drawn == (255, 0, 255)).all(axis=2)).sum() > 500
    assert (filters.qr_codes(head[0]) == head[0]).all()


@pytest.mark.parametrize("index", range(0, 120, 24))
def test_nothing_is_read_where_there_is_no_code(index: int, head) -> None:
    assert filters.read_qr_codes(head[index]) == []
