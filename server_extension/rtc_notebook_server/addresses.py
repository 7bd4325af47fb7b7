"""Where guests reach this server, and what that address lacks."""

from __future__ import annotations

import ipaddress
import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from jupyter_server.utils import url_path_join

if TYPE_CHECKING:
    from .live import LiveRoom
    from .place import Place
    from .rooms.state import Participant

GUEST_PATH = "rtc-notebook/guest"
_BEHIND_A_HUB = (
    "This address works behind the hub only: open the call in a browser and make the link again, or set the hub's "
    "c.JupyterHub.public_url."
)


def of_guests(live: LiveRoom, place: Place) -> tuple[str, str]:
    """Return the guests' page as a participant is to pass it on, and what to do before; empty if nothing.

    The address is the configured one, else the one by which the participant's own browser came, else that of another
    host's browser (a kernel knows only the server's inner address), else the inner one. What others say of where they
    came from is not believed: the link would take its token there.
    """
    settings = live.settings
    if settings.public_url:
        base = settings.public_url
    else:
        hosts = [other for other in live.places.values() if _is_own_host(live.room.participants[other.id])]
        asked = [place, *sorted(hosts, key=lambda host: _local(host.origin))]
        origin = next((other.origin for other in asked if other.origin), "")
        base = url_path_join(origin, settings.base_url) if origin else settings.inner_url()
        if not origin and os.environ.get("JUPYTERHUB_SERVICE_PREFIX"):
            return url_path_join(base, GUEST_PATH), _BEHIND_A_HUB
    return url_path_join(base, GUEST_PATH), hint(base)


def hint(url: str) -> str:
    """Say what an address lacks to be passed on to others."""
    parts = urlsplit(url)
    if _local(url):
        port = parts.port or (443 if parts.scheme == "https" else 80)
        return (
            "This address works on this machine only. For others, open a tunnel to it (such as "
            f"`cloudflared tunnel --url http://localhost:{port}`) or start the server where they can reach it, "
            "and set c.RtcNotebookApp.public_url to that address."
        )
    if parts.scheme != "https":
        return "Browsers open no camera and no microphone at an address without https. Guests can only watch and chat."
    return ""


def _is_own_host(who: Participant) -> bool:
    return who.role == "host" and who.guest is None


def _local(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
