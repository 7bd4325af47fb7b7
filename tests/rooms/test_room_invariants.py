"""Whatever happens in a room, in whatever order: a filtered picture reaches its filtering kernel and nobody else."""

from __future__ import annotations

import contextlib

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from rtc_notebook_server.rooms import Room, policy

from rtc_notebook.errors import ProtocolError
from rtc_notebook.protocol import ClearFilter, Publish, SetFilter, TrackDescription

SDP = "v=0\r\n" + "".join(f"m=video 9 X 0\r\na=mid:{mid}\r\n" for mid in range(4))
index = st.integers(0, 7)
picture = st.sampled_from(["camera", "screen"])


class Rooms(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.room = Room("demo")
        self.applied: policy.Audiences = {}

    def who(self, number: int) -> str | None:
        ids = list(self.room.participants)
        return ids[number % len(ids)] if ids else None

    @rule(client=st.sampled_from(["browser", "kernel"]))
    def join(self, client: str) -> None:
        if len(self.room.participants) < 6:
            self.room.join(client, client)  # type: ignore[arg-type]

    @rule(number=index)
    def leave(self, number: int) -> None:
        if who := self.who(number):
            self.room.leave(who)

    @rule(number=index)
    def load_anew(self, number: int) -> None:
        who = self.who(number)
        if who is None or self.room.participants[who].client != "browser":
            return
        name = self.room.participants[who].name
        before = {source: its for (owner, source), its in self.room.filters.items() if owner == who}
        self.room.leave(who)
        back = self.room.join("browser", name)
        after = {source: its for (owner, source), its in self.room.filters.items() if owner == back.id}
        assert before.items() <= after.items()

    @rule(number=index)
    def disconnect(self, number: int) -> None:
        if who := self.who(number):
            self.room.disconnect(who)

    @rule(number=index, sources=st.sets(picture))
    def publish(self, number: int, sources: set[str]) -> None:
        if who := self.who(number):
            tracks = {str(mid): TrackDescription(source=source) for mid, source in enumerate(sorted(sources))}  # type: ignore[arg-type]
            self.room.published(who, self.room.plan(who, Publish(id=1, sdp=SDP, tracks=tracks)))

    @rule(number=index, other=index)
    def process(self, number: int, other: int) -> None:
        kernel, owner = self.who(number), self.who(other)
        if kernel is None or owner is None:
            return
        raw = self.room.participants[owner].tracks.values()
        tracks = {str(mid): TrackDescription(source=t.source, of=t.id) for mid, t in enumerate(raw)}
        with contextlib.suppress(ProtocolError):
            self.room.published(kernel, self.room.plan(kernel, Publish(id=1, sdp=SDP, tracks=tracks)))

    @rule(number=index, other=index, source=picture, on_error=st.sampled_from(["pass", "hold"]))
    def set_filter(self, number: int, other: int, source: str, on_error: str) -> None:
        kernel, owner = self.who(number), self.who(other)
        if kernel and owner:
            with contextlib.suppress(ProtocolError):
                message = SetFilter(participant=owner, source=source, on_error=on_error)  # type: ignore[arg-type]
                self.room.set_filter(kernel, message)

    @rule(number=index, other=index, source=picture)
    def clear_filter(self, number: int, other: int, source: str) -> None:
        who, owner = self.who(number), self.who(other)
        if who and owner:
            with contextlib.suppress(ProtocolError):
                self.room.clear_filter(who, ClearFilter(participant=owner, source=source))  # type: ignore[arg-type]

    @invariant()
    def a_filtered_picture_goes_to_its_kernel_alone(self) -> None:
        audiences = self.room.audiences()
        for (owner, source), its in self.room.filters.items():
            if owner not in self.room.participants:
                continue  # away
            for track in self.room.participants[owner].tracks.values():
                if track.source == source and track.of is None:
                    assert audiences[track.id] <= (set() if its.held else {its.by})

    @invariant()
    def nobody_away_is_remembered_for_nothing(self) -> None:
        gone = {owner for owner, _ in self.room.filters if owner not in self.room.participants}
        assert set(self.room._filtering._away._gone) == gone

    @invariant()
    def nobody_gets_their_own_and_everybody_is_there(self) -> None:
        audiences = self.room.audiences()
        for who in self.room.participants.values():
            for track in who.tracks.values():
                assert who.id not in audiences[track.id]
                assert audiences[track.id] <= set(self.room.participants)

    @invariant()
    def a_processed_track_is_shown_only_by_who_filters(self) -> None:
        for who in self.room.participants.values():
            for track in who.tracks.values():
                if track.of is not None and self.room.audiences()[track.id]:
                    assert who.id in {its.by for its in self.room.filters.values() if not its.held}

    @invariant()
    def taking_away_comes_before_giving(self) -> None:
        wanted = self.room.audiences()
        narrowed, grown = policy.changes(self.applied, wanted)
        assert all(self.applied.get(track, frozenset()) <= who for track, who in grown.items())
        assert {**self.applied, **narrowed, **grown}.items() >= wanted.items()
        self.applied = wanted

    @invariant()
    def names_are_unique(self) -> None:
        shown = [who.name for who in self.room.participants.values()]
        assert len(set(shown)) == len(shown)


TestRooms = Rooms.TestCase
TestRooms.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
