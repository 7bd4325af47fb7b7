"""Through a TURN server: a real coturn, a real firewall."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness.browser import CHROMIUM, chromium, context, findings, picture, tile
from harness.jupyter import JupyterServer
from harness.kernel import Kernel
from harness.network import Namespace, key_hash, own_certificate, turn_server, unavailable
from playwright.sync_api import Page, Playwright, expect

pytestmark = [
    pytest.mark.alone,  # see Namespace
    pytest.mark.skipif(bool(unavailable()), reason=unavailable()),
    pytest.mark.skipif(shutil.which("turnserver") is None, reason="coturn is not installed"),
]

SECRET = {"RTC_NOTEBOOK_TURN_SECRET": "s3cret"}

# How the page's connections go: what kind of candidate, over which protocol to the TURN server.
ROUTES = """async () => (await Promise.all(connections.map(async one => {
    const stats = [...(await one.getStats()).values()];
    const pair = stats.find(one => one.type === "candidate-pair" && one.nominated && one.state === "succeeded");
    const local = stats.find(({id}) => id === pair?.localCandidateId);
    return local && `${local.candidateType} ${local.relayProtocol}`;
}))).filter(Boolean)"""


@contextlib.contextmanager
def filtered_call(
    playwright: Playwright,
    guest_side: Namespace,
    directory: Path,
    settings: dict[str, Any],
    env: dict[str, str],
    *flags: str,
) -> Iterator[tuple[Page, JupyterServer]]:
    """On the guest's side somebody sees themselves in a call, through the filter of a kernel on this one."""
    server = JupyterServer(directory / "home", "lab", "--ServerApp.ip=0.0.0.0", env={**SECRET, **env})
    (server.home / "config" / "jupyter_server_config.json").write_text(json.dumps({"RtcNotebookApp": settings}))
    address = f"http://{guest_side.here}:{server.port}"
    secure = f"--unsafely-treat-insecure-origin-as-secure={address}"  # as behind somebody's HTTPS proxy
    inside = str(guest_side.wrap(CHROMIUM, directory))
    browser = chromium(playwright, None, 10, secure, *flags, executable=inside)
    with server, browser as opened, Kernel.start(server) as call:
        page = context(opened).new_page()
        page.goto(server.page("rtc-notebook/room/far", name="Ana", join="").replace(server.url, f"{address}/"))
        call.run("from rtc_notebook import Call\ncall = Call('far')\ncall.wait_until_connected()")
        call.run(
            "call.participants['Ana'].video.frame(timeout=20)\n@call.filter(on='Ana')\ndef red(frame):\n"
            "    frame[:] = (0, 0, 255)\n    return frame"
        )
        expect(page.locator(tile("Ana") + "[data-processed]")).to_be_attached(timeout=20_000)
        shown = picture(page, tile("Ana") + "[data-processed]").mean(axis=(0, 1))
        assert shown[2] > 200 > 60 > shown[0], "out, through the filter, and back"
        yield page, server


def test_where_only_turn_over_tcp_gets_through(playwright: Playwright, tmp_path: Path):
    with Namespace() as guest_side, turn_server(guest_side.here, "s3cret", tmp_path) as turn:
        guest_side.block_udp()
        settings = {"turn_urls": [f"turn:{guest_side.here}:{turn.plain}?transport=tcp"]}
        with filtered_call(playwright, guest_side, tmp_path, settings, {}) as (page, _):
            assert page.evaluate(ROUTES) == ["relay tcp", "relay tcp"]


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_where_only_turn_over_tls_gets_through_and_stun(playwright: Playwright, tmp_path: Path):
    """The kernel, too, is kept to TURN. Behind a NAT, the doctor and its button are told the outer address."""
    with Namespace() as guest_side:
        here, seen = guest_side.here, guest_side.hide(77)
        certificate, key = own_certificate(here, tmp_path)
        env = {"SSL_CERT_FILE": str(certificate)}
        trusted = f"--ignore-certificate-errors-spki-list={key_hash(certificate)}"
        with turn_server(here, "s3cret", tmp_path, certificate=(certificate, key)) as ports:
            guest_side.block_udp(but=ports.plain)
            stun, turn = f"stun:{here}:{ports.plain}", f"turns:{here}:{ports.tls}?transport=tcp"
            settings = {"turn_urls": [turn], "ice_servers": [{"urls": stun}]}
            settings |= {"ice_transport_policy": "relay", "media_link": "webrtc"}
            with filtered_call(playwright, guest_side, tmp_path, settings, env, trusted) as (page, server):
                doctor = [sys.executable, "-m", "rtc_notebook_server.doctor", f"--server=http://{here}:{server.port}"]
                inside = ["ip", "netns", "exec", guest_side.name, *doctor, f"--token={server.token}"]
                asked = subprocess.Popen(inside, stdout=subprocess.PIPE, text=True, env={**os.environ, **env})
                assert page.evaluate(ROUTES) == ["relay tls", "relay tls"]
                page.get_by_role("button", name="People", exact=True).click()
                found = findings(page)
                assert found[stun] == ("ok", f"✓{stun}: gives the address {seen}")
                assert found[turn] == ("ok", f"✓{turn}: gives the address {here}")
                said, _ = asked.communicate(timeout=30)
        assert f"✓ {stun}: answers, and sees this machine at {seen}, behind a NAT" in said
        assert f"✓ {turn}: gives the address {here}" in said
        assert "✓ UDP: connected through TURN" in said
