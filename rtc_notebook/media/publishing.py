"""The kernel's publish connection: it offers processed tracks and own ones, and renegotiates towards those wanted."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from aiortc import RTCPeerConnection, RTCRtpTransceiver, RTCSessionDescription

from ..errors import SfuError
from ..protocol import (
    Candidate,
    ClientMessage,
    Error,
    Kind,
    MediaSettings,
    Publish,
    PublishAnswer,
    Restart,
    TrackDescription,
)
from . import peer
from .outgoing import OutgoingVideo
from .sound import OutgoingSound

logger = logging.getLogger(__name__)

ANSWER_SECONDS = 10.0
RETRY_SECONDS = 1.0


Outgoing = OutgoingVideo | OutgoingSound


class Offered(NamedTuple):
    """A track that is to be published."""

    kind: Kind
    description: TrackDescription


@dataclass
class _Slot:
    """An m-line; ``carries`` is what it was assigned to, None while it is idle."""

    transceiver: RTCRtpTransceiver
    track: Outgoing
    carries: str | None = None


class Publishing:
    """Publishes what is wanted, each track on an m-line; those that are idle are used again.

    Parameters
    ----------
    send : callable
        Sends a message to the server.
    on_change : callable
        Called when `track` may return something else.
    """

    def __init__(self, send: Callable[[ClientMessage], None], on_change: Callable[[], None]) -> None:
        self.media = MediaSettings()
        self.on_no_path: Callable[[], None] | None = None
        self._send = send
        self._on_change = on_change
        self._wanted: dict[str, Offered] = {}
        self._connection: RTCPeerConnection | None = None
        self._slots: list[_Slot] = []
        self._requests = 0
        self._answer: asyncio.Future[PublishAnswer] | None = None
        self._changed = asyncio.Event()
        self._lost = False
        self._task = asyncio.ensure_future(self._run())

    def want(self, tracks: Mapping[str, Offered]) -> None:
        """Set what is to be published, whole, under names by which `track` finds it."""
        if dict(tracks) != self._wanted:
            self._wanted = dict(tracks)
            self._changed.set()

    def track(self, name: str) -> Outgoing | None:
        """Return the outgoing track that carries what is wanted under this name, once it has an m-line."""
        return next((slot.track for slot in self._slots if slot.carries == name), None)

    def answered(self, answer: PublishAnswer) -> None:
        """Take the server's answer."""
        if self._answer is not None and not self._answer.done() and answer.id == self._requests:
            self._answer.set_result(answer)

    def refused(self, error: Error) -> None:
        """Take the server's refusal of an offer."""
        if self._answer is not None and not self._answer.done() and error.id in (None, self._requests):
            self._answer.set_exception(SfuError(error.code, error.message))

    async def candidate(self, message: Candidate) -> None:
        """Take a candidate of the SFU's."""
        await peer.add_candidate(self._connection, message.candidate)

    def resume(self) -> None:
        """Go on after the socket was replaced: an answer may have been lost with it."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(SfuError("replaced", "the connection to the server was replaced"))

    @property
    def connection(self) -> RTCPeerConnection | None:
        """The connection that there is at the moment."""
        return self._connection

    def renew(self) -> None:
        """Publish everything afresh: this connection leads nowhere any more."""
        self._send(Restart(connection="publish"))
        self.start_over()

    def start_over(self) -> None:
        """Publish everything afresh: the SFU has lost this connection."""
        self._lost = True
        self.resume()
        self._changed.set()

    async def close(self) -> None:
        """Close the connection."""
        self._task.cancel()
        await self._drop()

    async def _run(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                if self._lost:
                    self._lost = False
                    await self._drop()
                await self._negotiate()
            except Exception as error:
                await self._fail(str(error) or type(error).__name__)
                await asyncio.sleep(RETRY_SECONDS)

    async def _fail(self, reason: str) -> None:
        logger.info("Publishing starts over: %s", reason)
        if not self._lost:
            self._send(Restart(connection="publish"))
        self._lost = True
        self._changed.set()

    async def _negotiate(self) -> None:
        if not self._assign():
            return
        assert self._connection is not None
        self._on_change()
        connection = self._connection
        await connection.setLocalDescription(await connection.createOffer())
        self._requests += 1
        self._answer = asyncio.get_running_loop().create_future()
        carrying = [(slot, self._wanted.get(slot.carries)) for slot in self._slots if slot.carries is not None]
        tracks = {str(slot.transceiver.mid): offered.description for slot, offered in carrying if offered is not None}
        self._send(Publish(id=self._requests, sdp=connection.localDescription.sdp, tracks=tracks))
        answer = await asyncio.wait_for(self._answer, ANSWER_SECONDS)
        await connection.setRemoteDescription(RTCSessionDescription(answer.sdp, "answer"))

    def _assign(self) -> bool:
        """Give every wanted track an m-line and take back those of others; say whether anything changed."""
        idle = [slot for slot in self._slots if slot.carries is None]
        changed = False
        for slot in self._slots:
            if slot.carries is not None and slot.carries not in self._wanted:
                slot.carries, changed = None, True
                slot.transceiver.direction = "inactive"
                slot.track.clear()
        carried = {slot.carries for slot in self._slots}
        for name, offered in self._wanted.items():
            if name not in carried:
                fitting = [slot for slot in idle if slot.track.kind == offered.kind]
                slot = fitting[0] if fitting else self._add_slot(offered.kind)
                idle = [one for one in idle if one is not slot]
                slot.carries, changed = name, True
                slot.transceiver.direction = "sendonly"
        return changed

    def _add_slot(self, kind: Kind) -> _Slot:
        if self._connection is None:
            self._connection = peer.new_connection(self.media, self.renew, self.on_no_path)
        track = OutgoingVideo() if kind == "video" else OutgoingSound()
        slot = _Slot(self._connection.addTransceiver(track, "sendonly"), track)
        self._slots.append(slot)
        return slot

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        for slot in self._slots:
            slot.track.stop()
        self._slots = []
        self._on_change()
        await peer.close(connection)
