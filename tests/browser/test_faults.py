"""What a call survives without a click; the same as `benchmarks/faults.py` provokes, for shorter."""

from __future__ import annotations

from pathlib import Path

import pytest
from faults import networks, pages, processes
from faults.scene import Scene
from harness.network import unavailable
from playwright.sync_api import Playwright

BAR_SECONDS = 5.0


@pytest.mark.alone  # see Namespace
@pytest.mark.skipif(bool(unavailable()), reason=unavailable())
def test_pictures_move_again_after_what_networks_machines_and_people_do(playwright: Playwright, tmp_path: Path):
    with Scene(playwright, tmp_path) as scene:
        places = scene.ids()
        networks.socket_cut(scene, 12)
        networks.browser_asleep(scene, 5)
        processes.server_suspended(scene)
        processes.kernel_interrupted(scene)
        pages.frozen(scene, 5)
        pages.in_background(scene)
        pages.permission_revoked(scene)
        assert scene.ids() == places, "everybody is who they were"
        late = [str(row) for row in scene.rows if row.after is None or row.after > BAR_SECONDS]
        assert not late
        assert "messages whole, none twice" in scene.rows[0].lost


@pytest.mark.alone
@pytest.mark.skipif(bool(unavailable()), reason=unavailable())
def test_a_page_finds_its_place_again_after_the_server_was_restarted(playwright: Playwright, tmp_path: Path):
    with Scene(playwright, tmp_path) as scene:
        scene.over("websocket")
        processes.server_restarted(scene)
        (row,) = scene.rows
        assert row.after is not None and row.after < BAR_SECONDS
        assert "places kept" in row.lost
