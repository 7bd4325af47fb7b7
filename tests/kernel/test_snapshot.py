from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace

import av
import msgspec
import numpy as np
import pytest
from fake_worker import GUEST, FakeWorker, person, picture

from rtc_notebook import Call
from rtc_notebook.errors import CallError, CallTimeout, ParticipantNotFound
from rtc_notebook.grid import compose
from rtc_notebook.images import encode
from rtc_notebook.letters import writable
from rtc_notebook.media.control import TrackKey
from rtc_notebook.protocol import ParticipantInfo


def decode(data: bytes, tmp_path: Path) -> np.ndarray:
    file = tmp_path / "picture"
    file.write_bytes(data)
    with av.open(str(file)) as container:
        return next(container.decode(video=0)).to_ndarray(format="bgr24")


def test_a_snapshot_of_one_shows_in_a_notebook_and_is_an_array(call: Call, worker: FakeWorker, tmp_path: Path):
    worker.connect(person("p2", "Guest", "camera"))
    worker.frame(picture(90), 1)
    taken = call.snapshot(call.participants["guest"])
    assert np.asarray(taken).shape == (48, 64, 3)
    assert abs(int(np.asarray(taken)[0, 0, 0]) - 90) < 3
    assert np.asarray(taken, dtype=float).dtype == float
    assert taken.names == ("Guest",)
    shown = decode(taken._repr_png_(), tmp_path)
    np.testing.assert_array_equal(shown, taken.array)
    assert "64x48" in repr(taken)


def test_a_snapshot_of_all_is_a_grid_where_nobody_is_missing(call: Call, worker: FakeWorker):
    worker.connect(person("p2", "Guest", "camera"), person("p3", "Ben"))
    worker.frame(picture(200), 1)
    taken = call.snapshot()
    assert taken.shape == (720, 1280, 3)
    assert taken.names == ("Guest", "Ben")
    left, right = taken.array[200:500, :640], taken.array[200:500, 640:]
    assert left.mean() > 150 > 60 > right.mean()


def test_who_is_not_there_or_shows_nothing_is_told(call: Call, worker: FakeWorker, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("rtc_notebook.snapshot.FIRST_SECONDS", 0.05)
    worker.connect()
    with pytest.raises(CallError, match="Nobody else"):
        call.snapshot()
    worker.room(person("p2", "Guest", "camera"), person("p3", "Ben"))
    with pytest.raises(ParticipantNotFound, match="'Guest', 'Ben'"):
        call.snapshot("nobody")
    with pytest.raises(CallError, match="camera is off"):
        call.snapshot("Ben")
    with pytest.raises(CallTimeout, match="No picture came"):
        call.snapshot("Guest")


def with_muted(one: ParticipantInfo, *sources: str) -> ParticipantInfo:
    tracks = [msgspec.structs.replace(track, muted=track.source in sources) for track in one.tracks]
    return msgspec.structs.replace(one, tracks=tuple(tracks))


def test_a_camera_that_is_off_shows_nothing_of_before(call: Call, worker: FakeWorker):
    guest, ben = person("p2", "Guest", "camera"), person("p3", "Ben", "camera")
    worker.connect(guest, ben)
    for key in (GUEST, TrackKey("p3", "camera")):
        worker.frame(picture(200), 1, key)
    worker.room(with_muted(guest, "camera"), ben)
    with pytest.raises(CallError, match="camera is off"):
        call.snapshot("Guest")
    taken = call.snapshot()
    assert taken.names == ("Guest", "Ben")
    left, right = taken.array[200:500, :640], taken.array[200:500, 640:]
    assert left.mean() < 60 < 150 < right.mean()


def test_once_it_is_on_again_what_is_shown_is_new(call: Call, worker: FakeWorker, monkeypatch: pytest.MonkeyPatch):
    guest = person("p2", "Guest", "camera")
    worker.connect(guest)
    worker.frame(picture(200), 1)
    for now in (with_muted(guest, "camera"), guest):
        worker.room(now)
    monkeypatch.setattr("rtc_notebook.snapshot.FIRST_SECONDS", 0.05)
    with pytest.raises(CallTimeout):
        call.snapshot("Guest")
    monkeypatch.setattr("rtc_notebook.snapshot.FIRST_SECONDS", 20.0)
    later = threading.Timer(0.1, worker.frame, (picture(90), 2))
    later.start()
    assert abs(int(call.snapshot("Guest").array[0, 0, 0]) - 90) < 3
    later.join()


def test_where_the_camera_is_off_the_screen_is_taken(call: Call, worker: FakeWorker):
    guest = person("p2", "Guest", "camera", "screen")
    worker.connect(with_muted(guest, "camera"))
    worker.frame(picture(90), 1, TrackKey("p2", "screen"))
    assert abs(int(call.snapshot("Guest").array[0, 0, 0]) - 90) < 3
    assert (abs(call.snapshot().array.astype(int) - 90) < 3).mean() > 0.3
    worker.room(with_muted(guest, "camera", "screen"))
    with pytest.raises(CallError, match="no picture at the moment"):
        call.snapshot("Guest")


def test_it_is_saved_as_what_its_name_says(call: Call, worker: FakeWorker, tmp_path: Path):
    worker.connect(person("p2", "Guest", "camera"))
    worker.frame(picture(90), 1)
    taken = call.snapshot("Guest")
    assert taken.save(tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert taken.save(tmp_path / "a.jpg").read_bytes().startswith(b"\xff\xd8")
    with pytest.raises(ValueError, match=r"\.png or \.jpg"):
        taken.save(tmp_path / "a.gif")


@pytest.mark.parametrize("count", [1, 2, 3, 5, 12])
def test_a_grid_shows_every_picture_whole(count: int):
    colours = [(20 * index + 15, 255 - 20 * index, 128) for index in range(count)]
    pictures = [np.full((90, 160, 3), colour, np.uint8) for colour in colours]
    made = compose(pictures, [f"p{index}" for index in range(count)])
    for colour in colours:
        area = (made == np.array(colour, np.uint8)).all(axis=2).sum()
        assert area > 0.5 * 1280 * 720 / max(count, 2) / 2, "every one of them is there, and large"


def test_a_grid_that_is_too_small_says_so():
    with pytest.raises(ValueError, match="larger grid"):
        compose([None] * 50, [""] * 50, 64, 64)


def test_pictures_are_encoded_without_opencv_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr("rtc_notebook.images.opencv", lambda: None)
    given = np.random.default_rng(1).integers(0, 255, (30, 40, 3), np.uint8)
    np.testing.assert_array_equal(decode(encode(given, "png"), tmp_path), given)
    assert decode(encode(given, "jpeg"), tmp_path).shape == (30, 40, 3)


@pytest.mark.parametrize("name", ["Zoë Łódź", "Ольга Петрова", "山田太郎"])
def test_names_are_written_with_their_own_letters(name: str):
    cv2 = pytest.importorskip("cv2", minversion="5")
    others = name.encode("ascii", "replace").decode()
    assert (compose([None], [name], 320, 180) != compose([None], [others], 320, 180)).any()
    assert writable(name, cv2) == name


def test_older_opencv_writes_names_without_their_accents():
    older = SimpleNamespace(__version__="4.12.0")
    assert writable("Zoë Müller", older) == "Zoe Muller"
    assert writable("Ольга", older) == "?????"
