"""``make demo``, in a checkout that has been set up: it serves the first notebook, and Ctrl-C ends it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

import psutil
import pytest
import tenacity
from harness.jupyter import free_port

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


def test_the_demo_serves_the_first_notebook_until_it_is_interrupted(tmp_path: Path) -> None:
    if not (ROOT / ".venv" / "demo.stamp").exists():
        pytest.skip("'make demo' would install everything first; run 'make install' to have this tested.")
    port = free_port()
    homes = {f"JUPYTER_{name}_DIR": str(tmp_path / name) for name in ("RUNTIME", "CONFIG", "DATA")}
    outer = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    arguments = "--no-browser --IdentityProvider.token=abc --ServerApp.port_retries=0"
    demo = subprocess.Popen(
        ["make", "demo", f"PORT={port}", f"DEMO_ARGS={arguments}"],
        cwd=ROOT, env={**outer, **homes}, stdin=subprocess.DEVNULL, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background jobs ignore it
    )  # fmt: skip
    try:
        served = _get(f"http://localhost:{port}/api/contents/01_first_call.ipynb?content=0&token=abc", demo)
        assert served["type"] == "notebook"
        assert "rooms" in _get(f"http://localhost:{port}/rtc-notebook/api/rooms?token=abc", demo)
        everything = psutil.Process(demo.pid).children(recursive=True)
        os.killpg(demo.pid, signal.SIGINT)  # as a terminal does
        demo.wait(20)
        _, left = psutil.wait_procs(everything, timeout=20)
        assert not left
    finally:
        if demo.poll() is None:
            os.killpg(demo.pid, signal.SIGKILL)
            demo.wait()


@tenacity.retry(
    stop=tenacity.stop_after_delay(40),
    wait=tenacity.wait_fixed(0.2),
    retry=tenacity.retry_if_exception_type(OSError),
    reraise=True,
)
def _get(url: str, demo: subprocess.Popen[bytes]) -> Any:
    assert demo.poll() is None, "make demo has ended"
    with urllib.request.urlopen(url, timeout=5) as answer:
        return json.load(answer)
