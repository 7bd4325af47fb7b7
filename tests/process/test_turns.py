"""A process's turns on a busy processor, as Linux itself says they are."""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import threading

import pytest

from rtc_notebook.process.turns import SCHED_SETATTR, TURN_SECONDS, ask_for_short_turns

attributes = struct.Struct("IIQiIQQQII")


def granted_seconds() -> float:
    """Return the turn of this thread by Linux's ``sched_getattr``, whose number is one more."""
    answer = ctypes.create_string_buffer(attributes.size)
    number = SCHED_SETATTR[platform.machine()] + 1
    assert ctypes.CDLL(None).syscall(number, 0, answer, attributes.size, 0) == 0
    return float(attributes.unpack(answer.raw)[5]) / 1e9


def test_a_thread_gets_the_turns_that_it_asks_for_and_so_do_those_it_starts():
    seen: list[float] = []

    def ask() -> None:
        if ask_for_short_turns():
            seen.append(granted_seconds())
            inner = threading.Thread(target=lambda: seen.append(granted_seconds()))
            inner.start()
            inner.join()

    thread = threading.Thread(target=ask)  # of its own: the other tests' turns stay as they are
    thread.start()
    thread.join()
    if not seen or not any(seen):
        pytest.skip("Linux knows turns of one's own from 6.12 on, and not on every processor")
    assert seen == [pytest.approx(TURN_SECONDS)] * 2


def test_turns_that_are_not_inherited_end_with_the_thread_and_are_taken_back_without_a_privilege():
    seen: list[float] = []

    def ask() -> None:
        usual = granted_seconds()
        if ask_for_short_turns(thread=threading.get_native_id(), inherited=False):
            inner = threading.Thread(target=lambda: seen.append(granted_seconds() - usual))
            inner.start()
            inner.join()
            seen.append(granted_seconds())
            assert ask_for_short_turns(0, inherited=False)
            seen.append(granted_seconds() - usual)

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    if not seen or not seen[1]:
        pytest.skip("Linux knows turns of one's own from 6.12 on, and not on every processor")
    assert seen == [0, pytest.approx(TURN_SECONDS), 0]


def test_where_the_system_does_not_tell_how_it_runs_a_thread_nothing_is_asked(monkeypatch: pytest.MonkeyPatch):
    def refuse(thread: int) -> int:  # as musl does, Alpine's C library
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(os, "sched_getscheduler", refuse, raising=False)
    assert not ask_for_short_turns()


def test_elsewhere_nothing_is_asked(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(platform, "machine", lambda: "an unknown processor")
    assert not ask_for_short_turns()
