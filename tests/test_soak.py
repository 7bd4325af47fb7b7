"""Two minutes of the soak that ``benchmarks/soak.py`` runs for an hour."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_nothing_grows_while_a_call_goes_on(tmp_path: Path):
    spec = importlib.util.spec_from_file_location("soak", Path(__file__).parents[1] / "benchmarks" / "soak.py")
    assert spec is not None and spec.loader is not None
    sys.modules["soak"] = soak = importlib.util.module_from_spec(spec)  # its dataclasses look themselves up
    spec.loader.exec_module(soak)
    assert soak.soak(2.0, tmp_path, settle=0.7, show=False) == []
