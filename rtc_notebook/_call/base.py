"""What every part of a call needs."""

from __future__ import annotations

import sys
from typing import Literal

from ..environment import in_kernel
from ..participants import ME, Participant, Participants
from ..studio import Studio


class CallBase:
    """The inside of a call, and who is in it."""

    _studio: Studio
    _participants: Participants

    @property
    def phase(self) -> Literal["connecting", "connected", "reconnecting", "ended"]:
        """How it stands with the room."""
        return self._studio.phase

    @property
    def participants(self) -> Participants:
        """The others by name, live, with ``"me"`` for the browser that shows this call.

        Raises
        ------
        CallEnded
            If the call was left or has ended.
        """
        self._check()
        return self._participants

    def _show_controls(self) -> None:
        """Bring what is shown below the call up to date."""

    def _whom(self, who: str | Participant) -> str:
        if who == ME:
            if not in_kernel():
                print("rtc-notebook: a script has no browser of its own; name one with on='...'.", file=sys.stderr)
            return ME
        participant = self.participants[who]
        widget = self._studio.roster.widget
        return ME if widget is not None and widget.id == participant.id else participant.name

    def _check(self) -> None:
        over = self._studio.over()
        if over is not None:
            raise over
