"""How the page of one server shows another server's token on a socket: in a subprotocol's name, never in an address.

Browsers let pages set no header of a WebSocket but this one, and addresses are what proxies write down.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

TOKEN_SUBPROTOCOL = "rtc-notebook.token"


class TokenProtocolMixin:
    """A socket that takes ``["rtc-notebook.token", <the token in base64url>]`` for an Authorization header."""

    request: Any

    def prepare(self, *args: Any, **kwargs: Any) -> Any:
        """Have Jupyter find the token where it looks for it."""
        offered = [name.strip() for name in self.request.headers.get("Sec-WebSocket-Protocol", "").split(",")]
        if len(offered) == 2 and offered[0] == TOKEN_SUBPROTOCOL and not self.request.headers.get("Authorization"):
            self.request.headers["Authorization"] = f"token {_decoded(offered[1])}"
        return super().prepare(*args, **kwargs)  # type: ignore[misc]

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        """Take the one that is no secret."""
        return TOKEN_SUBPROTOCOL if TOKEN_SUBPROTOCOL in subprotocols else None


def _decoded(text: str) -> str:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except (binascii.Error, ValueError):
        return ""
