"""Sound on its way to the kernel: every sample where it belongs, silence where a packet was lost."""

from __future__ import annotations

import asyncio
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import numpy as np
import pytest
from aiortc.rtcrtpparameters import RTCRtpCodecParameters

from rtc_notebook.feed import Feed
from rtc_notebook.media.control import Ended, TrackKey
from rtc_notebook.media.incoming import IncomingTrack
from rtc_notebook.media.receiver import ReceivedFrame
from rtc_notebook.media.tracks import IncomingTracks
from rtc_notebook.rtp.assembler import EncodedFrame

OPUS = RTCRtpCodecParameters(mimeType="audio/opus", clockRate=48_000, channels=2, payloadType=111)


def packets(count: int, milliseconds: int = 20) -> list[bytes]:
    """Return a loud tone as Opus packets."""
    codec: Any = av.CodecContext.create("libopus", "w")
    codec.sample_rate, codec.layout, codec.format = 48_000, "stereo", "s16"
    codec.time_base = Fraction(1, 48_000)
    codec.options = {"application": "lowdelay", "frame_duration": str(milliseconds)}
    samples = 48 * milliseconds
    wave = (8000 * np.sin(np.arange(samples * (count + 1)) * 0.1)).astype(np.int16).repeat(2).reshape(1, -1)
    encoded = []
    for number in range(count + 1):
        frame = av.AudioFrame.from_ndarray(wave[:, 2 * samples * number : 2 * samples * (number + 1)], "s16", "stereo")
        frame.sample_rate, frame.pts = 48_000, number * samples
        encoded += [bytes(packet) for packet in codec.encode(frame)]
    return encoded[:count]


class Heard:
    """What a kernel would have of one track."""

    def __init__(self, directory: Path) -> None:
        self.feed = Feed()
        self.newest = 0
        self._came = asyncio.Event()
        self.track = IncomingTrack(str(directory), self.feed.open, self._on_frame)
        self._take = self.track.source(lambda: None)

    def _on_frame(self, sequence: int) -> None:
        self.newest = sequence
        self._came.set()

    def receive(self, data: bytes, timestamp: int) -> None:
        captured = 1000.0 + timestamp / 48_000
        self._take(ReceivedFrame(EncodedFrame(data, timestamp, True), OPUS, timestamp, captured, 2000.0))

    async def entries(self, count: int) -> list[Any]:
        while self.newest < count:
            self._came.clear()
            await self._came.wait()
        return [self.feed.sound(sequence) for sequence in range(1, count + 1)]


@pytest.fixture
async def heard(tmp_path: Path) -> Any:
    made = Heard(tmp_path)
    yield made
    made.track.close()


async def test_lost_packets_are_silence_in_their_place(heard: Heard) -> None:
    encoded = packets(10)
    for number in (0, 1, 2, 5, 6):
        heard.receive(encoded[number], 960 * number)
    found = await asyncio.wait_for(heard.entries(7), 10)
    levels = [float(np.abs(taken.array).max()) for taken in found]
    assert [level > 0.1 for level in levels] == [True, True, True, False, False, True, True]
    assert [len(taken.array) for taken in found] == [960] * 7
    assert [round(taken.info.captured, 3) for taken in found] == [round(1000 + 0.02 * n, 3) for n in range(7)]


async def test_long_packets_come_in_blocks(heard: Heard) -> None:
    for number, data in enumerate(packets(2, 60)):
        heard.receive(data, 2880 * number)
    found = await asyncio.wait_for(heard.entries(6), 10)
    assert [len(taken.array) for taken in found] == [960] * 6


async def test_a_track_goes_on_counting_and_nothing_is_kept_of_who_has_gone(tmp_path: Path) -> None:
    """A microphone comes twice; then another participant, ten times over."""
    ended: list[Any] = []
    frames: asyncio.Queue[Any] = asyncio.Queue()
    parent = SimpleNamespace(
        send=ended.append,
        send_latest=lambda key, message: frames.put_nowait(message),
        send_at_once=lambda message: False,
    )
    tracks = IncomingTracks(str(tmp_path), parent)
    [packet] = packets(1)

    async def comes_and_goes(id: str, present: set[str]) -> int:
        key = TrackKey(id, "microphone", "audio")
        taking: list[Any] = []
        receiver = SimpleNamespace(request_keyframe=lambda: None, bind=lambda take, clock: taking.append(take))
        tracks.set_carriers({"t": key})
        tracks.bind("t", receiver)
        taking[0](ReceivedFrame(EncodedFrame(packet, 0, True), OPUS, 0, 1.0, 2.0))
        frame = await asyncio.wait_for(frames.get(), 10)
        tracks.keep((), lambda key: False, present)
        assert ended[-1] == Ended(track=key) and frame.track == key
        return frame.sequence

    first = await comes_and_goes("ana", {"ana"})
    assert await comes_and_goes("ana", {"ana"}) > first
    for number in range(10):
        await comes_and_goes(f"p{number}", set())
    assert not tracks._sequences


async def test_where_nothing_was_sent_for_long_nothing_is_made_up(heard: Heard) -> None:
    encoded = packets(2)
    heard.receive(encoded[0], 0)
    heard.receive(encoded[1], 48_000 * 60)
    found = await asyncio.wait_for(heard.entries(2), 10)
    assert found[1].info.captured - found[0].info.captured == pytest.approx(60)
    assert heard.newest == 2
