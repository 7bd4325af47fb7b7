"""A session that stays behind the others, and yet gets on."""

from __future__ import annotations

from . import session

NICES = (19, 10, 5)
"""From the most that it gives way to the least; where that is too much still, it does not."""

LEAST, ENOUGH = 0.2, 0.6
"""Processors: what it gets at least where there is any to be had, and what lets it give way more again."""

PATIENCE = 3
"""So often it gets too little before it gives way less."""


class Background:
    """Keeps this process's session behind others: on a machine that is full to the brim, as far as it still gets on."""

    def __init__(self) -> None:
        self._steps: tuple[int, ...] = ()  # how nice it may be, the last one how nice it was
        self._step = 0
        self._starved = 0

    def stay(self, got: float) -> None:
        """Stay behind from now on; to be told again and again how many processors it got meanwhile."""
        if not self._steps:
            former = session.session_nice()
            if former is not None and former < NICES[0] and session.set_session_nice(NICES[0]):
                self._steps = (*(nice for nice in NICES if nice > former), former)
                self._step = self._starved = 0
            return
        self._starved = self._starved + 1 if got < LEAST else 0
        if self._starved >= PATIENCE:
            self._go(self._step + 1)
        elif got > ENOUGH:
            self._go(self._step - 1)

    def end(self, patience: float) -> None:
        """Be as before; for ``patience`` seconds if Linux does not let it at once, else at the next end."""
        if self._steps and session.set_session_nice(self._steps[-1], patience):
            self._steps = ()

    def _go(self, step: int) -> None:
        if 0 <= step < len(self._steps) and session.set_session_nice(self._steps[step]):
            self._step, self._starved = step, 0
