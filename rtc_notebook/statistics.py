"""What the SFU counts and what the worker measures, asked for and put together as plain data."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from statistics import median
from typing import TYPE_CHECKING, Any

from .errors import CallTimeout, MissingDependency, NotAllowed
from .media.control import Refused, ToServer
from .protocol import GetStats, Stats

if TYPE_CHECKING:
    from pandas import DataFrame

    from .studio import Studio

ANSWER_SECONDS = 5.0
SHORTEST_SECONDS = 0.5  # over less, two frames more or fewer would change the rates
FORGET_SECONDS = 60.0  # rates over a longer time would say nothing of how it is now


class SfuCounters:
    """Asks the SFU for its counters, from any thread.

    Parameters
    ----------
    send : callable
        Sends a command to the worker.
    """

    def __init__(self, send: Callable[[ToServer], None]) -> None:
        self._send = send
        self._ids = itertools.count(1)
        self._changed = threading.Condition()
        self._waiting: set[int] = set()
        self._answers: dict[int, dict[str, Any] | Refused] = {}

    def ask(self, timeout: float = ANSWER_SECONDS) -> dict[str, Any]:
        """Return the SFU's counters, as `rtc_notebook_server.sfu.base.Engine.stats` has them.

        Never to be called with the studio's lock held, nor from the worker's events: the answer comes through them.

        Raises
        ------
        NotAllowed
            If this kernel is a guest's.
        CallTimeout
            If none come within ``timeout`` seconds, as while the connection is mended, or the SFU is started again.
        """
        with self._changed:
            id = next(self._ids)
            self._waiting.add(id)
            try:
                self._send(ToServer(message=GetStats(id=id)))
                if not self._changed.wait_for(lambda: id in self._answers, timeout):
                    raise CallTimeout(f"The server sent no statistics within {timeout:g} s. Is the call connected?")
                answer = self._answers.pop(id)
            finally:
                self._waiting.discard(id)
                self._answers.pop(id, None)
        if isinstance(answer, Refused):
            if answer.code == "not-allowed":
                raise NotAllowed(answer.message)
            raise CallTimeout(f"The server sent no statistics. {answer.message}")
        return answer

    def answered(self, message: Stats) -> None:
        """Take the server's answer."""
        self._answer(message.id, message.stats)

    def refused(self, refusal: Refused) -> bool:
        """Whether this refusal is an answer to a question for counters."""
        if refusal.about != "get-stats" or refusal.id is None:
            return False
        self._answer(refusal.id, refusal)
        return True

    def _answer(self, id: int, answer: dict[str, Any] | Refused) -> None:
        with self._changed:
            if id in self._waiting:
                self._answers[id] = answer
                self._changed.notify_all()


class Rows(list[dict[str, Any]]):
    """One dict for each track; `to_frame` makes a table of them."""

    def to_frame(self) -> DataFrame:
        """Return a pandas DataFrame, a row for each track.

        Raises
        ------
        MissingDependency
            If pandas is not installed.
        """
        try:
            import pandas
        except ImportError as error:
            raise MissingDependency("A table needs pandas: pip install pandas.") from error
        return pandas.DataFrame(list(self), columns=list(COLUMNS))


COLUMNS = (
    "participant",
    "source",
    "kind",
    "name",
    "processed",
    "muted",
    "width",
    "height",
    "fps",
    "bitrate",
    "loss",
    "jitter",
    "rtt",
    "delay",
    "viewers",
    "filter",
    "filter_ms",
)


class Statistics:
    """How the call goes; see `Call.stats`."""

    def __init__(
        self, studio: Studio, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._studio = studio
        self._clock, self._sleep = clock, sleep
        self._lock = threading.Lock()
        self._before: tuple[float, dict[str, dict[str, Any]]] = (0.0, {})
        self._earlier = self._before

    def __call__(self, timeout: float = ANSWER_SECONDS) -> Rows:
        """Return how each track goes, over the time since the last call, and half a second at least.

        Parameters
        ----------
        timeout : float
            Seconds to wait at most for the server's answer.

        Returns
        -------
        list of dict
            For each published track: ``participant``, ``source``, ``kind``, ``name``; ``processed`` (a filter's result)
            and ``muted``; ``width``, ``height`` (pixels, None for sound), ``fps`` (frames or blocks a second),
            ``bitrate`` (bits per second) as the SFU receives them; ``loss`` (share of packets lost on the way to the
            SFU), ``jitter`` (ms, there), ``rtt`` (ms, between the SFU and this participant), ``delay`` (ms from capture
            to arrival in this kernel, where it receives the track), ``viewers`` (how many it is sent to); ``filter``
            and ``filter_ms`` where this kernel filters it. None where nothing is known. ``to_frame()`` makes a table.

        Raises
        ------
        NotAllowed
            If this kernel is a guest's, who came by an invite.
        CallTimeout
            If the server does not answer within ``timeout`` seconds.
        CallEnded, ConnectionFailed
            If the call is over, or never began.
        """
        self._studio.first_connected()
        with self._lock:
            if not self._before[1] or self._clock() - self._before[0] > FORGET_SECONDS:
                first = _published(self._studio.sfu.ask(timeout))
                self._before = (self._clock(), first)
                self._sleep(1.0)
            counters = self._studio.sfu.ask(timeout)
            now, published = self._clock(), _published(counters)
            if self._earlier[1] and now - self._before[0] < SHORTEST_SECONDS:
                since, before = self._earlier
            else:
                since, before = self._earlier = self._before
                self._before = (now, published)
        return Rows(_rows(self._studio, counters, before, now - since))

    def frame(self) -> DataFrame:
        """Return the same as a pandas DataFrame."""
        return self().to_frame()

    def plot(self, *values: str, seconds: float = 60.0) -> Any:
        """Show values over time, redrawn about once a second as long as the call lasts or until ``stop()``.

        Parameters
        ----------
        *values : str
            Which ones, of those that calling this returns; by default bitrate, fps and delay.
        seconds : float
            How much time is shown.

        Returns
        -------
        Plot
            Shown as the value of a cell. ``figure`` is the matplotlib figure; ``stop()`` ends it.

        Raises
        ------
        MissingDependency
            If matplotlib is not installed.
        ValueError
            If there is no such value.
        """
        from .statistics_plot import Plot

        for value in values:
            if value not in PLOTTED:
                raise ValueError(f"There is no value {value!r} to be plotted. There are: {', '.join(PLOTTED)}.")
        return Plot(self, values or ("bitrate", "fps", "delay"), seconds, self._studio.over)

    def __repr__(self) -> str:
        return "<the call's statistics: call this for plain data, .frame() for a table, .plot() for a picture>"


PLOTTED = ("fps", "bitrate", "loss", "jitter", "rtt", "delay", "viewers", "filter_ms", "width", "height")


def _published(counters: dict[str, Any]) -> dict[str, dict[str, Any]]:
    seats = counters.get("participants", {}).values()
    return {track: its for seat in seats for track, its in seat.get("publish", {}).items()}


def _rows(
    studio: Studio, counters: dict[str, Any], before: dict[str, dict[str, Any]], seconds: float
) -> list[dict[str, Any]]:
    seats = counters.get("participants", {})
    published = _published(counters)
    timings = {(one.participant.casefold(), one.source): one for one in studio.filters.statuses()}
    everybody = studio.everybody()
    names = {one.id: one.name for one in everybody}
    owners = {track.id: (one, track) for one in everybody for track in one.tracks}
    rows = []
    for one in everybody:
        rtts = [its["rtt"] for its in seats.get(one.id, {}).get("subscribe", {}).values() if "rtt" in its]
        for track in one.tracks:
            its, former = published.get(track.id, {}), before.get(track.id, {})
            owner, shown = owners.get(track.of, (one, track)) if track.of is not None else (one, track)
            arrival = studio.arrivals.get(track.id)
            filter = timings.get((names[owner.id].casefold(), shown.source))
            if filter is None and owner.widget_of == studio.roster.own_id:
                filter = timings.get(("me", shown.source))
            picture = track.kind == "video"
            packets = its.get("packets", 0) - former.get("packets", 0)
            lost = max(0, its.get("lost", 0) - former.get("lost", 0))
            rows.append(
                {
                    "participant": owner.name,
                    "source": shown.source,
                    "kind": track.kind,
                    "name": shown.label,
                    "processed": track.of is not None,
                    "muted": track.muted,
                    "width": its.get("width") or None if picture else None,
                    "height": its.get("height") or None if picture else None,
                    "fps": _rate(its, former, "frames", seconds, 1),
                    "bitrate": _rate(its, former, "bytes", seconds, 8),
                    "loss": round(lost / (packets + lost), 4) if its and packets + lost > 0 else None,
                    "jitter": round(1000 * its["jitter"], 2) if "jitter" in its else None,
                    "rtt": round(1000 * median(rtts), 1) if rtts else None,
                    "delay": None if arrival is None or arrival.delay is None else round(1000 * arrival.delay, 1),
                    "viewers": sum(track.id in seat.get("subscribe", {}) for seat in seats.values()),
                    "filter": None if filter is None or not picture else filter.label,
                    "filter_ms": None if filter is None or not picture else round(filter.ms, 2),
                }
            )
    return rows


def _rate(its: dict[str, Any], former: dict[str, Any], name: str, seconds: float, times: int) -> float | None:
    if name not in its or name not in former or seconds <= 0:
        return None
    return round(max(0.0, times * float(its[name] - former[name]) / seconds), 1)
