"""What a room is and who may receive what in it, without I/O.

`Room` takes what participants say and answers with its state; `policy` says from that state alone who may receive
each track. The shell around it (`rtc_notebook_server.live`) brings the SFU to what the policy says, and only then
tells the participants.
"""

from __future__ import annotations

from .lookup import pairing
from .room import Room
from .state import Filter, Guest, Participant, Track, Waiting

__all__ = ["Filter", "Guest", "Participant", "Room", "Track", "Waiting", "pairing"]
