"""The addresses that people pass on: of a room's call page, and of an invite."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit, urlunsplit

from . import server as servers
from .errors import ServerNotFound
from .server import Server
from .signaling import is_loopback

_PATH = re.compile(r"(?P<base>/(?:.*/)?)rtc-notebook/(?:room/(?P<room>[^/]+)|(?P<guest>guest))/?")


@dataclass(frozen=True)
class Link:
    """What an address says.

    Attributes
    ----------
    base : str
        The Jupyter server's, ending in ``/``.
    room : str
        The room; empty in an invite, which names none.
    token : str
        The server's token, or the invite's. Secret.
    """

    base: str
    room: str = ""
    token: str = field(default="", repr=False)


def is_link(text: str) -> bool:
    """Whether this is an address, which no room's name can be."""
    return isinstance(text, str) and "://" in text


def read(text: str) -> Link:
    """Read an address as it was passed on.

    Raises
    ------
    ServerNotFound
        If it is none of a call.
    """
    parts = servers.address(text.strip())
    found = _PATH.fullmatch(parts.path) if parts is not None else None
    if parts is None or found is None:
        raise ServerNotFound(
            "This is not the address of a call. They end in rtc-notebook/room/<name>, and invites in "
            "rtc-notebook/guest#…; copy all of it."
        )
    base = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], found["base"], "", ""))
    if found["guest"]:
        if not parts.fragment:
            raise ServerNotFound("This invite is not complete. Copy all of it, with what is behind the # sign.")
        return Link(base, token=parts.fragment)
    return Link(base, unquote(found["room"]), parse_qs(parts.query).get("token", [""])[0])


def server_of(link: Link, token: str | None, environ: Mapping[str, str] = os.environ) -> Server:
    """Return the server that a room's address leads to: the notebook's own, if it is that, by its inner address.

    No credentials of this kernel's are shown to another user's server.
    """
    if token is None and not link.token:
        own = _own(environ)
        if own is not None and _same(link.base, own, environ):
            return own
    return servers.named(link.base, token if token is not None else link.token or None)


def _own(environ: Mapping[str, str]) -> Server | None:
    try:
        return servers.notebooks_own(environ=environ)
    except ServerNotFound:
        return None


def _same(base: str, own: Server, environ: Mapping[str, str]) -> bool:
    there, here = urlsplit(base), urlsplit(own.url)
    if there.path != here.path:
        return False
    if environ.get("JUPYTERHUB_SERVICE_PREFIX"):
        return True  # no two servers of a hub have one path; its own address is not known here
    return there.netloc == here.netloc or (is_loopback(base) and is_loopback(own.url) and there.port == here.port)
