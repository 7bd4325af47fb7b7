"""The tracks that come in: which publication carries which, and what the kernel is told of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol
from weakref import WeakValueDictionary

from ..rtp.clocks import SenderClock
from . import control
from .control import TrackKey
from .incoming import IncomingTrack
from .receiver import FrameReceiver, ReceivedFrame


class _Parent(Protocol):
    def send(self, message: Any) -> None: ...

    def send_latest(self, key: str, message: Any) -> None: ...

    def send_at_once(self, message: Any) -> bool: ...


class IncomingTracks:
    """Brings what m-lines carry to the tracks that the kernel knows.

    ``owner`` returns who sends a publication: all that one participant sends is by one clock.
    """

    def __init__(
        self, directory: str, parent: _Parent, owner: Callable[[str], str | None] = lambda track: None
    ) -> None:
        self._directory = directory
        self._parent = parent
        self._owner = owner
        self._clocks: WeakValueDictionary[str, SenderClock] = WeakValueDictionary()
        self._keys: dict[str, TrackKey] = {}
        self._tracks: dict[TrackKey, IncomingTrack] = {}
        self._sequences: dict[TrackKey, int] = {}  # where a track goes on counting that comes back
        self._on_decoded: dict[TrackKey, Callable[[Any], None]] = {}
        self.on_encoded: Callable[[str, FrameReceiver, ReceivedFrame], None] | None = None  # every frame, undecoded

    def set_carriers(self, keys: Mapping[str, TrackKey]) -> None:
        """Say which publication carries which track, whole."""
        self._keys = dict(keys)

    def on_decoded(self, key: TrackKey, callback: Callable[[Any], None] | None) -> None:
        """Call back with each picture or block of a track, once decoded and in the ring; None: no more."""
        if callback is None:
            self._on_decoded.pop(key, None)
        else:
            self._on_decoded[key] = callback
        if key in self._tracks:
            self._tracks[key].on_decoded = callback

    def keep(self, keys: Collection[TrackKey], published: Callable[[TrackKey], bool], present: Collection[str]) -> None:
        """Drop every track but these, and those that are no longer published: of them the kernel is told.

        ``present`` are the participants; of the others nothing comes back under the same key.
        """
        for key in [key for key in self._tracks if key not in keys or not published(key)]:
            track = self._tracks.pop(key)
            track.close()
            self._sequences[key] = track.sequence + 1  # one may be in the decoder still
            if not published(key):
                self._parent.send(control.Ended(track=key))
        self._sequences = {key: last for key, last in self._sequences.items() if key.participant in present}

    def bind(self, publication: str, receiver: FrameReceiver) -> None:
        """Have a receiver's frames go to the track that ``publication`` carries at that moment."""
        fed: IncomingTrack | None = None
        take: Callable[[ReceivedFrame], None] | None = None

        def on_frame(received: ReceivedFrame) -> None:
            nonlocal fed, take
            if self.on_encoded is not None:
                self.on_encoded(publication, receiver, received)
            key = self._keys.get(publication)
            if key is None:
                return
            track = self._tracks.get(key)
            if track is None:
                track = self._tracks[key] = self._new(key)
            if track is not fed or take is None:
                fed, take = track, track.source(receiver.request_keyframe)
                if not received.encoded.keyframe:
                    receiver.request_keyframe()
                    return
            take(received)

        sender = self._owner(publication) or publication
        clock = self._clocks.setdefault(sender, SenderClock())
        receiver.bind(on_frame, clock)

    def close(self) -> None:
        """Close every track."""
        for track in self._tracks.values():
            track.close()
        self._tracks.clear()

    def _new(self, key: TrackKey) -> IncomingTrack:
        name = str(key)
        track = IncomingTrack(
            self._directory,
            lambda path: self._parent.send(control.Frames(track=key, path=path)),
            lambda sequence: self._parent.send_latest(name, control.Frame(track=key, sequence=sequence)),
            lambda sequence: self._parent.send_at_once(control.Frame(track=key, sequence=sequence)),
            self._sequences.get(key, 0),
        )
        track.on_decoded = self._on_decoded.get(key)
        return track
