"""Which ICE servers participants and the SFU are told of; without I/O."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from rtc_notebook.protocol import IceServer, IceTransportPolicy

SFU_SECONDS = 365 * 86_400.0
"""The SFU's own credentials are good for so long at least: it is told none anew for as long as its room is open."""

_SCHEMES = ("stun:", "stuns:", "turn:", "turns:")


@dataclass(frozen=True)
class IceSettings:
    """STUN and TURN servers as a server's administrator configured them.

    Attributes
    ----------
    servers : tuple of IceServer
        Told to everybody as they are.
    turn_urls : tuple of str
        TURN servers with time-limited credentials, made from ``turn_secret`` for each participant by the scheme that
        coturn calls ``use-auth-secret`` (draft-uberti-behave-turn-rest-00).
    turn_secret : str
        The secret that the TURN servers have too; it never leaves this process.
    turn_seconds : float
        How long participants' credentials are good for; a TURN server asks for them again when an allocation is
        refreshed.
    policy : {"all", "relay"}
        ``relay`` keeps participants to TURN.
    sfu_relays : bool
        Whether the SFU asks the TURN servers for an address of its own: for one that can be reached in no other way.
    """

    servers: tuple[IceServer, ...] = ()
    turn_urls: tuple[str, ...] = ()
    turn_secret: str = ""
    turn_seconds: float = 86_400
    policy: IceTransportPolicy = "all"
    sfu_relays: bool = False

    def __post_init__(self) -> None:
        check_urls(url for server in self.servers for url in server.urls)
        check_urls(self.turn_urls)
        if self.turn_urls and not self.turn_secret:
            raise ValueError("turn_urls need turn_secret, or put servers with a fixed password into ice_servers.")
        relays = self.turn_urls or any(url.startswith("turn") for server in self.servers for url in server.urls)
        if self.policy == "relay" and not relays:
            raise ValueError("ice_transport_policy='relay' needs a TURN server; without one nothing can connect.")

    def for_participant(self, participant: str, now: float) -> tuple[IceServer, ...]:
        """Return the servers for one participant; ``now`` is in seconds since the epoch."""
        return (*self.servers, *self._limited(participant, now, self.turn_seconds))

    def for_sfu(self, now: float) -> tuple[IceServer, ...]:
        """Return the servers that the SFU itself uses."""
        if self.sfu_relays:
            return (*self.servers, *self._limited("sfu", now, max(self.turn_seconds, SFU_SECONDS)))
        stun = [(server, tuple(url for url in server.urls if url.startswith("stun"))) for server in self.servers]
        return tuple(IceServer(urls=urls) for _, urls in stun if urls)

    def _limited(self, participant: str, now: float, seconds: float) -> tuple[IceServer, ...]:
        if not self.turn_urls:
            return ()
        username = f"{int(now + seconds)}:{participant}"
        digest = hmac.new(self.turn_secret.encode(), username.encode(), hashlib.sha1).digest()
        return (IceServer(urls=self.turn_urls, username=username, credential=base64.b64encode(digest).decode()),)


def ice_server(server: dict[str, Any]) -> IceServer:
    """Read a W3C ``RTCIceServer``; raises `ValueError` where it is none."""
    urls = server.get("urls")
    try:
        read = msgspec.convert({**server, "urls": [urls] if isinstance(urls, str) else urls}, IceServer)
    except msgspec.ValidationError as error:
        raise ValueError(f"{_shown(server)} is no ICE server ({error}). {_LOOKS}") from None
    if not read.urls:
        raise ValueError(f"{_shown(server)} is no ICE server: it has no urls. {_LOOKS}")
    return read


_LOOKS = "One looks like {'urls': ['turn:host:3478'], 'username': '...', 'credential': '...'}."


def _shown(server: dict[str, Any]) -> str:
    """Return a server as it may stand in a log."""
    return repr({name: "..." if name == "credential" else value for name, value in server.items()})


def check_urls(urls: Iterable[str]) -> None:
    """Raise `ValueError` for what is no URL of a STUN or TURN server (RFC 7064, RFC 7065)."""
    for url in urls:
        if not url.startswith(_SCHEMES) or not url.split(":", 1)[1].strip("/"):
            raise ValueError(f"{url!r} is no ICE server; they look like 'stun:host:3478' or 'turn:host?transport=tcp'.")


def port_range(text: str) -> tuple[int, int] | None:
    """Read ``"40000-40100"``; None for no text.

    Raises
    ------
    ValueError
        If it is no range of ports.
    """
    if not text:
        return None
    first, dash, last = text.partition("-")
    try:
        ports = int(first), int(last if dash else first)
    except ValueError:
        ports = 0, 0
    if not 1024 <= ports[0] <= ports[1] <= 65535:
        raise ValueError(f"udp_ports={text!r} is no range of ports; write it like '40000-40100', from 1024 to 65535.")
    return ports
