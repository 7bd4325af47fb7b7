from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import Iterator

import msgspec
import pytest
from harness.jupyter import JupyterServer
from rtc_notebook_server.doctor import away, here, there
from rtc_notebook_server.doctor.finding import Finding
from rtc_notebook_server.doctor.visit import Visit
from rtc_notebook_server.sfu.base import Network

from rtc_notebook.protocol import IceServer
from rtc_notebook.server import named

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    with JupyterServer(tmp_path_factory.mktemp("doctor"), "server", base_url="/a%40b/") as running:
        yield running


def doctor(*args: str) -> tuple[int, dict[str, str]]:
    """Return the exit status and what is said of each subject, with its mark."""
    command = [sys.executable, "-m", "rtc_notebook_server.doctor", *args]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    lines = [line.split(": ", 1) for line in done.stdout.splitlines()]
    return done.returncode, {subject[2:]: f"{subject[0]} {text}" for subject, text in lines}


def test_all_is_well(server: JupyterServer):
    status, said = doctor(f"--server={server.url}", f"--token={server.token}")
    assert status == 0
    assert list(said) == [
        *("versions", "codecs", "secure context", "Jupyter server", "WebSocket"),
        *("SFU", "UDP", "Media over WebSocket", "STUN and TURN"),
    ]
    assert all(text.startswith("✓") for subject, text in said.items() if subject != "STUN and TURN"), said
    assert "connected after" in said["UDP"] and "host to host" in said["UDP"]


def test_what_is_wrong_is_named_with_what_to_do(server: JupyterServer):
    turn = "turn:127.0.0.1:9"
    status, said = doctor(
        f"--server={server.url}",
        "--token=wrong",
        f"--RtcNotebookApp.turn_urls={turn}",
        "--RtcNotebookApp.turn_secret=x",
    )
    assert status == 1
    assert said[turn].startswith("✗ gives no address")
    assert said["Jupyter server"].startswith("✗")
    assert "--token=" in said["Jupyter server"]
    assert said["SFU"].startswith("• not asked")
    assert not {"WebSocket", "UDP", "Media over WebSocket"} & set(said)


@pytest.mark.parametrize(("setting", "text"), [("udp_ports=1-2", "udp_ports='1-2'"), ("max_rooms=many", "max_rooms")])
def test_a_configuration_that_cannot_work_is_told_before_anything_is_tried(setting: str, text: str):
    status, said = doctor(f"--RtcNotebookApp.{setting}")
    assert status == 1
    assert list(said) == ["versions", "codecs", "configuration"]
    assert said["configuration"].startswith("✗") and text in said["configuration"]


async def test_what_does_not_get_to_an_sfu_and_what_calls_do_then(server: JupyterServer):
    async def said(**settings: str) -> dict[str, Finding]:
        async with Visit(named(server.url, server.token)).stay() as visit:
            media = msgspec.structs.replace(visit.welcome.media, **settings)
            session = "another's" if settings["media_link"] == "auto" else visit.welcome.session
            visit.welcome = msgspec.structs.replace(visit.welcome, media=media, session=session)
            return {finding.subject: finding async for finding in there.sfu(visit)}

    auto, webrtc, websocket = await asyncio.gather(
        said(media_link="auto", ice_transport_policy="relay"),
        said(media_link="webrtc", ice_transport_policy="relay"),
        said(media_link="websocket"),
    )
    assert auto["UDP"].verdict == "note" and auto["UDP"].text.endswith("go over the WebSocket.")
    assert "no address to offer" in auto["UDP"].text, "by TURN alone, and there is none"
    assert auto["Media over WebSocket"].verdict == "fail" and "no-session" in auto["Media over WebSocket"].text
    assert webrtc["UDP"].verdict == "fail"
    assert "nobody use it" in webrtc["Media over WebSocket"].text
    assert "media_link = 'websocket'" in websocket["UDP"].text
    assert websocket["Media over WebSocket"].verdict == "ok"


async def test_a_server_that_takes_connections_and_does_not_answer(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(away, "ANSWER_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        found = [finding async for finding in away.jupyter(named(address))]
    assert (found[-1].subject, found[-1].verdict) == ("Jupyter server", "fail")
    assert "gives no answer within 0.3 s" in found[-1].text and "log" not in found[-1].text


async def test_an_sfu_whose_stun_server_is_silent_answers_before_a_call_gives_it_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        stun = IceServer(urls=(f"stun:127.0.0.1:{silent.getsockname()[1]}",))
        finding = await here.sfu(Network(ice_servers=(stun,)))
    assert finding.verdict == "ok", finding
    seconds = float(finding.text.split("connected over UDP after ")[1].split()[0])
    assert seconds < 4.5, "aioice itself waits for five seconds"
