"""Checks of a Jupyter server's SFU from here: over UDP as in a call, and through the media link's WebSocket."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from aiortc import RTCSessionDescription
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from rtc_notebook import __version__, protocol
from rtc_notebook.errors import ProtocolError, RtcNotebookError
from rtc_notebook.link import wire
from rtc_notebook.media import peer
from rtc_notebook.media.link import media_url
from rtc_notebook.rtp import seam
from rtc_notebook.signaling import is_loopback

from .finding import Finding
from .visit import ANSWER_SECONDS, Visit

PICTURE_BYTES = 100_000
"""As much as a picture of 1280x720 that refers to no other: what a proxy does not let through is seen."""

_CANDIDATE = re.compile(r"a=candidate:\S+ 1 udp \d+ (?P<address>\S+) (?P<port>\d+) typ (?P<type>\w+)")
_LINK_ALONE = "not asked: this server has everybody use the WebSocket (media_link = 'websocket')"
_NO_LINK = "not asked: this server has nobody use it (media_link = 'webrtc')"


async def sfu(visit: Visit) -> AsyncIterator[Finding]:
    """Say how that server's SFU is, and how media gets there."""
    welcome = visit.welcome
    if welcome.server_version == __version__:
        yield Finding("WebSocket", "ok", f"signaling works; rtc-notebook {__version__} on both sides")
    else:
        text = f"the server has rtc-notebook {welcome.server_version}, this environment {__version__}; same is safer"
        yield Finding("WebSocket", "note", text)
    yield await _health(visit)
    way = welcome.media.media_link
    yield Finding("UDP", "note", _LINK_ALONE) if way == "websocket" else await _udp(visit)
    yield Finding("Media over WebSocket", "note", _NO_LINK) if way == "webrtc" else await _link(visit)


async def _health(visit: Visit) -> Finding:
    try:
        process = (await visit.ask(protocol.GetStats(id=1), protocol.Stats)).stats.get("process", {})
    except RtcNotebookError as error:
        return Finding("SFU", "fail", f"does not answer: {error}")
    memory = f" in {process['rss_bytes'] / 1e6:.0f} MB" if "rss_bytes" in process else ""
    return Finding("SFU", "ok", f"runs there{memory}; {visit.entered:.1f} s from hello to welcome, its start included")


async def _udp(visit: Visit) -> Finding:
    """Connect as a kernel does that publishes a picture."""
    media = visit.welcome.media
    found: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def decide(connected: bool) -> None:
        if not found.done():
            found.set_result(connected)

    connection = peer.new_connection(media, lambda: decide(False), lambda: decide(False))

    def changed() -> None:
        if connection.connectionState == "connected":
            decide(True)

    connection.on("connectionstatechange", changed)
    try:
        transceiver = connection.addTransceiver("video", direction="sendonly")
        await connection.setLocalDescription(await connection.createOffer())
        tracks = {str(transceiver.mid): protocol.TrackDescription(source="kernel", label="doctor")}
        offer = protocol.Publish(id=2, sdp=connection.localDescription.sdp, tracks=tracks)
        begun = time.monotonic()
        answer = (await visit.ask(offer, protocol.PublishAnswer)).sdp
        await connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        connected, seconds = await found, time.monotonic() - begun
        pair = seam.chosen_pair(transceiver.sender.transport)
    except (RtcNotebookError, OSError) as error:
        return Finding("UDP", "fail", f"not seen, since the SFU took no offer: {error}")
    finally:
        await peer.close(connection)
    if connected and pair is not None:
        return _connected(visit, seconds, *pair)
    return _unconnected(media, offer.sdp, answer)


def _connected(visit: Visit, seconds: float, local: Any, remote: Any) -> Finding:
    through = " through TURN" if local.type == "relay" else ""
    to = f"{_place(remote.host, remote.port)} ({local.type} to {remote.type})"
    text = f"connected{through} after {seconds:.2f} s to {to}"
    if is_loopback(visit.server.url):
        text += ". How it is from elsewhere, the same says there, with --server=, or the call's button under People"
    return Finding("UDP", "ok", text)


def _unconnected(media: protocol.MediaSettings, offer: str, answer: str) -> Finding:
    named = list(dict.fromkeys(f"{_place(m['address'], m['port'])} ({m['type']})" for m in _CANDIDATE.finditer(answer)))
    text = f"no way found within the {peer.PATIENCE_SECONDS:g} s that a call waits. "
    if not _CANDIDATE.search(offer):
        text += "This side has no address to offer: is there a network, or, with ice_transport_policy = 'relay', TURN?"
    else:
        text += (
            f"The SFU says that it is at {', '.join(named) or 'no address at all'}. Let UDP through to there "
            "(udp_ports says to which ports), name addresses that can be reached from here (announced_addresses), or "
            "configure TURN (turn_urls)."
        )
    if media.media_link == "webrtc":
        return Finding("UDP", "fail", text)
    return Finding("UDP", "note", f"{text} Until then pictures and sound go over the WebSocket.")


def _place(address: str, port: int | str) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


async def _link(visit: Visit) -> Finding:
    """Send a picture's worth over the media link, and wait until the SFU says that it has come."""
    subject, server, url = "Media over WebSocket", visit.server, media_url(visit.url)
    try:
        async with connect(
            url,
            additional_headers={"Authorization": server.authorization} if server.authorization else {},
            subprotocols=[Subprotocol(one) for one in server.subprotocols] or None,
            open_timeout=ANSWER_SECONDS,
            compression=None,
            **({"proxy": None} if is_loopback(url) else {}),  # type: ignore[arg-type]
        ) as socket:
            await socket.send(msgspec.json.encode({"session": visit.welcome.session}).decode())
            await asyncio.wait_for(socket.recv(), ANSWER_SECONDS)  # that it is open
            begun = time.monotonic()
            picture = wire.encode(wire.Frame("doctor", "video", True, 0, 0.0, bytes(PICTURE_BYTES)))
            await socket.send(wire.message(begun, [picture]))
            await asyncio.wait_for(_receipt(socket), ANSWER_SECONDS)
            seconds = time.monotonic() - begun
    except asyncio.TimeoutError:
        text = (
            f"nothing comes back within {ANSWER_SECONDS:g} s. A proxy in between must pass WebSockets on and hold "
            "nothing back (nginx: proxy_buffering off)."
        )
        return Finding(subject, "fail", text)
    except ConnectionClosed as error:
        text = f"its socket was closed ({error}). A proxy in between may limit how large messages are."
        return Finding(subject, "fail", text)
    except (OSError, InvalidHandshake, ProtocolError) as error:
        text = (
            f"its socket does not open ({error}). A proxy in between may limit how many there are, or their addresses."
        )
        return Finding(subject, "fail", text)
    return Finding(
        subject, "ok", f"{PICTURE_BYTES // 1000} kB got to the SFU, and its receipt back, in {seconds * 1000:.0f} ms"
    )


async def _receipt(socket: Any) -> None:
    while True:
        data = await socket.recv()
        if isinstance(data, bytes) and any(isinstance(record, wire.Ack) for record in wire.decode(data)[1]):
            return
