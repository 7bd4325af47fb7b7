"""A kernel on a Jupyter server, driven over its own sockets."""

from __future__ import annotations

import contextlib
import json
import os
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from queue import Empty
from typing import Any, Protocol

import tenacity
import zmq
from jupyter_client.blocking import BlockingKernelClient


class Server(Protocol):
    """What of a Jupyter server is needed here."""

    url: str
    token: str
    runtime: Path


class CellFailed(Exception):
    """A cell raised; the message is its traceback."""


class Kernel:
    """A kernel; as a context manager it is shut down at the end."""

    def __init__(self, server: Server, kernel_id: str) -> None:
        self.server = server
        self.id = kernel_id
        self.stderr = ""
        self._connect()

    @classmethod
    def start(cls, server: Server) -> Kernel:
        """Start a kernel on this server."""
        return cls(server, _post(server, "api/kernels", {"name": "python3"})["id"])

    @classmethod
    def newest(cls, server: Server) -> Kernel:
        """Return the kernel that was started last on this server, by a notebook say."""
        files = sorted(server.runtime.glob("kernel-*.json"), key=lambda file: file.stat().st_mtime)
        return cls(server, files[-1].stem.removeprefix("kernel-"))

    @tenacity.retry(stop=tenacity.stop_after_delay(30), wait=tenacity.wait_fixed(0.2))
    def _connect(self) -> None:
        file = str(self.server.runtime / f"kernel-{self.id}.json")
        self.client = BlockingKernelClient(connection_file=file, context=zmq.Context())
        try:
            self.client.load_connection_file()
            self.client.start_channels()
            self.client.wait_for_ready(timeout=30)
        except BaseException:
            self._disconnect()
            raise

    def _disconnect(self) -> None:
        self.client.stop_channels()
        self.client.context.destroy(linger=0)

    def __enter__(self) -> Kernel:
        return self

    def __exit__(self, *exc: object) -> None:
        self._disconnect()
        with contextlib.suppress(OSError):
            _request(self.server, f"api/kernels/{self.id}", "DELETE")

    def restart(self) -> None:
        """Restart the kernel, as a user does from the menu."""
        self._disconnect()  # before: its sockets would find the new kernel, too
        _post(self.server, f"api/kernels/{self.id}/restart", {})
        self._connect()

    def run(self, code: str, timeout: float = 60) -> str:
        """Run code and return what it printed; what it wrote to stderr is kept in ``stderr``.

        Raises
        ------
        CellFailed
            If it raised.
        """
        printed: list[str] = []
        self.stderr = ""

        def take(message: dict[str, Any]) -> None:
            if message["msg_type"] == "stream":
                if message["content"]["name"] == "stdout":
                    printed.append(message["content"]["text"])
                else:
                    self.stderr += message["content"]["text"]

        reply = self.client.execute_interactive(code, timeout=timeout, output_hook=take, store_history=False)
        if reply["content"]["status"] != "ok":
            raise CellFailed("\n".join(reply["content"].get("traceback", ["aborted"])))
        return "".join(printed)

    def wait_until(self, condition: str, seconds: float = 20) -> None:
        """Wait until an expression is true in the kernel.

        Raises
        ------
        CellFailed
            If it never is.
        """
        self.run(
            f"import time as _time\n_late = _time.monotonic() + {seconds}\n"
            f"while not ({condition}):\n"
            f"    assert _time.monotonic() < _late, {condition!r}\n"
            "    _time.sleep(0.05)",
            timeout=seconds + 60,
        )

    def start_cell(self, code: str) -> str:
        """Run code without waiting for its end; returns the request's id."""
        return str(self.client.execute(code, store_history=False))

    def drain_stderr(self, seconds: float = 0.5, wanted: str = "", times: int = 1) -> str:
        """Return what came to stderr during the last `run` and since, from filters' threads say.

        Waits until this text is in it so many times, 20 seconds at most, and then for so many seconds of silence.
        """
        text, self.stderr = self.stderr, ""
        deadline = time.monotonic() + 20
        with contextlib.suppress(Empty):
            while True:
                patience = seconds if text.count(wanted) >= times else max(seconds, deadline - time.monotonic())
                message = self.client.get_iopub_msg(timeout=patience)
                if message["msg_type"] == "stream" and message["content"]["name"] == "stderr":
                    text += message["content"]["text"]
        return text


@contextlib.contextmanager
def held(kernel: Kernel, directory: Path) -> Iterator[None]:
    """Have a cell hold the kernel's interpreter meanwhile: no thread of it moves."""
    pipe = directory / "held"
    os.mkfifo(pipe)
    kernel.start_cell(
        "import ctypes as _c\n_libc = _c.PyDLL(None)  # keeps the interpreter while it calls\n"
        f"_libc.read(_libc.open({os.fsencode(pipe)!r}, 0), _c.create_string_buffer(1), 1)"
    )
    end = _opened(pipe)
    try:
        yield
    finally:
        os.close(end)
        pipe.unlink()


@tenacity.retry(
    stop=tenacity.stop_after_delay(20), wait=tenacity.wait_fixed(0.05), retry=tenacity.retry_if_exception_type(OSError)
)
def _opened(pipe: Path) -> int:
    return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)  # fails until the cell reads


def _post(server: Server, path: str, body: object) -> Any:
    return _request(server, path, "POST", json.dumps(body).encode())


def _request(server: Server, path: str, method: str, body: bytes | None = None) -> Any:
    request = urllib.request.Request(
        server.url + path, body, {"Authorization": f"token {server.token}", "Content-Type": "application/json"}
    )
    request.get_method = lambda: method  # type: ignore[method-assign]
    with urllib.request.urlopen(request, timeout=60) as answer:
        data = answer.read()
    return json.loads(data) if data else None
