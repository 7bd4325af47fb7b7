from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from rtc_notebook import ServerNotFound, server

DEAD = 2**22 + 1  # above the largest pid that Linux gives


def running(directory: Path, pid: int, **more: object) -> None:
    info = {"pid": pid, "hostname": "localhost", "port": 8888, "secure": False, "base_url": "/", "token": "t", **more}
    (directory / f"jpserver-{pid}.json").write_text(json.dumps(info))


def test_the_one_that_started_this_kernel(tmp_path: Path) -> None:
    running(tmp_path, os.getpid(), port=1111, base_url="/a%40b/", token="ours")
    running(tmp_path, os.getppid(), port=2222)
    found = server.notebooks_own(tmp_path, {"JPY_PARENT_PID": str(os.getpid())})
    assert found.url == "http://localhost:1111/a%40b/" and found.base_url == "/a%40b/"
    assert found.authorization == "token ours" and not found.explicit
    assert "ours" not in repr(found)
    assert found.socket("Bad Café") == "ws://localhost:1111/a%40b/rtc-notebook/api/rooms/Bad%20Caf%C3%A9/socket"


def test_the_only_one_in_a_script_and_dead_ones_do_not_count(tmp_path: Path) -> None:
    running(tmp_path, DEAD, port=1)
    (tmp_path / "jpserver-7.json").write_text("{ half")
    with pytest.raises(ServerNotFound, match=r"jupyter lab.*server='http"):
        server.notebooks_own(tmp_path, {})
    running(tmp_path, os.getpid(), hostname="0.0.0.0", secure=True)
    assert server.notebooks_own(tmp_path, {}).socket("x").startswith("wss://127.0.0.1:8888/rtc-notebook/")
    running(tmp_path, os.getppid(), port=2222)
    with pytest.raises(ServerNotFound, match="Several"):
        server.notebooks_own(tmp_path, {})


def test_the_extensions_key_where_there_is_no_token(tmp_path: Path) -> None:
    running(tmp_path, os.getpid(), token="")
    assert server.notebooks_own(tmp_path, {}).authorization == ""
    (tmp_path / f"rtc-notebook-{os.getpid()}.json").write_text('{"url": "http://localhost:8888/", "key": "k"}')
    assert server.notebooks_own(tmp_path, {}).authorization == "rtc-notebook k"


def test_on_jupyterhub(tmp_path: Path) -> None:
    hub = {"JUPYTERHUB_SERVICE_URL": "http://0.0.0.0:9999/user/ana/", "JUPYTERHUB_API_TOKEN": "h"}
    found = server.notebooks_own(tmp_path, hub)
    assert (found.url, found.authorization) == ("http://127.0.0.1:9999/user/ana/", "token h")


@pytest.mark.parametrize(
    ("url", "token", "expected"),
    [
        ("http://host:8888", None, ("http://host:8888/", "")),
        ("https://host/base?token=abc", None, ("https://host/base/", "token abc")),
        ("https://host/base/?token=abc", "mine", ("https://host/base/", "token mine")),
    ],
)
def test_a_named_server(url: str, token: str | None, expected: tuple[str, str]) -> None:
    found = server.named(url, token)
    assert (found.url, found.authorization) == expected and found.explicit


@pytest.mark.parametrize(
    "url", ["host:8888", "ftp://host/", "", "http://", "http://[::1", "http://host:99999/", "http://host:x/"]
)
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(ServerNotFound, match="not the address"):
        server.named(url)
