"""What kernels draw over pictures and send each other, through a real server's sockets."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from rtc_notebook_server.sockets import RoomSocket

BOX = {"shape": "box", "x": 0.1, "y": 0.2, "width": 0.3, "height": 0.4}


async def test_every_browser_is_told_of_a_drawing(join: Any) -> None:
    ana, bo = await join(name="Ana"), await join(name="Bo")
    kernel, other = await join(client="kernel"), await join(client="kernel")
    kernel.say("draw-overlay", participant=ana.id, shapes=[BOX], captured=12.5, seconds=0.5)
    for browser in (ana, bo):
        told = await browser.next("overlay")
        assert (told["by"], told["participant"], told["captured"], told["seconds"]) == (kernel.id, ana.id, 12.5, 0.5)
        assert told["shapes"][0].items() >= BOX.items()
    kernel.say("send-data", id=1, part=0, parts=1, data="")
    before = [message["type"] async for message in other.up_to("data")]
    assert "overlay" not in before, "kernels are told of no drawing"


async def test_who_comes_later_sees_the_next_drawing(join: Any) -> None:
    ana, kernel = await join(name="Ana"), await join(client="kernel")
    kernel.say("draw-overlay", participant=ana.id, shapes=[BOX], seconds=1e6, label="first")
    await ana.next("overlay")
    late = await join(name="Late")
    kernel.say("draw-overlay", participant=ana.id, shapes=[BOX], seconds=1e6, label="second")
    assert (await late.next("overlay"))["label"] == "second"


async def test_a_drawing_that_is_no_kernels_or_too_much_is_refused(join: Any) -> None:
    ana, kernel = await join(name="Ana"), await join(client="kernel")
    ana.say("draw-overlay", participant=ana.id, shapes=[])
    assert (await ana.error())["code"] == "kernels-only"
    kernel.say("draw-overlay", participant=ana.id, shapes=[BOX] * 501)
    assert (await kernel.error())["code"] == "too-many-shapes"
    kernel.say("draw-overlay", participant="x", shapes=[])
    assert (await kernel.error())["code"] == "no-such-participant"
    kernel.say("draw-overlay", participant=ana.id, shapes=[{"shape": "mask", "png": "A" * 300_000}])
    assert await kernel.closed() == 1009


async def test_kernels_get_each_others_data_whole_and_in_order(join: Any) -> None:
    ana = await join(name="Ana")
    sender, one, two = [await join(client="kernel") for _ in range(3)]
    large = base64.b64encode(bytes(180_000)).decode()
    for part in range(3):
        sender.say("send-data", id=7, part=part, parts=3, data=large)
    sender.say("send-data", id=8, part=0, parts=1, data="AA==", to=two.id)
    for part in range(3):
        for kernel in (one, two):
            got = await kernel.next("data")
            assert (got["by"], got["id"], got["part"], got["parts"]) == (sender.id, 7, part, 3)
            assert got["data"] == large
    assert (await two.next("data"))["id"] == 8
    sender.say("send-data", id=9, part=0, parts=1, data="")
    assert (await one.next("data"))["id"] == 9, "what was for another did not come"
    ana.say("send-data", id=1, part=0, parts=1, data="")
    assert (await ana.error())["code"] == "kernels-only"


async def test_who_is_behind_loses_messages_but_not_the_socket(join: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ana, sender, slow = await join(name="Ana"), await join(client="kernel"), await join(client="kernel", name="Slow")
    monkeypatch.setattr(RoomSocket, "unsent", 2_000_000)
    sender.say("send-data", id=1, part=0, parts=1, data="")
    refusal = await sender.error()
    assert (refusal["code"], refusal["about"], refusal["id"]) == ("behind", "send-data", 1)
    assert "Slow" in refusal["message"]
    sender.say("draw-overlay", participant=ana.id, shapes=[], label="old news")
    sender.say("mute", track="x", muted=True)
    await sender.error()  # so the drawing has been dealt with
    monkeypatch.undo()
    sender.say("draw-overlay", participant=ana.id, shapes=[], label="news")
    assert (await ana.next("overlay"))["label"] == "news"
    sender.say("send-data", id=2, part=0, parts=1, data="")
    assert (await slow.next("data"))["id"] == 2
