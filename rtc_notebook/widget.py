"""The widget that shows a call under a cell; the browser's side is ``static/rtc_notebook/widget.js``."""

from __future__ import annotations

import threading
import time
from typing import Any

import anywidget
import traitlets

from ._esm import link
from ._served import MODULES, served, styles
from .server import Server
from .studio import Studio

_STYLE = "\n".join(served(MODULES / name).decode() for name in styles())
_SECONDS_BETWEEN_UPDATES = 0.5


class CallWidget(anywidget.AnyWidget):
    """What the browser knows of a call. Credentials are no traits: those may be saved with the notebook.

    Attributes
    ----------
    room, name : str
        The room, and the name to join under; empty where the server decides.
    server_url : str
        Address of another server than the page's own; empty for that.
    base_url : str
        Base path of the kernel's server, for pages that do not say theirs.
    camera, microphone : bool
        Whether they are on when the browser joins.
    left : bool
        The kernel has left: the browser leaves too.
    status : dict
        ``{"phase", "message"}`` of the kernel's own connection.
    filters : list of dict
        How each filter goes.
    call : str
        Which kernel's call this is; tells the server that this browser and that kernel belong together. It opens
        nothing, and means nothing once the call is over. A trait, so that joining need not wait for a busy kernel.
    """

    _esm = traitlets.Unicode(link("widget.js")).tag(sync=True)
    _css = traitlets.Unicode(_STYLE).tag(sync=True)

    room = traitlets.Unicode().tag(sync=True)
    server_url = traitlets.Unicode().tag(sync=True)
    base_url = traitlets.Unicode("/").tag(sync=True)
    name = traitlets.Unicode().tag(sync=True)
    camera = traitlets.Bool(True).tag(sync=True)
    microphone = traitlets.Bool(True).tag(sync=True)
    call = traitlets.Unicode().tag(sync=True)
    left = traitlets.Bool(False).tag(sync=True)
    status: traitlets.Dict[str, str] = traitlets.Dict().tag(sync=True)
    filters: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)

    def __init__(self, server: Server, studio: Studio, secret: str, *, room: str, name: str) -> None:
        self._studio = studio
        self._secrets = {"token": server.token if server.explicit else "", "session": server.guest}
        self.page_base = ""
        """The base address of the notebook's own server as the browser has it; empty until it said so."""
        self._dirty = threading.Event()
        self._silent = False
        super().__init__(
            room=room,
            name=name,
            call=secret,
            server_url=server.url if server.explicit else "",
            base_url=server.base_url,
        )
        self.on_msg(self._on_message)
        self._push()
        threading.Thread(target=self._run, name="rtc-notebook widget", daemon=True).start()

    def refresh(self) -> None:
        """Show what is so now, soon; from any thread."""
        self._dirty.set()

    def fall_silent(self) -> None:
        """Say no more to the browser."""
        self._silent = True

    def __repr__(self) -> str:
        return f"<CallWidget of room {self.room!r}>"

    def _on_message(self, _widget: Any, content: Any, _buffers: Any) -> None:
        kind = content.get("type") if isinstance(content, dict) else None
        if kind == "token":
            self.send({"type": "token", **self._secrets})
        elif kind == "page" and isinstance(content.get("base"), str) and content["base"].startswith("http"):
            self.page_base = content["base"]

    def _run(self) -> None:
        while not (self.left or self._silent):
            # filters change their figures without telling, so look now and then while there are any
            self._dirty.wait(2 * _SECONDS_BETWEEN_UPDATES if self.filters else None)
            self._dirty.clear()
            self._push()
            time.sleep(_SECONDS_BETWEEN_UPDATES)

    def _push(self) -> None:
        if self._silent:
            return
        studio = self._studio
        self.status = {"phase": studio.phase, "message": studio.message}
        self.filters = [
            {
                "participant": one.participant,
                "source": one.source,
                "label": one.label,
                "state": one.state,
                "onError": one.on_error,
                "errors": one.errors,
                "lastError": one.last_error,
                "traceback": one.traceback,
                "fps": round(one.fps, 1),
                "ms": round(one.ms, 1),
            }
            for one in studio.filters.statuses()
        ]
        self.left = studio.left
