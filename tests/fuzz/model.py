"""What a room has to be after each message, said once more in another way: plain data, no SFU, no sockets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from rtc_notebook_server.identity import Identity
from rtc_notebook_server.rooms import Guest, names

from rtc_notebook import protocol as p

RANK = {"viewer": 0, "member": 1, "host": 2}
KIND = {"camera": "video", "screen": "video", "microphone": "audio"}


class Refused(Exception):
    """The room has to refuse this, and to stay as it is."""


@dataclass
class Track:
    id: str
    kind: str
    source: str
    of: str | None
    label: str
    mid: str | None
    muted: bool = False
    silenced: bool = False


@dataclass
class Person:
    id: str
    name: str
    client: str
    who: Identity
    call: str | None
    role: str = "member"
    may_filter: bool = False
    hand: bool = False
    connected: bool = True
    broke: int = 0  # the how manyeth socket that broke was this one's
    recording: bool = False
    linked: bool = False
    tracks: list[Track] = field(default_factory=list)

    @property
    def user(self) -> str | None:
        return self.who.user

    @property
    def guest(self) -> Guest | None:
        return self.who.guest

    def same_person(self, other: Person) -> bool:
        if self.guest or other.guest:
            return bool(self.guest and other.guest and self.guest.id == other.guest.id)
        if self.user and other.user:
            return self.user == other.user
        return bool(self.call) and self.call == other.call and self.client != other.client


def key_of(who: Identity) -> str | None:
    return "g" + who.guest.id if who.guest else "u" + who.user if who.user else who.login and "l" + who.login


class RoomModel:
    """One room. Methods raise `Refused` where the room has to refuse."""

    def __init__(self) -> None:
        self.people: dict[str, Person] = {}
        self.filters: dict[tuple[str, str], dict[str, Any]] = {}
        self.away: dict[str, Person] = {}
        self.known: dict[str, str] = {}
        self.made: dict[str | None, str] = {}  # what hosts made of those who are no users
        self.chat: list[tuple[str, str, str]] = []
        self.locked = False
        self.broken = 0
        self.waiting: dict[str, dict[str, Any]] = {}
        self.admitted: set[str | None] = set()
        self.barred: set[str | None] = set()
        self.barred_invites: dict[str, float] = {}

    # --- the door ---

    def newcomers_role(self, who: Identity) -> str:
        if who.guest:
            for one in self.people.values():
                if one.guest and one.guest.id == who.guest.id:
                    return one.role
            return self.made.get(key_of(who), who.guest.role)
        hosted = any(one.role == "host" for one in self.people.values())
        before = self.known.get(who.user, "member") if who.user else self.made.get(key_of(who), "host")
        return "host" if before == "member" and not hosted else before

    def has_to_wait(self, who: Identity) -> str | None:
        key = key_of(who)
        here = key is not None and any(key_of(one.who) == key for one in self.people.values())
        barred = key in self.barred
        if who.guest:
            barred |= who.guest.since > self.barred_invites.get(who.guest.invite, float("inf"))
        locked = self.locked and self.newcomers_role(who) != "host" and not here
        if (barred or locked) and not (key is not None and key in self.admitted):
            return "admission"
        if who.guest and all(one.guest for one in self.people.values()):
            return "host"
        return None

    def has_place_for(self, who: Identity) -> bool:
        """Whether somebody may open another window; a guest's own that broke first makes way for the fourth."""
        theirs = [one for one in self.people.values() if who.guest and one.guest == who.guest]
        waiting = sum(1 for one in self.waiting.values() if who.guest and one["who"].guest == who.guest)
        if len(theirs) + waiting < 3:
            return True
        alone = sorted((one for one in theirs if not one.connected), key=lambda one: one.broke)
        if alone:
            self.leaves(alone[0].id)
        return bool(alone)

    def breaks(self, id: str) -> None:
        self.broken += 1
        self.people[id].connected, self.people[id].broke = False, self.broken

    def enters_alone(self) -> list[str]:
        hosted = any(one.guest is None for one in self.people.values()) and not self.locked
        return [id for id, one in self.waiting.items() if one["for"] == "host" and hosted]

    # --- coming and going ---

    def joins(self, id: str, client: str, who: Identity, name: str, call: str | None) -> None:
        pairing = f"guest {who.guest.id} {call}" if call and who.guest else call or None
        taken = {one.name.casefold() for one in self.people.values()}
        shown, number = name, 1
        while shown.casefold() in taken:
            number += 1
            shown = f"{name} ({number})"
        person = Person(id, shown, client, who, pairing, self.newcomers_role(who))
        self.people[id] = person
        self.shares_role(person)
        for key, its in list(self.filters.items()):
            if key[0] in self.away and self.is_back(person, self.away[key[0]], self.people.get(its["by"])):
                self.filters[id, key[1]] = self.filters.pop(key)
        self.tidy()

    def is_back(self, came: Person, gone: Person, kernel: Person | None) -> bool:
        if kernel and kernel.call and gone.call == kernel.call:
            return came.client == gone.client and came.call == kernel.call
        return came.client == gone.client and came.name.casefold() == gone.name.casefold()

    def leaves(self, id: str) -> None:
        self.away[id] = self.people.pop(id)
        for key in [key for key, its in self.filters.items() if its["by"] == id]:
            self.lets_go(key)
        self.tidy()
        if not any(one.role == "host" for one in self.people.values()):
            for one in self.people.values():
                if one.guest is None and one.role == "member":
                    self.gives(one, "host")
                    break
        if not self.people:
            self.locked, self.known = False, {}

    def tidy(self) -> None:
        owners = {owner for owner, _ in self.filters}
        self.away = {id: one for id, one in self.away.items() if id in owners}

    def lets_go(self, key: tuple[str, str]) -> None:
        if self.filters[key]["on_error"] == "pass":
            del self.filters[key]
        else:
            self.filters[key]["held"] = True

    # --- roles ---

    def theirs(self, who: Person) -> list[Person]:
        return [one for one in self.people.values() if one is who or one.same_person(who)]

    def gives(self, who: Person, role: str) -> None:
        for one in self.theirs(who):
            one.role = role
            if one.user:
                self.known[one.user] = role
            elif key_of(one.who):
                self.made[key_of(one.who)] = role

    def shares_role(self, who: Person) -> None:
        theirs = self.theirs(who)
        self.gives(who, max((one.role for one in theirs), key=RANK.__getitem__))
        who.may_filter = any(one.may_filter for one in theirs)

    def may_filter(self, by: Person, target: Person) -> bool:
        return by.role != "viewer" and (by.role == "host" or by.may_filter or target in self.theirs(by))

    # --- what may be seen ---

    def filter_on(self, owner: str, track: Track) -> dict[str, Any] | None:
        raw = track.of is None and track.source in KIND and KIND[track.source] == track.kind
        return self.filters.get((owner, track.source)) if raw else None

    def audiences(self) -> dict[str, set[str]]:
        owner_of = {track.id: (one, track) for one in self.people.values() for track in one.tracks}
        told = {}
        for id, (owner, track) in owner_of.items():
            if track.of is None:
                its = self.filter_on(owner.id, track)
                who = set(self.people) if its is None else set() if its["held"] else {its["by"]}
            else:
                raw = owner_of.get(track.of)
                its = raw and self.filter_on(raw[0].id, raw[1])
                who = set(self.people) if its and not its["held"] and its["by"] == owner.id else set()
            told[id] = who - {owner.id}
        return told


def hears(room: RoomModel, who: str, message: Any, ids: dict[str, str], fits: Callable[[Any], bool]) -> None:
    """Bring the model to what it is after a message; ``ids`` are those that the room gave to tracks, by mid.

    ``fits`` says whether an invite can be made as asked, or is there to be revoked.
    """
    me = room.people[who]
    host = me.role == "host"

    def refuse_unless(*holds: Any) -> None:
        if not all(holds):
            raise Refused

    if isinstance(message, p.Publish | p.PublishLink):
        publishes(room, me, message, ids)
    elif isinstance(message, p.Mute):
        track = next((one for one in me.tracks if one.id == message.track), None)
        refuse_unless(track)
        assert track is not None
        track.muted, track.silenced = message.muted, track.silenced and message.muted
    elif isinstance(message, p.SetFilter):
        refuse_unless(me.client == "kernel", message.participant in room.people)
        refuse_unless(room.may_filter(me, room.people[message.participant]))
        its = room.filters.get((message.participant, message.source))
        refuse_unless(not its or its["by"] == who or its["held"] or not room.people[its["by"]].connected)
        room.filters[message.participant, message.source] = {"by": who, "on_error": message.on_error, "held": False}
    elif isinstance(message, p.ClearFilter):
        its = room.filters.get((message.participant, message.source))
        refuse_unless(its and (its["by"] == who or its["held"]))
        del room.filters[message.participant, message.source]
        room.tidy()
    elif isinstance(message, p.SetRole):
        refuse_unless(host, message.participant in room.people)
        target = room.people[message.participant]
        theirs = room.theirs(target)
        if message.role is not None:
            refuse_unless(
                message.role == "host" or any(o.role == "host" and o not in theirs for o in room.people.values())
            )
            room.gives(target, message.role)
        for one in theirs:
            one.may_filter = one.may_filter if message.may_filter is None else message.may_filter
        for (owner, source), its in list(room.filters.items()):
            by = room.people.get(its["by"])
            if by in theirs and not its["held"]:
                filtered = room.people.get(owner)
                if filtered is None or not room.may_filter(by, filtered):
                    room.lets_go((owner, source))
        for one in theirs:
            if one.role == "viewer":
                one.tracks = []
        room.tidy()
    elif isinstance(message, p.Moderate):
        refuse_unless(host)
        target_id = message.participant
        if message.action == "mute":
            refuse_unless(target_id in room.people)
            for track in room.people[target_id].tracks:
                if track.kind == "audio":
                    track.muted = track.silenced = True
        elif message.action == "remove":
            refuse_unless(target_id in room.people or target_id in room.waiting)
            waits = room.waiting.pop(target_id, None)
            other = waits["who"] if waits else room.people[target_id].who
            if key_of(other) is None or key_of(other) != key_of(me.who):
                if key_of(other) is not None:
                    room.barred.add(key_of(other))
                    room.admitted.discard(key_of(other))
                if other.guest:
                    since = room.barred_invites.get(other.guest.invite, float("inf"))
                    room.barred_invites[other.guest.invite] = min(since, other.guest.since)
            if not waits:
                room.leaves(target_id)
        else:
            refuse_unless(target_id in room.waiting)
            key = key_of(room.waiting[target_id]["who"])
            if key is not None:
                room.admitted.add(key)
    elif isinstance(message, p.MuteAll):
        refuse_unless(host)
        for one in room.people.values():
            for track in one.tracks if one not in room.theirs(me) else ():
                if track.kind == "audio" and track.of is None:
                    track.muted = track.silenced = True
    elif isinstance(message, p.LowerHand):
        refuse_unless(host, message.participant in room.people)
        room.people[message.participant].hand = False
    elif isinstance(message, p.EndRoom):
        refuse_unless(host)
    elif isinstance(message, p.SetLock):
        refuse_unless(host)
        room.locked = message.locked
    elif isinstance(message, p.SetHand):
        me.hand = message.raised
    elif isinstance(message, p.SetRecording):
        refuse_unless(me.client == "kernel")
        me.recording = message.active
    elif isinstance(message, p.SendChat):
        refuse_unless(0 < len(message.text.strip()) <= 4000 + message.text.count("\u202e"))
        room.chat.append((who, me.name, message.text.replace("\u202e", "")))
    elif isinstance(message, p.DrawOverlay):
        refuse_unless(me.client == "kernel", message.participant in room.people, me.role != "viewer")
        refuse_unless(message.participant == who or room.may_filter(me, room.people[message.participant]))
    elif isinstance(message, p.SendData):
        refuse_unless(me.client == "kernel", me.role != "viewer", message.to is None or message.to in room.people)
        to = [o for o in room.people.values() if o.client == "kernel" and o.id != who and message.to in (None, o.id)]
        refuse_unless(all(one.connected for one in to))
    elif isinstance(message, p.AskKernel):
        kernel = room.people.get(message.kernel)
        refuse_unless(kernel and kernel.client == "kernel" and kernel.connected, me.role != "viewer")
        assert kernel is not None
        if isinstance(message.ask, p.Record):
            refuse_unless(host)
        elif not isinstance(message.ask, p.ListFilters):
            refuse_unless(message.ask.participant in room.people)
            asked = room.people[message.ask.participant]
            refuse_unless(room.may_filter(me, asked))
            refuse_unless(not isinstance(message.ask, p.PutFilter) or room.may_filter(kernel, asked))
    elif isinstance(message, p.GetStats):
        refuse_unless(me.guest is None)
    elif isinstance(message, p.Restart):
        for track in me.tracks:
            track.mid = track.mid if message.connection == "subscribe" else None
    elif isinstance(message, p.Pair):
        refuse_unless(me.client == "browser")
        me.call = f"guest {me.guest.id} {message.call}" if message.call and me.guest else message.call or None
        room.shares_role(me)
    elif isinstance(message, p.CreateInvite | p.RevokeInvite):
        refuse_unless(host, fits(message))
    elif isinstance(message, p.Leave):
        room.leaves(who)
    elif isinstance(message, p.Hello):
        raise Refused
    elif isinstance(message, p.OfferAnswer | p.Candidate):
        refuse_unless(fits(message))


def publishes(room: RoomModel, me: Person, message: p.Publish | p.PublishLink, ids: dict[str, str]) -> None:
    if isinstance(message, p.PublishLink):
        kinds: dict[str, str] = dict(message.kinds)
    elif not message.sdp.startswith("v=0"):
        raise Refused
    else:
        sections = [line.split() for line in message.sdp.replace("\r\na=mid:", " mid ").splitlines()[1:]]
        kinds = {words[-1]: words[0][2:] for words in sections}
    if message.tracks and me.role == "viewer":
        raise Refused
    planned: list[Track] = []
    for mid, about in message.tracks.items():
        kind = kinds.get(mid, "")
        label = about.label[:80] if about.source == "kernel" else ""
        what = (kind, about.source, about.of, label)
        wrong = about.source in ("camera", "microphone") and KIND[about.source] != kind
        if not kind or wrong or (about.of is not None and kind == "audio" and about.source != "microphone"):
            raise Refused
        if any((one.kind, one.source, one.of, one.label) == what for one in planned):
            raise Refused
        kept = [
            one for one in me.tracks if (one.kind, one.source, one.of, one.label) == what and one.mid in (mid, None)
        ]
        if about.of is not None and not kept:
            raw = [(one.id, t) for one in room.people.values() for t in one.tracks if t.id == about.of]
            if not any(t.source == about.source and (room.filter_on(o, t) or {}).get("by") == me.id for o, t in raw):
                raise Refused
        silenced = bool(kept) and kept[0].silenced
        id = kept[0].id if kept else ids.get(mid, "")
        planned.append(Track(id, *what[:3], label, mid, about.muted or silenced, silenced))
    me.tracks, me.linked = planned, isinstance(message, p.PublishLink)


def shown_name(identity: Identity, client: str, name: str) -> str:
    """Return the name that somebody wants to go by."""
    if identity.user:
        return f"{identity.display_name}'s kernel" if client == "kernel" else identity.display_name
    return names.clean(name)
