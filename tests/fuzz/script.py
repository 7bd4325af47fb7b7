"""What happens, read from bytes: Hypothesis makes those, and makes them shorter when something fails."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TypeVar

T = TypeVar("T")

SOURCES = ("camera", "microphone", "screen", "kernel")
ODD: tuple[Any, ...] = (None, 0, -1, 2**70, 1e308, True, "", "x", "\u202e<script>", "é" * 300, [], [1], {}, {"a": 1})
JUNK = ("", "{", "null", "[]", '"hello"', "{}", '{"type":"no-such"}', '{"type":7}', "[" * 3000, '{"type":"hello"}')


class Script:
    """Choices, until the bytes end."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def __bool__(self) -> bool:
        return self._at < len(self._data)

    def number(self, below: int) -> int:
        byte = self._data[self._at] if self else 0
        self._at += 1
        return byte % below

    def one(self, of: Sequence[T]) -> T:
        return of[self.number(len(of))]


def sdp(kinds: str) -> str:
    """Return an offer as far as rooms read it: ``"avv"`` is a microphone and two pictures."""
    lines = "".join(f"m={'audio' if k == 'a' else 'video'} 9 X 0\r\na=mid:{mid}\r\n" for mid, k in enumerate(kinds))
    return "v=0\r\n" + lines


def message(script: Script, people: Sequence[str], tracks: Sequence[str], invites: Sequence[str], mark: str) -> str:
    """Return something that a participant says; ``people`` and so on are ids that it may mean, of any room."""
    kind = script.one(_KINDS)
    told: dict[str, Any] = {"type": kind}
    if kind == "publish" or kind == "publish-link":
        kinds = script.one(("avv", "v", "a", "vv", "vav"))
        described = {}
        for mid in range(script.number(len(kinds) + 1)):
            fits = ("microphone", "kernel") if kinds[mid] == "a" else ("camera", "screen", "kernel")
            about: dict[str, Any] = {"source": script.one(fits if script.number(8) else SOURCES)}
            if not script.number(3):
                about["of"] = script.one((*tracks, "none"))
            if not script.number(4):
                about["muted"] = True
            if not script.number(4):
                about["label"] = mark
            described[str(mid)] = about
        told.update(id=1, tracks=described)
        if kind == "publish":
            told["sdp"] = sdp(kinds) if script.number(12) else "no sdp"
        else:
            told["kinds"] = {str(mid): "audio" if k == "a" else "video" for mid, k in enumerate(kinds)}
    elif kind == "subscribe":
        told["tracks"] = [script.one((*tracks, "none")) for _ in range(script.number(4))]
    elif kind == "offer-answer":
        told.update(id=script.number(4), sdp="v=0\r\n" if script.number(5) else "no sdp")
    elif kind == "candidate":
        text = script.one(("candidate:1 1 udp 1 192.0.2.1 9 typ host", "", "no candidate"))
        told.update(connection=script.one(("publish", "subscribe")), candidate={"candidate": text, "sdpMid": "0"})
    elif kind == "mute":
        told.update(track=script.one((*tracks, "none")), muted=bool(script.number(2)))
    elif kind in ("set-filter", "clear-filter"):
        told.update(participant=script.one(people), source=script.one(("camera", "screen", "microphone")))
        if kind == "set-filter":
            told.update(onError=script.one(("pass", "hold")), label=mark)
    elif kind == "draw-overlay":
        told.update(participant=script.one(people), shapes=[{"shape": "text", "x": 0, "y": 0, "text": mark}])
    elif kind == "send-data":
        told.update(id=1, part=0, parts=1, data=mark, to=script.one((None, *people)))
    elif kind == "restart":
        told["connection"] = script.one(("publish", "subscribe"))
    elif kind == "pair":
        told["call"] = script.one(("", "c1", "c2"))
    elif kind == "set-role":
        told.update(participant=script.one(people), role=script.one((None, "host", "member", "viewer")))
        told["mayFilter"] = script.one((None, True, False))
    elif kind == "moderate":
        told.update(participant=script.one(people), action=script.one(("mute", "remove", "admit")))
    elif kind == "lower-hand":
        told["participant"] = script.one(people)
    elif kind in ("set-lock", "set-hand", "set-recording"):
        field = {"set-lock": "locked", "set-hand": "raised", "set-recording": "active"}[kind]
        told[field] = bool(script.number(2))
    elif kind == "send-chat":
        told["text"] = script.one((mark, f"<b>{mark}</b>\u202e", "", "x" * 4001))
    elif kind == "create-invite":
        told.update(
            id=1, role=script.one(("member", "viewer", "host")), name=mark, uses=script.one((None, 1, 2, 0, -1))
        )
        told["minutes"] = script.one((1, 60, 0, -1, 1e300))
    elif kind == "revoke-invite":
        told.update(invite=script.one((*invites, "none")), remove=bool(script.number(2)))
    elif kind == "send-reaction":
        told["emoji"] = script.one(("👏", "🎉", "<b>"))
    elif kind == "ask-kernel":
        told.update(id=1, kernel=script.one(people), ask=_ask(script, people, mark))
    elif kind == "answer-ask":
        told.update(id=1 + script.number(5), error=mark, open=bool(script.number(2)))
    elif kind == "get-stats":
        told["id"] = 1
    elif kind == "hello":
        told.update(version=1, client="browser", clientVersion="1")
    return json.dumps(told)


def _ask(script: Script, people: Sequence[str], mark: str) -> dict[str, Any]:
    what = script.one(("list", "filter", "unfilter", "control", "record"))
    if what == "list":
        return {"ask": what}
    if what == "record":
        return {"ask": what, "active": True}
    more = {"filter": {"filter": mark}, "control": {"control": mark, "value": 1}, "unfilter": {}}
    return {"ask": what, "participant": script.one(people), **more[what]}


def spoiled(script: Script, text: str) -> str:
    """Return a message with something wrong: a field of another type, missing or unknown, or no message at all."""
    how = script.number(4)
    if how == 0:
        return script.one(JUNK)
    told = json.loads(text)
    field = script.one(sorted(told))
    if how == 1:
        del told[field]
    elif how == 2:
        told[script.one(("extra", "id", "session"))] = script.one(ODD)
    else:
        told[field] = script.one(ODD)
    return json.dumps(told)


_KINDS = [
    "publish",
    "publish",
    "publish",
    "publish",
    "subscribe",
    "subscribe",
    "set-filter",
    "set-filter",
    "set-filter",
    "clear-filter",
    "set-role",
    "set-role",
    "moderate",
    "moderate",
    "mute",
    "mute",
    "set-lock",
    "set-hand",
    "lower-hand",
    "mute-all",
    "send-chat",
    "create-invite",
    "create-invite",
    "revoke-invite",
    "draw-overlay",
    "send-data",
    "set-recording",
    "get-stats",
    "restart",
    "pair",
    "hello",
    "offer-answer",
    "offer-answer",
    "candidate",
    "publish-link",
    "send-reaction",
    "ask-kernel",
    "ask-kernel",
    "answer-ask",
    "leave",
    "end-room",
]
