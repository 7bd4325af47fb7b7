"""Which media links there are in the SFU process."""

from __future__ import annotations

from typing import Any

from rtc_notebook_server.sfu import messages
from rtc_notebook_server.sfu.base import Network
from rtc_notebook_server.sfu.forwarder import Forwarder
from rtc_notebook_server.sfu.process import Links, Service

from rtc_notebook.protocol import MediaSettings


class Parent:
    def send(self, message: Any) -> None: ...


class Channel:
    def send(self, number: int, data: bytes) -> None: ...


async def test_nothing_is_kept_of_who_leaves_with_a_link_open() -> None:
    links = Links(lambda number, error: None)
    links.channel = Channel()  # type: ignore[assignment]
    service = Service(Parent(), Forwarder(MediaSettings(), Network()), links)  # type: ignore[arg-type]
    for number in range(3):
        await service._handle(messages.Join(id=1, participant="ana"))
        await service._handle(messages.OpenLink(id=2, participant="ana", link=number))
        assert set(links._ports) == {number}
        await service._handle(messages.Leave(id=3, participant="ana"))
    assert not links._ports
