"""What people ask of this kernel from the call: filters by name, their controls, a recording."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
from fake_worker import OWN_ID, FakeWorker, eventually, person
from ipywidgets import BoundedFloatText, FloatLogSlider

from rtc_notebook import Call, FilterError
from rtc_notebook.media.control import FromServer, RecordingReport, Room, SetFilter, StartRecording, ToServer
from rtc_notebook.protocol import (
    AnswerAsk,
    Asked,
    ListFilters,
    ParticipantInfo,
    PutFilter,
    Reaction,
    Record,
    SetControl,
    TakeOff,
)

_numbers = itertools.count(1)


class Failing:
    """A filter that cannot be made."""

    def __init__(self) -> None:
        raise RuntimeError("x" * 300_000)

    def __call__(self, frame: Any) -> Any:
        return frame


class Asking:
    """Asks as the server passes it on, and waits for the answer."""

    def __init__(self, worker: FakeWorker) -> None:
        self.worker = worker

    def __call__(self, ask: Any, *, host: bool = False) -> AnswerAsk:
        id = next(_numbers)
        self.worker.say(FromServer(message=Asked(id=id, by="p2", ask=ask, host=host)))
        return eventually(lambda: self.answer(id))

    def answer(self, id: int) -> AnswerAsk | None:
        said = [command.message for command in self.worker.sent(ToServer)]
        return next((one for one in reversed(said) if isinstance(one, AnswerAsk) and one.id == id), None)


@pytest.fixture
def ask(call: Call, worker: FakeWorker) -> Asking:
    own = ParticipantInfo(id=OWN_ID, name="kernel", client="kernel", role="host")
    worker.connect(person("p2", "Guest", "camera"))
    worker.say(Room(participants=(own, person("p2", "Guest", "camera"))))
    return Asking(worker)


def test_a_filter_is_chosen_adjusted_and_taken_off(ask: Asking, call: Call, worker: FakeWorker) -> None:
    listed = ask(ListFilters())
    assert [offer.name for offer in listed.offers][:2] == ["edges", "cartoon"] and not listed.on
    put = ask(PutFilter(participant="p2", filter="edges"))
    assert worker.wait_for(SetFilter).label == "edges"
    [on] = put.on
    assert (on.participant, on.name, on.locked) == ("p2", "edges", False)
    low, high = on.controls
    assert (low.id, low.kind, low.value, low.low, low.high, low.step) == ("0/low", "range", 80, 0, 255, 1)
    changed = ask(SetControl(participant="p2", control="0/low", value=300.0))
    assert changed.on[0].controls[0].value == 255, "within its range"
    assert call._studio.filters.programs()[0][2].controls.values == [{"low": 255, "high": 160}]
    for wrong in ("red", True):
        assert "cannot be" in ask(SetControl(participant="p2", control="0/low", value=wrong)).error
    assert "no such control" in ask(SetControl(participant="p2", control="0/x", value=1.0)).error
    assert not ask(TakeOff(participant="p2")).on
    assert not call.filters
    assert high.value == 160


def test_the_notebook_offers_its_own_and_withdraws(ask: Asking, call: Call) -> None:
    @call.offer(name="stripes")
    def stripes(frame: Any, colour: list[str] = ["red", "green"], on: bool = True, words: str = "x") -> Any:  # noqa: B006
        """Lays stripes over the picture; about 1 ms."""
        return frame

    first = ask(ListFilters()).offers[0]
    assert (first.name, first.about, first.own) == ("stripes", "Lays stripes over the picture", True)
    controls = ask(PutFilter(participant="p2", filter="stripes")).on[0].controls
    assert [(one.kind, one.value, one.choices) for one in controls] == [
        ("choice", "red", ("red", "green")),
        ("flag", True, ()),
        ("text", "x", ()),
    ]
    ask(SetControl(participant="p2", control="0/colour", value="green"))
    ask(SetControl(participant="p2", control="0/on", value=False))
    assert "cannot be" in ask(SetControl(participant="p2", control="0/colour", value="blue")).error
    assert call._studio.filters.programs()[0][2].controls.values == [{"colour": "green", "on": False, "words": "x"}]
    call.offered.clear()
    refused = ask(PutFilter(participant="p2", filter="edges"))
    assert "no longer offers" in refused.error and not refused.offers
    with pytest.raises(FilterError):
        call.offer(lambda: None)  # type: ignore[arg-type, misc]


def test_a_slider_of_exponents_goes_by_its_values(ask: Asking, call: Call) -> None:
    @call.offer(name="gain")
    def gain(frame: Any, by: Any = FloatLogSlider(10, base=10, min=-1, max=3)) -> Any:  # noqa: B008
        return frame

    (control,) = ask(PutFilter(participant="p2", filter="gain")).on[0].controls
    assert (control.low, control.value, control.high) == (0.1, 10, 1000)
    ask(SetControl(participant="p2", control="0/by", value=100.0))
    assert call._studio.filters.programs()[0][2].controls.values == [{"by": 100}]


def test_what_a_cell_put_on_only_hosts_change(ask: Asking, call: Call) -> None:
    call.filter(lambda frame, low=(0, 9): frame, on="guest")
    on = ask(ListFilters()).on[0]
    assert (on.locked, on.name, on.label) == (True, "", "lambda")
    assert "a host can change it" in ask(PutFilter(participant="p2", filter="sepia")).error
    assert "a host can change it" in ask(SetControl(participant="p2", control="0/low", value=3.0)).error
    assert ask(SetControl(participant="p2", control="0/low", value=3.0), host=True).on[0].controls[0].value == 3
    assert ask(PutFilter(participant="p2", filter="sepia"), host=True).on[0].name == "sepia"
    call.filter(lambda frame: frame, on="guest")
    assert ask(ListFilters()).on[0].locked, "a cell took it over"
    assert "not in the room" in ask(TakeOff(participant="gone")).error


def test_a_recording_is_begun_and_what_becomes_of_it_comes_back(ask: Asking, worker: FakeWorker) -> None:
    worker.say(FromServer(message=Asked(id=900, by="p2", ask=Record(active=True), host=True)))
    started = worker.wait_for(StartRecording)
    assert started.path.endswith(".mkv") and not started.overwrite
    worker.say(RecordingReport(id=started.id, state="recording"))
    begun = eventually(lambda: ask.answer(900))
    assert begun.open and begun.recording and begun.recording in started.path
    worker.say(RecordingReport(id=started.id, state="failed", message="The disk is full."))
    failed = eventually(lambda: next((one for one in [ask.answer(900)] if one and not one.open), None))
    assert failed.error == "The disk is full."
    assert "A cell of the notebook" in ask(Record(active=False), host=True).error


def test_a_reaction_is_heard(ask: Asking, call: Call, worker: FakeWorker) -> None:
    heard: list[Any] = []
    call.on("reaction", lambda who, emoji: heard.append((who.name, emoji)))
    worker.say(FromServer(message=Reaction(by="p2", emoji="🎉")))
    assert eventually(lambda: heard) == [("Guest", "🎉")]


def test_what_is_more_than_one_message_takes_is_said_to_be_so(ask: Asking, call: Call) -> None:
    call.offered["failing"] = Failing
    error = ask(PutFilter(participant="p2", filter="failing")).error
    assert error.startswith("RuntimeError: x") and len(error) == 500
    call.filter(lambda frame, which=[f"{n} " + "x" * 300 for n in range(1000)]: frame, on="guest")  # type: ignore[misc]
    listed = ask(ListFilters())
    assert "more than one message takes" in listed.error and not listed.on
    endless = BoundedFloatText(1, max=math.inf)
    call.filter(lambda frame, most=endless, low=(0, 9): frame, on="guest")  # type: ignore[misc]
    listed = ask(ListFilters())
    assert not listed.error
    assert [control.label for control in listed.on[0].controls] == ["low"], "JSON has no number for the other"
