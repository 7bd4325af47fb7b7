"""What befalls a call whose Ana sits in front of a notebook in JupyterLab, with the call as its output."""

from __future__ import annotations

import time

from harness.browser import context, tile
from harness.kernel import Kernel
from harness.lab import Notebook, make_notebook
from harness.views import RECORDER, View

from .scene import STAGES, Scene

CELLS = [
    "from rtc_notebook import Call\ncall = Call({room!r}, name='Ana')\ncall",
    "@call.filter(on='Ana', on_error='hold')\ndef dark(frame):\n    return frame // 2",
]


class InLab(Scene):
    """Ana is the notebook's author, whose kernel filters her; Ben is a guest on the call page."""

    about = "With one of the two in front of a notebook in JupyterLab"

    def gather(self) -> Kernel:
        """Open the notebook and run it; have Ben come."""
        make_notebook(self.server.notebooks / "call.ipynb", *(cell.format(room=self.room) for cell in CELLS))
        self.ana = context(self.here, size=None, viewport={"width": 900, "height": 900}).new_page()
        self.ana.add_init_script(RECORDER)
        if self.stages:
            self.ana.add_init_script(STAGES)
        self.notebook = Notebook(self.ana, self.server, "call.ipynb")
        self.notebook.run(0)
        self.ana.locator(tile("Ana")).first.wait_for(state="attached", timeout=20_000)
        self.notebook.run(1)
        self.ben = self.open(self.there, "Ben")
        return Kernel.newest(self.server)


def run_all_again(scene: InLab) -> None:
    """Restart the kernel and run all cells, from the menu."""
    ids = scene.ids()
    with scene.fault("Restart & Run All") as fault:
        scene.ana.evaluate("void globalThis.jupyterapp.commands.execute('notebook:restart-run-all')")
        scene.ana.locator(".jp-Dialog .jp-mod-accept").click()
        fault.gone()
        _everybody(scene)
        fault.note(_same(scene, ids))
    scene.kernel = Kernel(scene.server, scene.notebook.kernel_id)


def lab_server_restarted(scene: InLab) -> None:
    """Stop the Jupyter server and start it again under the notebook; once the widget is back, run the cells again."""
    ids = scene.ids()
    plain = [View(scene.ana, "Ben/camera")]
    with scene.fault("Jupyter server restarted", plain) as fault:
        scene.server.stop()
        scene.server.start()
        fault.gone()
    scene.notebook.look()
    with scene.fault("the same, its cells run then in a new kernel", scene.filtered(), begun=fault.begun) as fault:
        fault.gone()
        for number in range(len(CELLS)):  # one by one: all at once would each start a kernel where there is none
            scene.notebook.run(number)
        _everybody(scene)
        fault.note(_same(scene, ids))
    scene.kernel = Kernel(scene.server, scene.notebook.kernel_id)


def _same(scene: InLab, ids: dict[str, str]) -> str:
    return "the same participant" if scene.ids().get("Ana") == ids["Ana"] else "ANOTHER ANA"


def _everybody(scene: InLab) -> None:
    """Wait until Ana, a kernel of hers and Ben are there, and nobody besides: the former kernel has gone."""
    deadline = time.monotonic() + 30
    while len(scene.people()) != 3 and time.monotonic() < deadline:
        scene.ana.wait_for_timeout(100)


FAULTS = [run_all_again, lab_server_restarted]
