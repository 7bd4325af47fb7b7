from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from rtc_notebook import _esm
from rtc_notebook._served import MODULES, first_styles, served, styles

SOURCES = sorted((*MODULES.glob("*.js"), *MODULES.glob("*.css")))


def test_what_goes_out_has_no_comments_and_is_much_shorter() -> None:
    before = sum(path.stat().st_size for path in SOURCES)
    after = [served(path) for path in SOURCES]
    assert sum(map(len, after)) < 0.7 * before
    assert not any(b"@param" in text or b"@typedef" in text for text in after)


def test_every_module_is_still_a_module(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs node")
    for path in MODULES.glob("*.js"):
        (tmp_path / path.name).write_bytes(served(path))
    (tmp_path / "package.json").write_text('{"type": "module"}')
    # Loaded, not only parsed: a name that was joined to its neighbour shows then.
    names = [name for name in _esm.order("callpage.js") if name != "callpage.js"]
    (tmp_path / "all.js").write_text("\n".join(f'import "./{name}";' for name in names))
    out = subprocess.run([node, tmp_path / "all.js"], capture_output=True, text=True, timeout=60)
    assert out.returncode == 0, out.stderr


@pytest.mark.slow
def test_every_module_is_still_the_same_program(tmp_path: Path) -> None:
    checker = Path(__file__).parents[1] / "static" / "same_program.js"
    node = shutil.which("node")
    if node is None or not (checker.parents[2] / "node_modules" / "typescript").exists():
        pytest.skip("needs node and TypeScript")
    for path in MODULES.glob("*.js"):
        (tmp_path / path.name).write_bytes(served(path))
    out = subprocess.run([node, checker, MODULES, tmp_path], capture_output=True, text=True, timeout=60)
    # A template inside a template is what the library that does it takes blanks from.
    assert (out.returncode, out.stdout) == (0, ""), out.stderr


def test_libraries_go_out_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "library.js").write_text("/* Licence */ a ;\n")
    assert served(tmp_path / "library.js") == b"/* Licence */ a ;\n"


def test_a_call_begins_with_little() -> None:
    begins = [*_esm.order("page.js", later=False), *first_styles("room")]
    assert sum(len(served(MODULES / name)) for name in begins) < 127_000  # the page itself and a few figures come to it
    later = set(_esm.order("page.js")) - set(begins)
    assert {"link.js", "prejoin.js", "kernelview.js", "chatview.js", "invitedialog.js", "shapes.js"} <= later
    assert {"voices.js", "watchdog.js", "statisticsview.js"} <= later


def test_every_style_that_a_module_asks_for_is_there() -> None:
    asked = {name for path in MODULES.glob("*.js") for name in re.findall(r'\bstyle\("([^"]+)"\)', path.read_text())}
    assert asked == set(styles()) - set(first_styles("room")) - {"widget.css"}


def test_the_base_style_comes_first() -> None:
    assert styles()[0] == "style.css"
    assert "side.css" in styles()
    assert "thumbnails.css" not in styles()
