"""Finding the Jupyter server that a call goes through, and what this kernel shows it to be let in.

A server says where it listens in ``jpserver-<pid>.json`` in Jupyter's runtime directory, which only its user can read.
The rtc-notebook extension puts ``rtc-notebook-<pid>.json`` (``{"url", "key"}``) beside it: its key lets this user's
kernels in where the server has no token of its own (a password, an identity provider).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qs, quote, urlsplit, urlunsplit

from .errors import ServerNotFound

GUEST_SUBPROTOCOL = "rtc-notebook.guest"
_ANYWHERE = {"", "*", "0.0.0.0", "::"}
_WEBSOCKET_SCHEME = {"http": "ws", "https": "wss"}


@dataclass(frozen=True)
class Server:
    """A Jupyter server.

    Attributes
    ----------
    url : str
        Absolute, with the base path, ending in ``/``.
    authorization : str
        Value of the ``Authorization`` header, or empty. Secret.
    token : str
        The token by itself where there is one, for a browser that talks to a foreign server. Secret.
    explicit : bool
        Whether the author named this server, rather than it being the notebook's own.
    guest : str
        A guest's session, in the place of both: good for one room of it. Secret.
    """

    url: str
    authorization: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    explicit: bool = False
    guest: str = field(default="", repr=False)

    @property
    def subprotocols(self) -> tuple[str, ...]:
        """The subprotocols of WebSockets by which a guest is let in; a session among them stands in no address."""
        return (GUEST_SUBPROTOCOL, self.guest) if self.guest else ()

    @property
    def base_url(self) -> str:
        """The path alone, as Jupyter has it, beginning and ending in ``/``."""
        return urlsplit(self.url).path

    def at(self, base: str) -> Server:
        """Return this server at the address that a browser has for it, without its credentials."""
        return Server(url=base, explicit=self.explicit)

    def page(self, room: str) -> str:
        """Return the address of a room's call page; of a guest's, the guests' page, which opens with an invite."""
        if self.guest:
            return f"{self.url}rtc-notebook/guest"
        return f"{self.url}rtc-notebook/room/{quote(room, safe='')}"

    def socket(self, room: str) -> str:
        """Return the address of a room's WebSocket."""
        parts = urlsplit(self.url)
        where = "guest" if self.guest else f"rooms/{quote(room, safe='')}"
        path = f"{parts.path}rtc-notebook/api/{where}/socket"
        return urlunsplit((_WEBSOCKET_SCHEME[parts.scheme], parts.netloc, path, "", ""))


def named(url: str, token: str | None = None) -> Server:
    """Return the server at ``url``; a ``?token=`` in it counts where ``token`` is not given.

    Raises
    ------
    ServerNotFound
        If this is no ``http://`` or ``https://`` address.
    """
    parts = address(url)
    if parts is None:
        raise ServerNotFound(
            f"{url!r} is not the address of a Jupyter server. Give it as server='http://host:8888/', as your browser "
            "shows it, with the base path if there is one."
        )
    found = token if token is not None else parse_qs(parts.query).get("token", [""])[0]
    path = parts.path if parts.path.endswith("/") else parts.path + "/"
    return Server(
        url=urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], path, "", "")),
        authorization=f"token {found}" if found else "",
        token=found,
        explicit=True,
    )


def address(url: str) -> SplitResult | None:
    """Return the parts of an ``http://`` or ``https://`` address; None if it is none."""
    try:
        parts = urlsplit(url)
        whole = parts.scheme in _WEBSOCKET_SCHEME and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets without an end, a port that is none
        return None
    return parts if whole else None


def notebooks_own(runtime_dir: Path | None = None, environ: Mapping[str, str] = os.environ) -> Server:
    """Return the server that runs this notebook; in a script, the only one that runs here.

    Raises
    ------
    ServerNotFound
        If there is none, or if it is not clear which.
    """
    if runtime_dir is None:
        from jupyter_core.paths import jupyter_runtime_dir

        runtime_dir = Path(jupyter_runtime_dir())
    running = list(_running(runtime_dir))
    parent = environ.get("JPY_PARENT_PID", "")
    ours = [info for info in running if str(info["pid"]) == parent]
    if ours:
        return _described(ours[0], runtime_dir, environ)
    if environ.get("JUPYTERHUB_SERVICE_URL") and environ.get("JUPYTERHUB_API_TOKEN"):
        return _of_hub(environ)
    if len(running) == 1:
        return _described(running[0], runtime_dir, environ)
    how = "name it, as your browser shows it: Call(room, server='http://host:8888/', token='...')"
    if not running:
        raise ServerNotFound(
            f"No running Jupyter server was found. Start one with `jupyter lab` (or `jupyter rtc-notebook`), or {how}."
        )
    urls = ", ".join(sorted(_url(info) for info in running))
    raise ServerNotFound(f"Several Jupyter servers are running ({urls}) and none of them started this one: {how}.")


def _running(runtime_dir: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(runtime_dir.glob("jpserver-*.json")):
        info = _read(path)
        if info is not None and isinstance(info.get("pid"), int) and info.get("port") and _alive(info["pid"]):
            yield info


def _read(path: Path) -> dict[str, Any] | None:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None  # being written, or gone meanwhile
    return value if isinstance(value, dict) else None


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _url(info: Mapping[str, Any]) -> str:
    host = info.get("hostname") or ""
    if host in _ANYWHERE:
        host = "127.0.0.1"
    elif ":" in host:
        host = f"[{host}]"
    scheme = "https" if info.get("secure") else "http"
    base = "/" + str(info.get("base_url") or "/").strip("/")
    return f"{scheme}://{host}:{info['port']}{base}" + ("" if base == "/" else "/")


def _described(info: Mapping[str, Any], runtime_dir: Path, environ: Mapping[str, str]) -> Server:
    token = str(info.get("token") or "")
    if token:
        return Server(url=_url(info), authorization=f"token {token}", token=token)
    extension = _read(runtime_dir / f"rtc-notebook-{info['pid']}.json") or {}
    if extension.get("key"):
        return Server(url=_url(info), authorization=f"rtc-notebook {extension['key']}")
    hub = environ.get("JUPYTERHUB_API_TOKEN", "")
    return Server(url=_url(info), authorization=f"token {hub}" if hub else "")


def _of_hub(environ: Mapping[str, str]) -> Server:
    parts = urlsplit(environ["JUPYTERHUB_SERVICE_URL"])
    port = parts.port or (443 if parts.scheme == "https" else 80)
    info = {"hostname": parts.hostname, "port": port, "secure": parts.scheme == "https", "base_url": parts.path}
    return Server(url=_url(info), authorization=f"token {environ['JUPYTERHUB_API_TOKEN']}")
