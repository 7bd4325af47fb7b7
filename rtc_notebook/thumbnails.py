"""The table of participants with live thumbnails that ``call.participants`` shows as in a notebook."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

import anywidget
import traitlets

from ._esm import link
from ._served import MODULES
from .errors import CallEnded
from .grid import scaled
from .images import encode
from .media.control import TrackKey
from .protocol import ParticipantInfo, Source, TrackInfo
from .reception import Reception
from .roster import Roster

WIDTH = 160
"""Of a thumbnail, in pixels."""

_ORDER: tuple[Source, ...] = ("camera", "microphone", "screen", "kernel")
SECONDS_BETWEEN = 0.5
LOOKED_AT_SECONDS = 5.0
"""How long thumbnails are made after a view last said that somebody can see it; views say so every two seconds."""


class Studio(Protocol):
    """What the table needs of its call."""

    roster: Roster
    reception: Reception

    def over(self) -> CallEnded | None:
        """Return the error that says why the call is over, once it is."""


class ParticipantsTable(anywidget.AnyWidget):
    """Rows of who is there, and pictures twice a second, for as long as a browser shows them and no longer.

    Attributes
    ----------
    rows : list of dict
        ``{"id", "name", "kernel", "connected", "tracks"}`` of each participant; tracks are ``{"source", "kind",
        "label", "muted", "filter"}``.
    """

    _esm = traitlets.Unicode(link("thumbnails.js")).tag(sync=True)
    _css = traitlets.Unicode((MODULES / "thumbnails.css").read_text(encoding="utf-8")).tag(sync=True)
    rows: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)

    def __init__(self, studio: Studio, clock: Callable[[], float] = time.monotonic) -> None:
        self._studio = studio
        self._clock = clock
        self._seen_until = 0.0
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        super().__init__(rows=_rows(studio))
        self.on_msg(self._on_message)

    def _on_message(self, _widget: Any, content: Any, _buffers: Any) -> None:
        if isinstance(content, dict) and content.get("type") == "looking":
            self.look()

    def look(self) -> None:
        """Make thumbnails for the next seconds."""
        with self._lock:
            self._seen_until = self._clock() + LOOKED_AT_SECONDS
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="rtc-notebook thumbnails", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        sent: dict[str, tuple[int, int]] = {}
        while True:
            with self._lock:
                if self._clock() > self._seen_until or self._studio.over() is not None:
                    self._studio.reception.glance("thumbnails", ())
                    self._thread = None
                    break
            self._show(sent)
            time.sleep(SECONDS_BETWEEN)
        self.rows = _rows(self._studio)

    def _show(self, sent: dict[str, tuple[int, int]]) -> None:
        self.rows = _rows(self._studio)
        pictures = _pictures(self._studio)
        self._studio.reception.glance("thumbnails", tuple(pictures.values()))
        names, buffers = [], []
        for id, key in pictures.items():
            taken = self._studio.reception.feed(key).latest(copy=False)
            if taken is None or sent.get(id) == taken.position:
                continue
            sent[id] = taken.position
            height, width = taken.array.shape[:2]
            small = scaled(taken.array, max(1, height * WIDTH // width), WIDTH)
            names.append(id)
            buffers.append(encode(small, "jpeg"))
        if names:
            self.send({"type": "thumbnails", "ids": names}, buffers)


def _rows(studio: Studio) -> list[dict[str, Any]]:
    return [_row(one) for one in list(studio.roster.participants.values())]


def _row(one: ParticipantInfo) -> dict[str, Any]:
    tracks = [_track(track) for track in one.tracks if track.of is None]
    tracks.sort(key=lambda track: _ORDER.index(track["source"]))
    kernel = one.client == "kernel"
    return {"id": one.id, "name": one.name, "kernel": kernel, "connected": one.connected, "tracks": tracks}


def _track(track: TrackInfo) -> dict[str, Any]:
    label = track.filter.label or "filter" if track.filter is not None else ""
    return {"source": track.source, "kind": track.kind, "label": track.label, "muted": track.muted, "filter": label}


def _pictures(studio: Studio) -> dict[str, TrackKey]:
    """Return the picture to show of each participant who has one: the camera's, or whatever comes first."""
    found = {}
    for one in list(studio.roster.participants.values()):
        pictures = [t for t in one.tracks if t.of is None and t.kind == "video" and not t.muted]
        pictures.sort(key=lambda track: track.source != "camera")
        if pictures:
            found[one.id] = TrackKey.of(one.id, pictures[0])
    return found
