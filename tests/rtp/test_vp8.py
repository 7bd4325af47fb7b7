"""A VP8 frame in RTP payloads."""

from rtc_notebook.rtp import vp8


def test_a_frame_is_split_and_only_its_first_payload_begins_it():
    frame = bytes(range(256)) * 12
    payloads = vp8.packetize(frame, 0x8005)
    assert b"".join(payload[4:] for payload in payloads) == frame
    assert [payload[0] for payload in payloads] == [0x90, 0x80, 0x80]
    assert {payload[1:4] for payload in payloads} == {b"\x80\x80\x05"}
    assert max(map(len, payloads)) <= vp8.PAYLOAD_BYTES


def test_a_keyframe_is_known_by_its_first_payload():
    header = bytes([0x10, 0, 0, 0x9D, 0x01, 0x2A]) + (1280).to_bytes(2, "little") + (720).to_bytes(2, "little")
    first, *others = vp8.packetize(header + bytes(3000), 7)
    assert vp8.keyframe_size(first) == (1280, 720)
    assert not any(vp8.keyframe_size(payload) for payload in others)
