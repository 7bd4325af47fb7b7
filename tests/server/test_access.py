"""Who gets in, and as whom."""

from __future__ import annotations

import json
import stat
from typing import Any

import pytest
from jupyter_server.auth import IdentityProvider, User
from rtc_notebook_server.identity import identify
from rtc_notebook_server.local_key import LocalKey
from tornado.httpclient import HTTPClientError
from tornado.web import RequestHandler
from tornado.websocket import WebSocketHandler

from rtc_notebook.protocol import Hello

NOBODY = {"Authorization": "token wrong"}


def extension(jp_serverapp: Any) -> Any:
    return jp_serverapp.web_app.settings["rtc_notebook"]


async def test_without_a_token_no_socket_opens(connect: Any) -> None:
    with pytest.raises(HTTPClientError) as refusal:
        await connect(headers=dict(NOBODY))
    assert refusal.value.code == 403


PUBLIC = {
    "StaticFiles": "the front end, the same for everybody",
    "BlurState": "whether background blur is installed",
    "BlurFiles": "background blur itself",
    "GuestPage": "the page that a link leads to; names no room",
    "GuestApi": "takes an invite, which it checks; see test_invites.py",
    "GuestSocket": "checks a guest's session; see test_security.py",
    "GuestMediaSocket": "checks a guest's session; see test_security.py",
}


def endpoints(jp_serverapp: Any) -> list[tuple[str, type[RequestHandler]]]:
    """Return a path to each of our handlers, below the base URL, and the handler."""
    found = [(entry[0], entry[1]) for entry in extension(jp_serverapp).handlers]
    return [(pattern.replace("([^/]+)", "demo").removesuffix("/?"), handler) for pattern, handler in found]


class TestAsJupyterIsByDefault:
    """Whoever forgets a decorator is not saved by the server, which refuses what has none only where it is told to."""

    @pytest.fixture
    def jp_server_config(self, jp_server_config: dict[str, Any]) -> dict[str, Any]:
        jp_server_config["ServerApp"]["allow_unauthenticated_access"] = True
        return jp_server_config

    async def test_without_a_token_nothing_opens_but_what_is_public(
        self, jp_fetch: Any, jp_ws_fetch: Any, jp_serverapp: Any
    ) -> None:
        ours = endpoints(jp_serverapp)
        assert PUBLIC.keys() <= {handler.__name__ for _, handler in ours}
        closed = [(path, handler) for path, handler in ours if handler.__name__ not in PUBLIC]
        assert len(closed) >= 6
        for path, handler in closed:
            fetch = jp_ws_fetch if issubclass(handler, WebSocketHandler) else jp_fetch
            for method in (name for name in handler.SUPPORTED_METHODS if answers(handler, name)):
                how = {} if fetch is jp_ws_fetch else {"method": method, "follow_redirects": False}
                if method in ("POST", "PUT", "PATCH"):
                    how["body"] = "{}"
                with pytest.raises(HTTPClientError) as refusal:
                    await fetch(*path.strip("/").split("/"), headers=dict(NOBODY), **how)
                assert refusal.value.code in (302, 403), f"{method} {path} is open to everybody"
                if refusal.value.code == 302:
                    assert refusal.value.response is not None
                    assert "/login" in refusal.value.response.headers["Location"]


def answers(handler: type[RequestHandler], method: str) -> bool:
    """Return whether a handler of ours answers this method itself."""
    function = getattr(handler, method.lower())
    return bool(function.__module__.startswith("rtc_notebook_server"))


async def test_another_site_cannot_use_a_browsers_cookie(connect: Any, jp_fetch: Any, jp_serverapp: Any) -> None:
    page = await jp_fetch("rtc-notebook", "room", "demo")
    cookie = "; ".join(each.split(";")[0] for each in page.headers.get_list("Set-Cookie"))
    host = f"localhost:{jp_serverapp.port}"
    with pytest.raises(HTTPClientError) as refusal:
        await connect(headers={**NOBODY, "Cookie": cookie, "Host": host, "Origin": "https://example.org"})
    assert refusal.value.code == 403


async def test_the_local_key_lets_kernels_in_as_the_owner(
    join: Any, connect: Any, jp_fetch: Any, jp_serverapp: Any
) -> None:
    path = extension(jp_serverapp).local_key.path
    told = json.loads(path.read_text())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert told["url"].endswith("/a%40b/")
    headers = {"Authorization": f"rtc-notebook {told['key']}"}
    kernel = await join(client="kernel", name="script", headers=dict(headers))
    assert kernel.names == ["script"]
    assert json.loads((await jp_fetch("rtc-notebook", "api", "rooms", headers=dict(headers))).body)["rooms"]
    with pytest.raises(HTTPClientError) as refusal:
        await jp_fetch("api", "contents", headers=dict(headers))
    assert refusal.value.code == 403, "the key opens nothing else"
    with pytest.raises(HTTPClientError):
        await connect(headers={"Authorization": "rtc-notebook wrong"})


async def test_the_key_file_goes_with_the_server(jp_fetch: Any, jp_serverapp: Any) -> None:
    await jp_fetch("rtc-notebook", "api", "rooms")
    path = extension(jp_serverapp).local_key.path
    assert path.exists()
    await jp_serverapp.cleanup_extensions()
    assert not path.exists()


def test_a_key_opens_only_with_its_scheme(tmp_path: Any) -> None:
    key = LocalKey(str(tmp_path / "new"))
    key.write("http://localhost:8888/")
    secret = json.loads(key.path.read_text())["key"]
    assert key.opens(f"rtc-notebook {secret}")
    for other in ("", secret, f"token {secret}", "rtc-notebook ", f"rtc-notebook {secret}x"):
        assert not key.opens(other)


class KnowsUsers(IdentityProvider):
    """Takes the token to be the user's name."""

    def get_user(self, handler: Any) -> User | None:
        name = handler.request.headers.get("Authorization", "").removeprefix("user ")
        return User(username=name.lower(), name=name, display_name=name) if name else None


class TestIdentified:
    @pytest.fixture
    def jp_server_config(self, jp_server_config: dict[str, Any]) -> dict[str, Any]:
        jp_server_config["ServerApp"]["identity_provider_class"] = f"{__name__}.KnowsUsers"
        return jp_server_config

    async def test_whoever_is_logged_in_is_who_they_are(self, join: Any, connect: Any) -> None:
        headers = {"Authorization": "user Ana"}
        ana = await join(name="Somebody else", headers=dict(headers))
        await join(client="kernel", name="mine", headers=dict(headers))
        await ana.until(lambda c: c.names == ["Ana", "Ana's kernel"])
        assert ana.who("Ana")["user"] == "ana"
        thief = await connect(headers={"Authorization": "user Bo"})
        assert (await thief.hello(session=ana.session))["resumed"] is False
        assert thief.who("Bo")


def hello(client: Any, name: str | None = None) -> Hello:
    return Hello(version=1, client=client, client_version="1", name=name)


@pytest.mark.parametrize(
    ("user", "browser", "kernel"),
    [
        (User("a" * 32, "Anonymous Io", "Anonymous Io"), "given", "given"),
        (User("ana", "ana", "Ana B."), "Ana B.", "Ana B.'s kernel"),
        (User("ana"), "ana", "ana's kernel"),
        (User("a" * 32, "Ana", "Ana"), "Ana", "Ana's kernel"),
    ],
)
def test_names_of_users(user: User, browser: str, kernel: str) -> None:
    identity = identify(user)
    assert identity.name_for(hello("browser", "given")) == browser
    assert identity.name_for(hello("kernel", "given")) == kernel


def test_default_names_of_the_anonymous() -> None:
    identity = identify(User("a" * 32, "Anonymous Io", "Anonymous Io"))
    assert identity.anonymous
    assert identity.name_for(hello("browser", " \n")) == "Guest"
    assert identity.name_for(hello("kernel")) == "notebook kernel"
