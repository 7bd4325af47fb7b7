"""TURN over UDP, TCP and TLS, with either kind of credentials, and STUN; a real coturn, asked by the doctor."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import aioice.ice
import pytest
from aiortc import RTCPeerConnection
from harness.network import own_certificate, turn_server
from rtc_notebook_server.doctor import away
from rtc_notebook_server.ice import IceSettings
from rtc_notebook_server.sfu.base import Network
from rtc_notebook_server.sfu.embedded import EmbeddedEngine

from rtc_notebook.protocol import IceServer
from rtc_notebook.rtp import seam

HERE = "127.0.0.1"

pytestmark = pytest.mark.skipif(shutil.which("turnserver") is None, reason="coturn is not installed")


async def _verdict(server: IceServer) -> str:
    (finding,) = [finding async for finding in away.ice((server,))]
    return f"{finding.verdict}: {finding.text}"


@pytest.mark.parametrize("user", ["", "ana"], ids=["limited", "static"])
async def test_over_udp_and_tcp(tmp_path: Path, user: str):
    with turn_server(HERE, "s3cret", tmp_path, user=user) as ports:
        for transport in ("udp", "tcp"):
            url = f"turn:{HERE}:{ports.plain}?transport={transport}"
            if user:
                server = IceServer(urls=(url,), username=user, credential="s3cret")
                wrong = IceServer(urls=(url,), username=user, credential="guess")
            else:
                (server,) = IceSettings(turn_urls=(url,), turn_secret="s3cret").for_participant("p", time.time())
                (wrong,) = IceSettings(turn_urls=(url,), turn_secret="guess").for_participant("p", time.time())
            assert (await _verdict(server)).startswith("ok: gives the address")
            assert (await _verdict(wrong)).startswith("fail")


@pytest.mark.slow
async def test_stun_is_asked_by_the_doctor_and_by_an_sfu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("server_reflexive_candidate", "relayed_candidate"):
        monkeypatch.setattr(aioice.ice, name, getattr(aioice.ice, name))  # put back at the end
    seam.use_short_gathering()
    with turn_server(HERE, "s3cret", tmp_path) as ports:
        stun = IceServer(urls=(f"stun:{HERE}:{ports.plain}",))
        verdict = await _verdict(stun)
        engine, connection = EmbeddedEngine(network=Network(ice_servers=(stun,))), RTCPeerConnection()
        try:
            await engine.start(lambda reason: None)
            seat = await engine.join("ana", lambda event: None)
            transceiver = connection.addTransceiver("video", direction="sendonly")
            await connection.setLocalDescription(await connection.createOffer())
            track = {str(transceiver.mid): ("picture", "video")}
            answer = await seat.publish(connection.localDescription.sdp, track)
        finally:
            await connection.close()
            await engine.close()
    assert verdict.startswith("ok: answers, and sees this machine at")
    assert "no NAT in between" in verdict
    assert "typ srflx" in answer
    gone = await _verdict(stun)
    assert gone.startswith("fail: does not answer")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
async def test_over_tls_with_a_certificate_that_is_trusted_and_not_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    certificate, key = own_certificate(HERE, tmp_path)
    with turn_server(HERE, "s3cret", tmp_path, certificate=(certificate, key)) as ports:
        settings = IceSettings(turn_urls=(f"turns:{HERE}:{ports.tls}?transport=tcp",), turn_secret="s3cret")
        (server,) = settings.for_participant("p", time.time())
        assert (await _verdict(server)).startswith("fail")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert (await _verdict(server)).startswith("ok: gives the address")
