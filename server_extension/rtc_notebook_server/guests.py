"""What guests may reach without an account: one page, one exchange, one socket. Each checks the invite itself.

The link carries its token in the fragment, which browsers send to nobody. The page posts it once and gets a session
that is good for one room; the socket gets that in a subprotocol's name, so that neither ever stands in an address.
"""

from __future__ import annotations

import json
from typing import Any

from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.extension.handler import ExtensionHandlerMixin
from tornado import web

from rtc_notebook.server import GUEST_SUBPROTOCOL

from .handlers import Page
from .identity import Identity
from .invites import InviteRefused, Invites
from .manager import RoomManager
from .media_socket import MediaSocket
from .place import TRY_AGAIN_LATER
from .sockets import RoomSocket

MAX_TOKEN = 1_000


class GuestPage(Page):
    """The call page for guests. It is the same for everybody and names no room."""

    @allow_unauthenticated
    def get(self) -> None:
        """Write the page."""
        self.set_header("Referrer-Policy", "no-referrer")
        self.write_page("guest", None, Identity(user=None, display_name=""), xsrf=self.xsrf_token.decode())


class GuestApi(ExtensionHandlerMixin, JupyterHandler):
    """Takes an invite's token and gives a session for its room."""

    @allow_unauthenticated
    def post(self) -> None:
        """Write ``{"room", "role", "name", "session"}``; the body is ``{"token"}``, or ``{"session"}`` to ask again."""
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Type", "application/json")
        manager: RoomManager = self.settings["rtc_notebook_rooms"]
        if not manager.exchanges.take(str(self.request.remote_ip)):
            self._refuse(429, "too-many", "Too many are coming in at once. Try again in a moment.")
            return
        try:
            body = json.loads(self.request.body)
            field, secret = next(iter(body.items()))
            if len(body) != 1 or field not in ("token", "session"):
                raise ValueError
            if not isinstance(secret, str) or not 0 < len(secret) <= MAX_TOKEN:
                raise ValueError
        except (ValueError, AttributeError, TypeError, StopIteration):
            self._refuse(400, "bad-request", 'Send {"token": ...}.')
            return
        invites = manager.settings.invites
        try:
            if field == "token":
                invite, session = invites.redeem(secret)
            else:
                (invite, _), session = invites.guest(secret), secret
        except InviteRefused as error:
            self._refuse(403, error.code, str(error))
            return
        if field == "token":
            manager.tell_invites(invite.room)
        told = {"room": invite.room, "role": invite.role, "name": invite.name if invite.uses == 1 else ""}
        self.finish(json.dumps({**told, "session": session}))

    def _refuse(self, status: int, code: str, message: str) -> None:
        self.set_status(status)
        self.finish(json.dumps({"code": code, "message": message}))


class _InvitedMixin:
    """A socket that a guest's session opens, and nothing else does."""

    request: Any
    settings: dict[str, Any]
    _silent = False

    def let_in(self) -> str:
        """Return the room that the session in the subprotocol is for; refuse everybody else."""
        offered = self.request.headers.get("Sec-WebSocket-Protocol", "").split(",")
        names = [name.strip() for name in offered]
        invites: Invites = self.settings["rtc_notebook_rooms"].settings.invites
        if len(names) != 2 or names[0] != GUEST_SUBPROTOCOL:
            raise web.HTTPError(403)
        try:
            invite, self._guest = invites.guest(names[1])
        except InviteRefused as error:
            raise web.HTTPError(403, error.code) from None
        return invite.room

    def open(self, *args: Any, **kwargs: Any) -> None:
        """Take one of the places for sockets that have not said yet whose they are."""
        manager: RoomManager = self.settings["rtc_notebook_rooms"]
        self._silent = manager.silent.take(self._guest.id)
        super().open(*args, **kwargs)  # type: ignore[misc]
        if not self._silent:
            self._closing = True  # and what comes in meanwhile is not heard
            self.close(TRY_AGAIN_LATER, "too-many")  # type: ignore[attr-defined]

    def spoke(self) -> None:
        """Give that place back."""
        if self._silent:
            self._silent = False
            self.settings["rtc_notebook_rooms"].silent.free(self._guest.id)

    def on_close(self) -> None:
        """Give it back, too."""
        self.spoke()
        super().on_close()  # type: ignore[misc]

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        """Take the one that is no secret."""
        return GUEST_SUBPROTOCOL if GUEST_SUBPROTOCOL in subprotocols else None

    @property
    def identity(self) -> Identity:
        """A guest, whoever else this browser is logged in as."""
        return Identity(user=None, display_name="", guest=self._guest)


class GuestSocket(_InvitedMixin, RoomSocket):
    """The signaling of a guest, in the room that the session names."""

    @allow_unauthenticated
    async def get(self) -> None:  # type: ignore[override]
        """Open the socket."""
        await self.converse(self.let_in())


class GuestMediaSocket(_InvitedMixin, MediaSocket):
    """The pictures and sound of a guest, where WebRTC finds no way."""

    @allow_unauthenticated
    async def get(self) -> None:  # type: ignore[override]
        """Open the socket."""
        await self.converse(self.let_in())


def endpoints() -> list[tuple[Any, ...]]:
    """Return the routes."""
    return [
        (r"/rtc-notebook/guest/?", GuestPage),
        (r"/rtc-notebook/api/guest/?", GuestApi),
        (r"/rtc-notebook/api/guest/socket", GuestSocket),
        (r"/rtc-notebook/api/guest/media", GuestMediaSocket),
    ]
