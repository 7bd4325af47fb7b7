"""What a real call's statistics say, and their plot."""

from __future__ import annotations

import json
from collections.abc import Callable

from harness.browser import tile
from harness.kernel import Kernel
from playwright.sync_api import Browser, Page, expect

ROWS = "import json; print(json.dumps(list(call.stats())))"


def test_a_calls_statistics(kernel: Kernel, room: str, join: Callable[..., Page], head: Browser, pattern: Browser):
    kernel.run(f"from rtc_notebook import Call, filters\ncall = Call({room!r})\ncall.wait_until_connected()")
    ana = join(head, "Ana")
    guest = join(pattern, "Guest", camera="0", microphone="0")
    expect(guest.locator(tile("Ana"))).to_be_attached(timeout=20_000)
    kernel.run("call.participants['Ana'].video.frame(timeout=10)\nnext(call.participants['Ana'].audio.blocks())")
    for _ in range(5):  # what was held up comes in a burst
        guest.wait_for_timeout(3000)  # receivers report every second or so
        rows = {row["kind"]: row for row in json.loads(kernel.run(ROWS))}
        camera, microphone = rows["video"], rows["audio"]
        if 40 < microphone["fps"] < 60:
            break
    assert camera["participant"] == microphone["participant"] == "Ana"
    assert (camera["width"], camera["height"]) == (640, 360)
    assert 5 < camera["fps"] < 35 and 40 < microphone["fps"] < 60
    assert 50_000 < camera["bitrate"] < 5_000_000 and 1000 < microphone["bitrate"] < 200_000
    assert 0 <= camera["loss"] < 0.2 and 0 <= camera["jitter"] < 200
    assert 0 < camera["delay"] < 1000 and microphone["delay"] is not None
    assert camera["viewers"] == 2 and camera["filter_ms"] is None

    kernel.run("@call.filter(on='Ana')\ndef slow(frame):\n    import time; time.sleep(0.02)\n    return frame")
    expect(guest.locator(tile("Ana") + "[data-processed]")).to_be_attached(timeout=15_000)
    for _ in range(20):
        guest.wait_for_timeout(1000)
        rows = json.loads(kernel.run(ROWS))
        processed = next((row for row in rows if row["processed"]), {})
        if processed.get("filter_ms") is not None and processed.get("width") == 640:
            break
    assert (processed["participant"], processed["source"], processed["filter"]) == ("Ana", "camera", "slow")
    assert 15 < processed["filter_ms"] < 100 and processed["width"] == 640
    assert any(row["rtt"] is not None and row["rtt"] < 500 for row in rows if row["participant"] == "Ana")

    kernel.run("plot = call.stats.plot()")
    for _ in range(20):  # it is drawn between cells
        ana.wait_for_timeout(1000)
        drawn, lines, live = kernel.run(
            "print(plot.drawn, len(plot.figure.axes[0].lines), 'live' in repr(plot))"
        ).split()
        if int(drawn) >= 2 and int(lines) >= 2:
            break
    assert int(drawn) >= 2 and int(lines) >= 2 and live == "True"
    kernel.run("plot.stop()")
