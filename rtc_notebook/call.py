"""A call, as a notebook's author has it."""

from __future__ import annotations

import atexit
import contextlib
import os
import secrets
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from . import server as servers
from .environment import in_kernel
from .errors import ConnectionFailed, FilterError, MessageError
from .filters.chain import chain
from .filters.status import Filters
from .media.control import Join
from .participants import ME, Participant, Participants
from .protocol import Filterable, Kind, OnError, room_name
from .publication import Publication
from .statistics import Statistics
from .studio import Studio

if TYPE_CHECKING:
    from .overlays import Shape
    from .recording.recording import Recording
    from .snapshot import Snapshot
    from .view import CallView
    from .widget import CallWidget

Function = TypeVar("Function", bound=Callable[..., Any])
Filter = TypeVar("Filter", bound="Callable[..., Any] | Sequence[Any]")

_SOURCES: dict[Kind, tuple[Filterable, ...]] = {"video": ("camera", "screen"), "audio": ("microphone",)}

_living: dict[tuple[str, str, str | None], Call] = {}
_living_lock = threading.Lock()


class Call:
    """A call in a room: people in browsers, and this kernel among them.

    Returns at once and joins in the background. As the value of a cell it shows the call; ``with`` leaves it at the
    end, as the end of the kernel does. A new call to the same room under the same name leaves the former one.

    Parameters
    ----------
    room : str
        The room's name; whoever opens the same room of the same server is in the call.
    name : str, optional
        Your name in the call, where the server does not know it already.
    server : str, optional
        Address of another Jupyter server, such as ``"http://host:8888/base/"``. By default it is the one that runs
        this notebook; in a script, the only one that runs here.
    token : str, optional
        That server's token.

    Raises
    ------
    RoomNameError
        If no room can have this name.
    ServerNotFound
        If there is no server, or it is not clear which.

    Examples
    --------
    >>> call = Call("demo")                                         # doctest: +SKIP
    >>> frame = call.participants["guest"].video.latest()           # doctest: +SKIP
    """

    _statistics: Statistics | None = None

    def __init__(
        self, room: str, *, name: str | None = None, server: str | None = None, token: str | None = None
    ) -> None:
        self.room = room_name(room)
        self.name = name
        self._server = servers.named(server, token) if server is not None else servers.notebooks_own()
        self._secret = secrets.token_urlsafe()
        self._widget: CallWidget | None = None
        self._view: CallView | None = None
        self._identity = (self._server.url, self.room, name)
        with _living_lock:
            former = _living.pop(self._identity, None)
        if former is not None:
            former.leave()
        join = Join(
            url=self._server.socket(self.room),
            authorization=self._server.authorization,
            room=self.room,
            name=_kernels_name(name),
            call=self._secret,
            directory="",
        )
        self._studio = Studio(join, self._show_change)
        self._participants = Participants(self._studio)
        with _living_lock:
            _living[self._identity] = self

    @property
    def link(self) -> str:
        """The address of the call page: whoever opens it and may use this server is in the call."""
        return self._server.page(self.room)

    @property
    def phase(self) -> Literal["connecting", "connected", "reconnecting", "ended"]:
        """How it stands with the room."""
        return self._studio.phase

    @property
    def participants(self) -> Participants:
        """The others by name, live, with ``"me"`` for the browser that shows this call.

        Raises
        ------
        CallEnded
            If the call was left or has ended.
        """
        self._check()
        return self._participants

    def wait_until_connected(self, timeout: float = 10.0) -> None:
        """Wait until the kernel is in the room.

        Parameters
        ----------
        timeout : float
            Seconds to wait at most.

        Raises
        ------
        ConnectionFailed
            If the server refused or could not be reached; says why.
        CallTimeout
            If it takes longer.
        CallEnded
            If the call was left, or ended after it had been connected.
        """
        self._studio.wait_until_connected(timeout)

    @overload
    def on(self, event: str) -> Callable[[Function], Function]: ...
    @overload
    def on(self, event: str, function: Callable[..., Any]) -> Callable[[], None]: ...
    def on(self, event: str, function: Callable[..., Any] | None = None) -> Any:
        """Have a function called when something happens; usable as a decorator.

        Parameters
        ----------
        event : str
            ``participant-joined`` and ``participant-left`` (called with the `Participant`), ``track-published`` and
            ``track-ended`` (with the `Track`), ``connected``, ``reconnecting`` (with nothing), ``ended`` (with the
            reason, a string), ``message`` (with the `Participant` that sent it and the object, see `send`).
        function : callable, optional
            Called in a thread of its own. What it prints and raises is shown under the cell that set it.

        Returns
        -------
        callable
            Call it to have no more of it. As a decorator: the function itself.

        Raises
        ------
        ValueError
            If there is no such event.
        """
        self._check()
        if function is not None:
            return self._studio.listeners.add(event, function)

        def decorate(decorated: Function) -> Function:
            self._studio.listeners.add(event, decorated)
            return decorated

        return decorate

    @overload
    def filter(
        self,
        function: Filter,
        *,
        on: str = ...,
        source: Filterable | None = ...,
        on_error: OnError = ...,
        kind: Kind = ...,
        isolated: bool = ...,
    ) -> Filter: ...
    @overload
    def filter(
        self,
        *,
        on: str = ...,
        source: Filterable | None = ...,
        on_error: OnError = ...,
        kind: Kind = ...,
        isolated: bool = ...,
    ) -> Callable[[Filter], Filter]: ...
    def filter(
        self,
        function: Any = None,
        *,
        on: str = ME,
        source: Filterable | None = None,
        on_error: OnError | None = None,
        kind: Kind = "video",
        isolated: bool = False,
    ) -> Any:
        """Put a filter on somebody's picture or sound: everybody gets what the function returns. Usable as a decorator.

        The function gets a picture, ``uint8 (height, width, 3)`` in BGR, its own to write on, and returns one: of that
        shape, ``(height, width, 4)`` BGRA or ``(height, width)`` grey, of any size. It runs here, on the newest picture
        each time, and sees the notebook's variables. Set again, it takes the former's place between two pictures.

        It may also return shapes (`Box`, `Polyline`, `Text`, `Mask`, or a list of them, in pixels of its frame): then
        everybody keeps the original picture, and browsers draw them over it, with no encoding here. What its first
        result is decides which of the two it gives.

        With ``kind="audio"`` it is the microphone's sound: the function gets every block in order, ``float32 (samples,
        channels)`` in [-1, 1] at 48 kHz, mostly 20 ms of it, and returns one as long, of one channel or two. It is for
        the function to keep what it needs from block to block. Others hear it about 10 ms later than without a filter,
        plus the time that the function takes; one that falls 200 ms behind goes on with the newest block.

        A parameter called ``info`` gets the picture's `FrameInfo`. Every other one needs a default and becomes a
        control, shown with the call, by the rules of `ipywidgets.interact`: ``low=(0, 255)`` is a slider,
        ``colour=["red", "green"]`` a menu, ``on=True`` a checkbox; ``low: Annotated[int, (0, 255)] = 80`` is a slider
        that starts at 80. Defaults that are none of these, such as None and arrays, stay what they are. What the user
        set stays set when the cell is run again.

        Parameters
        ----------
        function : callable or list of callables, optional
            The filter: a function, an object with ``__call__`` (which may keep state from picture to picture), or a
            list of them, each of which gets what the one before returned.
        on : str
            A participant's name; ``"me"`` is the browser that shows this call, and may join later.
        source : {"camera", "screen", "microphone"}, optional
            Which of the pictures, the camera's by default; of sound there is the microphone's alone.
        on_error : {"pass", "hold"}
            What others get when the function fails or the kernel does not answer (for 2 s; with sound 0.5 s): what is
            raw, or nothing. By default what the function says in an attribute of this name, as filters that protect
            somebody do, or ``"pass"``.
        kind : {"video", "audio"}
            What is filtered.
        isolated : bool
            Run it in a process of its own, so that it keeps its frame rate while a cell is busy. It gets the functions
            and the variables they use as they are now, without what cannot be pickled; its parameters still come from
            the controls, and what it prints and raises is still shown here. If its process dies, it is started again.

        Raises
        ------
        ParticipantNotFound
            If nobody of that name is in the call.
        FilterError
            If it is no function, a parameter's default can be no control, ``source``, ``on_error`` or ``kind`` is none
            of the above, or it is to be isolated and cannot be pickled.
        CallEnded
            If the call was left or has ended.
        """
        self._check()
        if kind not in _SOURCES or on_error not in ("pass", "hold", None):
            raise FilterError("A filter has kind='video' or 'audio' and on_error='pass' or 'hold'.")
        place: Filterable = source or _SOURCES[kind][0]
        if place not in _SOURCES[kind]:
            raise FilterError(f"A filter with kind={kind!r} has source={' or '.join(map(repr, _SOURCES[kind]))}.")
        if isolated and kind == "audio":
            raise FilterError("A filter on sound runs in the kernel itself; isolated=True is for pictures.")
        who = self._whom(on)

        def decorate(decorated: Filter) -> Filter:
            steps = chain(decorated)
            self._studio.filters.set(steps, who, place, on_error or steps.on_error, isolated)
            self._show_controls()
            return decorated

        return decorate if function is None else decorate(function)

    def unfilter(self, on: str = ME, *, source: Filterable = "camera") -> None:
        """Take a filter off: everybody gets the raw picture or sound again. Does nothing where there is none.

        One that is held because its kernel is gone can be taken off by any kernel in the room.

        Raises
        ------
        CallEnded
            If the call was left or has ended.
        """
        self._check()
        who = next((s.participant for s in self.filters if s.participant.casefold() == on.casefold()), None)
        self._studio.unfilter(who or self._whom(on), source)
        self._show_controls()

    @property
    def filters(self) -> Filters:
        """How each filter goes at this moment: a sequence of `FilterStatus`, which a notebook shows as a table."""
        return Filters(self._studio.filters.statuses())

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
            Whose picture; ``"me"`` is the browser that shows this call.
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
            If a shape cannot be drawn; says which and why.
        ParticipantNotFound
            If nobody of that name is in the call.
        CallEnded
            If the call was left or has ended.

        Examples
        --------
        >>> for frame, info in guest.video.frames(info=True):                        # doctest: +SKIP
        ...     call.overlay("guest", [Box(*box) for box in detect(frame)], frame=info)
        """
        from .overlays import Canvas, drawing

        participant = who if isinstance(who, Participant) else self.participants[who]
        self._check()
        place: Any = "kernel" if participant.is_kernel else source
        canvas = Canvas.of(frame)
        self._studio.relay.draw(
            drawing(participant.id, shapes, canvas, source=place, label=name, seconds=seconds),
        )

    def send(self, message: Any, to: str | Participant | None = None) -> None:
        """Send an object to the other kernels in the room; there ``@call.on("message")`` gets it.

        It goes through the Jupyter server and arrives once and whole, in the order of sending, at every kernel that is
        connected at that moment. At most 50 a second and 4 MB a second go out; a faster loop waits here.

        Parameters
        ----------
        message : object
            What JSON holds, and in it bytes, numpy arrays and pandas' DataFrames; up to 1 MB. Tuples arrive as lists.
        to : str or Participant, optional
            The kernel that it is for; all of them otherwise.

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
        from .messages import encode

        self._check()
        data = encode(message)
        self._studio.first_connected()
        receiver = self.participants[to] if isinstance(to, str) else to
        if receiver is not None and not receiver.is_kernel:
            kernels = ", ".join(repr(one.name) for one in self.participants.values() if one.is_kernel) or "none"
            raise MessageError(f"{receiver.name!r} is no kernel, and only kernels get messages. There are: {kernels}.")
        if self.phase != "connected":
            raise ConnectionFailed("The call is being connected again; the message was not sent. Send it again then.")
        self._studio.relay.say(data, None if receiver is None else receiver.id)
        self._studio.recordings.sent(message, None if receiver is None else receiver.name)

    def record(self, path: str | os.PathLike[str], *, overwrite: bool = False, raw: bool = False) -> Recording:
        """Record the call: everybody's pictures and sound as they come in, and what happens, in one Matroska file.

        Nothing is transcoded, and nothing waits for the disk. What is recorded is what everybody sees: a picture under
        a filter as the filter leaves it. Everybody sees that they are being recorded. The file is playable at any
        moment, whatever happens to kernel or worker. See ``docs/recording.md`` for what is in it, and `replay`.

        Parameters
        ----------
        path : path-like
            The file, with the ending ``.mkv``.
        overwrite : bool
            Replace a file that is there.
        raw : bool
            Record the pictures that this kernel filters as they were before the filter, too.

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
        return self._studio.recordings.start(path, overwrite=overwrite, raw=raw)

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
            ``(height, width, 4)`` BGRA or ``(height, width)`` grey, of any size; or a PIL image. A matplotlib figure or
            axes, drawn anew whenever it changes, also after pyplot has closed it. An iterable, generator or
            ``(frames, height, width, 3)`` array of pictures. A function that is called with the seconds since the start
            and returns a picture. The path of a video, sound or picture file, played once in real time with its sound.

            Sound, 48000 samples a second: an array of floats in [-1, 1] or of int16, ``(samples,)`` or ``(samples, 1
            or 2)``, played once. With ``kind="audio"`` also an iterable or generator of such blocks, of any length, or
            a function that gets the times of 960 samples (seconds since the start) and returns the samples. These are
            asked 0.25 s ahead of time.
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

    def snapshot(self, who: str | None = None) -> Snapshot:
        """Take a picture of somebody, or of everybody in a grid; it shows in a notebook and is an array.

        Parameters
        ----------
        who : str, optional
            A participant's name, ``"me"`` for the browser that shows this call; by default everybody else in the call.

        Returns
        -------
        Snapshot
            The camera's picture (the shared screen where there is no camera), or 1280x720 with all of them.

        Raises
        ------
        ParticipantNotFound
            If nobody of that name is in the call.
        CallError
            If there is no picture to take.
        CallTimeout
            If none came within five seconds.
        CallEnded
            If the call was left or has ended.
        """
        from . import snapshot

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

    def leave(self) -> None:
        """Leave the call: the kernel, its filters and the widget. Idempotent."""
        with _living_lock:
            if _living.get(self._identity) is self:
                del _living[self._identity]
        self._studio.close()

    @property
    def widget(self) -> CallWidget:
        """The widget that shows this call; the same one each time, so that two views share one connection."""
        if self._widget is None:
            from .widget import CallWidget

            self._widget = CallWidget(self._server, self._studio, self._secret, room=self.room, name=self.name or "")
            self._studio.expect_widget()
        return self._widget

    def _whom(self, name: str) -> str:
        if name == ME:
            if not in_kernel():
                print("rtc-notebook: a script has no browser of its own; name one with on='...'.", file=sys.stderr)
            return ME
        participant = self.participants[name]
        widget = self._studio.roster.widget
        return ME if widget is not None and widget.id == participant.id else participant.name

    def _check(self) -> None:
        over = self._studio.over()
        if over is not None:
            raise over

    def _show_change(self) -> None:
        if self._widget is not None:
            self._widget.refresh()
        self._show_controls()

    def _show_controls(self) -> None:
        if self._view is not None:
            self._view.show_controls(self._studio.filters.controls())

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        if not in_kernel():
            return {"text/plain": repr(self)}
        if self._view is None:
            from .view import CallView

            self._view = CallView(self.widget)
            self._show_controls()
        return self._view._repr_mimebundle_(**kwargs)

    def __repr__(self) -> str:
        there = ", ".join(one.name for one in self._studio.roster.participants.values())
        who = f" with {there}" if there and self.phase != "ended" else ""
        return f"<Call {self.room!r}: {self.phase}{who}; {self.link}>"

    def __enter__(self) -> Call:
        return self

    def __exit__(
        self, type: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.leave()


def _kernels_name(name: str | None) -> str | None:
    if name is None:
        return None
    return f"{name}'s kernel" if in_kernel() else name


@atexit.register
def _leave_all() -> None:
    for call in list(_living.values()):
        with contextlib.suppress(Exception):
            call.leave()
