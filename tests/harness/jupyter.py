"""A real Jupyter server with a home of its own."""

from __future__ import annotations

import contextlib
import json
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tenacity


def free_port() -> int:
    """Return a TCP port that is free on this machine now; not one of those that connections are given by themselves."""
    for port in random.sample(range(20_000, 32_000), 50):
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("", port))
            return port
    raise RuntimeError("no free TCP port found between 20000 and 32000")


class JupyterServer:
    """``jupyter lab`` (or ``notebook``, ``rtc-notebook``) in a directory of its own, as a context manager."""

    def __init__(
        self,
        home: Path,
        command: str = "lab",
        *args: str,
        base_url: str = "/",
        env: Mapping[str, str] | None = None,
        python: str | Path = sys.executable,
    ) -> None:
        self.home = home
        self.runtime = home / "runtime"
        self.notebooks = home / "notebooks"
        self.token = secrets.token_hex(16)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}{base_url}"
        for directory in (self.runtime, self.notebooks, home / "config", home / "data"):
            directory.mkdir(parents=True, exist_ok=True)
        self.env = {
            **os.environ,
            "JUPYTER_RUNTIME_DIR": str(self.runtime),
            "JUPYTER_CONFIG_DIR": str(home / "config"),
            "JUPYTER_DATA_DIR": str(home / "data"),
            "IPYTHONDIR": str(home / "ipython"),
            **(env or {}),
        }
        self.env.pop("JPY_PARENT_PID", None)
        self._command = [
            str(python),
            "-m",
            "jupyter",
            command,
            "--allow-root",
            f"--ServerApp.port={self.port}",
            "--ServerApp.port_retries=0",
            "--ServerApp.open_browser=False",
            f"--ServerApp.base_url={base_url}",
            f"--ServerApp.root_dir={self.notebooks}",
            f"--IdentityProvider.token={self.token}",
            "--ServerApp.allow_unauthenticated_access=False",
            *args,
        ]
        self.log = home / "server.log"
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> JupyterServer:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start and wait until it answers."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self._command, env=self.env, stdout=log, stderr=log, cwd=self.home, start_new_session=True
            )
        try:
            self._wait()
        except tenacity.RetryError:
            raise RuntimeError(self.log.read_text()[-4000:]) from None

    @tenacity.retry(
        stop=tenacity.stop_after_delay(60),
        wait=tenacity.wait_fixed(0.1),
        retry=tenacity.retry_if_exception_type(OSError),
    )
    def _wait(self) -> None:
        assert self.process is not None
        if self.process.poll() is not None:
            raise RuntimeError(self.log.read_text()[-4000:])
        self.get("api/status")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End the server; idempotent."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    @property
    def pid(self) -> int:
        """Process id."""
        assert self.process is not None
        return self.process.pid

    def request(self, method: str, path: str) -> bytes:
        """Send a REST request with the token; returns the answer's body."""
        headers = {"Authorization": f"token {self.token}"}
        request = urllib.request.Request(self.url + path, headers=headers, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            body: bytes = answer.read()
            return body

    def get(self, path: str) -> Any:
        """GET a REST endpoint as JSON, with the token."""
        return json.loads(self.request("GET", path))

    def end_kernels(self) -> None:
        """Shut every kernel down."""
        for kernel in self.get("api/kernels"):
            self.request("DELETE", f"api/kernels/{kernel['id']}")

    def page(self, path: str, **query: str) -> str:
        """Return the URL of a page with the token in it."""
        more = "".join(f"&{key}={value}" if value else f"&{key}" for key, value in query.items())
        return f"{self.url}{path}?token={self.token}{more}"

    def copy_notebook(self, path: Path) -> str:
        """Put a copy of a notebook where the server serves it; returns its name there."""
        shutil.copy(path, self.notebooks / path.name)
        return path.name
