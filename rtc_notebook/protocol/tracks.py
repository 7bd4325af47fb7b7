"""What is published, what is wanted, and what it is called."""

from __future__ import annotations

from typing import Literal

from .base import Message, Struct
from .filters import FilterInfo

Kind = Literal["audio", "video"]
Source = Literal["camera", "microphone", "screen", "kernel"]


class TrackInfo(Struct, frozen=True):
    """A published track. ``of`` names the raw track that this one is the processed version of.

    ``label`` is what a kernel calls one of the several it may publish.
    """

    id: str
    kind: Kind
    source: Source
    muted: bool = False
    of: str | None = None
    label: str = ""
    filter: FilterInfo | None = None


class TrackDescription(Struct, frozen=True):
    """What a participant says of a track it offers; ``of`` is the raw track's id if this is its filtered version.

    ``label`` tells several of one kernel's tracks apart.
    """

    source: Source
    muted: bool = False
    of: str | None = None
    label: str = ""


class Publish(Message, frozen=True, tag="publish"):
    """An offer on the publish connection. ``tracks`` names every mid that sends, whole, not what changed."""

    id: int
    sdp: str
    tracks: dict[str, TrackDescription]


class PublishLink(Message, frozen=True, tag="publish-link"):
    """What is published over the media link (`rtc_notebook.link`), whole, in the place of the publish connection.

    ``tracks`` and ``kinds`` are by names of the participant's own, which stand for mids; ``publish-answer`` says the
    tracks' ids, by which their frames go over the link, and has no SDP.
    """

    id: int
    kinds: dict[str, Kind]
    tracks: dict[str, TrackDescription]


class PublishAnswer(Message, frozen=True, tag="publish-answer"):
    """Answer to ``publish`` with this id, and the id that each mid's track now has."""

    id: int
    sdp: str
    tracks: dict[str, str]


class Subscribe(Message, frozen=True, tag="subscribe"):
    """The set of tracks wanted from now on, whole. What may not be had yet is sent once it may.

    ``link``: over the media link, in the place of the subscribe connection.
    """

    tracks: tuple[str, ...]
    link: bool = False


class Mute(Message, frozen=True, tag="mute"):
    """Says that an own track is muted or not; announced to the others."""

    track: str
    muted: bool
