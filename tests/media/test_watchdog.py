"""When a connection to the SFU counts as silent."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import pytest

from rtc_notebook.media import watchdog
from rtc_notebook.media.watchdog import LOOK_SECONDS, Watchdog


@pytest.fixture
def connection(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    monkeypatch.setattr(watchdog, "received_packets", lambda connection: connection.received)
    return SimpleNamespace(connectionState="connected", received=0)


def looks(dog: Watchdog, connection: SimpleNamespace, begin: float, seconds: float, comes: int) -> list[float]:
    """Look as often as the worker does; return the times at which the connection was found silent."""
    found = []
    for look in range(round(seconds / LOOK_SECONDS)):
        connection.received += comes
        now = begin + look * LOOK_SECONDS
        if dog.look(connection, now):
            found.append(now)
    return found


def test_silence_is_noticed_after_two_seconds_and_said_ever_more_seldom(connection: SimpleNamespace) -> None:
    dog = Watchdog()
    assert looks(dog, connection, 0, 10, 1) == []
    found = looks(dog, connection, 10, 30, 0)
    assert found[0] == pytest.approx(11.5)
    assert [round(later - before) for before, later in itertools.pairwise(found)] == [2, 4, 8]


def test_a_process_that_slept_is_no_silence(connection: SimpleNamespace) -> None:
    dog = Watchdog()
    looks(dog, connection, 0, 10, 1)
    assert not dog.look(connection, 40.0)
    assert not dog.look(connection, 40.5)


def test_a_connection_that_is_being_made_is_given_time(connection: SimpleNamespace) -> None:
    dog = Watchdog()
    connection.connectionState = "connecting"
    assert looks(dog, connection, 0, 10, 0) == []
    connection.connectionState = "connected"
    assert looks(dog, connection, 10, 3.5, 0) == [], "an SFU of another kind may say little"
