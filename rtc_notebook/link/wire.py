"""What crosses the media link: each binary WebSocket message holds its sender's time and any number of records.

All numbers are big-endian. A message is ``sent`` (float64, seconds of the sender's own clock) and then records: a
length (uint32, of what follows it), a type (uint8) and a body:

====  ==========  ==============================================================================================
type  record      body
====  ==========  ==============================================================================================
1     picture     uint8 1 if a keyframe, uint8 and ASCII track id, uint32 RTP timestamp (90 kHz), float64 captured
                  (seconds since the epoch by its publisher's clock, 0 if unknown), a VP8 frame (RFC 6386)
2     sound       the same at 48 kHz, with one Opus packet (RFC 6716)
3     wanted      uint8 and ASCII track id: send a keyframe of it
4     ack         float64 ``sent`` of the newest message with media that came, float64 seconds between its coming and
                  this, uint64 bytes of media records that came so far
====  ==========  ==============================================================================================

Only pictures and sound count as media and are acknowledged. Where the SFU has nothing else to say it sends a message
without records, once a second, so that a link that is dead is told from one that is quiet.
"""

from __future__ import annotations

from collections.abc import Iterable
from struct import Struct
from struct import error as StructError
from typing import NamedTuple

from ..errors import ProtocolError
from ..protocol import Kind

MAX_MESSAGE_BYTES = 4 * 1024 * 1024
MAX_RECORDS = 4096
"""In one message; to take one apart must not take long."""

MAX_CAPTURED = 2.0**32
"""Seconds from the epoch, either way: any NTP time that a sender report may hold (RFC 3550, 6.4.1) is among them."""

PICTURE, SOUND, WANTED, ACK = 1, 2, 3, 4

_sent = Struct("!d")
_head = Struct("!IB")
_pair = Struct("!BB")
_times = Struct("!Id")
_ack = Struct("!ddQ")


class Frame(NamedTuple):
    """An encoded picture, or one packet of sound."""

    track: str
    kind: Kind
    keyframe: bool
    timestamp: int
    captured: float
    data: bytes


class Wanted(NamedTuple):
    """A wish for a keyframe."""

    track: str


class Ack(NamedTuple):
    """What has come: ``received`` bytes of media; ``echo`` and ``held`` tell the round trip."""

    echo: float
    held: float
    received: int


Record = Frame | Wanted | Ack


def encode(record: Record) -> bytes:
    """Return a record with its length."""
    if isinstance(record, Frame):
        track = record.track.encode("ascii")
        body = _pair.pack(record.keyframe, len(track)) + track + _times.pack(record.timestamp, record.captured)
        type, body = PICTURE if record.kind == "video" else SOUND, body + record.data
    elif isinstance(record, Wanted):
        track = record.track.encode("ascii")
        type, body = WANTED, bytes((len(track),)) + track
    else:
        type, body = ACK, _ack.pack(*record)
    return _head.pack(len(body) + 1, type) + body


def message(sent: float, records: Iterable[bytes]) -> bytes:
    """Return encoded records as one message."""
    return _sent.pack(sent) + b"".join(records)


def decode(data: bytes) -> tuple[float, list[Record], int]:
    """Return a message's ``sent``, its records, and how many bytes of media were among them.

    Raises
    ------
    ProtocolError
        If it is none.
    """
    try:
        (sent,) = _sent.unpack_from(data)
        at, media, count, records = _sent.size, 0, 0, list[Record]()
        while at < len(data):
            length, type = _head.unpack_from(data, at)
            body, end = at + _head.size, at + 4 + length
            if length < 1 or end > len(data):
                raise ValueError("a record is longer than its message")
            if type in (PICTURE, SOUND):
                keyframe, size = _pair.unpack_from(data, body)
                text, times = body + _pair.size, body + _pair.size + size
                timestamp, captured = _times.unpack_from(data, times)
                if times + _times.size > end:
                    raise ValueError("a frame is shorter than its head")
                if not -MAX_CAPTURED < captured < MAX_CAPTURED:  # NaN is not, either
                    raise ValueError("a frame was captured at no time there is")
                track = data[text:times].decode("ascii")
                frame = data[times + _times.size : end]
                kind: Kind = "video" if type == PICTURE else "audio"
                records.append(Frame(track, kind, bool(keyframe), timestamp, captured, frame))
                media += end - at
            elif type == WANTED:
                records.append(Wanted(data[body + 1 : end].decode("ascii")))
            elif type == ACK:
                if body + _ack.size > end:
                    raise ValueError("an acknowledgement is shorter than it should be")
                records.append(Ack(*_ack.unpack_from(data, body)))
            count += 1
            if count > MAX_RECORDS:
                raise ValueError(f"it has more than {MAX_RECORDS} records")
            at = end  # a type that is not known is passed over
    except (ValueError, IndexError, StructError) as error:
        raise ProtocolError("bad-media", f"The media message cannot be read: {error}.") from None
    return sent, records, media


class Receipts:
    """Keeps what is to be acknowledged, in seconds of any steady clock."""

    def __init__(self) -> None:
        self._received = 0
        self._echo = 0.0
        self._came: float | None = None

    def add(self, sent: float, media: int, now: float) -> None:
        """Note a message that came with so many bytes of media."""
        if media:
            self._received += media
            self._echo, self._came = sent, now

    @property
    def due(self) -> bool:
        """Whether something came that is not acknowledged."""
        return self._came is not None

    def take(self, now: float) -> Ack | None:
        """Return the acknowledgement that is due."""
        if self._came is None:
            return None
        held, self._came = now - self._came, None
        return Ack(self._echo, held, self._received)
