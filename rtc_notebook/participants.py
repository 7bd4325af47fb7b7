"""Who is in the call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol, cast

from .audio import AudioTrack
from .environment import in_kernel
from .errors import CallEnded, ParticipantNotFound
from .house import House
from .media.control import TrackKey
from .protocol import Kind, ParticipantInfo, Role, Source
from .reception import Reception
from .roster import Roster
from .tracks import Track
from .video import VideoTrack

if TYPE_CHECKING:
    from .thumbnails import ParticipantsTable

ME = "me"
"""The name under which the browser that shows this notebook's widget is found."""


class Studio(Protocol):
    """What participants need of their call."""

    roster: Roster
    house: House
    reception: Reception

    def first_connected(self) -> None:
        """Wait, within reason, until the room is known; raise `CallEnded` when the call is over."""

    def first_me(self) -> None:
        """Wait, once and within reason, for the browser that shows this call."""

    def over(self) -> CallEnded | None:
        """Return the error that says why the call is over, once it is."""


class Participant:
    """Somebody in the call, live: it always shows what is so now.

    Attributes
    ----------
    id : str
        The room's own id of this participant, which no other ever has.
    """

    def __init__(self, studio: Studio, info: ParticipantInfo) -> None:
        self.id = info.id
        self._studio = studio
        self._last = info

    @property
    def _info(self) -> ParticipantInfo:
        self._last = self._studio.roster.participants.get(self.id, self._last)
        return self._last

    @property
    def name(self) -> str:
        """The name, as everybody in the room sees it; no two participants have the same."""
        return self._info.name

    @property
    def is_kernel(self) -> bool:
        """Whether this is another notebook's kernel rather than a browser."""
        return self._info.client == "kernel"

    @property
    def present(self) -> bool:
        """Whether the participant is in the call now (also while its connection is being mended)."""
        return self.id in self._studio.roster.participants and self._studio.over() is None

    @property
    def video(self) -> VideoTrack | None:
        """The camera's picture, or what a kernel shows; None where there is none."""
        return cast("VideoTrack | None", self._track("kernel" if self.is_kernel else "camera", "video"))

    @property
    def audio(self) -> AudioTrack | None:
        """The microphone's sound; None where there is none."""
        return cast("AudioTrack | None", self._track("kernel" if self.is_kernel else "microphone", "audio"))

    @property
    def screen(self) -> VideoTrack | None:
        """The shared screen; None where there is none."""
        return cast("VideoTrack | None", self._track("screen", "video"))

    @property
    def speaking(self) -> bool:
        """Whether this participant speaks now; see `AudioTrack.speaking`. False where there is no sound."""
        audio = self.audio
        return audio is not None and audio.speaking

    @property
    def publications(self) -> dict[str, Track]:
        """What a kernel publishes of its own, by name: the picture, or the sound of what has none."""
        over = self._studio.over()
        if over is not None:
            raise over
        found: dict[str, Track] = {}
        for info in self._info.tracks:
            track = self._studio.reception.track(TrackKey.of(self.id, info)) if info.source == "kernel" else None
            if track is not None and (info.kind == "video" or info.label not in found):
                found[info.label] = track
        return found

    @property
    def role(self) -> Role:
        """``"host"``, ``"member"`` or ``"viewer"``; set it to give another, for which this kernel has to be host.

        Raises
        ------
        NotAllowed
            When set, if this kernel is no host.
        """
        return self._info.role

    @role.setter
    def role(self, role: Role) -> None:
        if role not in ("host", "member", "viewer"):
            raise ValueError(f"A role is 'host', 'member' or 'viewer', not {role!r}.")
        self._house().set_role(self.id, role=role)

    @property
    def may_filter(self) -> bool:
        """Whether their kernels may filter others; a host sets it for a member."""
        return self.role == "host" or self._info.may_filter

    @may_filter.setter
    def may_filter(self, allowed: bool) -> None:
        self._house().set_role(self.id, may_filter=bool(allowed))

    @property
    def is_guest(self) -> bool:
        """Whether they came by an invite, without an account."""
        return self._info.guest

    @property
    def hand(self) -> bool:
        """Whether the hand is raised."""
        return self._info.hand

    def mute(self) -> None:
        """Mute them for everybody; only they unmute themselves.

        Raises
        ------
        NotAllowed
            If this kernel is no host.
        CallEnded
            If the call was left or has ended.
        """
        self._house().moderate("mute", self.id)

    def lower_hand(self) -> None:
        """Lower their hand, for everybody to see. Raises as `mute` does."""
        self._house().lower_hand(self.id)

    def remove(self) -> None:
        """Take them out of the call; when they come back, they wait to be admitted. Raises as `mute` does.

        A guest waits, and so does a user whom the server knows. Where one token or password is for all, that browser
        waits, and nothing holds whoever has the token and comes in by another, or with another kernel.
        """
        self._house().moderate("remove", self.id)

    def _house(self) -> House:
        over = self._studio.over()
        if over is not None:
            raise over
        return self._studio.house

    def _shown(self) -> VideoTrack | None:
        """Return the picture that is to be seen of them now, the camera's before the screen's: none that is muted."""
        sources: tuple[Source, ...] = ("kernel",) if self.is_kernel else ("camera", "screen")
        shown = (self._track(source, "video", muted=False) for source in sources)
        return cast("VideoTrack | None", next((track for track in shown if track is not None), None))

    def _track(self, source: Source, kind: Kind, muted: bool = True) -> Track | None:
        """Return the first track of a source; without ``muted`` the first of those that are not."""
        over = self._studio.over()
        if over is not None:
            raise over
        tracks = (t for t in self._info.tracks if t.of is None and (t.source, t.kind) == (source, kind))
        first = next((t for t in tracks if muted or not t.muted), None)
        return None if first is None else self._studio.reception.track(TrackKey.of(self.id, first))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Participant) and (self.id, self._studio) == (other.id, other._studio)

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        has = ", ".join(track.source for track in self._info.tracks if track.of is None) or "nothing published"
        return f"<Participant {self.name!r}: {has}{'' if self.present else ', has left'}>"


def live_track(key: TrackKey, kind: Kind, *args: Any) -> Track:
    """Make a track of the class that its kind has."""
    return AudioTrack(key, kind, *args) if kind == "audio" else VideoTrack(key, kind, *args)


class Participants(Mapping[str, Participant]):
    """The others in the call by name, live; this notebook's own kernel is not among them.

    In a notebook it shows as a table with live thumbnails.

    ``participants["me"]`` is the browser in which this notebook's widget runs; in the mapping it stands under its own
    name only. Names are found exactly, or without regard to case where only one fits; a `Participant` stands for
    itself, as long as it is in the call. Looking a name up waits up to ten seconds for the call's first connection.
    """

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._table: ParticipantsTable | None = None

    def __getitem__(self, name: str | Participant) -> Participant:
        self._studio.first_connected()
        if name == ME:
            self._studio.first_me()
        info = self._found(name)
        if info is None:
            called = name.name if isinstance(name, Participant) else name
            raise ParticipantNotFound(called, [one.name for one in _all(self._studio)], hint=_hint(name))
        return Participant(self._studio, info)

    def _found(self, name: object) -> ParticipantInfo | None:
        roster = self._studio.roster
        if isinstance(name, Participant):
            return roster.participants.get(name.id)
        if not isinstance(name, str):
            return None
        return roster.named(name) or (roster.widget if name == ME else None)

    def __iter__(self) -> Iterator[str]:
        self._studio.first_connected()
        return iter([one.name for one in self._studio.roster.participants.values()])

    def __len__(self) -> int:
        return len(self._studio.roster.participants)

    def __contains__(self, name: object) -> bool:
        self._studio.first_connected()
        return self._found(name) is not None

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        from .thumbnails import ParticipantsTable

        if not in_kernel():
            return {"text/plain": repr(self)}
        if self._table is None:
            self._table = ParticipantsTable(self._studio)
        return self._table._repr_mimebundle_(**kwargs)

    def __repr__(self) -> str:
        lines = [f"  {info.name!r}: {Participant(self._studio, info)!r}" for info in _all(self._studio)]
        return "{\n" + ",\n".join(lines) + "\n}" if lines else "{}"


def _all(studio: Studio) -> list[ParticipantInfo]:
    return list(studio.roster.participants.values())


def _hint(name: object) -> str:
    if isinstance(name, Participant):
        return "Who was meant has left; by a name, whoever is called so now is found."
    if name != ME:
        return ""
    return (
        "'me' is the browser that shows this call: end a cell with the call itself, let it join, and run this cell "
        "again. In a plain script there is none."
    )
