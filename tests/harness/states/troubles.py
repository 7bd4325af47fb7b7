"""What goes wrong in a call, and its end."""

from __future__ import annotations

from playwright.sync_api import expect

from .scene import Cut, Scene

# Lets no sound out until ``allowed`` is set, as browsers do before the first click.
MUTE = """
const play = HTMLMediaElement.prototype.play;
HTMLMediaElement.prototype.play = function () {
    const refused = this.localName === "audio" && !globalThis.allowed;
    return refused ? Promise.reject(new DOMException("", "NotAllowedError")) : play.call(this);
};
"""
# Another tab of this browser that says it is in the same call, since longer and with its microphone on.
TAB = """
(() => {
    const channel = new BroadcastChannel("rtc-notebook:same-room");
    channel.onmessage = ({data}) => channel.postMessage({...data, id: "0", since: 0, speaking: true, asks: false});
})()
"""


def sound(scene: Scene) -> None:
    """Look at the click that sound waits for, if the page was opened with `MUTE`."""
    hear = scene.call.get_by_role("button", name="Click to hear the others")
    expect(hear).to_be_visible(timeout=20_000)
    scene("click-to-hear")
    scene.page.evaluate("globalThis.allowed = true")
    hear.click()
    expect(hear).to_be_hidden()


def lines(scene: Scene) -> None:
    """Look at the word about an echo, and at a camera that was unplugged."""
    page, call = scene.page, scene.call
    page.evaluate(TAB)
    for name in ("Turn microphone off", "Turn microphone on"):
        scene.button(name).click()
    expect(call.get_by_text("Another tab of this browser")).to_be_visible()
    page.evaluate("globalThis.cameras.at(-1).stop(); globalThis.cameras.at(-1).dispatchEvent(new Event('ended'))")
    expect(call.get_by_text("The camera was disconnected")).to_be_visible()
    scene("echo-and-problem")
    for _ in range(2):
        call.get_by_role("button", name="Dismiss").first.click()


def end(scene: Scene, cut: Cut) -> None:
    """Look at a call whose connection is lost, and at one that was left."""
    cut()
    expect(scene.call.get_by_text("Reconnecting")).to_be_visible(timeout=20_000)
    scene("reconnecting")
    scene.call.get_by_role("button", name="Leave the call").click()
    expect(scene.call.get_by_role("button", name="Rejoin")).to_be_visible()
    scene("left")
