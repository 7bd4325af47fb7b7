"""What holds in a room whatever happened, and that it is as the model says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rtc_notebook_server.live import LiveRoom
from rtc_notebook_server.rooms import view

from .model import RoomModel

if TYPE_CHECKING:
    from .world import World


def always(world: World, live: LiveRoom) -> None:
    """Check that the room, its places, its SFU and what was told agree, and the rules of roles and filters."""
    room = live.room
    people = room.participants
    assert set(live.places) == set(people)
    assert set(live.waiting) == set(room.door.waiting)
    assert len({one.name.casefold() for one in people.values()}) == len(people)
    assert (
        not people
        or any(one.role == "host" for one in people.values())
        or not any(one.guest is None and one.role == "member" for one in people.values())
    ), "nobody is host"
    revision = room._revision
    state = room.state()
    room._revision = revision
    for id, place in live.places.items():
        who = people[id]
        assert who.connected == (place.outlet is not None)
        assert who.role != "viewer" or not who.tracks, "a viewer publishes"
        if place.outlet is not None:
            told: Any = place.outlet.told  # type: ignore[attr-defined]
            now = view.for_participant(state, who)
            assert told is not None and told.participants == now.participants, "told something else than what is"
            assert (told.locked, told.waiting) == (now.locked, now.waiting)
            assert who.role == "host" or not told.waiting
    engine: Any = live.centre._engine
    if engine is None:
        return
    raw = {track.id: (one, track) for one in state.participants for track in one.tracks}
    for id, audience in engine.audiences.items():
        owner, track = raw[id]
        assert owner.id not in audience and audience <= set(people)
        if track.filter is not None:
            assert audience <= ({track.filter.by} if track.filter.state != "held" else set()), "a raw picture leaks"
        assert engine.sent_to(id) <= audience
    for id, place in live.places.items():
        if place.seat is None:
            continue
        seat: Any = place.seat
        for track_id, own in people[id].tracks.items():
            if track_id in seat.published and own.mid is not None:
                assert (track_id in seat.muted) == own.muted, "muted for people, not for the SFU"


def as_given(live: LiveRoom, given: dict[str, str]) -> None:
    """Check that guests have the role that a host gave them last, and else their invite's."""
    for one in live.room.participants.values():
        if one.guest is not None:
            assert one.role == given.get(one.guest.id, one.guest.role), "a role that nobody gave"


def as_modelled(live: LiveRoom, model: RoomModel) -> None:
    """Compare everything that a participant could notice."""
    room = live.room
    assert list(room.participants) == list(model.people), "others are in the room"
    for id, one in room.participants.items():
        other = model.people[id]
        for what in (
            "name",
            "client",
            "user",
            "call",
            "role",
            "may_filter",
            "hand",
            "connected",
            "recording",
            "linked",
        ):
            assert getattr(one, what) == getattr(other, what), f"{what} of {one.name}"
        tracks = [(t.id, t.kind, t.source, t.of, t.label, t.muted, t.silenced) for t in one.tracks.values()]
        assert tracks == [(t.id, t.kind, t.source, t.of, t.label, t.muted, t.silenced) for t in other.tracks]
    filters = {key: {"by": f.by, "on_error": f.on_error, "held": f.held} for key, f in room.filters.items()}
    assert filters == model.filters
    assert room.door.locked == model.locked
    assert list(room.door.waiting) == list(model.waiting)
    assert [(line.by, line.name, line.text) for line in room.chat.lines] == model.chat
    assert live.room.audiences() == {id: frozenset(who) for id, who in model.audiences().items()}
