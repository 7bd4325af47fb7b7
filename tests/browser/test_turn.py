"""Through a TURN server: a real coturn, a real firewall."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

import pytest
from harness.browser import CHROMIUM, chromium, context, picture, tile
from harness.jupyter import JupyterServer
from harness.kernel import Kernel
from harness.network import Namespace, key_hash, own_certificate, turn_server, unavailable
from playwright.sync_api import Playwright, expect

pytestmark = [
    pytest.mark.alone,  # see Namespace
    pytest.mark.skipif(bool(unavailable()), reason=unavailable()),
    pytest.mark.skipif(shutil.which("turnserver") is None, reason="coturn is not installed"),
]

# How the page's connections go: what kind of candidate, over which protocol to the TURN server.
ROUTES = """async () => (await Promise.all(connections.map(async one => {
    const stats = [...(await one.getStats()).values()];
    const pair = stats.find(one => one.type === "candidate-pair" && one.nominated && one.state === "succeeded");
    const local = stats.find(({id}) => id === pair?.localCandidateId);
    return local && `${local.candidateType} ${local.relayProtocol}`;
}))).filter(Boolean)"""


@pytest.mark.parametrize("only", ["tcp", "tls"])
def test_a_call_through_turn_over(only: str, playwright: Playwright, tmp_path: Path):
    """The guest's UDP is blocked. By TLS, the kernel has to take the same way, and the WebSocket is not to be used."""
    with contextlib.ExitStack() as stack:
        guest_side = stack.enter_context(Namespace())
        here, env = guest_side.here, {"RTC_NOTEBOOK_TURN_SECRET": "s3cret"}
        certificate = own_certificate(here, tmp_path)
        turn = stack.enter_context(turn_server(here, "s3cret", tmp_path, certificate=certificate))
        guest_side.block_udp()
        url, options, flags = f"turn:{here}:{turn.plain}?transport=tcp", [], []
        if only == "tls":
            url = f"turns:{here}:{turn.tls}?transport=tcp"
            options = ["--RtcNotebookApp.ice_transport_policy=relay", "--RtcNotebookApp.media_link=webrtc"]
            env["SSL_CERT_FILE"] = str(certificate[0])
            flags = [f"--ignore-certificate-errors-spki-list={key_hash(certificate[0])}"]
        options += ["--ServerApp.ip=0.0.0.0", f"--RtcNotebookApp.turn_urls={url}"]
        server = JupyterServer(tmp_path / "home", "lab", *options, env=env)
        address = f"http://{here}:{server.port}"
        flags += [f"--unsafely-treat-insecure-origin-as-secure={address}"]  # as behind somebody's HTTPS proxy
        inside = str(guest_side.wrap(CHROMIUM, tmp_path))
        with server, chromium(playwright, None, 10, *flags, executable=inside) as browser, Kernel.start(server) as call:
            page = context(browser).new_page()
            page.goto(server.page("rtc-notebook/room/far", name="Ana", join="").replace(server.url, f"{address}/"))
            call.run("from rtc_notebook import Call\ncall = Call('far')\ncall.wait_until_connected()")
            call.run(
                "call.participants['Ana'].video.frame(timeout=20)\n@call.filter(on='Ana')\ndef red(frame):\n"
                "    frame[:] = (0, 0, 255)\n    return frame"
            )
            expect(page.locator(tile("Ana") + "[data-processed]")).to_be_attached(timeout=20_000)
            shown = picture(page, tile("Ana") + "[data-processed]").mean(axis=(0, 1))
            assert shown[2] > 200 > 60 > shown[0], "out, through the filter, and back"
            assert page.evaluate(ROUTES) == [f"relay {only}"] * 2
