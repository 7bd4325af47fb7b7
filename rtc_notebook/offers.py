"""The filters that people in the call may choose for themselves."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, MutableMapping
from typing import Any

from . import filters
from .filters.chain import chain, label_of
from .protocol import FilterOffer

READY_MADE = (
    "edges",
    "cartoon",
    "sketch",
    "blur",
    "pixelate",
    "grey",
    "sepia",
    "mirror",
    "FacePixelation",
    "BackgroundSubtraction",
    "MotionHeatMap",
    "OpticalFlow",
    "qr_codes",
    "timestamp",
)
"""What is offered at first, out of `rtc_notebook.filters`."""


class Offers(MutableMapping[str, Any]):
    """Filters by the names under which the call's filter menu shows them; ``clear()`` offers none.

    A value is what `Call.filter` takes, or a class, of which everybody gets an instance of their own.

    Examples
    --------
    >>> call.offered["drawing"] = [filters.mirror, filters.sketch]      # doctest: +SKIP
    >>> del call.offered["mirror"]                                      # doctest: +SKIP
    """

    def __init__(self) -> None:
        self._own: dict[str, Any] = {}
        self._ready_made = dict.fromkeys(READY_MADE)

    def __getitem__(self, name: str) -> Any:
        if name in self._own:
            return self._own[name]
        if name in self._ready_made:
            return getattr(filters, name)
        raise KeyError(name)

    def __setitem__(self, name: str, function: Any) -> None:
        if not inspect.isclass(function):
            chain(function)  # what could never be put on is refused here, where its author sees it
        self._own = {**self._own, name[:64]: function}

    def __delitem__(self, name: str) -> None:
        if name not in self:
            raise KeyError(name)
        self._own = {key: value for key, value in self._own.items() if key != name}
        self._ready_made = {key: None for key in self._ready_made if key != name}

    def __iter__(self) -> Iterator[str]:
        return iter([*self._own, *(name for name in self._ready_made if name not in self._own)])

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __repr__(self) -> str:
        return f"<offered filters: {', '.join(self) or 'none'}>"

    def make(self, name: str) -> Any:
        """Return the filter of this name, ready to be put on somebody.

        Raises
        ------
        KeyError
            If it is not offered.
        """
        function = self[name]
        return function() if inspect.isclass(function) else function

    def described(self) -> tuple[FilterOffer, ...]:
        """Return what the menu shows."""
        own = self._own
        return tuple(FilterOffer(name=name, about=_about(self[name]), own=name in own) for name in self)

    def add(self, function: Callable[..., Any], name: str | None = None) -> None:
        """Offer a filter under this name, or its own."""
        self[name or label_of(function)] = function


def _about(function: Any) -> str:
    if isinstance(function, (list, tuple)):
        return ""
    lines = (inspect.getdoc(function) or "").strip().splitlines()
    return lines[0].split("; ")[0][:200] if lines else ""
