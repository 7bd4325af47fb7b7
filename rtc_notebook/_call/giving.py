"""Giving something to the others: drawings, messages, pictures and sound of the kernel's own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

from ..errors import ConnectionFailed, MessageError
from ..publication import Publication
from .base import CallBase

if TYPE_CHECKING:
    from ..overlays import Shape
    from ..participants import Participant


class Giving(CallBase):
    """What a kernel gives to a call."""

    def overlay(
        self,
        who: str | Participant,
        shapes: Shape | Iterable[Shape],
        source: Literal["camera", "screen", "kernel"] = "camera",
        *,
        seconds: float = 1.0,
        frame: Any = None,
        name: str = "",
    ) -> None:
        """Draw shapes over somebody's picture, in place of those that this kernel drew there before.

        Every browser draws them itself over the picture that is there anyway, so nothing is decoded or encoded for
        them. They appear with the frame that they were made for, as far as a browser can tell, and vanish by
        themselves. Who joins later sees the next ones. At most 100 a second go out; a faster loop waits here.

        Parameters
        ----------
        who : str or Participant
            Whose picture, by name or as `participants` has them; ``"me"`` is the browser that shows this call.
        shapes : iterable of Box, Polyline, Text, Mask
            What to draw; an empty list wipes out what is there.
        source : {"camera", "screen", "kernel"}
            Which of the pictures; a kernel's own ones are ``"kernel"`` in any case.
        seconds : float
            How long after its frame was captured a drawing is out of date. More than your detector takes.
        frame : ndarray, FrameInfo, (ndarray, FrameInfo) or (width, height), optional
            The frame that the shapes were made for: coordinates are its pixels. With a `FrameInfo`, as
            ``frames(info=True)`` gives it, they appear with that frame; otherwise at once. Without it coordinates are
            shares of the picture's width and height, from 0 to 1.
        name : str
            Which one, of several pictures that a kernel publishes.

        Raises
        ------
        OverlayError
            If a shape cannot be drawn, or ``source`` is none of the above; says which and why.
        ParticipantNotFound
            If nobody of that name is in the call (any more).
        CallEnded
            If the call was left or has ended.

        Examples
        --------
        >>> for frame, info in guest.video.frames(info=True):                        # doctest: +SKIP
        ...     call.overlay("guest", [Box(*box) for box in detect(frame)], frame=info)
        """
        from ..overlays import Canvas, drawing

        participant = self.participants[who]
        place: Any = "kernel" if participant.is_kernel else source
        drawn = drawing(participant.id, shapes, Canvas.of(frame), source=place, label=name, seconds=seconds)
        if self.phase == "connected":  # while it is connected anew, a drawing would come too late
            self._studio.relay.draw(drawn)

    def send(self, message: Any, to: str | Participant | None = None) -> None:
        """Send an object to the other kernels in the room; there ``@call.on("message")`` gets it.

        It goes through the Jupyter server and arrives once and whole, in the order of sending, at every kernel that is
        connected at that moment. At most 50 a second and 4 MB a second go out; a faster loop waits here.

        Parameters
        ----------
        message : object
            What JSON holds, and in it bytes, numpy arrays and pandas' DataFrames; up to 1 MB. Tuples arrive as lists.
        to : str or Participant, optional
            The kernel that it is for, by name or as `participants` has it; all of them otherwise.

        Raises
        ------
        MessageTooLarge
            If it takes more than 1,000,000 bytes.
        MessageError
            If it holds something else, or ``to`` is no kernel.
        ParticipantNotFound
            If nobody of that name is in the call.
        ConnectionFailed
            If the call is not connected just now.
        CallEnded
            If the call was left or has ended.

        Examples
        --------
        >>> @call.on("message")                                                      # doctest: +SKIP
        ... def heard(who, message):
        ...     print(who.name, message)
        """
        from ..messages import encode

        self._check()
        data = encode(message)
        self._studio.first_connected()
        receiver = None if to is None else self.participants[to]
        if receiver is not None and not receiver.is_kernel:
            kernels = ", ".join(repr(one.name) for one in self.participants.values() if one.is_kernel) or "none"
            raise MessageError(f"{receiver.name!r} is no kernel, and only kernels get messages. There are: {kernels}.")
        if self.phase != "connected":
            raise ConnectionFailed("The call is being connected again; the message was not sent. Send it again then.")
        self._studio.relay.say(data, None if receiver is None else receiver.id)
        self._studio.recordings.sent(message, None if receiver is None else receiver.name)

    def publish(
        self, source: Any, name: str | None = None, fps: float = 30, *, kind: Literal["video", "audio"] | None = None
    ) -> Publication:
        """Show or play something in the call, as a camera or microphone of this kernel's own.

        Everybody sees it as a tile of its own, named "<kernel> · <name>". Published again under the same name, it takes
        the former's place without a gap. It starts once the call is connected, is there again after a server restart,
        and ends with the call.

        Parameters
        ----------
        source : object
            A picture, which stays: uint8 (0 to 255), float (0 to 1) or bool, ``(height, width, 3)`` in BGR,
            ``(height, width, 4)`` BGRA or ``(height, width)`` grey, of any size (an odd height or width loses its last
            row or column); or a PIL image. A matplotlib figure or axes, drawn anew whenever it changes, also after
            pyplot has closed it. An iterable, generator or ``(frames, height, width, 3)`` array of pictures. A function
            that is called with the seconds since the start and returns a picture. The path of a video, sound or picture
            file, played once in real time with its sound.

            Sound, 48000 samples a second: an array of floats in [-1, 1] or of int16, ``(samples,)`` or ``(samples, 1
            or 2)``, played once. With ``kind="audio"`` also an iterable or generator of such blocks, of any length, or
            a function that gets the times of 960 samples (seconds since the start) and returns the samples. These are
            asked 0.25 s ahead of time; an empty block says that there is nothing yet.
        name : str, optional
            What it is called; ``"plot"`` by default, ``"sound"`` for sound, and a file's own name.
        fps : float
            Pictures a second at most, up to 60; each is made when it is due, so a slow source lowers its own rate.
        kind : {"video", "audio"}, optional
            Whether it gives pictures or sound; only generators and functions of sound need it.

        Returns
        -------
        Publication
            With ``update(source)``, ``stop()``, ``wait()``, ``fps`` and ``viewers``.

        Raises
        ------
        SourceError
            If it cannot be published: wrong shape or dtype, NaN, no such file, no video; says what is accepted. Where
            a generator gives such a thing, or raises, that is shown under the cell and the publication ends; a
            function is asked again.
        CallEnded
            If the call was left or has ended.
        """
        return self._studio.publications.publish(source, name, fps, kind)

    @property
    def publications(self) -> dict[str, Publication]:
        """What this kernel publishes now, by name."""
        return self._studio.publications.current()
