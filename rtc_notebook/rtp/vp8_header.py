"""What a VP8 frame's header says of its quality (RFC 6386, 9 and 19.2)."""

from __future__ import annotations

_TAG_BYTES, _KEYFRAME_BYTES = 3, 10


def quantizer(frame: bytes) -> int | None:
    """Return the index of a frame's quantizer, from 0 (finest) to 127; None if it is no frame."""
    if len(frame) < _KEYFRAME_BYTES:
        return None
    keyframe = not frame[0] & 1
    bits = _Bits(frame[_KEYFRAME_BYTES if keyframe else _TAG_BYTES :][:64])
    if keyframe:
        bits.take(2)  # colour space, clamping
    if bits.take(1):  # segmentation
        _skip_segmentation(bits)
    bits.take(1 + 6 + 3)  # the loop filter's type, level, sharpness
    if bits.take(1) and bits.take(1):
        for _ in range(8):  # its deltas for reference frames and modes
            if bits.take(1):
                bits.take(6 + 1)
    bits.take(2)  # how many partitions there are
    return bits.take(7)


def _skip_segmentation(bits: _Bits) -> None:
    maps, data = bits.take(1), bits.take(1)
    if data:
        bits.take(1)  # whether values are absolute
        for width in (7, 6):  # quantizers, loop filter levels
            for _ in range(4):
                if bits.take(1):
                    bits.take(width + 1)
    if maps:
        for _ in range(3):
            if bits.take(1):
                bits.take(8)


class _Bits:
    """The boolean decoder (RFC 6386, 7.3) for values of even probability. Beyond the end there are zeros."""

    def __init__(self, data: bytes) -> None:
        self._data = data + b"\0" * 64
        self._at = 2
        self._value = int.from_bytes(self._data[:2], "big")
        self._range = 255
        self._shifted = 0

    def take(self, count: int) -> int:
        """Return an unsigned number of so many bits."""
        number = 0
        for _ in range(count):
            number = 2 * number + self._bit()
        return number

    def _bit(self) -> int:
        split = 1 + ((self._range - 1) * 128 >> 8)
        bit = self._value >= split << 8
        if bit:
            self._range -= split
            self._value -= split << 8
        else:
            self._range = split
        while self._range < 128:
            self._value <<= 1
            self._range <<= 1
            self._shifted += 1
            if self._shifted == 8:
                self._shifted = 0
                self._value |= self._data[self._at] if self._at < len(self._data) else 0
                self._at += 1
        return int(bit)
