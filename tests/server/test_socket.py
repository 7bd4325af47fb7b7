from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from fake_engine import SDP, FakeEngine
from rtc_notebook_server.sfu.base import ConnectionLost
from rtc_notebook_server.sockets import MESSAGES_PER_SECOND

from rtc_notebook.protocol import MAX_MESSAGE_BYTES


async def test_two_join_and_see_each_other(join: Any) -> None:
    ana = await join(name="Ana")
    bo = await join(name="Bo")
    assert bo.names == ["Ana", "Bo"]
    await ana.until(lambda c: c.names == ["Ana", "Bo"])
    assert ana.id != bo.id


async def test_who_gives_no_name_has_one(join: Any) -> None:
    await join()
    await join()
    kernel = await join(client="kernel")
    assert kernel.names == ["Guest", "Guest (2)", "notebook kernel"]


async def test_leaving_closes_and_is_seen(join: Any) -> None:
    ana, bo = await join(name="Ana"), await join(name="Bo")
    bo.say("leave")
    assert await bo.closed() == 1000
    await ana.until(lambda c: c.names == ["Ana"])


async def test_publish_is_answered_and_announced(join: Any, engines: list[FakeEngine]) -> None:
    ana, bo = await join(name="Ana"), await join(name="Bo")
    ids = await ana.publish(m0={"source": "microphone", "muted": True}, m1="camera")
    await bo.until(lambda c: c.track(ids["1"]))
    assert bo.track(ids["0"])["muted"] is True
    assert engines[0].audiences == {ids["0"]: {bo.id}, ids["1"]: {bo.id}}
    assert ("set_muted", ids["0"], True) in engines[0].seats[ana.id].log


async def test_signaling_reaches_the_seat_and_back(join: Any, engines: list[FakeEngine]) -> None:
    ana, bo = await join(name="Ana"), await join(name="Bo")
    track = (await bo.publish(m1="camera"))["1"]
    ana.say("candidate", connection="publish", candidate={"candidate": "candidate:x"})
    ana.say("subscribe", tracks=[track])
    offer = await ana.next("offer")
    assert list(offer["tracks"].values()) == [track]
    assert not engines[0].sent_to(track)
    ana.say("offer-answer", id=offer["id"], sdp=SDP)
    ana.say("restart", connection="subscribe")
    again = await ana.next("offer")
    assert again["connectionId"] != offer["connectionId"]
    ana.say("offer-answer", id=again["id"], sdp=SDP)
    bo.say("send-chat", text="done")
    await ana.next("chat")
    assert engines[0].seats[ana.id].log == [
        ("candidate", "publish", "candidate:x"),
        ("subscribe", (track,)),
        ("answer", offer["id"]),
        ("restart", "subscribe"),
        ("answer", again["id"]),
    ]
    assert engines[0].sent_to(track) == {ana.id}


async def test_mute_is_announced(join: Any) -> None:
    ana, bo = await join(), await join()
    ids = await ana.publish(m0="microphone")
    ana.say("mute", track=ids["0"], muted=True)
    await bo.until(lambda c: (c.track(ids["0"]) or {}).get("muted"))


async def test_nobody_is_told_of_a_filter_before_the_raw_picture_is_taken_away(
    join: Any, engines: list[FakeEngine]
) -> None:
    ana, bo, kernel = await join(name="Ana"), await join(name="Bo"), await join(client="kernel")
    ids = await ana.publish(m1="camera")
    await bo.until(lambda c: c.track(ids["1"]))
    engines[0].hold = asyncio.Event()
    kernel.say("set-filter", participant=ana.id, label="edges")
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(asyncio.shield(waiting := asyncio.ensure_future(bo.read())), 0.2)
    engines[0].hold.set()
    await waiting
    await bo.until(lambda c: c.filter(ids["1"]))
    told = {"by": kernel.id, "onError": "pass", "state": "starting", "track": None, "label": "edges"}
    assert bo.filter(ids["1"]) == told
    assert engines[0].audiences[ids["1"]] == {kernel.id}
    processed = (await kernel.publish(m1={"source": "camera", "of": ids["1"]}))["1"]
    await ana.until(lambda c: c.filter(ids["1"]).get("state") == "active")
    assert engines[0].audiences[processed] == {ana.id, bo.id}


async def test_a_kernel_that_vanishes_takes_its_filters_along(join: Any, engines: list[FakeEngine]) -> None:
    ana, bo, kernel = await join(name="Ana"), await join(name="Bo"), await join(client="kernel", name="k")
    ids = await ana.publish(m1="camera")
    kernel.say("set-filter", participant=ana.id)
    await bo.until(lambda c: c.filter(ids["1"]))
    kernel.socket.close()
    await bo.until(lambda c: c.who("k") is None)
    assert engines[0].audiences[ids["1"]] == {bo.id}
    assert not bo.filter(ids["1"])


async def test_a_widget_pairs_with_its_kernel(join: Any) -> None:
    ana = await join(name="Ana", call="one")
    kernel = await join(client="kernel", call="two")
    assert "two" not in json.dumps(kernel.room)
    ana.say("pair", call="two")
    await ana.until(lambda c: c.who("Ana")["widgetOf"] == kernel.id)


# --- coming back ---


async def test_a_broken_socket_is_replaced_and_nobody_sees_a_leave(join: Any, connect: Any) -> None:
    ana, bo = await join(name="Ana"), await join(name="Bo")
    ids, others = await ana.publish(m1="camera"), await bo.publish(m1="camera")
    ana.say("subscribe", tracks=[others["1"]])
    offer = await ana.next("offer")
    ana.socket.close()
    await bo.until(lambda c: c.who("Ana") and not c.who("Ana")["connected"])
    again = await connect()
    welcome = await again.hello(session=ana.session, heard=ana.heard)
    assert welcome["resumed"] is True
    assert again.id == ana.id
    assert (await again.next("offer"))["id"] == offer["id"], "what she has not answered is offered again"
    await bo.until(lambda c: c.who("Ana")["connected"])
    assert bo.track(ids["1"])


async def test_the_same_session_twice_closes_the_older_socket(join: Any, connect: Any) -> None:
    ana = await join(name="Ana")
    again = await connect()
    await again.hello(session=ana.session, heard=ana.heard)
    assert (await ana.next("bye"))["code"] == "replaced"
    assert await ana.closed() == 1008
    await again.publish(m1="camera")
    assert again.names == ["Ana"]


async def test_a_kernel_that_comes_back_knowing_nothing_records_nothing(join: Any, connect: Any) -> None:
    ana, kernel = await join(name="Ana"), await join(client="kernel", name="k")
    kernel.say("set-recording", active=True)
    await ana.until(lambda c: (c.who("k") or {}).get("recording"))
    again = await connect()
    assert (await again.hello(client="kernel", session=kernel.session))["resumed"] is False
    assert again.who("k")["recording"] is False


async def test_an_unknown_session_is_a_new_participant(connect: Any) -> None:
    guest = await connect()
    assert (await guest.hello(session="nonsense"))["resumed"] is False


async def test_a_lost_connection_is_told(join: Any, engines: list[FakeEngine]) -> None:
    ana = await join()
    engines[0].seats[ana.id].on_event(ConnectionLost("publish"))
    assert (await ana.next("restarted"))["connections"] == ["publish"]


# --- bad input: a clear error on that socket alone ---


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("hello", "bad-json"),
        ("[]", "bad-message"),
        ('{"type":"fly"}', "bad-message"),
        ('{"type":"leave","x":1}', "bad-message"),
        (b"\x00\x01", "bad-message"),
        ('{"type":"hello","version":1,"client":"browser","clientVersion":"1"}', "hello-again"),
        (json.dumps({"type": "publish", "id": 7, "sdp": "nonsense", "tracks": {}}), "bad-sdp"),
        (json.dumps({"type": "publish", "id": 7, "sdp": "v=0 refuse", "tracks": {}}), "bad-sdp"),
        (json.dumps({"type": "set-filter", "id": 7, "participant": "x"}), "kernels-only"),
        (json.dumps({"type": "mute", "track": "x", "muted": True}), "no-such-track"),
    ],
)
async def test_refusals_leave_the_call_going(join: Any, data: str | bytes, code: str) -> None:
    ana, bo = await join(name="Ana"), await join(name="Bo")
    ana.raw(data)
    error = await ana.error()
    assert error["code"] == code
    assert error["message"].endswith(".")
    if '"id": 7' in str(data):
        assert (error["about"], error["id"]) == (json.loads(data)["type"], 7)
    await ana.publish(m1="camera")
    await bo.until(lambda c: c.who("Ana")["tracks"])


async def test_hello_comes_first(connect: Any) -> None:
    guest = await connect()
    guest.say("leave")
    assert (await guest.error())["code"] == "hello-first"
    await guest.hello()


@pytest.mark.parametrize(
    ("version", "client", "side"),
    [(0, "kernel", "the kernel's environment"), (99, "browser", "the Jupyter server's environment")],
)
async def test_another_protocol_version_is_told_which_side_to_upgrade(
    connect: Any, version: int, client: str, side: str
) -> None:
    guest = await connect()
    guest.say("hello", version=version, client=client, clientVersion="9.9.9")
    error = await guest.error()
    assert error["code"] == "version-mismatch"
    assert side in error["message"]
    assert (await guest.next("bye"))["code"] == "version-mismatch"
    assert await guest.closed() == 1008


@pytest.mark.parametrize("room", ["..", "a..b", "-a", "😀", "a b ", "x" * 65])
async def test_illegal_room_names(connect: Any, room: str) -> None:
    guest = await connect(room)
    guest.say("hello", version=1, client="browser", clientVersion="1")
    bye = await guest.next("bye")
    assert bye["code"] == "bad-room-name"
    assert "letters, digits" in bye["message"]
    assert await guest.closed() == 1008


@pytest.mark.parametrize("room", ["Zoë", "名前", "a b.c"])
async def test_room_names_of_any_script(connect: Any, room: str) -> None:
    assert (await (await connect(room)).hello())["room"] == room


async def test_a_message_of_ten_megabytes_closes_that_socket_with_1009(join: Any) -> None:
    ana, bo = await join(name="Ana"), await join(name="Bo")
    ana.raw("x" * 10_000_000)
    assert await ana.closed() == 1009
    await bo.until(lambda c: not c.who("Ana")["connected"])
    await bo.publish(m1="camera")


async def test_a_message_of_the_largest_size_is_heard(join: Any) -> None:
    ana = await join()
    ana.raw('{"type":"x' + "x" * (MAX_MESSAGE_BYTES - 20) + '"}')
    assert (await ana.error())["code"] == "bad-message"


async def test_too_many_messages_a_second_close_that_socket(clock: Any, join: Any) -> None:
    ana, bo = await join(name="Ana"), await join(name="Bo")
    for _ in range(MESSAGES_PER_SECOND):
        ana.say("subscribe", tracks=[])
    assert (await ana.error())["code"] == "rate-limit"
    assert await ana.closed() == 1008
    await bo.publish(m1="camera")


async def test_a_socket_that_closes_in_the_middle_of_joining(join: Any, connect: Any) -> None:
    FakeEngine.starting, FakeEngine.go_on = asyncio.Event(), asyncio.Event()
    hasty = await connect()
    hasty.say("hello", version=1, client="kernel", clientVersion="1", name="hasty")
    await FakeEngine.starting.wait()
    hasty.socket.close()
    FakeEngine.go_on.set()
    ana = await join(name="Ana")
    await ana.until(lambda c: c.names == ["Ana"])


async def test_a_socket_that_does_not_read_is_closed(join: Any, connect: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ana, bo = await join(name="Ana"), await join(name="Bo")
    monkeypatch.setattr("rtc_notebook_server.sockets.MAX_UNSENT_BYTES", 10)
    bo.say("mute", track="x", muted=True)  # which is answered to him alone
    assert await bo.closed() == 1013
    monkeypatch.undo()
    await ana.publish(m1="camera")


# --- limits and the way in ---


class TestSmall:
    @pytest.fixture
    def jp_server_config(self, jp_server_config: dict[str, Any]) -> dict[str, Any]:
        jp_server_config["RtcNotebookApp"].update(max_participants=1, max_rooms=1)
        return jp_server_config

    async def test_full(self, join: Any, connect: Any) -> None:
        await join()
        for room, code in (("demo", "room-full"), ("other", "too-many-rooms")):
            guest = await connect(room)
            guest.say("hello", version=1, client="browser", clientVersion="1")
            assert (await guest.next("bye"))["code"] == code
