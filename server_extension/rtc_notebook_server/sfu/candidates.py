"""Which addresses of a participant's the SFU sends connectivity checks to (RFC 8445), since a participant names them.

A check is a small STUN request and says nothing of a participant's choosing but a user name, so no service takes it for
a request of its own. It could still be made to knock where no participant can be: those addresses are refused, and
their number is bounded.
"""

from __future__ import annotations

import ipaddress

from rtc_notebook.errors import SfuError

MAX_CANDIDATES = 64
"""Most of one connection, those in descriptions included."""

LOWEST_PORT = 1024
"""Where media never comes from are other machines' services: DNS, NTP, SNMP and so on."""


def check(address: str, port: int, transport: str) -> None:
    """Refuse a candidate that no participant has.

    Names but those of mDNS (RFC 8828), which browsers use to hide addresses, are not looked up. TCP candidates are not
    tried at all, so they may say anything.

    Raises
    ------
    SfuError
        ``"bad-candidate"``.
    """
    if transport.lower() != "udp":
        return
    if not LOWEST_PORT <= port <= 65535:
        raise _bad(f"no participant sends media from port {port}")
    if address.endswith(".local"):
        return
    try:
        where = ipaddress.ip_address(address)
    except ValueError:
        raise _bad("names are not looked up") from None
    if where.is_multicast or where.is_unspecified or str(where) == "255.255.255.255":
        raise _bad(f"{address} is no machine's address")


def _bad(why: str) -> SfuError:
    return SfuError("bad-candidate", f"The ICE candidate cannot be used: {why}.")
