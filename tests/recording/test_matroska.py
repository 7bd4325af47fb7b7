"""The Matroska writer, read back with FFmpeg: at any moment, with tracks that come late, and when the disk is full."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from rtc_notebook.recording import matroska
from rtc_notebook.recording.ebml import size, void
from rtc_notebook.recording.matroska import Block, MatroskaWriter, TooManyTracks

CREATED = 1_700_000_000.5


def encoded(count: int, width: int = 64, height: int = 48, grey: int = 100) -> list[tuple[bytes, bool]]:
    codec = av.CodecContext.create("libvpx", "w")
    codec.width, codec.height, codec.pix_fmt, codec.time_base = width, height, "yuv420p", Fraction(1, 1000)
    codec.options = {"deadline": "realtime", "lag-in-frames": "0", "cpu-used": "8"}
    packets = []
    for number in range(count):
        frame = av.VideoFrame.from_ndarray(np.full((height, width, 3), grey, np.uint8), "bgr24")
        frame.pts = number * 40
        packets += codec.encode(frame.reformat(format="yuv420p"))
    return [(bytes(packet), packet.is_keyframe) for packet in packets]


def pictures(track: int, start: int, frames: list[tuple[bytes, bool]]) -> list[Block]:
    return [Block(track, start + 40 * n, data, keyframe) for n, (data, keyframe) in enumerate(frames)]


def read(path: Path) -> dict[str, list[tuple[int, tuple[int, int]]]]:
    with av.open(str(path)) as container:
        found: dict[str, list[tuple[int, tuple[int, int]]]] = {}
        for frame_packet in container.demux(container.streams.video):
            for frame in frame_packet.decode():
                title = frame_packet.stream.metadata["title"]
                found.setdefault(title, []).append((frame.pts, (frame.width, frame.height)))
    return found


def test_a_track_that_comes_late_and_a_new_size(tmp_path: Path):
    path = tmp_path / "a.mkv"
    with path.open("wb", buffering=0) as file:
        writer = MatroskaWriter(file, CREATED, "demo")
        ana = writer.add("V_VP8", "Ana camera", {"PARTICIPANT": "Ana", "SOURCE": "camera"}, 64, 48)
        writer.cluster(pictures(ana, 0, encoded(10)))
        assert [*read(path)] == ["Ana camera"], "whole before it is finished"
        ben = writer.add("V_VP8", "Ben camera", {"PARTICIPANT": "Ben"}, 64, 48)
        writer.resize(ana, 128, 96)
        mixed = pictures(ana, 400, encoded(10, 128, 96)) + pictures(ben, 410, encoded(10))
        writer.cluster(mixed)
        before = read(path)
        writer.finish()
    assert read(path) == before
    assert [pts for pts, _ in before["Ana camera"]] == [40 * n for n in range(20)]
    assert [size for _, size in before["Ana camera"]] == [(64, 48)] * 10 + [(128, 96)] * 10
    assert [pts for pts, _ in before["Ben camera"]] == [410 + 40 * n for n in range(10)]
    with av.open(str(path)) as container:
        assert container.duration == 770_000
        assert container.metadata["title"] == "demo"
        assert container.metadata["creation_time"].startswith("2023-11-14T22:13:20.5")
        assert container.streams.video[0].metadata["PARTICIPANT"] == "Ana"
        assert (container.streams.video[0].width, container.streams.video[0].height) == (128, 96)


def test_a_file_cut_anywhere_is_readable(tmp_path: Path):
    file = io.BytesIO()
    writer = MatroskaWriter(file, CREATED, "demo")
    track = writer.add("V_VP8", "Ana camera", {}, 64, 48)
    ends = []
    for second in range(4):
        writer.cluster(pictures(track, 1000 * second, encoded(25)))
        ends.append(writer.end)
    whole = file.getvalue()
    path = tmp_path / "cut.mkv"
    for at in (ends[0], ends[1] - 7, ends[1], ends[2] + 3, ends[3]):
        path.write_bytes(whole[:at])
        found = len(read(path)["Ana camera"])
        complete = 25 * sum(end <= at for end in ends)
        assert complete <= found <= complete + 25


def test_finished_files_are_sought_in(tmp_path: Path):
    path = tmp_path / "a.mkv"
    with path.open("wb", buffering=0) as file:
        writer = MatroskaWriter(file, CREATED, "demo")
        track = writer.add("V_VP8", "Ana camera", {}, 64, 48)
        for second in range(60):
            writer.cluster(pictures(track, 1000 * second, encoded(3)))
        writer.finish()
    with av.open(str(path)) as container:
        container.seek(42_500_000)
        assert next(container.decode(video=0)).pts == 42_000


def test_what_waited_for_a_stalled_disk_is_written_all_the_same(tmp_path: Path):
    path = tmp_path / "a.mkv"
    with path.open("wb", buffering=0) as file:
        writer = MatroskaWriter(file, CREATED, "demo")
        track = writer.add("V_VP8", "Ana camera", {}, 64, 48)
        frames = encoded(40)
        writer.cluster([Block(track, 2_000 * n, data, keyframe) for n, (data, keyframe) in enumerate(frames)])
        assert writer.duration == 78_000
        writer.finish()
    assert [at for at, _ in read(path)["Ana camera"]] == [2_000 * n for n in range(40)]


def test_texts_and_sound_are_tracks_too(tmp_path: Path):
    path = tmp_path / "a.mkv"
    with path.open("wb", buffering=0) as file:
        writer = MatroskaWriter(file, CREATED, "demo")
        events, sound = writer.add("S_TEXT/UTF8", "events", {}), writer.add("A_OPUS", "Ana microphone", {})
        codec = av.CodecContext.create("libopus", "w")
        codec.sample_rate, codec.layout, codec.format = 48_000, "stereo", "s16"
        blocks = [Block(events, 5, '{"event": "grüß"}'.encode(), True, 1000)]
        for number in range(50):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1920), np.int16), "s16", "stereo")
            frame.sample_rate, frame.pts = 48_000, 960 * number
            blocks += [Block(sound, 20 * number, bytes(packet)) for packet in codec.encode(frame)]
        writer.cluster(blocks)
        writer.finish()
    with av.open(str(path)) as container:
        texts = [bytes(packet) for packet in container.demux(container.streams.subtitles[0]) if packet.size]
        assert texts == ['{"event": "grüß"}'.encode()]
        container.seek(0)
        frames = list(container.decode(container.streams.audio[0]))
        assert sum(frame.samples for frame in frames) >= 48_000 - 960
        assert frames[0].sample_rate == 48_000 and frames[0].layout.nb_channels == 2


class FullDisk(io.BytesIO):
    room = 1 << 40

    def write(self, data) -> int:
        if self.tell() + len(data) > self.room:
            super().write(bytes(data)[: max(0, self.room - self.tell())])
            raise OSError(28, "No space left on device")
        return super().write(data)


def test_a_full_disk_leaves_what_was_whole(tmp_path: Path):
    file = FullDisk()
    writer = MatroskaWriter(file, CREATED, "demo")
    track = writer.add("V_VP8", "Ana camera", {}, 64, 48)
    writer.cluster(pictures(track, 0, encoded(25)))
    file.room = writer.end + 100
    with pytest.raises(OSError, match="No space left"):
        writer.cluster(pictures(track, 1000, encoded(25)))
    assert len(file.getvalue()) == writer.end
    path = tmp_path / "a.mkv"
    path.write_bytes(file.getvalue())
    assert len(read(path)["Ana camera"]) == 25


def test_a_table_that_is_full_refuses_and_keeps_what_it_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(matroska, "TABLE_BYTES", 4096)
    path = tmp_path / "a.mkv"
    with path.open("wb", buffering=0) as file:
        writer = MatroskaWriter(file, CREATED, "demo")
        with pytest.raises(TooManyTracks, match="no room"):
            for number in range(1000):
                writer.add("V_VP8", f"Participant {number} camera", {"PARTICIPANT": f"Participant {number}"})
        assert len(writer.entries) > 10
        writer.cluster(pictures(3, 0, encoded(5)))
    assert len(read(path)["Participant 2 camera"]) == 5


@pytest.mark.parametrize("total", [2, 3, 99, 100, 101, 4096, 98_304])
def test_voids_are_of_the_length_asked_for(total: int):
    assert len(void(total)) == total


def test_sizes():
    assert (size(0), size(126), size(127)) == (b"\x80", b"\xfe", b"\x40\x7f")
    assert size(5, 8) == b"\x01\x00\x00\x00\x00\x00\x00\x05"
    with pytest.raises(ValueError, match="does not fit"):
        size(1000, 1)
