from __future__ import annotations

import inspect
import re

import pytest

from rtc_notebook import errors

CLASSES = [c for _, c in inspect.getmembers(errors, inspect.isclass) if c.__module__ == errors.__name__]


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    tree = errors.__doc__ or ""
    named = set(re.findall(r"^ *[│ ]*(?:[├└]── )?([A-Z]\w+)", tree.split("::", 1)[1], re.MULTILINE))
    assert {c.__name__ for c in CLASSES} <= named


@pytest.mark.parametrize("error", CLASSES)
def test_every_error_can_be_caught_by_the_base(error: type[Exception]) -> None:
    assert issubclass(error, errors.RtcNotebookError)
    assert error.__doc__


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (errors.CallTimeout, TimeoutError),
        (errors.ParticipantNotFound, KeyError),
        (errors.RoomNameError, ValueError),
        (errors.MissingDependency, ImportError),
    ],
)
def test_errors_are_also_what_python_calls_them(error: type[Exception], builtin: type[Exception]) -> None:
    assert issubclass(error, builtin)


def test_participant_not_found_says_who_is_there() -> None:
    error = errors.ParticipantNotFound("bob", ["Ana", "Guest"])
    assert str(error) == "Nobody called 'bob' is in the room. There: 'Ana', 'Guest'."
    assert "nobody yet" in str(errors.ParticipantNotFound("bob", []))


@pytest.mark.parametrize("error", [errors.ProtocolError, errors.SfuError])
def test_coded_errors_carry_their_code(error: type[errors.ProtocolError]) -> None:
    assert error("bad-sdp", "No SDP.").code == "bad-sdp"


def test_a_long_room_name_does_not_flood_the_message() -> None:
    assert len(str(errors.RoomNameError("x" * 10_000))) < 300
