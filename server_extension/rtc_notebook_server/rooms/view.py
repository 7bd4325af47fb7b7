"""The room as its participants see it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from rtc_notebook.protocol import FilterInfo, ParticipantInfo, RoomState, TrackInfo

from .policy import Filters, filter_on
from .state import Participant, Track


def participants(who: Mapping[str, Participant], filters: Filters) -> tuple[ParticipantInfo, ...]:
    """Return everybody in the order of joining, without anybody's secrets."""
    kernels = {p.call: p.id for p in who.values() if p.client == "kernel" and p.call}
    return tuple(
        ParticipantInfo(
            id=p.id,
            name=p.name,
            client=p.client,
            user=p.user,
            connected=p.connected,
            widget_of=kernels.get(p.call) if p.client == "browser" and p.call else None,
            recording=p.recording,
            link="websocket" if p.linked else "webrtc",
            role=p.role,
            may_filter=p.may_filter,
            guest=p.guest is not None,
            hand=p.hand,
            tracks=tuple(_track(p.id, track, who, filters) for track in p.tracks.values()),
        )
        for p in who.values()
    )


def for_participant(state: RoomState, who: Participant) -> RoomState:
    """Return what one participant is told: the door is the hosts', and guests learn nobody's account."""
    if who.guest is not None:
        anonymous = tuple(msgspec.structs.replace(p, user=None) for p in state.participants)
        state = msgspec.structs.replace(state, participants=anonymous)
    return state if who.role == "host" else msgspec.structs.replace(state, waiting=())


def _track(owner: str, track: Track, who: Mapping[str, Participant], filters: Filters) -> TrackInfo:
    return TrackInfo(
        id=track.id,
        kind=track.kind,
        source=track.source,
        muted=track.muted,
        of=track.of,
        label=track.label,
        filter=_filter(owner, track, who, filters),
    )


def _filter(owner: str, track: Track, who: Mapping[str, Participant], filters: Filters) -> FilterInfo | None:
    its = filter_on(owner, track, filters)
    if its is None:
        return None
    processed = None
    if not its.held and its.by in who:
        processed = next((t.id for t in who[its.by].tracks.values() if t.of == track.id), None)
    return FilterInfo(
        by=its.by,
        on_error=its.on_error,
        state="held" if its.held else "active" if processed else "starting",
        track=processed,
        label=its.label,
    )
