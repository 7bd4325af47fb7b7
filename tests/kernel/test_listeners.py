"""What an author wants called: in order, in a thread of its own, and the end in any case."""

from __future__ import annotations

import queue
import threading

import pytest

from rtc_notebook.listeners import _WAITING, Listeners


def test_the_end_is_told_and_the_thread_ends_however_far_a_listener_is_behind(
    capsys: pytest.CaptureFixture[str],
) -> None:
    listeners, go_on, told = Listeners(["said", "ended"]), threading.Event(), queue.Queue[object]()

    def slow(number: int) -> None:
        assert go_on.wait(20)
        told.put(number)

    listeners.add("said", slow)
    listeners.add("ended", told.put)
    for number in range(3 * _WAITING):
        listeners.emit("said", number)
    listeners.emit("ended", "Left.")
    listeners.close()
    assert "'said' is left out" in capsys.readouterr().err
    go_on.set()
    assert listeners._thread is not None
    listeners._thread.join(20)
    assert not listeners._thread.is_alive()
    everything = [told.get_nowait() for _ in range(told.qsize())]
    assert everything[-3:] == [3 * _WAITING - 2, 3 * _WAITING - 1, "Left."]
    assert _WAITING <= len(everything) <= _WAITING + 1, "and the one that was being told"
