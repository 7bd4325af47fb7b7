from __future__ import annotations

import math

import pytest

from rtc_notebook.errors import ProtocolError
from rtc_notebook.link import wire
from rtc_notebook.link.wire import Ack, Frame, Receipts, Wanted

RECORDS: list[wire.Record] = [
    Frame("t-1_x", "video", True, 2**32 - 1, 1_700_000_000.25, b"\x01\x02"),
    Frame("t2", "audio", False, 0, 0.0, b""),
    Wanted("t-1_x"),
    Ack(1.5, 0.25, 2**40),
]


def test_records_come_out_as_they_went_in():
    encoded = [wire.encode(record) for record in RECORDS]
    sent, records, media = wire.decode(wire.message(12.5, encoded))
    assert (sent, records) == (12.5, RECORDS)
    assert media == len(encoded[0]) + len(encoded[1]), "only frames are media"


def test_a_type_of_tomorrow_is_passed_over():
    unknown = (3).to_bytes(4, "big") + b"\x63\x00\x00"
    _, records, media = wire.decode(wire.message(0, [unknown, wire.encode(RECORDS[2])]))
    assert (records, media) == ([RECORDS[2]], 0)


@pytest.mark.parametrize("cut", range(1, 60))
def test_a_message_cut_short_is_refused(cut: int):
    whole = wire.message(1.0, [wire.encode(RECORDS[0]), wire.encode(RECORDS[3])])
    boundaries = {len(whole), len(whole) - len(wire.encode(RECORDS[3])), 8}
    if len(whole) - cut not in boundaries and cut < len(whole):
        with pytest.raises(ProtocolError):
            wire.decode(whole[:-cut])


@pytest.mark.parametrize(
    "data", [b"", b"x", b"\0" * 12, b"\0" * 8 + b"\0\0\0\2\1\0", b"\0" * 8 + b"\0\0\0\x03\1\0\xff"]
)
def test_nonsense_is_refused(data: bytes):
    with pytest.raises(ProtocolError):
        wire.decode(data)


@pytest.mark.parametrize("captured", [math.nan, math.inf, -math.inf, 2.0**32, 1e308])
def test_a_time_that_there_is_not_is_refused(captured: float):
    with pytest.raises(ProtocolError):
        wire.decode(wire.message(0, [wire.encode(Frame("t", "video", True, 0, captured, b"x"))]))


@pytest.mark.parametrize("captured", [0.0, 2.0**32 - 1, -2_208_988_800.0 - 2**31 / 48_000])
def test_any_time_that_a_sender_report_may_tell_is_taken(captured: float):
    _, [record], _ = wire.decode(wire.message(0, [wire.encode(Frame("t", "video", True, 0, captured, b"x"))]))
    assert isinstance(record, Frame) and record.captured == captured


def test_an_acknowledgement_is_not_read_into_the_next_record():
    short = (1).to_bytes(4, "big") + b"\x04"
    with pytest.raises(ProtocolError):
        wire.decode(wire.message(0, [short, wire.encode(RECORDS[3])]))


def test_so_many_records_and_no_more():
    one = wire.encode(RECORDS[2])
    assert len(wire.decode(wire.message(0, [one] * wire.MAX_RECORDS))[1]) == wire.MAX_RECORDS
    with pytest.raises(ProtocolError):
        wire.decode(wire.message(0, [one] * (wire.MAX_RECORDS + 1)))


def test_an_acknowledgement_tells_how_long_it_waited():
    receipts = Receipts()
    assert receipts.take(0) is None
    receipts.add(7.0, 100, 1.0)
    receipts.add(8.0, 50, 2.0)
    receipts.add(9.0, 0, 2.5)
    assert receipts.take(3.0) == Ack(8.0, 1.0, 150)
    assert not receipts.due


def test_the_bytes_are_those_that_browsers_make():
    records: list[wire.Record] = [
        Frame("t1", "video", True, 7, 1_700_000_000.25, b"\xff\xee"),
        Wanted("t1"),
        Ack(1.5, 0.25, 2**40),
    ]
    # the same as in tests/static/link.test.js
    assert wire.message(12.5, map(wire.encode, records)).hex() == (
        "40290000000000000000001301010274310000000741d954fc40100000ffee000000040302743100000019043ff80000000000003f"
        "d00000000000000000010000000000"
    )
