"""What axe-core finds wrong with a page: https://github.com/dequelabs/axe-core, from this repository's node_modules."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

SOURCE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
WORST = ("serious", "critical")

_RUN = """
async within => {
    const {violations} = await axe.run(within, {resultTypes: ["violations"]});
    return violations.map(({id, impact, help, nodes}) => ({
        id, impact, help, nodes: nodes.map(({target, failureSummary}) => `${target.join(" ")}: ${failureSummary}`),
    }));
}
"""


@lru_cache(maxsize=1)
def _source() -> str:
    assert SOURCE.exists(), "axe-core is not installed; `make test` and `npm install` install it"
    return SOURCE.read_text(encoding="utf-8")


def findings(page: Page, within: str = ".rtc-notebook") -> list[dict[str, Any]]:
    """Return what axe-core finds in one part of the page as it is now, with ``id``, ``impact``, ``help`` and ``nodes``.

    The page must stand still: transitions count with the colours they pass through, so ask for reduced motion.
    """
    if page.evaluate("typeof axe") != "object":
        page.evaluate(_source())  # by the debugger: the page's own policy lets no script in, and stays as it is
    found: list[dict[str, Any]] = page.evaluate(_RUN, within)
    return found


def serious(page: Page, within: str = ".rtc-notebook") -> list[str]:
    """Return a line for each element with a serious or critical finding."""
    return [
        f"{found['impact']} {found['id']}: {found['help']}: {node}"
        for found in findings(page, within)
        if found["impact"] in WORST
        for node in found["nodes"]
    ]
