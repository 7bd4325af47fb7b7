"""Coming in by an invite: its token is changed for a guest's session, as the guests' page does it.

The session is kept in Jupyter's runtime directory, for this user alone (mode 0600), so that a notebook that is run
again comes back as the same guest and uses the invite once.
"""

from __future__ import annotations

import contextlib
import http.cookiejar
import json
import re
import urllib.error
import urllib.request
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from .errors import ConnectionFailed, NotAllowed
from .links import Link
from .server import Server
from .signaling import is_loopback

ANSWER_SECONDS = 10.0
_CONFIG = re.compile(r'id="rtc-notebook-config"[^>]*>(.*?)</script>', re.DOTALL)


@dataclass(frozen=True)
class Visit:
    """Where an invite leads: a server as its guest, a room, and the name that the invite is for, if it is for one."""

    server: Server
    room: str
    name: str = ""


def enter(invite: Link, runtime_dir: Path | None = None) -> Visit:
    """Come in by an invite.

    Raises
    ------
    ConnectionFailed
        If the server does not answer, or is none of ours.
    NotAllowed
        If the invite is not good, or is so no more; says why.
    """
    kept = _Kept(invite, runtime_dir)
    page = _Page(invite.base)
    session = kept.read()
    told = page.exchange({"session": session}) if session else None
    if told is None:
        told = page.exchange({"token": invite.token})
    if told is None:
        raise NotAllowed(page.refusal)
    kept.write(told["session"])
    server = Server(url=page.base, explicit=True, guest=told["session"])
    return Visit(server, told["room"], told["name"])


class _Page:
    """The guests' page, whose cookie and XSRF token an exchange needs."""

    def __init__(self, base: str) -> None:
        proxies = [urllib.request.ProxyHandler({})] if is_loopback(base) else []
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(cookies, *proxies)
        self.base = base
        self.refusal = ""
        try:
            with self._opener.open(f"{base}rtc-notebook/guest", timeout=ANSWER_SECONDS) as answer:
                found = _CONFIG.search(answer.read().decode(errors="replace"))
                arrived = answer.geturl().rstrip("/")
        except (OSError, ValueError) as error:
            raise ConnectionFailed(_unanswered(base, error)) from None
        if found is None:
            raise ConnectionFailed(
                f"{base} does not answer with the guests' page of a call. On JupyterHub, whoever made the invite has "
                "to have their server running."
            )
        if arrived.endswith("/rtc-notebook/guest"):  # from http to https, say
            self.base = arrived.removesuffix("rtc-notebook/guest")
        self._xsrf = str(json.loads(found[1])["xsrf"])

    def exchange(self, secret: dict[str, str]) -> dict[str, Any] | None:
        """Return what the server tells for a token or a session; None if it refuses, with its sentence in `refusal`."""
        headers = {"Content-Type": "application/json", "X-XSRFToken": self._xsrf}
        url = f"{self.base}rtc-notebook/api/guest"
        request = urllib.request.Request(url, json.dumps(secret).encode(), headers)
        try:
            with self._opener.open(request, timeout=ANSWER_SECONDS) as answer:
                told: dict[str, Any] = json.load(answer)
                return told
        except urllib.error.HTTPError as error:
            with contextlib.suppress(ValueError):
                self.refusal = str(json.loads(error.read())["message"])
            if not self.refusal:
                raise ConnectionFailed(_unanswered(self.base, error)) from None
            return None
        except (OSError, ValueError) as error:
            raise ConnectionFailed(_unanswered(self.base, error)) from None


class _Kept:
    """The session of former runs."""

    def __init__(self, invite: Link, runtime_dir: Path | None) -> None:
        if runtime_dir is None:
            from jupyter_core.paths import jupyter_runtime_dir

            runtime_dir = Path(jupyter_runtime_dir())
        digest = sha256(f"{invite.base}#{invite.token}".encode()).hexdigest()[:24]
        self._path = runtime_dir / f"rtc-notebook-guest-{digest}.json"

    def read(self) -> str:
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            return str(json.loads(self._path.read_text(encoding="utf-8"))["session"])
        return ""

    def write(self, session: str) -> None:
        from jupyter_core.paths import secure_write

        with contextlib.suppress(OSError):  # then the next run is another guest
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with secure_write(str(self._path)) as file:
                json.dump({"session": session}, file)


def _unanswered(base: str, error: Exception) -> str:
    reason = getattr(error, "reason", None) or str(error) or type(error).__name__
    return f"The Jupyter server at {base} cannot be reached ({reason}). Is it running, and is the address whole?"
