"""Two in the call: what the bar opens, what is written, hands, keys, what works from here."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from .scene import CALL, Scene, attached, tile

TEXT = "See https://jupyter.org and `code`:\n```\nprint(1)\n```"
OPENED = {
    "Chat": ".rtc-chat",
    "People": ".rtc-people-row >> nth=1",
    "Filters and recording": ".rtc-offer >> nth=1",
    "React": ".rtc-react-row",
    "Devices": ".rtc-device-menu",
    "More": ".rtc-more-menu",
}


def joining(scene: Scene) -> None:
    """Look at Ana's page while the server does not answer."""
    scene.page.get_by_role("button", name="Join").click()
    expect(scene.call.get_by_text("Joining…")).to_be_visible()
    scene("joining")


def alone(scene: Scene) -> None:
    """Wait until Ana is in."""
    attached(scene.page, tile("Ana"))
    scene("alone")


def two(scene: Scene) -> Page:
    """Have a guest in; returns the guest's page. Ana's kernel is in the call from here on."""
    if not scene.cell:
        scene.kernel.run(CALL.format(room=scene.room) + "call.wait_until_connected()")
    guest = scene.profile().new_page()
    guest.goto(scene.invited())
    expect(guest.get_by_role("button", name="Turn camera off")).to_be_visible()
    scene.theirs(guest, "guest-before")
    guest.get_by_label("Your name").fill("Bo")
    guest.get_by_role("button", name="Join").click()
    attached(scene.page, tile("Bo"))
    scene("two")
    return guest


def menus(scene: Scene) -> None:
    """Look at what the bar opens."""
    for name, region in OPENED.items():
        scene.press(name)
        opened = scene.call.locator(region)
        expect(opened).to_be_visible(timeout=20_000)
        if name == "Chat":
            scene.call.get_by_label("Write to everybody").fill(TEXT)
            scene.page.keyboard.press("Enter")
            expect(scene.call.get_by_role("log").get_by_role("link")).to_be_visible()
        scene(name.split()[0].lower())
        scene.page.keyboard.press("Escape")
        expect(opened).to_be_hidden()


def marks(scene: Scene, guest: Page) -> None:
    """Look at a raised hand, a muted microphone and something written."""
    guest.get_by_role("button", name="Turn microphone off").click()
    press(guest, "Raise your hand")
    guest.keyboard.press("c")
    guest.get_by_label("Write to everybody").fill("Hello")
    guest.keyboard.press("Enter")
    expect(scene.button("Chat")).to_have_accessible_name("Chat, 1 new")
    expect(scene.stood("Bo").get_by_label("Hand raised")).to_be_visible()
    scene("marks")
    scene.theirs(guest, "guest-chat")
    guest.keyboard.press("Escape")


def press(page: Page, name: str) -> None:
    """Press a control on somebody's page."""
    button = page.get_by_role("button", name=name)
    if not button.is_visible():
        page.get_by_role("button", name="More", exact=True).click()
        button = page.get_by_role("menu", name="More").get_by_text(name, exact=True)
    button.click()


def dialogs(scene: Scene) -> None:
    """Look at the shortcuts, the statistics and what works from here."""
    if scene.desktop:
        scene.choose("Keyboard shortcuts")
        keys = scene.call.get_by_role("dialog", name="Keyboard shortcuts")
        expect(keys).to_be_visible()
        scene("shortcuts")
        keys.get_by_role("button", name="Close").click()
    scene.press("People")
    scene.call.get_by_role("button", name="What works from here").click()
    doctor = scene.call.get_by_role("dialog", name="What works from here")
    expect(doctor.get_by_role("log")).to_have_attribute("aria-busy", "false", timeout=30_000)
    scene("what-works")
    doctor.get_by_role("button", name="Close").click()
    scene.call.get_by_role("complementary").get_by_role("button", name="Close").click()
    scene.choose("Statistics")
    expect(scene.stood("Bo").locator("dl")).to_contain_text("bit/s", timeout=20_000)
    scene("statistics")
    scene.choose("Statistics")
