"""Invites: signed links that let somebody without an account into one room, in one role.

What was given out is kept in a small SQLite file (mode 0600), so that it outlasts the server process and that two of
them never count one use twice. The signature keeps made-up tokens away from it; the row says what the token is good
for, and that it is no more.
"""

from __future__ import annotations

import math
import os
import secrets
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import segno
from itsdangerous import BadSignature, URLSafeSerializer

from rtc_notebook.errors import ProtocolError
from rtc_notebook.protocol import MAX_INVITE_MINUTES, MAX_INVITE_USES, CreateInvite, InviteInfo, Role

from .rooms import Guest, names

MAX_INVITES = 100
SESSION_SECONDS = 12 * 3600.0
_KEPT_SECONDS = 7 * 24 * 3600.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS secret (key TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS invite (
  id TEXT PRIMARY KEY, room TEXT NOT NULL, role TEXT NOT NULL, name TEXT NOT NULL, expires REAL NOT NULL,
  uses INTEGER, used INTEGER NOT NULL DEFAULT 0, revoked INTEGER NOT NULL DEFAULT 0, signature TEXT NOT NULL
);
"""


class InviteRefused(Exception):
    """An invite or a guest's session is not good, or is so no more; ``code`` is a stable word for programs."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


@dataclass(frozen=True)
class Invite:
    """An invite as it stands; ``token`` is secret."""

    id: str
    room: str
    role: Role
    name: str
    expires: float
    uses: int | None
    used: int
    token: str

    def info(self, url: str, hint: str) -> InviteInfo:
        """Return what hosts are told of it; ``url`` is the guests' page."""
        link = f"{url}#{self.token}"
        return InviteInfo(
            id=self.id,
            role=self.role,
            name=self.name,
            expires=self.expires,
            uses=self.uses,
            used=self.used,
            url=link,
            hint=hint,
            qr=_qr(link),
        )


class Invites:
    """The invites of one Jupyter server.

    Parameters
    ----------
    path : Path, optional
        The file to keep them in; without one they end with the process.
    clock : callable
        Seconds since the epoch.
    """

    def __init__(self, path: Path | None = None, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._database = _open(path)
        with self._database as database:
            database.executescript(_SCHEMA)
            database.execute(
                "INSERT INTO secret SELECT ? WHERE NOT EXISTS (SELECT 1 FROM secret)", (secrets.token_urlsafe(32),)
            )
            database.execute("DELETE FROM invite WHERE expires < ?", (clock() - _KEPT_SECONDS,))
        (key,) = self._database.execute("SELECT key FROM secret").fetchone()
        self._tokens = URLSafeSerializer(key, salt="rtc-notebook invite")
        self._sessions = URLSafeSerializer(key, salt="rtc-notebook guest")

    def create(self, room: str, wanted: CreateInvite) -> Invite:
        """Make an invite.

        Raises
        ------
        ProtocolError
            If the time or the number of uses makes no sense, or the room has too many invites.
        """
        if not (math.isfinite(wanted.minutes) and 0 < wanted.minutes <= MAX_INVITE_MINUTES):
            raise ProtocolError(
                "bad-invite", f"An invite is good for more than 0 and at most {MAX_INVITE_MINUTES} minutes."
            )
        if wanted.uses is not None and not 0 < wanted.uses <= MAX_INVITE_USES:
            raise ProtocolError("bad-invite", f"An invite has 1 to {MAX_INVITE_USES} uses, or any number: uses=None.")
        if len(self.of_room(room)) >= MAX_INVITES:
            raise ProtocolError("too-many-invites", f"This room has {MAX_INVITES} invites. Withdraw some first.")
        id = secrets.token_urlsafe(12)
        expires = self._clock() + wanted.minutes * 60
        row = (id, room, wanted.role, names.clean(wanted.name), expires, wanted.uses, self._tokens.dumps(id))
        with self._database as database:
            database.execute(
                "INSERT INTO invite (id, room, role, name, expires, uses, signature) VALUES (?, ?, ?, ?, ?, ?, ?)", row
            )
        return Invite(*row[:6], used=0, token=row[6])

    def of_room(self, room: str) -> list[Invite]:
        """Return the invites of a room that are still good for somebody, the oldest first."""
        rows = self._database.execute(
            f"SELECT {_FIELDS} FROM invite WHERE room = ? AND NOT revoked AND expires > ? "
            "AND (uses IS NULL OR used < uses) ORDER BY rowid",
            (room, self._clock()),
        )
        return [Invite(*row) for row in rows]

    def revoke(self, room: str, id: str) -> None:
        """End an invite of a room at once.

        Raises
        ------
        ProtocolError
            If the room has no such invite.
        """
        with self._database as database:
            done = database.execute("UPDATE invite SET revoked = 1 WHERE id = ? AND room = ?", (id, room))
        if not done.rowcount:
            raise ProtocolError("no-such-invite", "This room has no such invite.")

    def redeem(self, token: str) -> tuple[Invite, str]:
        """Use a token once: return its invite and a guest's session, good for that room alone.

        Raises
        ------
        InviteRefused
            If the token is not of this server, or the invite expired, was revoked or used up.
        """
        try:
            id = self._tokens.loads(token)
        except (BadSignature, ValueError, TypeError):
            raise _refused("invite-invalid") from None
        with self._database as database:
            done = database.execute(
                "UPDATE invite SET used = used + 1 WHERE id = ? AND NOT revoked AND expires > ? "
                "AND (uses IS NULL OR used < uses)",
                (id, self._clock()),
            )
        invite, revoked = self._find(id)
        if not done.rowcount:
            expired = invite.expires <= self._clock()
            raise _refused("invite-revoked" if revoked else "invite-expired" if expired else "invite-used")
        return invite, self._sessions.dumps([secrets.token_urlsafe(9), id, self._clock()])

    def guest(self, session: str) -> tuple[Invite, Guest]:
        """Return whose session this is.

        Raises
        ------
        InviteRefused
            If it is nobody's, is too old, or its invite was revoked.
        """
        try:
            guest, id, since = self._sessions.loads(session)
        except (BadSignature, ValueError, TypeError):
            raise _refused("session-invalid") from None
        invite, revoked = self._find(id)
        if revoked:
            raise _refused("invite-revoked")
        if since + SESSION_SECONDS < self._clock():
            raise _refused("session-expired")
        return invite, Guest(id=guest, invite=id, role=invite.role, since=since)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _find(self, id: str) -> tuple[Invite, bool]:
        row = self._database.execute(f"SELECT {_FIELDS}, revoked FROM invite WHERE id = ?", (id,)).fetchone()
        if row is None:
            raise _refused("invite-expired")
        return Invite(*row[:-1]), bool(row[-1])


_FIELDS = "id, room, role, name, expires, uses, used, signature"
_WHY = {
    "invite-invalid": "This link is not complete, or not from this server. Copy all of it again.",
    "invite-revoked": "This invite was withdrawn.",
    "invite-expired": "This invite has expired.",
    "invite-used": "This invite has been used as often as it may be.",
    "session-invalid": "You are not invited here. Open the link that you were sent again.",
    "session-expired": "Your visit was long ago.",
}


@lru_cache(maxsize=256)
def _qr(link: str) -> str:
    return "\n".join("".join("1" if dark else "0" for dark in row) for row in segno.make_qr(link).matrix)


def _refused(code: str) -> InviteRefused:
    again = "" if code in ("invite-invalid", "session-invalid") else " Ask whoever sent it for a new one."
    return InviteRefused(code, _WHY[code] + again)


def _open(path: Path | None) -> sqlite3.Connection:
    if path is None:
        return sqlite3.connect(":memory:")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Made before SQLite opens it, which gives its journal the same mode.
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    path.chmod(0o600)
    with closing(sqlite3.connect(path, timeout=5.0)) as probe:
        probe.execute("PRAGMA quick_check")
    return sqlite3.connect(path, timeout=5.0)
