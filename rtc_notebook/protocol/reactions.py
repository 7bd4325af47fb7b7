"""Reactions: what somebody shows for a moment, and nobody keeps."""

from __future__ import annotations

from typing import Literal

from .base import Message

Emoji = Literal["👍", "❤️", "👏", "😂", "😮", "🎉"]


class SendReaction(Message, frozen=True, tag="send-reaction"):
    """Shows this to everybody in the room, for a moment."""

    emoji: Emoji


class Reaction(Message, frozen=True, tag="reaction"):
    """Participant ``by`` reacts; its sender hears it, too."""

    by: str
    emoji: Emoji
