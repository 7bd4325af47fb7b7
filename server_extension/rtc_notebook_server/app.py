"""The Jupyter server extension, and the command ``jupyter rtc-notebook``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jupyter_server.extension.application import ExtensionApp, ExtensionAppJinjaMixin
from jupyter_server.utils import url_path_join
from traitlets import Dict as DictTrait
from traitlets import DottedObjectName, Float, Int, List, default
from traitlets.utils.importstring import import_item

import rtc_notebook
from rtc_notebook.protocol import IceServer, MediaSettings

from . import handlers, sockets
from .live import Settings
from .local_key import LocalKey
from .manager import RoomManager
from .sfu.base import Engine

HERE = Path(__file__).parent
STATIC = Path(rtc_notebook.__file__).parent / "static" / "rtc_notebook"


class RtcNotebookApp(ExtensionAppJinjaMixin, ExtensionApp):
    """Calls inside Jupyter: rooms, their pages, and the way to the SFU."""

    name = "rtc_notebook"
    description = "A Jupyter server that opens on its page of rooms."
    extension_url = "/rtc-notebook/"
    load_other_extensions = True

    ice_servers = List(
        DictTrait(),
        help="STUN and TURN servers, as W3C RTCIceServer: {'urls': [...], 'username': ..., 'credential': ...}.",
    ).tag(config=True)
    start_bitrate = Int(1_500_000, help="Bitrate that a camera starts with, bits per second.").tag(config=True)
    max_bitrate = Int(2_500_000, help="Most that a camera is sent with, bits per second.").tag(config=True)
    resume_grace = Float(30.0, help="Seconds that a browser keeps its place after its socket broke.").tag(config=True)
    kernel_grace = Float(5.0, help="Seconds that a kernel keeps its place after its socket broke.").tag(config=True)
    max_participants = Int(50, help="Most participants of one room.").tag(config=True)
    max_rooms = Int(100, help="Most rooms open at once.").tag(config=True)
    room_linger = Float(10.0, help="Seconds that an empty room's SFU is kept for who comes back.").tag(config=True)
    engine_class = DottedObjectName(
        "rtc_notebook_server.sfu.embedded.EmbeddedEngine",
        help="The SFU that rooms run on (an `sfu.base.Engine`); made with the media settings, one for each room.",
    ).tag(config=True)

    @default("template_paths")
    def _template_paths(self) -> list[str]:
        return [str(HERE / "templates")]

    def media_settings(self) -> MediaSettings:
        """Return what participants are told about media; raises `ValueError` where ``ice_servers`` is malformed."""
        return MediaSettings(
            ice_servers=tuple(_ice_server(server) for server in self.ice_servers),
            start_bitrate=self.start_bitrate,
            max_bitrate=self.max_bitrate,
        )

    def initialize_settings(self) -> None:
        """Make the rooms and the key for kernels on this machine."""
        media = self.media_settings()

        def make_engine() -> Engine:
            engine: Engine = import_item(self.engine_class)(media)
            return engine

        self.rooms = RoomManager(
            Settings(
                make_engine=make_engine,
                media=media,
                resume_grace=self.resume_grace,
                kernel_grace=self.kernel_grace,
                max_participants=self.max_participants,
                max_rooms=self.max_rooms,
                linger=self.room_linger,
            )
        )
        assert self.serverapp is not None
        self.local_key = LocalKey(self.serverapp.runtime_dir)
        self.settings.update(rtc_notebook_rooms=self.rooms, rtc_notebook_local_key=self.local_key)
        # The server's port is known for sure once its loop runs.
        self.serverapp.io_loop.add_callback(self._write_local_key)

    def initialize_handlers(self) -> None:
        """Add the endpoints; see `handlers` and `sockets`."""
        self.handlers.extend(
            [
                (r"/rtc-notebook/?", handlers.RoomsPage),
                (r"/rtc-notebook/room/([^/]+)/?", handlers.RoomPage),
                (r"/rtc-notebook/api/rooms/?", handlers.RoomsApi),
                (r"/rtc-notebook/api/rooms/([^/]+)/?", handlers.RoomApi),
                (r"/rtc-notebook/api/rooms/([^/]+)/socket", sockets.RoomSocket),
                (r"/static/rtc_notebook/(.*)", handlers.StaticFiles, {"path": [str(STATIC)]}),
            ]
        )

    def current_activity(self) -> dict[str, Any] | None:
        """Say who is in calls, so that an idle server with a call is not culled."""
        people = sum(len(live.places) for live in self.rooms.rooms.values())
        return {"participants": people} if people else None

    async def stop_extension(self) -> None:
        """Say goodbye in every room and end every SFU process."""
        self.local_key.remove()
        await self.rooms.stop()

    def _write_local_key(self) -> None:
        assert self.serverapp is not None
        try:
            self.local_key.write(url_path_join(self.serverapp.connection_url, "/"))
        except OSError as error:
            self.log.warning("Kernels of a server without a token cannot join calls: %s", error)


def _ice_server(server: dict[str, Any]) -> IceServer:
    urls = server.get("urls", ())
    return IceServer(
        urls=(urls,) if isinstance(urls, str) else tuple(urls),
        username=server.get("username"),
        credential=server.get("credential"),
    )


main = RtcNotebookApp.launch_instance
