"""The SFU's counters."""

from __future__ import annotations

from typing import Any

from .base import Message


class GetStats(Message, frozen=True, tag="get-stats"):
    """Asks for the SFU's counters."""

    id: int


class Stats(Message, frozen=True, tag="stats"):
    """Answer to ``get-stats`` with this id: `rtc_notebook_server.sfu.base.Engine.stats` as it is."""

    id: int
    stats: dict[str, Any]
