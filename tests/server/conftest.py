from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from client import Client
from fake_engine import FakeEngine
from guest import Guests
from pytest_jupyter import jupyter_server
from tornado.websocket import WebSocketClientConnection

# The plugin's fixtures without its hooks: those would run asynchronous tests on a loop of their own.
globals().update(
    {name: thing for name, thing in vars(jupyter_server).items() if name.startswith(("jp_", "http_server", "echo_"))}
)


@pytest.fixture
async def running_loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


@pytest.fixture
def jp_asyncio_loop(running_loop: asyncio.AbstractEventLoop) -> asyncio.AbstractEventLoop:
    return running_loop


@pytest.fixture
def jp_server_config() -> dict[str, Any]:
    return {
        "ServerApp": {
            "jpserver_extensions": {"rtc_notebook_server": True},
            "allow_unauthenticated_access": False,
        },
        "RtcNotebookApp": {
            "engine_class": "fake_engine.FakeEngine",
            "room_linger": 0.05,
            "kernel_grace": 0.05,
            "resume_grace": 20.0,
        },
    }


@pytest.fixture(autouse=True)
def engines() -> Iterator[list[FakeEngine]]:
    FakeEngine.made = []
    FakeEngine.refuse_start = False
    FakeEngine.starting = FakeEngine.go_on = None
    yield FakeEngine.made


class Clock:
    """The limits' clock, which stands still until it is told to go on; to be asked for before the server."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("rtc_notebook_server.limits.clock", clock)
    return clock


@pytest.fixture
def extension(jp_serverapp: Any) -> Any:
    """Return the extension's app."""
    return jp_serverapp.web_app.settings["rtc_notebook"]


@pytest.fixture
def connect(jp_ws_fetch: Callable[..., Awaitable[WebSocketClientConnection]]) -> Callable[..., Any]:
    """Open a client on a room's socket."""

    async def open(room: str = "demo", **kwargs: Any) -> Client:
        return Client(await jp_ws_fetch("rtc-notebook", "api", "rooms", room, "socket", **kwargs))

    return open


@pytest.fixture
def join(connect: Callable[..., Awaitable[Client]]) -> Callable[..., Any]:
    """Open a client and say hello."""

    async def enter(room: str = "demo", client: str = "browser", headers: Any = None, **hello: Any) -> Client:
        guest = await connect(room, headers=headers)
        await guest.hello(client=client, **hello)
        return guest

    return enter


@pytest.fixture
def guests(jp_fetch: Any, jp_ws_fetch: Any) -> Guests:
    """Somebody who has a link and no account."""
    return Guests(jp_fetch, jp_ws_fetch)
