from __future__ import annotations

import base64
import sys
import time
from dataclasses import replace
from math import nan

import cv2
import numpy as np
import pytest
from fake_worker import FakeWorker, person

from rtc_notebook import Box, Call, Mask, OverlayError, ParticipantNotFound, Polyline, Text, protocol
from rtc_notebook.colours import css
from rtc_notebook.frames import FrameInfo
from rtc_notebook.media.control import ToServer
from rtc_notebook.overlays import Canvas, are_shapes, drawing, to_wire

WHOLE = Canvas()
INFO = FrameInfo(sequence=3, captured=1764000000.25, arrived=1764000000.3, width=640, height=360)


def draw(shapes: object, canvas: Canvas = WHOLE, seconds: float = 1.0) -> protocol.DrawOverlay:
    return drawing("p", shapes, canvas, source="camera", label="", seconds=seconds)  # type: ignore[arg-type]


def mask_of(shape: protocol.Shape) -> np.ndarray:
    assert isinstance(shape, protocol.Mask)
    decoded = cv2.imdecode(np.frombuffer(base64.b64decode(shape.png), np.uint8), cv2.IMREAD_UNCHANGED)
    assert decoded is not None
    return decoded


@pytest.mark.parametrize("frame", [(640, 360), np.zeros((360, 640, 3), np.uint8), np.zeros((360, 640)), INFO])
def test_with_a_frame_coordinates_are_its_pixels(frame: object) -> None:
    [box] = to_wire(Box(320, 90, 64, 36, "cat", "red"), Canvas.of(frame))
    assert box == protocol.Box(x=0.5, y=0.25, width=0.1, height=0.1, label="cat", colour="#ff3d3d")
    assert to_wire([Box.corners(320, 90, 384, 126, label="cat", colour="red")], Canvas.of(frame)) == (box,)


def test_without_one_they_are_shares_and_pixels_are_told() -> None:
    [box] = to_wire([Box(np.float32(0.5), 0, 1, 1)], WHOLE)
    assert isinstance(box, protocol.Box) and box.x == 0.5
    for shape in (Box(320, 90, 64, 36), Polyline([[0, 0], [0, 200]]), Text(120, 0, "x")):
        with pytest.raises(OverlayError, match="frame="):
            draw(shape)


def test_letters_are_shares_in_any_case_and_pixels_are_told() -> None:
    [text] = to_wire([Text(64, 36, "x", size=1)], Canvas.of(INFO))
    assert isinstance(text, protocol.Text) and (text.x, text.size) == (0.1, 1)
    for canvas in (WHOLE, Canvas.of(INFO)):
        with pytest.raises(OverlayError, match=r"size=80 .*share of the picture's height"):
            draw(Text(0, 0, "x", size=80), canvas)


def test_a_frame_with_its_info_ties_the_drawing_to_it() -> None:
    array = np.zeros((180, 320, 3), np.uint8)
    assert Canvas.of((array, INFO)) == Canvas((320, 180), INFO.captured)
    assert draw([], Canvas.of(INFO)).captured == INFO.captured
    assert draw([], Canvas.of(array)).captured == 0
    for wrong in ("x", (0, 0), np.zeros(3), (1, 2, 3), [640, 360], replace(INFO, width=0), replace(INFO, captured=nan)):
        with pytest.raises(OverlayError, match="frame="):
            Canvas.of(wrong)


def test_points_come_as_arrays_and_as_opencvs_contours() -> None:
    contour = np.array([[[64, 36]], [[128, 36]], [[128, 72]]], np.int32)
    [line] = to_wire([Polyline(contour, closed=True)], Canvas.of(INFO))
    assert line == protocol.Polyline(points=((0.1, 0.1), (0.2, 0.1), (0.2, 0.2)), closed=True)
    for wrong in ([1, 2, 3], [[1, 2, 3]], np.zeros((3, 3)), "points", [[0, np.nan]], [[1], [2, 3]], [[1j, 2]]):
        with pytest.raises(OverlayError, match="points"):
            draw(Polyline(wrong))


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.float32, np.float64])
def test_masks_of_every_kind_say_the_same(dtype: type) -> None:
    mask = np.zeros((36, 64), bool)
    mask[10:20, 5:30] = True
    full = {bool: 1, np.uint8: 255}.get(dtype, 1.0)
    [wire] = to_wire([Mask((mask * full).astype(dtype), colour=(255, 0, 0), opacity=0.25)], WHOLE)
    assert (mask_of(wire) == mask * 255).all()
    assert isinstance(wire, protocol.Mask)
    assert (wire.x, wire.y, wire.width, wire.height, wire.colour, wire.opacity) == (0, 0, 1, 1, "#0000ff", 0.25)


def test_a_large_mask_is_made_smaller_and_stays_in_its_place() -> None:
    mask = np.zeros((721, 1281), bool)
    mask[:, 640:] = True
    [wire] = to_wire([Mask(mask)], WHOLE)
    small = mask_of(wire)
    assert max(small.shape) <= 640
    assert (small[:, : small.shape[1] // 2 - 1] == 0).all()
    assert (small[:, small.shape[1] // 2 + 1 :] == 255).all()
    noise = np.random.default_rng(1).random((720, 1280))
    assert len(protocol.encode(draw(Mask(noise)))) < protocol.MAX_MESSAGE_BYTES


def test_a_mask_over_a_part_and_bad_masks() -> None:
    [wire] = to_wire([Mask(np.ones((4, 4), bool), 320, 180)], Canvas.of(INFO))
    assert isinstance(wire, protocol.Mask)
    assert (wire.x, wire.y, wire.width, wire.height) == (0.5, 0.5, 0.5, 0.5)
    for bad in (np.zeros((3, 3, 3), bool), np.zeros((3, 3), int), np.full((3, 3), np.nan), np.full((3, 3), 7.0), [[1]]):
        with pytest.raises(OverlayError, match="Mask"):
            draw(Mask(bad))


def test_pillow_does_where_opencv_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)
    [wire] = to_wire([Mask(np.eye(8, dtype=bool))], WHOLE)
    monkeypatch.undo()
    assert (mask_of(wire) == np.eye(8) * 255).all()


@pytest.mark.parametrize(
    ("colour", "expected"),
    [("#F00", "#ff0000"), ("#12ab9F", "#12ab9f"), ((255, 0, 0), "#0000ff"), (np.array([0, 127.6, 9]), "#098000")],
)
def test_colours(colour: object, expected: str) -> None:
    assert css(colour) == expected


@pytest.mark.parametrize("colour", ["bluish", "#12", (1, 2), (300, 0, 0), (float("nan"), 0, 0), None, 7, "url(x)"])
def test_what_is_no_colour_is_told(colour: object) -> None:
    with pytest.raises(OverlayError, match="is no colour"):
        css(colour)


@pytest.mark.parametrize(
    "shapes",
    [3, ["box"], [None], [Box(0, 0, 1, float("inf"))], [Box(0, "left", 1, 1)], [Text(0, 0, "x", size=None)]],  # type: ignore[arg-type]
)
def test_what_is_no_shape_is_told(shapes: object) -> None:
    with pytest.raises(OverlayError):
        draw(shapes)


def test_too_much_at_once_is_told() -> None:
    with pytest.raises(OverlayError, match="501 shapes"):
        draw([Box(0, 0, 1, 1)] * 501)
    with pytest.raises(OverlayError, match="KB are the most"):
        draw(Polyline(np.random.default_rng(1).random((20_000, 2))))
    for seconds in (0, -1, float("nan"), float("inf"), "1"):
        with pytest.raises(OverlayError, match="seconds"):
            draw([], seconds=seconds)  # type: ignore[arg-type]


def test_a_filters_result_is_told_from_a_picture() -> None:
    assert are_shapes([]) and are_shapes([Box(0, 0, 1, 1)]) and are_shapes(Text(0, 0, "x"))
    assert not are_shapes(np.zeros((3, 3))) and not are_shapes(None) and not are_shapes([1])


def test_a_call_sends_the_drawing_and_nothing_else(call: Call, worker: FakeWorker) -> None:
    worker.connect(person("p2", "Guest", "camera"))
    call.overlay("guest", [Box(64, 36, 64, 36)], "screen", frame=INFO, seconds=0.5)
    drawn = worker.wait_for(ToServer).message
    assert isinstance(drawn, protocol.DrawOverlay)
    assert (drawn.participant, drawn.source, drawn.captured, drawn.seconds) == ("p2", "screen", INFO.captured, 0.5)
    assert drawn.shapes[0].x == 0.1
    call.overlay(call.participants["Guest"], [])
    assert worker.wait_for(ToServer, 2).message.shapes == ()
    with pytest.raises(ParticipantNotFound):
        call.overlay("nobody", [])
    with pytest.raises(OverlayError):
        call.overlay("guest", [Box(64, 36, 64, 36)])
    with pytest.raises(OverlayError, match=r"source='bogus': .* 'camera' or 'screen' or 'kernel'"):
        call.overlay("guest", [], source="bogus")  # type: ignore[arg-type]
    with pytest.raises(OverlayError, match=r"name=5: .* text"):
        call.overlay("guest", [], name=5)  # type: ignore[arg-type]
    assert len(worker.sent(ToServer)) == 2


def test_who_has_left_is_drawn_on_no_more(call: Call, worker: FakeWorker) -> None:
    worker.connect(person("p2", "Ana", "camera"), person("p3", "Ben", "camera"))
    ana = call.participants["Ana"]
    call.overlay(ana, [])
    worker.room(person("p3", "Ben", "camera"))
    for who in (ana, "Ana"):
        with pytest.raises(ParticipantNotFound, match=r"'Ana' is in the room\. There: 'Ben'"):
            call.overlay(who, [])


def test_a_loop_that_draws_too_fast_is_slowed_down(call: Call, worker: FakeWorker) -> None:
    worker.connect(person("p2", "Guest", "camera"))
    begin = time.monotonic()
    for _ in range(60):
        call.overlay("guest", [])
    assert 0.3 < time.monotonic() - begin < 5
    worker.wait_for(ToServer, 60)
