"""Reads a recording while it is still being written: what `rtc_notebook.recording.matroska` writes, and only that.

FFmpeg reads a file's header once; here tracks that come later are found too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from .matroska import CLUSTER, CUES, SEEK_BYTES, TABLE_BYTES, TAGS, TRACKS

_SEGMENT = bytes.fromhex("18538067")
_INFO = bytes.fromhex("1549a966")


class Tailed(NamedTuple):
    """A block: which track, when (ms), and what; a keyframe or a text where it says so."""

    track: int
    ms: int
    data: bytes
    keyframe: bool


@dataclass(frozen=True)
class TailedTrack:
    """A track of the file's table."""

    number: int
    codec: str
    name: str
    tags: dict[str, str]


class Tail:
    """Gives a growing file's blocks, cluster by cluster.

    Parameters
    ----------
    file : binary file
        The recording, open for reading.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        head = file.read(4096)
        info = head.find(_SEGMENT) + 12 + SEEK_BYTES
        if head[info : info + 4] != _INFO:
            raise ValueError("This is no recording of this version's.")
        size, length = _size(head, info + 4)
        self._table_at = info + 4 + length + size
        self._at = self._table_at + TABLE_BYTES
        self.finished = False
        """Whether the writer has finished the file, and all of it was read."""

    def tracks(self) -> dict[int, TailedTrack]:
        """Return the tracks that there are now."""
        self._file.seek(self._table_at)
        table = self._file.read(TABLE_BYTES)
        found: dict[int, TailedTrack] = {}
        tags: dict[int, dict[str, str]] = {}
        for id, body in _elements(table):
            if id == TRACKS:
                for _, entry in _elements(body):
                    parts = dict(_elements(entry))
                    number = int.from_bytes(parts[0xD7], "big")
                    found[number] = TailedTrack(number, parts[0x86].decode(), parts[0x536E].decode(), {})
            elif id == TAGS:
                for _, tag in _elements(body):
                    target = dict(_elements(dict(_elements(tag))[0x63C0]))
                    simple = [dict(_elements(part)) for name, part in _elements(tag) if name == 0x67C8]
                    values = {one[0x45A3].decode(): one[0x4487].decode() for one in simple}
                    tags[int.from_bytes(target[0x63C5], "big")] = values
        for number, values in tags.items():
            found[number].tags.update(values)
        return found

    def cluster(self) -> list[Tailed] | None:
        """Return the next cluster's blocks, or None while there is none that is whole."""
        self._file.seek(self._at)
        head = self._file.read(12)
        if len(head) < 5:
            return None
        id = int.from_bytes(head[:4], "big")
        size, length = _size(head, 4)
        if id == CUES:
            self.finished = True
            return None
        body = self._file.read(size - (12 - 4 - length)) if size > 8 - length else b""
        body = (head[4 + length :] + body)[:size]
        if id != CLUSTER or len(body) < size:
            return None
        self._at += 4 + length + size
        base, blocks = 0, []
        for inner, data in _elements(body):
            if inner == 0xE7:
                base = int.from_bytes(data, "big")
            elif inner == 0xA3:
                blocks.append(_block(data, base, bool(data[_size(data, 0)[1] + 2] & 0x80)))
            elif inner == 0xA0:
                blocks.append(_block(dict(_elements(data))[0xA1], base, True))
        return blocks


def _block(data: bytes, base: int, keyframe: bool) -> Tailed:
    track, length = _size(data, 0)
    ms = base + int.from_bytes(data[length : length + 2], "big", signed=True)
    return Tailed(track, ms, data[length + 3 :], keyframe)


def _size(data: bytes, at: int) -> tuple[int, int]:
    """Return a variable-size integer and its length (RFC 8794, 4)."""
    length = 9 - data[at].bit_length()
    return int.from_bytes(data[at : at + length], "big") & ((1 << 7 * length) - 1), length


def _elements(data: bytes) -> list[tuple[int, bytes]]:
    found, at = [], 0
    while at < len(data):
        length = 9 - data[at].bit_length()
        id = int.from_bytes(data[at : at + length], "big")
        size, more = _size(data, at + length)
        begin = at + length + more
        found.append((id, data[begin : begin + size]))
        at = begin + size
    return found
