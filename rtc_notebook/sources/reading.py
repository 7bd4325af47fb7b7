"""Which source a value is."""

from __future__ import annotations

import inspect
import os
from collections.abc import AsyncIterable, Iterable, Mapping
from typing import Any

import numpy as np

from ..errors import SourceError
from ..protocol import Kind
from . import figure
from .file import open_file
from .pictures import PictureFunction, Pictures, Still, is_pil, to_picture
from .sound import Sound, SoundBlocks, SoundFunction, is_sound, to_samples
from .source import Source

_SOURCES = (
    "an array, a PIL image, a matplotlib figure, the path of a file, an iterable or generator of pictures, a function "
    "of time, or sound (see `help(Call.publish)`)"
)


def read(value: Any, kind: Kind | None = None) -> Source:
    """Return what a value is as a source.

    Parameters
    ----------
    value : object
        Anything that `rtc_notebook.Call.publish` takes.
    kind : {"video", "audio"}, optional
        What it gives; by default sound for arrays that look like it (see `is_sound`), otherwise pictures.

    Raises
    ------
    SourceError
        If it is nothing that can be published.
    """
    if kind not in (None, "video", "audio"):
        raise SourceError(f"kind is 'video' or 'audio', not {kind!r}.")
    if isinstance(value, str | os.PathLike):
        return open_file(value)
    drawn = figure.figure_of(value)
    if drawn is not None:
        figure.check(drawn)
        return figure.Figure(drawn)
    if kind == "audio" or (kind is None and is_sound(value)):
        return _sound(value)
    if isinstance(value, np.ndarray) and value.ndim == 4:
        return Pictures(value)
    if is_pil(value) or isinstance(value, np.ndarray):
        return Still(to_picture(value))
    if inspect.isgeneratorfunction(value):
        return Pictures(value())
    if _iterable(value):
        return Pictures(value)
    if callable(value):
        return PictureFunction(value)
    if hasattr(value, "__array__"):
        return Still(to_picture(value))
    raise SourceError(f"{value!r:.80} is nothing that can be published. That is {_SOURCES}.")


def _sound(value: Any) -> Source:
    if inspect.isgeneratorfunction(value):
        return SoundBlocks(value())
    if callable(value):
        return SoundFunction(value)
    if _iterable(value) and not (
        isinstance(value, list | tuple) and not any(isinstance(one, np.ndarray) for one in value)
    ):
        return SoundBlocks(value)
    return Sound(to_samples(value))


def _iterable(value: Any) -> bool:
    """Whether it gives one frame after the other; arrays and array-likes (of pandas, torch) are one frame."""
    if isinstance(value, AsyncIterable):
        raise SourceError("An asynchronous generator cannot be published; write it as a plain one.")
    return isinstance(value, Iterable) and not isinstance(value, bytes | Mapping) and not hasattr(value, "__array__")
