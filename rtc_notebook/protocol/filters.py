"""Filters on somebody's picture or sound."""

from __future__ import annotations

from typing import Literal

from .base import Message, Struct

OnError = Literal["pass", "hold"]
FilterState = Literal["starting", "active", "held"]
Filterable = Literal["camera", "screen", "microphone"]


class FilterInfo(Struct, frozen=True):
    """A filter on a camera or screen: ``by`` gets the raw picture, everybody else track ``track``.

    ``state`` is ``starting`` until the processed track is published, then ``active``; ``held`` when the
    kernel is gone and ``on_error`` is ``hold``: then nobody gets the picture until it is filtered again or
    the filter is cleared.
    """

    by: str
    on_error: OnError
    state: FilterState
    track: str | None = None
    label: str = ""


class SetFilter(Message, frozen=True, tag="set-filter"):
    """A kernel takes somebody's picture or sound for filtering; kept while it is there, whatever track carries it.

    A refusal quotes the ``id``: an accepted filter shows nowhere before its person's camera is on.
    """

    participant: str
    source: Filterable = "camera"
    on_error: OnError = "pass"
    label: str = ""
    id: int | None = None


class ClearFilter(Message, frozen=True, tag="clear-filter"):
    """Takes a filter off: the raw picture is everybody's again."""

    participant: str
    source: Filterable = "camera"
