"""The Jupyter server extension of rtc-notebook: identity, rooms, pages, signaling, and the SFU."""

from __future__ import annotations

from typing import Any


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from .app import RtcNotebookApp

    return [{"module": "rtc_notebook_server.app", "app": RtcNotebookApp}]
