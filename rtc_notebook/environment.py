"""Where this Python runs: in a Jupyter kernel, or not."""

from __future__ import annotations

import sys


def in_kernel() -> bool:
    """Tell whether this is a Jupyter kernel, whose cells can show a widget; never imports IPython itself."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None and hasattr(ipython, "get_ipython") else None
    return getattr(shell, "kernel", None) is not None
