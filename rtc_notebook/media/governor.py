"""Keeps a stream near its bitrate where coarser quantizing no longer does, as with noise. Without I/O."""

from __future__ import annotations

from collections import deque

DEBT_SECONDS = 0.4
"""How far ahead of its bitrate a stream may be before pictures are left out: more than a keyframe takes."""

TOLERANCE = 1.1

OVERRUN = 2.5
"""So many times the bitrate, and the pictures are made smaller; below that, fewer."""

EXCESS = 12
"""So many times its share, and a picture is not sent, but encoded anew: coarsely from the start, or smaller."""

LARGEST_SCALE = 4
SMALLEST_SIDE = 120
_FRAMES = 4

FINE_QUANTIZER = 30
"""Mean index (of 0 to 127) at which there is room for larger pictures; WebRTC's encoders have 29."""

_FIRST_PATIENCE, _LONGEST_PATIENCE = 2.0, 60.0
_LONGEST_INTERVAL = 1.0
_SMOOTHING = 0.1


class Governor:
    """Decides which pictures are encoded, and at what part of their size.

    A picture that is noise takes 15 times its share at the coarsest quantizer. Sent all the same, it would be lost on
    the way together with everything after it, and so would be the keyframe that is asked for then.

    Attributes
    ----------
    scale : int
        By what the sides are to be divided: 1, 2 or 4.
    coarse : bool
        Whether the coarsest quantizers are needed. An encoder begins with the coarsest that it may use, and a still or
        a calm picture would look it; so it may use them only once the others took too much.
    """

    def __init__(self) -> None:
        self._size = (0, 0)
        self._reset()

    def _reset(self) -> None:
        self.scale = 1
        self.coarse = False
        self._debt = 0.0  # in bits
        self._again = False
        self._last: float | None = None
        self._interval = 1 / 30
        self._newest: deque[float] = deque(maxlen=_FRAMES)
        self._fine_since: float | None = None
        self._patience = _FIRST_PATIENCE
        self._grown: float | None = None

    def due(self, seconds: float, size: tuple[int, int], bitrate: int) -> bool:
        """Tell whether to encode a picture of this size (width, height), captured at this time."""
        if size != self._size:
            self._size = size
            self._reset()
        if self._last is not None:
            passed = max(0.0, seconds - self._last)
            self._debt = max(0.0, self._debt - passed * TOLERANCE * bitrate)
            self._interval += (min(passed, _LONGEST_INTERVAL) - self._interval) * _SMOOTHING
        self._last = seconds
        if self._debt < DEBT_SECONDS * bitrate:
            return True
        self.coarse = True
        return False

    def encoded(self, bits: int, keyframe: bool, bitrate: int) -> bool:
        """Take note of what a picture took; False if it is not to be sent, but encoded anew by a new encoder."""
        share = bitrate * self._interval
        if bits > EXCESS * share and (not self._again or self._shrink()):
            self._again = self.coarse = True
            return False
        self._debt += bits
        if not keyframe or self._again:
            self._newest.append(bits)
            if len(self._newest) == _FRAMES and sum(self._newest) / _FRAMES > OVERRUN * share:
                self._shrink() if self.coarse else self._coarsen()
        self._again = False
        return True

    def quantized(self, index: int) -> None:
        """Take note of how coarsely a picture was quantized; enough fine ones, and it may be larger again."""
        now = self._last or 0.0
        if not self.coarse or index > FINE_QUANTIZER:
            self._fine_since = None
        elif self._fine_since is None:
            self._fine_since = now
        elif now - self._fine_since >= self._patience and self.scale == 1:
            self.coarse = False
        elif now - self._fine_since >= self._patience:
            self.scale //= 2
            self._grown, self._fine_since = now, None
            self._newest.clear()

    def _coarsen(self) -> None:
        self._newest.clear()
        self.coarse = True

    def _shrink(self) -> bool:
        self._newest.clear()
        if self.scale == LARGEST_SCALE or min(self._size) // (2 * self.scale) < SMALLEST_SIDE:
            return False
        now = self._last or 0.0
        again = self._grown is not None and now - self._grown < 2 * self._patience
        self._patience = min(2 * self._patience, _LONGEST_PATIENCE) if again else _FIRST_PATIENCE
        self.scale *= 2
        self._fine_since = None
        return True
