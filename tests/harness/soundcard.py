"""A sound card that plays into nothing: without any, Firefox runs no AudioContext."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import tenacity

PULSEAUDIO = shutil.which("pulseaudio")
_WAYS = {"--daemonize": "no", "--exit-idle-time": "-1", "--use-pid-file": "no", "--disable-shm": "yes"}


@contextmanager
def sound_card() -> Iterator[dict[str, str]]:
    """Run PulseAudio with a sink of its own; return the environment that leads to it, empty where there is none."""
    if PULSEAUDIO is None:
        yield {}
        return
    with tempfile.TemporaryDirectory() as directory:
        socket = Path(directory) / "socket"
        process = subprocess.Popen(
            [
                *(PULSEAUDIO, "-n", *(f"{name}={value}" for name, value in _WAYS.items())),
                *("--load=module-null-sink", f"--load=module-native-protocol-unix auth-anonymous=1 socket={socket}"),
            ],
            env={**os.environ, "XDG_RUNTIME_DIR": directory, "PULSE_RUNTIME_PATH": directory, "HOME": directory},
            stderr=subprocess.DEVNULL,
        )
        try:
            _there(socket)
            yield {"PULSE_SERVER": f"unix:{socket}"}
        finally:
            process.terminate()
            process.wait()


@tenacity.retry(stop=tenacity.stop_after_delay(10), wait=tenacity.wait_fixed(0.05), reraise=True)
def _there(socket: Path) -> None:
    assert socket.exists(), "PulseAudio does not listen"
