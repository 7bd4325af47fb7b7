"""The way to the kernel, as the media worker needs it."""

from __future__ import annotations

from typing import Protocol


class Outbox(Protocol):
    """What is needed of `rtc_notebook.process.child.Parent`."""

    def send(self, message: object) -> None:
        """Queue a message that must arrive."""

    def send_latest(self, key: str, message: object) -> None:
        """Queue a message of which only the newest with this key matters."""

    def send_at_once(self, message: object) -> bool:
        """Send from another thread, if nothing waits before it."""

    @property
    def behind(self) -> bool:
        """Whether the kernel has much to read yet."""
