"""Sound on its way out, under a filter and of the kernel's own."""

import asyncio
from types import SimpleNamespace

import numpy as np
import pytest
from aiortc.codecs import get_decoder
from aiortc.jitterbuffer import JitterFrame
from aiortc.rtcrtpparameters import RTCRtpCodecParameters

from rtc_notebook.media.control import TrackKey
from rtc_notebook.media.filtered_sound import FilteredSound
from rtc_notebook.media.incoming import DecodedSound
from rtc_notebook.media.own import OwnSound
from rtc_notebook.media.ring import RingReader, RingWriter
from rtc_notebook.media.sound import BLOCK, RATE, OpusEncoder, OutgoingSound
from rtc_notebook.media.tap import Tap

KEY = TrackKey("ana", "microphone", "audio")
OPUS = RTCRtpCodecParameters(mimeType="audio/opus", clockRate=RATE, channels=2, payloadType=96)


def tone(samples, begin=0):
    return (0.5 * np.sin(2 * np.pi * 440 * np.arange(begin, begin + samples) / RATE)).astype(np.float32).reshape(-1, 1)


async def test_blocks_of_any_length_come_out_as_20_ms_without_gaps():
    track, given = OutgoingSound(), tone(4800)
    for begin, end in ((0, 480), (480, 3000), (3000, 4800)):
        track.put(given[begin:end], 7000 + begin)
    frames = [await track.recv() for _ in range(5)]
    assert [frame.pts for frame in frames] == [0, 960, 1920, 2880, 3840]
    sent = np.concatenate([frame.to_ndarray().reshape(-1, 2) for frame in frames]) / 32767
    np.testing.assert_allclose(sent, np.repeat(given, 2, 1), atol=1e-4)


async def test_a_gap_stays_a_gap_and_time_never_runs_backwards():
    track = OutgoingSound()
    for timestamp in (96_000, 96_960, 98_880, 5):
        track.put(tone(BLOCK), timestamp)
    stamps = [(await track.recv()).pts for _ in range(4)]
    assert stamps[:3] == [0, 960, 2880]
    assert stamps[3] >= 3840


async def test_nothing_queues_while_nobody_sends():
    track = OutgoingSound()
    for number in range(500):
        track.put(tone(BLOCK), number * BLOCK)
    assert (await track.recv()).pts == 490 * BLOCK


async def test_a_tone_survives_the_codec():
    track, encoder, decoder = OutgoingSound(), OpusEncoder(), get_decoder(OPUS)
    heard = []
    for number in range(50):
        track.put(tone(BLOCK, number * BLOCK), number * BLOCK)
        [packet], timestamp = encoder.encode(await track.recv())
        assert timestamp == number * BLOCK
        for frame in decoder.decode(JitterFrame(packet, timestamp)):
            heard.append(frame.to_ndarray().reshape(-1, 2)[:, 0] / 32768)
    samples = np.concatenate(heard)[-24_000:]
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    assert np.argmax(spectrum) * RATE / len(samples) == pytest.approx(440, abs=2)
    assert 0.45 < np.abs(samples).max() < 0.55


class Filtered:
    """A filter on sound whose kernel is the test."""

    def __init__(self, directory, on_error):
        self.filtered = FilteredSound(KEY, on_error, "")
        self.track = OutgoingSound()
        self.filtered.carry(self.track)
        self.ring = RingWriter.create(directory, 10, BLOCK * 8)
        self.filtered.results = RingReader.open(self.ring.path)

    def raw(self, sequence, level=0.25):
        samples = np.full((BLOCK, 2), level, np.float32)
        self.filtered.sound(DecodedSound(sequence, samples, sequence * BLOCK, 0.0))

    def answer(self, sequence, level=None):
        if level is not None:
            block = np.full((BLOCK, 1), level, np.float32)
            self.ring.write(block, sequence=sequence, captured=0.0, arrived=0.0)
        self.filtered.result(sequence, level is None)

    async def levels(self):
        found = []
        try:
            while True:
                frame = await asyncio.wait_for(self.track.recv(), 0.02)
                found.append(round(float(frame.to_ndarray().max() / 32767), 2))
        except asyncio.TimeoutError:
            return found


async def test_results_go_out_as_they_come_and_nothing_raw(tmp_path):
    one = Filtered(tmp_path, "pass")
    for sequence in (1, 2, 3):
        one.raw(sequence)
        one.answer(sequence, 0.5 + sequence / 10)
    assert await one.levels() == [0.6, 0.7, 0.8]


@pytest.mark.parametrize(("on_error", "levels"), [("pass", [0.6, 0.25, 0.8]), ("hold", [0.6, 0.8])])
async def test_a_failing_filter_goes_by_the_policy(tmp_path, on_error, levels):
    one = Filtered(tmp_path, on_error)
    for sequence, level in ((1, 0.6), (2, None), (3, 0.8)):
        one.raw(sequence)
        one.answer(sequence, level)
    assert await one.levels() == levels


async def test_a_stalled_kernel_goes_by_the_policy_and_late_answers_are_dropped(tmp_path, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("rtc_notebook.media.filtered_sound.time", SimpleNamespace(monotonic=lambda: clock[0]))
    one = Filtered(tmp_path, "pass")
    for sequence in (1, 2, 3):
        one.raw(sequence)
        clock[0] += 0.3
    one.answer(1, 0.6)
    one.answer(3, 0.8)
    one.raw(4)
    one.answer(4, 0.9)
    assert await one.levels() == [0.25, 0.9]


class Steps:
    """Stands for the modules asyncio and time: sleeping takes no time, and is what the clock shows."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def __getattr__(self, name: str):
        return getattr(asyncio, name)

    def monotonic(self) -> float:
        return 100 + sum(self.slept)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)


async def test_the_kernels_own_sound_keeps_its_pace(tmp_path, monkeypatch):
    steps = Steps()
    monkeypatch.setattr("rtc_notebook.media.own.asyncio", steps)
    monkeypatch.setattr("rtc_notebook.media.own.time", steps)
    own, track = OwnSound(), OutgoingSound()
    own.carry(track)
    ring = RingWriter.create(tmp_path, 20, BLOCK * 8)
    own.read_from(RingReader.open(ring.path))
    for sequence in range(1, 16):
        ring.write(tone(BLOCK), sequence=sequence, captured=0.0, arrived=0.0)
        own.result(sequence)
    stamps = [(await asyncio.wait_for(track.recv(), 10)).pts for _ in range(15)]
    assert np.diff(stamps).tolist() == [BLOCK] * 14
    assert steps.slept[:14] == pytest.approx([0.02] * 14)
    own.close()


def carries_the_one_before(packet):
    """Tell whether a packet has in-band error correction: speech modes only, flag after that of speech (RFC 6716)."""
    return packet[0] >> 3 < 16 and bool(packet[1] & 0x40)


async def test_where_packets_get_lost_each_carries_the_one_before_as_well():
    tap = Tap()
    track, encoder = OutgoingSound(), OpusEncoder(tap)
    corrected = []
    for number in range(150):
        tap.loss = 0.0 if number < 50 else 0.15
        track.put(tone(BLOCK, number * BLOCK), number * BLOCK)
        [packet], _ = encoder.encode(await track.recv())
        corrected.append(carries_the_one_before(packet))
    assert not any(corrected[:50])
    assert sum(corrected[50:]) > 50
