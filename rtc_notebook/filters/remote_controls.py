"""A filter's controls as people in the call see them."""

from __future__ import annotations

import math
from typing import Any

from ..errors import FilterError
from ..protocol import FilterControl
from .controls import Controls

MOST_TEXT = 1_000


def described(controls: Controls) -> tuple[FilterControl, ...]:
    """Return those controls that can be shown outside of a notebook: sliders, checkboxes, menus and text fields."""
    found = (_described(id, widget) for id, widget in controls.widgets().items())
    return tuple(one for one in found if one is not None)


def set_value(controls: Controls, id: str, value: float | bool | str) -> None:
    """Set a control to what somebody chose.

    Raises
    ------
    FilterError
        If there is no such control any more, or it cannot have that value.
    """
    widget = controls.widgets().get(id)
    control = None if widget is None else _described(id, widget)
    if widget is None or control is None:
        raise FilterError("This filter has no such control any more. Open the menu again.")
    if isinstance(value, bool) != (control.kind == "flag") or isinstance(value, str) != (
        control.kind in ("choice", "text")
    ):
        raise FilterError(f"{control.label!r} cannot be {value!r:.40}.")
    try:
        if control.kind == "choice":
            widget.index = control.choices.index(str(value))
        elif control.kind == "range":
            widget.value = type(widget.value)(min(max(float(value), control.low), control.high))
        else:
            widget.value = str(value)[:MOST_TEXT] if control.kind == "text" else value
    except (ValueError, TypeError, OverflowError):
        raise FilterError(f"{control.label!r} cannot be {value!r:.40}.") from None


def _described(id: str, widget: Any) -> FilterControl | None:
    label = str(getattr(widget, "description", "") or id.partition("/")[2])
    value = getattr(widget, "value", None)
    if getattr(widget, "disabled", False):
        return None
    if hasattr(widget, "index") and hasattr(widget, "options"):
        choices = tuple(map(str, getattr(widget, "_options_labels", ())))
        if widget.index is None or not isinstance(widget.index, int):
            return None
        return FilterControl(id=id, label=label, kind="choice", value=choices[widget.index], choices=choices)
    if isinstance(value, bool):
        return FilterControl(id=id, label=label, kind="flag", value=value)
    if isinstance(value, (int, float)) and hasattr(widget, "min") and hasattr(widget, "max"):
        step = float(getattr(widget, "step", None) or (1 if isinstance(value, int) else 0))
        low, high = float(widget.min), float(widget.max)
        if hasattr(widget, "base"):  # a FloatLogSlider's are exponents, its value is not
            low, high, step = widget.base**low, widget.base**high, 0.0
        if not all(map(math.isfinite, (value, low, high, step))):
            return None  # JSON has no such numbers, and nobody could set such a slider
        return FilterControl(id=id, label=label, kind="range", value=float(value), low=low, high=high, step=step)
    if isinstance(value, str) and hasattr(widget, "description"):
        return FilterControl(id=id, label=label, kind="text", value=value)
    return None
