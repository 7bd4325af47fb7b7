"""What every engine must do, whatever runs behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from engines import EmbeddedHarness, MemoryHarness, sent, until

from rtc_notebook.errors import SfuError
from rtc_notebook.protocol import IceCandidate


@pytest.fixture(
    params=[
        pytest.param(MemoryHarness, id="memory"),
        pytest.param(EmbeddedHarness, id="embedded", marks=pytest.mark.slow),
    ]
)
async def sfu(request: pytest.FixtureRequest) -> AsyncIterator[Any]:
    harness = request.param()
    await harness.engine.start(lambda reason: None)
    for name in ("ana", "ben", "kernel"):
        await harness.join(name)
    yield harness
    await harness.close()


async def arrives(sfu: Any, viewer: str, track: str) -> None:
    """Wait until more packets of a track reach a viewer."""
    before = await sent(sfu.engine, viewer, track)

    async def more() -> bool:
        await sfu.flow(track)
        return await sent(sfu.engine, viewer, track) > before

    await until(more, 10)


async def test_a_track_without_audience_goes_to_nobody(sfu: Any) -> None:
    await sfu.publish("ana", "raw")
    await sfu.seats["ben"].subscribe(["raw"])
    await sfu.flow("raw")
    assert await sent(sfu.engine, "ben", "raw") == 0


async def test_the_raw_picture_goes_to_the_filtering_kernel_alone(sfu: Any) -> None:
    await sfu.engine.set_audience("raw", ["kernel"])
    await sfu.publish("ana", "raw")
    for name in sfu.seats:
        await sfu.seats[name].subscribe(["raw"])
    await arrives(sfu, "kernel", "raw")
    assert await sent(sfu.engine, "ben", "raw") == 0
    assert await sent(sfu.engine, "ana", "raw") == 0


async def test_narrowing_the_audience_stops_the_flow_before_it_returns(sfu: Any) -> None:
    await sfu.engine.set_audience("raw", ["ben", "kernel"])
    await sfu.publish("ana", "raw")
    for name in ("ben", "kernel"):
        await sfu.seats[name].subscribe(["raw"])
        await arrives(sfu, name, "raw")
    await sfu.engine.set_audience("raw", ["kernel"])
    before = await sent(sfu.engine, "ben", "raw")
    await arrives(sfu, "kernel", "raw")
    assert await sent(sfu.engine, "ben", "raw") in (0, before)


async def test_a_wish_is_granted_once_the_audience_allows_it(sfu: Any) -> None:
    await sfu.seats["ben"].subscribe(["raw"])
    await sfu.publish("ana", "raw")
    await sfu.engine.set_audience("raw", ["ben"])
    await arrives(sfu, "ben", "raw")


async def test_an_audience_that_is_narrowed_and_widened_at_once_goes_on(sfu: Any) -> None:
    await sfu.engine.set_audience("raw", ["ben"])
    await sfu.publish("ana", "raw")
    await sfu.seats["ben"].subscribe(["raw"])
    await arrives(sfu, "ben", "raw")
    await sfu.engine.set_audience("raw", [])
    await sfu.engine.set_audience("raw", ["ben"])
    await arrives(sfu, "ben", "raw")


async def test_a_forgotten_track_goes_to_nobody(sfu: Any) -> None:
    await sfu.engine.set_audience("raw", ["ben", "kernel"])
    await sfu.publish("ana", "raw")
    await sfu.seats["ben"].subscribe(["raw"])
    await arrives(sfu, "ben", "raw")
    await sfu.engine.forget_track("raw")
    before = await sent(sfu.engine, "ben", "raw")
    await sfu.flow("raw")
    assert await sent(sfu.engine, "ben", "raw") in (0, before)


async def test_a_muted_track_is_held_back_and_goes_on(sfu: Any) -> None:
    await sfu.engine.set_audience("raw", ["ben"])
    await sfu.publish("ana", "raw")
    await sfu.seats["ben"].subscribe(["raw"])
    await arrives(sfu, "ben", "raw")
    await sfu.seats["ana"].set_muted("raw", True)
    before = await sent(sfu.engine, "ben", "raw")
    await sfu.flow("raw")
    assert await sent(sfu.engine, "ben", "raw") == before
    await sfu.seats["ana"].set_muted("raw", False)
    await arrives(sfu, "ben", "raw")


async def test_a_publisher_that_leaves_takes_its_tracks_along(sfu: Any) -> None:
    await sfu.engine.set_audience("raw", ["ben"])
    await sfu.publish("ana", "raw")
    await sfu.seats["ben"].subscribe(["raw"])
    await arrives(sfu, "ben", "raw")
    await sfu.seats["ana"].leave()

    async def gone() -> bool:
        participants = (await sfu.engine.stats())["participants"]
        return "ana" not in participants and not participants["ben"]["subscribe"]

    await until(gone)


async def test_nonsense_is_refused_with_a_code_and_leaves_the_seat_as_it_was(sfu: Any) -> None:
    await sfu.engine.set_audience("raw", ["ben"])
    await sfu.publish("ana", "raw")
    await sfu.seats["ben"].subscribe(["raw"])
    await arrives(sfu, "ben", "raw")
    with pytest.raises(SfuError) as refusal:
        await sfu.seats["ana"].publish("no sdp", {"0": ("raw", "video")})
    assert refusal.value.code == "bad-sdp"
    with pytest.raises(SfuError) as refusal:
        await sfu.seats["ana"].candidate("publish", IceCandidate(candidate="nonsense", sdp_mid="0"))
    assert refusal.value.code == "bad-candidate"
    with pytest.raises(SfuError) as refusal:
        await sfu.seats["ben"].set_muted("raw", True)
    assert refusal.value.code == "unknown-track"
    with pytest.raises(SfuError) as refusal:
        await sfu.engine.join("ana", lambda event: None)
    assert refusal.value.code == "already-joined"
    await sfu.seats["ben"].answer(999, "no sdp")  # an answer to no open offer is ignored
    await arrives(sfu, "ben", "raw")


async def test_after_leaving_the_seat_is_void_and_the_name_is_free(sfu: Any) -> None:
    seat = sfu.seats["ben"]
    await seat.leave()
    with pytest.raises(SfuError) as refusal:
        await seat.subscribe(["raw"])
    assert refusal.value.code == "not-joined"
    await sfu.join("ben")


async def test_after_the_end_requests_are_refused(sfu: Any) -> None:
    await sfu.engine.close()
    await sfu.engine.close()
    with pytest.raises(SfuError) as refusal:
        await sfu.engine.stats()
    assert refusal.value.code == "sfu-gone"
