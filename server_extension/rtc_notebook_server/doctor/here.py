"""Checks of this environment: versions, codecs, and an SFU process that a connection is made to."""

from __future__ import annotations

import asyncio
import importlib
import platform
import time
from collections.abc import Iterator
from fractions import Fraction
from importlib.metadata import PackageNotFoundError, version

import av
import numpy as np
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from rtc_notebook.errors import RtcNotebookError
from rtc_notebook.protocol import MediaSettings

from ..sfu.base import Network
from ..sfu.embedded import EmbeddedEngine
from .finding import Finding

_PACKAGES = ("rtc-notebook", "aiortc", "av", "jupyter-server", "anywidget")
CONNECT_SECONDS = 10.0


def versions() -> Iterator[Finding]:
    """Say which versions there are, and whether OpenCV loads."""
    found = [f"Python {platform.python_version()}"]
    for package in _PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            yield Finding(package, "fail", f"is not installed here. `pip install {package}`.")
    yield Finding("versions", "ok", ", ".join(found))
    try:
        importlib.import_module("cv2")
    except ImportError as error:
        text = (
            f"cannot be loaded ({error}): calls work, OpenCV filters do not. `apt-get install libgl1 libglib2.0-0`, "
            "or `pip install opencv-python-headless` in place of opencv-python."
        )
        yield Finding("OpenCV", "note", text)


def codecs() -> Iterator[Finding]:
    """Encode and decode a picture and some sound."""
    try:
        encoder = av.CodecContext.create("libvpx", "w")
        encoder.width, encoder.height, encoder.pix_fmt = 320, 180, "yuv420p"
        encoder.time_base = Fraction(1, 90_000)
        picture = av.VideoFrame.from_ndarray(np.full((270, 320), 128, np.uint8), "yuv420p")
        picture.pts = 0
        packets = [*encoder.encode(picture), *encoder.encode(None)]
        decoder = av.CodecContext.create("vp8", "r")
        seen = sum(len(decoder.decode(packet)) for packet in packets)
        sound = av.CodecContext.create("libopus", "w")
        sound.sample_rate, sound.layout, sound.format = 48_000, "stereo", "s16"
        sound.open()
    except (av.FFmpegError, ValueError) as error:
        yield Finding("codecs", "fail", f"VP8 and Opus do not both work ({error}): `pip install --force-reinstall av`.")
        return
    if seen:
        yield Finding("codecs", "ok", "VP8 and Opus work")
    else:
        yield Finding("codecs", "fail", "VP8 decodes nothing: `pip install --force-reinstall av`.")


async def sfu(network: Network) -> Finding:
    """Start an SFU process and connect to it over UDP, as a participant on this machine would."""
    engine = EmbeddedEngine(MediaSettings(), network)
    begun = time.monotonic()
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
    try:
        await engine.start(lambda reason: None)
        ready = time.monotonic() - begun
        seat = await engine.join("doctor", lambda event: None)
        connected = asyncio.Event()

        def changed() -> None:
            if connection.connectionState == "connected":
                connected.set()

        connection.on("connectionstatechange", changed)
        transceiver = connection.addTransceiver("video", direction="sendonly")
        await connection.setLocalDescription(await connection.createOffer())
        offer = connection.localDescription.sdp
        begun = time.monotonic()
        answer = await seat.publish(offer, {str(transceiver.mid): ("doctor-picture", "video")})
        await connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        await asyncio.wait_for(connected.wait(), CONNECT_SECONDS)
    except asyncio.TimeoutError:
        text = (
            f"started, but nothing connects to it over UDP within {CONNECT_SECONDS:g} s, not even from this machine: "
            "is there a network interface besides loopback, and do udp_ports leave room?"
        )
        return Finding("SFU", "fail", text)
    except (RtcNotebookError, OSError) as error:
        return Finding("SFU", "fail", f"does not run: {error}")
    finally:
        await connection.close()
        await engine.close()
    return Finding("SFU", "ok", f"ready after {ready:.1f} s, connected over UDP after {time.monotonic() - begun:.2f} s")
