"""People on the call page: pictures and sound both ways, coming and going, quality, what the SFU counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from harness.browser import frames_shown, picture, plays, tile
from harness.jupyter import JupyterServer
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

STATISTICS = """async () => {
    const found = {outbound: [], inbound: []};
    for (const connection of globalThis.connections ?? []) {
        for (const report of (await connection.getStats()).values()) {
            if (report.kind !== "video") continue;
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
        page.wait_for_function(f"async () => (await ({HEARD})()) > 0", timeout=10_000)
    assert abs(float(picture(guest, tile("Ana")).mean()) - float(picture(ana, tile("Ana")).mean())) < 10


@pytest.mark.alone
def test_a_720p_camera_arrives_as_720p_within_two_seconds(join: Join, sharp: Browser, pattern: Browser):
    guest = join(pattern, "Guest", camera="0", microphone="0")
    ana = join(sharp, "Ana", hd=True)
    expect(ana.locator(tile("Ana"))).to_be_attached(timeout=20_000)
    expect(guest.locator(tile("Ana"))).to_be_attached(timeout=20_000)
    guest.wait_for_function(
        "selector => document.querySelector(selector)?.videoWidth === 1280", arg=tile("Ana"), timeout=2_000
    )
    seen = frames_shown(guest, tile("Ana"), 5)
    assert seen["width"] == 1280, "and stays so"
    assert seen["fps"] > 5


@pytest.mark.alone
def test_others_come_and_go_while_two_go_on(join: Join, head: Browser, pattern: Browser):
    ana, guest = join(head, "Ana"), join(pattern, "Guest")
    expect(guest.locator(tile("Ana"))).to_be_attached(timeout=20_000)
    third, fourth = join(pattern, "Third"), join(pattern, "Fourth")
    for page in (ana, guest, third, fourth):
        for name in ("Ana", "Guest", "Third", "Fourth"):
            expect(page.locator(tile(name))).to_be_attached(timeout=30_000)
    third.context.close()
    fourth.context.close()
    for page in (ana, guest):
        expect(page.locator(tile("Third", state=None))).to_have_count(0, timeout=15_000)
        expect(page.locator(tile("Fourth", state=None))).to_have_count(0, timeout=15_000)
    seen = []
    while len(seen) < 4 and not (seen and seen[-1]["fps"] > 5 and seen[-1]["gap"] < 1.5):
        seen.append(frames_shown(guest, tile("Ana"), 3))  # the first may be while two pages are being closed
    assert len(seen) < 4, seen


@pytest.mark.alone
def test_who_comes_late_sees_a_picture_in_under_a_second(join: Join, head: Browser, pattern: Browser):
    ana = join(head, "Ana")
    expect(ana.locator(tile("Ana"))).to_be_attached(timeout=20_000)
    ana.wait_for_timeout(3_000)  # long enough for the first keyframe to be history
    late = join(pattern, "Late", camera="0", microphone="0")
    late.wait_for_function("() => globalThis.firstPicture !== undefined", timeout=20_000)
    assert late.evaluate("globalThis.firstPicture - globalThis.firstTile") < 1_000


@pytest.mark.alone
def test_one_encode_however_many_watch(join: Join, lab: JupyterServer, room: str, head: Browser, pattern: Browser):
    ana = join(head, "Ana")
    viewers = [join(pattern, f"Viewer {number}", camera="0", microphone="0") for number in range(3)]
    for page in viewers:
        expect(page.locator(tile("Ana"))).to_be_attached(timeout=20_000)
    before, counted = statistics(ana)["outbound"], lab.get(f"rtc-notebook/api/rooms/{room}")
    ana.wait_for_timeout(3_000)
    after, counted_after = statistics(ana)["outbound"], lab.get(f"rtc-notebook/api/rooms/{room}")
    assert len(before) == len(after) == 1, "one encoder, whoever watches"
    encoded = after[0]["framesEncoded"] - before[0]["framesEncoded"]
    assert encoded <= 3.6 * 30, "no frame is encoded twice"

    def packets(state: dict[str, Any], way: str) -> list[int]:
        return [
            track["packets"]
            for seat in state["sfu"]["participants"].values()
            for track in seat[way].values()
            if way == "subscribe" or track["kind"] == "video"
        ]

    [came] = [b - a for a, b in zip(packets(counted, "publish"), packets(counted_after, "publish"), strict=True)]
    went = sorted(
        b - a for a, b in zip(packets(counted, "subscribe"), packets(counted_after, "subscribe"), strict=True)
    )
    assert came > 50
    for sent in went[-3:]:  # the largest three are the pictures
        assert abs(sent - came) <= 0.25 * came, "each viewer is sent what came, packet for packet"


def test_muting_and_the_camera_button_are_announced(join: Join, head: Browser, pattern: Browser):
    ana, guest = join(head, "Ana"), join(pattern, "Guest")
    expect(guest.locator(tile("Ana"))).to_be_attached(timeout=20_000)
    ana.get_by_role("button", name="microphone").click()
    expect(guest.locator(".rtc-tile", has=guest.locator(tile("Ana"))).get_by_label("Microphone off")).to_be_visible()
    ana.get_by_role("button", name="camera").click()
    expect(guest.locator(tile("Ana", state="off"))).to_be_attached(timeout=5_000)
    assert ana.evaluate("globalThis.cameras.every(track => track.readyState === 'ended')"), "the light is off"
    ana.get_by_role("button", name="camera").click()
    expect(guest.locator(tile("Ana"))).to_be_attached(timeout=5_000)
    plays(guest, tile("Ana"), 3)


def test_two_people_of_one_name_are_told_apart(join: Join, pattern: Browser):
    first, second = join(pattern, "Guest"), join(pattern, "Guest")
    expect(first.locator(tile("Guest (2)"))).to_be_attached(timeout=20_000)
    expect(second.locator(tile("Guest"))).to_be_attached(timeout=20_000)


def test_leaving_lets_the_camera_go(join: Join, head: Browser, pattern: Browser):
    ana, guest = join(head, "Ana"), join(pattern, "Guest")
    expect(guest.locator(tile("Ana"))).to_be_attached(timeout=20_000)
    ana.get_by_role("button", name="Leave").click()
    expect(guest.locator(tile("Ana", state=None))).to_have_count(0, timeout=5_000)
    assert ana.evaluate("globalThis.cameras.every(track => track.readyState === 'ended')")
