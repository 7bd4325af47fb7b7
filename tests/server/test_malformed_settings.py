"""A server whose settings for calls are malformed goes on without calls."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture(params=[{"udp_ports": "1-2"}, {"ice_servers": ["stun:a"], "ice_transport_policy": "relay"}])
def jp_server_config(jp_server_config: dict[str, Any], request: pytest.FixtureRequest) -> dict[str, Any]:
    jp_server_config["RtcNotebookApp"] |= request.param
    return jp_server_config


async def test_it_serves_counts_as_idle_and_ends_when_told_to(jp_serverapp: Any, jp_fetch: Any) -> None:
    assert (await jp_fetch("api", "status")).code == 200
    assert "rtc_notebook_rooms" not in jp_serverapp.web_app.settings
    assert not jp_serverapp.extension_manager.any_activity()
    await jp_serverapp._cleanup()
