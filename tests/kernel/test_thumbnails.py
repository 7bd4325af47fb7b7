from __future__ import annotations

from typing import Any

import pytest
from fake_worker import GUEST, FakeWorker, eventually, person, picture

from rtc_notebook import Call
from rtc_notebook.media.control import Want
from rtc_notebook.thumbnails import ParticipantsTable


@pytest.fixture
def table(call: Call, monkeypatch: pytest.MonkeyPatch) -> tuple[ParticipantsTable, list[Any]]:
    monkeypatch.setattr("rtc_notebook.thumbnails.SECONDS_BETWEEN", 0.01)
    made, sent = ParticipantsTable(call._studio), []
    made.send = lambda content, buffers=None: sent.append((content, buffers))
    return made, sent


def wanted(worker: FakeWorker) -> tuple[Any, ...]:
    return worker.sent(Want)[-1].tracks if worker.sent(Want) else ()


def test_pictures_come_in_while_somebody_looks_and_no_longer(
    call: Call, worker: FakeWorker, table: Any, monkeypatch: pytest.MonkeyPatch
):
    shown, sent = table
    worker.connect(person("p2", "Guest", "camera", "microphone"))
    eventually(lambda: call.participants)
    assert GUEST not in wanted(worker), "nobody looks yet"
    monkeypatch.setattr("rtc_notebook.thumbnails.LOOKED_AT_SECONDS", 60)
    shown.look()
    eventually(lambda: GUEST in wanted(worker))
    worker.frame(picture(90, 720, 1280), 1)
    content, buffers = eventually(lambda: sent)[0]
    assert content == {"type": "thumbnails", "ids": ["p2"]}
    assert buffers[0].startswith(b"\xff\xd8")
    assert len(buffers[0]) < 5000
    monkeypatch.setattr("rtc_notebook.thumbnails.LOOKED_AT_SECONDS", -1)
    shown.look()
    eventually(lambda: GUEST not in wanted(worker))
    assert call._studio.reception.feed(GUEST).latest() is None, "a picture of now is not the newest for ever"


def test_a_track_that_is_wanted_otherwise_stays(call: Call, worker: FakeWorker, table: Any):
    shown, _ = table
    worker.connect(person("p2", "Guest", "camera"))
    worker.frame(picture(90), 1)
    assert call.participants["Guest"].video.latest() is not None
    shown.look()
    call._studio.reception.glance("thumbnails", (GUEST,))
    call._studio.reception.glance("thumbnails", ())
    assert GUEST in wanted(worker)
    assert call.participants["Guest"].video.latest() is not None


def test_rows_say_who_is_there_and_what_they_show(call: Call, worker: FakeWorker, table: Any):
    shown, _ = table
    worker.connect(person("p2", "Guest", "camera", "microphone"), person("p3", "Ben"))
    shown.look()
    rows = eventually(lambda: shown.rows)
    assert [(row["name"], [track["source"] for track in row["tracks"]]) for row in rows] == [
        ("Guest", ["camera", "microphone"]),
        ("Ben", []),
    ]


def test_it_ends_with_the_call(call: Call, worker: FakeWorker, table: Any):
    shown, _ = table
    worker.connect(person("p2", "Guest", "camera"))
    shown.look()
    thread = shown._thread
    call.leave()
    thread.join(5)
    assert not thread.is_alive()
