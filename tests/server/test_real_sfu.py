"""The rooms on the SFU that comes with the extension, without pictures."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
from typing import Any

import psutil
import pytest
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection

pytestmark = pytest.mark.slow


@pytest.fixture
def jp_server_config(jp_server_config: dict[str, Any]) -> dict[str, Any]:
    del jp_server_config["RtcNotebookApp"]["engine_class"]
    jp_server_config["RtcNotebookApp"] |= {"start_bitrate": 900_000, "max_bitrate": 1_800_000}
    return jp_server_config


async def sfu_pid(jp_fetch: Any) -> int:
    told = json.loads((await jp_fetch("rtc-notebook", "api", "rooms", "demo")).body)
    return int(told["sfu"]["process"]["pid"])


async def publish(client: Any) -> dict[str, Any]:
    connection = RTCPeerConnection(RTCConfiguration(bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
    for kind in ("video", "audio"):
        connection.addTransceiver(kind, direction="sendonly")
    try:
        await connection.setLocalDescription(await connection.createOffer())
        tracks = {connection.getTransceivers()[0].mid: {"source": "camera"}}
        client.say("publish", id=1, sdp=connection.localDescription.sdp, tracks=tracks)
        return dict(await client.next("publish-answer"))
    finally:
        await connection.close()


async def test_what_is_sent_has_the_bitrates_that_are_configured_and_sound_its_error_correction(connect: Any) -> None:
    ana = await connect()
    media = (await ana.hello())["media"]
    assert (media["startBitrate"], media["maxBitrate"]) == (900_000, 1_800_000)
    sdp = (await publish(ana))["sdp"]
    assert "x-google-start-bitrate=900;x-google-max-bitrate=1800;" in sdp
    opus = re.search(r"a=rtpmap:(\d+) opus/48000/2\r\n", sdp)
    assert opus and re.search(rf"a=fmtp:{opus[1]} (.*;)?useinbandfec=1[;\r]", sdp)


async def test_offers_are_answered_and_an_sfu_that_is_killed_comes_back(join: Any, jp_fetch: Any) -> None:
    ana, bo = await join(name="Ana"), await join(name="Bo")
    first = (await publish(ana))["tracks"]
    bo.say("subscribe", tracks=list(first.values()))
    offer = await bo.next("offer")
    assert list(offer["tracks"].values()) == list(first.values())

    ana.say("publish", id=2, sdp="v=0\r\nnonsense", tracks={})
    assert (await ana.error())["code"] == "bad-sdp"

    pid = await sfu_pid(jp_fetch)
    os.kill(pid, signal.SIGKILL)
    for who in (ana, bo):
        assert (await who.next("restarted"))["connections"] == ["publish", "subscribe"]
    assert await sfu_pid(jp_fetch) != pid
    assert (await publish(ana))["tracks"] == first
    offer = await bo.next("offer")
    while not offer["tracks"]:
        offer = await bo.next("offer")
    assert list(offer["tracks"].values()) == list(first.values())


async def test_a_server_that_stops_leaves_no_sfu_behind(join: Any, jp_fetch: Any, jp_serverapp: Any) -> None:
    await join()
    process = psutil.Process(await sfu_pid(jp_fetch))
    await jp_serverapp.cleanup_extensions()
    await asyncio.to_thread(psutil.wait_procs, [process], 5)
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


async def test_other_users_of_the_machine_find_no_way_to_the_sfu(join: Any, jp_fetch: Any) -> None:
    await publish(await join(name="Ana"))
    sockets = psutil.Process(await sfu_pid(jp_fetch)).net_connections("all")
    assert [one for one in sockets if one.family == socket.AF_UNIX], "the pair that leads to the server"
    assert all(one.status != psutil.CONN_LISTEN for one in sockets), "nothing listens"
    assert not [one for one in sockets if one.family == socket.AF_UNIX and one.laddr], "nothing has a name"
