from __future__ import annotations

from typing import Any

import pytest
from rtc_notebook_server.rooms import Participant, Room, names

from rtc_notebook.errors import ProtocolError
from rtc_notebook.protocol import (
    Box,
    ClearFilter,
    Data,
    DrawOverlay,
    Mute,
    Overlay,
    ParticipantInfo,
    Publish,
    SendData,
    SetFilter,
    TrackDescription,
    TrackInfo,
)

SDP = "v=0\r\n" + "".join(f"m={kind} 9 X 0\r\na=mid:{mid}\r\n" for mid, kind in enumerate(["audio", "video", "video"]))


def publish(room: Room, who: Participant, **tracks: Any) -> dict[str, str]:
    """Publish m0="microphone", m1=("camera", of), ...; return mid → track id."""
    told = {}
    for mid, what in tracks.items():
        source, of = what if isinstance(what, tuple) else (what, None)
        told[mid[1:]] = TrackDescription(source=source, of=of)
    planned = room.plan(who.id, Publish(id=1, sdp=SDP, tracks=told))
    room.published(who.id, planned)
    return {mid: track.id for mid, track in planned.items()}


def info(room: Room, who: Participant) -> ParticipantInfo:
    return next(p for p in room.state().participants if p.id == who.id)


def track(room: Room, id: str) -> TrackInfo:
    return next(t for p in room.state().participants for t in p.tracks if t.id == id)


@pytest.fixture
def room() -> Room:
    return Room("demo")


@pytest.fixture
def ana(room: Room) -> Participant:
    return room.join("browser", "Ana", call="secret")


@pytest.fixture
def bo(room: Room) -> Participant:
    return room.join("browser", "Bo")


@pytest.fixture
def kernel(room: Room) -> Participant:
    return room.join("kernel", "Ana's kernel", call="secret")


def refused(code: str) -> Any:
    return pytest.raises(ProtocolError, check=lambda error: error.code == code)


def test_people_of_one_name_are_told_apart(room: Room) -> None:
    first, second, third = (room.join("browser", name) for name in ("Guest", "guest", "Guest"))
    assert [first.name, second.name, third.name] == ["Guest", "guest (2)", "Guest (3)"]
    room.leave(second.id)
    assert room.join("browser", "Guest").name == "Guest (2)"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("  Ana \n Bo\t", "Ana Bo"),
        ("A\u202eb\x00\u200b", "Ab"),
        ("e\u0301", "\u00e9"),
        (None, ""),
        ("x" * 99, "x" * 64),
        ("😀 名前", "😀 名前"),
    ],
)
def test_names_are_fit_to_show(given: str | None, shown: str) -> None:
    assert names.clean(given) == shown


def test_the_state_holds_no_secret(room: Room, ana: Participant, kernel: Participant) -> None:
    shown = repr(room.state())
    assert "secret" not in shown
    assert ana.session not in shown


def test_a_widget_is_paired_with_the_kernel_that_knows_its_secret(
    room: Room, ana: Participant, bo: Participant, kernel: Participant
) -> None:
    assert info(room, ana).widget_of == kernel.id
    assert info(room, bo).widget_of is None
    room.leave(kernel.id)
    assert info(room, ana).widget_of is None
    again = room.join("kernel", "k", call="other")
    room.pair(ana.id, "other")
    assert info(room, ana).widget_of == again.id
    with refused("browsers-only"):
        room.pair(again.id, "x")


def test_a_session_takes_the_place_up_again_for_the_same_user_only(room: Room) -> None:
    ana = room.join("browser", "Ana", user="ana")
    room.disconnect(ana.id)
    assert not info(room, ana).connected
    assert room.resume("nonsense", "ana") is None
    assert room.resume(ana.session, "bo") is None
    assert room.resume(ana.session, "ana") is ana
    assert info(room, ana).connected


def test_revisions_grow(room: Room) -> None:
    assert room.state().revision < room.state().revision


# --- tracks ---


def test_an_unfiltered_track_is_for_everybody_else(room: Room, ana: Participant, bo: Participant) -> None:
    ids = publish(room, ana, m0="microphone", m1="camera")
    assert [t.kind for t in info(room, ana).tracks] == ["audio", "video"]
    assert room.audiences() == {ids["0"]: {bo.id}, ids["1"]: {bo.id}}


def test_a_track_keeps_its_id_over_offers_and_lost_connections(room: Room, ana: Participant) -> None:
    first = publish(room, ana, m1="camera")
    assert publish(room, ana, m0="microphone", m1="camera")["1"] == first["1"]
    room.connection_lost(ana.id)
    assert publish(room, ana, m2="camera")["2"] == first["1"]
    publish(room, ana)
    assert publish(room, ana, m1="camera")["1"] != first["1"]


@pytest.mark.parametrize(
    ("code", "tracks"),
    [
        ("unknown-mid", {"m7": "camera"}),
        ("bad-track", {"m0": "camera"}),
        ("bad-track", {"m1": "microphone"}),
        ("duplicate-track", {"m1": "camera", "m2": "camera"}),
        ("not-filtering", {"m1": ("camera", "nothing")}),
    ],
)
def test_offers_that_do_not_fit_are_refused_and_change_nothing(
    room: Room, ana: Participant, code: str, tracks: dict[str, Any]
) -> None:
    before = publish(room, ana, m1="screen")
    with refused(code):
        publish(room, ana, **tracks)
    assert [t.id for t in info(room, ana).tracks] == list(before.values())


def test_an_offer_that_is_no_sdp_is_refused(room: Room, ana: Participant) -> None:
    with refused("bad-sdp"):
        room.plan(ana.id, Publish(id=1, sdp="hello", tracks={}))


def test_mute_is_announced(room: Room, ana: Participant, bo: Participant) -> None:
    ids = publish(room, ana, m0="microphone")
    room.mute(ana.id, Mute(track=ids["0"], muted=True))
    assert track(room, ids["0"]).muted
    with refused("no-such-track"):
        room.mute(bo.id, Mute(track=ids["0"], muted=False))


# --- filters ---


def test_the_life_of_a_filter(room: Room, ana: Participant, bo: Participant, kernel: Participant) -> None:
    ids = publish(room, ana, m0="microphone", m1="camera")
    room.set_filter(kernel.id, SetFilter(participant=ana.id, label="edges"))
    its = track(room, ids["1"]).filter
    assert its is not None
    assert (its.by, its.state, its.track, its.label) == (kernel.id, "starting", None, "edges")
    assert room.audiences()[ids["1"]] == {kernel.id}
    assert room.audiences()[ids["0"]] == {bo.id, kernel.id}, "sound stays raw"

    processed = publish(room, kernel, m1=("camera", ids["1"]))["1"]
    its = track(room, ids["1"]).filter
    assert its is not None
    assert (its.state, its.track) == ("active", processed)
    assert room.audiences()[processed] == {ana.id, bo.id}, "the own tile shows it too"

    room.clear_filter(kernel.id, ClearFilter(participant=ana.id))
    assert track(room, ids["1"]).filter is None
    assert room.audiences()[ids["1"]] == {bo.id, kernel.id}
    assert room.audiences()[processed] == frozenset()


def test_a_camera_republished_under_a_filter_starts_with_the_kernel_alone(
    room: Room, ana: Participant, bo: Participant, kernel: Participant
) -> None:
    room.set_filter(kernel.id, SetFilter(participant=ana.id))
    ids = publish(room, ana, m1="camera")
    assert room.audiences()[ids["1"]] == {kernel.id}
    publish(room, ana)
    again = publish(room, ana, m1="camera")
    assert again["1"] != ids["1"]
    assert room.audiences()[again["1"]] == {kernel.id}


def test_pass_gives_the_raw_picture_back_when_the_kernel_goes(
    room: Room, ana: Participant, bo: Participant, kernel: Participant
) -> None:
    ids = publish(room, ana, m1="camera")
    room.set_filter(kernel.id, SetFilter(participant=ana.id, on_error="pass"))
    room.disconnect(kernel.id)
    assert room.audiences()[ids["1"]] == {kernel.id}
    room.leave(kernel.id)
    assert room.audiences()[ids["1"]] == {bo.id}
    assert track(room, ids["1"]).filter is None


def test_hold_shows_nobody_anything_until_somebody_clears_it(
    room: Room, ana: Participant, bo: Participant, kernel: Participant
) -> None:
    ids = publish(room, ana, m1="camera")
    room.set_filter(kernel.id, SetFilter(participant=ana.id, on_error="hold"))
    with refused("not-yours"):
        room.clear_filter(bo.id, ClearFilter(participant=ana.id))
    room.leave(kernel.id)
    its = track(room, ids["1"]).filter
    assert its is not None
    assert its.state == "held"
    assert room.audiences()[ids["1"]] == frozenset()
    again = publish(room, ana, m2="camera")
    assert room.audiences()[again["2"]] == frozenset(), "not even a camera published anew"
    room.clear_filter(bo.id, ClearFilter(participant=ana.id))
    assert room.audiences()[again["2"]] == {bo.id}


def test_a_new_kernel_takes_a_held_filter_over(room: Room, ana: Participant, kernel: Participant) -> None:
    ids = publish(room, ana, m1="camera")
    room.set_filter(kernel.id, SetFilter(participant=ana.id, on_error="hold"))
    room.leave(kernel.id)
    again = room.join("kernel", "k")
    room.set_filter(again.id, SetFilter(participant=ana.id))
    assert room.audiences()[ids["1"]] == {again.id}


def test_only_one_kernel_filters_a_picture(room: Room, ana: Participant, kernel: Participant) -> None:
    ids = publish(room, ana, m1="camera")
    room.set_filter(kernel.id, SetFilter(participant=ana.id, label="one"))
    room.set_filter(kernel.id, SetFilter(participant=ana.id, label="two", on_error="hold"))
    its = track(room, ids["1"]).filter
    assert its is not None
    assert (its.label, its.on_error) == ("two", "hold")
    other = room.join("kernel", "Bo's kernel")
    with pytest.raises(ProtocolError, match="Ana's kernel already filters the camera of Ana"):
        room.set_filter(other.id, SetFilter(participant=ana.id))
    room.set_filter(other.id, SetFilter(participant=ana.id, source="screen"))
    room.disconnect(kernel.id)
    room.set_filter(other.id, SetFilter(participant=ana.id))
    assert room.audiences()[ids["1"]] == {other.id}


def test_what_filters_are_refused(room: Room, ana: Participant, bo: Participant, kernel: Participant) -> None:
    with refused("kernels-only"):
        room.set_filter(bo.id, SetFilter(participant=ana.id))
    with refused("no-such-participant"):
        room.set_filter(kernel.id, SetFilter(participant="x"))
    with refused("no-such-participant"):
        room.clear_filter(kernel.id, ClearFilter(participant="x"))
    with refused("not-filtered"):
        room.clear_filter(kernel.id, ClearFilter(participant=ana.id))


def test_only_who_filters_may_publish_the_processed_track(room: Room, ana: Participant, kernel: Participant) -> None:
    ids = publish(room, ana, m1="camera")
    with refused("not-filtering"):
        publish(room, kernel, m1=("camera", ids["1"]))
    room.set_filter(kernel.id, SetFilter(participant=ana.id))
    with refused("not-filtering"):
        publish(room, kernel, m1=("screen", ids["1"]))
    other = room.join("kernel", "k")
    with refused("not-filtering"):
        publish(room, other, m1=("camera", ids["1"]))


def test_who_comes_back_under_a_filter_is_filtered_from_the_first_packet(
    room: Room, bo: Participant, ana: Participant, kernel: Participant
) -> None:
    room.set_filter(kernel.id, SetFilter(participant=bo.id, on_error="hold", label="blur"))
    room.leave(bo.id)
    other = room.join("browser", "Somebody else")
    back = room.join("browser", "Bo")
    ids = publish(room, back, m1="camera", m2="screen")
    its = track(room, ids["1"]).filter
    assert its is not None
    assert (its.by, its.on_error, its.state, its.label) == (kernel.id, "hold", "starting", "blur")
    assert room.audiences()[ids["1"]] == {kernel.id}
    assert room.audiences()[ids["2"]] == {kernel.id, ana.id, other.id}, "nobody filters the screen"
    assert not any(track(room, id).filter for id in publish(room, other, m1="camera").values())
    room.set_filter(kernel.id, SetFilter(participant=back.id, label="blur"))
    room.clear_filter(kernel.id, ClearFilter(participant=back.id))
    assert room.filters == {}


def test_a_widget_comes_back_by_its_secret_and_not_by_its_name(
    room: Room, ana: Participant, kernel: Participant
) -> None:
    room.set_filter(kernel.id, SetFilter(participant=ana.id))
    room.leave(ana.id)
    stranger = room.join("browser", "Ana")
    publish(room, stranger, m1="camera")
    assert not any(t.filter for t in info(room, stranger).tracks)
    back = room.join("browser", "Anonymous Io", call="secret")
    ids = publish(room, back, m1="camera")
    assert room.audiences()[ids["1"]] == {kernel.id}


def test_a_filter_on_who_is_away_can_be_taken_off_and_goes_with_its_kernel(
    room: Room, bo: Participant, kernel: Participant
) -> None:
    room.set_filter(kernel.id, SetFilter(participant=bo.id))
    room.leave(bo.id)
    room.clear_filter(kernel.id, ClearFilter(participant=bo.id))
    assert room.filters == {}
    bo = room.join("browser", "Bo")
    room.set_filter(kernel.id, SetFilter(participant=bo.id, on_error="pass"))
    room.set_filter(kernel.id, SetFilter(participant=bo.id, source="screen", on_error="hold"))
    room.leave(bo.id)
    room.leave(kernel.id)
    ids = publish(room, room.join("browser", "Bo"), m1="camera", m2="screen")
    assert track(room, ids["1"]).filter is None
    held = track(room, ids["2"]).filter
    assert held is not None
    assert held.state == "held", "what was to be held is not given away by a page that is loaded anew"


def test_what_a_kernel_draws_is_told_as_it_is(
    room: Room, ana: Participant, bo: Participant, kernel: Participant
) -> None:
    shapes = (Box(x=0.1, y=0.2, width=0.3, height=0.4),)
    message = DrawOverlay(participant=ana.id, shapes=shapes, source="screen", label="x", captured=5.0, seconds=2.0)
    told = room.overlay(kernel.id, message)
    assert told == Overlay(
        by=kernel.id, participant=ana.id, shapes=shapes, source="screen", label="x", captured=5.0, seconds=2.0
    )
    with refused("kernels-only"):
        room.overlay(bo.id, message)
    with refused("no-such-participant"):
        room.overlay(kernel.id, DrawOverlay(participant="x", shapes=()))
    with refused("too-many-shapes"):
        room.overlay(kernel.id, DrawOverlay(participant=ana.id, shapes=shapes * 501))


def test_kernels_alone_get_what_a_kernel_sends(room: Room, ana: Participant, kernel: Participant) -> None:
    second, third = (room.join("kernel", "k") for _ in range(2))
    data, to = room.data(kernel.id, SendData(id=3, part=0, parts=1, data="AA=="))
    assert data == Data(by=kernel.id, id=3, part=0, parts=1, data="AA==")
    assert to == [second.id, third.id]
    assert room.data(kernel.id, SendData(id=3, part=0, parts=1, data="", to=third.id))[1] == [third.id]
    assert room.data(kernel.id, SendData(id=3, part=0, parts=1, data="", to=ana.id))[1] == []
    with refused("kernels-only"):
        room.data(ana.id, SendData(id=3, part=0, parts=1, data=""))
    with refused("no-such-participant"):
        room.data(kernel.id, SendData(id=3, part=0, parts=1, data="", to="x"))
