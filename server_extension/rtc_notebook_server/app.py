"""The Jupyter server extension, and the command ``jupyter rtc-notebook``."""

from __future__ import annotations

import ipaddress
import os
import sqlite3
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
from jupyter_core.paths import jupyter_data_dir
from jupyter_server.extension.application import ExtensionApp, ExtensionAppJinjaMixin
from jupyter_server.serverapp import ServerApp
from jupyter_server.utils import url_path_join
from traitlets import Bool, DottedObjectName, Enum, Float, Int, List, Unicode, default
from traitlets import Dict as DictTrait
from traitlets.utils.importstring import import_item

import rtc_notebook
from rtc_notebook.protocol import MediaLinkPolicy, MediaSettings

from . import guests, handlers, media_socket, sockets
from .blur import files as blur_files
from .blur import handlers as blur
from .ice import IceSettings, ice_server, port_range
from .invites import Invites
from .kept import KeptRooms
from .local_key import LocalKey
from .manager import RoomManager
from .settings import Settings
from .sfu.base import Engine, Network

HERE = Path(__file__).parent
STATIC = Path(rtc_notebook.__file__).parent / "static" / "rtc_notebook"


class RtcNotebookApp(ExtensionAppJinjaMixin, ExtensionApp):
    """Calls inside Jupyter: rooms, their pages, and the way to the SFU."""

    name = "rtc_notebook"
    description = "A Jupyter server that opens on its page of rooms."
    extension_url = "/rtc-notebook/"
    load_other_extensions = True
    subcommands: dict[str, Any] = {  # noqa: RUF012  # as the base class has it
        "blur": ("rtc_notebook_server.blur.app.BlurApp", "Fetch what browsers need to blur backgrounds."),
        "doctor": ("rtc_notebook_server.doctor.app.DoctorApp", "Say what of a call works from here."),
    }

    ice_servers = List(
        DictTrait(),
        help="STUN and TURN servers, as W3C RTCIceServer: {'urls': [...], 'username': ..., 'credential': ...}.",
    ).tag(config=True)
    turn_urls = List(
        Unicode(),
        help="TURN servers that take time-limited credentials (coturn's use-auth-secret), like "
        "'turn:turn.example.org?transport=tcp'.",
    ).tag(config=True)
    turn_secret = Unicode(
        help="The secret shared with the servers in turn_urls; also read from RTC_NOTEBOOK_TURN_SECRET."
    ).tag(config=True)
    turn_seconds = Float(86_400.0, help="Seconds that the credentials for turn_urls are good for.").tag(config=True)
    ice_transport_policy = Enum(
        ["all", "relay"], "all", help="'relay' has participants connect through TURN servers only."
    ).tag(config=True)
    media_link = Enum(
        ["auto", "webrtc", "websocket"],
        "auto",
        help="How media goes: 'webrtc' (UDP, TURN), 'websocket' (through this server), or 'auto': WebRTC where it "
        "connects within three seconds, else WebSocket.",
    ).tag(config=True)
    sfu_relays = Bool(
        False, help="Whether the SFU asks the TURN servers for an address too, where nothing can reach it otherwise."
    ).tag(config=True)
    announced_addresses = List(
        Unicode(), help="Addresses at which a NAT makes this machine known, port by port (an elastic or floating IP)."
    ).tag(config=True)
    udp_ports = Unicode("", help="UDP ports for media, like '40000-40100'; two a participant. Empty: any.").tag(
        config=True
    )
    start_bitrate = Int(1_500_000, help="Bitrate that a camera starts with, bits per second.").tag(config=True)
    max_bitrate = Int(2_500_000, help="Most that a camera is sent with, bits per second.").tag(config=True)
    resume_grace = Float(30.0, help="Seconds that a browser keeps its place after its socket broke.").tag(config=True)
    kernel_grace = Float(5.0, help="Seconds that a kernel keeps its place after its socket broke.").tag(config=True)
    max_participants = Int(50, help="Most participants of one room.").tag(config=True)
    max_places_of_a_guest = Int(
        3, help="Most places that one guest has at once, in the room or at its door: a page, a notebook and its kernel."
    ).tag(config=True)
    max_rooms = Int(100, help="Most rooms open at once.").tag(config=True)
    room_linger = Float(10.0, help="Seconds that an empty room's SFU is kept for who comes back.").tag(config=True)
    public_url = Unicode(
        "",
        help="Address at which guests reach this server, with its base path, such as 'https://example.org/user/ana/'. "
        "By default the one that JupyterHub says, if it knows its own, or that the browser has which makes the invite.",
    ).tag(config=True)
    engine_class = DottedObjectName(
        "rtc_notebook_server.sfu.embedded.EmbeddedEngine",
        help="The SFU that rooms run on (an `sfu.base.Engine`); made with media settings and network, one a room.",
    ).tag(config=True)

    # None until the settings are read, and for good where one is malformed: the server goes on without calls.
    rooms: RoomManager | None = None
    invites: Invites | None = None
    local_key: LocalKey | None = None
    _unread: Exception | None = None  # why the settings could not be read

    @default("turn_secret")
    def _turn_secret(self) -> str:
        return os.environ.get("RTC_NOTEBOOK_TURN_SECRET", "")

    @default("public_url")
    def _public_url(self) -> str:
        return os.environ.get("JUPYTERHUB_PUBLIC_URL", "")

    @default("template_paths")
    def _template_paths(self) -> list[str]:
        return [str(HERE / "templates")]

    def media_settings(self) -> MediaSettings:
        """Return what participants are told about media, but for the ICE servers, which are each one's own."""
        return MediaSettings(
            start_bitrate=self.start_bitrate,
            max_bitrate=self.max_bitrate,
            ice_transport_policy="relay" if self.ice_transport_policy == "relay" else "all",
            media_link=msgspec.convert(self.media_link, MediaLinkPolicy),
        )

    def ice_settings(self) -> IceSettings:
        """Return the STUN and TURN servers; raises `ValueError` where they are malformed."""
        return IceSettings(
            servers=tuple(ice_server(server) for server in self.ice_servers),
            turn_urls=tuple(self.turn_urls),
            turn_secret=self.turn_secret,
            turn_seconds=self.turn_seconds,
            policy="relay" if self.ice_transport_policy == "relay" else "all",
            sfu_relays=self.sfu_relays,
        )

    def network(self, ice: IceSettings) -> Network:
        """Return where an SFU that starts now can be reached; raises `ValueError` where that is malformed."""
        for address in self.announced_addresses:
            ipaddress.ip_address(address)
        return Network(
            ice_servers=ice.for_sfu(time.time()),
            announced=tuple(self.announced_addresses),
            ports=port_range(self.udp_ports),
        )

    def _link_jupyter_server_extension(self, serverapp: ServerApp) -> None:
        try:
            super()._link_jupyter_server_extension(serverapp)
        except Exception as error:
            self._unread = error
            raise

    def initialize_settings(self) -> None:
        """Make the rooms and the key for kernels on this machine."""
        if self._unread is not None:  # the server would go on with none of them: "relay" would be "all"
            raise self._unread
        media, ice = self.media_settings(), self.ice_settings()
        self.network(ice)  # what is malformed is told now, not when somebody joins

        def make_engine() -> Engine:
            engine: Engine = import_item(self.engine_class)(media, self.network(ice))
            return engine

        serverapp = self.serverapp
        assert serverapp is not None
        self.invites = self._open_invites()
        self.rooms = RoomManager(
            Settings(
                make_engine=make_engine,
                media=media,
                ice=ice,
                resume_grace=self.resume_grace,
                kernel_grace=self.kernel_grace,
                max_participants=self.max_participants,
                max_places_of_a_guest=self.max_places_of_a_guest,
                max_rooms=self.max_rooms,
                linger=self.room_linger,
                invites=self.invites,
                kept=KeptRooms(self._rooms_path),
                public_url=self.public_url,
                inner_url=lambda: str(serverapp.connection_url),
                base_url=serverapp.base_url,
            )
        )
        self.local_key = LocalKey(serverapp.runtime_dir)
        self.settings.update(rtc_notebook_rooms=self.rooms, rtc_notebook_local_key=self.local_key)
        # The server's port is known for sure once its loop runs.
        serverapp.io_loop.add_callback(self._write_local_key)

    def initialize_handlers(self) -> None:
        """Add the endpoints; see `handlers` and `sockets`."""
        self.handlers.extend(
            [
                (r"/rtc-notebook/?", handlers.RoomsPage),
                (r"/rtc-notebook/room/([^/]+)/?", handlers.RoomPage),
                (r"/rtc-notebook/api/rooms/?", handlers.RoomsApi),
                (r"/rtc-notebook/api/rooms/([^/]+)/?", handlers.RoomApi),
                (r"/rtc-notebook/api/rooms/([^/]+)/socket", sockets.RoomSocket),
                (r"/rtc-notebook/api/rooms/([^/]+)/media", media_socket.MediaSocket),
                *guests.endpoints(),
                (r"/static/rtc_notebook_blur/state", blur.BlurState),
                (r"/static/rtc_notebook_blur/(.*)", blur.BlurFiles, {"path": blur_files.roots()}),
                (r"/static/rtc_notebook/(.*)", handlers.StaticFiles, {"path": [str(STATIC)]}),
            ]
        )

    def current_activity(self) -> dict[str, Any] | None:
        """Say who is in calls, so that an idle server with a call is not culled."""
        people = 0 if self.rooms is None else sum(len(live.places) for live in self.rooms.rooms.values())
        return {"participants": people} if people else None

    async def stop_extension(self) -> None:
        """Say goodbye in every room and end every SFU process."""
        if self.local_key is not None:
            self.local_key.remove()
        if self.rooms is not None:
            await self.rooms.stop()
        if self.invites is not None:
            self.invites.close()

    def _open_invites(self) -> Invites:
        path = self._invites_path()
        try:
            return Invites(path)
        except (OSError, sqlite3.Error) as error:
            self.log.warning("Invites end with this server: %s cannot be used (%s).", path, error)
            return Invites()

    def _invites_path(self) -> Path:
        """Return where this server's invites are kept: apart from those of servers elsewhere, found again next time."""
        assert self.serverapp is not None
        whose = f"{self.serverapp.base_url} {self.serverapp.root_dir}"
        return Path(jupyter_data_dir()) / "rtc-notebook" / f"invites-{sha256(whose.encode()).hexdigest()[:16]}.sqlite"

    def _rooms_path(self) -> Path:
        """Return where rooms are kept; two servers that run at once, by their ports, have each their own."""
        assert self.serverapp is not None
        path = self._invites_path()
        port = "" if "JUPYTERHUB_SERVICE_PREFIX" in os.environ else f"-{self.serverapp.port}"
        return path.with_name(f"{path.stem.replace('invites', 'rooms')}{port}.json")

    def _write_local_key(self) -> None:
        assert self.serverapp is not None and self.local_key is not None
        try:
            self.local_key.write(url_path_join(self.serverapp.connection_url, "/"))
        except OSError as error:
            self.log.warning("Kernels of a server without a token cannot join calls: %s", error)


main = RtcNotebookApp.launch_instance
