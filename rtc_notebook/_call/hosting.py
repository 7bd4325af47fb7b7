"""A call's author as a host, and the chat."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..chat import Chat
from ..errors import ParticipantNotFound
from ..participants import Participant
from ..protocol import Role
from .base import CallBase

if TYPE_CHECKING:
    from ..house import House
    from ..invites import Invite


class Hosting(CallBase):
    """The door, the invites and the chat of a call. The server enforces who may do what."""

    def lock(self) -> None:
        """Lock the room: who comes from now on, and is no host, waits until admitted; whoever is in stays.

        Where one token or password is for all, whoever has it is a host.

        Raises
        ------
        NotAllowed
            If this kernel is no host.
        CallEnded
            If the call was left or has ended.
        """
        self._house().set_lock(True)

    def unlock(self) -> None:
        """Open the room again; who waits already still has to be admitted. Raises as `lock` does."""
        self._house().set_lock(False)

    def mute_all(self) -> None:
        """Mute everybody but this notebook and its widget; each unmutes themselves. Raises as `lock` does."""
        self._house().mute_all()

    def end(self) -> None:
        """End the call for everybody, who waits at the door included; `leave` goes alone. Raises as `lock` does.

        The room is as new when somebody opens it again: neither locked nor with its chat.
        """
        self._house().end()

    @property
    def locked(self) -> bool:
        """Whether the room is locked."""
        return self._house().locked

    @property
    def waiting(self) -> list[str]:
        """The names of those who wait to be admitted; hosts alone learn them."""
        return [one.name for one in self._house().waiting]

    def admit(self, name: str | Participant) -> None:
        """Let somebody in who waits.

        Parameters
        ----------
        name : str or Participant
            As `waiting` has it, in upper or lower case; or somebody who was here before.

        Raises
        ------
        ParticipantNotFound
            If nobody of that name waits.
        NotAllowed
            If this kernel is no host.
        CallEnded
            If the call was left or has ended.
        """
        house = self._house()
        name = name.name if isinstance(name, Participant) else name
        waits = [one for one in house.waiting if one.name.casefold() == name.casefold()]
        if not waits:
            raise ParticipantNotFound(name, self.waiting, hint="Only who waits can be admitted: call.waiting.")
        house.moderate("admit", waits[0].id)

    def invite(
        self, role: Role = "member", minutes: float = 60, uses: int | None = None, name: str | None = None
    ) -> Invite:
        """Make a link that lets somebody without a Jupyter account into this room, and nowhere else.

        Parameters
        ----------
        role : {"member", "viewer", "host"}
            What who comes by it may do: talk; watch and chat; or everything that you may in this room.
        minutes : float
            How long it lets people in. Who is in stays.
        uses : int, optional
            How many may come by it; any number if not given.
        name : str, optional
            What to call it in `invites`; a link for one gives this name to whoever comes.

        Returns
        -------
        Invite
            The link, with a QR code when shown, and what has to be done so that it leads here from elsewhere.

        Raises
        ------
        ValueError
            If there is no such role, or ``minutes`` or ``uses`` is no number that an invite can have.
        NotAllowed
            If this kernel is no host, or the server refuses.
        CallTimeout
            If the server does not answer.
        CallEnded
            If the call was left or has ended.
        """
        from ..invites import Invite, checked

        wanted = checked(role, minutes, uses, name)
        house = self._house()
        return Invite(house, house.invite(*wanted))

    @property
    def invites(self) -> list[Invite]:
        """The invites by which somebody may still come in; hosts alone learn them."""
        from ..invites import Invite

        house = self._house()
        return [Invite(house, info) for info in house.invites]

    @property
    def chat(self) -> Chat:
        """What is written in the call; ``call.chat.send(text)`` writes."""
        self._house()
        return Chat(self._studio.house, self._studio.over)

    def _house(self) -> House:
        self._check()
        self._studio.first_connected()
        return self._studio.house
