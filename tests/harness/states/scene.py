"""A call on a page or under a cell, and what is done to it on the walk through its states."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator, Page, WebSocketRoute, expect

from ..browser import context, tile
from ..jupyter import JupyterServer
from ..kernel import Kernel

Take = Callable[[Page, str], None]
CALL = "from rtc_notebook import *\ncall = Call({room!r}, name='Ana')\n"


@dataclass
class Scene:
    """Where the walk takes place: Ana's page, and who else comes.

    Attributes
    ----------
    take
        Called with a page at every state, with the state's name.
    options
        What the profiles of pages are opened with: their size say.
    cell
        Whether Ana's call is under a cell. What others see is the same then, and not looked at again.
    """

    page: Page
    take: Take
    server: JupyterServer
    kernel: Kernel
    browser: Browser
    room: str
    options: dict[str, Any] = field(default_factory=dict)
    cell: bool = False

    def __call__(self, state: str) -> None:
        """Look at Ana's page."""
        self.take(self.page, state)

    def theirs(self, page: Page, state: str) -> None:
        """Look at somebody else's page."""
        if not self.cell:
            self.take(page, state)

    @property
    def call(self) -> Locator:
        """The call on Ana's page."""
        return self.page.locator(".rtc-notebook")

    @property
    def desktop(self) -> bool:
        """Whether there is a mouse, and a window to move."""
        return not self.options.get("is_mobile")

    def button(self, name: str) -> Locator:
        """Return a control of Ana's bar, whatever number is behind its name."""
        return self.call.locator(".rtc-controls").get_by_role("button", name=re.compile(f"^{re.escape(name)}(,|$)"))

    def press(self, name: str) -> None:
        """Press a control of Ana's: in the bar, or in the menu where the bar has no room for it."""
        if self.button(name).is_visible():
            return self.button(name).click()
        self.choose(name)

    def choose(self, name: str) -> None:
        """Choose something from Ana's menu."""
        self.button("More").click()
        self.call.get_by_role("menu", name="More").get_by_text(name, exact=True).click()

    def stood(self, name: str, source: str = "camera") -> Locator:
        """Return somebody's tile on Ana's page."""
        return self.call.locator(".rtc-tile", has=self.page.locator(tile(name, source, state=None)))

    def profile(self, **options: Any) -> BrowserContext:
        """Return a profile of somebody else's, with a page of the same size."""
        return context(self.browser, reduced_motion="reduce", **{**self.options, **options})

    def invited(self, role: str = "member") -> str:
        """Return an invite's link."""
        return self.kernel.run(f"print(call.invite({role!r}, minutes=5).url)").strip()

    def knock(self, url: str, name: str, camera: bool = True) -> Page:
        """Come by a link."""
        page = self.profile().new_page()
        page.goto(url if camera else url.replace("#", "?camera=0&microphone=0#"))
        page.get_by_label("Your name").fill(name)
        page.get_by_role("button", name="Join").click()
        return page


class Cut:
    """Cuts a page's sockets when it is called, and lets none through after that; or has them wait for a while."""

    def __init__(self, page: Page) -> None:
        self._open: list[WebSocketRoute] = []
        self._done = self._waiting = False
        page.route_web_socket("**/rtc-notebook/api/**", self._route)

    def _route(self, socket: WebSocketRoute) -> None:
        if self._done:
            return socket.close()
        if not self._waiting:
            socket.connect_to_server()
        self._open.append(socket)

    def __call__(self) -> None:
        self._done = True
        for socket in self._open:
            socket.close()

    @contextmanager
    def nobody_answers(self) -> Iterator[None]:
        """Have sockets that are opened meanwhile hear nothing, and break in the end."""
        self._waiting = True
        yield
        self._waiting = False
        while self._open:
            self._open.pop().close()


def attached(page: Page, selector: str) -> None:
    """Wait for something that need not be in sight."""
    expect(page.locator(selector).first).to_be_attached(timeout=40_000)
