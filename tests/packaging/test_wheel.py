"""What ``pip install rtc-notebook`` gives: the wheel, in an environment that has nothing else of this checkout."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import urllib.request
import venv
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from harness.jupyter import JupyterServer

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]

JOIN = """
import sys
import rtc_notebook
from rtc_notebook import Call
with Call({call}) as call:
    call.wait_until_connected(timeout=40)
    print(rtc_notebook.__file__, flush=True)
    print(*call.participants, flush=True)
    sys.stdin.read()
"""


def run(python: Path | str, *arguments: str, env: dict[str, str] | None = None) -> str:
    done = subprocess.run([str(python), *arguments], capture_output=True, text=True, env=env, cwd="/")
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("wheel")
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(directory)]
    run(sys.executable, "-m", "pip", "wheel", *options, str(ROOT))
    [made] = directory.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the interpreter of an environment with the wheel; what that needs is borrowed from this one."""
    home = tmp_path_factory.mktemp("environment")
    venv.create(home, symlinks=True)
    made = home / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", str(made), "install", "--quiet", "--no-deps", str(wheel))
    [packages] = home.glob("lib/*/site-packages")
    # Only the directory: what its own .pth files add, this checkout among it, is not seen.
    (packages / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return made


@pytest.fixture(scope="module")
def server(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    """``jupyter rtc-notebook`` in that environment, nothing enabled by hand."""
    env = {"PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}"}
    with JupyterServer(tmp_path_factory.mktemp("server"), "rtc-notebook", env=env, python=python) as running:
        yield running


def test_everything_is_in_it(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        [entry_points] = (archive.read(name).decode() for name in names if name.endswith("entry_points.txt"))
    assert "jupyter-rtc-notebook = rtc_notebook_server.app:main" in entry_points
    config = "etc/jupyter/jupyter_server_config.d/rtc_notebook.json"
    assert any(name.endswith(f".data/data/{config}") for name in names)
    assert {"rtc_notebook/py.typed", "rtc_notebook_server/py.typed"} <= names
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.startswith("rtc_notebook-")} == {"rtc_notebook", "rtc_notebook_server"}
    for base in (ROOT / "rtc_notebook", ROOT / "server_extension" / "rtc_notebook_server"):
        files = [path for path in base.rglob("*.*") if "__pycache__" not in path.parts and path.is_file()]
        assert {str(path.relative_to(base.parent)) for path in files} <= names


def test_the_extension_is_enabled(python: Path) -> None:
    said = re.sub(r"\x1b\[\d*m", "", run(python, "-m", "jupyter_server", "extension", "list"))
    assert re.search(
        r"rtc_notebook_server +enabled\n.*Validating rtc_notebook_server.*\n +rtc_notebook_server +OK", said
    )


def test_its_own_command_opens_on_the_page_of_rooms(server: JupyterServer) -> None:
    with urllib.request.urlopen(server.page("")) as answer:
        page, at = answer.read().decode(), answer.url
    assert "/rtc-notebook/" in at
    assert '"page": "rooms"' in page
    with urllib.request.urlopen(f"{server.url}static/rtc_notebook/rooms.js") as answer:
        assert answer.status == 200


def test_a_script_finds_the_server_and_a_kernel_of_another_environment_joins(
    server: JupyterServer, python: Path
) -> None:
    with Script(python, "'demo', name='Script'", server.env) as script:
        assert Path(script.says()).is_relative_to(python.parent.parent), "it is the wheel's"
        script.says()
        elsewhere = {**os.environ, "JUPYTER_RUNTIME_DIR": str(server.home / "none")}
        with Script(sys.executable, f"'demo', name='Elsewhere', server={server.page('')!r}", elsewhere) as other:
            assert Path(other.says()).is_relative_to(ROOT)
            assert other.says() == "Script"


class Script:
    """A plain Python program that is in a call until it has been left."""

    def __init__(self, python: Path | str, call: str, env: Mapping[str, str]) -> None:
        pipe, code = subprocess.PIPE, JOIN.format(call=call)
        self._process = subprocess.Popen(
            [str(python), "-c", code], stdin=pipe, stdout=pipe, text=True, env=env, cwd="/"
        )

    def says(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def __enter__(self) -> Script:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        self._process.communicate("", timeout=20)
        assert kind or self._process.returncode == 0
