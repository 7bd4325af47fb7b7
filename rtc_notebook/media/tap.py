"""What an encoder makes, for whoever keeps or measures it: the same bytes that go out."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass

from ..rtp.assembler import EncodedFrame

_REMEMBERED = 256

sending: ContextVar[Tap | None] = ContextVar("sending", default=None)
"""The tap of the track whose frame is being sent: set in the sender's task, read where it makes its encoder."""


@dataclass(frozen=True)
class Encoded:
    """A frame that was just encoded; ``captured`` in seconds since the epoch."""

    frame: EncodedFrame
    captured: float
    width: int = 0
    height: int = 0


class Tap:
    """Hands on what the encoder of one outgoing track makes, in the encoder's thread.

    Attributes
    ----------
    on_encoded : callable or None
        Called with each `Encoded` frame.
    wants_keyframe : bool
        The next picture is to be a keyframe; the encoder takes it back.
    loss : float
        The share of packets that get lost on the way to somebody, as last heard.
    """

    def __init__(self) -> None:
        self.on_encoded: Callable[[Encoded], None] | None = None
        self.wants_keyframe = False
        self.loss = 0.0
        self._sources: OrderedDict[int, float] = OrderedDict()
        self._captured: OrderedDict[int, float] = OrderedDict()

    def captured(self, source: int, captured: float) -> None:
        """Note when the picture with this timestamp of its source's was captured, seconds since the epoch."""
        _remember(self._sources, source, captured)

    def sends(self, pts: int, source: int) -> None:
        """Note which picture goes out with timestamp ``pts``."""
        if source in self._sources:
            _remember(self._captured, pts, self._sources[source])

    def captured_at(self, pts: int | None) -> float | None:
        """Return when what goes out with timestamp ``pts`` was captured, seconds since the epoch, if it is known."""
        return None if pts is None else self._captured.get(pts)

    def wish_keyframe(self) -> None:
        """Have the next picture be a keyframe."""
        self.wants_keyframe = True

    def take_keyframe_wish(self) -> bool:
        """Return whether a keyframe is wanted, once."""
        wish, self.wants_keyframe = self.wants_keyframe, False
        return wish

    def encoded(self, data: bytes, pts: int, keyframe: bool, width: int = 0, height: int = 0) -> None:
        """Hand on what was made of the frame with this timestamp."""
        if self.on_encoded is not None and data:
            frame = EncodedFrame(data, pts & 0xFFFFFFFF, keyframe)
            self.on_encoded(Encoded(frame, self._captured.get(pts, time.time()), width, height))


def _remember(times: OrderedDict[int, float], key: int, time: float) -> None:
    times[key] = time
    if len(times) > _REMEMBERED:
        times.popitem(last=False)
