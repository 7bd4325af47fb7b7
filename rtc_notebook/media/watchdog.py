"""Notices connections to the SFU over which nothing comes any more, long before ICE does (RFC 7675: half a minute)."""

from __future__ import annotations

import math
from typing import Any

from ..rtp import seam

LOOK_SECONDS = 0.5
SILENT_SECONDS = 2.0
SILENT_OTHERWISE_SECONDS = 3.5
"""An SFU of another kind may say less than ours, which says something twice a second."""

LIVELY_LOOKS = 4
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 2.0, 16.0
CALM_SECONDS = 30.0


class Watchdog:
    """Watches over one connection at a time; ``look`` is asked twice a second."""

    def __init__(self) -> None:
        self._connection: Any = None
        self._received = -1
        self._heard_at = 0.0
        self._lively = 0
        self._looked = 0.0
        self._wait = FIRST_WAIT_SECONDS
        self._said_at = float("-inf")

    def quiet(self, now: float) -> float:
        """Return for how many seconds nothing has come, as of the last look; infinite where nothing can."""
        return math.inf if self._connection is None else now - self._heard_at

    def look(self, connection: Any, now: float) -> bool:
        """Say whether a connection has fallen silent; not again for a while, if it is made anew and is silent, too."""
        slept, self._looked = now - self._looked > 3 * LOOK_SECONDS, now  # this process, not the network
        if connection is None or connection.connectionState != "connected":
            self._connection = None
            return False
        received = received_packets(connection)
        if connection is not self._connection:
            self._connection, self._lively, self._received = connection, 0, -1
        if received != self._received or slept:
            self._lively = self._lively + 1 if received != self._received else 0
            self._received, self._heard_at = received, now
            return False
        silent = SILENT_SECONDS if self._lively >= LIVELY_LOOKS else SILENT_OTHERWISE_SECONDS
        if now - self._heard_at < silent or now - self._said_at < self._wait:
            return False
        calm = now - self._said_at > CALM_SECONDS
        self._wait = FIRST_WAIT_SECONDS if calm else min(2 * self._wait, LONGEST_WAIT_SECONDS)
        self._said_at = now
        return True


def received_packets(connection: Any) -> int:
    """Return how many RTP and RTCP packets a connection has taken in; all its m-lines share one transport."""
    transceivers = connection.getTransceivers()
    return seam.received_packets(transceivers[0].receiver.transport) if transceivers else 0
