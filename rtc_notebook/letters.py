"""What OpenCV can write."""

from __future__ import annotations

import unicodedata
from typing import Any


def writable(text: str, cv2: Any) -> str:
    """Return a text as OpenCV's ``putText`` can write it.

    From 5.0 on it has most of the world's letters. Before, those of ASCII alone: accents are left out, and a letter
    that has no such form is one question mark.
    """
    if int(cv2.__version__.partition(".")[0]) >= 5:
        return text
    plain = "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one))
    return plain.encode("ascii", "replace").decode()
