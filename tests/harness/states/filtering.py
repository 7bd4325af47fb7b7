"""What a kernel does to pictures: filtered, with its sliders, compared, recorded; and busy."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from ..browser import painted
from ..kernel import held
from .scene import Scene, attached, tile

OFFERED = """
@call.offer(name="stripes")
def stripes(frame, gap=(2, 40), colour=["white", "black"], on=True):
    frame[::gap] = 255 if colour == "white" else 0
    return frame
"""


def filters(scene: Scene, scratch: Path) -> None:
    """Look at Ana filtered and recorded, at her filter's sliders, and at a busy kernel."""
    kernel, call = scene.kernel, scene.call
    kernel.run(OFFERED)
    scene.press("Filters and recording")
    call.get_by_role("button", name="Stripes", exact=True).click()
    expect(call.get_by_role("slider", name="Gap")).to_be_visible(timeout=20_000)
    attached(scene.page, tile("Ana") + "[data-processed]")
    kernel.run(f"recording = call.record({str(scratch / f'{scene.room}.mkv')!r})")
    expect(call.get_by_text("REC", exact=True)).to_be_visible(timeout=20_000)
    scene("sliders")
    with held(kernel, scratch):
        call.get_by_role("button", name="Sepia", exact=True).click()
        expect(call.get_by_text("The kernel is busy")).to_be_visible(timeout=20_000)
        scene("kernel-busy")
    expect(call.get_by_role("button", name="Sepia", exact=True)).to_have_attribute(
        "aria-pressed", "true", timeout=20_000
    )
    call.get_by_role("complementary").get_by_role("button", name="Close").click()
    scene.choose("Statistics")
    expect(scene.stood("Ana").locator("dl")).to_contain_text("bit/s", timeout=20_000)
    scene("filtered-recorded-statistics")
    scene.choose("Statistics")
    handle = scene.stood("Ana").get_by_role("button", name="Hold to compare")
    handle.focus()
    scene.page.keyboard.down("Enter")
    painted(scene.page, ".rtc-original")
    scene("compare")
    scene.page.keyboard.up("Enter")
    kernel.run("recording.stop(); call.unfilter(on='Ana')")
    expect(call.get_by_text("REC", exact=True)).to_be_hidden(timeout=20_000)
