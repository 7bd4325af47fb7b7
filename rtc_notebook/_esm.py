"""Links the front end's ES modules into the one source text that a widget's ``_esm`` can be.

anywidget loads ``_esm`` from a blob URL, and from there ``./protocol.js`` leads nowhere. The text made here carries
every module's source; in the browser it makes a blob URL of each, leaves first, and puts those in the place of the
relative imports. For this the modules import only each other, as ``from "./name.js"`` or ``import("./name.js")``, and
not in a circle.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from hashlib import sha256

from ._served import MODULES, served
from ._version import __version__

_IMPORT = re.compile(r'\b(from ?|import\()"\./([\w-]+\.js)"')  # of sources without comments

_LOADER = """\
const sources = %(sources)s;
const key = Symbol.for(%(key)s);
function link() {
  const urls = {};
  for (const [name, source] of sources) {
    const relative = /\\b(from ?|import\\()"\\.\\/([\\w-]+\\.js)"/g;
    const linked = source.replace(relative, (_, how, other) => `${how}"${urls[other]}"`);
    const named = `${linked}\\n//# sourceURL=rtc-notebook/${name}\\n`;
    urls[name] = URL.createObjectURL(new Blob([named], { type: "text/javascript" }));
  }
  return import(urls[%(entry)s]);
}
export default async () => (await (globalThis[key] ??= link())).default(%(version)s);
"""


@lru_cache(maxsize=4)
def link(entry: str = "widget.js") -> str:
    """Return one ES module that loads ``entry`` and all it imports.

    Its default export is an async function: what ``entry``'s default export returns when called with the version of
    rtc-notebook. All widgets of a page that carry the same sources share one evaluation of them.

    Parameters
    ----------
    entry : str
        File name of a module in ``static/rtc_notebook``.

    Raises
    ------
    ValueError
        If modules import each other in a circle.
    """
    sources = [(name, served(MODULES / name).decode()) for name in order(entry)]
    return _LOADER % {
        "sources": json.dumps(sources),
        "key": json.dumps(f"rtc-notebook {entry} {_digest(sources)}"),
        "entry": json.dumps(entry),
        "version": json.dumps(__version__),
    }


def order(entry: str, *, later: bool = True) -> list[str]:
    """Return the names of ``entry`` and all modules it imports, each after those that it imports itself.

    Parameters
    ----------
    entry : str
        File name of a module.
    later : bool
        Whether what is only loaded when it is needed (``import("./name.js")``) counts.

    Raises
    ------
    ValueError
        If modules import each other in a circle.
    """
    done: list[str] = []

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            raise ValueError(f"Modules import each other in a circle: {' -> '.join((*path, name))}.")
        if name in done:
            return
        for how, imported in _IMPORT.findall(served(MODULES / name).decode()):
            if later or not how.startswith("import"):
                visit(imported, (*path, name))
        done.append(name)

    visit(entry, ())
    return done


def _digest(sources: list[tuple[str, str]]) -> str:
    return sha256(json.dumps(sources).encode()).hexdigest()[:16]
