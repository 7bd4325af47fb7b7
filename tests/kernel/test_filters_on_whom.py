"""Whose picture a filter is on, while people come and go."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from fake_worker import GUEST, FakeWorker, Workers, person, picture

from rtc_notebook import Call, FilterError, ParticipantNotFound
from rtc_notebook.media.control import ClearFilter, Refused, SetFilter, TrackKey
from rtc_notebook.protocol import FilterInfo


def test_on_me_waits_for_the_browser_and_follows_it(call: Call, worker: FakeWorker) -> None:
    call.filter(lambda frame: frame)
    assert call.filters[0].state == "waiting"
    worker.connect(person("p2", "Guest", "camera"))
    assert not worker.sent(SetFilter)
    for count, id in enumerate(("p3", "p4"), 1):  # the second time after the page was loaded anew
        worker.room(person("p2", "Guest", "camera"), person(id, "Ana", "camera", widget_of="k1"))
        assert worker.wait_for(SetFilter, count).track == TrackKey(id, "camera")
        worker.frame(picture(count), 1, TrackKey(id, "camera"))
        assert (worker.result(TrackKey(id, "camera"), count) == count).all()
    # by the own name it is the same filter
    call.filter(lambda frame: frame[::-1], on="Ana")
    assert len(call.filters) == 1
    call.unfilter()
    assert worker.wait_for(ClearFilter).track == TrackKey("p4", "camera") and not call.filters


def test_a_filter_on_somebody_unknown(room: Call, worker: FakeWorker) -> None:
    with pytest.raises(ParticipantNotFound):
        room.filter(lambda frame: frame, on="nobody")
    with pytest.raises(FilterError, match="on_error"):
        room.filter(lambda frame: frame, on="Guest", on_error="explode")  # type: ignore[call-overload]
    with pytest.raises(FilterError, match="function"):
        room.filter(3, on="Guest")  # type: ignore[call-overload]
    room.unfilter(on="Guest")
    with pytest.raises(ParticipantNotFound, match=r"'nobody' is in the room\. There: 'Guest'"):
        room.unfilter("nobody")
    with pytest.raises(FilterError, match="source='camera', 'screen', 'microphone', not on 'bogus'"):
        room.unfilter("Guest", source="bogus")  # type: ignore[arg-type]
    assert not worker.sent(ClearFilter)


def test_a_participant_stands_for_the_name(room: Call, worker: FakeWorker) -> None:
    guest = room.participants["Guest"]
    assert guest in room.participants and room.participants[guest] == guest
    room.filter(lambda frame: frame, on=guest)
    room.filter(lambda frame: frame[::-1], on="guest")
    assert [status.participant for status in room.filters] == ["Guest"]
    worker.room(person("p3", "Guest", "camera"))  # another one of that name, whom the filter is on now
    with pytest.raises(ParticipantNotFound, match="Who was meant has left"):
        room.filter(lambda frame: frame, on=guest)
    assert guest not in room.participants and 5 not in room.participants
    room.unfilter(guest)
    assert not room.filters
    with pytest.raises(ParticipantNotFound):
        room.filter(lambda frame: frame, on=5)  # type: ignore[call-overload]


def test_the_participant_whose_browser_shows_the_call_is_me(call: Call, worker: FakeWorker) -> None:
    worker.connect(person("p2", "Ana", "camera", widget_of="k1"))
    call.filter(lambda frame: frame, on=call.participants["Ana"])
    assert [status.participant for status in call.filters] == ["me"]
    call.unfilter(call.participants["me"])
    assert not call.filters


def test_a_refused_filter_is_taken_off_and_said(
    room: Call, worker: FakeWorker, capsys: pytest.CaptureFixture[str]
) -> None:
    room.filter(lambda frame: frame, on="Guest")
    worker.say(Refused(code="already-filtered", message="Ben's kernel filters this picture.", track=GUEST))
    assert not room.filters
    said = capsys.readouterr().err
    assert "'lambda' on 'Guest'" in said and "Ben's kernel" in said


def test_a_new_worker_gets_the_filters_again(room: Call, workers: Workers) -> None:
    room.filter(lambda frame: frame, on="Guest")
    workers[0].frame(picture(1), 700)
    workers[0].result()
    workers[0].die()
    workers[1].connect(person("p2", "Guest", "camera"), own_id="k2")
    assert workers[1].wait_for(SetFilter).track == GUEST
    workers[1].frame(picture(2), 1)  # it counts from the beginning
    assert (workers[1].result() == 2).all()


def test_two_names_of_one_person_are_one_filter(call: Call, worker: FakeWorker) -> None:
    key = TrackKey("p2", "camera")
    worker.connect(person("p2", "Ana", "camera"))  # as while the cell is run again: not known to be "me" yet
    call.filter(lambda frame: np.full_like(frame, 1), on="Ana")
    worker.room(person("p2", "Ana", "camera", widget_of="k1"))
    call.filter(lambda frame: np.full_like(frame, 2))
    assert [status.participant for status in call.filters] == ["me"]
    worker.frame(picture(), 1, key)
    assert (worker.result(key) == 2).all()
    call.unfilter()
    assert worker.wait_for(ClearFilter).track == key and not call.filters and len(worker.sent(ClearFilter)) == 1


def test_a_filter_on_who_is_away_is_taken_off_at_the_server_too(room: Call, worker: FakeWorker) -> None:
    room.filter(lambda frame: frame, on="Guest")
    worker.room()
    assert room.filters[0].state == "waiting" and not worker.sent(ClearFilter)
    room.unfilter(on="guest")
    assert worker.wait_for(ClearFilter).track == GUEST


def test_what_the_server_filters_for_a_kernel_that_knows_nothing_of_it_is_given_back(
    room: Call, worker: FakeWorker
) -> None:
    guest = person("p2", "Guest", "camera")
    its = FilterInfo(by="k1", on_error="pass", state="starting")
    filtered = msgspec.structs.replace(guest, tracks=(msgspec.structs.replace(guest.tracks[0], filter=its),))
    for _ in range(3):
        worker.room(filtered)
    assert [one.track for one in worker.sent(ClearFilter)] == [GUEST]
    room.filter(lambda frame: frame, on="Guest")
    worker.room(filtered)
    assert len(worker.sent(ClearFilter)) == 1


def test_a_filter_waits_for_who_has_just_gone(
    room: Call, worker: FakeWorker, capsys: pytest.CaptureFixture[str]
) -> None:
    room.filter(lambda frame: frame, on="Guest")
    worker.say(Refused(code="no-such-participant", message="Nobody.", track=GUEST))
    worker.room()
    worker.room(person("p5", "Guest", "camera"))
    assert worker.wait_for(SetFilter, 2).track == TrackKey("p5", "camera")
    assert not capsys.readouterr().err
