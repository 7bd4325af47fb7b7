"""What the author wants called when something happens in the call."""

from __future__ import annotations

import contextvars
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

_WAITING = 256


class Listeners:
    """Callbacks by event, run one after the other in a thread of their own.

    A listener may block or use the call as it likes: events wait meanwhile, up to a bound beyond which the oldest are
    left out, so that the last, the call's end, is told in any case. What it prints appears under the cell that set it,
    and what it raises is shown there and harms nothing.

    Parameters
    ----------
    events : iterable of str
        The events there are.
    """

    def __init__(self, events: Iterable[str]) -> None:
        self.events = tuple(events)
        self._by_event: dict[str, dict[Callable[..., Any], contextvars.Context]] = {name: {} for name in self.events}
        self._waiting: deque[tuple[str, tuple[Any, ...]]] = deque()
        self._over = False
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def add(self, event: str, function: Callable[..., Any]) -> Callable[[], None]:
        """Call ``function`` at every ``event``; return what stops that. Added twice, it is called once.

        Raises
        ------
        ValueError
            If there is no such event.
        """
        if event not in self._by_event:
            raise ValueError(f"There is no event {event!r}. There are: {', '.join(self.events)}.")
        # ipykernel finds the cell that output belongs to in the context
        self._by_event[event] = {**self._by_event[event], function: contextvars.copy_context()}
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="rtc-notebook listeners", daemon=True)
            self._thread.start()

        def off() -> None:
            self._by_event[event] = {f: c for f, c in self._by_event[event].items() if f is not function}

        return off

    def emit(self, event: str, *args: Any) -> None:
        """Have the listeners called, soon; never blocks."""
        if not self._by_event[event]:
            return
        left_out = ""
        with self._changed:
            if len(self._waiting) >= _WAITING:
                left_out, _ = self._waiting.popleft()
            self._waiting.append((event, args))
            self._changed.notify()
        if left_out:
            print(f"rtc-notebook: a listener takes too long; {left_out!r} is left out.", file=sys.stderr)

    def close(self) -> None:
        """End once everything that waits has been told."""
        with self._changed:
            self._over = True
            self._changed.notify()

    def _next(self) -> tuple[str, tuple[Any, ...]] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._over)
            return self._waiting.popleft() if self._waiting else None

    def _run(self) -> None:
        while (item := self._next()) is not None:
            event, args = item
            for function, context in list(self._by_event[event].items()):
                context.copy().run(_call, function, args)


def _call(function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    try:
        function(*args)
    except BaseException as error:
        frames = error.__traceback__ and error.__traceback__.tb_next  # from the author's own frame on
        traceback.print_exception(type(error), error, frames, file=sys.stderr)
