"""The same, where pictures and sound go over the WebSocket."""

from __future__ import annotations

from collections.abc import Callable

from . import networks, processes
from .scene import Scene


def _linked(provoke: Callable[[Scene], None]) -> Callable[[Scene], None]:
    def linked(scene: Scene) -> None:
        if not scene.linked:
            scene.over("websocket")
        provoke(scene)

    linked.__name__ = f"linked_{provoke.__name__}"
    return linked


FAULTS = [
    _linked(one)
    for one in (networks.cable_pulled, networks.packets_dropped, processes.sfu_killed, processes.server_restarted)
]
