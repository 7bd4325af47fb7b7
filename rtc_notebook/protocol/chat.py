"""What people write to each other."""

from __future__ import annotations

from .base import Message, Struct

MAX_CHAT_TEXT = 4_000
"""Longest line of the chat, characters."""


class ChatLine(Struct, frozen=True):
    """What somebody wrote. ``by`` is the participant, who may have left; ids grow; ``time`` is seconds since the epoch.

    The text is plain: whoever shows it escapes it.
    """

    id: int
    by: str
    name: str
    text: str
    time: float


class SendChat(Message, frozen=True, tag="send-chat"):
    """Writes to everybody in the room."""

    text: str


class Chat(Message, frozen=True, tag="chat"):
    """Lines of the chat: after ``welcome`` those there are, then each as it is written."""

    lines: tuple[ChatLine, ...]
