"""Where this Python runs: in a Jupyter kernel, or not."""

from __future__ import annotations

import sys
from typing import Any


def kernel_shell() -> Any:
    """Return the IPython shell of this Jupyter kernel; None where this is none. Never imports IPython itself."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None and hasattr(ipython, "get_ipython") else None
    return shell if getattr(shell, "kernel", None) is not None else None


def in_kernel() -> bool:
    """Tell whether this is a Jupyter kernel, whose cells can show a widget."""
    return kernel_shell() is not None
