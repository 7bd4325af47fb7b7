"""What is known of the invites of both rooms, and who comes by them."""

from __future__ import annotations

import math
from typing import Any

from rtc_notebook_server.identity import Identity
from rtc_notebook_server.invites import InviteRefused, Invites

from rtc_notebook import protocol
from rtc_notebook.protocol import ServerMessage

from .script import Script


class Invited:
    """The invites that somebody was given, with what should become of them, and the sessions of who came by one."""

    def __init__(self, store: Invites, clock: list[float]) -> None:
        self.store = store
        self.clock = clock
        self.sessions: list[str] = []
        self.known: dict[str, dict[str, Any]] = {}

    def guest(self, script: Script, modelled: bool) -> tuple[str, Identity] | None:
        """Come by an invite that there is (or was), or by a session got before."""
        if self.sessions and script.number(2):
            session = script.one(self.sessions)
        elif not self.known:
            return None
        else:
            id = script.one(sorted(self.known))
            its = self.known[id]
            token = its["token"] if script.number(6) else its["token"][:-1]
            good = token == its["token"] and not its["revoked"] and self.clock[0] < its["expires"]
            good = good and (its["uses"] is None or its["used"] < its["uses"])
            try:
                _, session = self.store.redeem(token)
            except InviteRefused:
                assert not (good and modelled), "a good invite was refused"
                return None
            assert good or not modelled, "an invite was good that should not be"
            its["used"] += 1
            self.sessions.append(session)
        try:
            invite, guest = self.store.guest(session)
        except InviteRefused:
            return None
        assert not (modelled and self.known[invite.id]["revoked"]), "a revoked invite lets in"
        assert invite.room == self.known[invite.id]["room"]
        return invite.room, Identity(user=None, display_name="", guest=guest)

    def may_be_made(self, room: str, message: protocol.CreateInvite) -> bool:
        """Whether an invite like this is to be granted."""
        count = sum(
            one["room"] == room and not one["revoked"] and self.clock[0] < one["expires"] for one in self.known.values()
        )
        uses = message.uses is None or 0 < message.uses <= 100_000
        return math.isfinite(message.minutes) and 0 < message.minutes <= 60 * 24 * 366 and uses and count < 100

    def may_be_revoked(self, room: str, invite: str) -> bool:
        return invite in self.known and self.known[invite]["room"] == room

    def remember(self, room: str, message: Any, answers: list[ServerMessage]) -> None:
        """Take note of what was given, and of what was taken back."""
        for one in answers:
            if isinstance(one, protocol.Invited):
                invite = one.invite
                self.known[invite.id] = {
                    "room": room, "expires": invite.expires, "uses": invite.uses, "used": 0, "revoked": False,
                    "token": invite.url.partition("#")[2],
                }  # fmt: skip
        if isinstance(message, protocol.RevokeInvite) and message.invite in self.known:
            ours = self.known[message.invite]
            live = [one.id for one in self.store.of_room(ours["room"])]
            ours["revoked"] |= ours["room"] == room and message.invite not in live
