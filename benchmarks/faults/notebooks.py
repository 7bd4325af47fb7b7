"""What befalls a call in a notebook: its kernel started again with all cells, and its server."""

from __future__ import annotations

import signal
from pathlib import Path

import nbformat
from harness.browser import context, tile
from harness.lab import Notebook
from harness.views import RECORDER, View

from .scene import Scene

CALL = """from rtc_notebook import Call
call = Call({room!r}, name="Cem")
call"""
FILTER = """call.wait_until_connected()
@call.filter(on="Cem")
def dark(frame):
    return frame // 2"""


def _open(scene: Scene) -> Notebook:
    cells = [nbformat.v4.new_code_cell(cell) for cell in (CALL.format(room=scene.room), FILTER)]
    written = nbformat.v4.new_notebook(cells=cells)
    written.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path = Path(scene.home) / "cem.ipynb"
    nbformat.write(written, path)
    page = context(scene.here, viewport={"width": 900, "height": 900}).new_page()
    page.add_init_script(RECORDER)
    notebook = Notebook(page, scene.server, scene.server.copy_notebook(path))
    for cell in range(2):
        notebook.run(cell)
    scene.ben.locator(f"{tile('Cem')}[data-processed]").wait_for(state="attached", timeout=30_000)
    return notebook


def run_all_again(scene: Scene) -> None:
    """Restart the kernel of a notebook and run all cells, by JupyterLab's command."""
    notebook = _open(scene)
    with scene.fault('"Restart Kernel and Run All Cells" in JupyterLab', [View(scene.ben, "Cem/camera/filtered")]):
        notebook.page.evaluate("void globalThis.jupyterapp.commands.execute('notebook:restart-run-all')")
        notebook.page.locator(".jp-Dialog .jp-mod-accept").click()
    notebook.page.context.close()


def widget_server_restarted(scene: Scene) -> None:
    """Restart the Jupyter server of a notebook that shows the call; its kernel goes with it, and its filters."""
    notebook = _open(scene)
    with scene.fault("Jupyter server restarted, the call in a notebook", [View(scene.ben, "Cem/camera")]) as fault:
        scene.server.stop(signal.SIGTERM)
        scene.server.start()
        fault.gone()
    notebook.page.context.close()


FAULTS = [run_all_again, widget_server_restarted]
