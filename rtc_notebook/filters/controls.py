"""Parameters as controls, by the rules of `ipywidgets.interact`."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import FilterError
from .chain import NOTHING, Chain, Parameter, Step, Values

if TYPE_CHECKING:
    from ipywidgets import DOMWidget, VBox

_Key = tuple[str, int, str]


@dataclass
class _Control:
    parameter: Parameter
    widget: Any
    initial: Any

    @property
    def is_ours(self) -> bool:
        return self.widget is not self.parameter.abbreviation

    @property
    def value(self) -> Any:
        return self.widget.get_interact_value()


class Controls:
    """The controls of a chain's parameters, and their values at this moment for whoever runs it.

    Parameters
    ----------
    chain : Chain
    former : Controls, optional
        Those of the filter that this one takes the place of: what the user set there stays set where function and
        parameter have the same names.

    Raises
    ------
    FilterError
        If no control can be made of a parameter's default; says how to write it.
    """

    def __init__(self, chain: Chain, former: Controls | None = None) -> None:
        self.on_change: Callable[[], None] = lambda: None
        self._chain = chain
        self._controls: dict[_Key, _Control] = {}
        self._rows: list[list[_Key]] = []
        self._off: list[Callable[[], None]] = []
        self._box: VBox | None = None
        self._values: list[Values] = []
        kept = former._controls if former is not None else {}
        for step in chain.steps:
            nth = sum(1 for other in chain.steps[: len(self._rows)] if other.label == step.label)
            keys = [(step.label, nth, parameter.name) for parameter in step.parameters]
            for key, parameter in zip(keys, step.parameters, strict=True):
                self._controls[key] = _control(step, parameter, kept.get(key))
            self._rows.append(keys)
            self._values.append({})
        for index in range(len(self._rows)):
            self._take(index)

    def widgets(self) -> dict[str, Any]:
        """Return what was made of each parameter, by a name that tells the chain's functions apart."""
        rows = enumerate(self._rows)
        return {f"{row}/{key[2]}": self._controls[key].widget for row, keys in rows for key in keys}

    @property
    def values(self) -> list[Values]:
        """The parameters' values for each step of the chain, as they are now."""
        return list(self._values)

    def listen(self) -> None:
        """Follow the controls from now on."""
        for index, keys in enumerate(self._rows):
            for key in keys:
                self._listen(index, self._controls[key])
                _hear_beside_cells(self._controls[key].widget)
            self._take(index)

    def close(self, successor: Controls | None = None) -> None:
        """Follow the controls no more, and remove from the page what no successor goes on with."""
        for off in self._off:
            off()
        self._off = []
        going_on = {id(control.widget) for control in successor._controls.values()} if successor is not None else set()
        for control in self._controls.values():
            if control.is_ours and id(control.widget) not in going_on:
                control.widget.close()
        if self._box is not None:
            for child in self._box.children:
                if child not in [control.widget for control in self._controls.values()]:
                    child.close()
            self._box.close()

    def box(self, whom: str) -> VBox | None:
        """Return the controls as one widget with the functions' names over them; None where there are none."""
        if self._box is None and any(self._shown(keys) for keys in self._rows if keys):
            self._box = self._make_box(whom)
        return self._box

    def _make_box(self, whom: str) -> VBox:
        from ipywidgets import Label, VBox

        children: list[DOMWidget] = []
        for step, keys in zip(self._chain.steps, self._rows, strict=True):
            shown = self._shown(keys) if keys else []
            if shown:
                label = Label(f"{step.label}{whom}")
                label.add_class("rtc-filter-name")
                children += [label, *shown]
        return VBox(children)

    def _shown(self, keys: list[_Key]) -> list[Any]:
        from ipywidgets import DOMWidget

        return [
            self._controls[key].widget for key in keys if isinstance(self._controls[key].widget, DOMWidget)
        ]  # `fixed` is none

    def _listen(self, index: int, control: _Control) -> None:
        def changed(_change: Any) -> None:
            self._take(index)
            self.on_change()

        control.widget.observe(changed, "value")
        self._off.append(lambda: control.widget.unobserve(changed, "value"))

    def _take(self, index: int) -> None:
        # a new mapping each time: whoever runs the filter has the old one or the new one, never half of each
        self._values[index] = {key[2]: self._controls[key].value for key in self._rows[index]}


def _control(step: Step, parameter: Parameter, former: _Control | None) -> _Control:
    if former is not None and _same(parameter, former.parameter):
        return _Control(parameter, former.widget, former.initial)
    widget = _widget(step, parameter)
    initial = widget.value
    if former is not None and not _equal(former.widget.value, former.initial):
        try:
            widget.value = former.widget.value
        except Exception:  # there is no such choice any more
            widget.value = initial
    return _Control(parameter, widget, initial)


def _widget(step: Step, parameter: Parameter) -> Any:
    from inspect import Parameter as Python

    from ipywidgets import ValueWidget, fixed, interactive

    name, abbreviation = parameter.name, parameter.abbreviation
    default = Python.empty if parameter.default is NOTHING else parameter.default
    why = "it is none of those"
    widget = None
    try:
        widget = interactive.widget_from_abbrev(abbreviation, default)
    except Exception as error:
        why = str(error) or type(error).__name__
    if default is not Python.empty and widget is not None and not _alike(widget.value, default):
        widget, why = None, f"the default {default!r} is none of its values"
    if not isinstance(widget, (ValueWidget, fixed)):
        raise FilterError(
            f"No control can be made of {name}={abbreviation!r:.80} of the filter {step.label!r} ({why}). By the rules "
            "of ipywidgets.interact: (min, max) or (min, max, step) and numbers become sliders, a bool a checkbox, a "
            "str a text field, a list or dict a menu. Wrap it in ipywidgets.fixed(...) to have it as it is."
        )
    if isinstance(widget, ValueWidget) and not getattr(widget, "description", ""):
        widget.description = name.replace("_", " ")
    return widget


def _hear_beside_cells(widget: Any) -> None:
    """Let a control's changes come in while a cell is busy, where kernel and page can do that.

    JupyterLab from 4.4 on sends them to a subshell of ipykernel 7. But ipykernel 7.4 hands them to whatever spoke with
    the page last over that control, and that is the cell that made it.
    """
    with contextlib.suppress(AttributeError, TypeError):
        vars(widget.comm).pop("_reply_subshell_id", None)


def _same(one: Parameter, other: Parameter) -> bool:
    return _equal(one.abbreviation, other.abbreviation) and _equal(one.default, other.default)


def _equal(one: Any, other: Any) -> bool:
    return type(one) is type(other) and _alike(one, other)


def _alike(one: Any, other: Any) -> bool:
    try:
        return one is other or bool(one == other)
    except Exception:  # arrays and the like
        return False
