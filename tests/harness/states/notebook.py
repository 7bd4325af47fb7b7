"""The call under a cell of JupyterLab's: a filter that fails, a kernel that is gone."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from ..jupyter import JupyterServer
from ..kernel import Kernel
from ..lab import Notebook, make_notebook
from .scene import CALL, Scene

FAILS = "@call.filter(on='Bo')\ndef wrong(frame, low=(0, 255)):\n    raise ValueError('no')"
RESTART = "globalThis.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart().then(() => null)"
THEMES = ("JupyterLab Light", "JupyterLab Dark")


def opened(page: Page, server: JupyterServer, room: str, directory: Path) -> Notebook:
    """Open a notebook whose first cell is a call, and run that."""
    path = make_notebook(directory / f"{room}.ipynb", CALL.format(room=room) + "call", FAILS)
    shown = Notebook(page, server, server.copy_notebook(path))
    shown.run(0)
    return shown


def theme(notebook: Notebook, name: str) -> None:
    """Put on a theme."""
    notebook.command("apputils:change-theme", {"theme": name})
    expect(notebook.page.locator(f"body[data-jp-theme-name='{name}']")).to_be_attached(timeout=20_000)
    expect(notebook.page.locator("#jupyterlab-splash")).to_have_count(0)  # it lies over everything until then


def fails(scene: Scene, notebook: Notebook) -> None:
    """Look at a filter that raises; Bo is in the call."""
    notebook.run(1)
    scene.call.get_by_role("button", name="wrong on Bo").click()
    expect(scene.call.get_by_label("Traceback")).to_be_visible(timeout=20_000)
    scene("filter-fails")


def gone(scene: Scene, notebook: Notebook) -> None:
    """Look at a call whose kernel was restarted."""
    notebook.page.evaluate(RESTART)
    expect(scene.call.get_by_text("The kernel has stopped")).to_be_visible(timeout=60_000)
    scene("kernel-gone")


def kernel_of(notebook: Notebook) -> Kernel:
    """Return the notebook's kernel, to run in it what no cell has."""
    assert isinstance(notebook.server, JupyterServer)
    return Kernel(notebook.server, notebook.kernel_id)
