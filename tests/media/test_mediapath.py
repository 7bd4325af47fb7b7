"""Which way pictures and sound take, and when the better one is tried again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from rtc_notebook.media import mediapath
from rtc_notebook.media.control import Join
from rtc_notebook.media.mediapath import LOOK_SECONDS, STEADY_SECONDS, WEBRTC_AGAIN_SECONDS, MediaPath
from rtc_notebook.protocol import MediaSettings


class Link(SimpleNamespace):
    def __init__(self, *args: Any) -> None: ...

    async def close(self) -> None: ...


@pytest.fixture
async def path(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(mediapath, "MediaLink", Link)
    tasks: list[asyncio.Task[None]] = []
    signaling: Any = SimpleNamespace(send=lambda message: None, silent=0.0)
    join = Join(url="ws://127.0.0.1:1/socket", authorization="", room="demo", name=None, call="", directory="")
    nothing: Any = lambda *args: None  # noqa: E731
    path = MediaPath(
        signaling, join, nothing, nothing, lambda: None, lambda work: tasks.append(asyncio.ensure_future(work))
    )
    yield path
    path.stay()
    await path.close()
    await asyncio.gather(*tasks)


def breaks(path: MediaPath) -> Iterator[float | None]:
    """Have WebRTC break again and again; yield after how long each time it is tried again, None for never."""
    while True:
        path._again = None
        path._no_path(MediaSettings())
        again = path._again
        yield None if again is None else round(again.when() - asyncio.get_running_loop().time(), 1)
        path._use_webrtc(MediaSettings())


async def test_webrtc_is_tried_again_ever_later_but_as_at_first_once_it_has_held(path: MediaPath) -> None:
    broken, now = breaks(path), 1000.0
    path._note(True, now)
    assert [next(broken) for _ in range(5)] == [*WEBRTC_AGAIN_SECONDS, None]
    path._use_webrtc(MediaSettings())
    for _ in range(round(STEADY_SECONDS / LOOK_SECONDS) + 1):
        path._note(True, now := now + LOOK_SECONDS)
    assert next(breaks(path)) == WEBRTC_AGAIN_SECONDS[0]


async def test_webrtc_that_comes_and_goes_has_not_held(path: MediaPath) -> None:
    path._note(True, 1000.0)
    next(breaks(path))
    path._use_webrtc(MediaSettings())
    for minute in range(60):
        path._note(minute % 2 == 0, 1000.0 + 60 * minute)
    assert next(breaks(path)) == WEBRTC_AGAIN_SECONDS[1]
