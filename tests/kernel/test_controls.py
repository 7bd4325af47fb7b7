from __future__ import annotations

import functools
import pickle
import threading
from pathlib import Path
from typing import Annotated, Any

import ipywidgets
import numpy as np
import pytest
from fake_worker import GUEST, FakeWorker, picture

from rtc_notebook import Call, FilterError
from rtc_notebook.filters import mirror
from rtc_notebook.frames import FrameInfo
from rtc_notebook.media.control import FilterFigures, FilterOutput, Isolate, Result, SetFilter, SetValues


def shown(call: Call) -> dict[str, Any]:
    """Return the controls below the call by what stands beside them."""
    from rtc_notebook.view import CallView

    view = call._view = call._view or CallView(call.widget)
    call._show_controls()
    return {one.description: one for box in view.children[1].children for one in box.children if one.description}


def names(call: Call) -> list[str]:
    shown(call)
    boxes = call._view.children[1].children
    return [one.value for box in boxes for one in box.children if isinstance(one, ipywidgets.Label)]


def test_parameters_become_controls_by_the_rules_of_interact(room: Call, worker: FakeWorker) -> None:
    got: list[dict[str, Any]] = []
    box = ipywidgets.BoundedIntText(7)

    @room.filter(on="Guest")
    def paint(
        frame,
        info,
        low=(0, 255),
        fine=(0.0, 1.0),
        step=(0, 255, 5),
        colour=["red", "green"],  # noqa: B006
        by_name={"one": 1, "two": 2},  # noqa: B006
        on=True,
        text="Hi",
        start: Annotated[int, (0, 255)] = 80,
        ready=box,
        same=ipywidgets.fixed(5),  # noqa: B008
        state=None,
        kernel=np.ones(2),  # noqa: B008
    ):
        got.append({**locals()})
        return frame

    controls = shown(room)
    assert {name: type(one).__name__ for name, one in controls.items()} == {
        "low": "IntSlider",
        "fine": "FloatSlider",
        "step": "IntSlider",
        "colour": "Dropdown",
        "by name": "Dropdown",
        "on": "Checkbox",
        "text": "Text",
        "start": "IntSlider",
        "ready": "BoundedIntText",
    }
    assert (controls["step"].step, controls["start"].max) == (5, 255)
    worker.frame(picture(1), 1)
    worker.result()
    given = got[0]
    assert isinstance(given["info"], FrameInfo) and given["info"].sequence == 1
    values = {name: given[name] for name in ("low", "fine", "step", "colour", "by_name", "on", "text", "start")}
    expected = (127, 0.5, 125, "red", 1, True, "Hi", 80)
    assert tuple(values.values()) == expected
    assert (given["ready"], given["same"], given["state"]) == (7, 5, None) and given["kernel"].shape == (2,)
    controls["low"].value, controls["colour"].value, box.value = 3, "green", 9
    worker.frame(picture(1), 2)
    worker.result(count=2)
    assert (got[1]["low"], got[1]["colour"], got[1]["ready"]) == (3, "green", 9)
    assert paint.__defaults__[0] == (0, 255)  # outside a call it is the function it was
    room.unfilter(on="Guest")
    assert not shown(room)


def test_what_the_user_set_stays_when_the_cell_is_run_again(room: Call, worker: FakeWorker) -> None:
    def define(top: int, start: int) -> None:
        @room.filter(on="Guest")
        def paint(frame, value=(0, top), other=start, colour=["red", "green"]):  # noqa: B006
            return np.full_like(frame, value)

    define(255, 5)
    before = shown(room)
    before["value"].value = 200
    before["colour"].value = "green"
    define(255, 5)
    assert shown(room)["value"] is before["value"]  # nothing about it has changed
    define(220, 6)
    after = shown(room)
    assert (after["value"].value, after["value"].max, after["colour"].value) == (200, 220, "green")
    assert after["other"].value == 6  # the author's, since the user has not touched it
    define(100, 6)
    assert shown(room)["value"].value == 100
    worker.frame(picture(), 1)
    assert (worker.result() == 100).all()
    assert len(worker.sent(SetFilter)) == 1


def test_a_list_is_a_chain_with_the_parameters_of_each(room: Call, worker: FakeWorker) -> None:
    class Add:
        calls = 0

        def __call__(self, frame, amount=(0, 20)):
            self.calls += 1
            return frame + np.uint8(amount)

    def grey(frame, info):
        return frame[:, :, 0]

    def half(frame):
        assert frame.shape[2] == 3
        frame[:, 32:] = 0
        return frame

    add = Add()
    room.filter([grey, half, mirror, add, functools.partial(add, amount=(0, 2))], on="Guest")
    assert room.filters[0].label == "grey + half + mirror + Add + Add"
    assert names(room) == ["Add on Guest", "Add on Guest"]
    worker.frame(picture(7), 1)
    seen = worker.result()
    assert (seen[:, 32:] == 18).all() and (seen[:, :32] == 11).all() and add.calls == 2


def test_a_chain_says_which_of_its_functions_returned_nonsense(
    room: Call, worker: FakeWorker, capsys: pytest.CaptureFixture[str]
) -> None:
    def forgets(frame):
        frame[:] = 0

    room.filter([forgets, mirror], on="Guest")
    worker.frame(picture(7), 1)
    assert worker.wait_for(Result).failed
    assert "'forgets' in the chain: The filter returned None" in capsys.readouterr().err


class NeedsInstance:
    def __call__(self, frame):
        return frame


async def later(frame):
    return frame


def several(frame):
    yield frame


@pytest.mark.parametrize(
    ("function", "words"),
    [
        ([], "empty"),
        ([mirror, 3], "not 3"),
        (NeedsInstance, "an instance of it, as in NeedsInstance\\(\\)"),
        (later, "async"),
        (several, "generator"),
        (lambda: None, "takes no picture"),
        (lambda frame, low: frame, "'low' without a default"),
        (lambda frame, colour=(0, 255, 0): frame, "colour=\\(0, 255, 0\\).*step.*fixed"),
        (lambda frame, size=(640, 480): frame, "size=\\(640, 480\\)"),
        (lambda frame, words=("a", "b"): frame, "none of those"),
    ],
)
def test_what_can_be_no_filter_is_said_and_changes_nothing(
    room: Call, worker: FakeWorker, function: Any, words: str
) -> None:
    room.filter(lambda frame, value=3: frame + np.uint8(value), on="Guest")
    with pytest.raises(FilterError, match=words):
        room.filter(function, on="Guest")
    worker.frame(picture(1), 1)
    assert (worker.result() == 4).all() and list(shown(room)) == ["value"]


def test_a_function_written_in_c_gets_the_picture(room: Call, worker: FakeWorker) -> None:
    room.filter(np.invert, on="Guest")
    worker.frame(picture(5), 1)
    assert (worker.result() == 250).all()


def test_controls_follow_from_any_thread(room: Call, worker: FakeWorker) -> None:
    room.filter(lambda frame, value=3: np.full_like(frame, value), on="Guest")
    slider = shown(room)["value"]
    thread = threading.Thread(target=lambda: setattr(slider, "value", 6))  # as a kernel's subshell does
    thread.start()
    thread.join()
    worker.frame(picture(), 1)
    assert (worker.result() == 6).all()
    assert worker.wait_for(SetFilter).track == GUEST


def test_an_isolated_filter_is_the_workers_to_run_and_keeps_its_controls(
    room: Call, worker: FakeWorker, capsys: pytest.CaptureFixture[str]
) -> None:
    @room.filter(on="Guest", isolated=True)
    def paint(frame, level=(0, 200)):
        return np.full_like(frame, level)

    sent = worker.wait_for(Isolate)
    assert sent.track == GUEST and pickle.loads(sent.values) == [{"level": 100}] and Path(sent.program).stat().st_size
    shown(room)["level"].value = 7
    changed = worker.wait_for(SetValues)
    assert (changed.generation, pickle.loads(changed.values)) == (sent.generation, [{"level": 7}])
    figures = FilterFigures(
        track=GUEST, generation=sent.generation, milliseconds=3, dropped=2, errors=1, last_error="E"
    )
    worker.say(figures)
    [status] = room.filters
    assert (status.ms, status.dropped, status.errors, status.last_error, status.isolated) == (3, 2, 1, "E", True)
    for generation in (sent.generation, sent.generation - 1):
        worker.say(FilterOutput(track=GUEST, generation=generation, stream="stdout", text=f"says {generation}\n"))
    assert capsys.readouterr().out == f"says {sent.generation}\n"

    lock = threading.Lock()
    with pytest.raises(FilterError, match=r"cannot run in a process of its own.*lock"):
        room.filter(lambda frame: lock, on="Guest", isolated=True)
    room.filter(lambda frame, level=(0, 200): np.full_like(frame, level), on="Guest")
    assert worker.wait_for(Isolate, 2).program == ""
    worker.frame(picture(), 1)
    assert (worker.result() == 100).all() and len(worker.sent(SetFilter)) == 2  # another label
    assert not room.filters[0].isolated
