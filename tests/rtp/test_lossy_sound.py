"""Sound over a path that loses packets: sent again where that is in time, and said to the publisher's encoder."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from aiortc.rtp import RtcpReceiverInfo, RtcpRrPacket, RtpPacket
from lossy import OPUS, Path, Viewer, deliver_to, simulate
from rtc_notebook_server.sfu.publication import Publication
from rtc_notebook_server.sfu.receiver import ForwardingReceiver

SECONDS = 20


class Listening:
    """Ana's microphone, the SFU, and a kernel that hears it over a path that loses packets both ways."""

    def __init__(self, loss: float, delay: float) -> None:
        self.publication = Publication("mic", "ana", "audio")
        self.receiver = ForwardingReceiver("audio", Path(0, 0.01, 1))
        self.receiver.publication = self.publication
        self.publication.receiver = self.receiver
        self.receiver.transport.deliver = deliver_to(self)
        self.viewer = Viewer(self.publication, Path(loss, delay, 2), Path(loss, delay, 3))
        self.told: list[int] = []
        """The losses that Ana's browser is told, in 256ths."""
        self.spoken: list[float] = []

    async def _handle_rtcp_packet(self, packet: Any) -> None:
        if isinstance(packet, RtcpRrPacket):
            self.told += [report.fraction_lost for report in packet.reports]

    async def run(self) -> None:
        encodings = [SimpleNamespace(ssrc=77, rtx=None)]
        await self.receiver.receive(SimpleNamespace(codecs=[OPUS], encodings=encodings, muxId="0"))
        await self.viewer.begin()
        deliver = deliver_to(self.receiver)
        for number in range(SECONDS * 50):
            self.spoken.append(asyncio.get_running_loop().time())
            payload = b"\xfc" + number.to_bytes(4, "big") + bytes(90)
            deliver(RtpPacket(96, 0, (65_000 + number) & 0xFFFF, number * 960, 77, payload).serialize())
            if number % 50 == 0:
                self.receiver.send_report()
            self.viewer.sender.tick(self.spoken[-1])
            await asyncio.sleep(0.02)
        await asyncio.sleep(1)

    def heard(self) -> list[int]:
        """Return the numbers of the packets that the kernel got, as it got them."""
        return [int.from_bytes(data[1:5], "big") for data in self.viewer.got]


@pytest.mark.parametrize("loss", [0.02, 0.1, 0.2])
def test_what_a_kernel_lost_is_sent_again_in_time(monkeypatch: pytest.MonkeyPatch, loss: float) -> None:
    async def main() -> None:
        call = Listening(loss, 0.005)
        await call.run()
        heard = call.heard()
        assert heard == sorted(set(heard)), "in order, and nothing twice"
        assert len(heard) > 0.985 * SECONDS * 50

    simulate(monkeypatch, main)


def test_what_cannot_come_in_time_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        delay = 0.15
        call = Listening(0.1, delay)
        await call.run()
        heard = call.heard()
        assert heard == sorted(set(heard)) and len(heard) > 0.85 * SECONDS * 50
        late = [at - call.spoken[number] - delay for number, at in zip(heard, call.viewer.times, strict=True)]
        assert max(late) < 0.09

    simulate(monkeypatch, main)


def test_the_publisher_is_told_what_the_worst_viewer_hears(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        call = Listening(0.0, 0.01)
        running = asyncio.ensure_future(call.run())
        await asyncio.sleep(SECONDS / 2)
        assert max(call.told) == 0
        ssrc = call.viewer.sender._ssrc
        info = RtcpReceiverInfo(
            ssrc=ssrc, fraction_lost=51, packets_lost=0, highest_sequence=0, jitter=0, lsr=0, dlsr=0
        )
        call.viewer.receiver.transport.send(bytes(RtcpRrPacket(ssrc=1, reports=[info])))  # as a browser would
        await asyncio.sleep(0.05)
        call.receiver.send_report()
        await asyncio.sleep(0.05)
        assert max(call.told) == pytest.approx(51, abs=1), "the publisher's own way loses nothing"
        await running

    simulate(monkeypatch, main)
