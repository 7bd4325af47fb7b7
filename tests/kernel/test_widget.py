from __future__ import annotations

import json
from typing import Any

import pytest
from fake_worker import FakeWorker, Workers, eventually, person, picture

import rtc_notebook.call
from rtc_notebook import Call, server
from rtc_notebook.media.control import Result


def asked(widget: Any, monkeypatch: pytest.MonkeyPatch, *contents: Any) -> list[Any]:
    """Return what the widget answers to custom messages."""
    sent: list[Any] = []
    monkeypatch.setattr(widget, "send", lambda content, buffers=None: sent.append(content))
    for content in contents:
        widget._handle_custom_msg(content, [])
    return sent


def test_it_shows_the_room_and_no_token(call: Call, worker: FakeWorker) -> None:
    widget = call.widget
    assert (widget.room, widget.name, widget.call) == ("demo", "Ana", worker.join.call)
    assert (widget.server_url, widget.base_url) == ("http://127.0.0.1:8888/base/", "/base/")
    assert call.widget is widget
    state = json.dumps({k: v for k, v in widget.get_state().items() if k not in ("_esm", "_css", "layout")})
    assert "secret" not in state
    assert ".rtc" in widget._css and "export default" in widget._esm


def test_it_ships_all_modules_and_styles_in_less_than_300_kilobytes(call: Call) -> None:
    """A page loads what it needs; a widget has no address to load from later, and brings everything."""
    assert 150_000 < len(call.widget._esm.encode()) + len(call.widget._css.encode()) < 300_000


def test_it_gets_the_token_of_a_foreign_server_when_it_asks(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = asked(call.widget, monkeypatch, {"type": "token"}, {"type": "else"}, "nonsense")
    assert sent == [{"type": "token", "token": "secret", "session": ""}]


def test_the_notebooks_own_server_is_not_named_and_needs_no_token(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = server.Server("http://localhost:8888/a%40b/", "token t", "t")
    monkeypatch.setattr(server, "notebooks_own", lambda: own)
    with Call("demo") as call:
        assert (call.widget.server_url, call.widget.base_url, call.widget.name) == ("", "/a%40b/", "")
        assert asked(call.widget, monkeypatch, {"type": "token"}) == [{"type": "token", "token": "", "session": ""}]
        assert call.link == "http://localhost:8888/a%40b/rtc-notebook/room/demo"
        asked(call.widget, monkeypatch, {"type": "page", "base": "https://hub.example.org/user/ana/"})
        assert call.link == "https://hub.example.org/user/ana/rtc-notebook/room/demo", "as the browser has it"


@pytest.mark.slow
def test_it_follows_the_call(call: Call, worker: FakeWorker) -> None:
    widget = call.widget
    worker.connect(person("p2", "Guest", "camera"))
    assert eventually(lambda: widget.status["phase"] == "connected")

    @call.filter(on="Guest")
    def broken(frame):
        raise ValueError("no")

    worker.frame(picture(), 1)
    worker.wait_for(Result)
    assert eventually(lambda: widget.filters and widget.filters[0]["errors"] == 1)
    shown = widget.filters[0]
    assert set(shown) == {
        *("participant", "source", "label", "state", "onError", "errors", "lastError", "traceback", "fps", "ms")
    }
    assert (shown["participant"], shown["label"], shown["lastError"]) == ("Guest", "broken", "ValueError: no")
    call.leave()
    assert eventually(lambda: widget.left and widget.status["phase"] == "ended")


def test_outside_a_kernel_it_is_text(call: Call) -> None:
    assert call._repr_mimebundle_() == {"text/plain": repr(call)}


def test_a_kernel_that_ends_leaves_and_its_browser_stays(call: Call, worker: FakeWorker) -> None:
    widget = call.widget
    worker.connect()
    assert eventually(lambda: widget.status["phase"] == "connected")
    rtc_notebook.call._leave_all()  # as at the interpreter's exit
    assert call.phase == "ended"
    with pytest.raises(AssertionError):
        eventually(lambda: widget.left, 0.5)
