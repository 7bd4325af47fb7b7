"""How a room may be called."""

from __future__ import annotations

import re
import unicodedata

from ..errors import RoomNameError

_ROOM_NAME = re.compile(r"\w(?:[\w .\-]{0,62}[\w.\-])?")


def room_name(name: str) -> str:
    """Return a room's name in its one spelling (Unicode NFC).

    Names are 1 to 64 letters, digits, spaces, ``.``, ``-`` and ``_``, of any script; they begin with a letter,
    digit or ``_`` and do not end with a space.

    Raises
    ------
    RoomNameError
        If the name is none.
    """
    normal = unicodedata.normalize("NFC", name) if isinstance(name, str) else ""
    if not _ROOM_NAME.fullmatch(normal) or ".." in normal:
        raise RoomNameError(name)
    return normal
