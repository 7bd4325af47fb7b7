"""What an offer publishes: which tracks stay, which are new, and which may not be."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rtc_notebook.errors import ProtocolError
from rtc_notebook.protocol import Kind, Publish, PublishLink, TrackDescription

from . import sdp
from .state import Participant, Track

MAX_TRACKS = 64
MAX_LABEL = 80
_KIND: Mapping[str, Kind] = {"camera": "video", "microphone": "audio"}


def plan(
    participant: Participant,
    message: Publish | PublishLink,
    may_process: Callable[[TrackDescription], bool],
    new_id: Callable[[], str],
) -> dict[str, Track]:
    """Return the participant's tracks by mid as they are once the SFU has taken the offer.

    A track keeps its id while its mid carries the same thing, and over a lost connection.

    Raises
    ------
    ProtocolError
        If the offer is no SDP, or a description does not fit it or may not be published.
    """
    kinds = message.kinds if isinstance(message, PublishLink) else sdp.kinds(message.sdp)
    if len(message.tracks) > MAX_TRACKS:
        raise ProtocolError("too-many-tracks", f"One participant may publish {MAX_TRACKS} tracks, not more.")
    planned: dict[str, Track] = {}
    seen = set()
    for mid, described in message.tracks.items():
        kind = _kind(kinds, mid, described)
        what = (described.source, kind, described.of, _label(described))
        if what in seen:
            raise ProtocolError(
                "duplicate-track",
                f"Two {kind} tracks are described as {described.source!r}; send one of each source, or label them.",
            )
        seen.add(what)
        track = _kept(participant, mid, kind, described)
        if track is None and described.of is not None and not may_process(described):
            raise ProtocolError(
                "not-filtering",
                f"Track {described.of!r} is none whose {described.source} you filter. Send set-filter first, "
                "and publish again when the room shows the track.",
            )
        planned[mid] = Track(
            id=track.id if track else new_id(),
            kind=kind,
            source=described.source,
            mid=mid,
            muted=described.muted,
            of=described.of,
            label=_label(described),
        )
    return planned


def _label(described: TrackDescription) -> str:
    return described.label[:MAX_LABEL] if described.source == "kernel" else ""


def _kind(kinds: Mapping[str, Kind], mid: str, described: TrackDescription) -> Kind:
    kind = kinds.get(mid)
    if kind is None:
        raise ProtocolError("unknown-mid", f"The offer has no audio or video m-line with mid {mid!r}.")
    processed_sound = described.of is not None and kind == "audio" and described.source != "microphone"
    if _KIND.get(described.source, kind) != kind or processed_sound:
        raise ProtocolError("bad-track", f"A {described.source} track cannot be {kind}, as mid {mid!r} is.")
    return kind


def _kept(participant: Participant, mid: str, kind: Kind, described: TrackDescription) -> Track | None:
    what = (kind, described.source, described.of, _label(described))
    for track in participant.tracks.values():
        if (track.kind, track.source, track.of, track.label) == what and track.mid in (mid, None):
            return track
    return None
