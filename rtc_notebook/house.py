"""What a call knows of its room besides participants, and what a host says to it: door, invites, chat."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from typing import Any

from .errors import CallTimeout, NotAllowed
from .media.control import Refused, ToServer
from .protocol import (
    Chat,
    ChatLine,
    CreateInvite,
    EndRoom,
    Invited,
    InviteInfo,
    Invites,
    LowerHand,
    Moderate,
    ModerationAction,
    MuteAll,
    RevokeInvite,
    Role,
    SendChat,
    SetLock,
    SetRole,
    WaitingInfo,
)
from .roster import Roster

ANSWER_SECONDS = 10.0
KEPT_LINES = 1_000


class House:
    """The room's door, invites and chat. Safe to use from any thread.

    The server decides what is allowed; what it would refuse is refused here, so that the cell that asks learns it.

    Parameters
    ----------
    roster : Roster
        Says which role this kernel has.
    send : callable
        Sends a command to the worker.
    """

    def __init__(self, roster: Roster, send: Callable[[ToServer], None]) -> None:
        self.locked = False
        self.waiting: tuple[WaitingInfo, ...] = ()
        self.invites: tuple[InviteInfo, ...] = ()
        self.lines: list[ChatLine] = []
        self._roster = roster
        self._send = send
        self._ids = itertools.count(1)
        self._changed = threading.Condition()
        self._answers: dict[int, InviteInfo | str | None] = {}
        self._fresh = True

    # --- what a host says ---

    def moderate(self, action: ModerationAction, participant: str) -> None:
        """Mute, remove or admit."""
        self._only_host()
        self._tell(Moderate(action=action, participant=participant))

    def mute_all(self) -> None:
        """Mute everybody else."""
        self._only_host()
        self._tell(MuteAll())

    def lower_hand(self, participant: str) -> None:
        """Lower somebody's hand."""
        self._only_host()
        self._tell(LowerHand(participant=participant))

    def end(self) -> None:
        """End the room for everybody."""
        self._only_host()
        self._tell(EndRoom())

    def set_role(self, participant: str, *, role: Role | None = None, may_filter: bool | None = None) -> None:
        """Give somebody a role, or allow them to filter others."""
        self._only_host()
        self._tell(SetRole(participant=participant, role=role, may_filter=may_filter))

    def set_lock(self, locked: bool) -> None:
        """Lock the room, or open it."""
        self._only_host()
        self._tell(SetLock(locked=locked))

    def revoke(self, invite: str, *, remove: bool) -> None:
        """End an invite."""
        self._only_host()
        self._tell(RevokeInvite(invite=invite, remove=remove))

    def invite(self, role: Role, minutes: float, uses: int | None, name: str) -> InviteInfo:
        """Have the server make an invite, and wait for it.

        Raises
        ------
        NotAllowed
            If the server refuses.
        CallTimeout
            If it does not answer.
        """
        self._only_host()
        with self._changed:
            id = next(self._ids)
            self._answers[id] = None
            try:
                self._tell(CreateInvite(id=id, role=role, minutes=minutes, uses=uses, name=name))
                if not self._changed.wait_for(lambda: self._answers[id] is not None, ANSWER_SECONDS):
                    raise CallTimeout(f"The server made no invite within {ANSWER_SECONDS:g} s. Is the call connected?")
                answer = self._answers[id]
            finally:
                del self._answers[id]
        if not isinstance(answer, InviteInfo):
            raise NotAllowed(str(answer))
        return answer

    def write(self, text: str) -> None:
        """Write a line to the chat."""
        self._tell(SendChat(text=text))

    # --- what the server says ---

    def entered(self) -> None:
        """Take note of a new place in the room: the lines that come first were written before."""
        self._fresh = True

    def heard(self, message: Any) -> tuple[ChatLine, ...]:
        """Take a message; return the lines of the chat in it that are new and not this kernel's own."""
        if isinstance(message, Invites):
            self.invites = message.invites
        elif isinstance(message, Invited):
            self._answer(message.id, message.invite)
        elif isinstance(message, Chat):
            last = self.lines[-1].id if self.lines and not self._fresh else 0
            new = tuple(line for line in message.lines if line.id > last)
            self.lines = [*([] if self._fresh else self.lines), *new][-KEPT_LINES:]
            fresh, self._fresh = self._fresh, False
            return () if fresh else tuple(line for line in new if line.by != self._roster.own_id)
        return ()

    def refused(self, refusal: Refused) -> bool:
        """Whether this refusal is an answer that somebody waits for."""
        if refusal.about != "create-invite" or refusal.id not in self._answers:
            return False
        self._answer(refusal.id, refusal.message)
        return True

    def _answer(self, id: int, answer: InviteInfo | str) -> None:
        with self._changed:
            if id in self._answers:
                self._answers[id] = answer
                self._changed.notify_all()

    def _only_host(self) -> None:
        own = self._roster.own
        if own is not None and own.role != "host":
            raise NotAllowed(f"Only hosts of this room may do that; this kernel is a {own.role}. Ask a host.")

    def _tell(self, message: Any) -> None:
        self._send(ToServer(message=message))
