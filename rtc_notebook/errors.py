"""The one tree of errors.

::

    RtcNotebookError
    ├── CallError                       what a notebook's author meets
    │   ├── ServerNotFound              no Jupyter server found, or it has no rtc-notebook
    │   ├── ConnectionFailed            the server refused, or could not be reached
    │   ├── CallEnded                   the call was left, or the server ended it
    │   ├── CallTimeout                 nothing came within the time (also a TimeoutError)
    │   ├── ParticipantNotFound         no such participant; says who is there (also a KeyError)
    │   ├── NotAllowed                  this kernel's role in the room does not allow it
    │   ├── TrackEnded                  the track is no longer published
    │   ├── OverlayError                a shape that cannot be drawn (also a ValueError)
    │   ├── MessageError                something that cannot be sent to the others (also a ValueError)
    │   │   └── MessageTooLarge         it takes more bytes than one message may
    │   ├── RecordingError              a recording cannot be made, or read
    │   ├── SourceError                 something cannot be published (also a ValueError)
    │   └── FilterError                 a filter cannot be set, or returned what no picture is
    ├── ProtocolError                   a message that the protocol has no room for; carries a code
    ├── RoomNameError                   a name that no room can have (also a ValueError)
    ├── SfuError                        the SFU refused or failed; carries a code
    └── MissingDependency               an optional package is missing or broken (also an ImportError)

Each says what happened and what to do about it.
"""

from __future__ import annotations

from collections.abc import Iterable


class RtcNotebookError(Exception):
    """Base of every error that rtc-notebook raises on purpose."""


class CallError(RtcNotebookError):
    """Something about a call that its author can act on."""


class ServerNotFound(CallError):
    """No Jupyter server was found for this kernel, or the one found has no rtc-notebook."""


class ConnectionFailed(CallError):
    """The Jupyter server refused the call or could not be reached."""


class CallEnded(CallError):
    """The call was left or ended; make a new ``Call``."""


class CallTimeout(CallError, TimeoutError):
    """Nothing came within the time given."""


class ParticipantNotFound(CallError, KeyError):
    """Nobody of that name is in the room.

    Attributes
    ----------
    name : str
        The name asked for.
    present : list of str
        Who is there.
    """

    def __init__(self, name: str, present: Iterable[str], hint: str = "") -> None:
        self.name = name
        self.present = list(present)
        there = ", ".join(repr(who) for who in self.present) or "nobody yet"
        super().__init__(f"Nobody called {name!r} is in the room. There: {there}. {hint}".rstrip())

    def __str__(self) -> str:
        return str(self.args[0])


class NotAllowed(CallError):
    """The kernel's role in the room does not allow it."""


class TrackEnded(CallError):
    """The track is no longer published."""


class OverlayError(CallError, ValueError):
    """A shape cannot be drawn over a picture; says which and why."""


class MessageError(CallError, ValueError):
    """Something cannot be sent to other kernels or written to the chat, or what came cannot be read."""


class MessageTooLarge(MessageError):
    """The object takes more bytes than one message may.

    Attributes
    ----------
    size, limit : int
        Bytes that it takes, and that are allowed.
    """

    def __init__(self, size: int, limit: int) -> None:
        self.size = size
        self.limit = limit
        super().__init__(
            f"The message takes {size:,} bytes; {limit:,} are the most. Send a part of it, or something smaller: for "
            "pictures there are filters and published tracks."
        )


class SourceError(CallError, ValueError):
    """Something that was to be published is no picture, sound, figure or file that can be."""


class FilterError(CallError):
    """A filter cannot be set, or returned something that is no picture."""


class RecordingError(CallError):
    """A recording cannot be made, or read."""


class ProtocolError(RtcNotebookError):
    """A message was refused.

    Attributes
    ----------
    code : str
        A stable word for programs, such as ``"bad-message"``.
    """

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


class RoomNameError(RtcNotebookError, ValueError):
    """The name is none that a room can have."""

    def __init__(self, name: object) -> None:
        self.name = name
        super().__init__(
            f"{name!r:.80} cannot be a room's name. Use 1 to 64 letters, digits, spaces, '.', '-' or '_', "
            "beginning with a letter or digit, without '..'."
        )


class SfuError(RtcNotebookError):
    """The SFU refused a request or failed.

    Attributes
    ----------
    code : str
        A stable word for programs, such as ``"bad-sdp"``.
    """

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


class MissingDependency(RtcNotebookError, ImportError):
    """An optional package is missing or cannot be loaded; the message says what to install."""
