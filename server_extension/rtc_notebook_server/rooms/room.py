"""One room: what participants say goes in, its state and the audiences of its tracks come out."""

from __future__ import annotations

import secrets

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
    WaitingInfo,
)

from . import kernels, lookup, muting, names, policy, publishing, roles, view
from .chat import ChatLog
from .door import Door
from .filtering import Filtering
from .state import Filter, Guest, Participant, Track, Waiting

_NO_PUBLISHING = "A viewer publishes nothing. Ask a host to make you a member."


class Room:
    """The state of one room.

    Methods change the state or raise `rtc_notebook.errors.ProtocolError` and leave it as it was. After each, the SFU
    must be brought to `audiences` before anybody is told `state`.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.participants: dict[str, Participant] = {}
        self._filtering = Filtering()
        self.door = Door()
        self.chat = ChatLog()
        self._hands: dict[str, None] = {}  # in the order in which they were raised
        self.known_roles: dict[str, Role] = {}  # by `person`, present or not: all users', and what hosts gave others
        self._revision = 0

    @property
    def filters(self) -> dict[tuple[str, Filterable], Filter]:
        """All filters, by the participant and the source that they are on."""
        return self._filtering.filters

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
            call=lookup.pairing(call, guest),
            guest=guest,
            role=roles.newcomers(user, guest, login, self.participants, self.known_roles),
            login=login,
        )
        self.participants[participant.id] = participant
        self._share_role(participant)
        self._filtering.came(participant, self.participants)
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
        return lookup.by_session(session, user, guest, self.participants)

    def disconnect(self, who: str) -> None:
        """Note that a participant's socket broke; its place is kept."""
        self.participants[who].connected = False

    def leave(self, who: str) -> None:
        """Take a participant out, with its tracks and the filters by it; those on it wait for its return."""
        self._filtering.left(self.participants.pop(who))
        self._hands.pop(who, None)
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
        self.participants[who].call = lookup.pairing(call, self.participants[who].guest)
        self._share_role(self.participants[who])

    # --- roles ---

    def set_role(self, who: str, message: SetRole) -> list[str]:
        """Give somebody and their other clients a role; return the ids of those who may publish no longer but did."""
        roles.only_host(self.participants[who])
        target = lookup.by_id(message.participant, self.participants)
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
        return muting.silence(lookup.by_id(target, self.participants))

    def silence_others(self, who: str) -> dict[str, list[str]]:
        """Mute everybody but the host who asks; return the tracks that the SFU has, by participant."""
        roles.only_host(self.participants[who])
        return muting.silence_others(self.participants[who], self.participants)

    def remove(self, who: str, target: str) -> None:
        """Check that a host may take somebody out, and have them knock when they come back, but for themselves."""
        host = self.participants[who]
        roles.only_host(host)
        if target not in self.participants and target not in self.door.waiting:
            lookup.nobody(target)
        removed = self.participants.get(target) or self.door.waiting[target]
        if host.person is None or removed.person != host.person:
            self.door.bar(removed)

    def admit(self, who: str, waiting: str) -> None:
        """Let somebody in who waits."""
        roles.only_host(self.participants[who])
        if waiting not in self.door.waiting:
            lookup.nobody(waiting)
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
        self.raise_hand(lookup.by_id(target, self.participants).id, False)

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
        self._filtering.withdraw(theirs, self.participants)
        published = [one for one in theirs if one.role == "viewer" and one.tracks]
        for one in published:
            one.tracks = {}
        return [one.id for one in published]

    # --- tracks ---

    def plan(self, who: str, message: Publish | PublishLink) -> dict[str, Track]:
        """Return the tracks by mid that an offer publishes; they count once `published` says that the SFU has it."""
        if message.tracks:
            roles.no_viewer(self.participants[who], _NO_PUBLISHING)
        return publishing.plan(
            self.participants[who],
            message,
            lambda described: self._filtering.may_process(who, described, self.participants),
            _new_id,
        )

    def published(self, who: str, planned: dict[str, Track], *, linked: bool = False) -> None:
        """Take over what `plan` returned, as far as hosts have not said otherwise meanwhile.

        ``linked``: it comes over a media link.
        """
        participant = self.participants[who]
        if planned:
            roles.no_viewer(participant, _NO_PUBLISHING)
        muting.stay_silent(planned.values(), participant.tracks)
        participant.tracks = {track.id: track for track in planned.values()}
        participant.linked = linked

    def connection_lost(self, who: str) -> None:
        """Note that the publish connection is gone: tracks keep their ids for when they are published anew."""
        for track in self.participants[who].tracks.values():
            track.mid = None

    def mute(self, who: str, message: Mute) -> None:
        """Mark an own track as muted or not."""
        muting.mute(self.participants[who], message)

    # --- what kernels do besides ---

    def set_recording(self, who: str, active: bool) -> None:
        """Note that a kernel keeps what it sees and hears."""
        kernels.only_kernel(self.participants[who], "Only a kernel can record; use call.record in a notebook.")
        self.participants[who].recording = active

    def came_back_anew(self, who: str) -> None:
        """Note that somebody came back who knows nothing of what was: a kernel that records says so again."""
        self.participants[who].recording = False

    def overlay(self, who: str, message: DrawOverlay) -> Overlay:
        """Return what the others are told of a kernel's drawing."""
        return kernels.overlay(self.participants[who], message, self.participants)

    def data(self, who: str, message: SendData) -> tuple[Data, list[str]]:
        """Return one part of a kernel's message as the others get it, and the ids of those who do."""
        return kernels.data(self.participants[who], message, self.participants)

    # --- filters ---

    def set_filter(self, who: str, message: SetFilter) -> None:
        """Let a kernel take a picture for filtering; again by the same kernel changes policy and label."""
        self._filtering.set(self.participants[who], message, self.participants)

    def clear_filter(self, who: str, message: ClearFilter) -> None:
        """Take a filter off: the filtering kernel may at any time, everybody else once it is held."""
        self._filtering.clear(who, message, self.participants)


def _new_id() -> str:
    return secrets.token_urlsafe(9)
