"""``python -m rtc_notebook.process.start MODULE ARGS``: runs a module as ``python -m`` does, and sooner.

What is loaded is not garbage: a tenth of a child's start would go into looking for some among it. Modules that are
run so call `rtc_notebook.process.child.loaded`.
"""

from __future__ import annotations

import gc
import runpy
import sys


def command(module: str, *args: str) -> list[str]:
    """Return the command that runs a module."""
    return [sys.executable, "-m", __name__, module, *args]


def main() -> None:
    """Run the module that the command line names."""
    gc.disable()
    module = sys.argv.pop(1)
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
