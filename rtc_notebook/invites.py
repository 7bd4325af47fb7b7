"""Links that let others into the call."""

from __future__ import annotations

import html
from datetime import datetime, timezone

import segno

from .house import House
from .protocol import InviteInfo, Role


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
        self._house.revoke(self._info.id, remove=remove)

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
