"""One room: what participants say goes in, its state and the audiences of its tracks come out."""

from __future__ import annotations

import secrets
from typing import NoReturn

from rtc_notebook.errors import ProtocolError
from rtc_notebook.protocol import (
    ClearFilter,
    ClientKind,
    Data,
    DrawOverlay,
    Filterable,
    Mute,
    Overlay,
    Publish,
    PublishLink,
    RoomState,
    SendData,
    SetFilter,
    TrackDescription,
)

from . import names, policy, publishing, view
from .away import Away
from .state import Filter, Participant, Track

MAX_LABEL = publishing.MAX_LABEL
MAX_SHAPES = 500


class Room:
    """The state of one room.

    Methods change the state or raise `rtc_notebook.errors.ProtocolError` and leave it as it was. After each, the SFU
    must be brought to `audiences` before anybody is told `state`.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.participants: dict[str, Participant] = {}
        self.filters: dict[tuple[str, Filterable], Filter] = {}
        self._away = Away()
        self._revision = 0

    def audiences(self) -> policy.Audiences:
        """Return the participants that may receive each track."""
        return policy.audiences(self.participants, self.filters)

    def state(self) -> RoomState:
        """Return the room as participants see it, with a revision that grows."""
        self._revision += 1
        return RoomState(revision=self._revision, participants=view.participants(self.participants, self.filters))

    # --- coming and going ---

    def join(self, client: ClientKind, name: str, user: str | None = None, call: str | None = None) -> Participant:
        """Let somebody in under a name that nobody else has, with the filters that were on them when they left."""
        taken = [who.name for who in self.participants.values()]
        participant = Participant(
            id=_new_id(),
            name=names.unique(name, taken),
            client=client,
            user=user,
            session=secrets.token_urlsafe(24),
            call=call or None,
        )
        self.participants[participant.id] = participant
        for key in self._away.returns(participant, self.filters, self.participants):
            self.filters[participant.id, key[1]] = self.filters.pop(key)
        self._forget_away()
        return participant

    def resume(self, session: str, user: str | None) -> Participant | None:
        """Give a place back to who has its session, and is the same user if the server knows its users."""
        participant = self.find(session, user)
        if participant is not None:
            participant.connected = True
        return participant

    def find(self, session: str, user: str | None) -> Participant | None:
        """Return who has this session, and is the same user if the server knows its users."""
        for participant in self.participants.values():
            if secrets.compare_digest(participant.session.encode(), session.encode()) and participant.user == user:
                return participant
        return None

    def disconnect(self, who: str) -> None:
        """Note that a participant's socket broke; its place is kept."""
        self.participants[who].connected = False

    def leave(self, who: str) -> None:
        """Take a participant out, with its tracks and the filters by it; those on it wait for its return."""
        self._away.add(self.participants.pop(who))
        for key, its in list(self.filters.items()):
            if its.by == who and its.on_error == "pass":
                del self.filters[key]
            elif its.by == who:
                its.held = True
        self._forget_away()

    def pair(self, who: str, call: str) -> None:
        """Pair a widget with the kernel that says the same secret."""
        if self.participants[who].client != "browser":
            raise ProtocolError("browsers-only", "Only a widget pairs with a kernel; a kernel names its call in hello.")
        self.participants[who].call = call or None

    # --- tracks ---

    def plan(self, who: str, message: Publish | PublishLink) -> dict[str, Track]:
        """Return the tracks by mid that an offer publishes; they count once `published` says that the SFU has it."""

        def may_process(described: TrackDescription) -> bool:
            return any(
                track.id == described.of and track.source == described.source and its is not None and its.by == who
                for owner in self.participants.values()
                for track in owner.tracks.values()
                for its in [policy.filter_on(owner.id, track, self.filters)]
            )

        return publishing.plan(self.participants[who], message, may_process, _new_id)

    def published(self, who: str, planned: dict[str, Track], *, linked: bool = False) -> None:
        """Take over what `plan` returned; ``linked``: it comes over a media link."""
        self.participants[who].tracks = {track.id: track for track in planned.values()}
        self.participants[who].linked = linked

    def connection_lost(self, who: str) -> None:
        """Note that the publish connection is gone: tracks keep their ids for when they are published anew."""
        for track in self.participants[who].tracks.values():
            track.mid = None

    def mute(self, who: str, message: Mute) -> None:
        """Mark an own track as muted or not."""
        track = self.participants[who].tracks.get(message.track)
        if track is None:
            raise ProtocolError("no-such-track", f"You publish no track {message.track!r}.")
        track.muted = message.muted

    # --- what kernels do besides ---

    def set_recording(self, who: str, active: bool) -> None:
        """Note that a kernel keeps what it sees and hears."""
        self._kernel(who, "Only a kernel can record; use call.record in a notebook.")
        self.participants[who].recording = active

    def overlay(self, who: str, message: DrawOverlay) -> Overlay:
        """Return what the others are told of a kernel's drawing."""
        self._kernel(who, "Only a kernel draws over pictures; use call.overlay in a notebook.")
        if message.participant not in self.participants:
            _nobody(message.participant)
        if len(message.shapes) > MAX_SHAPES:
            raise ProtocolError("too-many-shapes", f"{len(message.shapes)} shapes at once; {MAX_SHAPES} are the most.")
        return Overlay(
            by=who,
            participant=message.participant,
            shapes=message.shapes,
            source=message.source,
            label=message.label,
            captured=message.captured,
            seconds=message.seconds,
        )

    def data(self, who: str, message: SendData) -> tuple[Data, list[str]]:
        """Return one part of a kernel's message as the others get it, and the ids of those who do."""
        self._kernel(who, "Only kernels send each other data; use call.send in a notebook.")
        if message.to is not None and message.to not in self.participants:
            _nobody(message.to)
        to = [
            one.id
            for one in self.participants.values()
            if one.client == "kernel" and one.id != who and message.to in (None, one.id)
        ]
        return Data(by=who, id=message.id, part=message.part, parts=message.parts, data=message.data), to

    def _kernel(self, who: str, otherwise: str) -> None:
        if self.participants[who].client != "kernel":
            raise ProtocolError("kernels-only", otherwise)

    # --- filters ---

    def set_filter(self, who: str, message: SetFilter) -> None:
        """Let a kernel take a picture for filtering; again by the same kernel changes policy and label."""
        self._kernel(who, "Only a kernel can filter; use call.filter in a notebook.")
        if message.participant not in self.participants:
            _nobody(message.participant)
        key = (message.participant, message.source)
        present = self.filters.get(key)
        if present is not None and present.by != who and not present.held:
            holder = self.participants[present.by]
            if holder.connected:
                raise ProtocolError(
                    "already-filtered",
                    f"{holder.name} already filters the {message.source} of "
                    f"{self.participants[message.participant].name}. Take that filter off there first.",
                )
        self.filters[key] = Filter(by=who, on_error=message.on_error, label=message.label[:MAX_LABEL])

    def clear_filter(self, who: str, message: ClearFilter) -> None:
        """Take a filter off: the filtering kernel may at any time, everybody else once it is held."""
        key = (message.participant, message.source)
        its = self.filters.get(key)
        if its is None:
            if message.participant not in self.participants and message.participant not in self._away:
                _nobody(message.participant)
            raise ProtocolError("not-filtered", f"There is no filter on that {message.source}.")
        if its.by != who and not its.held:
            raise ProtocolError(
                "not-yours", f"{self.participants[its.by].name} set this filter; it can be taken off only there."
            )
        del self.filters[key]
        self._forget_away()

    def _forget_away(self) -> None:
        self._away.forget({participant for participant, _ in self.filters})


def _new_id() -> str:
    return secrets.token_urlsafe(9)


def _nobody(participant: str) -> NoReturn:
    raise ProtocolError("no-such-participant", f"Nobody with the id {participant!r} is in the room.")
