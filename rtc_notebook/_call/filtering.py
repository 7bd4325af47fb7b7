"""Putting filters on people's pictures and sound."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar, overload

from ..errors import FilterError
from ..filters.chain import chain
from ..filters.status import Filters
from ..offers import Offers
from ..participants import ME, Participant
from ..protocol import Filterable, Kind, OnError
from .base import CallBase

Filter = TypeVar("Filter", bound="Callable[..., Any] | Sequence[Any]")

_SOURCES: dict[Kind, tuple[Filterable, ...]] = {"video": ("camera", "screen"), "audio": ("microphone",)}
_EVERY = tuple(source for sources in _SOURCES.values() for source in sources)


class Filtering(CallBase):
    """A call's filters."""

    @overload
    def filter(
        self,
        function: Filter,
        *,
        on: str | Participant = ...,
        source: Filterable | None = ...,
        on_error: OnError = ...,
        kind: Kind = ...,
        isolated: bool = ...,
    ) -> Filter: ...
    @overload
    def filter(
        self,
        *,
        on: str | Participant = ...,
        source: Filterable | None = ...,
        on_error: OnError = ...,
        kind: Kind = ...,
        isolated: bool = ...,
    ) -> Callable[[Filter], Filter]: ...
    def filter(
        self,
        function: Any = None,
        *,
        on: str | Participant = ME,
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
        the function to keep what it needs from block to block. Others hear it about 4 ms later than without a filter
        (median of ``benchmarks/sound.py``), plus the time that the function takes; one that falls 200 ms behind goes on
        with the newest block.

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
        on : str or Participant
            A participant, by name or as `participants` has them; ``"me"`` is the browser that shows this call, and may
            join later. The filter stays with the name: whoever leaves and comes back has it on again.
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
        who = self._whom(on)

        def decorate(decorated: Filter) -> Filter:
            steps = chain(decorated)
            self._studio.filters.set(steps, who, place, on_error or steps.on_error, isolated)
            self._show_controls()
            return decorated

        return decorate if function is None else decorate(function)

    @property
    def offered(self) -> Offers:
        """The filters that people may choose for themselves in the call's filter menu, by name; change it at will.

        At first these are ready-made ones. Hosts may choose for others, too; ``call.offered.clear()`` offers none.
        """
        return self._studio.answering.offers

    @overload
    def offer(self, function: Filter, name: str | None = ...) -> Filter: ...
    @overload
    def offer(self, *, name: str | None = ...) -> Callable[[Filter], Filter]: ...
    def offer(self, function: Any = None, name: str | None = None) -> Any:
        """Offer a filter in the call's filter menu, with its controls. Usable as a decorator.

        Everybody but viewers may choose it for their own picture. It runs here, as with `filter`.

        Parameters
        ----------
        function : callable or list of callables, optional
            As for `filter`; or a class, of which everybody gets an instance of their own.
        name : str, optional
            What the menu calls it; the function's name by default.

        Raises
        ------
        FilterError
            If it is no filter.
        """

        def decorate(decorated: Filter) -> Filter:
            self.offered.add(decorated, name)  # type: ignore[arg-type]
            return decorated

        return decorate if function is None else decorate(function)

    def unfilter(self, on: str | Participant = ME, *, source: Filterable = "camera") -> None:
        """Take a filter off: everybody gets the raw picture or sound again. Does nothing where none is on.

        One that is held because its kernel is gone can be taken off by any kernel in the room.

        Parameters
        ----------
        on : str or Participant
            A participant, by name or as `participants` has them, or the name of somebody who has left with a filter
            on; ``"me"`` is the browser that shows this call.
        source : {"camera", "screen", "microphone"}
            Which of the pictures, or the sound.

        Raises
        ------
        ParticipantNotFound
            If nobody of that name is in the call, and no filter waits for them.
        FilterError
            If ``source`` is none of the above.
        CallEnded
            If the call was left or has ended.
        """
        self._check()
        if source not in _EVERY:
            raise FilterError(f"A filter is on source={', '.join(map(repr, _EVERY))}, not on {source!r:.80}.")
        name = on.name if isinstance(on, Participant) else str(on)
        who = next((s.participant for s in self.filters if s.participant.casefold() == name.casefold()), None)
        self._studio.unfilter(who or self._whom(on), source)
        self._show_controls()

    @property
    def filters(self) -> Filters:
        """How each filter goes at this moment: a sequence of `FilterStatus`, which a notebook shows as a table."""
        return Filters(self._studio.filters.statuses())
