from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from rtc_notebook import __version__, _esm

NAMES = sorted(path.name for path in _esm.MODULES.glob("*.js"))


@pytest.mark.parametrize("name", NAMES)
def test_modules_keep_the_rules_of_the_linker(name: str) -> None:
    source = (_esm.MODULES / name).read_text("utf-8")
    code = re.sub(r"/\*(?s:.*?)\*/|^\s*//.*$", "", source, flags=re.MULTILINE)
    for target in re.findall(r"""^\s*(?:import|export)\b[^;]*?\bfrom\s*(\S+?);?$""", code, re.MULTILINE):
        assert re.fullmatch(r'"\./[\w-]+\.js"', target), f"{name} imports {target}"
        assert target[3:-1] in NAMES
    assert not re.search(r"""^\s*import\s*["']""", code, re.MULTILINE), "an import for its effects alone is not linked"
    assert "import.meta" not in code
    dynamic = re.findall(r"\bimport\s*\((.*?)\)", code)
    if name == "loader.js":  # from another address, where one of the others failed on a page
        assert dynamic.pop() == "`./${name}?${failures}`"
    for target in dynamic:
        assert re.fullmatch(r'"\./[\w-]+\.js"', target), f"{name} imports {target}"
        assert target[3:-1] in NAMES
        if name != "callpage.js":  # a page that has not even begun is loaded again
            assert f'loader("{target[3:-1]}", () => import({target}))' in code, "or a browser may remember a failure"


@pytest.mark.parametrize("entry", ["widget.js", "page.js", "rooms.js", "guest.js"])
def test_order_puts_imported_modules_first(entry: str) -> None:
    names = _esm.order(entry)
    assert names[-1] == entry
    assert len(names) == len(set(names))
    for index, name in enumerate(names):
        source = (_esm.MODULES / name).read_text("utf-8")
        assert set(re.findall(r'from "\./([\w-]+\.js)"', source)) <= set(names[:index])


def test_a_circle_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.js").write_text('import { b } from "./b.js";')
    (tmp_path / "b.js").write_text('import { a } from "./a.js";')
    monkeypatch.setattr(_esm, "MODULES", tmp_path)
    with pytest.raises(ValueError, match=r"circle: a\.js -> b\.js -> a\.js"):
        _esm.order("a.js")


def test_linked_text_runs_and_shares_one_evaluation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs node")
    (tmp_path / "leaf.js").write_text("let count = 0;\nexport const next = () => ++count;\n")
    (tmp_path / "later.js").write_text('import { next } from "./leaf.js";\nexport const more = () => 10 * next();\n')
    (tmp_path / "entry.js").write_text(
        'import { next } from "./leaf.js";\nconst later = () => import("./later.js");\n'
        "export default (version) => ({ version, count: next(), more: async () => (await later()).more() });\n"
    )
    monkeypatch.setattr(_esm, "MODULES", tmp_path)
    _esm.link.cache_clear()
    try:
        text = _esm.link("entry.js")
    finally:
        _esm.link.cache_clear()
    # Node imports no blob: URLs; data: URLs stand in for them.
    script = tmp_path / "run.mjs"
    script.write_text(
        "globalThis.Blob = class { constructor(parts) { this.text = parts.join(''); } };\n"
        "URL.createObjectURL = (blob) => `data:text/javascript,${encodeURIComponent(blob.text)}`;\n"
        "const load = (text, n) => import(`data:text/javascript,${encodeURIComponent(text + `// ${n}`)}`);\n"
        "import { readFileSync } from 'node:fs';\n"
        "const text = readFileSync(process.argv[2], 'utf8');\n"
        "const first = await (await load(text, 1)).default();\n"
        "const second = await (await load(text, 2)).default();\n"
        "console.log(first.version, first.count, second.count, await first.more());\n"
    )
    (tmp_path / "linked.txt").write_text(text)
    out = subprocess.run([node, script, tmp_path / "linked.txt"], capture_output=True, text=True, timeout=60)
    assert out.stdout.split() == [__version__, "1", "2", "30"], out.stderr


def test_widget_links() -> None:
    text = _esm.link()
    assert text is _esm.link()
    assert "export default async" in text
