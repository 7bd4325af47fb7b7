from __future__ import annotations

import queue
import threading
from pathlib import Path
from typing import Any

import pytest
from fake_worker import FakeWorker, Workers, person

from rtc_notebook import Call, CallEnded, CallTimeout, ConnectionFailed, ParticipantNotFound, RoomNameError
from rtc_notebook.media.control import Join, Leave, Refused, State
from rtc_notebook.recording.recordings import Recordings
from rtc_notebook.worker import Worker


def test_it_joins_the_room_in_the_background(call: Call, worker: FakeWorker) -> None:
    join = worker.wait_for(Join)
    assert join.url == "ws://127.0.0.1:8888/base/rtc-notebook/api/rooms/demo/socket"
    assert join.authorization == "token secret"
    assert (join.room, join.name) == ("demo", "Ana")
    assert len(join.call) > 30
    assert Path(join.directory).stat().st_mode & 0o777 == 0o700
    assert call.phase == "connecting"


def test_no_secret_is_shown(call: Call, worker: FakeWorker) -> None:
    worker.connect(person("p2", "Guest", "camera"))
    shown = repr(call) + repr(call._server) + call.link
    assert "secret" not in shown and worker.join.call not in shown
    assert "Guest" in repr(call) and call.link == "http://127.0.0.1:8888/base/rtc-notebook/room/demo"


@pytest.mark.parametrize("room", ["../etc", "", 5, None, ["demo"]])
def test_a_bad_room_name_is_refused_at_once(workers: Workers, room: Any) -> None:
    with pytest.raises(RoomNameError, match="cannot be a room's name"):
        Call(room, server="http://127.0.0.1:1/")
    assert not workers


def test_waiting_for_the_connection(call: Call, worker: FakeWorker) -> None:
    with pytest.raises(CallTimeout):
        call.wait_until_connected(timeout=0.01)
    threading.Timer(0.02, worker.connect).start()
    call.wait_until_connected()
    assert call.phase == "connected"


def test_a_refusal_is_raised_with_the_servers_reason(
    call: Call, worker: FakeWorker, capsys: pytest.CaptureFixture[str]
) -> None:
    worker.say(State(phase="ended", code="forbidden", message="The token is not right."))
    with pytest.raises(ConnectionFailed, match="token is not right"):
        call.wait_until_connected()
    with pytest.raises(CallEnded, match="token is not right"):
        _ = call.participants
    assert "token is not right" in capsys.readouterr().err


def test_leaving_ends_everything_and_twice_is_fine(call: Call, worker: FakeWorker) -> None:
    worker.connect(person("p2", "Guest", "camera"))
    track = call.participants["Guest"].video
    directory = Path(worker.join.directory)
    call.leave()
    call.leave()
    assert worker.has_left and worker.closed and len(worker.sent(Leave)) == 1
    assert not directory.exists()
    assert track is not None and track.ended
    for use in (lambda: call.participants, lambda: call.filter(len), track.latest, call.wait_until_connected):
        with pytest.raises(CallEnded):
            use()


def test_the_same_call_again_leaves_the_former_first(workers: Workers) -> None:
    here = {"server": "http://127.0.0.1:8888/", "name": "Ana"}
    first = Call("demo", **here)
    second = Call("demo", **here)
    other = Call("demo", server=here["server"], name="Ben")
    assert workers[0].has_left and not workers[1].has_left
    assert first.phase == "ended"
    second.leave()
    other.leave()


def test_a_call_whose_leaving_was_interrupted_is_left_by_the_next(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(self: Recordings) -> None:
        raise KeyboardInterrupt  # in a cell that is run again, while its films are waited for

    here = {"server": "http://127.0.0.1:8888/", "name": "Ana"}
    Call("demo", **here)
    with monkeypatch.context() as patch:
        patch.setattr(Recordings, "close", interrupt)
        with pytest.raises(KeyboardInterrupt):
            Call("demo", **here)
    assert len(workers) == 1 and not workers[0].has_left
    with Call("demo", **here):
        assert workers[0].has_left


def test_participants_are_found_by_name(call: Call, worker: FakeWorker) -> None:
    worker.connect(person("p2", "Guest", "camera", "microphone"), person("p3", "Ana", widget_of="k1"))
    people = call.participants
    assert list(people) == ["Guest", "Ana"] and len(people) == 2
    guest = people["guest"]
    assert guest.name == "Guest" and guest == people["Guest"]
    assert guest.video is not None and guest.video.kind == "video"
    assert guest.audio is not None and guest.audio.kind == "audio"
    assert guest.screen is None
    assert people["me"].name == "Ana" and "me" in people and "nobody" not in people
    with pytest.raises(ParticipantNotFound, match=r"'Nobody'.*'Guest', 'Ana'"):
        people["Nobody"]
    assert "Guest" in repr(people)


def test_names_that_differ_only_in_case_are_told_apart(call: Call, worker: FakeWorker) -> None:
    worker.connect(person("p2", "ana"), person("p3", "Ana"))
    assert call.participants["Ana"].id == "p3"
    with pytest.raises(ParticipantNotFound):
        call.participants["ANA"]


def test_me_before_the_browser_is_there_says_what_to_do(call: Call, worker: FakeWorker) -> None:
    worker.connect(person("p2", "Guest"))
    with pytest.raises(ParticipantNotFound, match="end a cell with the call"):
        call.participants["me"]


def test_a_lookup_waits_for_the_first_connection(call: Call, worker: FakeWorker) -> None:
    threading.Timer(0.02, lambda: worker.connect(person("p2", "Guest"))).start()
    assert call.participants["Guest"].id == "p2"


def test_listeners_hear_who_comes_and_goes(call: Call, worker: FakeWorker, capsys: pytest.CaptureFixture[str]) -> None:
    heard: queue.Queue[tuple[str, str]] = queue.Queue()

    @call.on("participant-joined")
    def joined(who) -> None:
        heard.put(("joined", who.name))
        if who.name == "Guest":
            raise RuntimeError("a listener's own mistake")

    off = call.on("participant-left", lambda who: heard.put(("left", who.name)))
    call.on("connected", lambda: heard.put(("connected", "")))
    worker.connect(person("p2", "Guest"))
    worker.room()
    assert [heard.get(timeout=5) for _ in range(3)] == [("joined", "Guest"), ("connected", ""), ("left", "Guest")]
    off()
    worker.room(person("p4", "Ben"))
    worker.room()
    worker.room(person("p5", "Eva"))
    assert [heard.get(timeout=5) for _ in range(2)] == [("joined", "Ben"), ("joined", "Eva")]
    assert "a listener's own mistake" in capsys.readouterr().err
    with pytest.raises(ValueError, match="participant-joined"):
        call.on("joined", print)


def test_a_listener_may_use_the_call(call: Call, worker: FakeWorker) -> None:
    found: queue.Queue[object] = queue.Queue()
    call.on("participant-joined", lambda who: found.put(call.participants[who.name].video))
    worker.connect(person("p2", "Guest", "camera"))
    assert found.get(timeout=5) is call.participants["Guest"].video


def test_a_worker_that_dies_is_started_again(call: Call, workers: Workers) -> None:
    workers[0].connect(person("p2", "Guest", "camera"))
    track = call.participants["Guest"].video
    assert track is not None and track.latest() is None
    workers[0].die()
    assert len(workers) == 2 and call.phase == "reconnecting"
    assert workers[1].join.call == workers[0].join.call
    assert workers[1].join.directory != workers[0].join.directory
    workers[1].connect(person("p2", "Guest", "camera"), own_id="k2")
    assert call.phase == "connected" and call.participants["Guest"].video is track
    assert workers[1].commands[-1].tracks == (track.key,)


def test_a_worker_that_cannot_be_started_again_ends_the_call(
    call: Call, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object) -> None:
        raise OSError("no more processes")

    workers[0].connect()
    monkeypatch.setattr("rtc_notebook.worker.ThreadedChild", refuse)
    workers[0].die()
    assert call.phase == "ended"
    with pytest.raises(CallEnded, match="cannot be started again"):
        call.wait_until_connected()
    assert not Path(workers[0].join.directory).exists() and not call._studio._worker.directory.exists()


def test_a_second_worker_that_dies_on_its_way_into_the_room_is_started_again_too(call: Call, workers: Workers) -> None:
    workers[0].connect()
    for dead in range(3):
        workers[dead].die()
        assert len(workers) == dead + 2 and call.phase == "reconnecting"
    workers[3].die()
    assert len(workers) == 4 and call.phase == "ended", "a fourth within a minute is one too many"


def test_the_next_worker_starts_before_anybody_hears_of_the_end_of_the_last(
    workers: Workers,
) -> None:
    join = Join(url="", authorization="", room="demo", name=None, call="", directory="")
    seen: list[tuple[str, int]] = []
    worker = Worker(join, lambda event: seen.append((event.phase, len(workers))) if isinstance(event, State) else None)
    workers[0].say(State(phase="connected"))
    workers[0].die()
    assert seen == [("connected", 1), ("reconnecting", 2)]
    assert workers[1].join.directory == str(worker.directory) and worker.directory.is_dir()
    worker.close()


def test_a_worker_that_never_got_there_is_not_started_again(
    call: Call, workers: Workers, capsys: pytest.CaptureFixture[str]
) -> None:
    workers[0].die(1)
    assert len(workers) == 1
    with pytest.raises(ConnectionFailed, match="exit code 1"):
        call.wait_until_connected()
    assert capsys.readouterr().err.count("exit code 1") == 1


def test_what_the_server_refuses_is_said(call: Call, worker: FakeWorker, capsys: pytest.CaptureFixture[str]) -> None:
    worker.say(Refused(code="room-full", message="The room is full."))
    assert "The room is full." in capsys.readouterr().err
