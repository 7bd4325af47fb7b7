"""What a call shows under its cell: the call's widget, and below it the controls of its filters."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from ipywidgets import VBox

from .widget import CallWidget


class CallView(VBox):  # type: ignore[misc]  # ipywidgets has no types
    """One for each call, however often it is shown: all views of it share the call's one connection."""

    def __init__(self, widget: CallWidget) -> None:
        self._lock = threading.Lock()
        self._controls = VBox()
        self._controls.add_class("rtc-filter-controls")
        self._controls.layout.display = "none"
        super().__init__([widget, self._controls])
        self.add_class("rtc-view")

    def show_controls(self, boxes: Sequence[Any]) -> None:
        """Show these below the call; from any thread."""
        with self._lock:
            if self._controls.children != tuple(boxes):
                self._controls.layout.display = None if boxes else "none"
                self._controls.children = tuple(boxes)

    def __repr__(self) -> str:
        return f"<CallView of room {self.children[0].room!r}>"
