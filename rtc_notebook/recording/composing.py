"""``python -m rtc_notebook.recording.composing RECORDING RESULT LAYOUT``: a recording as one picture with one sound.

A process of its own that follows the recording while it is written, at low priority: however slow it is, the call does
not know. It ends once the recording is finished, or when its stdin closes and all that stands in the file is done.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import av
import numpy as np

from ..grid import Picture
from ..grid import compose as side_by_side
from .mixing import RATE, Mixer
from .reading import Blocks, to_array
from .tailing import Tail, Tailed

WIDTH, HEIGHT, FPS = 1280, 720, 25
BEHIND_MS = 1500  # what came late is written within this
LOOK_SECONDS = 0.5
SOUND_SAMPLES = 1024


class Composer:
    """Takes a recording's blocks and writes pictures and sound."""

    def __init__(self, sink: Any) -> None:
        self._sink = sink
        self._picture = sink.add_stream(_encoder(), rate=FPS)
        self._picture.width, self._picture.height, self._picture.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        self._picture.codec_context.gop_size = FPS
        self._picture.bit_rate = 2_500_000
        if self._picture.codec_context.name == "libx264":
            self._picture.options = {"preset": "veryfast", "tune": "zerolatency"}
        self._sound = sink.add_stream("aac", rate=RATE)
        self._sound.codec_context.layout = "stereo"
        self._mixer = Mixer()
        self._decoders: dict[int, tuple[Any, Blocks]] = {}
        self._waiting: list[tuple[int, int, av.VideoFrame | None]] = []
        self._shown: dict[int, Picture] = {}
        self._names: dict[int, str] = {}
        self._drawn = self._heard = 0
        self.end_ms = 0

    def take(self, block: Tailed, codec: str, name: str) -> None:
        """Take a picture or a sound."""
        self.end_ms = max(self.end_ms, block.ms)
        if block.track not in self._decoders:
            self._decoders[block.track] = (
                av.CodecContext.create("vp8" if codec == "V_VP8" else "libopus", "r"),
                Blocks(),
            )
        decoder, blocks = self._decoders[block.track]
        try:
            frames = decoder.decode(av.Packet(block.data))
        except av.FFmpegError:
            return
        for frame in frames:
            if codec == "V_VP8":
                self._names[block.track] = name
                self._waiting.append((block.ms, block.track, frame))
            elif (samples := blocks.samples(frame)) is not None:
                self._mixer.add(block.track, block.ms / 1000, samples)

    def gone(self, ms: int, track: int) -> None:
        """Take note that a picture has ended."""
        self._waiting.append((ms, track, None))

    def write(self, until_ms: int) -> None:
        """Write everything up to there."""
        self._waiting.sort(key=lambda waiting: waiting[:2])
        while self._drawn * 1000 // FPS <= until_ms:
            now = self._drawn * 1000 // FPS
            while self._waiting and self._waiting[0][0] <= now:
                _, track, frame = self._waiting.pop(0)
                if frame is None:
                    self._shown.pop(track, None)
                else:
                    self._shown[track] = to_array(frame, "bgr")
            picture = av.VideoFrame.from_ndarray(self._draw(), "bgr24").reformat(format="yuv420p")
            picture.pts, picture.time_base = self._drawn, Fraction(1, FPS)
            self._sink.mux(self._picture.encode(picture))
            self._drawn += 1
        while (self._heard + SOUND_SAMPLES) * 1000 // RATE <= until_ms:
            samples = np.ascontiguousarray(self._mixer.take(SOUND_SAMPLES).T)
            block = av.AudioFrame.from_ndarray(samples, "fltp", "stereo")
            block.sample_rate, block.pts, block.time_base = RATE, self._heard, Fraction(1, RATE)
            self._sink.mux(self._sound.encode(block))
            self._heard += SOUND_SAMPLES

    def _draw(self) -> Picture:
        tracks = sorted(self._shown)
        names = [self._names[track] for track in tracks]
        return side_by_side([self._shown[track] for track in tracks], names, WIDTH, HEIGHT)

    def finish(self) -> None:
        """Write what is left."""
        self.write(self.end_ms)
        self._sink.mux(self._picture.encode(None))
        self._sink.mux(self._sound.encode(None))


def compose(recording: BinaryIO, result: str, stopped: threading.Event) -> None:
    """Follow a recording until it is finished, or until nothing comes any more once it has stopped."""
    tail = Tail(recording)
    tracks = tail.tracks()
    options = {"movflags": "frag_keyframe+empty_moov+default_base_moof", "flush_packets": "1"}  # playable at any moment
    with av.open(result, "w", format="mp4", options=options) as sink:
        composer = Composer(sink)
        while not tail.finished:
            last = stopped.is_set()
            blocks = tail.cluster()
            if blocks is None:
                if last or tail.finished:
                    break
                stopped.wait(LOOK_SECONDS)
                continue
            if any(block.track not in tracks for block in blocks):
                tracks = tail.tracks()
            for block in blocks:
                its = tracks[block.track]
                if its.codec == "S_TEXT/UTF8":
                    _event(composer, block, tracks)
                elif its.tags.get("RAW") != "1":
                    composer.take(block, its.codec, _name(its.tags))
            composer.write(composer.end_ms - BEHIND_MS)
        composer.finish()


def _event(composer: Composer, block: Tailed, tracks: dict[int, Any]) -> None:
    with contextlib.suppress(ValueError, AttributeError):
        event = json.loads(block.data)
        gone = event.get("event") in ("participant-left", "track-ended", "muted")
        for number, track in tracks.items() if gone else ():
            same = track.tags.get("PARTICIPANT") == event.get("participant")
            this = (track.tags["SOURCE"], track.tags.get("LABEL", ""))
            if same and track.codec == "V_VP8" and this == (event.get("source", this[0]), event.get("label", this[1])):
                composer.gone(block.ms, number)


def _name(tags: dict[str, str]) -> str:
    more = tags.get("LABEL") or ("screen" if tags.get("SOURCE") == "screen" else "")
    return tags.get("PARTICIPANT", "") + (f" - {more}" if more else "")


def _encoder() -> str:
    return "libx264" if "libx264" in av.codecs_available else "mpeg4"


def main(recording: str, result: str) -> None:
    """Compose, and remove the recording once that is done."""
    with contextlib.suppress(OSError):
        os.nice(10)
    stopped = threading.Event()

    def watch() -> None:
        while os.read(0, 4096):  # not by sys.stdin, whose lock would be in the way at the end
            pass
        stopped.set()

    threading.Thread(target=watch, daemon=True).start()
    while not Path(recording).exists() and not stopped.is_set():
        stopped.wait(0.05)
    if not Path(recording).exists():
        return  # it never began, which its author was told
    with open(recording, "rb") as file:
        compose(file, result, stopped)
    os.unlink(recording)


if __name__ == "__main__":
    main(*sys.argv[1:3])
