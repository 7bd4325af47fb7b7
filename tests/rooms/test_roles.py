"""Who may do what, and who waits at the door."""

from __future__ import annotations

from typing import Any

import pytest
from rtc_notebook_server.rooms import Guest, Participant, Room, view
from test_room import info, publish, refused, track

from rtc_notebook.protocol import Box, ClearFilter, DrawOverlay, Mute, SendData, SetFilter, SetRole


@pytest.fixture
def room() -> Room:
    return Room("demo")


@pytest.fixture
def ana(room: Room) -> Participant:
    return room.join("browser", "Ana", user="ana")


@pytest.fixture
def bo(room: Room, ana: Participant) -> Participant:
    return room.join("browser", "Bo", user="bo")


def guest(room: Room, role: Any = "member", id: str = "g", since: float = 1.0) -> Participant:
    return room.join("browser", "Guest", guest=Guest(id=id, invite="i", role=role, since=since))


def roles(room: Room) -> dict[str, str]:
    return {one.name: one.role for one in room.participants.values()}


def test_whoever_opens_the_room_is_host_and_who_comes_is_member(room: Room, ana: Participant, bo: Participant) -> None:
    guest(room, "viewer")
    assert roles(room) == {"Ana": "host", "Bo": "member", "Guest": "viewer"}


def test_where_the_server_tells_users_not_apart_everybody_is_host(room: Room) -> None:
    room.join("browser", "Ana")
    room.join("kernel", "Ana's kernel")
    assert set(roles(room).values()) == {"host"}


def test_a_member_who_comes_back_to_a_room_without_a_host_is_one(room: Room, ana: Participant, bo: Participant) -> None:
    guest(room)
    for who in (bo, ana):
        room.leave(who.id)
    assert roles(room) == {"Guest": "member"}
    assert room.join("browser", "Bo", user="bo").role == "host"


def test_the_clients_of_one_user_share_a_role(room: Room, ana: Participant, bo: Participant) -> None:
    kernel = room.join("kernel", "Bo's kernel", user="bo")
    assert kernel.role == "member"
    room.set_role(ana.id, SetRole(participant=kernel.id, role="host"))
    assert bo.role == "host"
    room.leave(bo.id)
    assert room.join("browser", "Bo", user="bo").role == "host", "and keep it when they come back"


def test_what_a_host_made_of_a_guest_holds_for_all_they_open(room: Room, ana: Participant) -> None:
    one = guest(room, "host")
    room.set_role(ana.id, SetRole(participant=one.id, role="viewer"))
    other = guest(room, "host")
    assert (one.role, other.role) == ("viewer", "viewer")
    for client in (one, other):
        room.leave(client.id)
    assert guest(room, "host").role == "viewer", "and when they come back"
    assert guest(room, "host", id="else").role == "host", "others have what the invite says"
    room.set_role(ana.id, SetRole(participant=next(reversed(room.participants)), role="member"))
    assert guest(room, "host", id="else").role == "member"


def test_what_a_host_made_of_a_browser_holds_where_the_server_tells_users_not_apart(room: Room) -> None:
    room.join("browser", "Ana", login="1")
    bo = room.join("browser", "Bo", login="2")
    room.set_role(next(iter(room.participants)), SetRole(participant=bo.id, role="viewer"))
    assert [room.join("browser", name, login=name).role for name in ("2", "3")] == ["viewer", "host"]


def test_a_kernel_shares_the_role_of_the_browser_that_shows_it(room: Room, ana: Participant, bo: Participant) -> None:
    room.join("kernel", "kernel", call="secret")
    assert room.join("browser", "Eve", user="eve").role == "member"
    widget = room.join("browser", "Eve", user="eve", call="secret")
    assert widget.role == "host"


def test_a_guest_gets_no_role_by_a_stolen_pairing(room: Room, ana: Participant) -> None:
    room.join("kernel", "kernel", call="secret")
    person = Guest(id="g", invite="i", role="viewer")
    one = room.join("browser", "G", call="secret", guest=person)
    room.pair(one.id, "secret")
    shown = {info.name: info for info in room.state().participants}
    assert one.role == "viewer" and shown["G"].widget_of is None
    own = room.join("kernel", "G's kernel", call="secret", guest=person)
    shown = {info.name: info for info in room.state().participants}
    assert own.role == "viewer" and shown["G"].widget_of == own.id, "a guest's own kernel and its widget do pair"


def test_a_guests_kernel_filters_its_own_person_alone(room: Room, ana: Participant) -> None:
    person = Guest(id="g", invite="i", role="member")
    kernel, browser = (room.join(client, "G", guest=person) for client in ("kernel", "browser"))  # type: ignore[arg-type]
    room.set_filter(kernel.id, SetFilter(participant=browser.id, source="camera", on_error="pass"))
    with refused("not-allowed"):
        room.set_filter(kernel.id, SetFilter(participant=ana.id, source="camera", on_error="pass"))


def test_a_room_keeps_a_host(room: Room, ana: Participant, bo: Participant) -> None:
    with refused("last-host"):
        room.set_role(ana.id, SetRole(participant=ana.id, role="member"))
    one = guest(room)
    room.leave(ana.id)
    assert bo.role == "host" and one.role == "member"
    assert room.join("browser", "Ana", user="ana").role == "host"


def test_a_host_hands_on(room: Room, ana: Participant, bo: Participant) -> None:
    room.set_role(ana.id, SetRole(participant=bo.id, role="host"))
    room.set_role(bo.id, SetRole(participant=ana.id, role="member"))
    assert roles(room) == {"Ana": "member", "Bo": "host"}
    with refused("hosts-only"):
        room.set_lock(ana.id, True)


@pytest.mark.parametrize("role", ["member", "viewer"])
def test_what_only_hosts_may(room: Room, ana: Participant, role: Any) -> None:
    one = guest(room, role)
    before = repr(room.state().participants)
    for ask in (
        lambda: room.set_role(one.id, SetRole(participant=one.id, role="host")),
        lambda: room.set_role(one.id, SetRole(participant=one.id, may_filter=True)),
        lambda: room.silence(one.id, ana.id),
        lambda: room.remove(one.id, ana.id),
        lambda: room.admit(one.id, "x"),
        lambda: room.set_lock(one.id, True),
        lambda: room.silence_others(one.id),
        lambda: room.lower_hand(one.id, ana.id),
    ):
        with refused("hosts-only"):
            ask()
    assert repr(room.state().participants) == before


def test_a_viewer_sends_nothing(room: Room, ana: Participant) -> None:
    viewer = guest(room, "viewer")
    with refused("viewers-watch"):
        publish(room, viewer, m1="camera")
    kernel = room.join("kernel", "k", user="eve")
    room.set_role(ana.id, SetRole(participant=kernel.id, role="viewer"))
    with refused("viewers-watch"):
        room.data(kernel.id, SendData(id=1, part=0, parts=1, data=""))
    with refused("viewers-watch"):
        room.overlay(kernel.id, DrawOverlay(participant=kernel.id, shapes=()))
    for ask in (
        lambda: room.set_filter(kernel.id, SetFilter(participant=ana.id)),
        lambda: room.overlay(kernel.id, DrawOverlay(participant=ana.id, shapes=(Box(x=0, y=0, width=1, height=1),))),
    ):
        with refused("not-allowed"):
            ask()


def test_who_becomes_a_viewer_stops_sending(room: Room, ana: Participant, bo: Participant) -> None:
    ids = publish(room, bo, m0="microphone", m1="camera")
    planned = room.plan(bo.id, _offer())
    assert room.set_role(ana.id, SetRole(participant=bo.id, role="viewer")) == [bo.id]
    assert not set(ids.values()) & set(room.audiences())
    with refused("viewers-watch"):
        room.published(bo.id, planned)


def _offer() -> Any:
    from test_room import SDP

    from rtc_notebook.protocol import Publish, TrackDescription

    return Publish(id=1, sdp=SDP, tracks={"1": TrackDescription(source="camera")})


# --- filters ---


def test_members_filter_themselves_and_others_only_where_a_host_allows_it(
    room: Room, ana: Participant, bo: Participant
) -> None:
    kernel = room.join("kernel", "Bo's kernel", user="bo")
    room.set_filter(kernel.id, SetFilter(participant=bo.id))
    with refused("not-allowed"):
        room.set_filter(kernel.id, SetFilter(participant=ana.id))
    room.set_role(ana.id, SetRole(participant=bo.id, may_filter=True))
    room.set_filter(kernel.id, SetFilter(participant=ana.id, on_error="hold"))
    ids = publish(room, ana, m1="camera")
    assert room.audiences()[ids["1"]] == {kernel.id}
    room.set_role(ana.id, SetRole(participant=bo.id, may_filter=False))
    assert room.audiences()[ids["1"]] == frozenset(), "held, as it was asked to be, until somebody who may clears it"
    room.clear_filter(ana.id, ClearFilter(participant=ana.id))
    assert (bo.id, "camera") in room.filters


def test_a_host_that_is_one_no_more_filters_nobody_else(room: Room, ana: Participant, bo: Participant) -> None:
    kernel = room.join("kernel", "Ana's kernel", user="ana")
    room.set_filter(kernel.id, SetFilter(participant=bo.id))
    room.set_filter(kernel.id, SetFilter(participant=ana.id))
    room.set_role(ana.id, SetRole(participant=bo.id, role="host"))
    room.set_role(bo.id, SetRole(participant=ana.id, role="member"))
    assert list(room.filters) == [(ana.id, "camera")]


# --- muting ---


def test_only_the_muted_unmute_themselves(room: Room, ana: Participant, bo: Participant) -> None:
    ids = publish(room, bo, m0="microphone", m1="camera")
    assert room.silence(ana.id, bo.id) == [ids["0"]]
    publish(room, bo, m0="microphone", m1="camera")
    assert info(room, bo).tracks[0].muted, "not by a new offer"
    with refused("no-such-track"):
        room.mute(ana.id, Mute(track=ids["0"], muted=False))
    room.mute(bo.id, Mute(track=ids["0"], muted=False))
    publish(room, bo, m0="microphone", m1="camera")
    assert not info(room, bo).tracks[0].muted


def test_everybody_else_is_muted_at_once(room: Room, ana: Participant, bo: Participant) -> None:
    own = publish(room, room.join("kernel", "Ana's kernel", user="ana"), m0="kernel")
    sound = publish(room, bo, m0="microphone", m1="camera")
    kernel = room.join("kernel", "Bo's kernel", user="bo")
    room.set_filter(kernel.id, SetFilter(participant=bo.id, source="microphone"))
    made = publish(room, kernel, m0=("microphone", sound["0"]))
    shown = publish(room, room.join("kernel", "Eve's kernel", user="eve"), m0="kernel")
    muted = [id for ids in room.silence_others(ana.id).values() for id in ids]
    assert muted == [sound["0"], shown["0"]]
    heard = {id: track(room, id).muted for id in (own["0"], sound["0"], sound["1"], made["0"], shown["0"])}
    assert [id for id, silent in heard.items() if silent] == muted
    room.mute(bo.id, Mute(track=sound["0"], muted=False))
    assert not info(room, bo).tracks[0].muted and not track(room, made["0"]).muted, "they are heard again at once"


def test_a_host_lowers_a_hand(room: Room, ana: Participant, bo: Participant) -> None:
    room.raise_hand(ana.id, True)
    room.raise_hand(bo.id, True)
    room.lower_hand(ana.id, bo.id)
    assert not info(room, bo).hand and room.state().hands == (ana.id,)
    with refused("no-such-participant"):
        room.lower_hand(ana.id, "nobody")


# --- the door ---


def test_a_locked_room_has_newcomers_wait(room: Room, ana: Participant) -> None:
    room.set_lock(ana.id, True)
    assert room.knock("Ana", "ana") is None, "who is in has more than one window"
    waiting = room.knock("Bo", "bo")
    assert waiting is not None
    assert [one.name for one in room.state().waiting] == ["Bo"]
    room.admit(ana.id, waiting.id)
    assert room.knock("Bo", "bo") is None, "who was admitted may reload the page"
    room.set_lock(ana.id, False)
    assert room.knock("Eve", "eve") is None


def test_who_waits_is_told_to_hosts_alone(room: Room, ana: Participant, bo: Participant) -> None:
    one = guest(room)
    room.set_lock(ana.id, True)
    room.knock("Eve", "eve")
    state = room.state()
    assert view.for_participant(state, ana).waiting
    assert not view.for_participant(state, bo).waiting
    seen = view.for_participant(state, one)
    assert not seen.waiting and [p.user for p in seen.participants] == [None] * 3, "and no account to guests"


def test_guests_wait_until_somebody_is_there(room: Room) -> None:
    waiting = room.knock("G", guest=Guest(id="g", invite="i", role="member"))
    assert waiting is not None and room.door.may_enter(room.participants) == []
    room.join("browser", "Ana", user="ana")
    assert room.door.may_enter(room.participants) == [waiting.id]


def test_who_was_removed_knocks(room: Room, ana: Participant, bo: Participant) -> None:
    one = guest(room, since=1.0)
    for who in (one, bo):
        room.remove(ana.id, who.id)
        room.leave(who.id)
    assert room.knock("Bo", "bo")
    assert room.knock("G", guest=one.guest)
    assert room.knock("G", guest=Guest(id="another", invite="i", role="member", since=2.0)), "by the same link anew"
    assert not room.knock("H", guest=Guest(id="other", invite="i", role="member", since=0.5)), "in before that"


def test_whoever_else_is_removed_those_who_came_anew_still_knock(room: Room, ana: Participant) -> None:
    early, late = guest(room, id="1", since=1.0), guest(room, id="2", since=9.0)
    for who in (early, late):
        room.remove(ana.id, who.id)
        room.leave(who.id)
    assert room.knock("G", guest=Guest(id="3", invite="i", role="member", since=5.0))


def test_a_removed_browser_knocks_where_the_server_tells_users_not_apart(room: Room) -> None:
    ana, bo = room.join("browser", "Ana", login="1"), room.join("browser", "Bo", login="2")
    room.remove(ana.id, bo.id)
    room.leave(bo.id)
    assert room.knock("Bo", login="2")
    assert not room.knock("Bo", login="3"), "another browser of who has the token is another"


def test_who_closes_their_own_other_window_is_not_kept_out(room: Room, ana: Participant, bo: Participant) -> None:
    other = room.join("browser", "Ana", user="ana")
    room.remove(ana.id, other.id)
    room.leave(other.id)
    room.leave(ana.id)
    assert not room.knock("Ana", user="ana")


def test_a_place_is_taken_up_again_by_the_same_guest_only(room: Room, ana: Participant) -> None:
    one = guest(room)
    assert room.resume(one.session, None) is None
    assert room.resume(one.session, None, Guest(id="else", invite="i", role="member", since=1.0)) is None
    assert room.resume(one.session, None, one.guest) is one


def test_a_lock_ends_with_the_last_who_leaves(room: Room, ana: Participant) -> None:
    room.set_lock(ana.id, True)
    room.leave(ana.id)
    assert not room.state().locked
    assert room.join("browser", "Bo", user="bo").role == "host"
