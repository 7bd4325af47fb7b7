"""Saying that somebody keeps what they see and hear."""

from __future__ import annotations

from .base import Message


class SetRecording(Message, frozen=True, tag="set-recording"):
    """Says that this kernel keeps what it sees and hears, or no longer; announced to the others."""

    active: bool
