"""Links that let somebody without an account into one room."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from guest import Guests, invite
from rtc_notebook_server import addresses
from rtc_notebook_server.invites import MAX_INVITES, SESSION_SECONDS, InviteRefused, Invites
from tornado.httpclient import HTTPClientError

from rtc_notebook.errors import ProtocolError
from rtc_notebook.protocol import CreateInvite


def wanted(**more: Any) -> CreateInvite:
    return CreateInvite(id=1, **more)


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def invites(clock: Clock) -> Invites:
    return Invites(clock=clock)


def refused(code: str) -> Any:
    return pytest.raises(InviteRefused, check=lambda error: error.code == code)


# --- the store ---


def test_an_invite_is_good_for_its_room_and_role(invites: Invites) -> None:
    made = invites.create("demo", wanted(role="viewer", name=" Class\n1 "))
    assert (made.room, made.role, made.name, made.uses, made.used) == ("demo", "viewer", "Class 1", None, 0)
    redeemed, session = invites.redeem(made.token)
    assert (redeemed.room, redeemed.used) == ("demo", 1)
    found, guest = invites.guest(session)
    assert found.room == "demo" and (guest.role, guest.invite) == ("viewer", made.id)
    assert invites.guest(invites.redeem(made.token)[1])[1].id != guest.id, "everybody who comes is somebody else"


def test_an_expired_invite(invites: Invites, clock: Clock) -> None:
    made = invites.create("demo", wanted(minutes=1))
    session = invites.redeem(made.token)[1]
    clock.now += 60.1
    with refused("invite-expired"):
        invites.redeem(made.token)
    assert invites.of_room("demo") == []
    invites.guest(session)  # who is in may stay
    clock.now += SESSION_SECONDS
    with refused("session-expired"):
        invites.guest(session)


def test_a_used_up_invite(invites: Invites) -> None:
    made = invites.create("demo", wanted(uses=2))
    for _ in range(2):
        invites.redeem(made.token)
    with refused("invite-used"):
        invites.redeem(made.token)
    assert invites.of_room("demo") == []


def test_a_revoked_invite_and_its_sessions(invites: Invites) -> None:
    made, other = (invites.create("demo", wanted()) for _ in range(2))
    session = invites.redeem(made.token)[1]
    with pytest.raises(ProtocolError):
        invites.revoke("other", made.id)
    invites.revoke("demo", made.id)
    for use in (lambda: invites.redeem(made.token), lambda: invites.guest(session)):
        with refused("invite-revoked"):
            use()
    assert [one.id for one in invites.of_room("demo")] == [other.id]


def test_altered_and_foreign_tokens(invites: Invites) -> None:
    made = invites.create("demo", wanted())
    session = invites.redeem(made.token)[1]
    foreign = Invites().create("demo", wanted())
    head, _, tail = made.token.partition(".")
    for token in ("", "x", head, made.token + "x", f"{head[:-1]}A.{tail}", "\ud800.x", foreign.token, session):
        with refused("invite-invalid"):
            invites.redeem(token)
    for token in ("", "x", session[:-1], made.token):
        with refused("session-invalid"):
            invites.guest(token)


@pytest.mark.parametrize(
    "bad", [{"minutes": 0}, {"minutes": -1}, {"minutes": 1e9}, {"uses": 0}, {"uses": -1}, {"uses": 10**9}]
)
def test_what_no_invite_can_be(invites: Invites, bad: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError) as refusal:
        invites.create("demo", wanted(**bad))
    assert refusal.value.code == "bad-invite" and invites.of_room("demo") == []


def test_a_room_has_so_many_invites_at_most(invites: Invites) -> None:
    first = invites.create("demo", wanted())
    for _ in range(MAX_INVITES - 1):
        invites.create("demo", wanted())
    with pytest.raises(ProtocolError) as refusal:
        invites.create("demo", wanted())
    assert refusal.value.code == "too-many-invites"
    invites.create("other", wanted())
    invites.revoke("demo", first.id)
    invites.create("demo", wanted())


def test_invites_outlast_the_process_in_a_private_file(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "new" / "invites.sqlite"
    first = Invites(path, clock)
    made = first.create("demo", wanted(uses=2))
    session = first.redeem(made.token)[1]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    second = Invites(path, clock)  # beside the first: two processes count together
    second.redeem(made.token)
    with refused("invite-used"):
        first.redeem(made.token)
    first.close()
    second.revoke("demo", made.id)
    second.close()
    third = Invites(path, clock)
    with refused("invite-revoked"):
        third.guest(session)
    third.close()


# --- where the link leads ---


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://localhost:8888/", "this machine only"),
        ("http://127.0.0.1/", "tunnel"),
        ("http://lab.example.org/", "https"),
        ("https://lab.example.org/user/ana/", ""),
    ],
)
def test_what_an_address_lacks_is_said(url: str, says: str) -> None:
    hint = addresses.hint(url)
    assert says in hint and bool(hint) == bool(says)


# --- over the wire ---


async def test_a_guest_comes_in_by_a_link(join: Any, guests: Guests, jp_base_url: str) -> None:
    ana = await join(name="Ana")
    made = await invite(ana, role="member", uses=1, name="Bo")
    assert f"{jp_base_url}rtc-notebook/guest#" in made["url"]
    assert "this machine only" in made["hint"]
    bo = await guests.come(made["url"], name="Bo")
    await ana.until(lambda c: c.names == ["Ana", "Bo"])
    assert ana.who("Bo")["guest"] is True and ana.who("Bo")["role"] == "member"
    ids = await bo.publish(m1="camera")
    await ana.until(lambda c: c.track(ids["1"]))
    assert (await guests.exchange(made["url"].partition("#")[2]))["code"] == "invite-used"


async def test_invites_are_listed_to_hosts_alone(join: Any, guests: Guests) -> None:
    ana = await join(name="Ana")
    assert ana.invites == []
    made = await invite(ana, role="viewer")
    assert (await ana.next("invites"))["invites"] == [made]
    guest = await guests.come(made["url"], name="G")
    assert (await ana.next("invites"))["invites"][0]["used"] == 1
    guest.say("send-chat", text="hi")
    await guest.next("chat")
    assert guest.invites is None


async def test_a_guest_reloads_and_takes_the_place_up_again(join: Any, guests: Guests) -> None:
    ana = await join(name="Ana")
    made = await invite(ana, uses=1)
    told = await guests.exchange(made["url"].partition("#")[2])
    assert await guests.exchange(told["session"], "session") == told
    first = await guests.connect(told["session"])
    await first.hello(name="G")
    first.socket.close()
    await ana.until(lambda c: c.who("G") and not c.who("G")["connected"])
    again = await guests.connect(told["session"])
    assert (await again.hello(session=first.session, heard=first.heard))["resumed"] is True
    assert again.id == first.id


async def test_revoking_removes_who_came_by_it_if_asked(join: Any, guests: Guests) -> None:
    ana = await join(name="Ana")
    kept, ended = await invite(ana), await invite(ana)
    stays, goes = await guests.come(kept["url"], name="Stays"), await guests.come(ended["url"], name="Goes")
    await ana.until(lambda c: c.names == ["Ana", "Stays", "Goes"])
    ana.say("revoke-invite", invite=kept["id"])
    ana.say("revoke-invite", invite=ended["id"], remove=True)
    assert (await goes.next("bye"))["code"] == "invite-revoked"
    await stays.until(lambda c: c.names == ["Ana", "Stays"])


async def test_guests_wait_for_somebody_to_let_them_in(join: Any, connect: Any, guests: Guests) -> None:
    ana = await join(name="Ana")
    made = await invite(ana)
    ana.say("leave")
    await ana.closed()
    told = await guests.exchange(made["url"].partition("#")[2])
    guest = await guests.connect(told["session"])
    guest.say("hello", version=1, client="browser", clientVersion="1", name="G")
    assert "as soon as somebody is" in (await guest.next("waiting"))["message"]
    await join(name="Ana")
    await guest.next("welcome")
    await guest.until(lambda c: c.names == ["Ana", "G"])


class TestElsewhere:
    @pytest.fixture
    def jp_server_config(self, jp_server_config: dict[str, Any]) -> dict[str, Any]:
        jp_server_config["RtcNotebookApp"]["public_url"] = "https://hub.example.org/user/ana/"
        return jp_server_config

    async def test_the_configured_address_wins(self, join: Any) -> None:
        made = await invite(await join(client="kernel"))
        assert made["url"].startswith("https://hub.example.org/user/ana/rtc-notebook/guest#") and made["hint"] == ""


async def test_a_kernels_link_leads_where_a_browser_came_from(
    join: Any, jp_serverapp: Any, jp_auth_header: Any
) -> None:
    jp_serverapp.web_app.settings["allow_origin"] = "*"
    kernel = await join(client="kernel")
    assert "//localhost:" in (await invite(kernel))["url"] or "127.0.0.1" in (await invite(kernel))["url"]
    await join(name="Ana", headers={**jp_auth_header, "Origin": "https://lab.example.org"})
    assert (await invite(kernel))["url"].startswith("https://lab.example.org/a%40b/rtc-notebook/guest#")


async def test_a_guests_word_for_where_it_came_from_is_not_believed(
    join: Any, guests: Guests, jp_serverapp: Any
) -> None:
    jp_serverapp.web_app.settings["allow_origin"] = "*"
    kernel = await join(client="kernel")
    told = await guests.exchange((await invite(kernel))["url"].partition("#")[2])
    guest = await guests.connect(told["session"], Origin="https://elsewhere.example")
    await guest.hello(name="G")
    assert "elsewhere" not in (await invite(kernel))["url"]


async def test_without_a_place_for_its_file_invites_work_while_the_server_runs(
    jp_serverapp: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = jp_serverapp.extension_manager.extension_points["rtc_notebook"].app
    (tmp_path / "broken").write_bytes(b"no database, but long enough to be read as one" * 100)
    for path in (tmp_path / "broken", Path("/proc/none/invites.sqlite")):
        monkeypatch.setattr(app, "_invites_path", lambda path=path: path)
        invites = app._open_invites()
        assert invites.redeem(invites.create("demo", wanted()).token)[0].room == "demo"


async def test_the_page_is_the_same_for_everybody(guests: Guests) -> None:
    page = await guests.page()
    body = page.body.decode()
    assert page.headers["Referrer-Policy"] == "no-referrer" and page.headers["Cache-Control"] == "no-store"
    assert '"room": null' in body and "guest.js" in body


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "{}",
        '{"token": 1}',
        '{"token": ["a"]}',
        '{"token": ""}',
        '{"a": "b"}',
        '{"token": "%s"}' % ("x" * 2000),
    ],
)
async def test_what_is_no_exchange(jp_fetch: Any, body: str) -> None:
    with pytest.raises(HTTPClientError) as refusal:
        await jp_fetch("rtc-notebook", "api", "guest", method="POST", body=body)
    assert refusal.value.code == 400
    assert refusal.value.response is not None and json.loads(refusal.value.response.body)["code"] == "bad-request"
