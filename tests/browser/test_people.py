"""Hosts and guests: invited by a kernel, let in without an account, heard, muted, kept waiting, removed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from harness.browser import context, tile
from harness.jupyter import JupyterServer
from harness.kernel import Kernel
from playwright.sync_api import Browser, Page, expect

SCRIPT = "<script>globalThis.stung = 1</script><img src=x onerror='globalThis.stung = 1'>"
GUEST = "Guest <b>"
KERNELS = "fetch('/api/kernels').then(({status}) => status)"

# As a widget on another server's page does, which has the token from its kernel and no cookie.
BY_TOKEN = """async ([room, token]) => {
  const base = location.href.replace(/rtc-notebook.guest.*/, "");
  const { socketUrl, tokenProtocols } = await import(`${base}static/rtc_notebook/addresses.js`);
  const socket = new WebSocket(socketUrl(base, room), tokenProtocols(token));
  await new Promise((resolve) => (socket.onopen = socket.onclose = resolve));
  const { readyState, protocol, url } = socket;
  socket.close();
  return [readyState, protocol, url.includes(token)];
}"""


@pytest.fixture
def knock(pattern: Browser) -> Iterator[Callable[[str, str], Page]]:
    """Return a function that opens a link in a profile without any cookie, and asks to be let in by a name."""
    contexts = []

    def enter(url: str, name: str) -> Page:
        contexts.append(context(pattern))
        page = contexts[-1].new_page()
        page.goto(url)
        page.get_by_label("Your name").fill(name)
        page.get_by_role("button", name="Join").click()
        return page

    yield enter
    for each in contexts:
        each.close()


def test_a_guest_is_invited_muted_and_removed_and_another_waits(
    join: Callable[..., Page],
    knock: Callable[[str, str], Page],
    pattern: Browser,
    kernel: Kernel,
    lab: JupyterServer,
    room: str,
):
    host = join(pattern, "Ana")
    expect(host.locator(tile("Ana"))).to_be_attached(timeout=20_000)
    kernel.run(f"from rtc_notebook import *\ncall = Call({room!r}, name='Ana')\ncall.wait_until_connected()")
    kernel.run("heard = []\n@call.on('chat')\ndef hear(line): heard.append((line.name, line.text))")
    url = kernel.run("invite = call.invite(minutes=5, uses=2)\nprint(invite.url)").strip()
    assert lab.token not in url

    guest = knock(url, GUEST)
    expect(host.locator(tile(GUEST))).to_be_attached(timeout=20_000)
    expect(guest.locator(tile("Ana"))).to_be_attached(timeout=20_000)
    assert "#" not in guest.url
    assert guest.evaluate(KERNELS) == 403
    assert guest.evaluate(BY_TOKEN, [room, "wrong"])[0] == 3
    assert guest.evaluate(BY_TOKEN, [room, lab.token]) == [1, "rtc-notebook.token", False]
    expect(guest.get_by_role("button", name="Invite…")).to_have_count(0)

    guest.get_by_role("button", name="Chat", exact=True).click()
    guest.get_by_label("Write to everybody").fill(SCRIPT)
    guest.keyboard.press("Enter")
    host.get_by_role("button", name="Chat, 1 new").click()
    for page in (host, guest):
        expect(page.get_by_role("log", name="Chat").get_by_text(SCRIPT)).to_be_visible()
        expect(page.get_by_role("log", name="Chat").get_by_text(GUEST)).to_be_visible()
        assert page.evaluate("globalThis.stung") is None
        assert page.locator(".rtc-chat-lines script, .rtc-chat-lines img, .rtc-notebook b > b").count() == 0
    kernel.wait_until(f"[line.text for line in call.chat][-1:] == [{SCRIPT!r}]")
    kernel.wait_until(f"heard == {[(GUEST, SCRIPT)]}")
    kernel.run("call.chat.send('The notebook sees it, too.')")
    for page in (host, guest):
        expect(page.get_by_role("log", name="Chat").get_by_text("The notebook sees it, too.")).to_be_visible()

    guest.get_by_role("button", name="Raise your hand").click()
    expect(host.locator(".rtc-tile", has=host.locator(tile(GUEST))).get_by_label("Hand raised")).to_be_visible()

    host.get_by_role("button", name="People", exact=True).click()
    host.get_by_role("button", name=f"Mute {GUEST}").click()
    expect(guest.get_by_text("A host muted your microphone")).to_be_attached(timeout=10_000)
    mute = host.get_by_role("button", name=f"Mute {GUEST}")
    expect(mute).to_be_hidden()
    guest.get_by_role("button", name="Turn microphone on").click()
    expect(mute).to_be_visible()
    for command in (f"call.participants[{GUEST!r}].mute()", "call.mute_all()"):
        kernel.run(command)
        expect(guest.get_by_role("button", name="Turn microphone on")).to_be_visible()
        expect(mute).to_be_hidden()
        guest.get_by_role("button", name="Turn microphone on").click()
        expect(mute).to_be_visible()

    host.get_by_role("button", name="Lock room").click()
    expect(host.get_by_role("button", name="Unlock room")).to_be_visible()
    second = knock(url, "Bo")
    expect(second.get_by_text("Waiting to be let in")).to_be_visible(timeout=10_000)
    expect(host.get_by_text("Bo wants to come in")).to_be_visible()
    assert second.locator(tile("Ana", state=None)).count() == 0
    kernel.wait_until("call.locked and call.waiting == ['Bo']")
    host.get_by_role("button", name="Admit").click()
    expect(second.locator(tile("Ana"))).to_be_attached(timeout=20_000)

    kernel.run(f"call.participants[{GUEST!r}].role = 'viewer'")
    expect(guest.get_by_role("button", name="Turn camera")).to_be_hidden()
    kernel.run(f"call.participants[{GUEST!r}].remove()")
    expect(guest.get_by_text("A host removed you")).to_be_visible(timeout=10_000)
    expect(host.locator(tile(GUEST, state=None))).to_have_count(0)
    assert guest.evaluate("globalThis.cameras.every(({readyState}) => readyState === 'ended')")
    expect(second.locator(tile("Ana"))).to_be_attached()

    third = context(pattern)
    late = third.new_page()
    late.goto(url)
    expect(late.get_by_text("You cannot come in")).to_be_visible()
    third.close()

    for secret in (url.partition("#")[2], guest.evaluate("sessionStorage.getItem('rtc-notebook:guest')")):
        assert secret
        assert secret not in lab.log.read_text()
