"""A notebook in a real JupyterLab page, run cell by cell as a user does."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import nbformat
from playwright.sync_api import Page


def make_notebook(path: Path, *cells: str) -> Path:
    """Write a notebook with these cells."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, path)
    return path


class Server(Protocol):
    """What of a Jupyter server is needed here."""

    def page(self, path: str, **query: str) -> str:
        """Return the URL of a page."""


class Notebook:
    """A notebook open in JupyterLab; needs ``--LabApp.expose_app_in_browser=True``."""

    def __init__(self, page: Page, server: Server, name: str) -> None:
        self.page = page
        self.server = server
        page.goto(server.page(f"lab/tree/{name}", reset=""))
        page.wait_for_function("() => globalThis.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel")
        page.wait_for_function(
            "() => globalThis.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'"
        )

    def command(self, name: str, arguments: Mapping[str, str] | None = None) -> None:
        """Run a command of JupyterLab's."""
        self.page.evaluate(
            "([name, args]) => globalThis.jupyterapp.commands.execute(name, args).then(() => null)",
            [name, dict(arguments or {})],
        )

    def look(self) -> None:
        """Have JupyterLab look now for what runs on its server, as it does every ten seconds: a dead kernel is none."""
        self.page.evaluate(
            """async () => {
                const {kernels, sessions} = globalThis.jupyterapp.serviceManager;
                await kernels.refreshRunning();
                await sessions.refreshRunning();
            }"""
        )

    @property
    def kernel_id(self) -> str:
        """The id of the notebook's kernel."""
        return str(self.page.evaluate("globalThis.jupyterapp.shell.currentWidget.sessionContext.session.kernel.id"))

    def cells(self) -> int:
        """Return how many cells the notebook has."""
        return int(self.page.evaluate("globalThis.jupyterapp.shell.currentWidget.content.widgets.length"))

    def run(self, index: int, timeout: float = 60) -> str:
        """Run one cell, wait for its end, and return the text of its outputs.

        Raises
        ------
        AssertionError
            If the cell raised.
        """
        outputs = self.page.evaluate(
            """async ([index, timeout]) => {
                const {content} = globalThis.jupyterapp.shell.currentWidget;
                content.activeCellIndex = index;
                content.deselectAll();
                const ran = globalThis.jupyterapp.commands.execute("notebook:run-cell");
                const late = new Promise((_, refuse) => setTimeout(refuse, timeout * 1000, new Error(`cell ${index}`)));
                await Promise.race([ran, late]);
                return content.widgets[index].model.toJSON().outputs ?? [];
            }""",
            [index, timeout],
        )
        errors = ["\n".join(output["traceback"]) for output in outputs if output["output_type"] == "error"]
        assert not errors, errors[0]
        return "".join(str(output.get("text", "")) for output in outputs)

    def source(self, index: int) -> str:
        """Return what a cell says."""
        return str(
            self.page.evaluate(
                "index => globalThis.jupyterapp.shell.currentWidget.content.widgets[index].model.sharedModel.source",
                index,
            )
        )

    def set_source(self, index: int, source: str) -> None:
        """Replace what a cell says."""
        self.page.evaluate(
            """([index, source]) => {
                globalThis.jupyterapp.shell.currentWidget.content.widgets[index].model.sharedModel.setSource(source);
            }""",
            [index, source],
        )
