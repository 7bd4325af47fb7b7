"""What comes over a real socket: anything, at any pace, of any size."""

from __future__ import annotations

import json
from collections.abc import Iterator

from . import script as say
from .script import Script

LARGEST = 262_144
CLOSES = {1003, 1007, 1008, 1009, 1013}
"""What a server may answer a flood or nonsense with; 1011 would be a failure of its own."""


def frames(script: Script, people: list[str], tracks: list[str]) -> Iterator[str | bytes]:
    """Yield what somebody sends who keeps to nothing; ids are those that they may know."""
    while script:
        how = script.number(24)
        text = say.message(script, [*people, "none"], tracks, ["none"], "<wire>")
        if how < 12:
            yield text
        elif how < 18:
            yield say.spoiled(script, text)
        elif how == 18:
            yield bytes(script.number(256) for _ in range(script.number(64)))
        elif how == 19:
            yield text.encode()
        elif how == 20:
            yield json.dumps({"type": "send-chat", "text": "x" * (LARGEST - 40)})
        elif how == 21 and script.number(4) == 0:
            yield "x" * (LARGEST + 1)
        elif how == 22:
            yield from [text] * (2 + script.number(60))
        else:
            yield text[: script.number(len(text) + 1)]
