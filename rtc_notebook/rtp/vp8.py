"""VP8 in RTP payloads: where a keyframe begins, and how a frame is split (RFC 7741, 4.2 and 4.3)."""

from __future__ import annotations

PAYLOAD_BYTES = 1_200
"""Most bytes of one payload; with headers it stays under any usual path's MTU."""


def keyframe_size(payload: bytes) -> tuple[int, int] | None:
    """Return (width, height) in pixels if this RTP payload begins a keyframe, else None."""
    start = _frame_start(payload)
    if start is None or len(payload) < start + 10 or payload[start] & 1:
        return None
    if payload[start + 3 : start + 6] != b"\x9d\x01\x2a":
        return None
    width = int.from_bytes(payload[start + 6 : start + 8], "little") & 0x3FFF
    height = int.from_bytes(payload[start + 8 : start + 10], "little") & 0x3FFF
    return width, height


def _frame_start(payload: bytes) -> int | None:
    """Return where the VP8 frame's header is, or None if this payload does not begin a frame."""
    if not payload or payload[0] & 0x1F != 0x10:  # S=1 (start of partition), PID=0 (first partition)
        return None
    return _descriptor_size(payload)


def _descriptor_size(payload: bytes) -> int | None:
    position = 1
    if payload[0] & 0x80:
        if len(payload) < 3:
            return None
        extended = payload[1]
        position = 2
        if extended & 0x80:  # PictureID, of seven or fifteen bits
            position += 2 if payload[position] & 0x80 else 1
        if extended & 0x40:  # TL0PICIDX
            position += 1
        if extended & 0x30:  # TID or KEYIDX
            position += 1
    return position if position < len(payload) else None


def depacketize(payload: bytes) -> bytes:
    """Return the part of a VP8 frame that an RTP payload carries; empty if it carries none."""
    start = _descriptor_size(payload) if payload else None
    return b"" if start is None else payload[start:]


def packetize(frame: bytes, picture_id: int) -> list[bytes]:
    """Split a VP8 frame into RTP payloads, each with a descriptor that has a 15-bit picture id (RFC 7741, 4.2)."""
    identifier = (0x8000 | picture_id & 0x7FFF).to_bytes(2, "big")
    size = PAYLOAD_BYTES - 4
    return [
        bytes((0x80 if at else 0x90, 0x80)) + identifier + frame[at : at + size] for at in range(0, len(frame), size)
    ]
