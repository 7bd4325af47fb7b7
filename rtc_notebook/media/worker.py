"""The kernel's participant: between the kernel's commands, the server's messages and the call's streams."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Coroutine
from typing import Any

from .. import protocol
from ..errors import ProtocolError, RtcNotebookError
from ..signaling import Signaling
from . import control
from .outbox import Outbox
from .ring import RingReader
from .selection import Room
from .streams import Streams

logger = logging.getLogger(__name__)

_FOR_THE_KERNEL = (
    protocol.Stats,
    protocol.Chat,
    protocol.Invites,
    protocol.Invited,
    protocol.Reaction,
    protocol.Asked,
)


class Worker:
    """One call's media. Where something in one track goes wrong, the others go on."""

    def __init__(self, parent: Outbox, join: control.Join) -> None:
        self._parent = parent
        self._signaling = Signaling(
            join.url,
            join.authorization,
            name=join.name,
            call=join.call,
            on_message=self._on_message,
            on_lost=self._on_lost,
            subprotocols=join.subprotocols,
            session=join.session,
        )
        self._me: str | None = None
        self._described = False  # whether a room came since the last welcome
        self._background: set[asyncio.Task[None]] = set()
        self._streams = Streams(self._signaling, parent, join, self._on_command, self._later)

    async def run(self, commands: AsyncIterator[bytes]) -> None:
        """Serve until the kernel leaves or is gone, or the room ends."""
        self._parent.send(control.State(phase="connecting"))
        talking = asyncio.ensure_future(self._talk())
        obeying = asyncio.ensure_future(self._obey(commands))
        reporting = asyncio.ensure_future(self._streams.report())
        watching = asyncio.ensure_future(self._streams.path.watch())
        repairing = asyncio.ensure_future(self._streams.repair())
        try:
            await asyncio.wait((talking, obeying), return_when=asyncio.FIRST_COMPLETED)
            await self._signaling.leave()
        finally:
            for task in (talking, obeying, reporting, watching, repairing):
                task.cancel()

    async def close(self) -> None:
        """Close the connections and end the threads and processes."""
        await self._streams.close()

    # --- the kernel ------------------------------------------------------------------------------------

    async def _obey(self, commands: AsyncIterator[bytes]) -> None:
        async for line in commands:
            try:
                command = control.decode_command(line)
                if isinstance(command, control.Leave):
                    return
                self._on_command(command)
            except Exception:
                logger.exception("A command of the kernel's could not be carried out")

    def _on_command(self, command: control.Command) -> None:
        streams = self._streams
        if isinstance(command, control.Result):
            if command.track.participant == "":
                streams.own.result(command.track, command.sequence)
            else:
                streams.filtering.result(command)
        elif isinstance(command, control.Results):
            try:
                results = RingReader.open(command.path)
            except FileNotFoundError:
                return  # a larger one has taken its place already
            if command.track.participant == "":
                streams.own.read_from(command.track, results)
            else:
                streams.filtering.read_from(command.track, results)
        elif isinstance(command, control.Want):
            streams.want(command.tracks)
        elif isinstance(command, control.SetFilter):
            streams.filtering.set(command)
            streams.update()
        elif isinstance(command, control.ClearFilter):
            streams.filtering.clear(command.track)
            streams.update()
        elif isinstance(command, control.Publish):
            streams.own.publish(command.track)
        elif isinstance(command, control.Play):
            streams.own.play(command)
        elif isinstance(command, control.Unpublish):
            streams.own.unpublish(command.track)
        elif isinstance(command, control.Isolate):
            streams.filtering.isolate(command)
        elif isinstance(command, control.SetValues):
            streams.filtering.set_values(command)
        elif isinstance(command, control.ToServer):
            self._say(command.message)
        elif isinstance(command, (control.StartRecording, control.StopRecording, control.RecordEvent)):
            streams.recordings.command(command)

    def _say(self, message: Any) -> None:
        """Hand on what the kernel says to the server, which would refuse what is refused here."""
        try:
            self._signaling.send(message)
        except ProtocolError as error:
            about, id = str(message.__struct_config__.tag), getattr(message, "id", None)
            self._parent.send(control.Refused(code=error.code, message=str(error), about=about, id=id))

    # --- the server ------------------------------------------------------------------------------------

    async def _talk(self) -> None:
        try:
            code, message = await self._signaling.run()
        except RtcNotebookError as error:
            code, message = "connection-failed", str(error)
        except Exception as error:
            logger.exception("Signaling failed")
            code, message = "failed", f"The call ended by an error of rtc-notebook's own: {error!r}."
        self._parent.send(control.State(phase="ended", participant=self._me, code=code, message=message))

    def _on_lost(self, message: str) -> None:
        self._parent.send(control.State(phase="reconnecting", participant=self._me, message=message))

    def _on_message(self, message: protocol.ServerMessage) -> None:
        try:
            self._handle(message)
        except Exception:
            logger.exception("A message of the server's could not be handled")

    def _handle(self, message: protocol.ServerMessage) -> None:
        path = self._streams.path
        if isinstance(message, protocol.Welcome):
            self._on_welcome(message)
        elif isinstance(message, protocol.RoomState):
            self._on_room(message)
        elif isinstance(message, protocol.Offer):
            path.subscribing.offered(message)
        elif isinstance(message, protocol.PublishAnswer):
            path.publishing.answered(message)
        elif isinstance(message, protocol.Candidate):
            path.candidate(message)
        elif isinstance(message, protocol.Restarted):
            if "publish" in message.connections:
                path.publishing.start_over()
            if "subscribe" in message.connections:
                self._later(path.subscribing.start_over())
                self._streams.subscribe_again()
        elif isinstance(message, protocol.Error):
            self._on_error(message)
        elif isinstance(message, protocol.Waiting):
            self._parent.send(control.State(phase="connecting", participant=self._me, message=message.message))
        elif isinstance(message, protocol.Data):
            if not self._parent.behind:  # a kernel that is held by a cell: better a message lost than the call
                self._parent.send(control.FromServer(message=message))
        elif isinstance(message, _FOR_THE_KERNEL):
            self._parent.send(control.FromServer(message=message))

    def _on_welcome(self, welcome: protocol.Welcome) -> None:
        self._me = welcome.participant
        self._described = False
        self._parent.send(control.State(phase="connecting", participant=self._me, session=welcome.session))
        self._streams.welcomed(welcome)

    def _on_room(self, state: protocol.RoomState) -> None:
        self._streams.show(Room(state.participants, self._me))
        self._parent.send(control.Room(participants=state.participants, locked=state.locked, waiting=state.waiting))
        if not self._described:
            self._described = True
            self._parent.send(control.State(phase="connected", participant=self._me))
        self._streams.update()

    def _on_error(self, error: protocol.Error) -> None:
        if error.about in ("publish", "publish-link"):
            self._streams.path.publishing.refused(error)
            return
        if error.about == "clear-filter" and error.code in ("not-filtered", "no-such-participant"):
            return  # two said so, or they have just gone: it is off, which was the wish
        if error.about == "draw-overlay" and error.code == "no-such-participant":
            return  # gone while it was on the way; the kernel will know in a moment
        key = None
        if error.about == "set-filter":
            key = self._streams.filtering.refused(error.id)
            if key is None:
                return  # the answer to what was asked last counts
            self._streams.update()
        refused = control.Refused(code=error.code, message=error.message, track=key, about=error.about, id=error.id)
        self._parent.send(refused)

    def _later(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(coroutine)
        self._background.add(task)
        task.add_done_callback(self._background.discard)


with contextlib.suppress(ImportError):  # loaded now, so that the first picture does not wait for it
    import cv2

    cv2.setNumThreads(1)  # each picture is small work; a pool of threads only costs more of it
