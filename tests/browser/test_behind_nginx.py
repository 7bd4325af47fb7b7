"""nginx with HTTPS in front, a prefix with what prefixes may have in them: WebRTC, the media link, an invite."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness.browser import context, picture, plays, tile
from harness.jupyter import JupyterServer
from harness.kernel import Kernel
from harness.nginx import nginx, unavailable
from playwright.sync_api import Browser, expect

pytestmark = pytest.mark.skipif(bool(unavailable()), reason=unavailable())

LINKED = '.rtc-tile[data-link="websocket"] '
PREFIX = "/node/gpu-1/8888/user/a%40b/"  # as jupyter-server-proxy and batch portals make them


def test_a_call_through_nginx_under_a_prefix(pattern: Browser, tmp_path: Path):
    server = JupyterServer(tmp_path / "home", "lab", base_url=PREFIX)
    with server, nginx(f"http://127.0.0.1:{server.port}", PREFIX.replace("%40", "@"), tmp_path / "nginx") as outside:
        address = outside.replace("@", "%40")
        ana = context(pattern, ignore_https_errors=True).new_page()
        ana.goto(server.page("rtc-notebook/room/demo", name="Ana", join="").replace(server.url, address))
        with Kernel.start(server) as kernel:
            kernel.run("from rtc_notebook import Call\ncall = Call('demo')\ncall.wait_until_connected()")
            expect(ana.locator(tile("Ana"))).to_be_attached(timeout=20_000)
            url = kernel.run("print(call.invite().url)").strip()
            assert url.startswith(f"{address}rtc-notebook/guest#")
            guest = context(pattern, ignore_https_errors=True).new_page()
            guest.goto(url.replace("#", "?name=Gast&join&link=websocket#"))
            expect(guest.locator(LINKED + tile("Ana"))).to_be_attached(timeout=20_000)
            expect(ana.locator(tile("Gast"))).to_be_attached(timeout=20_000)
            assert guest.evaluate("isSecureContext && connections.length === 0")
            assert picture(guest, tile("Ana")).std() > 20
            plays(ana, tile("Gast"))
            assert kernel.run("print(call.participants['Gast'].video.frame(timeout=20).ndim)").strip() == "3"


def test_the_pages_of_calls_under_a_prefix_that_is_taken_off(
    lab: JupyterServer, pattern: Browser, room: str, tmp_path: Path
):
    with nginx(lab.url, "/proxy/8888/", tmp_path / "nginx") as outside:
        ana, guest = (context(pattern, ignore_https_errors=True).new_page() for _ in range(2))
        ana.goto(lab.page("rtc-notebook/").replace(lab.url, outside))
        ana.get_by_label("Name of a room").fill(room)
        ana.get_by_role("button", name="Start or join").click()
        ana.get_by_label("Your name").fill("Ana")
        ana.get_by_role("button", name="Join").click()
        expect(ana.locator(tile("Ana"))).to_be_attached(timeout=20_000)
        with Kernel.start(lab) as kernel:
            url = kernel.run(f"from rtc_notebook import Call\ncall = Call({room!r})\nprint(call.invite().url)").strip()
            guest.goto(outside + url[url.index("rtc-notebook/") :].replace("#", "?name=Gast&join&link=websocket#"))
            for page, name in ((guest, "Ana"), (ana, "Gast")):
                expect(page.locator(tile(name))).to_be_attached(timeout=20_000)
