"""Reactions, and what people ask of kernels, over sockets; every user is somebody here."""

from __future__ import annotations

from typing import Any

import pytest
from rtc_notebook_server.asks import MAX_OPEN, OpenAsks
from rtc_notebook_server.place import REACTIONS_AT_ONCE, REACTIONS_PER_SECOND


@pytest.fixture
def jp_server_config(jp_server_config: dict[str, Any]) -> dict[str, Any]:
    jp_server_config["ServerApp"]["identity_provider_class"] = "test_access.KnowsUsers"
    return jp_server_config


@pytest.fixture
def enter(join: Any) -> Any:
    async def enter(user: str, **more: Any) -> Any:
        return await join(headers={"Authorization": f"user {user}"}, **more)

    return enter


async def test_everybody_sees_a_reaction_and_nobody_floods(clock: Any, enter: Any) -> None:
    ana, bo, kernel = await enter("Ana"), await enter("Bo"), await enter("Ana", client="kernel")
    bo.say("send-reaction", emoji="🎉")
    for client in (ana, bo, kernel):
        assert await client.next("reaction") == {"type": "reaction", "by": bo.id, "emoji": "🎉"}
    for _ in range(int(REACTIONS_AT_ONCE)):  # one more than there may be
        bo.say("send-reaction", emoji="👏")
    refusal = await bo.error()
    assert (refusal["code"], refusal["about"]) == ("reaction-rate", "send-reaction")
    clock.now += 1 / REACTIONS_PER_SECOND
    bo.say("send-reaction", emoji="😂")
    while (await ana.next("reaction"))["emoji"] != "😂":
        pass


async def test_hands_are_told_in_the_order_in_which_they_were_raised(enter: Any) -> None:
    ana, bo = await enter("Ana"), await enter("Bo")
    bo.say("set-hand", raised=True)
    await ana.until(lambda c: c.room["hands"] == [bo.id])
    ana.say("set-hand", raised=True)
    bo.say("set-hand", raised=True)
    await bo.until(lambda c: c.room["hands"] == [bo.id, ana.id])
    bo.say("leave")
    await ana.until(lambda c: c.room["hands"] == [ana.id])


async def test_a_kernel_is_asked_and_answers_who_asked(enter: Any) -> None:
    ana, kernel = await enter("Ana"), await enter("Ana", client="kernel")
    bo = await enter("Bo")
    ask = {"ask": "filter", "participant": bo.id, "filter": "edges"}
    bo.say("ask-kernel", id=7, kernel=kernel.id, ask=ask)
    asked = await kernel.next("asked")
    assert (asked["by"], asked["host"], asked["ask"]) == (bo.id, False, {**ask, "source": "camera"})
    ana.say("answer-ask", id=asked["id"], error="Not by me.")  # no kernel, and not asked
    kernel.say("answer-ask", id=asked["id"], on=[{"participant": bo.id, "label": "edges"}])
    answer = await bo.next("answer")
    assert (answer["id"], answer["error"], answer["on"][0]["label"]) == (7, "", "edges")


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        ({"ask": "record", "active": True}, "hosts-only"),
        ({"ask": "filter", "participant": "ana", "filter": "edges"}, "not-allowed"),
        ({"ask": "unfilter", "participant": "ana"}, "not-allowed"),
        ({"ask": "control", "participant": "ana", "control": "0/low", "value": 1}, "not-allowed"),
        ({"ask": "unfilter", "participant": "nobody"}, "no-such-participant"),
    ],
)
async def test_a_member_asks_for_nothing_that_is_the_hosts(enter: Any, ask: dict[str, Any], code: str) -> None:
    ana, kernel, bo = await enter("Ana"), await enter("Ana", client="kernel"), await enter("Bo")
    if ask.get("participant") == "ana":
        ask = {**ask, "participant": ana.id}
    bo.say("ask-kernel", id=3, kernel=kernel.id, ask=ask)
    refusal = await bo.error()
    assert (refusal["code"], refusal["about"], refusal["id"]) == (code, "ask-kernel", 3)
    bo.say("ask-kernel", id=4, kernel=ana.id, ask={"ask": "list"})
    assert (await bo.error())["code"] == "no-such-kernel"


async def test_a_viewer_asks_for_nothing_and_a_members_kernel_is_asked_for_nobody_else(enter: Any) -> None:
    ana, bo = await enter("Ana"), await enter("Bo")
    kernel = await enter("Bo", client="kernel")
    ana.say("ask-kernel", id=1, kernel=kernel.id, ask={"ask": "filter", "participant": ana.id, "filter": "edges"})
    assert (await ana.error())["code"] == "not-allowed"
    ana.say("set-role", participant=bo.id, role="viewer")
    await bo.until(lambda c: c.who("Bo")["role"] == "viewer")
    bo.say("ask-kernel", id=2, kernel=kernel.id, ask={"ask": "list"})
    assert (await bo.error())["code"] == "viewers-watch"


def test_only_the_asked_kernel_answers_and_old_asks_are_forgotten() -> None:
    asks = OpenAsks()
    first = asks.add("bo", "kernel", 7)
    assert asks.answered(first, "another", open=False) is None
    assert asks.answered(first, "kernel", open=True) == ("bo", 7)
    assert asks.answered(first, "kernel", open=False) == ("bo", 7)
    assert asks.answered(first, "kernel", open=False) is None
    numbers = [asks.add("bo", "kernel", id) for id in range(MAX_OPEN + 1)]
    assert asks.answered(numbers[0], "kernel", open=False) is None
    assert asks.answered(numbers[1], "kernel", open=False) == ("bo", 1)
