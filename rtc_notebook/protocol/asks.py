"""What people ask of a kernel from the call: filters with their controls, and a recording.

The server checks who may ask what of whom and passes it on; the kernel does it, or says why not. Nothing is kept.
"""

from __future__ import annotations

from typing import Literal

from .base import Message, Struct

ControlKind = Literal["range", "flag", "choice", "text"]
Value = bool | float | str
Askable = Literal["camera", "screen"]


class ListFilters(Struct, frozen=True, tag_field="ask", tag="list"):
    """What is there to choose from, and what is on."""


class PutFilter(Struct, frozen=True, tag_field="ask", tag="filter"):
    """Put the filter of this name on somebody, in the place of what is on."""

    participant: str
    filter: str
    source: Askable = "camera"


class TakeOff(Struct, frozen=True, tag_field="ask", tag="unfilter"):
    """Take a filter off."""

    participant: str
    source: Askable = "camera"


class SetControl(Struct, frozen=True, tag_field="ask", tag="control"):
    """Set a parameter of the filter that is on somebody; ``control`` is its `FilterControl.id`."""

    participant: str
    control: str
    value: Value
    source: Askable = "camera"


class Record(Struct, frozen=True, tag_field="ask", tag="record"):
    """Record the call, or stop it."""

    active: bool


Ask = ListFilters | PutFilter | TakeOff | SetControl | Record


class FilterControl(Struct, frozen=True):
    """A parameter of a filter that is on.

    ``range`` is a number from ``low`` to ``high`` in steps of ``step``; ``choice`` one of ``choices``.
    """

    id: str
    label: str
    kind: ControlKind
    value: Value
    low: float = 0.0
    high: float = 1.0
    step: float = 0.0
    choices: tuple[str, ...] = ()


class FilterOffer(Struct, frozen=True):
    """A filter to choose; ``about`` is a sentence on what it does."""

    name: str
    about: str = ""
    own: bool = False
    """Whether the notebook's author made it."""


class FilterOn(Struct, frozen=True):
    """A filter that is on somebody. ``locked``: only hosts change it, since it was not put on from the call."""

    participant: str
    label: str
    source: Askable = "camera"
    name: str = ""
    """The offer it was chosen by, if any."""
    locked: bool = False
    error: str = ""
    controls: tuple[FilterControl, ...] = ()


class AskKernel(Message, frozen=True, tag="ask-kernel"):
    """Asks something of the kernel with this participant's id; ``asked`` there, and ``answer`` comes back."""

    id: int
    kernel: str
    ask: Ask


class AnswerAsk(Message, frozen=True, tag="answer-ask"):
    """A kernel's answer to ``asked`` with this id; ``error`` says what is in the way.

    ``open``: another answer may follow.
    """

    id: int
    error: str = ""
    offers: tuple[FilterOffer, ...] = ()
    on: tuple[FilterOn, ...] = ()
    recording: str | None = None
    """The file that a recording asked for goes to."""
    open: bool = False


class Asked(Message, frozen=True, tag="asked"):
    """Participant ``by`` asks this of the kernel; the server has checked that they may. ``host``: they are one."""

    id: int
    by: str
    ask: Ask
    host: bool = False


class Answer(Message, frozen=True, tag="answer"):
    """What the kernel answered to ``ask-kernel`` with this id; see `AnswerAsk`."""

    id: int
    error: str = ""
    offers: tuple[FilterOffer, ...] = ()
    on: tuple[FilterOn, ...] = ()
    recording: str | None = None
