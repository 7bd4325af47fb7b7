"""Every line of docs/security.md names tests that there are."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def names_of_tests() -> set[str]:
    """Return the names of all tests in Python."""
    texts = (path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    return {name for text in texts for name in re.findall(r"^ *(?:async )?def (test_\w+)\(", text, re.MULTILINE)}


def test_every_threat_has_its_tests() -> None:
    page = (ROOT / "docs" / "security.md").read_text()
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| ")][2:]
    assert len(rows) > 40
    there = names_of_tests()
    for row in rows:
        threat, _, shown = row
        named = re.findall(r"`(\w+)`", shown)
        assert named, f"no test is named for: {threat}"
        assert set(named) <= there, f"for {threat}: there is no {sorted(set(named) - there)}"
