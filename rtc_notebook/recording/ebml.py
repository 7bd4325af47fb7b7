"""The little of EBML (RFC 8794) that writing Matroska takes: identifiers, sizes, values."""

from __future__ import annotations

import struct

UNKNOWN_SIZE = b"\x01" + b"\xff" * 7
"""The size of an element that is still being written (RFC 8794, 6.2)."""


def identifier(id: int) -> bytes:
    """Return an element's id; it carries its own length."""
    return id.to_bytes((id.bit_length() + 7) // 8, "big")


def size(value: int, length: int | None = None) -> bytes:
    """Return a size as a variable-size integer, in ``length`` bytes or as few as it takes.

    Raises
    ------
    ValueError
        If it does not fit.
    """
    needed = next(n for n in range(1, 9) if value < (1 << 7 * n) - 1)  # all ones would be the unknown size
    length = length or needed
    if length < needed:
        raise ValueError(f"The size {value} does not fit into {length} bytes.")
    return (value | 1 << 7 * length).to_bytes(length, "big")


def element(id: int, *parts: bytes) -> bytes:
    """Return an element made of its parts."""
    body = b"".join(parts)
    return identifier(id) + size(len(body)) + body


def uint(id: int, value: int) -> bytes:
    """Return an unsigned integer element."""
    return element(id, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))


def float64(id: int, value: float) -> bytes:
    """Return a floating point element of eight bytes."""
    return element(id, struct.pack(">d", value))


def text(id: int, value: str) -> bytes:
    """Return a UTF-8 string element."""
    return element(id, value.encode())


def void(total: int) -> bytes:
    """Return an element without meaning that takes exactly ``total`` bytes, two at least (RFC 8794, 11.3.2)."""
    length = 1 if total < 100 else 8
    return identifier(0xEC) + size(total - 1 - length, length) + bytes(total - 1 - length)
