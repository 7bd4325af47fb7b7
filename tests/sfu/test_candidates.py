"""Where a participant can have the SFU knock, by naming it as an own address."""

from __future__ import annotations

import pytest
from aiortc import RTCPeerConnection
from rtc_notebook_server.sfu import sdp
from rtc_notebook_server.sfu.base import Network
from rtc_notebook_server.sfu.candidates import MAX_CANDIDATES
from rtc_notebook_server.sfu.connection import PeerConnection, read_candidate

from rtc_notebook.errors import SfuError
from rtc_notebook.protocol import IceCandidate


def line(address: str, port: int, transport: str = "udp") -> str:
    return f"candidate:1 1 {transport} 2130706431 {address} {port} typ host"


def candidate(address: str, port: int, transport: str = "udp") -> IceCandidate:
    return IceCandidate(candidate=line(address, port, transport), sdp_mid="0")


WHERE_NOBODY_IS = [
    ("10.0.0.1", 53),
    ("192.0.2.1", 161),
    ("metadata.internal", 40_000),
    ("224.0.0.1", 40_000),
    ("0.0.0.0", 40_000),
    ("255.255.255.255", 40_000),
    ("ff02::1", 40_000),
]


@pytest.mark.parametrize(("address", "port"), WHERE_NOBODY_IS)
async def test_where_nobody_can_be_nothing_is_sent(address: str, port: int) -> None:
    with pytest.raises(SfuError, match="candidate") as refusal:
        read_candidate(candidate(address, port))
    assert refusal.value.code == "bad-candidate"
    pc = RTCPeerConnection()
    pc.addTransceiver("video")
    await pc.setLocalDescription(await pc.createOffer())
    offer = pc.localDescription.sdp
    sdp.parse(offer)
    with pytest.raises(SfuError, match="candidate"):
        sdp.parse(offer.replace("a=end-of-candidates", f"a={line(address, port)}\r\na=end-of-candidates", 1))
    await pc.close()


@pytest.mark.parametrize("where", [("192.168.1.7", 40_000), ("2001:db8::1", 1024), ("5a6b.local", 50_000)])
def test_where_participants_are_is_tried(where: tuple[str, int]) -> None:
    assert read_candidate(candidate(*where)) is not None
    assert read_candidate(candidate(where[0], 9, "tcp")) is not None, "browsers say so of TCP, which is not tried"


async def test_the_number_of_candidates_is_bounded() -> None:
    connection = PeerConnection(Network(), lambda: None)
    for port in range(MAX_CANDIDATES):
        read = read_candidate(candidate("192.0.2.1", 2000 + port))
        assert read is not None
        connection.add_candidate(read)
    with pytest.raises(SfuError) as refusal:
        connection.add_candidate(read)
    assert refusal.value.code == "too-many-candidates"
    await connection.close()
