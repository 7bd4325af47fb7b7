"""People on the call page: pictures and sound both ways, coming and going, quality, what the SFU counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from harness.browser import frames_shown, picture, plays, tile, until
from harness.jupyter import JupyterServer
from harness.kernel import Kernel
from playwright.sync_api import Browser, Page, expect

Join = Callable[..., Page]

HEARD = """async () => {
    const energies = [];
    for (const connection of globalThis.connections ?? []) {
        for (const report of (await connection.getStats()).values()) {
            if (report.type === "inbound-rtp" && report.kind === "audio") energies.push(report.totalAudioEnergy);
        }
    }
    return Math.max(0, ...energies);
}"""

# Notes when a page says what to the server, and when each video shows its first picture of which width.
TIMES = """(() => {
    globalThis.said = []; globalThis.widths = [];
    const now = () => performance.timeOrigin + performance.now();
    const Real = globalThis.WebSocket;
    globalThis.WebSocket = class extends Real {
        send(data) {
            if (typeof data === "string") said.push({at: now(), ...JSON.parse(data)});
            super.send(data);
        }
    };
    const seen = new WeakSet();
    new MutationObserver(() => {
        for (const video of document.querySelectorAll("video[data-participant=Ana]")) {
            if (seen.has(video)) continue;
            seen.add(video);
            const tick = (_, {width}) => {
                if (width !== widths.at(-1)?.width) widths.push({at: now(), width});
                video.requestVideoFrameCallback(tick);
            };
            video.requestVideoFrameCallback(tick);
        }
    }).observe(document, {subtree: true, childList: true});
})();"""

# Notes when a page presents each picture of Ana's, from now on.
SHOWN = """() => {
    globalThis.shown = [];
    const seen = new WeakSet();
    const look = () => document.querySelectorAll("video[data-participant=Ana]").forEach((video) => {
        if (seen.has(video)) return;
        seen.add(video);
        const tick = () => { shown.push(performance.now() / 1000); video.requestVideoFrameCallback(tick); };
        video.requestVideoFrameCallback(tick);
    });
    new MutationObserver(look).observe(document.body, {subtree: true, childList: true});
    look();
}"""

STATISTICS = """async () => {
    const found = {source: [], outbound: [], inbound: []};
    for (const connection of globalThis.connections ?? []) {
        for (const report of (await connection.getStats()).values()) {
            if (report.kind !== "video") continue;
            if (report.type === "media-source") found.source.push(report);
            if (report.type === "outbound-rtp" && report.framesSent) found.outbound.push(report);
            if (report.type === "inbound-rtp" && report.framesDecoded) found.inbound.push(report);
        }
    }
    return found;
}"""


def statistics(page: Page) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = page.evaluate(STATISTICS)
    return found


def test_two_people_see_and_hear_each_other(join: Join, head: Browser, pattern: Browser):
    ana, guest = join(head, "Ana"), join(pattern, "Guest")
    for page, other in ((ana, "Guest"), (guest, "Ana")):
        expect(page.locator(tile(other))).to_be_attached(timeout=20_000)
        plays(page, tile(other), 5)
        until(page, f"async () => (await ({HEARD})()) > 0")
    assert abs(float(picture(guest, tile("Ana")).mean()) - float(picture(ana, tile("Ana")).mean())) < 10


@pytest.mark.alone
def test_a_720p_camera_arrives_as_720p_within_two_seconds(join: Join, sharp: Browser, pattern: Browser):
    guest = join(pattern, "Guest", TIMES, camera="0", microphone="0")
    ana = join(sharp, "Ana", TIMES, hd=True)
    guest.wait_for_function("() => widths.some(({width}) => width === 1280)", timeout=20_000)
    published = ana.evaluate(
        "said.find(({type, tracks}) => type === 'publish' && JSON.stringify(tracks).includes('camera')).at"
    )
    widths = guest.evaluate("widths")
    took = next(one["at"] for one in widths if one["width"] == 1280) - published
    print(f"1280 wide {took:.0f} ms after it was offered: {widths}")
    assert took < 2_000
    seen = frames_shown(guest, tile("Ana"), 5)
    assert seen["width"] == 1280, "and stays so"
    assert seen["fps"] > 5


@pytest.mark.alone
def test_others_come_and_go_while_two_go_on(join: Join, head: Browser, pattern: Browser):
    ana, guest = join(head, "Ana"), join(pattern, "Guest")
    expect(guest.locator(tile("Ana"))).to_be_attached(timeout=20_000)
    guest.evaluate(SHOWN)
    alone = frames_shown(guest, tile("Ana"), 3)
    third, fourth = join(pattern, "Third"), join(pattern, "Fourth")
    for page in (ana, guest, third, fourth):
        for name in ("Ana", "Guest", "Third", "Fourth"):
            expect(page.locator(tile(name))).to_be_attached(timeout=30_000)
    third.context.close()
    fourth.context.close()
    for page in (ana, guest):
        expect(page.locator(tile("Third", state=None))).to_have_count(0, timeout=15_000)
        expect(page.locator(tile("Fourth", state=None))).to_have_count(0, timeout=15_000)
    plays(guest, tile("Ana"), 0.5 * alone["fps"])
    shown = guest.evaluate("shown")
    gaps = np.diff(shown)
    fps = len(shown) / (shown[-1] - shown[0])
    print(f"{alone['fps']:.1f} fps before, {fps:.1f} on the whole, longest gap {gaps.max():.2f} s")
    assert fps > 0.4 * alone["fps"], "while two more pages are loaded and painted by the same two cores"
    assert gaps.max() < 2


@pytest.mark.alone
def test_who_comes_late_sees_a_picture_in_under_a_second(join: Join, head: Browser, pattern: Browser):
    ana = join(head, "Ana")
    expect(ana.locator(tile("Ana"))).to_be_attached(timeout=20_000)
    ana.wait_for_timeout(3_000)  # long enough for the first keyframe to be history
    late = join(pattern, "Late", TIMES, camera="0", microphone="0")
    late.wait_for_function("() => widths.length > 0", timeout=20_000)
    took = late.evaluate("widths[0].at - said.find(({type, tracks}) => type === 'subscribe' && tracks.length).at")
    print(f"a picture {took:.0f} ms after it was asked for")
    assert took < 1_000


def encodes_once(ana: Page, lab: JupyterServer, room: str) -> dict[str, tuple[int, int, dict[str, int]]]:
    """See that the browser encodes each picture of its camera once; return what the SFU counts in three seconds.

    Of each picture that is published: packets and frames that came, and packets that went to whom.
    """
    before, counted = statistics(ana), lab.get(f"rtc-notebook/api/rooms/{room}")["sfu"]["participants"]
    ana.wait_for_timeout(3_000)
    after, counted_after = statistics(ana), lab.get(f"rtc-notebook/api/rooms/{room}")["sfu"]["participants"]
    for state in (before, after):
        assert len(state["outbound"]) == len(state["source"]) == 1, "one encoder, whoever watches"
    encoded = after["outbound"][0]["framesEncoded"] - before["outbound"][0]["framesEncoded"]
    captured = after["source"][0]["frames"] - before["source"][0]["frames"]
    assert encoded <= captured + 1, "no picture is encoded twice"

    def counts(way: str, what: str) -> dict[tuple[str, str], int]:
        return {
            (who, track): its[what] - counted[who][way][track][what]
            for who, seat in counted_after.items()
            for track, its in seat[way].items()
            if what in its and track in counted[who][way]
        }

    sent, packets = counts("subscribe", "packets"), counts("publish", "packets")
    return {
        track: (packets[who, track], frames, {to: number for (to, which), number in sent.items() if which == track})
        for (who, track), frames in counts("publish", "frames").items()
        if counted_after[who]["publish"][track]["kind"] == "video"
    }


@pytest.mark.alone
def test_one_encode_however_many_watch(
    join: Join, lab: JupyterServer, room: str, head: Browser, pattern: Browser, kernel: Kernel
):
    ana = join(head, "Ana")
    viewers = [join(pattern, f"Viewer {number}", camera="0", microphone="0") for number in range(3)]
    for page in viewers:
        expect(page.locator(tile("Ana"))).to_be_attached(timeout=20_000)
    browser = encodes_once(ana, lab, room)
    [(track, (came, frames, went))] = browser.items()
    assert came > 50
    assert len(went) == 3
    for sent in went.values():
        assert abs(sent - came) <= 0.25 * came, "each viewer is sent what came, packet for packet"

    kernel.run(f"from rtc_notebook import Call\ncall = Call({room!r})\ncall.wait_until_connected()")
    kernel.run("@call.filter(on='Ana')\ndef paint(frame):\n    frame[:60] = (0, 0, 255)\n    return frame")
    for page in (ana, *viewers):
        expect(page.locator(tile("Ana") + "[data-processed]")).to_be_attached(timeout=20_000)
    filtered = encodes_once(ana, lab, room)
    me = kernel.run("print(call._studio.roster.own_id)").strip()
    assert len(filtered) == 2, "one more stream, whoever watches"
    _, frames, went = filtered.pop(track)
    assert list(went) == [me], "the raw picture is decoded by the kernel's worker, once"
    [(came, processed, went)] = filtered.values()
    assert me not in went
    assert len(went) == 4, "everybody's is the one picture that the worker encodes"
    assert processed <= frames + 3
    for sent in went.values():
        assert abs(sent - came) <= 0.25 * came


def test_muting_and_the_camera_button_are_announced(join: Join, head: Browser, pattern: Browser):
    ana, guest = join(head, "Ana"), join(pattern, "Guest")
    expect(guest.locator(tile("Ana"))).to_be_attached(timeout=20_000)
    ana.get_by_role("button", name="microphone").click()
    expect(guest.locator(".rtc-tile", has=guest.locator(tile("Ana"))).get_by_label("Microphone off")).to_be_visible(
        timeout=15_000
    )
    ana.get_by_role("button", name="camera").click()
    expect(guest.locator(tile("Ana", state="off"))).to_be_attached(timeout=20_000)
    assert ana.evaluate("globalThis.cameras.every(track => track.readyState === 'ended')"), "the light is off"
    ana.get_by_role("button", name="camera").click()
    expect(guest.locator(tile("Ana"))).to_be_attached(timeout=20_000)
    plays(guest, tile("Ana"), 3)


def test_two_people_of_one_name_are_told_apart(join: Join, pattern: Browser):
    first, second = join(pattern, "Guest"), join(pattern, "Guest")
    expect(first.locator(tile("Guest (2)"))).to_be_attached(timeout=20_000)
    expect(second.locator(tile("Guest"))).to_be_attached(timeout=20_000)


def test_leaving_lets_the_camera_go(join: Join, head: Browser, pattern: Browser):
    ana, guest = join(head, "Ana"), join(pattern, "Guest")
    expect(guest.locator(tile("Ana"))).to_be_attached(timeout=20_000)
    ana.get_by_role("button", name="Leave").click()
    expect(guest.locator(tile("Ana", state=None))).to_have_count(0, timeout=20_000)
    assert ana.evaluate("globalThis.cameras.every(track => track.readyState === 'ended')")
