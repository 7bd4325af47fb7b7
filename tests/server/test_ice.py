from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import socket

import pytest
from rtc_notebook_server.ice import IceSettings, ice_server, port_range
from rtc_notebook_server.sfu import sdp
from rtc_notebook_server.sfu.ports import use_ports

from rtc_notebook.protocol import IceServer

STUN = IceServer(urls=("stun:stun.example.org",))
TURN = ("turn:turn.example.org", "turns:turn.example.org?transport=tcp")


def test_each_participant_gets_time_limited_credentials_that_a_turn_server_can_check():
    ice = IceSettings(servers=(STUN,), turn_urls=TURN, turn_secret="s3cret", turn_seconds=600)
    ours, theirs = ice.for_participant("p1", now=1000), ice.for_participant("p2", now=1000)
    assert ours[0] == STUN
    assert ours[1].urls == TURN
    assert ours[1].username == "1600:p1"
    expected = base64.b64encode(hmac.new(b"s3cret", b"1600:p1", hashlib.sha1).digest()).decode()
    assert ours[1].credential == expected
    assert theirs[1].credential != expected
    assert "s3cret" not in repr(ours)


def test_nothing_is_configured_by_default():
    assert IceSettings().for_participant("p1", now=0) == ()
    assert IceSettings().for_sfu(now=0) == ()


def test_the_sfu_asks_turn_servers_only_where_told_to():
    servers = (IceServer(urls=("stun:a", "turn:a"), username="u", credential="c"), *(IceServer(urls=("turn:b",)),))
    assert IceSettings(servers=servers).for_sfu(now=0) == (IceServer(urls=("stun:a",)),)
    relaying = IceSettings(servers=servers, turn_urls=TURN, turn_secret="s", sfu_relays=True)
    assert [server.urls for server in relaying.for_sfu(now=0)] == [("stun:a", "turn:a"), ("turn:b",), TURN]


def test_the_sfus_own_credentials_outlast_its_room():
    ice = IceSettings(turn_urls=TURN, turn_secret="s", turn_seconds=600, sfu_relays=True)
    until = int(ice.for_sfu(now=1000)[0].username.split(":")[0])  # who comes a week later is to reach it, too
    assert until > 1000 + 7 * 86_400


@pytest.mark.parametrize(
    "wrong",
    [
        {"turn_urls": TURN},
        {"turn_urls": ("http://turn.example.org",), "turn_secret": "s"},
        {"servers": (IceServer(urls=("stun:",)),)},
        {"policy": "relay"},
        {"policy": "relay", "servers": (STUN,)},
    ],
)
def test_settings_that_cannot_work_are_refused(wrong: dict):
    with pytest.raises(ValueError, match=r"TURN|turn|ICE"):
        IceSettings(**wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"urls": []},
        {"urls": 5},
        {"urls": [1]},
        {"url": "stun:a"},
        {5: "stun:a", "urls": "stun:a"},
        {"urls": ["stun:a"], "password": "x"},
        {"urls": ["turn:a"], "username": 3, "credential": "secret"},
        {"urls": ["turn:a"], "username": "u", "credential": 4},
    ],
)
def test_what_is_no_ice_server_is_refused(wrong: dict):
    with pytest.raises(ValueError, match=r"no ICE server.*One looks like") as refused:
        ice_server(wrong)
    assert "secret" not in str(refused.value)


def test_one_url_may_stand_alone():
    assert ice_server({"urls": "stun:a"}) == IceServer(urls=("stun:a",))


def test_port_ranges():
    assert port_range("") is None
    assert port_range("40000-40100") == (40000, 40100)
    assert port_range("40000") == (40000, 40000)
    for wrong in ("x", "80-90", "40100-40000", "40000-70000", "40000-", "-1"):
        with pytest.raises(ValueError, match="udp_ports"):
            port_range(wrong)


def test_announced_addresses_stand_beside_the_host_candidates_of_their_family():
    text = (
        "v=0\r\na=candidate:1 1 udp 2130706431 10.0.0.5 40000 typ host\r\n"
        "a=candidate:2 1 udp 2130706175 fd00::1 40001 typ host\r\n"
        "a=candidate:3 1 udp 1694498815 1.2.3.4 40000 typ srflx raddr 10.0.0.5 rport 40000\r\n"
    )
    announced = sdp.announce(text, ("203.0.113.7", "2001:db8::7"))
    assert "udp 2130706430 203.0.113.7 40000 typ host\r\n" in announced
    assert "2001:db8::7 40001 typ host\r\n" in announced
    assert announced.count("a=candidate") == 5
    assert sdp.announce(text, ()) == text


async def test_udp_ports_stay_within_the_range_and_run_out_with_an_error(monkeypatch: pytest.MonkeyPatch):
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "create_datagram_endpoint", loop.create_datagram_endpoint)  # put back at the end
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        first = taken.getsockname()[1]
        use_ports(loop, first, first + 3)
        transports = []
        with pytest.raises(OSError, match="all in use"):
            while True:
                transports.append(await _bind(loop))
        ports = [transport.get_extra_info("sockname")[1] for transport in transports]
        assert 1 <= len(ports) <= 3, "others may have some of them"
        assert set(ports) <= {first + 1, first + 2, first + 3}
        for transport in transports:
            transport.close()


async def _bind(loop: asyncio.AbstractEventLoop) -> asyncio.DatagramTransport:
    transport, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0))
    return transport
