"""What hosts do: invites, a locked door, viewers, and somebody who is removed."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from .scene import Scene, attached, tile


def invites(scene: Scene) -> None:
    """Look at the invites; the panel of people is open then."""
    scene.press("People")
    scene.call.get_by_role("button", name="Invite…").click()
    dialog = scene.call.get_by_role("dialog", name="Invite")
    expect(dialog).to_be_visible()
    scene("invite")
    dialog.get_by_role("button", name="Make a link").click()
    expect(dialog.get_by_role("img", name="The link as a QR code")).to_be_visible()
    scene("invite-made")
    dialog.get_by_role("button", name="Close").click()


def door(scene: Scene, guest: Page) -> None:
    """Look at a viewer and at somebody who waits, from both sides; the panel of people is open, and closed then."""
    link = scene.invited("viewer")
    viewer = scene.profile().new_page()
    viewer.goto(link)
    expect(viewer.get_by_text("your camera stays off")).to_be_visible()
    scene.theirs(viewer, "viewer-before")
    viewer.get_by_label("Your name").fill("Vi")
    viewer.get_by_role("button", name="Join").click()
    attached(viewer, tile("Ana"))
    scene.theirs(viewer, "viewer")
    scene.call.get_by_role("button", name="Lock room").click()
    waiting = scene.knock(scene.invited(), "Cleo", camera=False)
    expect(waiting.get_by_text("Waiting to be let in")).to_be_visible(timeout=20_000)
    scene.theirs(waiting, "at-the-door")
    expect(scene.call.get_by_text("Cleo wants to come in")).to_be_visible()
    scene("somebody-waits")
    scene.call.get_by_role("button", name="Deny").click()
    expect(waiting.get_by_text("You were not let in")).to_be_visible()
    scene.theirs(waiting, "not-admitted")
    waiting.context.close()
    viewer.get_by_role("button", name="Leave the call").click()
    expect(scene.page.locator(tile("Vi", state=None))).to_have_count(0, timeout=20_000)
    viewer.context.close()
    scene.call.get_by_role("button", name="Remove Bo").click()
    expect(guest.get_by_text("The call has ended")).to_be_visible()
    scene.theirs(guest, "removed")
    guest.context.close()
    scene.call.get_by_role("button", name="Unlock room").click()
    scene.call.get_by_role("complementary").get_by_role("button", name="Close").click()
