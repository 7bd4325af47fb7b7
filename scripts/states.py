"""Takes a picture of every state of the call, light and dark, on a desktop, on a phone and in a notebook, to look at.

``python scripts/states.py FOLDER``: ``desktop-chat-dark.png`` and so on.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import nbformat  # noqa: E402
from harness.browser import chromium, context, tile  # noqa: E402
from harness.footage import camera_file  # noqa: E402
from harness.jupyter import JupyterServer  # noqa: E402
from harness.kernel import Kernel  # noqa: E402
from harness.lab import Notebook  # noqa: E402
from playwright.sync_api import Browser, Page, WebSocketRoute, expect, sync_playwright  # noqa: E402

PHONE = {"is_mobile": True, "has_touch": True}
SIZES: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 800}},
    "phone": {"viewport": {"width": 390, "height": 844}, **PHONE},
    "lying": {"viewport": {"width": 844, "height": 390}, **PHONE},
}
MENUS = ["Chat", "People", "Filters and recording", "Devices", "React", "More"]
REFUSED = "navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', 'NotAllowedError'); }"
CALL = "from rtc_notebook import *\ncall = Call({room!r}, name='Ana')\n"


class Camera:
    """Takes pictures of pages, of one size, into a folder."""

    def __init__(self, folder: Path, size: str) -> None:
        self.folder = folder
        self.size = size

    def __call__(self, page: Page, state: str) -> None:
        """Take a state of a page, light and dark."""
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.wait_for_timeout(200)
            page.screenshot(path=self.folder / f"{self.size}-{state}-{scheme}.png")


def press(page: Page, name: str) -> None:
    """Press a control: in the bar, or in the menu where the bar has no room for it."""
    button = page.get_by_role("button", name=name, exact=True)
    if not button.is_visible():
        page.get_by_role("button", name="More", exact=True).click()
        button = page.get_by_role("menu").get_by_text(name, exact=True)
    button.click()


def write(page: Page, text: str) -> None:
    """Write something in the chat, which is open."""
    page.get_by_label("Write to everybody").fill(text)
    page.keyboard.press("Enter")


def menus(page: Page, take: Camera) -> None:
    """Take what the controls open."""
    for name in MENUS:
        press(page, name)
        page.wait_for_timeout(500)
        if name == "Chat":
            write(page, "See https://jupyter.org and `code`:\n```\nprint(1)\n```")
            page.wait_for_timeout(300)
        take(page, name.split()[0].lower())
        page.keyboard.press("Escape")


def page_states(browser: Browser, server: JupyterServer, kernel: Kernel, size: str, take: Camera) -> None:
    """Take the pages: the rooms, before the call, in it, and after it."""
    room = f"demo {size}"
    address = server.page(f"rtc-notebook/room/{room}", name="Ana", link="webrtc")
    page = context(browser, **SIZES[size]).new_page()
    page.goto(server.page("rtc-notebook/guest"))
    take(page, "not-invited")
    page.goto(address)
    page.wait_for_function("() => document.querySelector('video')?.videoWidth > 0")
    take(page, "before")
    refused = context(browser, **SIZES[size]).new_page()
    refused.add_init_script(REFUSED)
    refused.goto(address)
    expect(refused.get_by_role("button", name="Try again")).to_be_visible()
    take(refused, "before-refused")
    refused.context.close()

    sockets: list[WebSocketRoute] = []
    cut = False

    def route(socket: WebSocketRoute) -> None:
        if cut:
            return socket.close()
        socket.connect_to_server()
        sockets.append(socket)

    page.route_web_socket("**/api/rooms/**", route)
    page.get_by_role("button", name="Join").click()
    page.locator(tile("Ana")).wait_for(state="attached")
    take(page, "alone")
    kernel.run(CALL.format(room=room) + "call.wait_until_connected()")
    guest = context(browser).new_page()
    guest.goto(kernel.run("print(call.invite(minutes=5).url)").strip())
    guest.get_by_label("Your name").fill("Bo")
    guest.get_by_role("button", name="Join").click()
    page.locator(tile("Bo")).wait_for(state="attached")
    take(page, "two")
    rooms = context(browser, **SIZES[size]).new_page()
    rooms.goto(server.page("rtc-notebook/"))
    expect(rooms.get_by_role("link", name=room)).to_be_visible()
    take(rooms, "rooms")
    rooms.context.close()

    menus(page, take)
    press(page, "People")
    page.get_by_role("button", name="Invite…").click()
    page.get_by_role("button", name="Make a link").click()
    expect(page.get_by_role("img", name="The link as a QR code")).to_be_visible()
    take(page, "invite")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Lock room").click()
    waiting = context(browser, **SIZES[size]).new_page()
    waiting.goto(kernel.run("print(call.invite(minutes=5).url)").strip())
    waiting.get_by_label("Your name").fill("Cleo")
    waiting.get_by_role("button", name="Join").click()
    expect(waiting.get_by_text("Waiting to be let in")).to_be_visible()
    take(waiting, "at-the-door")
    expect(page.get_by_text("Cleo wants to come in")).to_be_visible()
    take(page, "somebody-waits")
    waiting.context.close()
    page.get_by_role("complementary").get_by_role("button", name="Close").click()

    page.keyboard.press("?")
    page.wait_for_timeout(300)
    take(page, "shortcuts")
    page.keyboard.press("Escape")
    kernel.run("call.filter(filters.cartoon, on='Ana'); recording = call.record('states.mkv')")
    page.locator(tile("Ana") + "[data-processed]").wait_for(state="attached")
    press(page, "Raise your hand")
    page.keyboard.press("i")
    page.wait_for_timeout(4_500)  # figures of a whole interval
    take(page, "filtered-recorded-statistics")
    kernel.run("recording.stop(); call.unfilter(on='Ana')")
    if size == "desktop":
        press(page, "Share your screen")
        page.locator(tile("Ana", "screen")).wait_for(state="attached")
        page.wait_for_timeout(500)
        take(page, "screen")
        press(page, "Stop sharing")
    cut = True
    for socket in sockets:
        socket.close()
    expect(page.get_by_text("Reconnecting")).to_be_visible()
    take(page, "reconnecting")
    page.get_by_role("button", name="Leave the call").click()
    expect(page.get_by_role("button", name="Rejoin")).to_be_visible()
    take(page, "left")
    kernel.run("call.leave()")
    guest.context.close()
    page.context.close()


def notebook_states(browser: Browser, server: JupyterServer, home: Path, width: int, take: Camera) -> None:
    """Take the call under a cell, in both themes of JupyterLab's."""
    name = f"states-{width}.ipynb"
    fails = "@call.filter\ndef edges(frame, low=(0, 255)):\n    raise ValueError('no')"
    cells = [CALL.format(room=name) + "call", fails]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, home / name)
    page = context(browser, viewport={"width": width, "height": 900}).new_page()
    shown = Notebook(page, server, server.copy_notebook(home / name))
    page.add_style_tag(content=".jp-toastContainer, .Toastify { display: none }")
    shown.command("application:toggle-left-area")
    shown.run(0)
    page.locator(tile("Ana")).wait_for(state="attached")
    guest = context(browser).new_page()
    guest.goto(server.page(f"rtc-notebook/room/{name}", name="Bo", join=""))
    page.locator(tile("Bo")).wait_for(state="attached")
    for theme in ("Light", "Dark"):
        shown.command("apputils:change-theme", {"theme": f"JupyterLab {theme}"})
        page.locator(f"body[data-jp-theme-name='JupyterLab {theme}']").wait_for(state="attached")
        page.wait_for_timeout(1_000)
        in_theme = Camera(take.folder, f"{take.size}-{theme.lower()}")
        page.screenshot(path=take.folder / f"{in_theme.size}-two.png")
        for menu in MENUS:
            press(page, menu)
            page.wait_for_timeout(500)
            page.screenshot(path=take.folder / f"{in_theme.size}-{menu.split()[0].lower()}.png")
            page.keyboard.press("Escape")
    shown.run(1)
    page.locator(".rtc-chip").first.click()
    page.wait_for_timeout(500)
    page.screenshot(path=take.folder / f"{take.size}-dark-filter-fails.png")
    page.get_by_role("button", name="Leave the call").click()
    page.screenshot(path=take.folder / f"{take.size}-dark-left.png")
    page.context.close()
    guest.context.close()


def main(folder: Path, only: list[str]) -> None:
    """Take them all, or only some sizes."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        home = Path(scratch)
        head = camera_file(home, width=640, height=360)
        with (
            JupyterServer(home, "lab", "--LabApp.expose_app_in_browser=True", "--LabApp.news_url=") as server,
            chromium(playwright, head, 30, "--auto-accept-this-tab-capture") as browser,
        ):
            with Kernel.start(server) as kernel:
                for size in SIZES:
                    if not only or size in only:
                        page_states(browser, server, kernel, size, Camera(folder, size))
            for width in (1000, 480):
                if not only or f"cell-{width}" in only:
                    notebook_states(browser, server, home, width, Camera(folder, f"cell-{width}"))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
