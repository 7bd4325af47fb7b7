"""What a filter is given, and what becomes of what it returns."""

from __future__ import annotations

import re
import sys
import threading
import time

import numpy as np
import pytest
from fake_worker import GUEST, FakeWorker, picture

from rtc_notebook import Call
from rtc_notebook.filters import runner as runner_module
from rtc_notebook.media.control import ClearFilter, Result, SetFilter


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


def test_threads_are_switched_faster_while_filters_run(room: Call, worker: FakeWorker) -> None:
    before = sys.getswitchinterval()
    room.filter(lambda frame: frame, on="Guest")
    assert sys.getswitchinterval() == pytest.approx(0.0005)
    room.unfilter(on="Guest")
    assert sys.getswitchinterval() == pytest.approx(before)
    assert worker.wait_for(ClearFilter)
