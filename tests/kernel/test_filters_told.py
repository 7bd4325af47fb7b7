"""What an author hears of a filter: errors, figures, and what it prints."""

from __future__ import annotations

import contextlib
import re
import sys
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from fake_worker import GUEST, FakeWorker, eventually, person, picture

from rtc_notebook import Call
from rtc_notebook.filters import runner as runner_module
from rtc_notebook.media.control import FilterReport, Result, SetFilter


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
