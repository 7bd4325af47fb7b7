"""One room: what participants say goes in, its state and the audiences of its tracks come out."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from hashlib import sha256
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
    Role,
    RoomState,
    SendData,
    SetFilter,
    SetRole,
    TrackDescription,
    WaitingInfo,
)

from . import names, policy, publishing, roles, view
from .away import Away
from .chat import ChatLog
from .door import Door
from .state import Filter, Guest, Participant, Track, Waiting

MAX_LABEL = publishing.MAX_LABEL
MAX_SHAPES = 500
_NO_PUBLISHING = "A viewer publishes nothing. Ask a host to make you a member."


class Room:
    """The state of one room.

    Methods change the state or raise `rtc_notebook.errors.ProtocolError` and leave it as it was. After each, the SFU
    must be brought to `audiences` before anybody is told `state`.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.participants: dict[str, Participant] = {}
        self.filters: dict[tuple[str, Filterable], Filter] = {}
        self.door = Door()
        self.chat = ChatLog()
        self._hands: dict[str, None] = {}  # in the order in which they were raised
        self._away = Away()
        self.known_roles: dict[str, Role] = {}  # by `person`, present or not: all users', and what hosts gave others
        self._revision = 0

    def audiences(self) -> policy.Audiences:
        """Return the participants that may receive each track."""
        return policy.audiences(self.participants, self.filters)

    def state(self) -> RoomState:
        """Return the room as its hosts see it, with a revision that grows; `view.for_participant` is for the others."""
        self._revision += 1
        return RoomState(
            revision=self._revision,
            participants=view.participants(self.participants, self.filters),
            locked=self.door.locked,
            waiting=tuple(WaitingInfo(id=one.id, name=one.name) for one in self.door.waiting.values()),
            hands=tuple(self._hands),
        )

    # --- coming and going ---

    def knock(
        self, name: str, user: str | None = None, guest: Guest | None = None, login: str | None = None
    ) -> Waiting | None:
        """Return somebody's place at the door, or None if they may come in at once."""
        role = roles.newcomers(user, guest, login, self.participants, self.known_roles)
        return self.door.knock(_new_id(), name, user, guest, self.participants, role, login)

    def join(
        self,
        client: ClientKind,
        name: str,
        user: str | None = None,
        call: str | None = None,
        guest: Guest | None = None,
        login: str | None = None,
    ) -> Participant:
        """Let somebody in under a name that nobody else has, with the filters that were on them when they left.

        Whether they have to wait at the door is asked before; see `knock`.
        """
        taken = [who.name for who in self.participants.values()]
        participant = Participant(
            id=_new_id(),
            name=names.unique(name, taken),
            client=client,
            user=user,
            session=secrets.token_urlsafe(24),
            call=pairing(call, guest),
            guest=guest,
            role=roles.newcomers(user, guest, login, self.participants, self.known_roles),
            login=login,
        )
        self.participants[participant.id] = participant
        self._share_role(participant)
        for key in self._away.returns(participant, self.filters, self.participants):
            self.filters[participant.id, key[1]] = self.filters.pop(key)
        self._forget_away()
        return participant

    def resume(self, session: str, user: str | None, guest: Guest | None = None) -> Participant | None:
        """Give a place back to who has its session, and is the same user or guest."""
        participant = self.find(session, user, guest)
        if participant is not None:
            participant.connected = True
            participant.session = session
        return participant

    def find(self, session: str, user: str | None, guest: Guest | None = None) -> Participant | None:
        """Return who has this session, and is the same user or guest."""
        sealed = sha256(session.encode()).hexdigest()
        for participant in self.participants.values():
            known, said = (participant.session, session) if participant.session else (participant.sealed, sealed)
            same = secrets.compare_digest(known.encode(), said.encode())
            if same and (participant.user, participant.guest) == (user, guest):
                return participant
        return None

    def disconnect(self, who: str) -> None:
        """Note that a participant's socket broke; its place is kept."""
        self.participants[who].connected = False

    def leave(self, who: str) -> None:
        """Take a participant out, with its tracks and the filters by it; those on it wait for its return."""
        self._away.add(self.participants.pop(who))
        self._hands.pop(who, None)
        for key, its in self.filters.copy().items():
            if its.by == who:
                self._let_go(key)
        self._forget_away()
        heir = roles.heir(self.participants)
        if heir is not None:
            self._give(heir, "host")
        if not self.participants:
            self.door.locked = False
            self.known_roles = {who: role for who, role in self.known_roles.items() if not who.startswith("user ")}

    def pair(self, who: str, call: str) -> None:
        """Pair a widget with the kernel that says the same secret."""
        if self.participants[who].client != "browser":
            raise ProtocolError("browsers-only", "Only a widget pairs with a kernel; a kernel names its call in hello.")
        self.participants[who].call = pairing(call, self.participants[who].guest)
        self._share_role(self.participants[who])

    # --- roles ---

    def set_role(self, who: str, message: SetRole) -> list[str]:
        """Give somebody and their other clients a role; return the ids of those who may publish no longer but did."""
        roles.only_host(self.participants[who])
        target = self._present(message.participant)
        theirs = roles.clients_of(target, self.participants)
        if message.role is not None:
            if message.role != "host" and all(p.role != "host" or p in theirs for p in self.participants.values()):
                raise ProtocolError("last-host", "A room needs a host. Make somebody else one first.")
            self._give(target, message.role)
        if message.may_filter is not None:
            for one in theirs:
                one.may_filter = message.may_filter
        return self._withdraw(theirs)

    def silence(self, who: str, target: str) -> list[str]:
        """Mute what somebody is heard by; return the tracks that the SFU has. Only they unmute themselves."""
        roles.only_host(self.participants[who])
        return _mute(track for track in self._present(target).tracks.values() if track.kind == "audio")

    def silence_others(self, who: str) -> dict[str, list[str]]:
        """Mute everybody but the host who asks; return the tracks that the SFU has, by participant.

        What kernels make of somebody's sound is silent with that sound, and is left to be heard again with it.
        """
        host = self.participants[who]
        roles.only_host(host)
        own = roles.clients_of(host, self.participants)
        return {
            one.id: _mute(track for track in one.tracks.values() if track.kind == "audio" and track.of is None)
            for one in self.participants.values()
            if one not in own
        }

    def remove(self, who: str, target: str) -> None:
        """Check that a host may take somebody out, and have them knock when they come back, but for themselves."""
        host = self.participants[who]
        roles.only_host(host)
        if target not in self.participants and target not in self.door.waiting:
            _nobody(target)
        removed = self.participants.get(target) or self.door.waiting[target]
        if host.person is None or removed.person != host.person:
            self.door.bar(removed)

    def admit(self, who: str, waiting: str) -> None:
        """Let somebody in who waits."""
        roles.only_host(self.participants[who])
        if waiting not in self.door.waiting:
            _nobody(waiting)
        self.door.admit(waiting)

    def set_lock(self, who: str, locked: bool) -> None:
        """Lock the door, or open it again."""
        roles.only_host(self.participants[who])
        self.door.locked = locked

    def raise_hand(self, who: str, raised: bool) -> None:
        """Raise or lower an own hand."""
        self.participants[who].hand = raised
        if raised:
            self._hands.setdefault(who)
        else:
            self._hands.pop(who, None)

    def lower_hand(self, who: str, target: str) -> None:
        """Lower somebody else's hand, as a host."""
        roles.only_host(self.participants[who])
        self.raise_hand(self._present(target).id, False)

    def _give(self, target: Participant, role: Role) -> None:
        for one in roles.clients_of(target, self.participants):
            one.role = role
            if one.person is None:
                continue
            if one.user is not None or role != roles.first(one.user, one.guest):
                self.known_roles[one.person] = role
            else:
                self.known_roles.pop(one.person, None)

    def _share_role(self, newcomer: Participant) -> None:
        theirs = roles.clients_of(newcomer, self.participants)
        self._give(newcomer, roles.highest(one.role for one in theirs))
        newcomer.may_filter = any(one.may_filter for one in theirs)

    def _withdraw(self, theirs: list[Participant]) -> list[str]:
        """Take back what these may do no longer."""
        for (owner, source), its in self.filters.copy().items():
            by = self.participants.get(its.by)
            if by is not None and by in theirs and not its.held:
                target = self.participants.get(owner)
                if target is None or not roles.may_filter(by, target, self.participants):
                    self._let_go((owner, source))
        published = [one for one in theirs if one.role == "viewer" and one.tracks]
        for one in published:
            one.tracks = {}
        self._forget_away()
        return [one.id for one in published]

    def _let_go(self, key: tuple[str, Filterable]) -> None:
        """End a filter without its kernel's doing: the picture passes raw or is held, as its ``on_error`` says."""
        if self.filters[key].on_error == "pass":
            del self.filters[key]
        else:
            self.filters[key].held = True

    def _present(self, participant: str) -> Participant:
        if participant not in self.participants:
            _nobody(participant)
        return self.participants[participant]

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

        if message.tracks:
            roles.no_viewer(self.participants[who], _NO_PUBLISHING)
        return publishing.plan(self.participants[who], message, may_process, _new_id)

    def published(self, who: str, planned: dict[str, Track], *, linked: bool = False) -> None:
        """Take over what `plan` returned, as far as hosts have not said otherwise meanwhile.

        ``linked``: it comes over a media link.
        """
        participant = self.participants[who]
        if planned:
            roles.no_viewer(participant, _NO_PUBLISHING)
        for track in planned.values():
            before = participant.tracks.get(track.id)
            if before is not None and before.silenced:
                track.muted = track.silenced = True
        participant.tracks = {track.id: track for track in planned.values()}
        participant.linked = linked

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
        track.silenced = track.silenced and message.muted

    # --- what kernels do besides ---

    def set_recording(self, who: str, active: bool) -> None:
        """Note that a kernel keeps what it sees and hears."""
        self._kernel(who, "Only a kernel can record; use call.record in a notebook.")
        self.participants[who].recording = active

    def overlay(self, who: str, message: DrawOverlay) -> Overlay:
        """Return what the others are told of a kernel's drawing."""
        self._kernel(who, "Only a kernel draws over pictures; use call.overlay in a notebook.")
        target = self._present(message.participant)
        if target.id != who:
            roles.check_filter(self.participants[who], target, self.participants, "draw on")
        else:
            roles.no_viewer(target, "A viewer draws nothing. Ask a host to make you a member.")
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
        roles.no_viewer(self.participants[who], "A viewer sends nothing. Ask a host to make you a member.")
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
        target = self._present(message.participant)
        roles.check_filter(self.participants[who], target, self.participants, "filter")
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


def pairing(call: str | None, guest: Guest | None) -> str | None:
    """Return the secret by which a kernel and its widget find each other; a guest's find only each other."""
    return f"guest {guest.id} {call}" if call and guest is not None else call or None


def _mute(sounds: Iterable[Track]) -> list[str]:
    muted = []
    for track in sounds:
        track.muted = track.silenced = True
        if track.mid is not None:
            muted.append(track.id)
    return muted


def _nobody(participant: str) -> NoReturn:
    raise ProtocolError("no-such-participant", f"Nobody with the id {participant!r} is in the room.")
