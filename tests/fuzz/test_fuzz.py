"""Made-up sequences of messages: no crash, nothing from room to room, and the state that the model says."""

from __future__ import annotations

import pytest

from .run import sequences


@pytest.mark.slow
def test_whatever_is_said_the_rooms_stay_as_the_model_says() -> None:
    count, said = sequences(300)
    assert count >= 300
    assert said > 2_000
