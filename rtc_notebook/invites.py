"""Links that let others into the call."""

from __future__ import annotations

import html
from datetime import datetime, timezone
from numbers import Integral, Real
from typing import Any

import segno

from .house import House
from .protocol import MAX_INVITE_MINUTES, MAX_INVITE_USES, InviteInfo, Role


class Invite:
    """A link that lets somebody without a Jupyter account into this one room; shown as a QR code in a notebook.

    Attributes
    ----------
    url : str
        The link. Whoever has it may come in; its secret is in the fragment, which browsers send to nobody.
    role : {"member", "viewer", "host"}
        What who comes by it may do.
    name : str
        What it was called; who comes by a link for one is called so.
    expires : datetime
        Until when somebody may come in by it.
    uses : int or None
        How many may; None for any number.
    hint : str
        What has to be done so that the link leads here from elsewhere; empty if nothing.
    """

    def __init__(self, house: House, info: InviteInfo) -> None:
        self._house = house
        self._info = info
        self.url = info.url
        self.role: Role = info.role
        self.name = info.name
        self.expires = datetime.fromtimestamp(info.expires, timezone.utc)
        self.uses = info.uses
        self.hint = info.hint

    @property
    def used(self) -> int:
        """How often it has been used, as far as the server has said."""
        newest = next((one for one in self._house.invites if one.id == self._info.id), self._info)
        return newest.used

    @property
    def qr(self) -> segno.QRCode:
        """The link as a QR code, to be saved (``invite.qr.save("door.svg", scale=8)``) or printed."""
        return segno.make_qr(self.url)

    def revoke(self, *, remove: bool = False) -> None:
        """End it at once: nobody comes in by it any more.

        Parameters
        ----------
        remove : bool
            Remove those, too, who came by it.

        Raises
        ------
        NotAllowed
            If this kernel is no host.
        """
        self._house.revoke(self._info.id, remove=bool(remove))

    def __repr__(self) -> str:
        many = "any number of times" if self.uses is None else f"{self.used} of {self.uses} used"
        until = f"{self.expires.astimezone():%Y-%m-%d %H:%M}"
        hint = f"\n{self.hint}" if self.hint else ""
        return f"<Invite {self.name!r} as {self.role} until {until}, {many}: {self.url}>{hint}"

    def _repr_html_(self) -> str:
        code = self.qr.svg_inline(scale=4, border=3, dark="#000", light="#fff")
        link = html.escape(self.url, quote=True)
        words = html.escape(repr(self).partition(": http")[0].lstrip("<"))
        hint = f"<p><b>{html.escape(self.hint)}</b></p>" if self.hint else ""
        return f'<div>{code}<p>{words}<br><a href="{link}" rel="noreferrer">{link}</a></p>{hint}</div>'


def checked(role: Any, minutes: Any, uses: Any, name: Any) -> tuple[Role, float, int | None, str]:
    """Return what an invite is asked for with, as the protocol has it.

    Raises
    ------
    ValueError
        If one of it is nothing that an invite can have; says which.
    """
    if role not in ("host", "member", "viewer"):
        raise ValueError(f"A role is 'host', 'member' or 'viewer', not {role!r:.80}.")
    if not _is(minutes, Real) or not 0 < minutes <= MAX_INVITE_MINUTES:
        raise ValueError(f"minutes={minutes!r:.80}: an invite is good for more than 0 and at most a year's minutes.")
    if uses is not None and (not _is(uses, Integral) or not 0 < uses <= MAX_INVITE_USES):
        raise ValueError(
            f"uses={uses!r:.80}: an invite is for 1 to {MAX_INVITE_USES:,} people, or for any number: uses=None."
        )
    if not isinstance(name, str | None):
        raise ValueError(f"name={name!r:.80}: what an invite is called is a text.")
    return role, float(minutes), None if uses is None else int(uses), name or ""


def _is(value: Any, kind: type) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)
