"""A filter on one track of a recording, frame by frame, with the policy that it has in a call."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ..filters.result import to_bgr
from ..filters.runner import Program
from ..filters.sound import to_block
from ..overlays import are_shapes
from ..protocol import OnError
from .reading import Contents, Timed, to_array


class Applied:
    """Gives what everybody would see or hear of each frame, in order.

    Parameters
    ----------
    contents : Contents
        The recording.
    program : Program
        The filter.
    on_error : {"pass", "hold"}
        What there is where it fails: the raw frame or nothing.
    describe : str
        What it is called in messages.
    """

    def __init__(self, contents: Contents, program: Program, on_error: OnError, describe: str) -> None:
        self._contents = contents
        self._program = program
        self._on_error = on_error
        self._describe = describe
        self._sequence = 0

    def picture(self, timed: Timed) -> np.ndarray[Any, Any] | None:
        """Return what is seen of a picture (PyAV's), uint8 BGR; None: nothing new."""
        return self._one(timed, to_array(timed.frame, "bgr"), to_bgr)

    def block(self, timed: Timed) -> np.ndarray[Any, Any] | None:
        """Return what is heard of a block, float32 (samples, channels); None: silence."""
        return self._one(timed, timed.frame, partial(to_block, samples=len(timed.frame)))

    def _one(self, timed: Timed, array: np.ndarray[Any, Any], check: Any) -> np.ndarray[Any, Any] | None:
        self._sequence += 1
        program = self._program
        try:
            value = program.run(array.copy(), self._contents.info(self._sequence, timed), check)
            result: np.ndarray[Any, Any] = array if are_shapes(value) else check(value)  # shapes leave it as it is
            return result
        except Exception as error:
            if program.failures.add(error):
                program.tell(f"Filter {self._describe} failed; the replay goes on.\n{program.failures.traceback}")
            return array if self._on_error == "pass" else None
