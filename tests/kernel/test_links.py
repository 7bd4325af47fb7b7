from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from fake_worker import Workers

from rtc_notebook import Call, NotAllowed, ServerNotFound, links, server
from rtc_notebook.errors import ConnectionFailed

HUB = {
    "JUPYTERHUB_SERVICE_URL": "http://127.0.0.1:9999/user/ben/",
    "JUPYTERHUB_SERVICE_PREFIX": "/user/ben/",
    "JUPYTERHUB_API_TOKEN": "bens",
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://h:1/rtc-notebook/room/demo", ("http://h:1/", "demo", "")),
        (
            "https://h/user/a%40b/rtc-notebook/room/Bad%20Caf%C3%A9/?token=s3c&join",
            ("https://h/user/a%40b/", "Bad Café", "s3c"),
        ),
        ("https://h/user/ana/rtc-notebook/guest#x.y", ("https://h/user/ana/", "", "x.y")),
        ("https://h/rtc-notebook/guest?name=Bo#x.z", ("https://h/", "", "x.z")),
    ],
)
def test_what_a_link_says(text: str, expected: tuple[str, str, str]) -> None:
    found = links.read(text)
    assert (found.base, found.room, found.token) == expected
    assert not found.token or found.token not in repr(found)


@pytest.mark.parametrize(
    "text",
    [
        "http://h/lab",
        "ftp://h/rtc-notebook/room/x",
        "https://h/rtc-notebook/guest",
        "a://",
        "http://[::1/rtc-notebook/room/x",
        "http://h:99999/rtc-notebook/room/x",
        "http://h:port/rtc-notebook/guest#x",
    ],
)
def test_what_is_no_link_of_a_call(text: str) -> None:
    with pytest.raises(ServerNotFound, match="opy all of it"):
        links.read(text)


def test_no_credential_of_this_kernels_goes_where_a_link_leads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jupyter_core.paths.jupyter_runtime_dir", lambda: str(tmp_path))
    info = {"pid": os.getpid(), "hostname": "localhost", "port": 8888, "base_url": "/", "token": "mine"}
    (tmp_path / f"jpserver-{os.getpid()}.json").write_text(json.dumps(info))

    def shown(text: str, environ: dict[str, str]) -> tuple[str, str]:
        found = links.server_of(links.read(text), None, environ)
        return found.url, found.authorization

    assert shown("http://evil.example/rtc-notebook/room/x", {}) == ("http://evil.example/", "")
    assert shown("http://127.0.0.1:8888/rtc-notebook/room/x", {}) == ("http://localhost:8888/", "token mine")
    assert shown("http://127.0.0.1:9/rtc-notebook/room/x", {}) == ("http://127.0.0.1:9/", "")
    (tmp_path / f"jpserver-{os.getpid()}.json").unlink()
    assert shown("https://hub/user/ana/rtc-notebook/room/x", HUB) == ("https://hub/user/ana/", "")
    assert shown("https://hub/user/ben/rtc-notebook/room/x", HUB) == ("http://127.0.0.1:9999/user/ben/", "token bens")
    given = links.server_of(links.read("https://hub/user/ana/rtc-notebook/room/x?token=t"), "mine", HUB)
    assert given.authorization == "token mine"


class Guesthouse(BaseHTTPRequestHandler):
    """The guests' page and its exchange, as the extension has them; `tests/server` holds the real ones to it."""

    exchanged: list[dict[str, str]] = []  # noqa: RUF012
    refuse: str = ""

    def do_GET(self) -> None:
        ours = self.path == "/user/ana/rtc-notebook/guest"
        config = '<script type="application/json" id="rtc-notebook-config">{"xsrf": "x1"}</script>'
        self.answer(200, (config if ours else "a login page").encode(), "_xsrf=c1; Path=/")

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert (self.headers["X-XSRFToken"], self.headers["Cookie"]) == ("x1", "_xsrf=c1")
        assert self.headers.get("Authorization") is None
        self.exchanged.append(body)
        if self.refuse or body.get("session") == "old":
            self.answer(403, json.dumps({"code": "no", "message": self.refuse or "Your visit was long ago."}).encode())
        else:
            self.answer(200, json.dumps({"room": "demo", "role": "member", "name": "", "session": "s.1"}).encode())

    def answer(self, status: int, body: bytes, cookie: str = "") -> None:
        self.send_response(status)
        if cookie:
            self.send_header("Set-Cookie", cookie)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def guesthouse() -> Iterator[str]:
    Guesthouse.exchanged, Guesthouse.refuse = [], ""
    with ThreadingHTTPServer(("127.0.0.1", 0), Guesthouse) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}/user/ana/"
        running.shutdown()


def test_a_call_by_an_invite(
    guesthouse: str, workers: Workers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jupyter_core.paths.jupyter_runtime_dir", lambda: str(tmp_path))
    invite = f"{guesthouse}rtc-notebook/guest#token.1"
    with Call(invite, name="Ben") as call:
        join = workers[0].join
        assert (call.room, call.name, call.link) == ("demo", "Ben", invite)
        assert join.url == guesthouse.replace("http", "ws", 1) + "rtc-notebook/api/guest/socket"
        assert (join.authorization, join.subprotocols) == ("", ("rtc-notebook.guest", "s.1"))
        assert "token.1" not in repr(call) and "s.1" not in repr(call._server)
        assert (call.widget.server_url, call.widget.room) == (guesthouse, "demo")
        assert "s.1" not in json.dumps({k: v for k, v in call.widget.get_state().items() if k not in ("_esm", "_css")})
    with Call(invite):
        assert Guesthouse.exchanged == [{"token": "token.1"}, {"session": "s.1"}], "the invite is used once"
    (kept,) = tmp_path.glob("rtc-notebook-guest-*.json")
    assert kept.stat().st_mode & 0o777 == 0o600
    kept.write_text('{"session": "old"}')
    Call(invite).leave()
    assert Guesthouse.exchanged[2:] == [{"session": "old"}, {"token": "token.1"}]


def test_invites_that_let_nobody_in(
    guesthouse: str, workers: Workers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jupyter_core.paths.jupyter_runtime_dir", lambda: str(tmp_path))
    Guesthouse.refuse = "This invite was withdrawn."
    with pytest.raises(NotAllowed, match="withdrawn"):
        Call(f"{guesthouse}rtc-notebook/guest#x")
    with pytest.raises(ConnectionFailed, match="guests' page"):
        Call(guesthouse.replace("ana", "nobody") + "rtc-notebook/guest#x")
    with pytest.raises(ConnectionFailed, match="cannot be reached"):
        Call("http://127.0.0.1:9/rtc-notebook/guest#x")
    with pytest.raises(ServerNotFound, match="leave server= out"):
        Call("http://h/rtc-notebook/room/demo", server="http://h/")
    assert not workers and server.named("http://h/").subprotocols == ()
