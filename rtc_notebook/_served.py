"""The front end's files as they go out: without the comments and blanks that are there for people who read them."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

import rcssmin
import rjsmin

MODULES = Path(__file__).parent / "static" / "rtc_notebook"

_MINIFY = {".js": rjsmin.jsmin, ".css": rcssmin.cssmin}


def is_ours(path: str | os.PathLike[str]) -> bool:
    """Return whether this is a module or style sheet of ours; what lies in a directory of its own is a library's."""
    return Path(path).suffix in _MINIFY and Path(path).parent == MODULES


def served(path: str | os.PathLike[str]) -> bytes:
    """Return what is sent for one of our modules or style sheets; other files as they are."""
    return _served(os.fspath(path), os.stat(path).st_mtime_ns) if is_ours(path) else Path(path).read_bytes()


@lru_cache(maxsize=256)
def _served(path: str, _changed: int) -> bytes:
    text = Path(path).read_text(encoding="utf-8")
    return str(_MINIFY[Path(path).suffix](text)).encode()


# What a page of a call begins with; its modules load the others with what needs them.
_FIRST = ["style.css", "tiles.css"]


def first_styles(page: str) -> list[str]:
    """Return the names of the style sheets that a page cannot do without, in the order in which they count."""
    return ["style.css", "rooms.css"] if page == "rooms" else _FIRST


def styles() -> list[str]:
    """Return the names of the style sheets of calls, in the order in which they count."""
    names = sorted(path.name for path in MODULES.glob("*.css") if path.name not in {"thumbnails.css", "rooms.css"})
    return sorted(names, key=lambda name: name != "style.css")
