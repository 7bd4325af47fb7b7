"""What a filter is made of: one function or a list of them, each with parameters of its own."""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import FilterError
from ..frames import FrameInfo
from ..protocol import OnError

INFO = "info"
"""The parameter that gets the `FrameInfo`."""

NOTHING: Any = inspect.Parameter.empty

_PASSED_BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
_PASSED_BY_PLACE = (
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
    inspect.Parameter.VAR_POSITIONAL,
)

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Parameter:
    """A parameter that a control may be made of.

    Attributes
    ----------
    name : str
    abbreviation : object
        What `ipywidgets.interact` would make a control of: the default, or what ``Annotated`` adds to the type.
    default : object
        The value to start with where the abbreviation comes from ``Annotated``; `NOTHING` otherwise.
    """

    name: str
    abbreviation: Any
    default: Any = NOTHING


@dataclass(frozen=True)
class Step:
    """One function of a chain."""

    function: Callable[..., Any]
    label: str
    takes_info: bool = False
    parameters: tuple[Parameter, ...] = ()

    def __call__(self, value: Any, info: FrameInfo, values: Values) -> Any:
        """Return what the function makes of a frame or block."""
        if self.takes_info:
            return self.function(value, info=info, **values)
        return self.function(value, **values)


@dataclass(frozen=True)
class Chain:
    """Functions in a row, each of which gets what the one before returned."""

    steps: tuple[Step, ...]

    @property
    def label(self) -> str:
        """What it is called where it is shown: ``"mirror + edges"``."""
        return " + ".join(step.label for step in self.steps)[:64]

    @property
    def on_error(self) -> OnError:
        """What is seen when it fails, as its functions have it: held if one of them says ``on_error = "hold"``."""
        return "hold" if any(on_error_of(step.function) == "hold" for step in self.steps) else "pass"

    def run(
        self, value: Any, info: FrameInfo, values: Sequence[Values], between: Callable[[Any], Any] = lambda value: value
    ) -> Any:
        """Return what comes out at the end.

        Parameters
        ----------
        value : array
            A frame or block.
        info : FrameInfo
            For the functions that ask for it.
        values : sequence of mapping
            The parameters' values, for each step.
        between : callable
            What a result goes through on its way to the next function.
        """
        for index, step in enumerate(self.steps):
            try:
                value = between(value) if index else value
            except FilterError as error:
                raise FilterError(f"{self.steps[index - 1].label!r} in the chain: {error}") from None
            value = step(value, info, values[index])
        return value


def chain(function: Any) -> Chain:
    """Return a function, an object with ``__call__`` or a list of either as a chain.

    Raises
    ------
    FilterError
        If it is none of these, or one needs an argument that nobody gives it; says which.
    """
    steps = tuple(_step(one) for one in _flat(function))
    if not steps:
        raise FilterError("A chain of filters needs at least one function; this list is empty.")
    return Chain(steps)


def _flat(function: Any) -> list[Any]:
    if isinstance(function, (list, tuple)):
        return [each for one in function for each in _flat(one)]
    return [function]


def _step(function: Any) -> Step:
    label = label_of(function)
    if not callable(function):
        raise FilterError(f"A filter is a function that takes a picture and returns one, not {function!r:.80}.")
    if inspect.isclass(function):
        raise FilterError(f"{label!r} is a class; give an instance of it, as in {label}().")
    if any(kind(function) for kind in _NOT_PLAIN) or any(kind(_call_of(function)) for kind in _NOT_PLAIN):
        raise FilterError(f"{label!r} is async or a generator; a filter is a plain function that returns its picture.")
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (ValueError, TypeError):  # written in C: it gets the picture, and nothing else is known
        return Step(function, label)
    if not parameters or parameters[0].kind not in _PASSED_BY_PLACE:
        raise FilterError(f"{label!r} takes no picture; a filter's first parameter is the frame.")
    rest = [one for one in parameters[1:] if one.kind in _PASSED_BY_NAME and not _is_set(function, one.name)]
    info = [one for one in rest if one.name == INFO]
    missing = [one.name for one in parameters[1:] if _required(one) and one not in info]
    if missing:
        raise FilterError(
            f"{label!r} has a parameter {missing[0]!r} without a default. Give it one, which becomes a control, as in "
            f"{missing[0]}=(0, 255); only the first parameter (the frame) and {INFO!r} are filled in."
        )
    annotated = _annotated(function)
    found = (_parameter(one, annotated) for one in rest if one not in info)
    return Step(function, label, bool(info), tuple(one for one in found if _may_be_control(one.abbreviation)))


_NOT_PLAIN = (inspect.iscoroutinefunction, inspect.isasyncgenfunction, inspect.isgeneratorfunction)


def _call_of(function: Any) -> Any:
    return getattr(type(function), "__call__", None)  # noqa: B004 - the function behind it is what is looked at


def _required(parameter: inspect.Parameter) -> bool:
    variable = parameter.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return parameter.default is NOTHING and not variable


def _is_set(function: Any, name: str) -> bool:
    """Whether the author gave it a value by ``functools.partial``, and no abbreviation."""
    given = function.keywords if isinstance(function, functools.partial) else {}
    return name in given and not _says_itself(given[name])


def _annotated(function: Any) -> dict[str, Any]:
    """Return what ``Annotated`` adds to the types of the parameters."""
    inner = _inner(function)
    for owner in (inner, _call_of(inner)):
        try:
            hints = typing.get_type_hints(owner, include_extras=True)
        except Exception:  # names that are known to type checkers only
            continue
        found = {name: hint.__metadata__[0] for name, hint in hints.items() if hasattr(hint, "__metadata__")}
        if found:
            return found
    return {}


def _parameter(parameter: inspect.Parameter, annotated: Mapping[str, Any]) -> Parameter:
    name, default = parameter.name, parameter.default
    if name in annotated and (annotated[name] is None or not _says_itself(default)):
        return Parameter(name, annotated[name], default)
    return Parameter(name, default)


def _says_itself(default: Any) -> bool:
    """Whether a default is an abbreviation that means more than its value, and so goes before the annotation."""
    return isinstance(default, (tuple, list, dict)) or hasattr(default, "observe")


def _may_be_control(abbreviation: Any) -> bool:
    """Whether `ipywidgets.interact` would make a control of it; arrays, None and objects stay plain defaults."""
    if abbreviation is None or isinstance(abbreviation, (np.ndarray, bytes)) or callable(abbreviation):
        return False
    is_widget = hasattr(abbreviation, "observe") and hasattr(abbreviation, "value")
    return is_widget or isinstance(abbreviation, (str, int, float, np.number)) or np.iterable(abbreviation)


def label_of(function: Any) -> str:
    """Return what a function is called where it is shown."""
    function = _inner(function)
    label = getattr(function, "__name__", None) or type(function).__name__
    return "lambda" if label == "<lambda>" else str(label)[:64]


def on_error_of(function: Any) -> OnError:
    """Return what a function says in an attribute ``on_error``; ``"pass"`` where it says nothing."""
    return "hold" if getattr(_inner(function), "on_error", None) == "hold" else "pass"


def _inner(function: Any) -> Any:
    while isinstance(function, functools.partial):
        function = function.func
    return function
