"""A call whose media worker is `fake_worker.FakeWorker`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_worker import FakeWorker, Workers, person

from rtc_notebook import Call


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Workers:
    made = Workers()
    monkeypatch.setattr("rtc_notebook.worker.ThreadedChild", made)
    # results stay BGR, so that tests can compare them exactly; the way to I420 has tests of its own
    monkeypatch.setattr("rtc_notebook.media.picture_writer.opencv", lambda: None)
    return made


@pytest.fixture
def call(workers: Workers) -> Iterator[Call]:
    """Make a call that has not connected yet."""
    with Call("demo", name="Ana", server="http://127.0.0.1:8888/base/", token="secret") as call:
        yield call


@pytest.fixture
def worker(call: Call, workers: Workers) -> FakeWorker:
    return workers[0]


@pytest.fixture
def room(call: Call, worker: FakeWorker) -> Call:
    """Return the call, connected, with a Guest whose camera is on."""
    worker.connect(person("p2", "Guest", "camera"))
    return call
