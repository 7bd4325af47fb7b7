"""`Call.record` as its author meets it; the worker is a script."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import pytest
from fake_worker import FakeWorker, Workers, eventually
from recording.footage import lesson

from rtc_notebook import Call, CallEnded, RecordingError, replay
from rtc_notebook.media.control import RecordEvent, RecordingReport, StartRecording, State, StopRecording
from rtc_notebook.recording.composition import Composition
from rtc_notebook.recording.recording import Recording
from rtc_notebook.recording.writing import _written


@pytest.fixture
def answering(worker: FakeWorker) -> FakeWorker:
    """Have the worker begin and end recordings when it is told to."""
    send = worker.send

    def answer(command: object, droppable: bool = False) -> None:
        send(command)
        if isinstance(command, StartRecording):
            report = RecordingReport(id=command.id, state="recording")
        elif isinstance(command, StopRecording):
            report = RecordingReport(id=command.id, state="stopped", seconds=62.5, bytes=2_500_000, tracks=3)
        else:
            return
        threading.Thread(target=worker.say, args=(report,)).start()

    worker.send = answer  # type: ignore[method-assign]
    worker.connect()
    return worker


def test_it_begins_reports_and_ends(call: Call, answering: FakeWorker, tmp_path: Path):
    with call.record(tmp_path / "a.mkv") as recording:
        assert answering.sent(StartRecording)[0].path == str(tmp_path / "a.mkv")
        answering.say(RecordingReport(id=1, state="recording", seconds=5.4, bytes=12_345, tracks=1))
        assert repr(recording) == "<Recording a.mkv: recording, 0:05, 12.3 kB, 1 track>"
        recording.note("here")
        assert answering.wait_for(RecordEvent).event == {"event": "note", "text": "here"}
        with pytest.raises(RecordingError, match="100,000 characters at most"):
            recording.note("x" * 5_000_000)
    assert repr(recording) == "<Recording a.mkv: stopped, 1:02, 2.5 MB, 3 tracks>"
    recording.stop()
    with pytest.raises(RecordingError, match="over"):
        recording.note("too late")


def test_once_it_has_ended_its_file_may_be_recorded_to_again(
    call: Call, answering: FakeWorker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    recording = call.record(tmp_path / "a.mkv")
    report, free = Recording.report, []

    def at_its_end(self: Recording, told: RecordingReport) -> None:
        free.append(not call._studio.recordings._running)
        report(self, told)

    monkeypatch.setattr(Recording, "report", at_its_end)
    recording.stop()
    assert free == [True]


def test_the_line_in_the_notebook_follows(call: Call, answering: FakeWorker, tmp_path: Path, monkeypatch):
    monkeypatch.setattr("rtc_notebook.recording.recording.in_kernel", lambda: True)
    recording = call.record(tmp_path / "<a>.mkv")
    recording._repr_mimebundle_()
    answering.say(RecordingReport(id=1, state="recording", seconds=3601, bytes=2 * 10**9, tracks=2, dropped=7))
    assert "&lt;a&gt;.mkv: recording, 1:00:01, 2.0 GB, 2 tracks, 7 frames dropped" in recording._line.value


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.avi", "call it 'a.mkv'"),
        ("a.mp4", 'say layout="grid"'),
        ("no/a.mkv", "no folder"),
        ("there.mkv", "overwrite=True"),
        ("folder.mkv", "is a folder"),
        ("", "is a folder"),
        (5, "not by 5"),
        ("there.mkv/a.mkv", "no folder"),
        ("a" * 300 + ".mkv", "cannot be written: File name too long"),
        ("a\0b.mkv", "cannot be written: .*null"),
        ("a\udcffb.mkv", "cannot be written: .*surrogates"),
    ],
)
def test_what_can_be_no_file_is_told(call: Call, answering: FakeWorker, tmp_path: Path, name: str | int, message: str):
    (tmp_path / "there.mkv").touch()
    (tmp_path / "folder.mkv").mkdir()
    with pytest.raises(RecordingError, match=message):
        call.record(tmp_path / name if isinstance(name, str) else name)  # type: ignore[arg-type]
    assert not answering.sent(StartRecording)


@pytest.mark.parametrize(
    ("name", "more", "message"),
    [
        ("a.mkv", {"layout": "grid"}, "call it 'a.mp4'"),
        ("a.mp4", {"layout": "row"}, "not 'row'"),
        ("a.mp4", {"layout": "grid", "raw": True}, "Leave one of the two"),
        ("there.mp4", {"layout": "grid"}, "there.mp4.mkv is there already"),
        ("a" * 248 + ".mp4", {"layout": "grid"}, "cannot be written: File name too long"),
    ],
)
def test_what_can_be_no_film_is_told(
    call: Call, answering: FakeWorker, tmp_path: Path, name: str, more: dict, message: str
):
    (tmp_path / "there.mp4.mkv").touch()
    with pytest.raises(RecordingError, match=message):
        call.record(tmp_path / name, **more)
    assert not answering.sent(StartRecording)


@pytest.mark.slow
def test_a_film_is_made_of_what_the_worker_writes(call: Call, answering: FakeWorker, tmp_path: Path):
    with call.record(tmp_path / "a.mp4", layout="grid") as recording:
        written = Path(answering.sent(StartRecording)[0].path)
        assert written.name == "a.mp4.mkv"
        lesson(written)
        with pytest.raises(RecordingError, match=r"a\.mp4\.mkv is being recorded to already"):
            call.record(written, overwrite=True)
    assert recording.state == "stopped"
    assert recording.size == (tmp_path / "a.mp4").stat().st_size > 10_000
    assert not written.exists()
    call.record(written)
    with pytest.raises(RecordingError, match=r"a\.mp4\.mkv is being recorded to already"):
        call.record(tmp_path / "a.mp4", layout="grid", overwrite=True)


def test_a_film_that_fails_keeps_the_recording(call: Call, answering: FakeWorker, tmp_path: Path, capfd):
    recording = call.record(tmp_path / "a.mp4", layout="grid")
    written = Path(answering.sent(StartRecording)[0].path)
    written.write_bytes(b"no recording at all" * 1000)
    recording.stop()
    assert recording.state == "failed"
    assert f"Everything is kept in {written}" in recording.message
    assert written.exists()
    eventually(lambda: "is not whole" in capfd.readouterr().err)


def test_one_file_is_recorded_to_once(call: Call, answering: FakeWorker, tmp_path: Path):
    call.record(tmp_path / "a.mkv")
    os.symlink(tmp_path, tmp_path / "alias")
    with pytest.raises(RecordingError, match="being recorded to already"):
        call.record(tmp_path / "alias" / "a.mkv", overwrite=True)
    call.record(tmp_path / "b.mkv")


@pytest.mark.slow
def test_no_other_call_or_replay_writes_to_a_file_that_is_recorded_to(
    call: Call, answering: FakeWorker, workers: Workers, tmp_path: Path
):
    lesson(tmp_path / "lesson.mkv")
    lesson(tmp_path / "a.mkv")
    recording = call.record(tmp_path / "a.mkv", overwrite=True)
    with Call("other", name="Ana", server="http://127.0.0.1:8888/base/", token="secret") as other:
        workers[1].connect()
        with pytest.raises(RecordingError, match="being recorded to already"):
            other.record(tmp_path / "a.mkv", overwrite=True)
    with replay(tmp_path / "lesson.mkv", speed=None) as again:
        with pytest.raises(RecordingError, match="being recorded to already"):
            again.save(tmp_path / "a.mkv", overwrite=True)
        recording.stop()
        again.save(tmp_path / "a.mkv", overwrite=True)


@pytest.mark.slow
def test_a_file_that_was_refused_or_whose_call_has_ended_is_free(call: Call, answering: FakeWorker, tmp_path: Path):
    lesson(tmp_path / "a.mkv")
    with pytest.raises(RecordingError, match="overwrite=True"):
        call.record(tmp_path / "a.mkv")
    call.record(tmp_path / "a.mkv", overwrite=True)
    call.record(tmp_path / "b.mp4", layout="grid")
    answering.say(State(phase="ended", message="The room is closed."))
    eventually(lambda: not _written)


def test_a_films_files_are_taken_until_its_last_picture_is_drawn(
    call: Call, answering: FakeWorker, workers: Workers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    drawn, finish = threading.Event(), Composition.finish

    def when_it_is_drawn(self: Composition) -> str:
        drawn.wait(10)
        return finish(self)

    monkeypatch.setattr(Composition, "finish", when_it_is_drawn)
    film = call.record(tmp_path / "a.mp4", layout="grid")
    threading.Thread(target=film.stop).start()
    eventually(lambda: "last pictures" in film.message)
    answering.die()
    workers[1].connect(own_id="k2")
    workers[1].say(State(phase="ended", message="The room is closed."))
    eventually(lambda: call.phase == "ended")
    assert set(_written) == {str(tmp_path / "a.mp4"), str(tmp_path / "a.mp4.mkv")}
    assert not workers[1].sent(StartRecording), "it was stopped: a new worker does not go on with it"
    drawn.set()
    eventually(lambda: not _written)


def test_whatever_is_true_says_that_a_file_is_replaced(call: Call, answering: FakeWorker, tmp_path: Path):
    (tmp_path / "a.mkv").touch()
    call.record(tmp_path / "a.mkv", overwrite=np.True_, raw=1)  # type: ignore[arg-type]
    started = answering.sent(StartRecording)[0]
    assert (started.overwrite, started.raw) == (True, True)


def test_the_workers_refusal_is_an_error_where_it_was_asked(call: Call, worker: FakeWorker, tmp_path: Path, capfd):
    worker.connect()
    errors: list[RecordingError] = []

    def record() -> None:
        try:
            call.record(tmp_path / "a.mkv")
        except RecordingError as error:
            errors.append(error)

    recording = threading.Thread(target=record)
    recording.start()
    worker.wait_for(StartRecording)
    worker.say(RecordingReport(id=1, state="failed", message="a.mkv cannot be written: no space left."))
    recording.join(5)
    assert "no space left" in str(errors[0])


def test_a_film_that_cannot_be_written_is_an_error_where_it_was_asked(call: Call, worker: FakeWorker, tmp_path: Path):
    send = worker.send

    def refuse(command: object, droppable: bool = False) -> None:
        send(command)
        if isinstance(command, StartRecording):
            report = RecordingReport(id=command.id, state="failed", message="a.mp4.mkv cannot be written: read-only.")
            threading.Thread(target=worker.say, args=(report,)).start()

    worker.send = refuse  # type: ignore[method-assign]
    worker.connect()
    with pytest.raises(RecordingError, match="read-only"):
        call.record(tmp_path / "a.mp4", layout="grid")
    assert not call._studio.recordings._running


def test_a_folder_that_may_not_be_entered_is_told(
    call: Call, answering: FakeWorker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def forbidden(path: Path, **how: bool) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "stat", forbidden)  # a root's tests may enter all
    with pytest.raises(RecordingError, match=r"a\.mkv' cannot be written: Permission denied"):
        call.record(tmp_path / "a.mkv")


def test_a_disk_that_fills_is_told_below_the_cell(call: Call, answering: FakeWorker, tmp_path: Path, capfd):
    recording = call.record(tmp_path / "a.mkv")
    message = f"Recording to {recording.path} stopped: No space left on device. What was written is playable."
    answering.say(RecordingReport(id=1, state="failed", seconds=9, bytes=100, message=message))
    assert recording.state == "failed"
    assert message in capfd.readouterr().err
    recording.stop()


def test_a_new_worker_goes_on_in_a_new_file(call: Call, answering: FakeWorker, workers: Workers, tmp_path: Path, capfd):
    recording = call.record(tmp_path / "a.mkv", raw=True)
    recording.path.touch()
    answering.die()
    workers[1].connect(own_id="k2")
    started = workers[1].wait_for(StartRecording)
    assert (started.id, started.path, started.raw) == (1, str(tmp_path / "a-2.mkv"), True)
    assert recording.path == tmp_path / "a-2.mkv"
    assert "goes on in" in capfd.readouterr().err
    workers[1].say(RecordingReport(id=1, state="recording", seconds=1.0, bytes=1, tracks=1))
    assert recording.state == "recording"
    threading.Timer(0.05, workers[1].say, [RecordingReport(id=1, state="stopped", seconds=2)]).start()
    recording.stop()


def test_a_new_worker_leaves_the_files_alone_that_others_are_recorded_to(
    call: Call, answering: FakeWorker, workers: Workers, tmp_path: Path
):
    call.record(tmp_path / "a.mkv")
    with Call("other", name="Ana", server="http://127.0.0.1:8888/base/", token="secret") as other:
        workers[1].connect()
        threading.Timer(0.05, workers[1].say, [RecordingReport(id=1, state="recording")]).start()
        other.record(tmp_path / "a-2.mkv")
        answering.die()
        workers[2].connect(own_id="k2")
        assert workers[2].wait_for(StartRecording).path == str(tmp_path / "a-3.mkv")
        for one in workers[1:]:
            one.say(RecordingReport(id=1, state="stopped"))


@pytest.mark.parametrize("noticed", [True, False])
def test_one_that_was_stopped_while_there_was_no_worker_is_over(
    call: Call, worker: FakeWorker, workers: Workers, tmp_path: Path, noticed: bool
):
    worker.connect()
    threading.Timer(0.05, worker.say, [RecordingReport(id=1, state="recording", seconds=4.0, bytes=9)]).start()
    recording = call.record(tmp_path / "a.mkv")
    stopping = threading.Thread(target=recording.stop, daemon=True)
    if noticed:
        worker.die()
        stopping.start()
    else:
        stopping.start()
        worker.wait_for(StopRecording)  # and nobody hears it any more
        worker.die()
    stopping.join(10)
    assert (recording.state, recording.seconds) == ("stopped", 4.0)
    workers[1].connect(own_id="k2")
    assert not workers[1].sent(StartRecording)
    assert not _written


def test_one_whose_cell_is_interrupted_before_it_has_begun_is_over(
    call: Call, worker: FakeWorker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def interrupt(self: Recording, timeout: float) -> bool:
        raise KeyboardInterrupt

    ended = threading.Event()
    monkeypatch.setattr(Composition, "__init__", lambda *args: None)
    monkeypatch.setattr(Composition, "finish", lambda self: ended.set())
    monkeypatch.setattr(Recording, "wait_until_begun", interrupt)
    worker.connect()
    with pytest.raises(KeyboardInterrupt):
        call.record(tmp_path / "a.mp4", layout="grid")
    assert worker.sent(StopRecording)
    assert ended.wait(10), "nothing goes on waiting for its pictures"
    assert not _written, "its file can be recorded to"


def test_leaving_stops_it(call: Call, answering: FakeWorker, tmp_path: Path):
    recording = call.record(tmp_path / "a.mkv")
    call.leave()
    assert answering.sent(StopRecording)
    assert recording.state == "stopped"
    with pytest.raises(CallEnded):
        call.record(tmp_path / "b.mkv")


def test_a_call_that_ends_ends_it(call: Call, answering: FakeWorker, tmp_path: Path):
    recording: Recording = call.record(tmp_path / "a.mkv")
    answering.say(State(phase="ended", message="The room is closed."))
    eventually(lambda: recording.state == "stopped")
    recording.stop()
