"""Something that this kernel publishes, and the thread that asks its source for frames."""

from __future__ import annotations

import contextvars
import sys
import threading
from collections.abc import Callable
from typing import Any, Protocol

from .filters import switch_interval
from .filters.failures import Failures
from .media.control import TrackKey
from .output import Output
from .sources import Pace, Source


class _Publications(Protocol):
    """What a publication needs of its call's; see `rtc_notebook.publications.Publications`."""

    def update(self, publication: Publication, value: Any) -> None: ...

    def end(self, publication: Publication) -> None: ...

    def viewers(self, publication: Publication) -> int: ...


class Publication:
    """Something that this kernel publishes; made by `rtc_notebook.Call.publish`.

    Attributes
    ----------
    name : str
        What it is called; others see it beside the kernel's own name.
    """

    def __init__(self, publications: _Publications, name: str, source: Source, fps: float) -> None:
        self.name = name
        self._publications = publications
        self._context = contextvars.copy_context()  # by which ipykernel knows the cell that output belongs to
        self._over = threading.Condition()
        self._ended = False
        self.pace = fps
        self.source = source
        self.run: Run | None = None
        self.played_since: float | None = None  # of a file: when the room showed it
        self.reports: dict[TrackKey, float] = {}

    def update(self, source: Any) -> None:
        """Show or play something else from now on, without a gap: anything that `publish` takes.

        Parameters
        ----------
        source : object
            A picture most of the time. It takes the place of a generator, function, figure or file that is running.

        Raises
        ------
        SourceError
            If it cannot be published; what was shown goes on.
        TrackEnded
            If this publication has been stopped, has come to its end, or another one took its name.
        CallEnded
            If the call was left or has ended.
        """
        self._publications.update(self, source)

    def stop(self) -> None:
        """End it: others see and hear it no more. Idempotent."""
        self._publications.end(self)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it has ended, as with a file or a generator.

        Parameters
        ----------
        timeout : float, optional
            Seconds to wait at most.

        Returns
        -------
        bool
            Whether it has.
        """
        with self._over:
            return self._over.wait_for(lambda: self._ended, timeout)

    @property
    def ended(self) -> bool:
        """Whether it is over: stopped, at its end, replaced by another one of its name, or the call left."""
        return self._ended

    @property
    def fps(self) -> float:
        """Pictures a second that were sent lately (a still: one or two); for sound alone, blocks of 20 ms a second."""
        return next(iter(self.reports.values()), 0.0)

    @property
    def viewers(self) -> int:
        """How many participants receive it now, as the SFU counts them; 0 while it is not in the room.

        Raises
        ------
        NotAllowed
            If this kernel is a guest's, who came by an invite.
        CallTimeout
            If the server does not answer, as while the connection is mended.
        """
        return self._publications.viewers(self)

    def finish(self) -> None:
        """Take note that it has ended."""
        with self._over:
            self._ended = True
            self._over.notify_all()

    def tell(self, text: str) -> None:
        """Write to stderr, under the cell that published it."""
        self._context.copy().run(print, text, file=sys.stderr, flush=True)

    def in_context(self, function: Callable[[], Any]) -> Any:
        """Call a function so that what it prints is shown under the cell that published it."""
        return self._context.copy().run(function)

    def __repr__(self) -> str:
        state = "ended" if self._ended else f"{self.fps:.0f} fps"
        return f"<Publication {self.name!r} ({' and '.join(self.source.kinds)}): {state}>"


class Run:
    """The thread that asks a source for its frames, until it has no more or is stopped.

    Parameters
    ----------
    publication : Publication
        Whose.
    source : Source
        What is asked, once `shown` is set.
    outputs : list of Output
        Where its frames go.
    over : callable
        Called with the publication and this when there are no more.
    """

    def __init__(
        self,
        publication: Publication,
        source: Source,
        outputs: list[Output],
        over: Callable[[Publication, Run], None],
    ) -> None:
        self.shown = threading.Event()
        self._publication = publication
        self._source = source
        self._outputs = outputs
        self._over = over
        self._stopped = threading.Event()
        self._failures = Failures()
        switch_interval.acquire()
        threading.Thread(target=self._run, name=f"publication {publication.name}", daemon=True).start()

    def stop(self) -> None:
        """Stop; a frame that is still being made is thrown away. Idempotent."""
        self._stopped.set()
        self.shown.set()
        self._source.wake()

    def _run(self) -> None:
        try:
            self.shown.wait()
            if not self._stopped.is_set():
                self._publication.in_context(self._frames)
        except BaseException as error:
            if not self._stopped.is_set():
                self._failures.add(error)
                self._tell("has ended; the call goes on")
        finally:
            switch_interval.release()
        if not self._stopped.is_set():
            self._over(self._publication, self)

    def _frames(self) -> None:
        frames = self._source.frames(Pace(self._publication.pace, self._stopped, self._failed))
        empty = True
        try:
            for frame in frames:
                empty = False
                for output in self._outputs:
                    output.write(frame, unless=self._stopped)
                if self._stopped.is_set():
                    return
        finally:
            frames.close()
        if empty and not self._stopped.is_set():
            self._publication.tell(f"Publication {self._publication.name!r} has ended: there was nothing in it.")

    def _failed(self, error: BaseException) -> None:
        if not self._stopped.is_set() and self._failures.add(error):
            self._tell("failed; the call goes on")

    def _tell(self, what: str) -> None:
        self._publication.tell(f"Publication {self._publication.name!r} {what}.\n{self._failures.traceback}")
