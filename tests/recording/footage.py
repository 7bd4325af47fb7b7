"""A recording made by hand, of which every picture and every sound is known."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from rtc_notebook.recording.matroska import Block, MatroskaWriter

CREATED = 1_700_000_000.5
FPS = 25


def picture(number: int, width: int, height: int) -> np.ndarray:
    """Return a picture whose brightness tells its number."""
    return np.full((height, width, 3), 20 + 2 * (number % 100), np.uint8)


def vp8(count: int, width: int, height: int) -> list[tuple[bytes, bool]]:
    codec = av.CodecContext.create("libvpx", "w")
    codec.width, codec.height, codec.pix_fmt, codec.time_base = width, height, "yuv420p", Fraction(1, 1000)
    codec.bit_rate, codec.gop_size = 500_000, 50
    codec.options = {"deadline": "realtime", "lag-in-frames": "0", "cpu-used": "8"}
    packets = []
    for number in range(count):
        frame = av.VideoFrame.from_ndarray(picture(number, width, height), "bgr24").reformat(format="yuv420p")
        frame.pts = number * 1000 // FPS
        packets += codec.encode(frame)
    return [(bytes(packet), packet.is_keyframe) for packet in packets]


def opus(seconds: float) -> list[bytes]:
    codec = av.CodecContext.create("libopus", "w")
    codec.sample_rate, codec.layout, codec.format = 48_000, "stereo", "s16"
    packets = []
    for number in range(round(seconds * 50)):
        tone = 8000 * np.sin(2 * np.pi * 440 * (np.arange(960) + 960 * number) / 48_000)
        frame = av.AudioFrame.from_ndarray(np.repeat(tone, 2).astype(np.int16).reshape(1, -1), "s16", "stereo")
        frame.sample_rate, frame.pts = 48_000, 960 * number
        packets += codec.encode(frame)
    return [bytes(packet) for packet in packets]


def lesson(path: Path, seconds: int = 4) -> Path:
    """Ana is there from the beginning, with a gap in her sound; Ben comes after a second, with another size later."""
    with path.open("wb", buffering=0) as file:
        writer = MatroskaWriter(file, CREATED, "lesson")
        events = writer.add("S_TEXT/UTF8", "events", {"SOURCE": "events"})
        ana = writer.add("V_VP8", "Ana camera", {"PARTICIPANT": "Ana", "SOURCE": "camera"}, 64, 48)
        raw = writer.add("V_VP8", "Ana camera (raw)", {"PARTICIPANT": "Ana", "SOURCE": "camera", "RAW": "1"}, 32, 32)
        sound = writer.add("A_OPUS", "Ana microphone", {"PARTICIPANT": "Ana", "SOURCE": "microphone"})
        ben = writer.add("V_VP8", "Ben camera", {"PARTICIPANT": "Ben", "SOURCE": "camera"}, 96, 80)
        joined = {"time": CREATED + 1, "event": "participant-joined", "participant": "Ben"}
        blocks = [Block(events, 1000, json.dumps(joined).encode(), True, 1000)]
        step = 1000 // FPS
        blocks += [Block(ana, step * n, *each) for n, each in enumerate(vp8(seconds * FPS, 64, 48))]
        blocks += [Block(raw, step * n, *each) for n, each in enumerate(vp8(seconds * FPS, 32, 32))]
        bens = vp8(FPS, 96, 80) + vp8((seconds - 2) * FPS, 64, 64)
        blocks += [Block(ben, 1000 + step * n, *each) for n, each in enumerate(bens)]
        blocks += [
            Block(sound, 20 * n, data) for n, data in enumerate(opus(seconds)) if not 50 <= n < 75
        ]  # half a second of silence
        blocks.sort(key=lambda block: block.ms)
        for second in range(seconds):
            writer.cluster([block for block in blocks if second <= block.ms // 1000 < second + 1])
        writer.finish()
    return path
