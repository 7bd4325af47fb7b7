"""Filters that return shapes: the original stays everybody's, and what is drawn belongs to the frame it came from."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from fake_worker import GUEST, FakeWorker, Workers, eventually, person, picture

from rtc_notebook import Box, Call, Mask, Text, filters
from rtc_notebook.filters.chain import chain
from rtc_notebook.filters.drawn import mentions_shapes
from rtc_notebook.media.control import (
    ClearFilter,
    FilterFigures,
    FilterKind,
    Isolate,
    Result,
    SetFilter,
    ToServer,
    Want,
)
from rtc_notebook.protocol import DrawOverlay


def drawn(worker: FakeWorker, count: int = 1) -> DrawOverlay:
    """Wait for the count-th drawing that is not empty."""
    eventually(lambda: len(drawings(worker)) >= count)
    return drawings(worker)[count - 1]


def drawings(worker: FakeWorker) -> list[DrawOverlay]:
    sent = [command.message for command in worker.sent(ToServer)]
    return [message for message in sent if isinstance(message, DrawOverlay) and message.shapes]


def kinds(worker: FakeWorker) -> list[type]:
    return [type(command) for command in worker.commands if isinstance(command, (SetFilter, ClearFilter))]


def give(shapes: Any) -> Any:
    """Return a filter that does not look like one that draws."""
    return lambda frame: shapes


def test_shapes_are_drawn_and_the_picture_is_never_taken(room: Call, worker: FakeWorker) -> None:
    @room.filter(on="guest")
    def faces(frame, info):
        return [Box(16, 12, 32, 24, label=str(info.sequence))]

    assert worker.sent(Want)[-1].tracks == (GUEST,)
    worker.frame(picture(1), 5)
    drawing = drawn(worker)
    assert (drawing.participant, drawing.source, drawing.captured) == ("p2", "camera", 1.0)
    [box] = drawing.shapes
    assert (box.x, box.y, box.width, box.height, box.label) == (0.25, 0.25, 0.5, 0.5, "5")
    worker.frame(picture(1), 6)
    assert drawn(worker, 2).shapes[0].label == "6"
    assert kinds(worker) == [], "nobody's picture was touched"
    assert worker.sent(Result) == []
    [status] = room.filters
    assert (status.state, status.errors) == ("active", 0)
    assert status.fps > 0
    room.unfilter(on="guest")
    eventually(lambda: worker.sent(ToServer)[-1].message.shapes == ())
    assert worker.sent(Want)[-1].tracks == (), "and its frames are no longer asked for"
    assert kinds(worker) == []


def test_a_filter_that_turns_out_to_draw_gives_the_picture_back(room: Call, worker: FakeWorker) -> None:
    room.filter(give([Text(1, 2, "x")]), on="guest")
    worker.wait_for(SetFilter)
    worker.frame(picture(1), 1)
    worker.wait_for(ClearFilter)
    drawn(worker)
    assert worker.commands.index(worker.sent(Want)[-1]) < worker.commands.index(worker.sent(ClearFilter)[0])
    worker.frame(picture(1), 2)
    drawn(worker, 2)
    assert kinds(worker) == [SetFilter, ClearFilter]


def test_a_picture_after_shapes_takes_the_picture_again(room: Call, worker: FakeWorker) -> None:
    room.filter(give([Text(1, 2, "x")]), on="guest")
    worker.frame(picture(1), 1)
    drawn(worker)
    room.filter(filters.mirror, on="guest")
    worker.frame(picture(7), 2)
    assert (worker.result() == 7).all()
    assert kinds(worker) == [SetFilter, ClearFilter, SetFilter]
    assert worker.sent(ToServer)[-1].message.shapes == (), "what was drawn is wiped"
    assert worker.sent(Want)[-1].tracks == ()
    room.filter(give(Box(0, 0, 1, 1)), on="guest")
    worker.frame(picture(7), 3)
    drawn(worker, 2)
    assert kinds(worker) == [SetFilter, ClearFilter, SetFilter, SetFilter, ClearFilter], "once more with its new name"


def test_a_mixture_does_not_flicker_but_is_told(room: Call, worker: FakeWorker) -> None:
    @room.filter(on="guest")
    def either(frame, info):
        return [Box(0, 0, 9, 9)] if info.sequence % 2 else frame

    for sequence in range(1, 6):
        worker.frame(picture(1), sequence)
        eventually(lambda s=sequence: len(drawings(worker)) + room.filters[0].errors == s)
    assert len(drawings(worker)) == 3
    assert kinds(worker) == []
    assert "returned something else after it had returned shapes" in room.filters[0].last_error

    @room.filter(on="guest")
    def other(frame, info):
        return [Box(0, 0, 9, 9)] if info.sequence % 2 else frame

    for sequence in range(6, 10):
        worker.frame(picture(1), sequence)
        eventually(lambda s=sequence: worker.sent(Result)[-1].sequence == s)
    assert [told.failed for told in worker.sent(Result)[-4:]] == [False, True, False, True]
    assert "returned shapes after it had returned a picture" in room.filters[0].last_error


def test_under_hold_nothing_raw_passes_before_the_first_result(room: Call, worker: FakeWorker) -> None:
    @room.filter(on="guest", on_error="hold")
    def faces(frame):
        return [Box(16, 12, 32, 24)]

    assert worker.wait_for(SetFilter).on_error == "hold"
    assert kinds(worker) == [SetFilter]
    worker.frame(picture(1), 1)
    drawn(worker)
    assert kinds(worker) == [SetFilter, ClearFilter]
    room.filter(give([]), on="guest", on_error="hold")
    assert kinds(worker) == [SetFilter, ClearFilter, SetFilter], "held again until the new one's first result"
    worker.frame(picture(1), 2)
    worker.wait_for(ClearFilter, 2)
    worker.room()
    worker.room(person("p3", "Guest", "camera"))
    assert worker.wait_for(SetFilter, 3).track.participant == "p3", "and for who comes back"


def test_in_a_process_of_its_own_it_draws_as_well(room: Call, worker: FakeWorker) -> None:
    def say(event: type, **values: Any) -> None:
        worker.say(event(track=GUEST, generation=worker.sent(Isolate)[-1].generation, **values))

    @room.filter(on="guest", isolated=True)
    def faces(frame):
        return [Box(16, 12, 32, 24)]

    assert worker.sent(Want)[-1].tracks == (GUEST,) and kinds(worker) == [], "it looks like one that draws"
    say(FilterKind, kind="shapes")
    say(FilterFigures, milliseconds=3.0, drawn=14.5)
    [status] = room.filters
    assert (status.state, status.fps, status.ms) == ("active", 14.5, 3.0) and kinds(worker) == []

    room.filter(give([Text(1, 2, "x")]), on="guest", isolated=True, on_error="hold")
    assert kinds(worker) == [SetFilter], "held until the new one's first result"
    say(FilterKind, kind="shapes")
    assert kinds(worker) == [SetFilter, ClearFilter]
    room.filter(filters.mirror, on="guest", isolated=True)
    say(FilterKind, kind="picture")
    assert kinds(worker) == [SetFilter, ClearFilter, SetFilter] and worker.sent(Want)[-1].tracks == ()
    room.unfilter(on="guest")
    assert worker.sent(Isolate)[-1].program == ""


def test_it_stays_with_who_leaves_and_comes_back(room: Call, worker: FakeWorker, workers: Workers) -> None:
    @room.filter(on="guest")
    def faces(frame):
        return Box(16, 12, 32, 24)

    worker.frame(picture(1), 1)
    drawn(worker)
    worker.room()
    assert room.filters[0].state == "waiting"
    eventually(lambda: worker.sent(Want)[-1].tracks == ())
    worker.room(person("p3", "Guest", "camera"))
    eventually(lambda: [key.participant for key in worker.sent(Want)[-1].tracks] == ["p3"])
    assert kinds(worker) == []
    room.participants["Guest"].video.latest()
    room.unfilter(on="Guest")
    assert [key.participant for key in worker.sent(Want)[-1].tracks] == ["p3"], "somebody else looks at it still"


def test_what_cannot_be_drawn_is_told_as_any_error(
    room: Call, worker: FakeWorker, capsys: pytest.CaptureFixture[str]
) -> None:
    room.filter(lambda frame: [Box(0, 0, float("nan"), 1)], on="guest")
    worker.frame(picture(1), 1)
    eventually(lambda: room.filters[0].errors == 1)
    assert "is no finite number" in room.filters[0].last_error
    eventually(lambda: "finite" in capsys.readouterr().err)  # which comes after it was counted
    room.filter(lambda frame: [Mask(frame[..., 0] > 3), frame], on="guest")
    worker.frame(picture(1), 2)
    eventually(lambda: room.filters[0].errors == 1)
    assert "list" in room.filters[0].last_error


class Detector:
    def __call__(self, frame: np.ndarray) -> Any:
        return [Mask(frame[..., 0] > 3)]


def test_who_mentions_shapes_is_thought_to_draw() -> None:
    assert mentions_shapes(chain(lambda frame: [Box(0, 0, 1, 1)]))
    assert mentions_shapes(chain([filters.mirror, Detector()]))
    assert mentions_shapes(chain(Detector().__call__))
    assert not mentions_shapes(chain([Detector(), filters.mirror]))
    assert not mentions_shapes(chain(np.flipud))
