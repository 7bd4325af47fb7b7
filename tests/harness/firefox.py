"""Firefox over WebDriver BiDi (W3C), with its built-in fake camera and microphone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from .browser import PLAYERS, WITNESS
from .soundcard import sound_card

FIREFOX = os.environ.get("FIREFOX") or shutil.which("firefox-esr") or shutil.which("firefox") or "/usr/bin/firefox-esr"

_PREFERENCES = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.autoplay.default": 0,  # 0 allows
    # Nothing but what is tested: no first pages, no reports, no updates, no downloads, no questions.
    "app.normandy.enabled": False,
    "app.update.disabledForTesting": True,
    "browser.aboutwelcome.enabled": False,
    "browser.newtabpage.enabled": False,
    "browser.safebrowsing.downloads.remote.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "browser.startup.page": 0,
    "datareporting.healthreport.uploadEnabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "media.gmp-manager.updateEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,",
    "termsofuse.bypassNotification": True,
    "toolkit.telemetry.enabled": False,
    "toolkit.telemetry.server": "",
}

_WAIT = """async ({wanted, argument, seconds}) => {
    const end = performance.now() + seconds * 1000;
    for (;;) {
        if (await wanted(argument)) return true;
        if (performance.now() > end) return false;
        await new Promise(resolve => setTimeout(resolve, 50));
    }
}"""


class FirefoxPage:
    """One tab."""

    def __init__(self, browser: Firefox, url: str) -> None:
        self._browser = browser
        self._closed = False
        self._over: list[str] = []
        self._context: str = browser.command("browsingContext.create", type="tab")["context"]
        browser.command("browsingContext.navigate", context=self._context, url=url, wait="complete")

    def evaluate(self, function: str, argument: Any = None, timeout: float = 30) -> Any:
        """Call a JavaScript function with one argument and return what it gives or promises; both travel as JSON.

        Raises
        ------
        AssertionError
            If the function throws.
        """
        return self._run(f"({function})({json.dumps(argument)})", timeout)

    def wait_for(self, function: str, argument: Any = None, timeout: float = 20) -> None:
        """Wait until a JavaScript function gives or promises something true.

        Raises
        ------
        AssertionError
            If that has not come to pass after ``timeout`` seconds.
        """
        wish = f"{{wanted: {function}, argument: {json.dumps(argument)}, seconds: {timeout}}}"
        text = "() => document.body.innerText"
        assert self._run(f"({_WAIT})({wish})", timeout + 10), (
            f"not within {timeout} s: {function} of {argument!r}; the page says: {self.evaluate(text)!r}"
        )

    def hide(self) -> None:
        """Put another tab before it."""
        over = self._browser.command("browsingContext.create", type="tab")["context"]
        self._browser.command("browsingContext.activate", context=over)
        self._over.append(over)
        self.wait_for("() => document.visibilityState === 'hidden'")

    def close(self) -> None:
        """Close the tab as a person does: the page hears of it. Idempotent."""
        if not self._closed:
            self._closed = True
            for context in (*self._over, self._context):
                self._browser.command("browsingContext.close", context=context)

    def _run(self, expression: str, timeout: float) -> Any:
        # What is thrown comes back as a value too: Firefox takes a rejection without a stack for a fault of its own.
        settled = "value => JSON.stringify({value: value ?? null}), error => JSON.stringify({error: String(error)})"
        answer = self._browser.command(
            "script.evaluate",
            timeout,
            expression=f"(async () => {expression})().then({settled})",
            target={"context": self._context},
            awaitPromise=True,
        )
        assert answer["type"] == "success", answer["exceptionDetails"]["text"]
        came = json.loads(answer["result"]["value"])
        assert "error" not in came, came["error"]
        return came["value"]


class Firefox:
    """A running Firefox: commands go out one at a time, events are not asked for."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._last = 0
        self.command("session.new", capabilities={})
        self.command("script.addPreloadScript", functionDeclaration=f"() => {{ {WITNESS} {PLAYERS} }}")

    def page(self, url: str) -> FirefoxPage:
        """Open a tab and wait until the page has loaded."""
        return FirefoxPage(self, url)

    def command(self, method: str, timeout: float = 30, /, **parameters: Any) -> dict[str, Any]:
        """Send one command of WebDriver BiDi's and return its result.

        Raises
        ------
        RuntimeError
            If Firefox refuses it.
        TimeoutError
            If no answer comes within ``timeout`` seconds.
        """
        self._last += 1
        self._socket.send(json.dumps({"id": self._last, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self._socket.recv(timeout))
            if answer.get("id") != self._last:
                continue  # to a command that was given up
            if answer["type"] == "error":
                raise RuntimeError(f"{method}: {answer['error']}: {answer['message']}")
            result: dict[str, Any] = answer["result"]
            return result


@contextmanager
def firefox(profile: Path) -> Iterator[Firefox]:
    """Start Firefox with a new profile in the empty directory ``profile``, and a sound card where that can be had."""
    with sound_card() as sound, _running(profile, sound) as started:
        yield started


@contextmanager
def _running(profile: Path, environment: dict[str, str]) -> Iterator[Firefox]:
    lines = (f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in _PREFERENCES.items())
    (profile / "user.js").write_text("".join(lines))
    command = [FIREFOX, "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port=0"]
    process = subprocess.Popen(
        [*command, "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env={**os.environ, **environment, "MOZ_CRASHREPORTER_DISABLE": "1"},
    )
    address: Future[str] = Future()
    reader = threading.Thread(target=_read, args=(process, address), daemon=True)
    reader.start()
    try:
        with connect(f"{address.result(60)}/session", max_size=None, proxy=None) as socket:
            yield Firefox(socket)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join(5)


def _read(process: subprocess.Popen[str], address: Future[str]) -> None:
    """Find the address in what Firefox says, and read on, or it would come to stand at a full pipe."""
    assert process.stderr is not None
    said: deque[str] = deque(maxlen=20)
    for line in process.stderr:
        said.append(line)
        _, found, url = line.partition("WebDriver BiDi listening on ")
        if found and not address.done():
            address.set_result(url.strip())
    if not address.done():
        address.set_exception(RuntimeError("Firefox ended before it listened:\n" + "".join(said)))
