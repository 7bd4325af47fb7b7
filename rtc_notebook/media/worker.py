"""The kernel's participant: between the kernel's commands, the server's messages and the two connections."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Protocol

from .. import protocol
from ..errors import RtcNotebookError
from ..rtp import seam
from ..signaling import Signaling
from . import control
from .arrivals import ArrivalCounter
from .control import TrackKey
from .encoder import RealtimeVp8Encoder
from .filtering import Filtering
from .link import MediaLink
from .linked import LinkPublishing, LinkSubscribing
from .own import OwnTracks
from .publishing import Offered, Publishing
from .receiver import FrameReceiver, ReceivedFrame
from .recordings import Recordings
from .ring import RingReader
from .seen import processed, published
from .selection import Room
from .sender import Sender
from .sound import OpusEncoder
from .subscribing import Subscribing
from .tap import sending
from .tracks import IncomingTracks
from .watchdog import LOOK_SECONDS, Watchdog

logger = logging.getLogger(__name__)

REPORT_SECONDS = 1.0
SERVER_SILENT_SECONDS = 3.0
WEBRTC_AGAIN_SECONDS = (15.0, 60.0, 300.0, 900.0)
"""When WebRTC is tried again after the link had to be taken; a try that fails stops the pictures for three seconds."""
_FOR_THE_KERNEL = (
    protocol.Stats,
    protocol.Chat,
    protocol.Invites,
    protocol.Invited,
    protocol.Reaction,
    protocol.Asked,
)


class Outbox(Protocol):
    """What the worker needs of `rtc_notebook.process.child.Parent`."""

    def send(self, message: object) -> None:
        """Queue a message that must arrive."""

    def send_latest(self, key: str, message: object) -> None:
        """Queue a message of which only the newest with this key matters."""

    def send_at_once(self, message: object) -> bool:
        """Send from another thread, if nothing waits before it."""

    @property
    def behind(self) -> bool:
        """Whether the kernel has much to read yet."""


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
        self._room = Room()
        self._described = False  # whether a room came since the last welcome
        self._wanted: set[TrackKey] = set()
        self._subscribed: tuple[str, ...] | None = None
        self._background: set[asyncio.Task[None]] = set()
        self._tracks = IncomingTracks(join.directory, parent, lambda track: self._room.owner(track))
        send = self._signaling.send
        self._filtering = Filtering(send, self._tracks, join.directory, parent, self._on_command, self._later)
        self._recordings = Recordings(self._signaling.send, parent, self._update)
        self._arrivals = ArrivalCounter()
        self._tracks.on_encoded = self._on_encoded
        seam.use_rtp_classes(Sender, FrameReceiver)
        self._join = join
        self._link: MediaLink | None = None
        self._session = ""
        self._webrtc_worked = False
        self._webrtc_tries = 0
        self._again: asyncio.TimerHandle | None = None
        self._publishing: Publishing | LinkPublishing = Publishing(self._signaling.send, self._connect)
        self._own = OwnTracks(parent, self._update)
        self._subscribing: Subscribing | LinkSubscribing = Subscribing(self._signaling.send, self._tracks.bind)

    async def run(self, commands: AsyncIterator[bytes]) -> None:
        """Serve until the kernel leaves or is gone, or the room ends."""
        self._parent.send(control.State(phase="connecting"))
        talking = asyncio.ensure_future(self._talk())
        obeying = asyncio.ensure_future(self._obey(commands))
        reporting = asyncio.ensure_future(self._report())
        watching = asyncio.ensure_future(self._watch())
        try:
            await asyncio.wait((talking, obeying), return_when=asyncio.FIRST_COMPLETED)
            await self._signaling.leave()
        finally:
            for task in (talking, obeying, reporting, watching):
                task.cancel()

    async def close(self) -> None:
        """Close the connections and end the threads and processes."""
        if self._again is not None:
            self._again.cancel()
        await self._filtering.close()
        self._own.close()
        await asyncio.gather(self._publishing.close(), self._subscribing.close())
        if self._link is not None:
            await self._link.close()
        await self._recordings.close()
        self._tracks.close()

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
        if isinstance(command, control.Result):
            if command.track.participant == "":
                self._own.result(command.track, command.sequence)
            else:
                self._filtering.result(command)
        elif isinstance(command, control.Results):
            try:
                results = RingReader.open(command.path)
            except FileNotFoundError:
                return  # a larger one has taken its place already
            if command.track.participant == "":
                self._own.read_from(command.track, results)
            else:
                self._filtering.read_from(command.track, results)
        elif isinstance(command, control.Want):
            self._wanted = set(command.tracks)
            self._update()
        elif isinstance(command, control.SetFilter):
            self._filtering.set(command)
            self._update()
        elif isinstance(command, control.ClearFilter):
            self._filtering.clear(command.track)
            self._update()
        elif isinstance(command, control.Publish):
            self._own.publish(command.track)
        elif isinstance(command, control.Play):
            self._own.play(command)
        elif isinstance(command, control.Unpublish):
            self._own.unpublish(command.track)
        elif isinstance(command, control.Isolate):
            self._filtering.isolate(command)
        elif isinstance(command, control.SetValues):
            self._filtering.set_values(command)
        elif isinstance(command, control.ToServer):
            self._signaling.send(command.message)
        elif isinstance(command, (control.StartRecording, control.StopRecording, control.RecordEvent)):
            self._recordings.command(command)

    def _on_encoded(self, publication: str, receiver: FrameReceiver, frame: ReceivedFrame) -> None:
        self._arrivals.received(publication, receiver, frame)
        self._recordings.received(publication, receiver, frame)

    async def _report(self) -> None:
        while True:
            await asyncio.sleep(REPORT_SECONDS)
            self._filtering.report(self._room)
            self._own.report()
            self._parent.send_latest("arrivals", self._arrivals.report())

    async def _watch(self) -> None:
        """Make a connection anew over which nothing comes, while the server itself is heard from."""
        publish, subscribe = Watchdog(), Watchdog()
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            publishing, subscribing, now = self._publishing, self._subscribing, loop.time()
            if not isinstance(publishing, Publishing) or not isinstance(subscribing, Subscribing):
                continue
            connections = (publishing.connection, subscribing.connection)
            if any(one is not None and one.connectionState == "connected" for one in connections):
                self._webrtc_worked = True
            if self._signaling.silent > SERVER_SILENT_SECONDS:
                continue
            if publish.look(publishing.connection, now):
                publishing.renew()
            if subscribe.look(subscribing.connection, now):
                self._later(subscribing.renew())

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
        if isinstance(message, protocol.Welcome):
            self._on_welcome(message)
        elif isinstance(message, protocol.RoomState):
            self._on_room(message)
        elif isinstance(message, protocol.Offer):
            self._subscribing.offered(message)
        elif isinstance(message, protocol.PublishAnswer):
            self._publishing.answered(message)
        elif isinstance(message, protocol.Candidate):
            connection = self._publishing if message.connection == "publish" else self._subscribing
            self._later(connection.candidate(message))
        elif isinstance(message, protocol.Restarted):
            if "publish" in message.connections:
                self._publishing.start_over()
            if "subscribe" in message.connections:
                self._later(self._subscribing.start_over())
                self._subscribe_again()
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
        media = welcome.media
        self._me = welcome.participant
        self._session = welcome.session
        seam.use_encoders(
            video=lambda: RealtimeVp8Encoder(media.start_bitrate, media.max_bitrate, sending.get()),
            audio=lambda: OpusEncoder(sending.get()),
        )
        self._described = False
        self._parent.send(control.State(phase="connecting", participant=self._me, session=self._session))
        if welcome.resumed:
            self._publishing.resume()
        else:
            self._room = Room(me=self._me)
            self._take_way(media)
        self._filtering.ask_again()
        if self._recordings.active:
            self._recordings.announce()
        self._subscribe_again()

    def _take_way(self, media: protocol.MediaSettings) -> None:
        """Connect afresh: by WebRTC, or over the media link where that is what the server says or all there is."""
        if self._link is not None or media.media_link == "websocket":
            self._use_link(media)
            return
        publishing, subscribing = self._publishing, self._subscribing
        assert isinstance(publishing, Publishing) and isinstance(subscribing, Subscribing)
        self._prepare(publishing, subscribing, media)
        publishing.start_over()
        self._later(subscribing.start_over())

    def _prepare(self, publishing: Publishing, subscribing: Subscribing, media: protocol.MediaSettings) -> None:
        publishing.media = subscribing.media = media
        no_path = None if media.media_link == "webrtc" else lambda: self._no_path(media)
        publishing.on_no_path = subscribing.on_no_path = no_path

    def _no_path(self, media: protocol.MediaSettings) -> None:
        if self._link is not None:
            return
        logger.info("WebRTC finds no way to the server; pictures and sound go over a WebSocket")
        self._use_link(media)
        self._subscribe_again()
        if self._webrtc_worked and self._webrtc_tries < len(WEBRTC_AGAIN_SECONDS):  # and may do so again
            wait = WEBRTC_AGAIN_SECONDS[self._webrtc_tries]
            self._webrtc_tries += 1
            self._again = asyncio.get_running_loop().call_later(wait, self._use_webrtc, media)

    def _use_link(self, media: protocol.MediaSettings) -> None:
        where = (self._join.url, self._join.authorization, self._session)
        link = MediaLink(*where, media, self._join.subprotocols)
        publishing = LinkPublishing(self._signaling.send, self._connect, link)
        self._change_way(publishing, LinkSubscribing(self._tracks.bind, link), link)

    def _use_webrtc(self, media: protocol.MediaSettings) -> None:
        publishing = Publishing(self._signaling.send, self._connect)
        subscribing = Subscribing(self._signaling.send, self._tracks.bind)
        self._prepare(publishing, subscribing, media)
        self._change_way(publishing, subscribing, None)
        self._subscribe_again()

    def _change_way(
        self,
        publishing: Publishing | LinkPublishing,
        subscribing: Subscribing | LinkSubscribing,
        link: MediaLink | None,
    ) -> None:
        former = [self._publishing, self._subscribing, self._link]
        self._signaling.send(protocol.Restart(connection="publish"))  # its tracks keep their ids
        self._publishing, self._subscribing, self._link = publishing, subscribing, link
        if self._again is not None:
            self._again.cancel()
        for one in former:
            if one is not None:
                self._later(one.close())

    def _on_room(self, state: protocol.RoomState) -> None:
        self._room = Room(state.participants, self._me)
        self._filtering.update(self._room, {participant.id for participant in state.participants})
        self._parent.send(control.Room(participants=state.participants, locked=state.locked, waiting=state.waiting))
        if not self._described:
            self._described = True
            self._parent.send(control.State(phase="connected", participant=self._me))
        self._update()

    def _on_error(self, error: protocol.Error) -> None:
        if error.about in ("publish", "publish-link"):
            self._publishing.refused(error)
            return
        if error.about == "clear-filter" and error.code in ("not-filtered", "no-such-participant"):
            return  # two said so, or they have just gone: it is off, which was the wish
        if error.about == "draw-overlay" and error.code == "no-such-participant":
            return  # gone while it was on the way; the kernel will know in a moment
        key = None
        if error.about == "set-filter":
            key = self._filtering.refused(error.id)
            if key is None:
                return  # the answer to what was asked last counts
            self._update()
        refused = control.Refused(code=error.code, message=error.message, track=key, about=error.about, id=error.id)
        self._parent.send(refused)

    # --- towards what is wanted ------------------------------------------------------------------------

    def _update(self) -> None:
        """Subscribe to and publish what the room and the kernel's wishes come to."""
        keys = self._wanted | set(self._filtering.keys)
        carriers = {key: self._room.carrier(key) for key in keys}
        self._tracks.set_carriers({carrier: key for key, carrier in carriers.items() if carrier is not None})
        present = {one.id for one in self._room.participants}
        self._tracks.keep(keys, lambda key: self._room.raw(key) is not None, present)
        self._recordings.update(self._room, self._me, self._filtering.keys)
        carriers_wanted = {carrier for carrier in carriers.values() if carrier is not None}
        wanted = tuple(sorted(carriers_wanted | self._recordings.wanted))
        if wanted != (self._subscribed or ()):
            self._subscribed = wanted
            self._signaling.send(protocol.Subscribe(tracks=wanted, link=self._link is not None))
            if isinstance(self._subscribing, LinkSubscribing):
                self._subscribing.want(wanted)
        self._own.shown(self._room.published_by(self._me))
        offered = self._own.offered()
        for key in self._filtering.keys:
            raw = self._room.raw(key)
            if raw is not None and self._room.filtered_here(key):
                description = protocol.TrackDescription(source=key.source, of=raw.id)
                offered[raw.id] = Offered(key.kind, description)
        self._publishing.want(offered)
        self._connect()

    def _connect(self) -> None:
        self._own.connect(self._publishing.track)
        for filtered in self._filtering:
            raw = self._room.raw(filtered.key)
            outgoing = None if raw is None else self._publishing.track(raw.id)
            filtered.carry(outgoing)  # type: ignore[arg-type]  # of the key's kind, as is the filter
        self._tap()

    def _tap(self) -> None:
        """Record what goes out, under this kernel's filters or of its own, once the room shows it."""
        taps = {}
        for key, recorded in published(self._room, self._me).items():
            outgoing = self._publishing.track(str(key))
            if outgoing is not None:
                taps[outgoing.tap] = recorded
        for key, recorded in processed(self._room, self._filtering.keys).items():
            raw = self._room.raw(key)
            outgoing = None if raw is None else self._publishing.track(raw.id)
            if outgoing is not None:
                taps[outgoing.tap] = recorded
        self._recordings.tap(taps)

    def _subscribe_again(self) -> None:
        self._subscribed = None
        self._update()

    def _later(self, coroutine: object) -> None:
        task = asyncio.ensure_future(coroutine)  # type: ignore[call-overload]
        self._background.add(task)
        task.add_done_callback(self._background.discard)


with contextlib.suppress(ImportError):  # loaded now, so that the first picture does not wait for it
    import cv2

    cv2.setNumThreads(1)  # each picture is small work; a pool of threads only costs more of it
