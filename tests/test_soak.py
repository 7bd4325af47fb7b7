"""Two minutes of the soak that ``benchmarks/soak.py`` runs for an hour."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness.benchmark import benchmark


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_nothing_grows_while_a_call_goes_on(tmp_path: Path):
    assert benchmark("soak").soak(2.0, tmp_path, settle=0.7, show=False) == []
