"""rtc-notebook: a video call is an array you can program.

``Call`` joins a room; ``filters`` holds ready-made filters; ``Box``, ``Polyline``, ``Text`` and ``Mask`` can be drawn
over pictures; the errors are drawn in `rtc_notebook.errors`. Everything is loaded when it is first used, so importing
the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:
    from . import filters
    from .audio import AudioTrack
    from .call import Call
    from .errors import (
        CallEnded,
        CallError,
        CallTimeout,
        ConnectionFailed,
        FilterError,
        MessageError,
        MessageTooLarge,
        MissingDependency,
        NotAllowed,
        OverlayError,
        ParticipantNotFound,
        RecordingError,
        RoomNameError,
        RtcNotebookError,
        ServerNotFound,
        SourceError,
        TrackEnded,
    )
    from .frames import FrameInfo
    from .overlays import Box, Mask, Polyline, Text
    from .participants import Participant
    from .publication import Publication
    from .recording.replay import replay
    from .tracks import Track
    from .video import VideoTrack

__all__ = [
    "AudioTrack",
    "Box",
    "Call",
    "CallEnded",
    "CallError",
    "CallTimeout",
    "ConnectionFailed",
    "FilterError",
    "FrameInfo",
    "Mask",
    "MessageError",
    "MessageTooLarge",
    "MissingDependency",
    "NotAllowed",
    "OverlayError",
    "Participant",
    "ParticipantNotFound",
    "Polyline",
    "Publication",
    "RecordingError",
    "RoomNameError",
    "RtcNotebookError",
    "ServerNotFound",
    "SourceError",
    "Text",
    "Track",
    "TrackEnded",
    "VideoTrack",
    "__version__",
    "filters",
    "replay",
]

_HOME = {
    "AudioTrack": ".audio",
    "Box": ".overlays",
    "Call": ".call",
    "FrameInfo": ".frames",
    "Mask": ".overlays",
    "Participant": ".participants",
    "Polyline": ".overlays",
    "Publication": ".publication",
    "Text": ".overlays",
    "Track": ".tracks",
    "VideoTrack": ".video",
    "replay": ".recording.replay",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "filters":
        return import_module(".filters", __name__)
    value = getattr(import_module(_HOME.get(name, ".errors"), __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
