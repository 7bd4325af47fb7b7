"""Session descriptions: what the SFU refuses, and what it adds for a publisher's quality."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence

from aiortc.sdp import MediaDescription, SessionDescription

from rtc_notebook.errors import SfuError
from rtc_notebook.protocol import Kind
from rtc_notebook.rtp.seam import FORWARDED

from . import candidates

MAX_SECTIONS = 64


def parse(text: str) -> SessionDescription:
    """Read an offer or answer and check what aiortc would stumble over half-way.

    Raises
    ------
    SfuError
        ``"bad-sdp"`` if the text is no description, or not one that a room can take.
    """
    try:
        description = SessionDescription.parse(text)
    except Exception as error:  # aiortc's parser raises whatever it stumbles over
        raise _bad(f"it cannot be read ({type(error).__name__}: {error})") from None
    if not description.media:
        raise _bad("it has no media section; offer sound or a picture")
    if len(description.media) > MAX_SECTIONS:
        raise _bad(f"it has more than {MAX_SECTIONS} media sections; reuse idle ones")
    mids = [media.rtp.muxId for media in description.media]
    if len(set(mids)) != len(mids) or not all(0 < len(mid) <= 16 for mid in mids):
        raise _bad("each media section needs a mid of its own, of 1 to 16 characters")
    for media in description.media:
        _check(media)
    return description


def check_tracks(description: SessionDescription, tracks: Mapping[str, tuple[str, Kind]]) -> None:
    """Check that the tracks named are in the offer.

    Raises
    ------
    SfuError
        ``"unknown-mid"`` or ``"bad-track"``.
    """
    kinds = {media.rtp.muxId: media.kind for media in description.media}
    for mid, (track, kind) in tracks.items():
        if mid not in kinds:
            raise SfuError("unknown-mid", f"The offer has no media section with mid {mid!r}; name only its own.")
        if kinds[mid] != kind:
            raise SfuError("bad-track", f"Track {track!r} is {kind}, but mid {mid!r} is {kinds[mid]}.")
    if len({track for track, _ in tracks.values()}) != len(tracks):
        raise SfuError("bad-track", "Each track can be sent on one mid only.")


def username(description: SessionDescription) -> str | None:
    """Return the ICE user name fragment; another one than before means another connection."""
    ice = description.media[0].ice
    return ice.usernameFragment if ice is not None else None


def for_publisher(text: str, start_bitrate: int, max_bitrate: int) -> str:
    """Add to an answer that a browser may send at full quality at once, and Opus with its error correction."""

    def picture(match: re.Match[str]) -> str:
        low, start, high = (bitrate // 1000 for bitrate in (min(300_000, start_bitrate), start_bitrate, max_bitrate))
        return (
            f"{match[0]}a=fmtp:{match[1]} x-google-start-bitrate={start};"
            f"x-google-max-bitrate={high};x-google-min-bitrate={low}\r\n"
        )

    text = re.sub(r"a=rtpmap:(\d+) VP8/90000\r\n", picture, text)
    return re.sub(r"a=rtpmap:(\d+) opus/48000/2\r\n", r"\g<0>a=fmtp:\1 minptime=10;useinbandfec=1\r\n", text)


def announce(text: str, addresses: Sequence[str]) -> str:
    """Add to each UDP host candidate those that a NAT maps to it: same port, another address (RFC 8445, 5.1.1.1)."""
    if not addresses:
        return text

    def also(match: re.Match[str]) -> str:
        lines = [match[0]]
        version = ipaddress.ip_address(match["address"]).version
        for number, address in enumerate(addresses):
            if ipaddress.ip_address(address).version == version:
                lines.append(
                    f"a=candidate:announced{number}{match['foundation']} {match['component']} udp "
                    f"{int(match['priority']) - 1 - number} {address} {match['port']} typ host\r\n"
                )
        return "".join(lines)

    return _HOST_CANDIDATE.sub(also, text)


_HOST_CANDIDATE = re.compile(
    r"a=candidate:(?P<foundation>\S+) (?P<component>\d+) udp (?P<priority>\d+) (?P<address>\S+) (?P<port>\d+) "
    r"typ host\r\n"
)


def _check(media: MediaDescription) -> None:
    name = f"media section {media.rtp.muxId!r}"
    if media.kind not in FORWARDED:
        raise _bad(f"{name} is {media.kind!r}; only audio and video are carried")
    if media.ice is None or not media.ice.usernameFragment or not media.ice.password:
        raise _bad(f"{name} has no ICE user name and password")
    if media.dtls is None or not media.dtls.fingerprints:
        raise _bad(f"{name} has no DTLS fingerprint")
    if not media.rtcp_mux:
        raise _bad(f"{name} does not multiplex RTCP")
    if len(media.ice_candidates) > candidates.MAX_CANDIDATES:
        raise _bad(f"{name} has more than {candidates.MAX_CANDIDATES} candidates")
    for one in media.ice_candidates:
        candidates.check(one.ip, one.port, one.protocol)
    wanted = FORWARDED[media.kind].lower()
    if not any(codec.mimeType.lower() == wanted for codec in media.rtp.codecs):
        raise _bad(f"{name} does not offer {FORWARDED[media.kind].split('/')[1]}")


def _bad(why: str) -> SfuError:
    return SfuError("bad-sdp", f"The session description cannot be used: {why}.")
