"""Slow tests go first, those of everything together before the others: else one core waits for them at the end."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent
TOGETHER = {HERE, HERE / "arrays"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: ("slow" not in item.keywords, item.path.parent not in TOGETHER))
