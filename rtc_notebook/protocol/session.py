"""Coming and going: who one is, where one's place is taken up again, refusals and farewells."""

from __future__ import annotations

from typing import Literal

from .base import Message
from .connections import MediaSettings

ClientKind = Literal["browser", "kernel"]

COMES_BACK = frozenset({"server-stopped"})
"""Codes of a `Bye` after which the server may come back: it is tried again, by the session if there is one yet."""


class Hello(Message, frozen=True, tag="hello"):
    """First message on every socket. ``session`` takes a place up again; ``call`` pairs widget and kernel.

    ``heard`` is how many of the server's messages have come in that place, see `counted`; without it, a ``session``
    takes the place up from the beginning (a page that was loaded again): nothing is known of its connections.
    """

    version: int
    client: ClientKind
    client_version: str
    name: str | None = None
    session: str | None = None
    call: str | None = None
    heard: int | None = None


class Welcome(Message, frozen=True, tag="welcome"):
    """Answer to ``hello``. ``session`` is secret and takes this place up again on the next socket.

    ``resumed``: the place is as it was, its connections too, and ``heard`` of the participant's messages have come.
    """

    version: int
    server_version: str
    participant: str
    session: str
    resumed: bool
    room: str
    media: MediaSettings
    heard: int = 0


class Waiting(Message, frozen=True, tag="waiting"):
    """In place of ``welcome``, which comes once the participant is admitted; ``message`` says what it waits for."""

    room: str
    message: str


class Pair(Message, frozen=True, tag="pair"):
    """A widget that stayed in the room while its kernel was started anew pairs with the new call."""

    call: str


class Leave(Message, frozen=True, tag="leave"):
    """Leaves for good; the server closes the socket with code 1000."""


class Heard(Message, frozen=True, tag="heard"):
    """How many counted messages have come; both sides say it, the server whenever the participant does.

    What was heard need not be kept for the next socket, and whoever hears nothing in return has lost this one. At the
    door, where nothing counts yet, it is 0.
    """

    count: int


class Error(Message, frozen=True, tag="error"):
    """A refusal: what happened and what to do about it. ``about`` is the type (and ``id``) refused."""

    code: str
    message: str
    about: str | None = None
    id: int | None = None


class Bye(Message, frozen=True, tag="bye"):
    """Last message before the server closes the socket for good; do not reconnect, but after `COMES_BACK`."""

    code: str
    message: str
