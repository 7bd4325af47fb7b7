"""A worker that records: what it writes is read back with PyAV."""

import asyncio
import itertools
import json
import os
import resource
import signal
import subprocess
from pathlib import Path

import av
import numpy as np
import pytest
from fake_room import FakeRoom
from worker_process import Kernel

from rtc_notebook import protocol
from rtc_notebook.media import control
from rtc_notebook.media.control import TrackKey
from rtc_notebook.protocol import FilterInfo

pytestmark = pytest.mark.slow

CAMERA = TrackKey("ana", "camera")


@pytest.fixture
async def room():
    async with FakeRoom() as room:
        yield room


@pytest.fixture
async def kernel(tmp_path, room):
    directory = tmp_path / "worker"
    directory.mkdir(mode=0o700)
    kernel = Kernel(directory)
    await kernel.join(room.url)
    await kernel.event(control.State, lambda state: state.phase == "connected")
    yield kernel
    await kernel.close()


async def start(kernel: Kernel, path: Path, **options) -> None:
    kernel.child.send(control.StartRecording(id=1, path=str(path), **options))
    await kernel.event(control.RecordingReport)


async def records(kernel: Kernel, seconds: float = 1.0, tracks: int = 2) -> None:
    """Wait until so much more has been written."""
    before = max((report.seconds for report in kernel.of(control.RecordingReport)), default=0.0)

    def enough(report):
        return report.tracks >= tracks and report.seconds >= before + seconds

    await kernel.event(control.RecordingReport, enough, new=True)


async def stop(kernel: Kernel) -> control.RecordingReport:
    kernel.child.send(control.StopRecording(id=1))
    return await kernel.event(control.RecordingReport, lambda report: report.state != "recording")


def events(path: Path) -> list[dict]:
    with av.open(str(path)) as container:
        packets = container.demux(container.streams.subtitles[0])
        return [json.loads(bytes(packet)) for packet in packets if packet.size]


def greys(path: Path, title: str = "ana camera") -> list[tuple[float, int, int]]:
    """Return each picture's time in seconds, brightness and width."""
    with av.open(str(path)) as container:
        stream = next(s for s in container.streams.video if s.metadata["title"].lower() == title)
        decoded = container.decode(stream)
        return [(float(f.time), round(float(f.to_ndarray(format="gray").mean())), f.width) for f in decoded]


async def test_everything_is_written_as_it_came_and_nothing_is_decoded(kernel, room, tmp_path):
    path = tmp_path / "a.mkv"
    await start(kernel, path)
    await room.until(lambda: room.sent(protocol.SetRecording))
    await records(kernel, 2)
    room.camera.width, room.camera.height, room.camera.grey = 160, 120, 120
    await records(kernel, 2)
    kernel.child.send(control.RecordEvent(event={"event": "note", "text": "now"}))
    report = await stop(kernel)
    assert report.state == "stopped" and report.bytes == path.stat().st_size and report.tracks == 2
    await room.until(lambda: [said.active for said in room.sent(protocol.SetRecording)] == [True, False])
    await room.until(lambda: room.sent(protocol.Subscribe)[-1].tracks == ())
    assert not kernel.of(control.Frames)
    pictures = greys(path)
    assert {width for _, _, width in pictures} == {320, 160}
    assert abs(pictures[0][1] - 60) < 12 and abs(pictures[-1][1] - 120) < 12
    times = [time for time, _, _ in pictures]
    assert len(times) > 10 and all(b > a for a, b in itertools.pairwise(times))
    given = room.camera.times[-len(times) :]
    assert times[-1] - times[0] == pytest.approx(given[-1] - given[0], rel=0.25), "each picture that was taken"
    happened = events(path)
    assert [e["event"] for e in happened][:2] == ["recording-started", "participant-joined"]
    assert {"event": "track-published", "participant": "Ana", "source": "camera", "kind": "video"}.items() <= next(
        e for e in happened if e.get("source") == "camera"
    ).items()
    assert happened[-1]["text"] == "now"
    with av.open(str(path)) as container:
        sound = list(container.decode(container.streams.audio[0]))
        assert abs(sum(frame.samples for frame in sound) / 48000 - (sound[-1].time - sound[0].time)) < 0.3
        assert abs(sound[0].time - times[0]) < 1


async def test_under_a_filter_the_raw_picture_is_not_in_the_file(kernel, room, tmp_path):
    room.camera.grey = 200
    path = tmp_path / "a.mkv"
    await start(kernel, path)
    await records(kernel, 1)
    kernel.filter = lambda picture: np.full_like(picture, 30)
    kernel.child.send(control.SetFilter(track=CAMERA, on_error="hold", label="dark"))
    await room.grey_becomes(30)
    await records(kernel, 1)
    await stop(kernel)
    seen = [grey for _, grey, _ in greys(path)]
    first_dark = next(at for at, grey in enumerate(seen) if grey < 100)
    assert first_dark > 10 and len(seen) - first_dark > 10
    assert all(abs(grey - 30) < 12 for grey in seen[first_dark:]), "no raw picture after the filter was set"
    assert any(e["event"] == "filter-set" and e["filter"] == "dark" for e in events(path))
    with av.open(str(path)) as container:
        assert len(container.streams.video) == 1


async def test_the_raw_picture_is_recorded_where_that_is_asked_for(kernel, room, tmp_path):
    room.camera.grey = 200
    kernel.filter = lambda picture: np.full_like(picture, 30)
    kernel.child.send(control.SetFilter(track=CAMERA, on_error="hold", label="dark"))
    await room.grey_becomes(30)
    path = tmp_path / "a.mkv"
    await start(kernel, path, raw=True)
    await records(kernel, 2, tracks=3)
    await stop(kernel)
    raw, seen = greys(path, "ana camera (raw)"), greys(path)
    assert all(abs(grey - 200) < 12 for _, grey, _ in raw) and all(abs(grey - 30) < 12 for _, grey, _ in seen)
    # a result carries the time at which its picture was captured, not that at which the filter was done
    assert {round(time, 2) for time, _, _ in seen} & {round(time, 2) for time, _, _ in raw}


async def test_another_kernels_filter_is_recorded_as_everybody_gets_it(kernel, room, tmp_path):
    room.filter = FilterInfo(by="somebody", on_error="pass", state="starting")
    await room.describe()
    path = tmp_path / "a.mkv"
    await start(kernel, path)
    await room.until(lambda: room.sent(protocol.Subscribe) and room.sent(protocol.Subscribe)[-1].tracks == ("mic",))
    room.filter = FilterInfo(by="somebody", on_error="pass", state="active", track="processed")
    await room.describe()
    await room.until(lambda: room.sent(protocol.Subscribe)[-1].tracks == ("mic", "processed"))
    await stop(kernel)


async def test_a_killed_worker_leaves_a_playable_file(kernel, room, tmp_path):
    path = tmp_path / "a.mkv"
    await start(kernel, path)
    await records(kernel, 3)
    os.kill(kernel.child.pid, signal.SIGKILL)
    await kernel.child.wait()
    times = [time for time, _, _ in greys(path)]
    assert times[-1] - times[0] > 2
    assert events(path)


@pytest.fixture
def disk(tmp_path):
    """Make a file system of 4 MB, where one may (root); else return None."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)]
    mounted = os.geteuid() == 0 and subprocess.run(mount, capture_output=True).returncode == 0
    yield place if mounted else None
    if mounted:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux limits another process")
async def test_a_full_disk_is_told_and_the_file_is_playable(kernel, room, tmp_path, disk):
    path = (disk or tmp_path) / "a.mkv"
    await start(kernel, path)
    await records(kernel, 2)
    if disk is not None:
        free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
        (disk / "other").write_bytes(bytes(free - 8192))
    else:  # the next best: files may not grow
        limit = path.stat().st_size + 2000
        resource.prlimit(kernel.child.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    report = await kernel.event(control.RecordingReport, lambda report: report.state == "failed")
    resource.prlimit(kernel.child.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert ("No space left" if disk is not None else "File too large") in report.message
    assert "playable" in report.message and str(path) in report.message
    times = [time for time, _, _ in greys(path)]
    assert times[-1] - times[0] > 1
    await room.until(lambda: not room.sent(protocol.SetRecording)[-1].active)
    await start(kernel, tmp_path / "b.mkv")  # the call goes on, and so may recording


async def test_what_cannot_be_written_is_told(kernel, room, tmp_path):
    there = tmp_path / "there.mkv"
    there.write_text("precious")
    for path, why in ((tmp_path / "no" / "a.mkv", "No such file"), (there, "exists")):
        kernel.child.send(control.StartRecording(id=1, path=str(path)))
        report = await kernel.event(control.RecordingReport, lambda report: True, new=True)
        assert report.state == "failed" and why in report.message
    assert there.read_text() == "precious"
    assert not room.sent(protocol.SetRecording)


async def test_two_recordings_in_one_file_are_refused(kernel, room, tmp_path):
    path = tmp_path / "a.mkv"
    await start(kernel, path)
    kernel.child.send(control.StartRecording(id=2, path=str(path), overwrite=True))
    report = await kernel.event(control.RecordingReport, lambda report: report.id == 2)
    assert report.state == "failed" and "another recording" in report.message
    await records(kernel)


async def test_leaving_finishes_the_file(kernel, room, tmp_path):
    path = tmp_path / "a.mkv"
    await start(kernel, path)
    await records(kernel)
    kernel.child.send(control.Leave())
    assert await asyncio.wait_for(kernel.child.wait(), 10) == 0
    with av.open(str(path)) as container:
        assert container.duration > 500_000
