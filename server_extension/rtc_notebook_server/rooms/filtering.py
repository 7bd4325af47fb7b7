"""The filters in a room: who has one on whom, and what becomes of it when one of the two goes or may no longer."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from rtc_notebook.errors import ProtocolError
from rtc_notebook.protocol import ClearFilter, Filterable, SetFilter, TrackDescription

from . import kernels, lookup, policy, publishing, roles
from .away import Away
from .state import Filter, Participant

Participants = Mapping[str, Participant]
Key = tuple[str, Filterable]


class Filtering:
    """All filters, by the participant and the source that they are on.

    One outlives its person's leaving as long as its kernel is there, so that it is on them when they come back.
    """

    def __init__(self) -> None:
        self.filters: dict[Key, Filter] = {}
        self._away = Away()

    def set(self, who: Participant, message: SetFilter, participants: Participants) -> None:
        """Let a kernel take a picture for filtering; again by the same kernel changes policy and label."""
        kernels.only_kernel(who, "Only a kernel can filter; use call.filter in a notebook.")
        target = lookup.by_id(message.participant, participants)
        roles.check_filter(who, target, participants, "filter")
        key = (message.participant, message.source)
        present = self.filters.get(key)
        if present is not None and present.by != who.id and not present.held:
            holder = participants[present.by]
            if holder.connected:
                raise ProtocolError(
                    "already-filtered",
                    f"{holder.name} already filters the {message.source} of {target.name}. "
                    "Take that filter off there first.",
                )
        label = message.label[: publishing.MAX_LABEL]
        self.filters[key] = Filter(by=who.id, on_error=message.on_error, label=label)

    def clear(self, who: str, message: ClearFilter, participants: Participants) -> None:
        """Take a filter off: the filtering kernel may at any time, everybody else once it is held."""
        key = (message.participant, message.source)
        its = self.filters.get(key)
        if its is None:
            if message.participant not in participants and message.participant not in self._away:
                lookup.nobody(message.participant)
            raise ProtocolError("not-filtered", f"There is no filter on that {message.source}.")
        if its.by != who and not its.held:
            raise ProtocolError(
                "not-yours", f"{participants[its.by].name} set this filter; it can be taken off only there."
            )
        del self.filters[key]
        self._forget_away()

    def may_process(self, who: str, described: TrackDescription, participants: Participants) -> bool:
        """Whether a kernel may publish what it makes of the track that is described."""
        return any(
            track.id == described.of and track.source == described.source and its is not None and its.by == who
            for owner in participants.values()
            for track in owner.tracks.values()
            for its in [policy.filter_on(owner.id, track, self.filters)]
        )

    def came(self, participant: Participant, participants: Participants) -> None:
        """Put the filters on somebody that were on them when they left."""
        for key in self._away.returns(participant, self.filters, participants):
            self.filters[participant.id, key[1]] = self.filters.pop(key)
        self._forget_away()

    def left(self, participant: Participant) -> None:
        """End the filters by somebody who has left; those on them wait for their return."""
        self._away.add(participant)
        for key, its in self.filters.copy().items():
            if its.by == participant.id:
                self._let_go(key)
        self._forget_away()

    def withdraw(self, theirs: Collection[Participant], participants: Participants) -> None:
        """End those filters by some that they may have no longer."""
        for (owner, source), its in self.filters.copy().items():
            by = participants.get(its.by)
            if by is not None and by in theirs and not its.held:
                target = participants.get(owner)
                if target is None or not roles.may_filter(by, target, participants):
                    self._let_go((owner, source))
        self._forget_away()

    def _let_go(self, key: Key) -> None:
        """End a filter without its kernel's doing: the picture passes raw or is held, as its ``on_error`` says."""
        if self.filters[key].on_error == "pass":
            del self.filters[key]
        else:
            self.filters[key].held = True

    def _forget_away(self) -> None:
        self._away.forget({participant for participant, _ in self.filters})
