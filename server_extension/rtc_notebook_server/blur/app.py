"""The command ``jupyter rtc-notebook blur``."""

from __future__ import annotations

import sys

from jupyter_core.application import JupyterApp, NoStart

from rtc_notebook.errors import RtcNotebookError

from . import files


class BlurApp(JupyterApp):
    """Fetches what browsers need to blur backgrounds."""

    name = "jupyter-rtc-notebook-blur"
    description = "Fetches with npm what browsers need to blur backgrounds, for this server to serve."

    def start(self) -> None:
        """Fetch the files, unless they are there; ends with status 1 if that fails."""
        try:
            super().start()
        except NoStart:
            return
        if files.present():
            print("Background blur is installed.")
            return
        try:
            where = files.install()
        except (RtcNotebookError, OSError) as error:
            print(error, file=sys.stderr)
            sys.exit(1)
        print(f"Background blur is installed in {where}.")
