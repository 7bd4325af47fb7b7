"""What the SFU offers its viewers: few descriptions, m-lines used again, candidates within limits."""

from __future__ import annotations

import asyncio

import pytest
from engines import until
from peer import Join, Picture
from rtc_notebook_server.sfu.embedded import EmbeddedEngine

from rtc_notebook.errors import SfuError
from rtc_notebook.protocol import IceCandidate

pytestmark = pytest.mark.slow


async def test_an_idle_m_line_carries_the_next_track(engine: EmbeddedEngine, join: Join) -> None:
    ana, ben = await join("ana"), await join("ben")
    for track in ("dark", "light"):
        await engine.set_audience(track, ["ben"])
    await ana.publish({"dark": Picture(50), "light": Picture(200)})
    await ben.subscribe("dark")
    await (await ben.screen("dark")).shows(50)
    await ben.subscribe()
    await ben.carrying()
    await ben.subscribe("light")
    await ben.carrying("light")
    assert ben.subscriber is not None and len(ben.subscriber.getTransceivers()) == 1
    await (await ben.screen("light")).shows(200)
    ssrcs = [next(line for line in o.sdp.splitlines() if line.startswith("a=ssrc:")) for o in ben.offers]
    assert ssrcs[0] != ssrcs[-1]


async def test_four_that_join_at_once_cost_few_offers_and_all_see_all(engine: EmbeddedEngine, join: Join) -> None:
    names = ["p1", "p2", "p3", "p4"]
    peers = {name: await join(name) for name in names}
    for name in names:
        await engine.set_audience(f"cam-{name}", [other for other in names if other != name])
        await peers[name].subscribe(*(f"cam-{other}" for other in names if other != name))
    await asyncio.gather(*(peers[n].publish({f"cam-{n}": Picture(50 + 40 * i)}) for i, n in enumerate(names)))
    for i, name in enumerate(names):
        for other in names:
            if other != name:
                await (await peers[other].screen(f"cam-{name}")).shows(50 + 40 * i, timeout=10)
    assert max(len(peer.offers) for peer in peers.values()) <= 3


async def test_a_restarted_subscribe_connection_is_offered_afresh(engine: EmbeddedEngine, join: Join) -> None:
    ana, ben = await join("ana"), await join("ben")
    await engine.set_audience("cam", ["ben"])
    await ana.publish({"cam": Picture(60)})
    await ben.subscribe("cam")
    await (await ben.screen("cam")).shows(60)
    ben.carries = {}
    await ben.seat.restart("subscribe")
    await (await ben.screen("cam")).shows(60)
    first, second = (offer.connection_id for offer in ben.offers)
    assert first != second


async def test_no_two_m_lines_of_an_offer_have_one_msid(engine: EmbeddedEngine, join: Join) -> None:
    """Chromium refuses a description in which a track stands twice, be one of them inactive."""
    ana, ben = await join("ana"), await join("ben")
    for track in ("cam", "screen"):
        await engine.set_audience(track, ["ben"])
    await ana.publish({"cam": Picture(60), "screen": Picture(180)})
    await ben.subscribe("cam", "screen")
    await ben.carrying("cam", "screen")
    await ben.subscribe()
    await ben.carrying()
    for track in ("screen", "cam"):  # each, in one of the m-lines that are free
        await ben.subscribe(track)
        await ben.carrying(track)
        msids = [line for line in ben.offers[-1].sdp.splitlines() if line.startswith("a=msid:")]
        assert len(msids) == len(set(msids)) == 2


async def test_an_unanswered_offer_is_sent_again_on_request(engine: EmbeddedEngine, join: Join) -> None:
    ana, ben = await join("ana"), await join("ben")
    ben.answering = False
    await engine.set_audience("cam", ["ben"])
    await ana.publish({"cam": Picture(60)})
    await ben.subscribe("cam")

    async def offered() -> bool:
        return len(ben.offers) > 0

    await until(offered)
    with pytest.raises(SfuError) as refusal:
        await ben.seat.answer(ben.offers[0].id, "v=0 nonsense")
    assert refusal.value.code == "bad-sdp"
    ben.answering = True
    await ben.seat.resend_offer()
    await (await ben.screen("cam")).shows(60)
    assert ben.offers[0] == ben.offers[1]


async def test_candidates_may_come_early_but_not_for_ever(engine: EmbeddedEngine, join: Join) -> None:
    ana = await join("ana")
    candidate = IceCandidate(candidate="candidate:1 1 udp 2130706431 192.0.2.1 50000 typ host", sdp_mid="0")
    with pytest.raises(SfuError) as refusal:
        for _ in range(100):
            await ana.seat.candidate("publish", candidate)
    assert refusal.value.code == "too-many-candidates"
    ben = await join("ben")
    await ben.publish({"cam": Picture(60)})
    with pytest.raises(SfuError) as refusal:
        await ben.seat.candidate("publish", IceCandidate(candidate=candidate.candidate, sdp_mid="nowhere"))
    assert refusal.value.code == "unknown-mid"
