"""Every state of the pages, light and dark, has no serious or critical finding of axe-core's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from harness.axe import SOURCE, serious
from harness.browser import context, tile
from harness.jupyter import JupyterServer
from harness.kernel import Kernel
from harness.lab import Notebook
from playwright.sync_api import Browser, BrowserContext, Page, WebSocketRoute, expect

pytestmark = pytest.mark.skipif(not SOURCE.exists(), reason="axe-core is not installed: npm install")

# What the call's bar opens by a button of this name; Escape closes it. New ones are added here.
OPENED = ["Chat", "People", "Filters and recording", "React", "Devices", "More"]


class Looks:
    """Collects what is wrong, state by state, so that one run tells all of it."""

    def __init__(self) -> None:
        self.wrong: list[str] = []

    def __call__(self, page: Page, state: str, within: str = ".rtc-notebook", schemes: bool = True) -> None:
        for scheme in ("light", "dark") if schemes else (None,):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            self.wrong += [f"{state}, {scheme or 'as it is'}: {line}" for line in serious(page, within)]


class Cut:
    """Cuts a page's sockets when it is called, and lets none through after that."""

    def __init__(self, page: Page) -> None:
        self.open: list[WebSocketRoute] = []
        self.done = False
        page.route_web_socket("**/api/rooms/**", self._route)

    def _route(self, socket: WebSocketRoute) -> None:
        if self.done:
            socket.close()
            return
        socket.connect_to_server()
        self.open.append(socket)

    def __call__(self) -> None:
        self.done = True
        for socket in self.open:
            socket.close()


def press(page: Page, name: str) -> None:
    """Press a control, in the menu where the bar has no room for it."""
    button = page.get_by_role("button", name=name).first
    if not button.is_visible():
        page.get_by_role("button", name="More", exact=True).click()
        button = page.get_by_role("menuitem", name=name)
    button.click()


@pytest.fixture
def look() -> Iterator[Looks]:
    """Return what is called as ``look(page, "the state's name")``; fails at the end if anything was wrong."""
    looks = Looks()
    yield looks
    assert not looks.wrong, "\n".join(looks.wrong)


@pytest.fixture
def profile(pattern: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Return a function that makes a fresh profile with reduced motion."""
    opened: list[BrowserContext] = []

    def make(browser: Browser = pattern, **options: object) -> BrowserContext:
        opened.append(context(browser, reduced_motion="reduce", **options))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


def test_before_and_after_the_call(lab: JupyterServer, room: str, profile: Callable[..., BrowserContext], look: Looks):
    page = profile().new_page()
    page.goto(lab.page("rtc-notebook/"))
    expect(page.get_by_text("No call is on")).to_be_visible(timeout=45_000)  # who left just now may be waited for
    look(page, "no rooms")

    page.add_init_script(
        "const open = navigator.mediaDevices.getUserMedia;"
        "navigator.mediaDevices.getUserMedia = async function (wish) {"
        " if (location.hash === '#refused') throw new DOMException('', 'NotAllowedError');"
        " return open.call(this, wish); }"
    )
    page.goto(lab.page(f"rtc-notebook/room/{room}") + "#refused")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    look(page, "before joining, refused")
    page.goto(lab.page(f"rtc-notebook/room/{room}"))
    expect(page.get_by_role("button", name="Turn camera off")).to_be_visible()
    look(page, "before joining")
    page.get_by_role("button", name="Turn camera off").click()
    look(page, "before joining, camera off")
    page.get_by_label("Your name").fill("Ana")
    page.get_by_role("button", name="Join").click()
    expect(page.get_by_role("group", name="Ana")).to_be_visible(timeout=20_000)

    rooms = page.context.new_page()
    rooms.goto(lab.page("rtc-notebook/"))
    expect(rooms.get_by_role("link", name=room)).to_be_visible()
    look(rooms, "rooms")
    rooms.close()

    page.get_by_role("button", name="Leave the call").click()
    expect(page.get_by_role("button", name="Rejoin")).to_be_visible()
    look(page, "left")

    page.goto(lab.page("rtc-notebook/guest"))
    expect(page.get_by_text("You are not invited")).to_be_visible()
    look(page, "not invited")


def test_in_the_call(
    lab: JupyterServer, room: str, profile: Callable[..., BrowserContext], kernel: Kernel, look: Looks
):
    host, guest = (profile().new_page() for _ in range(2))
    cut = Cut(host)
    host.goto(lab.page(f"rtc-notebook/room/{room}", name="Ana", join=""))
    expect(host.locator(tile("Ana"))).to_be_attached(timeout=20_000)
    look(host, "alone")

    kernel.run(f"from rtc_notebook import *\ncall = Call({room!r}, name='Ana')\ncall.wait_until_connected()")
    url = kernel.run("print(call.invite(minutes=5).url)").strip()
    guest.goto(url)
    expect(guest.get_by_label("Your name")).to_be_visible()
    look(guest, "guest, before joining")
    guest.get_by_label("Your name").fill("Bo")
    guest.get_by_role("button", name="Join").click()
    expect(host.locator(tile("Bo"))).to_be_attached(timeout=20_000)
    look(host, "two")

    guest.get_by_role("button", name="Chat", exact=True).click()
    guest.get_by_label("Write to everybody").fill("See https://jupyter.org and `code`:\n```\nprint(1)\n```")
    guest.keyboard.press("Enter")
    expect(host.get_by_role("button", name="Chat, 1 new")).to_be_visible()
    guest.get_by_role("button", name="Raise your hand").click()
    guest.get_by_role("button", name="Turn microphone off").click()
    expect(host.get_by_label("Hand raised").filter(visible=True)).to_be_visible()
    look(host, "a hand up, muted, something written")
    look(guest, "guest, chat open")
    for name in OPENED:
        host.get_by_role("button", name=name).first.click()
        look(host, f"{name} open")
        host.keyboard.press("Escape")

    host.keyboard.press("?")
    expect(host.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    look(host, "shortcuts")
    host.keyboard.press("Escape")
    host.keyboard.press("i")
    expect(host.locator("dl").first).to_be_visible()
    look(host, "statistics")
    host.keyboard.press("i")
    desktop = host.viewport_size
    host.set_viewport_size({"width": 390, "height": 844})
    host.get_by_role("button", name="More", exact=True).click()
    expect(host.get_by_role("menuitem", name="Devices")).to_be_visible()
    look(host, "what a phone has no room for")
    host.keyboard.press("Escape")
    if desktop:
        host.set_viewport_size(desktop)

    host.get_by_role("button", name="People", exact=True).click()
    host.get_by_role("button", name="Lock room").click()
    host.get_by_role("button", name="Invite…").click()
    look(host, "invite dialog")
    host.get_by_role("button", name="Make a link").click()
    expect(host.get_by_role("img", name="The link as a QR code")).to_be_visible()
    look(host, "invite made")
    host.keyboard.press("Escape")

    waiting = profile().new_page()
    waiting.goto(url)
    waiting.get_by_label("Your name").fill("Cy")
    waiting.get_by_role("button", name="Join").click()
    expect(waiting.get_by_text("Waiting to be let in")).to_be_visible(timeout=10_000)
    look(waiting, "at the door")
    expect(host.get_by_text("Cy wants to come in")).to_be_visible()
    look(host, "somebody at the door")

    kernel.run("call.filter(filters.mirror, on='Bo')")
    expect(host.locator(tile("Bo") + "[data-processed]")).to_be_attached(timeout=20_000)
    kernel.run("recording = call.record('call.mkv')")
    expect(host.get_by_text("REC", exact=True)).to_be_visible(timeout=10_000)
    look(host, "filtered and recorded")
    kernel.run("recording.stop()")
    cut()
    expect(host.get_by_text("Reconnecting")).to_be_visible(timeout=10_000)
    look(host, "reconnecting")


def test_in_a_notebook(
    lab: JupyterServer, room: str, profile: Callable[..., BrowserContext], look: Looks, tmp_path: Path
):
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell(f"from rtc_notebook import *\ncall = Call({room!r}, name='Ana')\ncall"),
            nbformat.v4.new_code_cell(
                "@call.filter\ndef edges(frame, low=(0, 255)):\n    return frame\n"
                "@call.filter(on='Bo')\ndef wrong(frame):\n    raise ValueError('no')"
            ),
        ]
    )
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, tmp_path / f"{room}.ipynb")
    page = profile(viewport={"width": 900, "height": 900}).new_page()
    shown = Notebook(page, lab, lab.copy_notebook(tmp_path / f"{room}.ipynb"))
    shown.run(0)
    expect(page.locator(tile("Ana"))).to_be_attached(timeout=30_000)
    guest = profile().new_page()
    guest.goto(lab.page(f"rtc-notebook/room/{room}", name="Bo", join=""))
    expect(page.locator(tile("Bo"))).to_be_attached(timeout=20_000)
    shown.run(1)
    expect(page.locator(tile("Ana") + "[data-processed]")).to_be_attached(timeout=20_000)
    page.get_by_role("button", name="wrong on Bo").click()
    expect(page.get_by_label("Traceback")).to_be_visible()
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        shown.command("apputils:change-theme", {"theme": theme})
        expect(page.locator(f"body[data-jp-theme-name='{theme}']")).to_be_attached(timeout=10_000)
        look(page, f"{theme}, two", schemes=False)
        for name in OPENED:
            press(page, name)
            look(page, f"{theme}, {name} open", schemes=False)
            page.keyboard.press("Escape")
        page.get_by_role("button", name="People", exact=True).click()
        page.get_by_role("button", name="Invite…").click()
        look(page, f"{theme}, invite", schemes=False)
        page.keyboard.press("Escape")
        page.get_by_role("button", name="People", exact=True).click()
    page.get_by_role("button", name="Leave the call").click()
    expect(page.get_by_role("button", name="Rejoin")).to_be_visible()
    look(page, "left, in a notebook", schemes=False)
