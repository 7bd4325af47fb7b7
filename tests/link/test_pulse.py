"""A link over which there is nothing to say."""

from __future__ import annotations

import time

import pytest
from rtc_notebook_server.sfu.link import LinkPort

from rtc_notebook.link import wire


async def test_the_sfu_says_once_a_second_that_it_is_there(monkeypatch: pytest.MonkeyPatch):
    said: list[bytes] = []
    port = LinkPort(lambda wanted: {})
    port.tick()
    port.open(said.append)
    now = time.monotonic()
    for tenth in range(30):
        monkeypatch.setattr(time, "monotonic", lambda tenth=tenth: now + tenth / 10)
        port.tick()
    assert len(said) == 3
    assert wire.decode(said[-1]) == (now + 2.0, [], 0)
    port.close()
    port.tick()
    assert len(said) == 3
