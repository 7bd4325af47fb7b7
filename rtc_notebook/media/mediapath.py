"""Which way pictures and sound take to the server: WebRTC, or the media link where that finds none."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Coroutine
from typing import Any

from .. import protocol
from ..signaling import Signaling
from . import control
from .link import MediaLink
from .linked import LinkPublishing, LinkSubscribing
from .publishing import Publishing
from .subscribing import Subscribing
from .watchdog import LOOK_SECONDS, Watchdog

logger = logging.getLogger(__name__)

SERVER_SILENT_SECONDS = 3.0
WEBRTC_AGAIN_SECONDS = (15.0, 60.0, 300.0, 900.0)
"""When WebRTC is tried again after the link had to be taken; a try that fails stops the pictures for three seconds."""

STEADY_SECONDS = 300.0
"""WebRTC that held for so long is tried again as at first when it breaks: a call may last for weeks."""


class MediaPath:
    """The two halves of the way there is at the moment, and the change from one way to the other.

    Parameters
    ----------
    signaling : Signaling
        Carries what is said of the way, and says whether the server is heard from.
    join : Join
        Where the server is.
    bind : callable
        Called with a track's id and a receiver that begins to carry it.
    on_change : callable
        Called when ``publishing.track`` may return something else.
    on_new_way : callable
        Called when what is wanted has to be asked for anew, another way.
    later : callable
        Runs a coroutine to its end.

    Attributes
    ----------
    publishing, subscribing : object
        What goes out and what comes in, as they are at the moment.
    session : str
        From the newest welcome; a media link says it.
    """

    def __init__(
        self,
        signaling: Signaling,
        join: control.Join,
        bind: Callable[[str, Any], None],
        on_change: Callable[[], None],
        on_new_way: Callable[[], None],
        later: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._signaling = signaling
        self._join = join
        self._bind = bind
        self._on_change = on_change
        self._on_new_way = on_new_way
        self._later = later
        self.session = ""
        self.publishing: Publishing | LinkPublishing = Publishing(signaling.send, on_change)
        self.subscribing: Subscribing | LinkSubscribing = Subscribing(signaling.send, bind)
        self._link: MediaLink | None = None
        self._watchdog = Watchdog()  # of what comes in
        self._webrtc_worked = False
        self._webrtc_tries = 0
        self._connected_at: float | None = None
        self._again: asyncio.TimerHandle | None = None

    def take(self, media: protocol.MediaSettings) -> None:
        """Connect afresh: by WebRTC, or over the media link where that is what the server says or all there is."""
        if self._link is not None or media.media_link == "websocket":
            self._use_link(media)
            return
        publishing, subscribing = self.publishing, self.subscribing
        assert isinstance(publishing, Publishing) and isinstance(subscribing, Subscribing)
        self._prepare(publishing, subscribing, media)
        publishing.start_over()
        self._later(subscribing.start_over())

    def want(self, tracks: tuple[str, ...]) -> None:
        """Receive these tracks and no others."""
        self._signaling.send(protocol.Subscribe(tracks=tracks, link=self._link is not None))
        if isinstance(self.subscribing, LinkSubscribing):
            self.subscribing.want(tracks)

    def candidate(self, message: protocol.Candidate) -> None:
        """Take a candidate of the SFU's."""
        connection = self.publishing if message.connection == "publish" else self.subscribing
        self._later(connection.candidate(message))

    async def watch(self) -> None:
        """Make a connection anew over which nothing comes, while the server itself is heard from."""
        publish, subscribe = Watchdog(), self._watchdog
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            publishing, subscribing, now = self.publishing, self.subscribing, loop.time()
            if not isinstance(publishing, Publishing) or not isinstance(subscribing, Subscribing):
                continue
            connections = (publishing.connection, subscribing.connection)
            self._note(any(one is not None and one.connectionState == "connected" for one in connections), now)
            if self._signaling.silent > SERVER_SILENT_SECONDS:
                continue
            if publish.look(publishing.connection, now):
                publishing.renew()
            if subscribe.look(subscribing.connection, now):
                self._later(subscribing.renew())

    def _note(self, connected: bool, now: float) -> None:
        """Note whether WebRTC works at the moment."""
        if not connected:
            self._connected_at = None
            return
        self._webrtc_worked = True
        self._connected_at = now if self._connected_at is None else self._connected_at
        if now - self._connected_at >= STEADY_SECONDS:
            self._webrtc_tries = 0

    @property
    def quiet(self) -> float:
        """Seconds since anything came over the way there is; infinite while nothing can."""
        if self._signaling.silent > SERVER_SILENT_SECONDS:
            return math.inf
        return self._watchdog.quiet(asyncio.get_running_loop().time()) if self._link is None else self._link.quiet

    def stay(self) -> None:
        """Try WebRTC no more by itself."""
        if self._again is not None:
            self._again.cancel()

    async def close(self) -> None:
        """Close the connections."""
        await asyncio.gather(self.publishing.close(), self.subscribing.close())
        if self._link is not None:
            await self._link.close()

    def _prepare(self, publishing: Publishing, subscribing: Subscribing, media: protocol.MediaSettings) -> None:
        publishing.media = subscribing.media = media
        no_path = None if media.media_link == "webrtc" else lambda: self._no_path(media)
        publishing.on_no_path = subscribing.on_no_path = no_path

    def _no_path(self, media: protocol.MediaSettings) -> None:
        if self._link is not None:
            return
        logger.info("WebRTC finds no way to the server; pictures and sound go over a WebSocket")
        self._use_link(media)
        self._on_new_way()
        if self._webrtc_worked and self._webrtc_tries < len(WEBRTC_AGAIN_SECONDS):  # and may do so again
            wait = WEBRTC_AGAIN_SECONDS[self._webrtc_tries]
            self._webrtc_tries += 1
            self._again = asyncio.get_running_loop().call_later(wait, self._use_webrtc, media)

    def _use_link(self, media: protocol.MediaSettings) -> None:
        where = (self._join.url, self._join.authorization, self.session)
        link = MediaLink(*where, media, self._join.subprotocols)
        publishing = LinkPublishing(self._signaling.send, self._on_change, link)
        self._change_way(publishing, LinkSubscribing(self._bind, link), link)

    def _use_webrtc(self, media: protocol.MediaSettings) -> None:
        publishing = Publishing(self._signaling.send, self._on_change)
        subscribing = Subscribing(self._signaling.send, self._bind)
        self._prepare(publishing, subscribing, media)
        self._change_way(publishing, subscribing, None)
        self._on_new_way()

    def _change_way(
        self,
        publishing: Publishing | LinkPublishing,
        subscribing: Subscribing | LinkSubscribing,
        link: MediaLink | None,
    ) -> None:
        former = [self.publishing, self.subscribing, self._link]
        self._signaling.send(protocol.Restart(connection="publish"))  # its tracks keep their ids
        self.publishing, self.subscribing, self._link = publishing, subscribing, link
        self._connected_at = None
        self.stay()
        for one in former:
            if one is not None:
                self._later(one.close())
