"""Nothing is left behind: `benchmarks/leaks.py`, short."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

_PATH = Path(__file__).parents[1] / "benchmarks" / "leaks.py"


@pytest.mark.slow
def test_nothing_is_left_behind(tmp_path: Path):
    spec = importlib.util.spec_from_file_location("leaks", _PATH)
    assert spec is not None and spec.loader is not None
    sys.modules["leaks"] = benchmark = importlib.util.module_from_spec(spec)  # its dataclasses look themselves up
    spec.loader.exec_module(benchmark)
    assert benchmark.leaks(tmp_path, joins=5, restarts=2, rooms=2, show=False) == []
