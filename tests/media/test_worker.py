"""The worker process from end to end: a kernel on its pipes, a server on its socket, aiortc as the SFU."""

import asyncio
import contextlib
import os
import signal
import socket
import stat
import sys

import numpy as np
import psutil
import pytest
from fake_room import FakeRoom
from worker_process import Kernel

from rtc_notebook import protocol
from rtc_notebook.media import control
from rtc_notebook.media.control import TrackKey
from rtc_notebook.worker import private_directory, remove_directory

pytestmark = pytest.mark.slow

CAMERA = TrackKey("ana", "camera")
MICROPHONE = TrackKey("ana", "microphone", "audio")


@pytest.fixture
async def room():
    async with FakeRoom() as room:
        yield room


@pytest.fixture
async def kernel(tmp_path):
    directory = tmp_path / "worker"
    directory.mkdir(mode=0o700)
    kernel = Kernel(directory)
    yield kernel
    await kernel.close()


async def connected(kernel, room):
    await kernel.join(room.url)
    await kernel.event(control.State, lambda state: state.phase == "connected")


async def test_it_joins_and_says_who_is_there(kernel, room):
    await connected(kernel, room)
    phases = [state.phase for state in kernel.of(control.State)]
    assert phases == ["connecting", "connecting", "connected"]
    assert kernel.of(control.State)[-1].participant == "kernel"
    assert [p.name for p in kernel.of(control.Room)[0].participants] == ["kernel", "Ana"]
    hello = room.hellos[0]
    assert (hello.client, hello.name, hello.call) == ("kernel", "kernel", "pairing")
    assert room.authorizations == ["token abc"]
    assert not room.sent(protocol.Subscribe), "nothing is subscribed to that nobody wants"


async def test_pictures_and_sound_arrive_as_arrays(kernel, room):
    await connected(kernel, room)
    kernel.child.send(control.Want(tracks=(CAMERA, MICROPHONE)))
    await kernel.event(control.Frame, lambda frame: frame.track == CAMERA and frame.sequence >= 5)
    picture, info = kernel.picture(CAMERA)
    assert (picture.shape, picture.dtype) == ((240, 320, 3), np.uint8)
    assert abs(picture.mean() - 60) < 12
    assert (info.width, info.height) == (320, 240)
    assert 0 <= info.arrived - info.captured < 5
    await kernel.event(control.Frame, lambda frame: frame.track == MICROPHONE)
    sound, _ = kernel.rings[MICROPHONE].latest()
    assert (sound.shape, sound.dtype) == ((960, 2), np.float32)


async def test_another_size_goes_on(kernel, room):
    await connected(kernel, room)
    kernel.child.send(control.Want(tracks=(CAMERA,)))
    await kernel.event(control.Frame, lambda frame: frame.sequence >= 3)
    room.camera.width, room.camera.height = 640, 480
    await kernel.event(control.Frames, new=True)
    await kernel.event(control.Frame, new=True)
    assert kernel.picture(CAMERA)[0].shape == (480, 640, 3)


async def test_a_track_that_is_no_longer_published_ends(kernel, room):
    await connected(kernel, room)
    kernel.child.send(control.Want(tracks=(CAMERA,)))
    await kernel.event(control.Frame)
    room.cameras = ()
    await room.describe()
    assert (await kernel.event(control.Ended)).track == CAMERA


async def test_results_are_sent_and_nothing_raw(kernel, room):
    await connected(kernel, room)
    kernel.filter = lambda picture: np.full_like(picture, 200)
    kernel.child.send(control.SetFilter(track=CAMERA, on_error="pass", label="grey"))
    seen = [await room.next_grey() for _ in range(20)]
    assert min(seen) > 180
    assert list(room.published.values()) == [protocol.TrackDescription(source="camera", of="cam")]
    report = await kernel.event(control.FilterReport, lambda report: report.fps > 0)
    assert report.passed == 0
    # another size, and an odd one
    kernel.filter = lambda picture: np.full((101, 151, 3), 20, np.uint8)
    await room.grey_becomes(30)
    assert (await room.received.get()).width == 150
    kernel.child.send(control.ClearFilter(track=CAMERA))
    await room.until(lambda: room.sent(protocol.ClearFilter) and not room.published)


async def test_a_filter_can_come_again(kernel, room):
    await connected(kernel, room)
    kernel.filter = lambda picture: np.full_like(picture, 200)
    for _ in range(2):
        kernel.child.send(control.SetFilter(track=CAMERA, on_error="hold", label=""))
        await room.until(lambda: room.published)
        await room.grey_becomes(200)
        kernel.child.send(control.ClearFilter(track=CAMERA))
        await room.until(lambda: not room.published)


async def test_a_failing_filter_passes_the_raw_picture(kernel, room):
    await connected(kernel, room)
    kernel.filter = lambda picture: None
    kernel.child.send(control.SetFilter(track=CAMERA, on_error="pass", label=""))
    assert abs(await room.next_grey() - 60) < 12
    assert (await kernel.event(control.FilterReport, lambda report: report.fps > 0)).passed > 0
    kernel.filter = lambda picture: np.full_like(picture, 200)
    await room.grey_becomes(200)


async def test_a_failing_filter_that_holds_sends_nothing_raw(kernel, room):
    await connected(kernel, room)
    kernel.filter = lambda picture: None
    kernel.child.send(control.SetFilter(track=CAMERA, on_error="hold", label=""))
    for _ in range(2):
        report = await kernel.event(control.FilterReport, new=True)
        assert (report.fps, report.passed) == (0, 0)
    kernel.filter = lambda picture: np.full_like(picture, 200)
    assert await room.next_grey() > 180


def say_nothing(picture):
    raise KeyError


async def test_a_stalled_kernel_goes_by_the_policy_and_recovers(kernel, room):
    await connected(kernel, room)
    kernel.filter = lambda picture: np.full_like(picture, 200)
    kernel.child.send(control.SetFilter(track=CAMERA, on_error="pass", label=""))
    await room.grey_becomes(200)
    kernel.filter = say_nothing
    await kernel.event(control.FilterReport, lambda report: report.stalled)
    await room.grey_becomes(60)
    kernel.filter = lambda picture: np.full_like(picture, 200)
    await room.grey_becomes(200)
    await kernel.event(control.FilterReport, lambda report: not report.stalled and not report.passed, new=True)


async def test_a_broken_socket_is_replaced_and_pictures_go_on(kernel, room):
    await connected(kernel, room)
    kernel.filter = lambda picture: np.full_like(picture, 200)
    kernel.child.send(control.SetFilter(track=CAMERA, on_error="pass", label=""))
    await room.grey_becomes(200)
    await room.drop_socket()
    await kernel.event(control.State, lambda state: state.phase == "reconnecting")
    await kernel.event(control.State, lambda state: state.phase == "connected", new=True)
    assert room.hellos[-1].session == "secret"
    assert await room.next_grey() > 180


async def test_a_refused_filter_is_told(kernel, room):
    await connected(kernel, room)

    async def refuse(message):
        if isinstance(message, protocol.SetFilter):
            told = {"code": "already-filtered", "message": "Ben filters it.", "about": "set-filter"}
            await room.say(protocol.Error(id=message.id, **told))

    room._handle = refuse
    kernel.child.send(control.SetFilter(track=CAMERA, on_error="pass", label=""))
    refused = await kernel.event(control.Refused)
    assert (refused.code, refused.message, refused.track) == ("already-filtered", "Ben filters it.", CAMERA)
    kernel.child.send(
        control.ToServer(message=protocol.CreateInvite(id=7, role="member", minutes=1, name="x" * 300_000))
    )
    refused = await kernel.event(control.Refused, lambda refused: refused.code == "too-large")
    assert (refused.about, refused.id) == ("create-invite", 7)


async def test_a_refusal_drops_the_filter_that_was_refused_and_no_other(kernel, room):
    ben = control.TrackKey("ben", "camera")
    room.cameras = ()  # Ana's is off: what is accepted shows nowhere
    room.others = (protocol.ParticipantInfo(id="ben", name="Ben", client="browser"),)
    await connected(kernel, room)
    kernel.filter = lambda picture: np.full_like(picture, 200)
    kernel.child.send(control.SetFilter(track=CAMERA, on_error="hold", label=""))
    await room.until(lambda: room.sent(protocol.SetFilter))
    handle = room._handle

    async def refuse(message):
        if isinstance(message, protocol.SetFilter):
            told = {"code": "not-allowed", "message": "Hosts filter Ben.", "about": "set-filter"}
            await room.say(protocol.Error(id=message.id, **told))
        else:
            await handle(message)

    room._handle = refuse
    kernel.child.send(control.SetFilter(track=ben, on_error="hold", label=""))
    assert (await kernel.event(control.Refused)).track == ben
    room.cameras = ("cam",)
    await room.describe()
    await room.grey_becomes(200)
    assert not room.sent(protocol.ClearFilter), "nothing raw for anybody"


async def test_a_refusal_of_what_was_asked_for_anew_since_does_not_count(kernel, room):
    await connected(kernel, room)
    kernel.filter = lambda picture: np.full_like(picture, 200)
    for label in ("one", "two"):
        kernel.child.send(control.SetFilter(track=CAMERA, on_error="hold", label=label))
    await room.until(lambda: len(room.sent(protocol.SetFilter)) == 2)
    first, second = (message.id for message in room.sent(protocol.SetFilter))
    for number in (first, second):
        error = protocol.Error(code="not-allowed", message=f"Not {number}.", about="set-filter", id=number)
        await room.say(error)
    refused = await kernel.event(control.Refused)
    assert (refused.message, refused.track) == (f"Not {second}.", CAMERA)


async def test_leave_tells_the_server_and_removes_the_directory(kernel, room):
    await connected(kernel, room)
    kernel.child.send(control.Leave())
    assert await asyncio.wait_for(kernel.child.wait(), 10) == 0
    assert room.sent(protocol.Leave)
    assert not kernel.directory.exists()


async def test_the_end_of_the_kernel_is_the_end(kernel, room):
    await connected(kernel, room)
    await kernel.child.close(timeout=10)
    assert room.sent(protocol.Leave)
    assert not kernel.directory.exists()


async def test_other_users_of_the_machine_find_no_way_to_the_worker(kernel, room):
    await connected(kernel, room)
    kernel.child.send(control.Want(tracks=(CAMERA,)))
    await kernel.event(control.Frame)
    process = psutil.Process(kernel.child.pid)
    sockets = process.net_connections("all")
    assert sockets, "its own way to the server"
    assert all(one.status != psutil.CONN_LISTEN for one in sockets), "nothing listens"
    assert not [one for one in sockets if one.family == socket.AF_UNIX and one.laddr], "nothing has a name"


def test_shared_memory_is_in_a_directory_of_this_user_alone():
    before = os.umask(0)
    try:
        directory = private_directory()
    finally:
        os.umask(before)
    try:
        found = directory.stat()
        assert (stat.S_IMODE(found.st_mode), found.st_uid) == (0o700, os.getuid())
    finally:
        remove_directory(directory)


STARTER = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-m", "rtc_notebook.media"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
child.stdin.write(sys.argv[1].encode() + b"\\n")
child.stdin.flush()
print(child.pid, flush=True)
time.sleep(600)
"""


async def test_no_orphan_is_left_of_a_killed_kernel(room, tmp_path):
    directory = tmp_path / "worker"
    directory.mkdir()
    join = control.Join(url=room.url, authorization="", room="r", name=None, call="c", directory=os.fspath(directory))
    line = control.msgspec.json.encode(join).decode()
    starter = await asyncio.create_subprocess_exec(sys.executable, "-c", STARTER, line, stdout=asyncio.subprocess.PIPE)
    worker = psutil.Process(int(await starter.stdout.readline()))
    await room.until(lambda: room.hellos)
    starter.send_signal(signal.SIGKILL)
    await starter.wait()
    with contextlib.suppress(psutil.NoSuchProcess):
        await asyncio.to_thread(worker.wait, 10)
    await room.until(lambda: room.sent(protocol.Leave))
    assert not directory.exists()


async def test_messages_that_a_held_kernel_does_not_read_cost_it_no_call(kernel, room):
    await connected(kernel, room)
    kernel.pause()
    data = "A" * 180_000
    for number in range(120):  # that is five times what the worker holds for its kernel
        await room.say(protocol.Data(by="ana", id=number, part=0, parts=1, data=data))
    before = len(kernel.of(control.Room))
    await room.describe()
    kernel.resume()
    await kernel.event(control.Room, lambda state: len(kernel.of(control.Room)) > before)
    assert 0 < len(kernel.of(control.FromServer)) < 120
    assert not room.sent(protocol.Leave)


async def test_connections_that_fall_silent_are_made_anew_long_before_ice_gives_them_up(kernel, room):
    await connected(kernel, room)
    kernel.filter = lambda picture: np.full_like(picture, 200)
    kernel.child.send(control.SetFilter(track=CAMERA, on_error="pass", label=""))
    await room.grey_becomes(200)
    await asyncio.sleep(2.5)  # it takes a while to know how lively a connection is
    room.silence()
    await room.until(lambda: {one.connection for one in room.sent(protocol.Restart)} == {"publish", "subscribe"})
    while not room.received.empty():
        room.received.get_nowait()
    await room.grey_becomes(200)


async def test_one_track_whose_pictures_stay_away_is_asked_for_anew_and_the_other_goes_on(kernel, room):
    await connected(kernel, room)
    kernel.child.send(control.Want(tracks=(CAMERA, MICROPHONE)))
    await kernel.event(control.Frame, lambda frame: frame.track == CAMERA and frame.sequence >= 5)
    room.freeze("cam")
    before = len(room.sent(protocol.Subscribe))
    await room.until(lambda: len(room.sent(protocol.Subscribe)) >= before + 2)
    assert [one.tracks for one in room.sent(protocol.Subscribe)[before:]] == [("mic",), ("cam", "mic")]
    last = max(frame.sequence for frame in kernel.of(control.Frame) if frame.track == CAMERA)
    await kernel.event(control.Frame, lambda frame: frame.track == CAMERA and frame.sequence > last + 10)
    assert not room.sent(protocol.Restart), "the connection is as good as before"
