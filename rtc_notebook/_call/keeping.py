"""Keeping something of a call: a recording, a picture, figures."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..statistics import Statistics
from .base import CallBase

if TYPE_CHECKING:
    from ..participants import Participant
    from ..recording.recording import Recording
    from ..recording.recordings import Layout
    from ..snapshot import Snapshot


class Keeping(CallBase):
    """What one keeps of a call."""

    _statistics: Statistics | None = None

    def record(
        self,
        path: str | os.PathLike[str],
        *,
        layout: Layout | None = None,
        overwrite: bool = False,
        raw: bool = False,
    ) -> Recording:
        """Record the call: everybody's pictures and sound as they come in, and what happens, in one Matroska file.

        Without ``layout`` nothing is transcoded, and nothing waits for the disk. What is recorded is what everybody
        sees: a picture under a filter as the filter leaves it. Everybody sees that they are being recorded. The file is
        playable at any moment, whatever happens to kernel or worker. See ``docs/recording.md`` for what is in it, and
        `replay`.

        Parameters
        ----------
        path : path-like
            The file, with the ending ``.mkv``; ``.mp4`` with a layout.
        layout : {"grid"}, optional
            Compose one picture of everybody, 1280x720 at 25 fps, H.264, with one stereo sound, AAC: a film that any
            player plays. A process of low priority makes it while the call goes on, of a recording that lies beside it
            meanwhile, and that stays if it fails.
        overwrite : bool
            Replace a file that is there.
        raw : bool
            Record the pictures that this kernel filters as they were before the filter, too; not with a layout.

        Returns
        -------
        Recording
            Stopped by its ``stop()``, by the end of its ``with``, or with the call.

        Raises
        ------
        RecordingError
            If there can be no such file; says why.
        CallEnded, ConnectionFailed
            If the call is over, or never began.
        """
        self._studio.first_connected()
        return self._studio.recordings.start(path, layout=layout, overwrite=overwrite, raw=raw)

    def snapshot(self, who: str | Participant | None = None) -> Snapshot:
        """Take a picture of somebody, or of everybody in a grid; it shows in a notebook and is an array.

        Parameters
        ----------
        who : str or Participant, optional
            Whose picture, by name or as `participants` has them, ``"me"`` for the browser that shows this call; by
            default everybody else in the call.

        Returns
        -------
        Snapshot
            The camera's picture (the shared screen where the camera is off), or 1280x720 with all of them.

        Raises
        ------
        ParticipantNotFound
            If nobody of that name is in the call.
        CallError
            If there is no picture to take: both are off, or nobody else is in the call.
        CallTimeout
            If none came within five seconds.
        CallEnded
            If the call was left or has ended.
        """
        from .. import snapshot

        everybody = self.participants
        return snapshot.of_all(everybody) if who is None else snapshot.of_one(everybody[who])

    @property
    def stats(self) -> Statistics:
        """How the call goes: ``call.stats()`` is plain data, a dict for each track.

        ``call.stats().to_frame()`` or ``call.stats.frame()`` is a pandas DataFrame, ``call.stats.plot()`` a picture
        that follows the call.
        """
        self._check()
        if self._statistics is None:
            self._statistics = Statistics(self._studio)
        return self._statistics
