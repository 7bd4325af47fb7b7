"""The room as its participants see it."""

from __future__ import annotations

from collections.abc import Mapping

from rtc_notebook.protocol import FilterInfo, ParticipantInfo, TrackInfo

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
            tracks=tuple(_track(p.id, track, who, filters) for track in p.tracks.values()),
        )
        for p in who.values()
    )


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
