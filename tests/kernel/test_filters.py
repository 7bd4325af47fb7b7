from __future__ import annotations

import contextlib
import re
import sys
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace

import msgspec
import numpy as np
import pytest
from fake_worker import GUEST, FakeWorker, Workers, eventually, person, picture

from rtc_notebook import Call, FilterError, ParticipantNotFound
from rtc_notebook.filters import runner as runner_module
from rtc_notebook.media.control import ClearFilter, FilterReport, Refused, Result, SetFilter, TrackKey
from rtc_notebook.protocol import FilterInfo


@pytest.fixture
def room(call: Call, worker: FakeWorker) -> Call:
    worker.connect(person("p2", "Guest", "camera"))
    return call


def test_everybody_sees_what_the_function_returns(room: Call, worker: FakeWorker) -> None:
    @room.filter(on="guest", on_error="hold")
    def brighter(frame):
        frame += 7
        return frame

    assert worker.wait_for(SetFilter) == SetFilter(track=GUEST, on_error="hold", label="brighter")
    worker.frame(picture(1), 5)
    assert (worker.result() == 8).all()
    assert worker.wait_for(Result) == Result(track=GUEST, sequence=5)
    track = room.participants["Guest"].video
    assert track is not None
    raw = track.latest()
    assert raw is not None and (raw == 1).all()  # what the filter did to its frame is its own


def test_a_grey_and_a_larger_result(room: Call, worker: FakeWorker) -> None:
    room.filter(lambda frame: frame[:, :, 0], on="Guest")
    worker.frame(picture(9), 1)
    assert worker.result().shape == (48, 64, 3)
    room.filter(lambda frame: np.zeros((720, 1280, 4), np.uint8), on="Guest")
    worker.frame(picture(9), 2)
    assert worker.result(count=2).shape == (720, 1280, 3)


def test_setting_it_again_only_changes_the_function(room: Call, worker: FakeWorker) -> None:
    for value in (1, 2):

        @room.filter(on="Guest")
        def same_name(frame, value=value):
            return np.full_like(frame, value)

        worker.frame(picture(), value)
        assert (worker.result(count=value) == value).all()
    assert len(worker.sent(SetFilter)) == 1
    room.filter(same_name, on="Guest", on_error="hold")
    assert worker.wait_for(SetFilter, 2).on_error == "hold"
    assert len(room.filters) == 1


def test_pictures_come_in_while_a_filter_is_pickled(room: Call, worker: FakeWorker) -> None:
    begun, go = threading.Event(), threading.Event()

    class Large:
        def __call__(self, frame):
            return frame

        def __reduce__(self):
            begun.set()
            assert go.wait(20)
            return (str, ("large",))

    track = room.participants["Guest"].video
    setting = threading.Thread(target=room.filter, args=(Large(),), kwargs={"on": "Guest", "isolated": True})
    setting.start()
    try:
        assert begun.wait(20)
        telling = threading.Thread(target=worker.frame, args=(picture(5), 1))
        telling.start()
        telling.join(20)
        assert not telling.is_alive(), "the call's lock was held"
        assert (track.latest() == 5).all()
    finally:
        go.set()
        setting.join(20)


def test_a_filter_sees_live_variables(room: Call, worker: FakeWorker) -> None:
    live = {"value": 3}
    room.filter(lambda frame: np.full_like(frame, live["value"]), on="Guest")
    worker.frame(picture(), 1)
    assert (worker.result() == 3).all()
    live["value"] = 4
    worker.frame(picture(), 2)
    assert (worker.result(count=2) == 4).all()


def test_an_error_is_shown_once_and_counted(room: Call, worker: FakeWorker, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(frame):
        raise [ValueError, SystemExit][broken.calls % 2](f"with other words: {time.monotonic()}")

    broken.calls = 0
    room.filter(broken, on="Guest")
    for sequence in range(1, 7):
        broken.calls += 1
        worker.frame(picture(), sequence)
        assert worker.wait_for(Result, sequence).failed
    status = room.filters[0]
    assert status.errors == 6 and status.label == "broken"
    assert "in broken" in status.traceback and "runner.py" not in status.traceback
    said = capsys.readouterr().err
    assert said.count("Traceback") == 2 and said.count("ValueError: with other words") == 1 and "SystemExit" in said
    room.filter(lambda frame: frame, on="Guest")
    worker.frame(picture(5), 9)
    assert (worker.result(count=7) == 5).all() and room.filters[0].errors == 0


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        (None, "None.*return frame"),
        (picture().astype(float), "float64 with shape \\(48, 64, 3\\).*uint8"),
        (np.full((48, 64), np.nan), "3072 of its values are NaN.*nan_to_num"),
        (np.zeros(5, np.uint8), "shape \\(5,\\)"),
        ([1], "a list"),
        (np.zeros((2, 2), np.uint8), "16 to 4096"),
    ],
)
def test_what_is_no_picture_is_said(
    room: Call, worker: FakeWorker, capsys: pytest.CaptureFixture[str], returned: object, words: str
) -> None:
    room.filter(lambda frame: returned, on="Guest")
    for sequence in (1, 2):
        worker.frame(picture(), sequence)
        assert worker.wait_for(Result, sequence).failed
    said = capsys.readouterr().err

    assert len(re.findall(words, said)) == 1 and "Traceback" not in said


def test_a_slow_filter_gets_the_newest_and_no_backlog(room: Call, worker: FakeWorker) -> None:
    seen, entered, go = [], threading.Semaphore(0), threading.Semaphore(0)

    def slow(frame):
        seen.append(int(frame[0, 0, 0]))
        entered.release()
        assert go.acquire(timeout=5)
        return frame

    room.filter(slow, on="Guest")
    worker.frame(picture(1), 1)
    assert entered.acquire(timeout=5)
    for sequence in range(2, 10):
        worker.frame(picture(sequence), sequence)
    go.release(2)
    worker.wait_for(Result, 2)
    assert seen == [1, 9]


def test_a_filter_that_hangs_can_be_replaced(room: Call, worker: FakeWorker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner_module, "_STUCK_SECONDS", 0.0)
    entered, ended = threading.Event(), threading.Event()

    def hangs(frame):
        entered.set()
        try:
            while True:
                time.sleep(0.001)
        finally:
            ended.set()

    room.filter(hangs, on="Guest")
    worker.frame(picture(1), 1)
    assert entered.wait(5)
    room.filter(lambda frame: frame, on="Guest")
    worker.frame(picture(2), 2)
    assert (worker.result() == 2).all()
    assert ended.wait(5) and room.filters[0].errors == 0


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
    assert not worker.sent(ClearFilter)


def test_a_refused_filter_is_taken_off_and_said(
    room: Call, worker: FakeWorker, capsys: pytest.CaptureFixture[str]
) -> None:
    room.filter(lambda frame: frame, on="Guest")
    worker.say(Refused(code="already-filtered", message="Ben's kernel filters this picture.", track=GUEST))
    assert not room.filters
    said = capsys.readouterr().err
    assert "'lambda' on 'Guest'" in said and "Ben's kernel" in said


def test_status_tells_how_it_goes(room: Call, worker: FakeWorker) -> None:
    class Callable:
        def __call__(self, frame):
            return frame

    room.filter(Callable(), on="Guest")
    assert room.filters[0].state == "starting"
    worker.frame(picture(), 1)
    worker.result()
    worker.say(FilterReport(track=GUEST, state="active", fps=29.9))
    assert eventually(lambda: room.filters[0].ms > 0)
    assert repr(room.filters[0]).startswith("<Callable on 'Guest' (camera): active, 30 fps")
    worker.say(FilterReport(track=GUEST, state="active", fps=0, stalled=True))
    assert room.filters[0].state == "stalled"


def test_a_new_worker_gets_the_filters_again(room: Call, workers: Workers) -> None:
    room.filter(lambda frame: frame, on="Guest")
    workers[0].frame(picture(1), 700)
    workers[0].result()
    workers[0].die()
    workers[1].connect(person("p2", "Guest", "camera"), own_id="k2")
    assert workers[1].wait_for(SetFilter).track == GUEST
    workers[1].frame(picture(2), 1)  # it counts from the beginning
    assert (workers[1].result() == 2).all()


def test_threads_are_switched_faster_while_filters_run(room: Call, worker: FakeWorker) -> None:
    before = sys.getswitchinterval()
    room.filter(lambda frame: frame, on="Guest")
    assert sys.getswitchinterval() == pytest.approx(0.0005)
    room.unfilter(on="Guest")
    assert sys.getswitchinterval() == pytest.approx(before)
    assert worker.wait_for(ClearFilter)


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


def test_a_filter_that_prints_at_every_frame_does_not_fill_the_notebook(
    room: Call, worker: FakeWorker, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(runner_module, "time", SimpleNamespace(monotonic=lambda: now))

    @room.filter(on="Guest")
    def chatty(frame):
        print("mean", frame.mean())
        print("to stderr", file=sys.stderr)
        return frame

    for sequence in range(1, 91):
        worker.frame(picture(sequence), sequence)
        worker.result(count=sequence)
        now += 1 / 30
    print("the cell's own words")
    shown = capsys.readouterr()
    lines = (shown.out + shown.err).splitlines()
    assert lines[0] == "mean 1.0" and 10 < len(lines) < 20
    assert any(re.search(r"prints at every frame: \d\d lines left out", line) for line in lines)
    assert "the cell's own words\n" in shown.out
    room.unfilter(on="Guest")
    assert "write" not in vars(sys.stdout)


def test_nor_does_it_when_cells_put_their_own_write_on_the_streams(
    room: Call, worker: FakeWorker, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now, sequence = 100.0, 0
    monkeypatch.setattr(runner_module, "time", SimpleNamespace(monotonic=lambda: now))
    teed: list[str] = []

    @contextlib.contextmanager
    def cell() -> Iterator[None]:  # as IPython has it since 8.31
        before = sys.stdout.write

        def tee(text: str) -> int:
            teed.append(text)
            return before(text)

        sys.stdout.write = tee  # type: ignore[method-assign]
        yield
        sys.stdout.write = before  # type: ignore[method-assign]

    def frames(count: int) -> None:
        nonlocal now, sequence
        for _ in range(count):
            sequence += 1
            worker.frame(picture(sequence), sequence)
            worker.result(count=sequence)
            now += 1 / 30

    with cell():
        room.filter(lambda frame: print("every frame") or frame, on="Guest")
        frames(20)
    frames(30)
    for _ in range(3):
        with cell():
            frames(20)
            print("a cell's own words")
    frames(10)
    with cell():
        room.unfilter(on="Guest")
    print("the end")
    shown = capsys.readouterr().out.splitlines()
    assert shown.count("every frame") < 16 and sum("lines left out" in line for line in shown) > 1
    assert shown.count("a cell's own words") == teed.count("a cell's own words") == 3
    assert shown[-1] == "the end"


def test_a_filter_that_starts_a_thread_a_frame_is_told_once(
    room: Call, worker: FakeWorker, capsys: pytest.CaptureFixture[str]
) -> None:
    end = threading.Event()

    @room.filter(on="Guest")
    def spawning(frame):
        threading.Thread(target=end.wait, daemon=True).start()
        return frame

    for sequence in range(1, 25):
        worker.frame(picture(sequence), sequence)
        assert (worker.result(count=sequence) == sequence).all()
    end.set()
    said = capsys.readouterr().err
    assert said.count("'spawning' starts threads faster than they end: 17 are running") == 1


def test_filters_show_as_a_table(call: Call, worker: FakeWorker) -> None:
    assert len(call.filters) == 0 and "No filter" in call.filters._repr_html_()
    worker.connect(person("p2", "<b>Guest</b>", "camera"))

    @call.filter(on="<b>guest</b>", on_error="hold")
    def broken(frame):
        raise ValueError("<script>")

    for sequence in (1, 4):
        worker.frame(picture(), sequence)
        worker.wait_for(Result, 1 if sequence == 1 else 2)
    worker.say(FilterReport(track=GUEST, state="active", fps=29.9))
    html = call.filters._repr_html_()
    assert "&lt;b&gt;Guest&lt;/b&gt;" in html and "<script>" not in html and "<b>" not in html
    for cell in ("broken (hold)", "active", ">30<", "ValueError: &lt;script&gt;", "in broken"):
        assert cell in html
    [status] = call.filters
    assert (status.dropped, status.errors, status.isolated) == (2, 2, False)


def test_a_filter_that_protects_is_held_when_it_fails_unless_told_otherwise(room: Call, worker: FakeWorker) -> None:
    def hide(frame):
        return frame * 0

    hide.on_error = "hold"
    room.filter(hide, on="Guest")
    assert worker.wait_for(SetFilter).on_error == "hold"
    room.filter(hide, on="Guest", on_error="pass")
    assert worker.wait_for(SetFilter, 2).on_error == "pass"
    room.filter([lambda frame: frame, hide], on="Guest")
    assert worker.wait_for(SetFilter, 3).on_error == "hold"
    room.filter(lambda frame: frame, on="Guest")
    assert worker.wait_for(SetFilter, 4).on_error == "pass"
