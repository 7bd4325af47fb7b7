"""A participant, as far as signaling goes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from fake_engine import SDP
from tornado.websocket import WebSocketClientConnection

SECONDS = 10


class Client:
    def __init__(self, socket: WebSocketClientConnection) -> None:
        self.socket = socket
        self.id = self.session = ""
        self.room: dict[str, Any] = {}
        self.lines: list[Any] = []
        self.invites: list[Any] | None = None
        self._sent = 0
        self.heard = 0

    async def hello(self, client: str = "browser", **fields: Any) -> dict[str, Any]:
        self.say("hello", version=fields.pop("version", 1), client=client, clientVersion="0.1.0", **fields)
        welcome = await self.next("welcome")
        self.id, self.session = welcome["participant"], welcome["session"]
        await self.next("room")
        self.lines = (await self.next("chat"))["lines"]
        return welcome

    def say(self, type: str, **fields: Any) -> None:
        self.raw(json.dumps({"type": type, **fields}))

    def raw(self, data: str | bytes) -> None:
        self.socket.write_message(data, binary=isinstance(data, bytes))

    async def read(self) -> dict[str, Any] | None:
        """Return the next message, or None if the socket was closed."""
        data = await asyncio.wait_for(self.socket.read_message(), SECONDS)
        if data is None:
            return None
        message: dict[str, Any] = json.loads(data)
        self.heard += message["type"] not in ("welcome", "waiting", "bye", "heard", "overlay")
        if message["type"] == "room":
            self.room = message
        elif message["type"] == "invites":
            self.invites = message["invites"]
        return message

    async def up_to(self, type: str) -> AsyncIterator[dict[str, Any]]:
        """Read messages up to the next of a type, that one included."""
        while True:
            message = await self.read()
            assert message is not None, f"closed with {self.socket.close_code} before {type!r}"
            yield message
            if message["type"] == type:
                return

    async def next(self, type: str) -> dict[str, Any]:
        """Return the next message of a type; messages before it are read over."""
        seen: list[Any] = []
        while True:
            message = await self.read()
            if message is None:
                raise AssertionError(f"closed with {self.socket.close_code} before {type!r}; came: {seen}")
            if message["type"] == type:
                return message
            seen.append(message)

    async def closed(self) -> int | None:
        while await self.read() is not None:
            pass
        return self.socket.close_code

    async def until(self, holds: Any) -> dict[str, Any]:
        """Return the first room state (the present one included) of which something holds."""
        while not (self.room and holds(self)):
            await self.next("room")
        return self.room

    async def error(self) -> dict[str, Any]:
        return await self.next("error")

    async def publish(self, **tracks: Any) -> dict[str, str]:
        """Publish tracks, told as m0="microphone", m1={"source": "camera", "of": ...}; return mid → track id."""
        told = {mid[1:]: {"source": what} if isinstance(what, str) else what for mid, what in tracks.items()}
        self._sent += 1
        self.say("publish", id=self._sent, sdp=SDP, tracks=told)
        answer = await self.next("publish-answer")
        assert answer["id"] == self._sent
        return dict(answer["tracks"])

    def who(self, name: str) -> dict[str, Any] | None:
        return next((p for p in self.room["participants"] if p["name"] == name), None)

    @property
    def names(self) -> list[str]:
        return [p["name"] for p in self.room["participants"]]

    def track(self, id: str) -> dict[str, Any] | None:
        return next((t for p in self.room["participants"] for t in p.get("tracks", []) if t["id"] == id), None)

    def filter(self, id: str) -> dict[str, Any]:
        """Return the filter on a track, empty if there is none (or no such track)."""
        return (self.track(id) or {}).get("filter") or {}
