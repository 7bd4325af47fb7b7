"""Whether a Matroska file was cut off after it had been finished, as by a copy that broke off."""

from __future__ import annotations

from pathlib import Path

from .ebml import identifier
from .matroska import SEGMENT

_HEADER, _HEAD_BYTES = 0x1A45DFA3, 256


def missing_bytes(path: Path) -> int:
    """Return how many bytes a file lacks of what its header promises; 0 if that is not told, or it is none of these."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    at = head.find(identifier(SEGMENT))
    if not head.startswith(identifier(_HEADER)) or at < 0 or not head[at + 4 : at + 5]:
        return 0
    at += 4
    length = 9 - head[at].bit_length()  # RFC 8794, 4: the leading zeros of a size say how long it is
    size = int.from_bytes(head[at : at + length], "big") & ((1 << 7 * length) - 1)
    if size == (1 << 7 * length) - 1:
        return 0  # unknown: it was never finished, and ends where it ends
    return max(0, at + length + size - path.stat().st_size)
