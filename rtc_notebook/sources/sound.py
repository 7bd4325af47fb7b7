"""Sound: arrays of samples, and whatever gives block after block."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any

import numpy as np

from ..errors import SourceError
from .source import Pace, Source

RATE = 48_000
BLOCK = 960
"""Samples in a block, 20 ms."""

HEAD_START_SECONDS = 0.3
"""From when the room shows the track to its first sound: others then need not miss it."""

ARRAY_LEAD_SECONDS, LEAD_SECONDS = 1.0, 0.25
"""How far ahead of its time sound is handed over: so long may a busy cell hold it up unheard."""

EMPTY_SECONDS = 0.001
"""At least so long nothing is asked of a source that had nothing to give."""

Samples = np.ndarray[Any, np.dtype[np.float32]]

_ACCEPTED = (
    "float arrays in [-1, 1], or int16, of shape (samples,), (samples, 1) or (samples, 2), at 48000 samples a second"
)


def is_sound(value: Any) -> bool:
    """Whether an array is sound rather than a picture: of float or int16, and of one dimension or two columns at most.

    No picture is that narrow: a still of one or two columns goes by ``kind="video"``.
    """
    return (
        isinstance(value, np.ndarray)
        and (value.dtype.kind == "f" or value.dtype == np.int16)
        and (value.ndim == 1 or (value.ndim == 2 and value.shape[1] in (1, 2)))
    )


def to_samples(value: Any) -> Samples:
    """Return sound as ``float32 (samples, channels)``, one channel or two, in [-1, 1].

    Raises
    ------
    SourceError
        If it is no sound; says what it is and what is accepted.
    """
    array = np.asarray(value)
    good = array.ndim == 1 or (array.ndim == 2 and array.shape[1] in (1, 2))
    if not good or not (array.dtype.kind == "f" or array.dtype == np.int16):
        what = "None" if value is None else f"An array of {array.dtype} with shape {array.shape}"
        raise SourceError(f"{what} is no sound. Accepted are {_ACCEPTED}.")
    if array.dtype == np.int16:
        array = array.astype(np.float32) / 32768
    elif not np.isfinite(array).all():
        bad = int(array.size - np.isfinite(array).sum())
        raise SourceError(f"The sound has {bad} samples that are NaN or infinite; numpy.nan_to_num(...) replaces them.")
    columns = array if array.ndim == 2 else array[:, None]
    samples: Samples = np.clip(columns, -1, 1).astype(np.float32)
    return samples


class Sound(Source):
    """An array, played once."""

    kinds = ("audio",)

    def __init__(self, samples: Samples) -> None:
        if not len(samples):
            raise SourceError("The sound is an array without samples; there is nothing to play.")
        self._samples = samples

    def frames(self, pace: Pace) -> Generator[Samples, None, None]:
        """Yield it in blocks."""
        yield from _paced([self._samples], pace, ARRAY_LEAD_SECONDS)


class SoundBlocks(Source):
    """Blocks of any length, none too, out of an iterable, played without gaps as long as they come in time."""

    kinds = ("audio",)

    def __init__(self, blocks: Iterable[Any]) -> None:
        self._blocks = blocks

    def frames(self, pace: Pace) -> Generator[Samples, None, None]:
        """Yield one after the other, cut to blocks of 20 ms."""
        blocks = iter(self._blocks)
        try:
            yield from _paced((to_samples(block) for block in blocks), pace, LEAD_SECONDS)
        finally:
            close = getattr(blocks, "close", None)
            if close is not None:
                close()


class SoundFunction(Source):
    """A function from times (seconds since the start, one a sample) to samples; where it fails, there is silence."""

    kinds = ("audio",)

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self._function = function

    def frames(self, pace: Pace) -> Generator[Samples, None, None]:
        """Yield what it returns for each 20 ms."""
        yield from _paced(self._blocks(pace), pace, LEAD_SECONDS)

    def _blocks(self, pace: Pace) -> Iterator[Samples]:
        begin = 0
        while True:
            try:
                block = to_samples(self._function(np.arange(begin, begin + BLOCK) / RATE))
                if len(block) != BLOCK:
                    raise SourceError(
                        f"The function returned {len(block)} samples for {BLOCK} times; return one for each."
                    )
            except Exception as error:
                pace.failed(error)
                block = np.zeros((BLOCK, 1), np.float32)
            yield block
            begin += BLOCK


def _paced(blocks: Iterable[Samples], pace: Pace, lead: float) -> Iterator[Samples]:
    """Cut into blocks of 20 ms and yield each ``lead`` seconds before its time; wait at the end until all is heard."""
    if not pace.until(HEAD_START_SECONDS):
        return
    begun = pace.elapsed()
    given = 0
    rest: Samples | None = None
    for block in blocks:
        if not len(block):
            if not pace.until(max(begun + given / RATE - lead, pace.elapsed() + EMPTY_SECONDS)):
                return
            continue
        if rest is not None and rest.shape[1] != block.shape[1]:
            rest = np.repeat(rest[:, :1], block.shape[1], 1)
        samples = block if rest is None else np.concatenate((rest, block))
        whole = len(samples) // BLOCK * BLOCK
        for begin in range(0, whole, BLOCK):
            if pace.elapsed() > begun + given / RATE:
                begun = pace.elapsed() - given / RATE  # late: what follows is due later too
            if not pace.until(begun + given / RATE - lead):
                return
            yield samples[begin : begin + BLOCK]
            given += BLOCK
        rest = samples[whole:]
    if rest is not None and len(rest):
        yield np.pad(rest, ((0, BLOCK - len(rest)), (0, 0)))
        given += BLOCK
    pace.until(begun + given / RATE)
