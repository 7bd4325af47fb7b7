"""rtc-notebook: a video call is an array you can program."""

from __future__ import annotations

from ._version import __version__

__all__ = ["__version__"]
