"""What every message is made of."""

from __future__ import annotations

import msgspec

VERSION = 1
"""Version of the protocol; both sides must have the same."""

MAX_MESSAGE_BYTES = 256 * 1024
"""Largest message, bytes; a larger one closes the socket with code 1009 (RFC 6455, 7.4.1)."""


class Struct(msgspec.Struct, rename="camel", frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Part of a message."""


class Message(Struct, frozen=True, tag_field="type"):
    """A message; its tag is its ``"type"``."""
