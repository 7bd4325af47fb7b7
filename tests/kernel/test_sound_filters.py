"""Filters on sound, with a scripted worker at the other end."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
from fake_worker import FakeWorker, eventually, person, picture

from rtc_notebook import Call, FilterError
from rtc_notebook.filters.sound import to_block
from rtc_notebook.media.control import ClearFilter, Result, SetFilter, TrackKey

MICROPHONE = TrackKey("p2", "microphone", "audio")


@pytest.fixture
def room(call: Call, worker: FakeWorker) -> Call:
    worker.connect(person("p2", "Guest", "camera", "microphone"))
    return call


def block(value: float, samples: int = 960) -> np.ndarray:
    return np.full((samples, 2), value, np.float32)


def say(worker: FakeWorker, value: float, sequence: int) -> None:
    worker.frame(block(value), sequence, MICROPHONE)


def test_block_in_block_out_in_order(room: Call, worker: FakeWorker) -> None:
    seen = []

    def half(sound: np.ndarray) -> np.ndarray:
        seen.append(float(sound[0, 0]))
        return sound / 2

    room.filter(half, on="Guest", kind="audio")
    assert worker.wait_for(SetFilter).track == MICROPHONE
    for sequence in (1, 2, 3):
        say(worker, sequence / 10, sequence)
        result = worker.result(MICROPHONE, sequence)
        assert result.dtype == np.float32 and result.shape == (960, 2) and result[0, 0] == pytest.approx(sequence / 20)
    assert seen == pytest.approx([0.1, 0.2, 0.3])
    room.unfilter("Guest", source="microphone")
    assert worker.wait_for(ClearFilter).track == MICROPHONE


def test_a_picture_and_a_sound_filter_on_one_person(room: Call, worker: FakeWorker) -> None:
    room.filter(lambda frame: frame, on="Guest")
    room.filter(lambda sound: sound[:, :1], on="Guest", kind="audio", on_error="hold")
    assert [one.source for one in room.filters] == ["camera", "microphone"]
    say(worker, 0.5, 1)
    assert worker.result(MICROPHONE).shape == (960, 1)
    worker.frame(picture(3), 1)
    worker.wait_for(Result, 2)
    room.unfilter("Guest")
    assert [one.source for one in room.filters] == ["microphone"]


def test_who_falls_behind_goes_on_with_the_newest(room: Call, worker: FakeWorker) -> None:
    begun, go = threading.Event(), threading.Event()
    seen = []

    def slow(sound: np.ndarray) -> np.ndarray:
        seen.append(round(float(sound[0, 0]) * 100))
        begun.set()
        go.wait(5)
        return sound

    room.filter(slow, on="Guest", kind="audio")
    say(worker, 0.01, 1)
    assert begun.wait(5)
    for sequence in range(2, 31):
        say(worker, sequence / 100, sequence)
    go.set()
    eventually(lambda: len(seen) == 2)
    assert seen == [1, 30]
    assert room.filters[0].dropped == 28


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "return block"),
        (block(0, 100), r"shape \(100, 2\).*as long as"),
        (np.zeros((960, 3), np.float32), r"\(960, 3\)"),
        (np.zeros((960, 2), np.int16), "int16"),
        (np.full(960, np.nan), "NaN"),
        ("a word", "a str"),
    ],
)
def test_what_is_no_block_is_told_in_one_sentence(value: Any, words: str) -> None:
    with pytest.raises(FilterError, match=words):
        to_block(value, 960)


def test_what_is_too_loud_is_cut_and_the_authors_array_left_alone() -> None:
    mine = block(3)
    assert to_block(mine, 960).max() == 1 and mine.max() == 3
    assert to_block(np.zeros(960), 960).shape == (960, 1)


def test_a_filter_that_fails_is_counted_and_told_once(
    room: Call, worker: FakeWorker, capsys: pytest.CaptureFixture[str]
) -> None:
    room.filter(lambda sound: sound[:10], on="Guest", kind="audio")
    for sequence in (1, 2, 3):
        say(worker, 0, sequence)
        assert worker.wait_for(Result, sequence).failed
    assert room.filters[0].errors == 3
    assert capsys.readouterr().err.count("as long as") == 1


def test_what_does_not_go_together_is_refused(room: Call) -> None:
    wrong: list[dict[str, Any]] = [
        {"kind": "audio", "source": "camera"},
        {"source": "microphone"},
        {"kind": "smell"},
    ]
    for options in wrong:
        with pytest.raises(FilterError):
            room.filter(lambda sound: sound, on="Guest", **options)
    assert not room.filters
