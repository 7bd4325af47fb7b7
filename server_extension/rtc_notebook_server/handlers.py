"""Pages, their files, and the REST API."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler, FileFindHandler, JupyterHandler
from jupyter_server.extension.handler import ExtensionHandlerJinjaMixin, ExtensionHandlerMixin
from tornado import web

from rtc_notebook import __version__, _esm, protocol
from rtc_notebook._served import first_styles, is_ours, served
from rtc_notebook.errors import RoomNameError, SfuError

from .identity import Identity, identify
from .local_key import LocalKeyMixin
from .manager import RoomManager

AUTH_RESOURCE = "rtc_notebook"

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob: mediastream:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    ]
)

# A worker's own policy, whatever page it works for: code and files of this server, among them WebAssembly.
WORKER_CONTENT_SECURITY_POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"

_HOST = re.compile(r"[A-Za-z0-9._-]+(:[0-9]+)?|\[[0-9A-Fa-f:.]+\](:[0-9]+)?")
_MODULE = {"rooms": "rooms.js", "room": "page.js", "guest": "guest.js"}


class StaticFiles(FileFindHandler):
    """The front end's modules. Public, as all of Jupyter's static files are.

    They import each other by relative path, so no version can be put in their addresses; a browser that asks each
    time whether a file has changed never mixes the files of two versions.
    """

    _static_paths: dict[str, str] = {}  # noqa: RUF012 - the base class shares its own between all extensions

    def set_headers(self) -> None:
        """Have the browser ask each time, by the file's hash."""
        super().set_headers()
        self.set_header("Cache-Control", "no-cache")
        if self.request.path.endswith("/blur/worker.js"):
            self.set_header("Content-Security-Policy", WORKER_CONTENT_SECURITY_POLICY)

    @classmethod
    def get_content(cls, abspath: str, start: int | None = None, end: int | None = None) -> Any:
        """Return the file; ours without their comments."""
        return served(abspath)[start:end] if is_ours(abspath) else super().get_content(abspath, start, end)

    def get_content_size(self) -> int:
        """Return how long that is."""
        assert self.absolute_path is not None
        size = len(served(self.absolute_path)) if is_ours(self.absolute_path) else super().get_content_size()
        return int(size)

    def compute_etag(self) -> str | None:
        """Return the hash of the file's contents."""
        etag: str | None = web.StaticFileHandler.compute_etag(self)
        return etag


class Page(ExtensionHandlerJinjaMixin, ExtensionHandlerMixin, JupyterHandler):
    """A page of ours."""

    auth_resource = AUTH_RESOURCE

    @property
    def content_security_policy(self) -> str:
        """No script, style or image of others, and none in the page itself."""
        host = str(self.request.host)
        # Safari before 15.4 takes 'self' for no socket. Which scheme it is, maybe only a proxy before us knows.
        sockets = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
        return f"{CONTENT_SECURITY_POLICY}; connect-src 'self'{sockets}"

    def write_page(self, page: str, room: str | None, identity: Identity | None = None, **more: str) -> None:
        """Write the page for somebody; by default for who is logged in."""
        identity = identity or identify(self.current_user)
        # Relative: a proxy before us may have taken a prefix off that only the browser knows.
        base = "../" * (self.request.path.count("/") - self.base_url.count("/")) or "./"
        config = {
            "baseUrl": base,
            "room": room,
            "page": page,
            "user": {"name": identity.display_name, "anonymous": identity.anonymous},
            "version": __version__,
            **more,
        }
        static = f"{base}static/rtc_notebook/"
        self.set_header("Cache-Control", "no-store")
        modules = _esm.order(_MODULE[page], later=False)[::-1]
        shown = {"page": page, "room": room, "config": config, "static": static, "modules": modules}
        self.write(self.render_template("page.html", **shown, styles=first_styles(page)))


class RoomsPage(Page):
    """The page of rooms."""

    @web.authenticated
    @authorized
    def get(self) -> None:
        """Write the page."""
        self.write_page("rooms", None)


class RoomPage(Page):
    """The call page of one room."""

    @web.authenticated
    @authorized
    def get(self, room: str) -> None:
        """Write the page."""
        try:
            self.write_page("room", protocol.room_name(room))
        except RoomNameError as error:
            _not_found(error)


class RoomsApi(LocalKeyMixin, ExtensionHandlerMixin, APIHandler):
    """The open rooms."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Write ``{"rooms": [{"name", "participants": [name, ...]}]}``."""
        manager: RoomManager = self.settings["rtc_notebook_rooms"]
        rooms = [
            {"name": name, "participants": [who.name for who in live.room.participants.values()]}
            for name, live in sorted(manager.rooms.items())
            if live.places
        ]
        self.finish(json.dumps({"rooms": rooms}))


class RoomApi(LocalKeyMixin, ExtensionHandlerMixin, APIHandler):
    """One open room."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def get(self, room: str) -> None:
        """Write ``{"name", "participants", "sfu"}``: the room as its participants see it, and the SFU's counters."""
        manager: RoomManager = self.settings["rtc_notebook_rooms"]
        try:
            name = protocol.room_name(room)
        except RoomNameError as error:
            _not_found(error)
        live = manager.rooms.get(name)
        if live is None or not live.places:
            raise web.HTTPError(404, "Nobody is in a room called %r.", name)
        try:
            sfu: dict[str, Any] = await live.centre.stats()
        except SfuError as error:
            sfu = {"error": {"code": error.code, "message": str(error)}}
        state = json.loads(protocol.encode(live.room.state()))
        self.finish(json.dumps({"name": name, "participants": state["participants"], "sfu": sfu}))


def _not_found(error: RoomNameError) -> NoReturn:
    raise web.HTTPError(404, str(error).replace("%", "%%"))
