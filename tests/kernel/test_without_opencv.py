"""A machine where OpenCV is installed but cannot be loaded, as on slim servers without libGL."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BROKEN = 'raise ImportError("libGL.so.1: cannot open shared object file: No such file or directory")\n'


@pytest.fixture
def without_opencv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every Python started from here on find a cv2 that fails as the real one does there."""
    (tmp_path / "cv2").mkdir()
    (tmp_path / "cv2" / "__init__.py").write_text(BROKEN)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_everything_imports_and_a_filter_that_needs_it_says_in_one_sentence(without_opencv: None) -> None:
    said = python(
        "import numpy as np\n"
        "from rtc_notebook import Call, MissingDependency, filters\n"
        "frame = np.zeros((48, 64, 3), np.uint8)\n"
        "assert filters.mirror(frame).shape == frame.shape\n"
        "for _ in range(2):\n"
        "    try:\n"
        "        filters.edges(frame)\n"
        "    except MissingDependency as error:\n"
        "        print(error)\n"
    )
    first, second = said.splitlines()
    assert first == second
    assert "libGL.so.1" in first and "apt-get install libgl1" in first and "opencv-python-headless" in first


def test_the_media_worker_still_encodes_pictures(without_opencv: None) -> None:
    said = python(
        "import numpy as np\n"
        "import rtc_notebook.media.worker\n"
        "from rtc_notebook.media import outgoing\n"
        "from rtc_notebook.media.encoder import TIME_BASE, RealtimeVp8Encoder\n"
        "from rtc_notebook import pixels\n"
        "assert pixels.opencv() is None\n"
        "frame = outgoing.to_frame(np.full((49, 65, 3), (0, 0, 255), np.uint8))\n"
        "frame.pts, frame.time_base = 0, TIME_BASE\n"
        "payloads, _ = RealtimeVp8Encoder(500_000, 1_000_000).encode(frame, True)\n"
        "print(frame.format.name, frame.width, frame.height, len(payloads) > 0)\n"
        "print(*frame.to_ndarray(format='bgr24')[20, 20])\n"
    )
    shape, colour = said.splitlines()
    assert shape == "yuv420p 64 48 True"
    blue, green, red = map(int, colour.split())
    assert blue < 10 and green < 10 and red > 245
