"""Filters in a real call: enforced, swapped, failing, slow; a busy kernel; a kernel that is restarted."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from harness.browser import coloured, picture, plays, tile, until_shown
from harness.jupyter import JupyterServer
from harness.kernel import Kernel
from harness.measure import BUSY, TIMECODE, Watched, beside_work, megabytes, running, watch
from playwright.sync_api import Browser, Page, expect

from rtc_notebook.media.policy import STALL_SECONDS

Join = Callable[..., Page]
PROCESSED = tile("Ana") + "[data-processed]"
RAW = tile("Ana") + ":not([data-processed])"

# Paints everything in one colour, so that a raw picture is told at a glance.
PAINT = """
@call.filter(on="Ana", on_error={policy!r})
def paint(frame):
    frame[:] = {colour}
    return frame
"""

CHATTY = """
import sys
count = 0
@call.filter(on="Ana")
def chatty(frame):
    global count
    count += 1
    if count <= 60:
        print("once more", file=sys.stderr)
    return frame
"""

# What was negotiated last; candidates may still come.
DESCRIPTIONS = """() => connections.map(({localDescription, remoteDescription}) => [localDescription, remoteDescription]
    .map((description) => description?.sdp.replaceAll(/a=(candidate|end-of-candidates).*\\r\\n/g, "")))"""

# Notes the colour of every frame that a tile presents, in whatever element, from now on.
WATCH = """() => {
    globalThis.colours = [];
    const canvas = Object.assign(document.createElement("canvas"), {width: 8, height: 8});
    const context = canvas.getContext("2d", {willReadFrequently: true});
    const seen = new WeakSet();
    const follow = video => {
        if (seen.has(video)) return;
        seen.add(video);
        const who = video.dataset.participant;
        const tick = () => {
            context.drawImage(video, 0, 0, 8, 8);
            const data = context.getImageData(0, 0, 8, 8).data;
            let spread = 0;
            for (let channel = 0; channel < 3; channel += 1) {
                let [low, high] = [255, 0];
                for (let at = channel; at < data.length; at += 4) {
                    low = Math.min(low, data[at]); high = Math.max(high, data[at]);
                }
                spread = Math.max(spread, high - low);
            }
            const plain = spread < 40, colour = [data[0], data[1], data[2]];
            globalThis.colours.push({who, at: performance.now(), plain, colour});
            video.requestVideoFrameCallback(tick);
        };
        video.requestVideoFrameCallback(tick);
    };
    const look = () => document.querySelectorAll("video[data-participant]").forEach(follow);
    new MutationObserver(look).observe(document.body, {subtree: true, childList: true, attributes: true});
    look();
}"""


@pytest.fixture
def call(kernel: Kernel, room: str) -> Kernel:
    kernel.run(f"from rtc_notebook import Call, filters\ncall = Call({room!r})\ncall.wait_until_connected()")
    return kernel


@pytest.fixture
def ana(join: Join, head: Browser) -> Page:
    page = join(head, "Ana")
    expect(page.locator(tile("Ana"))).to_be_attached(timeout=20_000)
    return page


@pytest.fixture
def guest(ana: Page, join: Join, pattern: Browser) -> Page:
    page = join(pattern, "Guest", camera="0", microphone="0")
    expect(page.locator(RAW)).to_be_attached(timeout=20_000)
    return page


def paint(kernel: Kernel, colour: str, policy: str = "pass") -> None:
    kernel.run(PAINT.format(colour=colour, policy=policy))


def until(page: Page, colour: tuple[int, int, int]) -> None:
    """Wait until Ana's tile shows this colour, BGR, all over."""

    def near(shown: np.ndarray) -> bool:
        return coloured(colour, 30)(shown) and bool(shown.std(axis=(0, 1)).max() < 20)

    until_shown(page, PROCESSED, near, f"{colour}", 10)


def shown(page: Page, name: str, since: float, until: float = float("inf")) -> list[dict[str, Any]]:
    """Return the pictures of somebody that a page which runs WATCH presented between two moments (`time.time`)."""
    origin = page.evaluate("performance.timeOrigin") / 1000
    seen = page.evaluate("name => globalThis.colours.filter(({who}) => who === name)", name)
    seen = [{**one, "at": origin + one["at"] / 1000} for one in seen]
    return [one for one in seen if since <= one["at"] <= until]


def gap(seen: list[dict[str, Any]]) -> float:
    """Return the longest time between two pictures."""
    return float(np.diff([one["at"] for one in seen]).max())


def repaint(kernel: Kernel, page: Page, colour: tuple[int, int, int]) -> float:
    """Paint in another colour; returns after how many seconds a page that runs WATCH presented the first such frame."""
    asked = page.evaluate("performance.now()")
    paint(kernel, str(colour))
    until(page, colour)
    frames = [one for one in page.evaluate("globalThis.colours") if one["at"] > asked]
    shown = [one["at"] for one in frames if np.abs(np.subtract(one["colour"], colour[::-1])).max() < 40]
    seconds = float(shown[0] - asked) / 1000
    print(f"the first picture after {seconds:.2f} s")
    return seconds


@pytest.mark.alone
def test_a_filter_is_enforced_and_swapped_without_a_gap(
    call: Kernel, ana: Page, guest: Page, lab: JupyterServer, room: str
):
    assert call.run("print(call.participants['ana'].video.frame(timeout=10).shape)").strip() == "(360, 640, 3)"
    paint(call, "(0, 0, 255)")
    for page in (ana, guest):
        expect(page.locator(PROCESSED)).to_be_attached(timeout=15_000)
        until(page, (0, 0, 255))
    guest.evaluate(WATCH)
    ana.evaluate(WATCH)

    guest.wait_for_timeout(3_000)
    idle = max(gap(shown(page, "Ana", 0)) for page in (ana, guest))
    before = [page.evaluate(DESCRIPTIONS) for page in (ana, guest)]
    took = [repaint(call, guest, colour) for colour in ((0, 255, 0), (0, 0, 255), (255, 0, 0))]
    assert min(took) < 1, "a new filter shows at once; three times, for a machine that is busy otherwise"
    call.run("blue = 128")
    call.run("@call.filter(on='Ana')\ndef paint(frame):\n    frame[:] = (blue, 0, 0)\n    return frame")
    until(guest, (128, 0, 0))
    call.run("blue = 20")
    until(guest, (20, 0, 0))
    for page in (ana, guest):
        seen = page.evaluate("globalThis.colours")
        assert len(seen) > 8
        assert all(one["plain"] for one in seen), "not one raw frame came through"
        longest = gap(shown(page, "Ana", 0))
        print(f"the longest gap was {longest:.2f} s, {idle:.2f} s while nothing was swapped")
        assert longest < idle + 0.5
    assert [page.evaluate(DESCRIPTIONS) for page in (ana, guest)] == before, "nothing was negotiated"
    state = lab.get(f"rtc-notebook/api/rooms/{room}")
    [raw] = [t for p in state["participants"] for t in p["tracks"] if t["kind"] == "video" and t["filter"]]
    receivers = [who for who, seat in state["sfu"]["participants"].items() if raw["id"] in seat["subscribe"]]
    assert receivers == [raw["filter"]["by"]], "the raw picture goes to the kernel alone"
    call.run("call.unfilter(on='Ana')")
    for page in (ana, guest):
        expect(page.locator(RAW)).to_be_attached(timeout=10_000)


def test_nothing_raw_is_shown_after_the_room_says_filtered(call: Kernel, ana: Page, guest: Page):
    guest.evaluate(WATCH)
    paint(call, "(0, 255, 0)", "hold")
    expect(guest.locator(PROCESSED)).to_be_attached(timeout=15_000)
    until(guest, (0, 255, 0))
    plain = [one["plain"] for one in guest.evaluate("globalThis.colours")]
    first = plain.index(True)
    assert not any(plain[:first]), "raw before"
    assert all(plain[first:]), "and never again afterwards"


def test_who_loads_the_page_anew_is_filtered_from_the_first_picture(call: Kernel, ana: Page, guest: Page):
    paint(call, "(0, 255, 0)", "hold")
    expect(guest.locator(PROCESSED)).to_be_attached(timeout=15_000)
    until(guest, (0, 255, 0))
    guest.evaluate(WATCH)
    ana.reload()
    expect(ana.locator(PROCESSED)).to_be_attached(timeout=20_000)  # in again, as the same participant
    seen = len(guest.evaluate("globalThis.colours"))
    guest.wait_for_function("seen => globalThis.colours.length > seen + 5", arg=seen, timeout=20_000)
    until(guest, (0, 255, 0))
    colours = guest.evaluate("globalThis.colours")
    assert all(one["plain"] for one in colours), "not one raw frame came through"
    assert not call.drain_stderr(0.5)


def test_a_filter_that_raises_says_so_once_and_passes(call: Kernel, ana: Page, guest: Page):
    call.run("@call.filter(on='Ana')\ndef broken(frame):\n    raise ValueError('no idea')")
    expect(guest.locator(PROCESSED)).to_be_attached(timeout=15_000)
    plays(guest, PROCESSED, 2)  # the raw picture passes
    said = call.drain_stderr(1, "ValueError: no idea")
    assert said.count("ValueError: no idea") == 1
    assert "broken" in said
    assert int(call.run("print(call.filters[0].errors)")) > 5
    call.run(CHATTY)
    said = call.drain_stderr(1.5, "once more", 10).count("once more")
    assert 10 <= said < 20, "of sixty lines, whatever IPython does at a cell's end"
    paint(call, "(0, 0, 255)")
    until(guest, (0, 0, 255))


def test_a_filter_that_fails_under_hold_shows_nothing_raw(call: Kernel, ana: Page, guest: Page):
    paint(call, "(0, 0, 255)", "hold")
    expect(guest.locator(PROCESSED)).to_be_attached(timeout=15_000)
    until(guest, (0, 0, 255))
    guest.evaluate(WATCH)
    call.run("@call.filter(on='Ana', on_error='hold')\ndef broken(frame):\n    return 'a word'")
    said = call.drain_stderr(0.5, "uint8")
    assert int(call.run("print(call.filters[0].errors)")) > 3
    assert all(one["plain"] for one in guest.evaluate("globalThis.colours"))
    assert "str" in said
    assert "uint8" in said, "says what it returned and what is accepted"


def test_every_shape_of_result_is_taken(call: Kernel, ana: Page, guest: Page):
    paint(call, "(0, 0, 255)")
    expect(guest.locator(PROCESSED)).to_be_attached(timeout=15_000)
    results = {
        "frame[..., 0] * 0 + 200": ((200, 200, 200), (640, 360)),
        "numpy.full((300, 401, 4), (10, 200, 10, 255), numpy.uint8)": ((10, 200, 10), (402, 300)),
        "numpy.full((480, 640), 90, numpy.uint8)": ((90, 90, 90), (640, 480)),
    }
    for result, (colour, (width, height)) in results.items():
        call.run(f"import numpy\n@call.filter(on='Ana')\ndef other(frame):\n    return {result}")
        until(guest, colour)
        shape = picture(guest, PROCESSED).shape
        assert abs(shape[1] - width) <= 2
        assert abs(shape[0] - height) <= 2


PASS_ON = """
import time
begun = []
@call.filter(on="Ana")
def as_it_is(frame):
    begun.append(time.monotonic())
    time.sleep({seconds})
    return frame
"""


@pytest.mark.alone
def test_a_slow_filter_gives_ten_frames_a_second_and_no_growing_delay(
    call: Kernel, join: Join, pattern: Browser, lab: JupyterServer
):
    join(pattern, "Ana", f"globalThis.timecodeAsCamera = [640, 360, 30];{TIMECODE}")
    guest = join(pattern, "Guest", TIMECODE, camera="0", microphone="0")
    expect(guest.locator(RAW)).to_be_attached(timeout=20_000)
    call.run(PASS_ON.format(seconds=0))
    expect(guest.locator(PROCESSED)).to_be_attached(timeout=15_000)
    watch(guest, PROCESSED, 1)
    quick = watch(guest, PROCESSED, 3)
    call.run(PASS_ON.format(seconds=0.1))
    watch(guest, PROCESSED, 1)
    call.run("begun.clear()")
    [worker] = running("rtc_notebook.media", int(call.run("import os\nprint(os.getpid())")))
    before = megabytes([worker])
    slow = watch(guest, PROCESSED, 12)
    grown = megabytes([worker]) - before
    made = float(call.run("print((len(begun) - 1) / (begun[-1] - begun[0]))"))
    delays = slow.delays()
    early, late = (statistics.median(half) for half in (delays[: len(delays) // 2], delays[len(delays) // 2 :]))
    print(f"{made:.1f} fps, {quick.p50():.0f} ms, slow {early:.0f} and then {late:.0f} ms; {grown:.1f} MB more")
    assert 7 < made < 10.1
    assert made / 2 < slow.fps() < 11, "what is made is shown, as far as this machine paints it"
    assert late < early + 100, "steady: a backlog would grow by two thirds of a second each second"
    assert late < quick.p50() + 220, "under a quarter of a second where a quick one takes 30 ms"
    assert grown < 5, "nothing is kept behind it"


# Each description of the room that comes from the server: who is in it, and who has a connection.
ROOMS = """(() => {
    globalThis.rooms = [];
    const Real = globalThis.WebSocket;
    globalThis.WebSocket = class extends Real {
        constructor(...args) {
            super(...args);
            this.addEventListener("message", ({data}) => {
                const message = typeof data === "string" ? JSON.parse(data) : {};
                const here = (message.participants ?? []).filter(({connected}) => connected !== false);
                if (message.type === "room") rooms.push(here.map(({id}) => id));
            });
        }
    };
})();"""
# Holds the interpreter and lets no other thread in, as a long call into a C library may.
HOLD = "import ctypes, time\nctypes.PyDLL(None).sleep({seconds})\nended = time.time()"


@pytest.mark.alone
def test_a_busy_kernel_hurts_nobody(
    call: Kernel, ana: Page, join: Join, pattern: Browser, lab: JupyterServer, room: str
):
    join(pattern, "Ben", microphone="0")
    # without sound, for which browsers hold pictures back where the machine is too busy to play it
    join(pattern, "Cem", f"globalThis.timecodeAsCamera = [640, 360, 10];{TIMECODE}", microphone="0")
    guest = join(pattern, "Guest", ROOMS + TIMECODE, camera="0", microphone="0")
    for name in ("Ana", "Ben", "Cem"):
        expect(guest.locator(tile(name))).to_be_attached(timeout=20_000)
    call.run("import time\nwhile len(call.participants) < 4: time.sleep(0.1)")
    for name, policy in (("Ana", "pass"), ("Ben", "hold")):
        call.run(PAINT.format(policy=policy, colour=(0, 255, 0)).replace("Ana", name))
        expect(guest.locator(tile(name) + "[data-processed]")).to_be_attached(timeout=15_000)
    until(guest, (0, 255, 0))
    guest.evaluate(WATCH)
    guest.wait_for_function("() => globalThis.colours.some(({who, plain}) => who === 'Ben' && plain)", timeout=20_000)
    everybody = lab.get(f"rtc-notebook/api/rooms/{room}")["participants"]
    [kernel] = [one["id"] for one in everybody if one["client"] == "kernel"]
    rooms, started = guest.evaluate("rooms.length - 1"), time.time()
    with beside_work():  # what the machine itself makes of it
        idle = watch(guest, tile("Cem"), 5)
    usual = {name: len(shown(guest, name, started)) / 5 for name in ("Ana", "Ben")}

    def goes_on(seen: Watched) -> None:
        late = statistics.median(seen.delays(seen.seconds - 3))
        print(f"{idle.fps():.1f} and {seen.fps():.1f} fps, {idle.p50():.0f} and {seen.p50():.0f}, {late:.0f} ms")
        assert seen.fps() > 0.8 * idle.fps(), "the others go on"
        assert seen.p50() < 2 * idle.p50() + 100, "without delay"

    call.start_cell(HOLD.format(seconds=12))
    started = time.time()
    goes_on(watch(guest, tile("Cem"), 10))
    ended = float(call.run("print(ended)", timeout=60))
    guest.wait_for_timeout(1_500)
    passed, held = (shown(guest, name, started + 1, ended) for name in ("Ana", "Ben"))
    assert not held, "nothing raw"
    assert gap(shown(guest, "Ana", started - 1, ended)) < STALL_SECONDS + 1, "raw pictures once its filter stalls"
    assert len([one for one in passed if not one["plain"]]) > 0.5 * usual["Ana"] * (ended - started - 1 - STALL_SECONDS)
    for name in ("Ana", "Ben"):
        seconds = next(one["at"] for one in shown(guest, name, ended) if one["plain"]) - ended
        print(f"{name}'s filter is back after {seconds:.2f} s")
        assert seconds < 0.5

    call.start_cell(BUSY.format(20))
    started = time.time()
    goes_on(watch(guest, tile("Cem"), 19))
    for name in ("Ana", "Ben"):
        seen = shown(guest, name, started)
        print(f"{name}: {usual[name]:.1f} and {len(seen) / 19:.1f} fps, longest gap {gap(seen):.2f} s")
        assert all(one["plain"] for one in seen), "its filter goes on"
        assert len(seen) / 19 > 0.5 * usual[name]
        assert gap(seen) < 1.5
    assert call.run("print(call.phase)", timeout=60).strip() == "connected"
    assert all(kernel in here for here in guest.evaluate("first => rooms.slice(first)", rooms)), "it never left"
    assert kernel == call.run("print(call._studio.roster.own_id)").strip()


def test_a_kernel_restart_takes_its_filters_along_and_nothing_else(
    call: Kernel, ana: Page, guest: Page, room: str, lab: JupyterServer
):
    paint(call, "(0, 0, 255)")
    expect(guest.locator(PROCESSED)).to_be_attached(timeout=15_000)
    call.restart()
    expect(guest.locator(RAW)).to_be_attached(timeout=15_000)
    names = [who["name"] for who in lab.get(f"rtc-notebook/api/rooms/{room}")["participants"]]
    assert sorted(names) == ["Ana", "Guest"]
    call.run(f"from rtc_notebook import Call\ncall = Call({room!r})")
    paint(call, "(255, 0, 0)", "hold")
    expect(guest.locator(PROCESSED)).to_be_attached(timeout=15_000)
    until(guest, (255, 0, 0))
    call.restart()
    expect(guest.locator(tile("Ana", state="held"))).to_be_attached(timeout=15_000)
    call.run(f"from rtc_notebook import Call\ncall = Call({room!r})\ncall.unfilter(on='Ana')")
    expect(guest.locator(RAW)).to_be_attached(timeout=15_000)
