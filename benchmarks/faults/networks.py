"""What networks do: cables, addresses, firewalls, broken sockets."""

from __future__ import annotations

import os
import signal
import time

from playwright.sync_api import Locator

from .scene import Scene


def _block(scene: Scene, *match: str) -> None:
    for chain, way in (("OUTPUT", "-o"), ("INPUT", "-i")):
        scene.far.run("iptables", "-A", chain, "!", way, "lo", *match, "-j", "DROP")


def _open(scene: Scene) -> None:
    for chain in ("OUTPUT", "INPUT"):
        scene.far.run("iptables", "-F", chain)


def socket_cut(scene: Scene) -> None:
    """Let no TCP through for 20 s; UDP goes on. Chat lines are said meanwhile on both sides."""
    ids = scene.ids()
    _field(scene).wait_for(state="visible")  # its code does not come while nothing does
    said = [f"line {number}" for number in range(6)]
    lines = "() => [...document.querySelectorAll('.rtc-chat-text')].map(one => one.textContent)"
    scene.kernel.run(f"for n in range(2): call.chat.send({said!r}[n])")
    with scene.fault("signaling socket cut for 20 s") as fault:
        _block(scene, "-p", "tcp")
        scene.kernel.run(f"for n in (2, 3): call.chat.send({said!r}[n])")
        _field(scene).fill("from Ana, cut off")
        _field(scene).press("Enter")
        time.sleep(20)
        _open(scene)
        fault.gone()
        scene.kernel.run(f"for n in (4, 5): call.chat.send({said!r}[n])")
        deadline = time.time() + 20
        there = ""
        here: list[str] = []
        while time.time() < deadline and not ("from Ana, cut off" in there and said[-1] in here):
            there, here = scene.kernel.run("print([line.text for line in call.chat])"), scene.ana.evaluate(lines)
            time.sleep(0.2)
        took = time.time() - fault.ended
        whole = there.count("from Ana, cut off") == 1 and [one for one in here if one in said] == said
        fault.note(f"messages {'whole, none twice' if whole else f'LOST OR DOUBLED {there} {here}'}, {took:.1f} s late")
        if ids != scene.ids():
            fault.note("new places")


def sockets_cut(scene: Scene) -> None:
    """Let no TCP through for 20 s where pictures go over it, too."""
    ids = scene.ids()
    with scene.fault("every socket cut for 20 s") as fault:
        _block(scene, "-p", "tcp")
        time.sleep(20)
        _open(scene)
        fault.gone()
    _places(scene, ids)


def _field(scene: Scene) -> Locator:
    field = scene.ana.get_by_label("Write to everybody")
    if not field.is_visible():
        scene.ana.locator(".rtc-chat-button").click()
    return field


def cable_pulled(scene: Scene) -> None:
    """Take Ana's network down for 20 s."""
    ids = scene.ids()
    with scene.fault("cable pulled for 20 s") as fault:
        scene.far.run("ip", "link", "set", f"{scene.far.name}b", "down")
        time.sleep(20)
        scene.far.run("ip", "link", "set", f"{scene.far.name}b", "up")
        fault.gone()
    _places(scene, ids)


def packets_dropped(scene: Scene) -> None:
    """Lose everything for 20 s somewhere on the way, where nobody is told."""
    ids = scene.ids()
    with scene.fault("no packet gets through for 20 s, unnoticed by the machine") as fault:
        _block(scene)
        time.sleep(20)
        _open(scene)
        fault.gone()
    _places(scene, ids)


def address_changed(scene: Scene) -> None:
    """Give Ana's machine another address in mid-call, as from Wi-Fi to cable."""
    inner, old = f"{scene.far.name}b", scene.far.there
    new = old.rsplit(".", 1)[0] + ".7"
    scene.direct()
    ids = scene.ids()
    with scene.fault("address changed in mid-call"):
        scene.far.run("ip", "address", "del", f"{old}/24", "dev", inner)
        scene.far.run("ip", "address", "add", f"{new}/24", "dev", inner)
    _places(scene, ids)
    scene.far.there = new


def udp_blocked(scene: Scene) -> None:
    """Let no UDP through from now on."""
    scene.direct()
    with scene.fault("UDP blocked in mid-call (then over the WebSocket)"):
        _block(scene, "-p", "udp")
    _open(scene)


def browser_asleep(scene: Scene) -> None:
    """Stop Ana's browser for 20 s, as a closed lid does."""
    _asleep(scene, 20)


def browser_long_asleep(scene: Scene) -> None:
    """Stop Ana's browser for longer than its place is kept."""
    _asleep(scene, 75)


def _asleep(scene: Scene, seconds: int) -> None:
    processes = scene.chromium(far=True)
    assert processes
    with scene.fault(f"laptop closed for {seconds} s"):
        for one in processes:
            os.kill(one.pid, signal.SIGSTOP)
        time.sleep(seconds)
        for one in processes:
            os.kill(one.pid, signal.SIGCONT)


def _places(scene: Scene, ids: dict[str, str]) -> None:
    if ids != scene.ids():
        scene.rows[-1].lost += "; new places"
        print(f"<!-- new places: {ids} → {scene.ids()} -->")


FAULTS = [socket_cut, cable_pulled, packets_dropped, address_changed, browser_asleep, udp_blocked, browser_long_asleep]
LINKED = [sockets_cut, cable_pulled, address_changed, browser_asleep, browser_long_asleep]
"""No `packets_dropped` and `udp_blocked`: where everything is TCP the one is `sockets_cut`, and the other nothing."""
