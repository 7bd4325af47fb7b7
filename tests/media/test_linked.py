"""What comes over a media link, as the rest of a worker has it."""

from __future__ import annotations

import asyncio
import gc
import time
import weakref
from types import SimpleNamespace

import av
import pytest

from rtc_notebook.link import wire
from rtc_notebook.media.arrivals import ArrivalCounter
from rtc_notebook.media.encoder import RealtimeVp8Encoder
from rtc_notebook.media.linked import LinkPublishing, LinkReceiver, LinkSubscribing
from rtc_notebook.media.outgoing import OutgoingVideo
from rtc_notebook.media.publishing import Offered
from rtc_notebook.media.receiver import ReceivedFrame
from rtc_notebook.protocol import MediaSettings, PublishAnswer, TrackDescription
from rtc_notebook.rtp.clocks import SenderClock


def frame(timestamp: int, captured: float, *, keyframe: bool = False) -> wire.Frame:
    return wire.Frame("t", "video", keyframe, timestamp & 0xFFFFFFFF, captured, b"picture")


def received(receiver: LinkReceiver, *frames: wire.Frame, clock: SenderClock | None = None) -> list[ReceivedFrame]:
    came: list[ReceivedFrame] = []
    receiver.bind(came.append, clock)
    for one in frames:
        receiver.take(one)
    return came


def test_capture_times_are_brought_to_this_machines_clock():
    now, wrong = time.time(), 3600.0
    (good,) = received(LinkReceiver(lambda: None), frame(0, now - 0.1))
    assert good.captured == pytest.approx(now - 0.1), "a clock that makes sense is believed"
    clock = SenderClock()
    first, second = received(
        LinkReceiver(lambda: None), frame(0, now - wrong), frame(2970, now - wrong - 0.033), clock=clock
    )
    assert first.captured == pytest.approx(first.arrived, abs=0.01), "one that is an hour off is not"
    assert first.captured - second.captured == pytest.approx(0.033, abs=0.02), "and its intervals are kept"
    (sound,) = received(LinkReceiver(lambda: None), frame(0, now - wrong), clock=clock)
    assert sound.captured == pytest.approx(first.captured, abs=0.05), "all tracks of a sender share its clock"
    (unknown,) = received(LinkReceiver(lambda: None), frame(0, 0.0))
    assert unknown.captured == unknown.arrived


def test_its_arrivals_are_counted_as_those_over_webrtc():
    receiver, counter = LinkReceiver(lambda: None), ArrivalCounter()
    for one in received(receiver, frame(0xFFFFF000, time.time(), keyframe=True), frame(0x1000, time.time())):
        counter.received("t", receiver, one)  # type: ignore[arg-type]
    (arrival,) = counter.report().tracks
    assert arrival.lost == 0 and arrival.jitter > 0 and arrival.fps > 0


def test_a_lost_decoder_waits_for_a_keyframe():
    asked: list[bool] = []
    receiver = LinkReceiver(lambda: asked.append(True))
    receiver.request_keyframe()
    came = received(receiver, frame(0, 1.0), frame(3000, 1.0, keyframe=True), frame(6000, 1.0))
    assert asked == [True] and [one.encoded.keyframe for one in came] == [True, False]


def test_what_is_not_wanted_any_more_lets_go_of_its_decoder_at_once():
    class Decoder:
        def __init__(self, receiver: LinkReceiver) -> None:
            self.receiver = receiver  # which it asks for keyframes

        def take(self, frame: ReceivedFrame) -> None: ...

    decoders: list[weakref.ref[Decoder]] = []

    def bind(track: str, receiver: LinkReceiver) -> None:
        decoder = Decoder(receiver)
        decoders.append(weakref.ref(decoder))
        receiver.bind(decoder.take)

    subscribing = LinkSubscribing(bind, SimpleNamespace(want=lambda track: None))  # type: ignore[arg-type]
    gc.disable()
    try:
        subscribing.want(["a", "b"])
        subscribing.want(["b"])
        assert [decoder() is None for decoder in decoders] in ([True, False], [False, True])
        subscribing.want([])
        assert [decoder() is None for decoder in decoders] == [True, True]
    finally:
        gc.enable()


async def test_what_is_not_sent_any_more_lets_go_of_its_pictures_at_once():
    link = SimpleNamespace(media=MediaSettings(), ready=lambda: True, share=lambda pictures: 500_000)
    publishing = LinkPublishing(lambda message: None, lambda: None, link)  # type: ignore[arg-type]
    publishing.want({"raw": Offered("video", TrackDescription(source="camera", of="raw"))})
    publishing.answered(PublishAnswer(id=1, sdp="", tracks={"raw": "t"}))
    await asyncio.sleep(0)  # it waits for a picture now
    track = weakref.ref(publishing.track("raw"))  # type: ignore[type-var]
    gc.disable()
    try:
        publishing.want({})
        for _ in range(5):
            await asyncio.sleep(0)
        assert track() is None
    finally:
        gc.enable()


async def test_a_picture_that_would_not_get_out_is_not_even_encoded(monkeypatch: pytest.MonkeyPatch) -> None:
    encoded: list[tuple[int, bool]] = []

    def encode(self: RealtimeVp8Encoder, picture: av.VideoFrame, keyframe: bool = False) -> tuple[list[bytes], int]:
        encoded.append((self.target_bitrate, keyframe))
        return [b"\x90\x80\x80\x01\x10picture"], picture.pts or 0

    monkeypatch.setattr(RealtimeVp8Encoder, "encode", encode)
    ready, sent, asked = True, list[wire.Frame](), asyncio.Event()

    def is_ready() -> bool:
        asked.set()
        return ready

    link = SimpleNamespace(
        media=MediaSettings(start_bitrate=1_000_000), ready=is_ready, share=lambda pictures: 600_000, send=sent.append
    )
    publishing = LinkPublishing(lambda message: None, lambda: None, link)  # type: ignore[arg-type]
    publishing.want({"raw": Offered("video", TrackDescription(source="camera", of="raw"))})
    publishing.answered(PublishAnswer(id=1, sdp="", tracks={"raw": "t"}))
    track = publishing.track("raw")
    assert isinstance(track, OutgoingVideo)

    async def shows(count: int) -> None:
        for number in range(count):
            asked.clear()
            track.put(av.VideoFrame(64, 64, "yuv420p"), 3_000 * number)
            await asyncio.wait_for(asked.wait(), 15)

    await shows(2)
    ready = False
    await shows(3)
    ready = True
    await shows(2)
    while len(sent) < 4:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    assert encoded == [(600_000, True), *[(600_000, False)] * 3], "at the bitrate that gets through"
    assert [one.keyframe for one in sent] == [True] * 4  # as far as the bytes above tell
    await publishing.close()
