"""What can be published, one file a kind: pictures, sound, figures, files; `read` tells them apart."""

from __future__ import annotations

from .reading import read
from .source import Pace, Source

__all__ = ["Pace", "Source", "read"]
