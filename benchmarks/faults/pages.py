"""What browsers and their people do to a page."""

from __future__ import annotations

from harness.browser import tile

from .scene import Scene
from .views import View


def reloaded(scene: Scene) -> None:
    """Reload Ana's page."""
    ids = scene.ids()
    with scene.fault("page reloaded") as fault:
        scene.ana.reload()
        fault.gone()
    if ids["Ana"] != scene.ids()["Ana"]:
        print("<!-- another participant -->")


def in_background(scene: Scene) -> None:
    """Open another tab over Ana's for 10 s."""
    seen = [View(scene.ben, "Ana/camera/filtered")]
    with scene.fault("tab in the background for 10 s", seen) as fault:
        other = scene.ana.context.new_page()
        other.bring_to_front()
        scene.ana.wait_for_timeout(10_000)
        fault.note(f"the page is {scene.ana.evaluate('document.visibilityState')}")
        other.close()
        scene.ana.bring_to_front()


def frozen(scene: Scene) -> None:
    """Have the browser freeze Ana's page for 20 s."""
    session = scene.ana.context.new_cdp_session(scene.ana)
    with scene.fault("page frozen by the browser for 20 s"):
        session.send("Page.setWebLifecycleState", {"state": "frozen"})
        scene.ben.wait_for_timeout(20_000)
        session.send("Page.setWebLifecycleState", {"state": "active"})


def permission_revoked(scene: Scene) -> None:
    """Take the camera's permission away for 3 s, as from the browser's address bar."""
    browser = scene.ana.context.browser
    assert browser is not None
    ana = scene.ana.context
    with scene.fault("camera's permission revoked, and given again") as fault:
        ana.clear_permissions()
        scene.ana.wait_for_timeout(3000)
        fault.note(f"it said: {scene.ana.locator('.rtc-notice').all_inner_texts()}")
        ana.grant_permissions(["camera", "microphone", "clipboard-read", "clipboard-write"])


def unplugged(scene: Scene) -> None:
    """Unplug Ana's camera for 3 s; Chromium's fake camera has no plug, so the page is told what it would be told."""
    with scene.fault("camera unplugged, and plugged in again") as fault:
        scene.ana.evaluate(
            """() => {
                const devices = navigator.mediaDevices;
                globalThis.plugged = devices.getUserMedia;
                devices.getUserMedia = async () => { throw new DOMException("no device", "NotFoundError"); };
                for (const track of globalThis.cameras) { track.stop(); track.dispatchEvent(new Event("ended")); }
                devices.dispatchEvent(new Event("devicechange"));
            }"""
        )
        scene.ana.wait_for_timeout(3000)
        fault.note(f"it said: {scene.ana.locator('.rtc-notice').all_inner_texts()}")
        scene.ana.evaluate(
            """() => {
                navigator.mediaDevices.getUserMedia = globalThis.plugged;
                navigator.mediaDevices.dispatchEvent(new Event("devicechange"));
            }"""
        )


def track_frozen(scene: Scene) -> None:
    """Have Ana's connection deliver no more of Ben's pictures: the receiver has to notice."""
    with scene.fault("a received track freezes", [View(scene.ana, "Ben/camera")]):
        scene.ana.evaluate(
            """key => {
                const video = document.querySelector(key);
                const [track] = video.srcObject.getVideoTracks();
                const one = connections.find(each => each.getReceivers().some(({track: its}) => its === track));
                one.getTransceivers().find(({receiver}) => receiver.track === track).direction = "inactive";
                one.setLocalDescription = RTCPeerConnection.prototype.setLocalDescription;
                track.enabled = true;
                track.stop();
            }""",
            tile("Ben"),
        )


FAULTS = [reloaded, in_background, frozen, permission_revoked, unplugged, track_frozen]
