"""Who left under a filter, so that it is on them from their first packet when they come back."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from rtc_notebook.protocol import Filterable

from .state import Filter, Participant


class Away:
    """Participants who are gone while a filter on them is kept.

    A notebook's own widget comes back as who says the same secret, everybody else as who has the same name. That is
    how the filtering kernel finds them again, too.
    """

    def __init__(self) -> None:
        self._gone: dict[str, Participant] = {}

    def __contains__(self, id: object) -> bool:
        return id in self._gone

    def add(self, participant: Participant) -> None:
        """Remember who has left."""
        self._gone[participant.id] = participant

    def forget(self, filtered: Collection[str]) -> None:
        """Forget whoever is not among these ids."""
        self._gone = {id: one for id, one in self._gone.items() if id in filtered}

    def returns(
        self,
        participant: Participant,
        filters: Mapping[tuple[str, Filterable], Filter],
        present: Mapping[str, Participant],
    ) -> list[tuple[str, Filterable]]:
        """Return the filters that are meant for somebody who has just come."""
        return [
            key
            for key, its in filters.items()
            if key[0] in self._gone and _is(participant, self._gone[key[0]], present.get(its.by))
        ]


def _is(came: Participant, gone: Participant, kernel: Participant | None) -> bool:
    if came.client != gone.client:
        return False
    if kernel is not None and kernel.call is not None and gone.call == kernel.call:
        return came.call == kernel.call
    return came.name.casefold() == gone.name.casefold()
