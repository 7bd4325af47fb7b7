import random

from rtc_notebook.rtp.assembler import WAIT_SECONDS, FrameAssembler, MediaPacket


def stream(frames, per_frame=3, first=0, keyframes=(0,)):
    """Packets of ``frames`` frames, their data saying which frame and which part they are."""
    packets = []
    for frame in range(frames):
        for part in range(per_frame):
            packets.append(
                MediaPacket(
                    sequence_number=(first + len(packets)) & 0xFFFF,
                    timestamp=(frame * 3000) & 0xFFFFFFFF,
                    marker=part == per_frame - 1,
                    data=f"{frame}.{part} ".encode(),
                    starts_keyframe=frame in keyframes and part == 0,
                )
            )
    return packets


def whole(frame, per_frame=3):
    return "".join(f"{frame}.{part} " for part in range(per_frame)).encode()


def feed(assembler, packets, now=0.0):
    return [frame.data for packet in packets for frame in assembler.add(packet, now)]


def test_a_frame_is_out_with_its_marker():
    assembler = FrameAssembler()
    packets = stream(2)
    assert feed(assembler, packets[:2]) == []
    assert feed(assembler, packets[2:3]) == [whole(0)]
    assert feed(assembler, packets[3:]) == [whole(1)]


def test_order_and_repetition_do_not_matter():
    packets = stream(20)
    order = random.Random(1)
    for _ in range(50):
        assembler, shuffled = FrameAssembler(), []
        for begin in range(0, len(packets), 6):
            block = packets[begin : begin + 6] + packets[begin : begin + 2]
            order.shuffle(block)
            shuffled += block
        assert feed(assembler, shuffled) == [whole(frame) for frame in range(20)]


def test_sequence_numbers_wrap():
    assembler = FrameAssembler()
    assert feed(assembler, stream(40, first=65_500)) == [whole(frame) for frame in range(40)]


def test_nothing_comes_out_before_a_keyframe():
    assembler = FrameAssembler()
    packets = stream(6, keyframes=(3,))
    assert feed(assembler, packets[4:9]) == []
    assert assembler.needs_keyframe
    assert feed(assembler, packets[9:]) == [whole(frame) for frame in (3, 4, 5)]


def test_a_retransmission_releases_what_waited():
    assembler = FrameAssembler()
    packets = stream(4)
    lost = packets.pop(4)
    assert feed(assembler, packets) == [whole(0)]
    assert feed(assembler, [lost], now=WAIT_SECONDS / 2) == [whole(1), whole(2), whole(3)]


def test_a_lost_packet_is_waited_for_only_so_long():
    assembler = FrameAssembler()
    packets = stream(9, keyframes=(0, 7))
    late = packets.pop(4)
    assert feed(assembler, packets[:10]) == [whole(0)]
    assert not assembler.needs_keyframe
    assert feed(assembler, packets[10:11], now=WAIT_SECONDS * 1.1) == []
    assert assembler.needs_keyframe
    assert feed(assembler, [late]) == []
    assert feed(assembler, packets[11:], now=1.0) == [whole(7), whole(8)]


def test_a_whole_keyframe_ends_the_waiting():
    assembler = FrameAssembler()
    packets = stream(5, keyframes=(0, 3))
    del packets[4]
    assert feed(assembler, packets) == [whole(0), whole(3), whole(4)]


def test_a_steady_stream_is_not_taken_for_a_gap():
    assembler = FrameAssembler()
    for at, packet in enumerate(stream(300)):
        assembler.add(packet, at * 0.02)
    assert not assembler.needs_keyframe


def test_padding_between_frames_is_no_frame():
    assembler = FrameAssembler()
    packets = stream(3)
    padding = MediaPacket(3, 0, False, b"")
    later = [MediaPacket(p.sequence_number + 1, p.timestamp, p.marker, p.data) for p in packets[3:]]
    assert feed(assembler, [*packets[:3], padding, *later]) == [whole(0), whole(1), whole(2)]


def test_memory_is_bounded_without_a_keyframe():
    assembler = FrameAssembler()
    for packet in stream(8_000, keyframes=()):
        assembler.add(packet, 0.0)
    assert len(assembler._packets) < 3000
