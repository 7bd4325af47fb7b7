"""Writes Matroska (RFC 9559) so that the file is whole after every write, and tracks may come at any time.

The header has room for tracks to come: when one does, the table is written anew in its place, in one write and before
the track's first block. Clusters are written whole. So whatever happens to the writer, what stands in the file up to
then is a Matroska file that ends early; only the index for seeking is written at the end.
"""

from __future__ import annotations

import os
import struct
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, Literal, NamedTuple

from .._version import __version__
from .ebml import UNKNOWN_SIZE, element, float64, identifier, size, text, uint, void

Codec = Literal["V_VP8", "A_OPUS", "S_TEXT/UTF8"]

TABLE_BYTES = 96 * 1024
"""Room for the tracks and their tags: some 250 of them."""

CLUSTER_MS = 5_000
"""How long a cluster is at most; its blocks' times are signed 16 bits after its own (RFC 9559, 10.1)."""

SEEK_BYTES = 64
EPOCH = 978_307_200  # 2001-01-01, which Matroska's dates count from
_TYPES = {"V": 1, "A": 2, "S": 17}
_OPUS_HEAD = b"OpusHead" + struct.pack("<BBHIhB", 1, 2, 0, 48_000, 0, 0)  # RFC 7845, 5.1
INFO, TRACKS, TAGS, CUES = 0x1549A966, 0x1654AE6B, 0x1254C367, 0x1C53BB6B
CLUSTER, SEGMENT, SEEK_HEAD = 0x1F43B675, 0x18538067, 0x114D9B74


class TooManyTracks(Exception):
    """The header has no room for another track."""


@dataclass
class Entry:
    """A track in the file's table. ``tags`` are read by programs, ``name`` by people."""

    number: int
    codec: Codec
    name: str
    tags: Mapping[str, str] = field(default_factory=dict)
    width: int = 0
    height: int = 0

    def encode(self) -> bytes:
        """Return the TrackEntry."""
        kind = self.codec[0]
        parts = [
            uint(0xD7, self.number),
            uint(0x73C5, self.number),  # the UID
            uint(0x83, _TYPES[kind]),
            uint(0x9C, 0),  # no lacing
            uint(0x88, kind != "S"),  # events are not shown unless asked for
            text(0x86, self.codec),
            text(0x536E, self.name),
            text(0x22B59C, "und"),
        ]
        if kind == "V":
            parts.append(element(0xE0, uint(0xB0, self.width or 640), uint(0xBA, self.height or 360)))
        elif kind == "A":
            parts.append(element(0xE1, float64(0xB5, 48_000.0), uint(0x9F, 2)))
            parts += [element(0x63A2, _OPUS_HEAD), uint(0x56AA, 0), uint(0x56BB, 80_000_000)]
        return element(0xAE, *parts)

    def encode_tags(self) -> bytes:
        """Return the Tag element."""
        simple = [element(0x67C8, text(0x45A3, name), text(0x4487, value)) for name, value in self.tags.items()]
        return element(0x7373, element(0x63C0, uint(0x63C5, self.number)), *simple)


class Block(NamedTuple):
    """An encoded frame; ``ms`` since the file's beginning, ``duration`` (ms) for texts alone."""

    track: int
    ms: int
    data: bytes
    keyframe: bool = True
    duration: int = 0

    def encode(self, base: int) -> bytes:
        """Return the block in a cluster that begins at ``base``."""
        head = size(self.track) + struct.pack(">h", self.ms - base)
        if self.duration:
            block = element(0xA1, head, b"\x00", self.data)
            return element(0xA0, block, uint(0x9B, self.duration))
        return element(0xA3, head, b"\x80" if self.keyframe else b"\x00", self.data)


class MatroskaWriter:
    """Writes into an empty, seekable, unbuffered file.

    Parameters
    ----------
    file : binary file
        Open for writing, without a buffer; closed by whoever opened it.
    created : float
        When the recording begins, seconds since the epoch.
    title : str
        What the file is of.
    """

    def __init__(self, file: BinaryIO, created: float, title: str) -> None:
        self.entries: list[Entry] = []
        self.duration = 0
        self._file = file
        self._rows: list[tuple[bytes, bytes]] = []  # each track's entry and tags, encoded
        self._cues: list[tuple[int, int, int]] = []
        header = element(
            0x1A45DFA3,
            uint(0x4286, 1),
            uint(0x42F7, 1),
            uint(0x42F2, 4),
            uint(0x42F3, 8),
            text(0x4282, "matroska"),
            uint(0x4287, 4),
            uint(0x4285, 2),
        )
        self._size_at = len(header) + 4
        self._begin = self._size_at + 8  # positions inside a segment count from here
        app = f"rtc-notebook {__version__}"
        info = element(
            INFO,
            uint(0x2AD7B1, 1_000_000),  # timestamps are in milliseconds
            element(0x4461, struct.pack(">q", int((created - EPOCH) * 1e9))),
            text(0x7BA9, title),
            text(0x4D80, app),
            text(0x5741, app),
            float64(0x4489, 0.0),
        )
        self._table_at = self._begin + SEEK_BYTES + len(info)
        self._duration_at = self._table_at - 8
        self._write(header + identifier(SEGMENT) + UNKNOWN_SIZE + void(SEEK_BYTES) + info + self._table())
        self.end = self._table_at + TABLE_BYTES

    def add(self, codec: Codec, name: str, tags: Mapping[str, str], width: int = 0, height: int = 0) -> int:
        """Add a track and return its number.

        Raises
        ------
        TooManyTracks
            If there is no room for it; the others are as they were.
        OSError
            If it cannot be written.
        """
        entry = Entry(len(self.entries) + 1, codec, name, tags, width, height)
        row = (entry.encode(), entry.encode_tags())
        used = sum(len(part) for each in [*self._rows, row] for part in each)
        if used > TABLE_BYTES - 32:
            raise TooManyTracks(f"A recording has no room for more than {len(self.entries)} tracks.")
        self.entries.append(entry)
        self._rows.append(row)
        self._overwrite(self._table_at, self._table())
        return entry.number

    def resize(self, number: int, width: int, height: int) -> None:
        """Note a picture's size; the header names the largest, as players make their windows by it."""
        entry = self.entries[number - 1]
        if width * height > entry.width * entry.height:
            entry.width, entry.height = width, height
            self._rows[number - 1] = (entry.encode(), entry.encode_tags())
            self._overwrite(self._table_at, self._table())

    def cluster(self, blocks: list[Block]) -> None:
        """Write blocks, in the order of their times, in as many clusters as that takes.

        Raises
        ------
        OSError
            If they cannot be written; the file then ends with the last cluster that could be.
        """
        blocks = sorted(blocks, key=lambda block: block.ms)
        while blocks:
            base = blocks[0].ms
            count = bisect_right(blocks, base + CLUSTER_MS, key=lambda block: block.ms)
            self._cluster(base, blocks[:count])
            blocks = blocks[count:]

    def _cluster(self, base: int, blocks: list[Block]) -> None:
        data = element(CLUSTER, uint(0xE7, base), *(block.encode(base) for block in blocks))
        try:
            self._file.seek(self.end)
            self._write(data)
        except OSError:
            self._file.truncate(self.end)
            raise
        self._index(blocks)
        self.end += len(data)
        last = blocks[-1]
        if last.ms + last.duration > self.duration:
            self.duration = last.ms + last.duration
            self._overwrite(self._duration_at, struct.pack(">d", float(self.duration)))

    def finish(self) -> None:
        """Write the index and the sizes.

        Raises
        ------
        OSError
            If that does not fit any more: the file is playable, seeking is slower.
        """
        cues = element(CUES, *(self._cue(*cue) for cue in self._cues))
        if self._cues:
            try:
                self._file.seek(self.end)
                self._write(cues)
            except OSError:
                self._file.truncate(self.end)
                raise
        seek = [(INFO, SEEK_BYTES), (TRACKS, self._table_at - self._begin)]
        if self._cues:
            seek.append((CUES, self.end - self._begin))
            self.end += len(cues)
        entries = (element(0x4DBB, element(0x53AB, identifier(id)), uint(0x53AC, at)) for id, at in seek)
        head = element(SEEK_HEAD, *entries)
        self._overwrite(self._begin, head + void(SEEK_BYTES - len(head)))
        self._overwrite(self._size_at, size(self.end - self._begin, 8))

    def _index(self, blocks: list[Block]) -> None:
        """Note where seeking may go: the keyframes of pictures, or sound where there are none."""
        at = self.end - self._begin
        pictures = {entry.number for entry in self.entries if entry.codec == "V_VP8"}
        cued = set()
        for block in blocks:
            seekable = block.keyframe and (block.track in pictures or not pictures) and not block.duration
            if seekable and block.track not in cued:
                cued.add(block.track)
                self._cues.append((block.ms, block.track, at))

    @staticmethod
    def _cue(ms: int, track: int, at: int) -> bytes:
        return element(0xBB, uint(0xB3, ms), element(0xB7, uint(0xF7, track), uint(0xF1, at)))

    def _table(self) -> bytes:
        tracks = element(TRACKS, *(row[0] for row in self._rows))
        tags = element(TAGS, *(row[1] for row in self._rows))
        return tracks + tags + void(TABLE_BYTES - len(tracks) - len(tags))

    def _overwrite(self, at: int, data: bytes) -> None:
        self._file.seek(at)
        self._write(data)

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            written = self._file.write(rest)
            if not written:
                raise OSError(os.strerror(5))
            rest = rest[written:]
