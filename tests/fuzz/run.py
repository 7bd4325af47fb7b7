"""Many sequences, made by Hypothesis."""

from __future__ import annotations

import asyncio
import logging
from random import Random

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from rtc_notebook_server.invites import Invites

from .world import play

_STORIES = st.binary(min_size=40, max_size=400) | st.integers(0, 2**32).map(lambda seed: Random(seed).randbytes(250))
"""Bytes that Hypothesis makes up are often zero, which is nobody's story; so half of them are any."""


def sequences(wanted: int, start: int | None = None) -> tuple[int, int]:
    """Play sequences; return how many there were, and how many messages were said in them.

    Parameters
    ----------
    wanted : int
        How many.
    start : int, optional
        Where Hypothesis starts from; without it, from what failed before and else anywhere.

    Raises
    ------
    AssertionError
        With the shortest sequence found, if the rooms did something that they must not do.
    """
    loop = asyncio.new_event_loop()
    clock = [1_000.0]
    store = Invites(clock=lambda: clock[0])
    count = said = 0

    @settings(
        max_examples=wanted,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.reuse, Phase.generate, Phase.shrink),
        database=None if start is not None else settings().database,
    )
    @given(data=_STORIES)
    def play_one(data: bytes) -> None:
        nonlocal count, said
        count += 1
        said += loop.run_until_complete(play(data, store, clock))
        store._database.execute("DELETE FROM invite")

    logging.disable(logging.WARNING)  # of SFUs that die, as they are to
    try:
        (play_one if start is None else seed(start)(play_one))()
    finally:
        logging.disable(logging.NOTSET)
        store.close()
        loop.close()
    return count, said
