"""What hosts do by button: invites made, copied, shown and revoked; roles, filters, the door; and what viewers may."""

from __future__ import annotations

import re
from collections.abc import Callable

import cv2
import numpy as np
from harness.browser import context, tile
from harness.jupyter import JupyterServer
from harness.kernel import Kernel
from playwright.sync_api import Browser, Locator, Page, expect

TEXT = "See https://jupyter.org/try?a=1, or `code`:\n```python\nprint(1 < 2)\n```"
WHOSE = "Whose picture"
IN_EIGHT_HOURS = """() => [0, 1].map((minutes) => new Date(Date.now() + 8 * 3.6e6 - minutes * 6e4)
    .toLocaleString([], {dateStyle: "short", timeStyle: "short"}))"""


def scanned(code: Locator) -> str:
    """Return what a phone's camera reads."""
    shown = cv2.imdecode(np.frombuffer(code.screenshot(), np.uint8), cv2.IMREAD_COLOR)
    assert shown is not None
    return cv2.QRCodeDetector().detectAndDecode(shown)[0]


def test_a_viewer_is_invited_from_the_dialog_becomes_a_member_and_is_revoked(
    join: Callable[..., Page], pattern: Browser, lab: JupyterServer, room: str
):
    host = join(pattern, "Ana", microphone="0")
    expect(host.locator(tile("Ana"))).to_be_attached(timeout=20_000)
    host.get_by_role("button", name="People", exact=True).click()
    host.get_by_role("button", name="Invite…").click()
    dialog = host.get_by_role("dialog", name="Invite")
    for label, choice in (("As", "viewer: watches and chats"), ("Good for", "8 hours"), ("For", "any number")):
        dialog.locator("label", has_text=re.compile(f"^{label}")).locator("select").select_option(label=choice)
    dialog.get_by_label("Name, if you like").fill("Maths")
    expect(dialog.get_by_label("Link to this call")).to_have_value(f"{lab.url}rtc-notebook/room/{room}")
    dialog.get_by_role("button", name="Make a link").click()
    expect(dialog.get_by_label("Invite link")).to_have_value(re.compile("#"))
    link = dialog.get_by_label("Invite link").input_value()
    copy = dialog.locator(".rtc-invite-made").get_by_role("button", name="Copy")
    copy.click()
    expect(dialog.locator(".rtc-invite-made").get_by_role("button", name="Copied")).to_be_visible()
    assert host.evaluate("navigator.clipboard.readText()") == link
    assert link.startswith(f"{lab.url}rtc-notebook/guest#") and lab.token not in link
    expect(dialog.get_by_role("note")).to_contain_text("This address works on this machine only.")
    assert scanned(dialog.get_by_role("img", name="The link as a QR code")) == link
    row = dialog.locator(".rtc-invite-list").inner_text()
    assert any(until in row for until in host.evaluate(IN_EIGHT_HOURS)), row
    dialog.get_by_role("button", name="Close").click()

    # the look in the mirror, without one
    viewer = context(pattern).new_page()
    viewer.goto(link.partition("#")[0] + "#nothing")
    expect(viewer.get_by_text("You cannot come in")).to_be_visible()
    viewer.goto(link)  # the browser does not load the page again for what is behind the #
    expect(viewer.get_by_text("You watch and chat; your camera stays off")).to_be_visible()
    expect(viewer.get_by_label("Speaker", exact=True)).to_be_visible()
    for kind in ("Camera", "Microphone"):
        expect(viewer.get_by_label(kind, exact=True)).to_be_hidden()
        expect(viewer.get_by_role("button", name=kind)).to_be_hidden()
    viewer.get_by_label("Your name").fill("Vi")
    viewer.get_by_role("button", name="Join").click()

    # in the call: sees, writes, sends nothing
    expect(viewer.locator(tile("Ana"))).to_be_attached(timeout=20_000)
    expect(host.locator(tile("Vi", state="off"))).to_be_attached()
    camera = viewer.get_by_role("button", name="Turn camera on")
    for control in ("Turn camera on", "Turn microphone on", "Share your screen", "Filters and recording"):
        expect(viewer.get_by_role("button", name=control)).to_be_hidden()
    assert viewer.evaluate("cameras.length") == 0
    viewer.get_by_role("button", name="Chat", exact=True).click()
    viewer.get_by_label("Write to everybody").fill(TEXT)
    viewer.get_by_role("button", name="Send").click()
    host.get_by_role("button", name="Chat, 1 new").click()
    said = host.get_by_role("log", name="Chat")
    expect(said.get_by_role("link", name="https://jupyter.org/try?a=1", exact=True)).to_be_visible()
    leads = said.get_by_role("link").evaluate("({href, target, rel}) => [href, target, rel]")
    assert leads == ["https://jupyter.org/try?a=1", "_blank", "noopener noreferrer"]
    expect(said.locator("pre code")).to_have_text("print(1 < 2)")
    expect(said.locator(":not(pre) > code")).to_have_text("code")

    # made a member, and a viewer again
    host.get_by_role("button", name="People", exact=True).click()
    host.get_by_label("Role of Vi").select_option("member")
    camera.click(timeout=20_000)
    expect(host.locator(tile("Vi"))).to_be_attached(timeout=20_000)
    host.get_by_label("Role of Vi").select_option("viewer")
    expect(host.locator(tile("Vi", state="off"))).to_be_attached(timeout=20_000)
    expect(viewer.get_by_role("button", name="Turn camera")).to_be_hidden()
    viewer.wait_for_function("() => cameras.every(({readyState}) => readyState === 'ended')", timeout=20_000)

    # shown once more, then revoked
    host.get_by_role("button", name="Invite others").click()
    expect(dialog.get_by_text(re.compile("Maths · viewer · until .* used once"))).to_be_visible()
    expect(dialog.get_by_label("Invite link")).to_be_hidden()
    dialog.get_by_role("button", name="Show").click()
    expect(dialog.get_by_label("Invite link")).to_have_value(link)
    expect(dialog.get_by_role("img", name="The link as a QR code")).to_be_visible()
    dialog.get_by_role("button", name="Revoke").click()
    dialog.get_by_role("button", name="Remove them").click()
    expect(dialog.get_by_text("used once")).to_have_count(0)
    expect(viewer.get_by_text("The call has ended")).to_be_visible(timeout=20_000)
    expect(host.locator(tile("Vi", state=None))).to_have_count(0)
    again = context(pattern).new_page()
    again.goto(link)
    expect(again.get_by_text("You cannot come in")).to_be_visible()


def test_a_member_may_filter_others_is_removed_and_another_is_denied(
    join: Callable[..., Page], pattern: Browser, kernel: Kernel, lab: JupyterServer, room: str
):
    host = join(pattern, "Ana", microphone="0")
    expect(host.locator(tile("Ana"))).to_be_attached(timeout=20_000)
    kernel.run(f"from rtc_notebook import *\ncall = Call({room!r}, name='Ana')\ncall.wait_until_connected()")
    bo = join(pattern, "Bo", microphone="0")
    expect(bo.locator(tile("Ana"))).to_be_attached(timeout=20_000)
    host.get_by_role("button", name="People", exact=True).click()
    host.get_by_label("Role of Bo").select_option("member")
    bo.get_by_role("button", name="Filters and recording").click()
    choices = bo.get_by_label(WHOSE).locator("option")
    expect(choices).to_have_text(["Your camera"])
    allow = host.get_by_role("button", name="Let Bo filter others")
    expect(allow).to_have_attribute("aria-pressed", "false")
    allow.click()
    expect(allow).to_have_attribute("aria-pressed", "true")
    expect(choices).to_have_count(2)
    kernel.wait_until("call.participants['Bo'].may_filter")
    bo.get_by_label(WHOSE).select_option("Ana’s camera")
    bo.get_by_role("button", name="Grey").click()
    expect(host.locator(tile("Ana") + "[data-processed]")).to_be_attached(timeout=20_000)
    bo.get_by_role("button", name="None").click()
    expect(host.locator(tile("Ana") + ":not([data-processed])")).to_be_attached(timeout=20_000)
    allow.click()
    expect(choices).to_have_text(["Your camera"])

    host.get_by_role("button", name="Remove Bo").click()
    expect(bo.get_by_text("A host removed you")).to_be_visible(timeout=20_000)
    expect(host.locator(tile("Bo", state=None))).to_have_count(0)
    bo.wait_for_function("() => cameras.every(({readyState}) => readyState === 'ended')")

    kernel.run("call.lock()")
    expect(host.get_by_role("button", name="Unlock room")).to_be_visible()
    bo.goto(kernel.run("print(call.invite().url)").strip())
    bo.get_by_label("Your name").fill("Cy")
    bo.get_by_role("button", name="Join").click()
    expect(bo.get_by_text("Waiting to be let in")).to_be_visible(timeout=20_000)
    host.get_by_role("button", name="Deny").click()
    expect(bo.get_by_text("You were not let in")).to_be_visible(timeout=20_000)
    expect(host.get_by_role("button", name="Deny")).to_be_hidden()
    assert bo.locator(tile("Ana", state=None)).count() == 0
    bo.get_by_role("button", name="Ask again").click()
    kernel.wait_until("call.waiting == ['Cy']")
    kernel.run("call.admit('Cy')")
    expect(bo.locator(tile("Ana"))).to_be_attached(timeout=20_000)

    # the link is withdrawn and who came by it stays; then it is over for everybody
    host.get_by_role("button", name="Invite others").click()
    dialog = host.get_by_role("dialog", name="Invite")
    dialog.get_by_role("button", name="Revoke").click()
    dialog.get_by_role("button", name="They stay").click()
    expect(dialog.get_by_role("button", name="Revoke")).to_have_count(0)
    dialog.get_by_role("button", name="Close").click()
    kernel.wait_until("not call.invites")
    bo.get_by_role("button", name="Raise your hand").click()
    hand = host.locator(".rtc-tile", has=host.locator(tile("Cy"))).get_by_label("Hand raised")
    expect(hand).to_be_visible()
    kernel.run("call.participants['Cy'].lower_hand()")
    expect(hand).to_be_hidden()
    kernel.run("call.unlock()")
    expect(host.get_by_role("button", name="Lock room")).to_be_visible()
    kernel.run("call.end()")
    for page in (host, bo):
        expect(page.get_by_text("A host ended the call for everybody.")).to_be_visible(timeout=20_000)
        page.wait_for_function("() => cameras.every(({readyState}) => readyState === 'ended')")
