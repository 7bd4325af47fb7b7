"""Behind a real JupyterHub and its proxy: two users with a server each, a guest without an account."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from harness.browser import context, picture, plays, tile
from harness.hub import Hub, HubServer, unavailable
from harness.kernel import Kernel
from harness.lab import Notebook, make_notebook
from playwright.sync_api import Browser, BrowserContext, Page, expect

pytestmark = pytest.mark.skipif(bool(unavailable()), reason=unavailable())

LINKED = '.rtc-tile[data-link="websocket"] '


def logged_in(browser: Browser, hub: Hub, user: str) -> BrowserContext:
    opened = context(browser)
    page = opened.new_page()
    page.goto(f"{hub.url}hub/login")
    page.fill("#username_input", user)
    page.fill("#password_input", "any")
    page.click("#login_submit")
    page.wait_for_url(f"**/user/{user}/**")
    page.close()
    return opened


def bens_notebook(page: Page, server: HubServer, link: str) -> Notebook:
    cells = [
        f"from rtc_notebook import Call\ncall = Call({link!r})\ncall",
        "call.wait_until_connected()\nprint(call.room, call.participants['ana'].video.frame(timeout=30).shape)",
        "@call.filter\ndef red(frame):\n    frame[:] = (0, 0, 255)\n    return frame",
    ]
    make_notebook(server.notebooks / "ben.ipynb", *cells)
    return Notebook(page, server, "ben.ipynb")


def test_a_guest_and_another_user_come_through_the_hubs_proxy(pattern: Browser, tmp_path: Path):
    with Hub(tmp_path / "hub", "/base/") as hub:
        anas, bens = hub.start_server("ana"), hub.start_server("ben")
        ana = logged_in(pattern, hub, "ana").new_page()
        ana.goto(anas.page("rtc-notebook/room/demo", join=""))
        expect(ana.locator(tile("ana"))).to_be_attached(timeout=20_000)  # by the name that the hub knows

        with Kernel.start(anas) as kernel:
            kernel.run("from rtc_notebook import Call\ncall = Call('demo')\ncall.wait_until_connected()")
            url = kernel.run("invite = call.invite(name='Class')\nprint(invite.url)").strip()
            assert url.startswith(f"{hub.url}user/ana/rtc-notebook/guest#"), "as Ana's browser has it"

            guest = context(pattern).new_page()
            guest.goto(url.replace("#", "?name=Gast&join&link=websocket#"))
            expect(guest.locator(LINKED + tile("ana"))).to_be_attached(timeout=20_000)
            expect(ana.locator(tile("Gast"))).to_be_attached(timeout=20_000)
            assert picture(guest, tile("ana")).std() > 20
            plays(ana, tile("Gast"), 3)

            page = logged_in(pattern, hub, "ben").new_page()
            notebook = bens_notebook(page, bens, url)
            notebook.run(0)
            assert notebook.run(1).split()[0] == "demo"
            expect(ana.locator(tile("ben"))).to_be_attached(timeout=45_000)  # Ben's camera, from under his cell
            expect(page.locator(tile("ana"))).to_be_attached(timeout=20_000)
            notebook.run(2)  # a guest's kernel filters that guest's own camera
            for who in (ana, guest, page):
                expect(who.locator(tile("ben") + "[data-processed]")).to_be_attached(timeout=20_000)
            shown = picture(ana, tile("ben") + "[data-processed]").mean(axis=(0, 1))
            assert shown[2] > 200 > 60 > shown[0]
            there = kernel.run("import json\nprint(json.dumps(sorted(call.participants)))")
            assert set(json.loads(there)) == {"ana", "Gast", "ben", "ben's kernel"}
            notebook.run(0)  # once more, by a link that may be used up by now: the same guest, not a second one
            notebook.run(1)
            there = kernel.run("print(sorted((one.name, one.role) for one in call.participants.values()))")
            assert there.count("ben's kernel") == 1 and there.count("'host'") == 1

        saved = (bens.notebooks / "ben.ipynb").read_text()
        assert "rtc-notebook.guest" not in saved
        logs = hub.log.read_text()
        assert url.partition("#")[2] not in logs
