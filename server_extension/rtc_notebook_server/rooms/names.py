"""The names that people see."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection

MAX_LENGTH = 64


def clean(name: str | None) -> str:
    """Return a name fit to show: one line, no control or direction marks, at most 64 characters; may be empty."""
    spaced = "".join(" " if c.isspace() else c for c in unicodedata.normalize("NFC", name or ""))
    shown = "".join(c for c in spaced if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn") or c == "\u200d")
    return " ".join(shown.split())[:MAX_LENGTH].rstrip()


def unique(wanted: str, taken: Collection[str]) -> str:
    """Return the name wanted, or the first of "name (2)", "name (3)", ... that nobody has; case does not tell apart."""
    folded = {name.casefold() for name in taken}
    name, number = wanted, 1
    while name.casefold() in folded:
        number += 1
        name = f"{wanted} ({number})"
    return name
