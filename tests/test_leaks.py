"""Nothing is left behind: `benchmarks/leaks.py`, short."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness.benchmark import benchmark


@pytest.mark.slow
def test_nothing_is_left_behind(tmp_path: Path):
    assert benchmark("leaks").leaks(tmp_path, joins=5, restarts=2, rooms=2, show=False) == []
