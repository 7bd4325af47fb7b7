"""Who is heard: owners mute their tracks, hosts silence others', and only the owner takes either back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rtc_notebook.errors import ProtocolError
from rtc_notebook.protocol import Mute

from . import roles
from .state import Participant, Track


def mute(who: Participant, message: Mute) -> None:
    """Mark an own track as muted or not."""
    track = who.tracks.get(message.track)
    if track is None:
        raise ProtocolError("no-such-track", f"You publish no track {message.track!r}.")
    track.muted = message.muted
    track.silenced = track.silenced and message.muted


def silence(target: Participant) -> list[str]:
    """Mute what somebody is heard by; return the tracks that the SFU has."""
    return _mute(track for track in target.tracks.values() if track.kind == "audio")


def silence_others(host: Participant, participants: Mapping[str, Participant]) -> dict[str, list[str]]:
    """Mute everybody but the host who asks; return the tracks that the SFU has, by participant.

    What kernels make of somebody's sound is silent with that sound, and is left to be heard again with it.
    """
    own = roles.clients_of(host, participants)
    return {
        one.id: _mute(track for track in one.tracks.values() if track.kind == "audio" and track.of is None)
        for one in participants.values()
        if one not in own
    }


def stay_silent(planned: Iterable[Track], before: Mapping[str, Track]) -> None:
    """Keep what hosts have silenced so, whatever a new offer says."""
    for track in planned:
        its = before.get(track.id)
        if its is not None and its.silenced:
            track.muted = track.silenced = True


def _mute(sounds: Iterable[Track]) -> list[str]:
    muted = []
    for track in sounds:
        track.muted = track.silenced = True
        if track.mid is not None:
            muted.append(track.id)
    return muted
