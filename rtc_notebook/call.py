"""A call, as a notebook's author has it."""

from __future__ import annotations

import atexit
import contextlib
import os
import secrets
import threading
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar, overload

from . import cells, links, visiting
from . import server as servers
from ._call.filtering import Filtering
from ._call.giving import Giving
from ._call.hosting import Hosting
from ._call.keeping import Keeping
from .environment import in_kernel
from .errors import ServerNotFound
from .media.control import Join
from .participants import Participants
from .protocol import room_name
from .studio import Studio

if TYPE_CHECKING:
    from .view import CallView
    from .widget import CallWidget

Function = TypeVar("Function", bound=Callable[..., Any])

_living: dict[tuple[str, str, str | None], Call] = {}
_living_lock = threading.Lock()
_giving_way: cells.GivingWay | None = None
"""Of the kernel that this is, once it has been in a call."""


class Call(Filtering, Giving, Keeping, Hosting):
    """A call in a room: people in browsers, and this kernel among them.

    Returns at once and joins in the background. As the value of a cell it shows the call; ``with`` leaves it at the
    end, as the end of the kernel does. A new call to the same room under the same name leaves the former one.

    Parameters
    ----------
    room : str
        The room's name; whoever opens the same room of the same server is in the call. Or a link: the address of a
        call page, or an invite, which needs no account (that asks the server at once and waits for its answer).
    name : str, optional
        Your name in the call, where the server does not know it already.
    server : str, optional
        Address of another Jupyter server, such as ``"http://host:8888/base/"``. By default it is the one that runs
        this notebook; in a script, the only one that runs here.
    token : str, optional
        That server's token.
    gives_way : bool
        Whether a cell that runs for long gives way to whatever else wants the processor while this call is on, as a
        browser on the same machine does, so that the call stays smooth. Where a processor is free, it is as fast as
        ever. On Linux; elsewhere it changes nothing.

    Raises
    ------
    RoomNameError
        If no room can have this name.
    ServerNotFound
        If there is no server, or it is not clear which.
    ConnectionFailed, NotAllowed
        If the server of an invite does not answer, or lets nobody in by it any more.

    Examples
    --------
    >>> call = Call("demo")                                         # doctest: +SKIP
    >>> frame = call.participants["guest"].video.latest()           # doctest: +SKIP
    """

    def __init__(
        self,
        room: str,
        *,
        name: str | None = None,
        server: str | None = None,
        token: str | None = None,
        gives_way: bool = True,
    ) -> None:
        self._invite = ""
        if links.is_link(room):
            room, name = self._follow(room, name, server, token)
        else:
            self._server = servers.named(server, token) if server is not None else servers.notebooks_own()
        self.room = room_name(room)
        self.name = name
        self._gives_way = gives_way
        self._secret = secrets.token_urlsafe()
        self._widget: CallWidget | None = None
        self._view: CallView | None = None
        self._identity = (self._server.url, self.room, name)
        with _living_lock:
            former = _living.get(self._identity)
        if former is not None:
            former.leave()
        join = Join(
            url=self._server.socket(self.room),
            authorization=self._server.authorization,
            room=self.room,
            name=_kernels_name(name),
            call=self._secret,
            directory="",
            subprotocols=self._server.subprotocols,
        )
        self._studio = Studio(join, self._show_change)
        self._participants = Participants(self._studio)
        with _living_lock:
            _living[self._identity] = self
        _let_cells_give_way()

    def _follow(self, link: str, name: str | None, server: str | None, token: str | None) -> tuple[str, str | None]:
        """Take the server from a link; return the room and the name to go by there."""
        if server is not None:
            raise ServerNotFound("A link says which server it leads to; leave server= out.")
        found = links.read(link)
        if found.room:
            self._server = links.server_of(found, token)
            return found.room, name
        visit = visiting.enter(found)
        self._server, self._invite = visit.server, link.strip()
        return visit.room, name or visit.name or os.environ.get("JUPYTERHUB_USER") or None

    @property
    def link(self) -> str:
        """The address of the call page: whoever opens it and may use this server is in the call.

        Of a call that was entered by an invite, that invite.
        """
        return self._invite or self._page()

    def _page(self) -> str:
        seen = self._widget.page_base if self._widget is not None and not self._server.explicit else ""
        return self._server.at(seen).page(self.room) if seen else self._server.page(self.room)

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
            reason, a string), ``message`` (with the `Participant` that sent it and the object, see `send`),
            ``chat`` (with the `ChatMessage`, of others only), ``reaction`` (with the `Participant` and the emoji).
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

    def leave(self) -> None:
        """Leave the call: the kernel, its filters and the widget. Idempotent."""
        self._studio.close()
        with _living_lock:  # not before: a cell that is interrupted meanwhile is run again, and leaves it then
            if _living.get(self._identity) is self:
                del _living[self._identity]
        if _giving_way is not None:
            _giving_way.call_left()

    @property
    def widget(self) -> CallWidget:
        """The widget that shows this call; the same one each time, so that two views share one connection."""
        if self._widget is None:
            from .widget import CallWidget

            self._widget = CallWidget(self._server, self._studio, self._secret, room=self.room, name=self.name or "")
            self._studio.expect_widget()
        return self._widget

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
        return f"<Call {self.room!r}: {self.phase}{who}; {self._page()}>"

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


def _let_cells_give_way() -> None:
    global _giving_way
    if _giving_way is None:
        _giving_way = cells.give_way(_is_somewhere)
    if _giving_way is not None:
        _giving_way.call_joined()


def _is_somewhere() -> bool:
    return any(call._gives_way and call.phase != "ended" for call in list(_living.values()))


@atexit.register
def _leave_all() -> None:
    for call in list(_living.values()):
        if call._widget is not None:
            call._widget.fall_silent()  # it is the kernel that ends: the browser stays, for the next one to take over
        with contextlib.suppress(Exception):
            call.leave()
