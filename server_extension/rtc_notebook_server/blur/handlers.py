"""Serves the files, and says whether they are there."""

from __future__ import annotations

import json
from pathlib import PurePath

from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.base.handlers import JupyterHandler

from ..handlers import StaticFiles
from . import files

_TYPES = {".js": "text/javascript", ".wasm": "application/wasm"}


class BlurState(JupyterHandler):
    """Where the files are. Public, as they are: guests blur, too."""

    @allow_unauthenticated
    def get(self) -> None:
        """Write ``{"files": URL, relative to this one}``, or ``{"message": what to do}`` where there are none."""
        self.set_header("Cache-Control", "no-store")
        if files.present():
            self.finish({"files": f"{files.VERSION}/"})
        else:
            self.finish(json.dumps({"message": f"Background blur is not installed. {files.HOW}"}))


class BlurFiles(StaticFiles):
    """The files. Their version is in their addresses, so browsers fetch them once."""

    _static_paths: dict[str, str] = {}  # noqa: RUF012 - see the base class

    def set_headers(self) -> None:
        """Have the browser keep them for good."""
        super().set_headers()
        self.set_header("Cache-Control", "public, max-age=31536000, immutable")

    def get_content_type(self) -> str:
        """Return the file's type, which the machine's own tables may not know."""
        return _TYPES.get(PurePath(self.absolute_path or "").suffix, "application/octet-stream")
