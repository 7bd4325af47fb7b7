"""A Chromium whose tabs are switched as people do: Playwright lets each page of its think that somebody looks at it."""

from __future__ import annotations

import itertools
import json
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tenacity
from websockets.sync.client import ClientConnection, connect

from .browser import CHROMIUM, WITNESS, flags


class Tab:
    """The first tab of a browser, by the Chrome DevTools Protocol."""

    def __init__(self, port: int) -> None:
        self._address = f"http://127.0.0.1:{port}/json"
        self._numbers = itertools.count(1)
        self._id, socket = next(
            (one["id"], one["webSocketDebuggerUrl"]) for one in self._ask() if one["type"] == "page"
        )
        self._socket: ClientConnection = connect(socket, max_size=None).__enter__()

    def evaluate(self, expression: str) -> Any:
        """Return what a JavaScript expression gives, as JSON has it."""
        return self._command("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def first(self, script: str) -> None:
        """Run a script in every page before its own."""
        self._command("Page.enable")
        self._command("Page.addScriptToEvaluateOnNewDocument", source=script)

    def go(self, url: str) -> None:
        """Begin to load a page."""
        self.evaluate(f"location.href = {json.dumps(url)}")

    def hide(self) -> None:
        """Put another tab before it."""
        self._ask(f"/activate/{self._ask('/new?about:blank', 'PUT')['id']}")
        self._becomes("hidden")

    def show(self) -> None:
        """Come back to it."""
        self._ask(f"/activate/{self._id}")
        self._becomes("visible")

    @tenacity.retry(stop=tenacity.stop_after_delay(10), wait=tenacity.wait_fixed(0.05), reraise=True)
    def _becomes(self, state: str) -> None:
        assert self.evaluate("document.visibilityState") == state

    def _command(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while (answer := json.loads(self._socket.recv(timeout=10))).get("id") != number:
            pass
        result: dict[str, Any] = answer["result"]
        return result

    def _ask(self, path: str = "", method: str = "GET") -> Any:
        with urllib.request.urlopen(urllib.request.Request(self._address + path, method=method), timeout=10) as answer:
            text = answer.read().decode()
        return json.loads(text) if text[:1] in "[{" else text


@contextmanager
def tabbed(size: tuple[int, int] = (640, 360), fps: int = 10) -> Iterator[Tab]:
    """Start a Chromium with an empty tab and a camera of this size."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [
            CHROMIUM,
            "--headless=new",
            *flags(fps=fps),
            f"--user-data-dir={profile}",
            "--remote-debugging-port=0",
        ]
        browser = subprocess.Popen([*command, "about:blank"], stderr=subprocess.DEVNULL)
        try:
            tab = Tab(_port(Path(profile) / "DevToolsActivePort"))
            tab.first(f"globalThis.cameraSize = {list(size)};{WITNESS}")
            yield tab
        finally:
            browser.terminate()
            browser.wait()


@tenacity.retry(stop=tenacity.stop_after_delay(20), wait=tenacity.wait_fixed(0.05), reraise=True)
def _port(told: Path) -> int:
    return int(told.read_text().splitlines()[0])
