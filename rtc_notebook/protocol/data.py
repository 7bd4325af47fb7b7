"""Messages between kernels, in parts."""

from __future__ import annotations

from .base import Message


class SendData(Message, frozen=True, tag="send-data"):
    """One part of a kernel's message to the other kernels, or to the one ``to``; base64."""

    id: int
    part: int
    parts: int
    data: str
    to: str | None = None


class Data(Message, frozen=True, tag="data"):
    """One part of a message that kernel ``by`` sent; see `SendData`."""

    by: str
    id: int
    part: int
    parts: int
    data: str
