"""Rooms at work, without sockets and media, under whatever a script says; the model looks on."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from itertools import count
from typing import Any

from rtc_notebook_server import conversation, going
from rtc_notebook_server import invites as invites_module
from rtc_notebook_server.identity import Identity
from rtc_notebook_server.invites import Invites
from rtc_notebook_server.limits import Bucket
from rtc_notebook_server.manager import RoomManager
from rtc_notebook_server.settings import Settings

from rtc_notebook import protocol
from rtc_notebook.errors import ProtocolError, SfuError
from rtc_notebook.protocol import Hello

from . import script as say
from .actors import Client, FuzzEngine
from .checks import always, as_given, as_modelled
from .invited import Invited
from .model import Refused, RoomModel, hears, shown_name
from .script import Script

invites_module._qr = lambda link: ""  # type: ignore[assignment]  # drawing them would take nine tenths of the time

USERS = tuple(Identity(user=name, display_name=name.title()) for name in ("ana", "bo", "cy"))
NOBODY = tuple(Identity(user=None, display_name="", login=login) for login in (None, "1", "2"))
MAX_PEOPLE = 6
_NUMBERS = count()


class World:
    """Two rooms of one server. Everything said is checked against the model until things happen at once."""

    def __init__(self, invites: Invites, clock: list[float]) -> None:
        number = next(_NUMBERS)
        self.clock = clock
        self.engines: list[FuzzEngine] = []
        self.manager = RoomManager(
            Settings(
                make_engine=self._engine,
                max_participants=MAX_PEOPLE,
                invites=invites,
                linger=1e6,
                kernel_grace=1e6,
                reload_grace=1e6,
                widget_grace=1e6,
                resume_grace=1e6,
                tell_seconds=1e6,
            )
        )
        self.rooms = (f"a{number}", f"b{number}")
        self.models: dict[str, RoomModel] = {name: RoomModel() for name in self.rooms}
        self.given: dict[str, dict[str, str]] = {name: {} for name in self.rooms}  # roles, by guest
        self.modelled = True
        self.clients: list[Client] = []
        self.sessions: list[tuple[str, str, Identity]] = []
        self.invited = Invited(invites, clock)
        self.deaths = 0

    def _engine(self) -> FuzzEngine:
        self.engines.append(FuzzEngine())
        return self.engines[-1]

    # --- what can happen ---

    async def play(self, script: Script) -> int:
        """Let everything happen; return how many messages were said."""
        said = 0
        for user in range(script.number(4)):  # most of the time somebody is there already
            await self.enter(self.rooms[0], USERS[user], "kernel" if user == 1 else "browser", "", None, None)
        for _ in range(script.number(3) if self.clients else 0):  # and some that were invited, in one window or two
            await self.invites_somebody(script)
        while script and said < 60:
            what = script.number(16)
            if what < 3:
                await self.comes(script)
            elif what < 12:
                await self.says(script)
                said += 1
            elif what == 12:
                await self.breaks(script)
            elif what == 13:
                await self.at_once(script)
            elif what == 14:
                self.clock[0] += script.one((1.0, 90.0, 4000.0))
            elif script.number(4) == 0:
                await self.sfu_dies(script)
            else:
                await self.expires(script)
            await self.settled()
            self.check()
        await self.manager.stop()
        assert not self.manager.rooms
        assert not any(engine.running for engine in self.engines)
        return said

    async def comes(self, script: Script) -> None:
        room = script.one(self.rooms)
        who = script.number(7)
        kind = "kernel" if script.number(3) == 0 else "browser"
        identity = (*USERS, *NOBODY, NOBODY[0])[who]
        if who == 6:
            found = self.invited.guest(script, self.modelled)
            if found is None:
                return
            room, identity = found
        name, call = script.one(("Eve", "eve", "Zoë\u202e")), script.one((None, None, "c1", "c2"))
        session = None
        if self.sessions and script.number(3) == 0:
            theirs, session, owner = script.one(self.sessions)
            if script.number(3):
                room, identity = theirs, owner
        await self.enter(room, identity, kind, name, call, session)

    async def enter(
        self, room: str, identity: Identity, kind: str, name: str, call: str | None, session: str | None
    ) -> None:
        """Let somebody in, or back in, or wait."""
        client = Client(room, identity, kind)
        hello = Hello(version=1, client=kind, client_version="1", name=name, session=session, call=call)  # type: ignore[arg-type]
        model = self.models[room]
        back = self.comes_back(room, session, identity)
        fits = back is not None or not self.modelled or model.has_place_for(identity)
        waits = model.has_to_wait(identity)
        try:
            client.live, client.place = await self.manager.join(room, hello, identity, client)
        except (ProtocolError, SfuError) as error:
            if self.modelled:
                assert error.code == ("room-full" if fits else "too-many-places") and back is None, error
                assert not fits or (len(model.people) >= MAX_PEOPLE and not waits)
            return
        assert fits, "more places for a guest than there are"
        self.clients.append(client)
        if not self.modelled:
            return
        if back is not None:
            assert client.place is not None and client.place.id == back, "not taken back into the own place"
            model.people[back].connected = True
            model.people[back].recording = False  # it knows nothing of what was
            if call:  # as it is said; what pairs by it is asked of nobody
                model.people[back].call = f"guest {identity.guest.id} {call}" if identity.guest else call
        elif waits is not None:
            assert client.place is None, f"let in without {waits}"
            new = next(id for id, (_, _, outlet) in client.live.waiting.items() if outlet is client)
            model.waiting[new] = {"who": identity, "client": kind, "name": name, "call": call, "for": waits}
        else:
            assert client.place is not None, "kept out for nothing"
            model.joins(client.place.id, kind, identity, shown_name(identity, kind, name), call)
        if client.place is not None:
            for id in model.enters_alone():
                self.enters(room, id)

    def comes_back(self, room: str, session: str | None, identity: Identity) -> str | None:
        live = self.manager.rooms.get(room)
        for id, one in live.room.participants.items() if live and session else ():
            model = self.models[room].people.get(id)
            if one.session == session and model and (model.user, model.guest) == (identity.user, identity.guest):
                return id
        return None

    def enters(self, room: str, id: str) -> None:
        """Have the model let somebody in who waited; the room gave them an id of its own."""
        model = self.models[room]
        one = model.waiting.pop(id)
        known = set(model.people)
        if len(known) >= MAX_PEOPLE:
            return  # there is no room for them; they are told so
        live = self.manager.rooms[room]
        new = next(new for new in live.room.participants if new not in known)
        model.joins(new, one["client"], one["who"], shown_name(one["who"], one["client"], one["name"]), one["call"])

    async def invites_somebody(self, script: Script) -> None:
        role = script.one(("member", "viewer", "host"))
        await self.said(self.clients[0], json.dumps({"type": "create-invite", "id": 1, "role": role}))
        for _ in range(1 + script.number(2)):
            found = self.invited.guest(script, self.modelled)
            if found is not None:
                await self.enter(*found, "browser", "Gus", None, None)

    async def says(self, script: Script) -> None:
        present = [one for one in self.clients if not one.closed]
        if present:
            client = script.one(present)
            await self.said(client, self.words(script, client))

    def words(self, script: Script, client: Client) -> str:
        rooms = [live.room for live in self.manager.rooms.values()]
        if script.number(6):
            rooms = [room for room in rooms if room.name == client.room]
        people = [*(id for room in rooms for id in (*room.participants, *room.door.waiting)), "none"]
        tracks = [t for room in rooms for one in room.participants.values() for t in one.tracks]
        text = say.message(script, people, tracks, sorted(self.invited.known), client.mark)
        return say.spoiled(script, text) if script.number(10) == 0 else text

    async def said(self, client: Client, text: str) -> None:
        """Take a message as the socket does, and hold what comes of it to the model."""
        before = len(client.heard)
        try:
            message = protocol.decode_client(text)
        except ProtocolError:
            return  # and `check` sees that nothing has changed
        if client.place is None or client.live is None:
            if isinstance(message, protocol.Leave) and client.live is not None:
                client.close(1000, "left")
                await going.gone(client.live, client)
                self.models[client.room].waiting = {
                    id: one for id, one in self.models[client.room].waiting.items() if id in client.live.waiting
                }
            return
        seat = client.place.seat
        open_offer = getattr(seat, "_open", None)
        client.place.chat = client.place.reactions = client.place.changes = Bucket(1e9, 1e9)
        who = client.place.id
        try:
            await conversation.hear(client.live, client.place, message)
        except (ProtocolError, SfuError) as error:
            refusal: Exception | None = error
        else:
            refusal = None
        if not self.modelled:
            self.invited.remember(client.room, message, client.heard[before:])
            return
        model = self.models[client.room]
        ids = next((dict(m.tracks) for m in client.heard[before:] if isinstance(m, protocol.PublishAnswer)), {})
        try:
            hears(model, who, message, ids, partial(self.fits, client, open_offer))
        except Refused:
            assert refusal is not None, f"was to be refused: {message}"
        else:
            assert refusal is None, f"was not to be refused: {refusal!r} for {message}"
            self.follow(client, message, before)

    def fits(self, client: Client, open_offer: Any, message: Any) -> bool:
        if isinstance(message, protocol.CreateInvite):
            return self.invited.may_be_made(client.room, message)
        if isinstance(message, protocol.RevokeInvite):
            return self.invited.may_be_revoked(client.room, message.invite)
        if isinstance(message, protocol.OfferAnswer):
            return open_offer is None or open_offer.id != message.id or message.sdp.startswith("v=0")
        return not message.candidate.candidate or "candidate:" in message.candidate.candidate

    def follow(self, client: Client, message: Any, before: int) -> None:
        """Do in the model what a message means for others than who said it."""
        model = self.models[client.room]
        self.invited.remember(client.room, message, client.heard[before:])
        if isinstance(message, protocol.Moderate) and message.action == "admit":
            self.enters(client.room, message.participant)
        if isinstance(message, protocol.EndRoom):
            assert client.room not in self.manager.rooms, "a room goes on that was ended"
            self.models[client.room] = RoomModel()
            self.given[client.room] = {}
        if isinstance(message, protocol.SetRole) and message.role:
            target = client.live.room.participants[message.participant] if client.live else None
            if target is not None and target.guest is not None:
                self.given[client.room][target.guest.id] = message.role
        if isinstance(message, protocol.RevokeInvite) and message.remove:
            for id in [id for id, one in model.people.items() if one.guest and one.guest.invite == message.invite]:
                model.leaves(id)
            for id, one in list(model.waiting.items()):
                if one["who"].guest and one["who"].guest.invite == message.invite:
                    del model.waiting[id]

    async def breaks(self, script: Script) -> None:
        """Break a socket, or close its page."""
        present = [one for one in self.clients if not one.closed and one.live is not None]
        if not present:
            return
        client, went_away = script.one(present), script.number(2) == 0
        client.closed = True
        assert client.live is not None
        if client.place is None:
            await going.gone(client.live, client)
        else:
            await going.disconnected(client.live, client.place, client, went_away=went_away)
        if self.modelled:
            model = self.models[client.room]
            if client.place is None:
                model.waiting = {id: one for id, one in model.waiting.items() if id in client.live.waiting}
            else:
                model.breaks(client.place.id)

    async def expires(self, script: Script) -> None:
        """End the grace time of somebody who is not connected."""
        gone = [(live, place) for live in self.manager.rooms.values() for place in live.places.values() if place.timer]
        if gone:
            live, place = script.one(gone)
            live.background.spawn(going._expire(live, place))
            if self.modelled:
                self.models[live.room.name].leaves(place.id)

    async def sfu_dies(self, script: Script) -> None:
        running = [(live, live.centre._engine) for live in self.manager.rooms.values() if live.centre.running]
        if not running or self.deaths == 3:
            return
        live, engine = script.one(running)
        assert isinstance(engine, FuzzEngine)
        self.deaths += 1
        engine.die()
        for one in self.models[live.room.name].people.values():
            for track in one.tracks:
                track.mid = None

    async def at_once(self, script: Script) -> None:
        """Several say something at the same moment. What comes of it is not foretold, only that it makes sense."""
        present = [one for one in self.clients if not one.closed]
        if len(present) < 2:
            return
        self.modelled = False
        chosen = {id(one): one for one in (script.one(present) for _ in range(3))}
        await asyncio.gather(*(self.said(one, self.words(script, one)) for one in chosen.values()))

    async def settled(self) -> None:
        """Wait until nothing goes on any more in any room, and everything was told that there is to tell."""
        for _ in range(1000):
            if not any(live.background._tasks for live in self.manager.rooms.values()):
                late = [live for live in self.manager.rooms.values() if live.telling.timer is not None]
                if not late:
                    return
                for live in late:
                    live.background.spawn(live.telling.later())
            await asyncio.sleep(0)
        raise AssertionError("something goes on for ever")

    # --- what always holds ---

    def check(self) -> None:
        for name, live in self.manager.rooms.items():
            always(self, live)
            if self.modelled:
                as_modelled(live, self.models[name])
                as_given(live, self.given[name])
        for client in self.clients:
            self.overheard(client)
            if (
                client.place is not None
                and client.live is not None
                and client.place.id in client.live.room.participants
            ):
                session = client.live.room.participants[client.place.id].session
                entry = (client.room, session, client.identity)
                if entry not in self.sessions:
                    self.sessions.append(entry)

    def overheard(self, client: Client) -> None:
        """Nobody hears a word of another room, and nobody another's secrets."""
        other = self.rooms[1 - self.rooms.index(client.room)]
        own = client.place.id if client.place is not None else None
        for message in client.heard:
            text = protocol.encode(message)
            assert f"<{other}>" not in text, f"overheard in {client.room}: {text}"
            for room, session, _ in self.sessions:
                mine = isinstance(message, protocol.Welcome) and room == client.room and message.participant == own
                assert mine or session not in text, "somebody else's session"
            if isinstance(message, protocol.RoomState):
                live = self.manager.rooms.get(other)
                ids = set(live.room.participants) if live else set()
                assert not ids & {one.id for one in message.participants}, "somebody of another room"
                assert client.identity.guest is None or all(one.user is None for one in message.participants)
            protocol.decode_server(text)
        client.heard.clear()


async def play(data: bytes, invites: Invites, clock: list[float]) -> int:
    """Play one sequence; return how many messages were said."""
    return await World(invites, clock).play(Script(data))
