"""What a kernel publishes, with a scripted worker at the other end."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from fake_worker import OWN_ID, FakeWorker, Workers, eventually, picture

from rtc_notebook import Call, CallEnded, Publication, SourceError, TrackEnded
from rtc_notebook.media.control import (
    Ended,
    Play,
    PublicationReport,
    Publish,
    Refused,
    Result,
    Room,
    State,
    ToServer,
    TrackKey,
    Unpublish,
)
from rtc_notebook.protocol import GetStats, ParticipantInfo, Stats, TrackInfo
from rtc_notebook.sources.file import File

PLOT = TrackKey.own("plot", "video")


def show(worker: FakeWorker, *keys: TrackKey, own_id: str = OWN_ID) -> None:
    """Have the room show these tracks of the kernel's own."""
    tracks = tuple(TrackInfo(id=f"t-{k.name}-{k.kind}", kind=k.kind, source="kernel", label=k.name) for k in keys)
    worker.say(Room(participants=(ParticipantInfo(id=own_id, name="kernel", client="kernel", tracks=tracks),)))


def level(worker: FakeWorker, key: TrackKey = PLOT) -> int:
    """Return the brightness of the newest picture that the worker was given."""
    found = worker.results[key].apply(lambda array, info, layout: int(array[: info.height].mean()))
    assert found is not None
    return found


@pytest.fixture
def connected(call: Call, worker: FakeWorker) -> Call:
    worker.connect()
    return call


def test_a_still_is_there_before_the_call_is_connected(call: Call, worker: FakeWorker) -> None:
    publication = call.publish(picture(255))
    assert worker.wait_for(Publish).track == PLOT
    worker.wait_for(Result)
    white = level(worker)
    assert call.publications == {"plot": publication}
    publication.update(np.zeros((48, 64)))
    worker.wait_for(Result, 2)
    assert level(worker) < white
    assert len(worker.sent(Publish)) == 1, "an update announces nothing anew"


def test_a_generator_starts_when_others_can_see_it_and_ends(connected: Call, worker: FakeWorker) -> None:
    asked = []

    def two() -> Iterator[np.ndarray]:
        for value in (10, 20):
            asked.append(value)
            yield picture(value)

    publication = connected.publish(two())
    assert not publication.wait(0.1) and not asked
    show(worker, PLOT)
    assert publication.wait(5) and publication.ended
    assert asked == [10, 20] and len(worker.sent(Result)) == 2
    assert worker.wait_for(Unpublish).track == PLOT
    assert not connected.publications


def test_a_generator_that_raises_says_so_once_and_ends(
    connected: Call, worker: FakeWorker, capsys: pytest.CaptureFixture[str]
) -> None:
    def bad() -> Iterator[np.ndarray]:
        yield picture()
        raise ZeroDivisionError("no more")

    publication = connected.publish(bad())
    show(worker, PLOT)
    assert publication.wait(5)
    said = capsys.readouterr().err
    assert said.count("ZeroDivisionError: no more") == 1 and "'plot' has ended" in said and "publication.py" not in said
    assert connected.phase == "connected"


def test_a_generator_of_nonsense_says_what_is_accepted(
    connected: Call, worker: FakeWorker, capsys: pytest.CaptureFixture[str]
) -> None:
    publication = connected.publish(iter([picture(), "a word"]))
    show(worker, PLOT)
    assert publication.wait(5)
    assert "A str is no picture. Accepted are" in capsys.readouterr().err


def test_one_that_has_nothing_in_it_says_so(
    connected: Call, worker: FakeWorker, capsys: pytest.CaptureFixture[str]
) -> None:
    publication = connected.publish([])
    show(worker, PLOT)
    assert publication.wait(5)
    assert "'plot' has ended: there was nothing in it" in capsys.readouterr().err
    full = connected.publish(iter([picture()]))
    show(worker, PLOT)
    assert full.wait(5) and not capsys.readouterr().err


def test_a_function_that_raises_is_told_once_and_asked_again(
    connected: Call, worker: FakeWorker, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = []

    def function(seconds: float) -> Any:
        calls.append(seconds)
        raise KeyError("x")

    publication = connected.publish(function, fps=60)
    show(worker, PLOT)
    eventually(lambda: len(calls) > 3)
    assert not publication.ended
    publication.stop()
    assert capsys.readouterr().err.count("KeyError:") == 1


def test_the_second_of_one_name_replaces_the_first(connected: Call, worker: FakeWorker) -> None:
    running = threading.Event()

    def forever(seconds: float) -> np.ndarray:
        running.set()
        return picture(9)

    first = connected.publish(forever)
    show(worker, PLOT)
    assert running.wait(5)
    second = connected.publish(picture(200))
    assert first.ended and not second.ended and connected.publications == {"plot": second}
    assert not worker.sent(Unpublish)
    with pytest.raises(TrackEnded, match="publish it again"):
        first.update(picture())
    first.stop()
    assert not second.ended and level(worker) > 150


def test_a_picture_may_become_sound_and_the_other_way_round(connected: Call, worker: FakeWorker) -> None:
    publication = connected.publish(picture(), name="both")
    publication.update(np.zeros(4800, np.float32))
    assert worker.wait_for(Publish, 2).track == TrackKey.own("both", "audio")
    assert worker.wait_for(Unpublish).track == TrackKey.own("both", "video")


def test_sound_is_called_sound(connected: Call, worker: FakeWorker) -> None:
    sound = TrackKey.own("sound", "audio")
    publication = connected.publish(np.full(1920, 0.5, np.float32))
    show(worker, sound)
    assert publication.wait(5)
    found = worker.results[sound].read(1)
    assert found is not None and found[0].shape == (960, 1) and found[0][0, 0] == 0.5
    assert len(worker.sent(Result)) == 2


def test_a_new_worker_is_told_everything_again(connected: Call, workers: Workers) -> None:
    connected.publish(picture(255))
    workers[0].wait_for(Result)
    workers[0].die()
    workers[1].connect(own_id="k2")
    assert workers[1].wait_for(Publish).track == PLOT
    workers[1].wait_for(Result)
    assert level(workers[1]) > 200


def test_what_is_published_while_the_connection_is_mended_begins_afterwards(
    connected: Call, worker: FakeWorker, capsys: pytest.CaptureFixture[str]
) -> None:
    begun = threading.Event()

    def moving(seconds: float) -> np.ndarray:
        begun.set()
        return picture(100)

    worker.say(State(phase="reconnecting", participant=OWN_ID))
    assert connected.phase == "reconnecting"
    with pytest.raises(SourceError, match="NaN"):
        connected.publish(np.full((20, 20), np.nan))
    still, live = connected.publish(picture(10), name="still"), connected.publish(moving, name="live")
    still.update(picture(255))
    assert connected.publications == {"still": still, "live": live} and still.viewers == 0
    assert connected.phase == "reconnecting" and not begun.is_set(), "nobody sees it yet"

    keys = TrackKey.own("still", "video"), TrackKey.own("live", "video")
    told, shown = len(worker.sent(Publish)), len(worker.sent(Result))
    worker.connect(own_id="k2")
    assert {one.track for one in worker.sent(Publish)[told:]} == set(keys), "another place in the room has none of it"
    show(worker, *keys, own_id="k2")
    assert begun.wait(5)
    worker.wait_for(Result, shown + 2)
    assert level(worker, keys[0]) > 200
    assert not still.ended and not live.ended
    live.stop()
    assert not capsys.readouterr().err


def test_viewers_and_fps(connected: Call, worker: FakeWorker) -> None:
    publication = connected.publish(picture())
    assert publication.viewers == 0
    show(worker, PLOT)
    worker.say(PublicationReport(track=PLOT, fps=2.0))
    assert eventually(lambda: publication.fps) == 2.0
    send = worker.send

    def answering(command: Any, droppable: bool = False) -> None:
        send(command)
        if isinstance(command, ToServer) and isinstance(command.message, GetStats):
            seats = {"a": {"subscribe": {"t-plot-video": {}}}, "b": {"subscribe": {"other": {}}}, OWN_ID: {}}
            stats = Stats(id=command.message.id, stats={"participants": seats})
            threading.Thread(target=worker.say, args=({"type": "from-server", "message": stats},)).start()

    worker.send = answering  # type: ignore[method-assign]
    assert publication.viewers == 1


def test_a_file_ends_as_the_worker_says(
    connected: Call, worker: FakeWorker, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("rtc_notebook.sources.reading.open_file", lambda path: File(path, ("video", "audio")))
    clip = connected.publish("/films/clip.mp4")
    assert clip.name == "clip"
    assert worker.wait_for(Play).kinds == ("video", "audio")
    worker.say(Ended(track=TrackKey.own("clip", "video")))
    worker.say(Ended(track=TrackKey.own("clip", "audio")))
    assert clip.wait(5)
    broken = connected.publish("/films/broken.mp4")
    worker.say(Refused(code="bad-file", message="Cut off.", track=TrackKey.own("broken", "video")))
    assert broken.wait(5)
    assert "'broken' has ended. Cut off." in capsys.readouterr().err


def test_the_end_of_the_call_is_the_end(connected: Call, worker: FakeWorker) -> None:
    publication = connected.publish(lambda seconds: picture())
    show(worker, PLOT)
    connected.leave()
    assert publication.wait(5)
    for attempt in (lambda: connected.publish(picture()), lambda: publication.update(picture())):
        with pytest.raises(CallEnded):
            attempt()


def test_a_call_that_ended_by_itself_says_why(connected: Call, worker: FakeWorker) -> None:
    publication = connected.publish(picture())
    worker.say(State(phase="ended", message="The room is closed."))
    assert publication.wait(5)
    with pytest.raises(CallEnded, match="The room is closed"):
        connected.publish(picture())


@pytest.mark.parametrize("wrong", [{"fps": 0}, {"fps": "x"}, {"fps": 1000}, {"name": ""}, {"name": 3}, {"kind": "x"}])
def test_nonsense_is_refused_and_loses_nothing(connected: Call, wrong: dict[str, Any]) -> None:
    first = connected.publish(picture())
    with pytest.raises(SourceError):
        connected.publish(picture(), **wrong)
    with pytest.raises(SourceError, match="NaN"):
        first.update(np.full((20, 20), np.nan))
    assert connected.publications == {"plot": first}
    assert isinstance(first, Publication) and "'plot' (video)" in repr(first)
