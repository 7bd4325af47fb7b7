"""What browsers and their people do to a page."""

from __future__ import annotations

from harness.browser import tile
from harness.tabs import tabbed
from harness.views import View

from .scene import Scene


def reloaded(scene: Scene) -> None:
    """Reload Ana's page."""
    ids = scene.ids()
    with scene.fault("page reloaded") as fault:
        scene.ana.reload()
        fault.gone()
    if ids["Ana"] != scene.ids()["Ana"]:
        scene.rows[-1].lost += "; ANOTHER ANA"
        print("<!-- another Ana -->")


def in_background(scene: Scene) -> None:
    """Have somebody else come, and put another tab before theirs for 20 s."""
    with tabbed((320, 180)) as tab:  # two cores have enough to do already
        tab.go(scene.url("Cleo", far=False))
        scene.ben.locator(tile("Cleo")).wait_for(state="attached", timeout=20_000)
        scene.settle()
        cleo = [View(page, "Cleo/camera") for page in (scene.ana, scene.ben)]
        with scene.fault("tab behind another for 20 s", [*scene.views(), *cleo]):
            tab.hide()
            scene.ben.wait_for_timeout(20_000)
            tab.show()
        tab.go("about:blank")  # which leaves the call
        scene.ben.locator(tile("Cleo", state=None)).wait_for(state="detached", timeout=20_000)
    scene.settle()


def frozen(scene: Scene) -> None:
    """Have the browser freeze Ana's page for 20 s."""
    session = scene.ana.context.new_cdp_session(scene.ana)
    with scene.fault("page frozen by the browser for 20 s"):
        session.send("Page.setWebLifecycleState", {"state": "frozen"})
        scene.ben.wait_for_timeout(20_000)
        session.send("Page.setWebLifecycleState", {"state": "active"})


def permission_revoked(scene: Scene) -> None:
    """Take the camera's permission away for 3 s, as from the browser's address bar."""
    session = scene.ana.context.new_cdp_session(scene.ana)
    target = session.send("Target.getTargetInfo")["targetInfo"]

    def let(setting: str) -> None:
        permission = {"permission": {"name": "camera"}, "setting": setting, "origin": scene.address}
        session.send("Browser.setPermission", {**permission, "browserContextId": target["browserContextId"]})

    with scene.fault("camera's permission revoked for 3 s, and given again", of="its pictures") as fault:
        let("denied")
        scene.ana.wait_for_timeout(3000)
        fault.remark(f"it said: {scene.ana.locator('.rtc-line-text').all_inner_texts()}")
        fault.remark(f"the track is {scene.ana.evaluate('cameras.at(-1).readyState')}")
        let("granted")


def unplugged(scene: Scene) -> None:
    """Unplug Ana's camera for 3 s; Chromium's fake camera has no plug, so the page is told what it would be told."""
    with scene.fault("camera unplugged, and plugged in again", of="its pictures") as fault:
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
        fault.remark(f"it said: {scene.ana.locator('.rtc-line-text').all_inner_texts()}")
        scene.ana.evaluate(
            """() => {
                navigator.mediaDevices.getUserMedia = globalThis.plugged;
                navigator.mediaDevices.dispatchEvent(new Event("devicechange"));
            }"""
        )


def track_frozen(scene: Scene) -> None:
    """Lose every packet of one stream that Ana gets, for good, and of no other: only she can notice."""
    streams = scene.ana.evaluate(
        """async key => {
            const [track] = document.querySelector(key).srcObject.getVideoTracks();
            const stats = await Promise.all(connections.map(async one => [...(await one.getStats()).values()]));
            const its = stats.flat().find(one => one.type === "inbound-rtp" && one.trackIdentifier === track.id);
            return [its.ssrc, its.rtxSsrc].filter(Boolean);
        }""",
        tile("Ben"),
    )
    with scene.fault("the packets of one received picture stay away for good", of="that picture") as fault:
        fault.gone()
        for ssrc in streams:  # RFC 3550, 5.1: the SSRC is the third word of the packet, after 8 octets of UDP
            match = ["-m", "u32", "--u32", f"0>>22&0x3C@16={ssrc:#x}"]
            scene.far.run("iptables", "-A", "INPUT", "-p", "udp", *match, "-j", "DROP")
    scene.far.run("iptables", "-F", "INPUT")


FAULTS = [reloaded, in_background, frozen, permission_revoked, unplugged, track_frozen]
LINKED = [reloaded, in_background, frozen, permission_revoked, unplugged]
"""No `track_frozen`: over one TCP connection no picture's packets stay away alone."""
