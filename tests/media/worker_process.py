"""A worker process with a kernel's end of its pipes."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import numpy as np

from rtc_notebook.frames import FrameInfo
from rtc_notebook.media import control
from rtc_notebook.media.ring import RingReader, RingWriter
from rtc_notebook.pixels import convert
from rtc_notebook.process.spawn import Child

SECONDS = 15


class Kernel:
    """Starts a worker, reads its events, opens its rings and answers frames as a filter would."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.events: list[control.Event] = []
        self.rings: dict[control.TrackKey, RingReader] = {}
        self.filter: Any = None  # from a picture to a result, None for a failure; raises KeyError to say nothing
        self._changed = asyncio.Condition()
        self._reads = asyncio.Event()
        self._reads.set()
        self._results: RingWriter | None = None

    async def join(self, url: str, **fields: Any) -> None:
        self.child = await Child.spawn("rtc_notebook.media")
        self._task = asyncio.ensure_future(self._read())
        fields = {"authorization": "token abc", "room": "demo", "name": "kernel", "call": "pairing", **fields}
        self.child.send(control.Join(url=url, directory=os.fspath(self.directory), **fields))

    async def close(self) -> None:
        await self.child.close()
        await self._task

    def pause(self) -> None:
        """Read nothing of what the worker says, as a kernel whose interpreter is held."""
        self._reads.clear()

    def resume(self) -> None:
        """Read on."""
        self._reads.set()

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    async def event(self, kind: type, holds: Any = lambda event: True, *, new: bool = False) -> Any:
        """Wait for an event of which something holds; with ``new`` only for one that is still to come."""
        start = len(self.events) if new else 0

        def find() -> Any:
            return next((e for e in self.events[start:] if isinstance(e, kind) and holds(e)), None)

        async def wait() -> None:
            async with self._changed:
                await self._changed.wait_for(lambda: find() is not None)

        try:
            await asyncio.wait_for(wait(), SECONDS)
        except asyncio.TimeoutError:
            raise AssertionError(f"no {kind.__name__}; came: {self.events[-8:]}") from None
        return find()

    def picture(self, track: control.TrackKey) -> tuple[np.ndarray, FrameInfo]:
        """Return a track's newest picture, in BGR."""
        found = self.rings[track].apply(
            lambda array, info, layout: (convert(array, layout, "bgr", info.height, info.width), info)
        )
        assert found is not None
        return found

    async def _read(self) -> None:
        async for line in self.child:
            await self._reads.wait()
            event = control.decode_event(line)
            if isinstance(event, control.Frames):
                self.rings[event.track] = RingReader.open(event.path)
            elif isinstance(event, control.Frame) and self.filter is not None and event.track.source == "camera":
                self._run_filter(event.track)
            async with self._changed:
                self.events.append(event)
                self._changed.notify_all()

    def _run_filter(self, track: control.TrackKey) -> None:
        picture, info = self.picture(track)
        try:
            result = self.filter(picture)
        except KeyError:
            return
        sequence = info.sequence
        if result is not None:
            if self._results is None or not self._results.fits(result.nbytes):
                self._results = RingWriter.create(self.directory, 3, result.nbytes)
                self.child.send(control.Results(track=track, path=os.fspath(self._results.path)))
            self._results.write(np.asarray(result), sequence=sequence, captured=0.0, arrived=0.0)
        self.child.send(control.Result(track=track, sequence=sequence, failed=result is None))
