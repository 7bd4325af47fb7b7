"""Cameras, microphones and speakers: chosen, tried, remembered, changed in the middle of a call, unplugged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from harness.browser import chromium, context, frames_shown, tile
from harness.jupyter import JupyterServer
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect

# Keeps where sound was sent to, and pulls devices out: as the browser itself would say it.
BENCH = """
(() => {
    globalThis.sinks = [];
    const route = HTMLMediaElement.prototype.setSinkId;
    HTMLMediaElement.prototype.setSinkId = function (id) { sinks.push(id); return route.call(this, id); };
    const {mediaDevices} = navigator;
    const enumerate = mediaDevices.enumerateDevices.bind(mediaDevices);
    const gone = new Set();
    mediaDevices.enumerateDevices = async () => (await enumerate()).filter(({label}) => !gone.has(label));
    globalThis.unplug = (track, label) => {
        gone.add(label);
        if (track) { track.stop(); track.dispatchEvent(new Event("ended")); }
        mediaDevices.dispatchEvent(new Event("devicechange"));
    };
    globalThis.plug = (label) => { gone.delete(label); mediaDevices.dispatchEvent(new Event("devicechange")); };
    globalThis.sent = (kind) => connections.flatMap((each) => each.getSenders())
        .find(({track}) => track?.kind === kind && track.readyState === "live")?.track ?? null;
    globalThis.offers = () => connections.map((each) => each.localDescription?.sdp).join();
})();
"""
CAMERAS = ("fake_device_0", "fake_device_2")  # between them is a depth camera, which WebRTC does not send


@pytest.fixture(scope="module")
def two(playwright: Playwright) -> Iterator[Browser]:
    """Chromium with several cameras, microphones and speakers."""
    with chromium(playwright, None, 10, cameras=3) as browser:
        yield browser


@pytest.fixture
def ana(two: Browser) -> Iterator[BrowserContext]:
    profile = context(two, viewport={"width": 1000, "height": 640})
    profile.add_init_script(BENCH)
    yield profile
    profile.close()


def choose(page: Page, kind: str, label: str) -> None:
    page.get_by_label(kind, exact=True).select_option(label=label)


def sends(page: Page, kind: str, label: str) -> None:
    page.wait_for_function("([kind, label]) => sent(kind)?.label === label", arg=[kind, label], timeout=10_000)


def goes_on(page: Page, selector: str) -> None:
    expect(page.locator(selector)).to_be_attached(timeout=20_000)
    seen: list[dict[str, Any]] = []
    while len(seen) < 4 and not (seen and seen[-1]["fps"] > 3):
        seen.append(frames_shown(page, selector, 1.5))
    assert seen[-1]["fps"] > 3, seen


def test_devices_are_chosen_tried_and_remembered_and_changed_in_the_call(
    ana: BrowserContext, join: Callable[..., Page], pattern: Browser, lab: JupyterServer, room: str
):
    ben = join(pattern, "Ben")
    page = ana.new_page()
    page.goto(lab.page(f"rtc-notebook/room/{room}", name="Ana"))
    choose(page, "Camera", CAMERAS[1])
    choose(page, "Microphone", "Fake Audio Input 2")
    choose(page, "Speaker", "Fake Audio Output 1")
    page.wait_for_function("() => document.querySelector('[role=meter]').ariaValueNow > 20", timeout=10_000)
    page.get_by_role("button", name="Test").click()
    expect(page.get_by_role("button", name="Test")).to_be_disabled()
    expect(page.get_by_role("button", name="Test")).to_be_enabled(timeout=10_000)
    speaker = page.get_by_label("Speaker", exact=True).input_value()
    assert page.evaluate("sinks.at(-1)") == speaker
    page.get_by_role("button", name="Join").click()
    sends(page, "video", CAMERAS[1])
    sends(page, "audio", "Fake Audio Input 2")
    goes_on(page, tile("Ben"))
    goes_on(ben, tile("Ana"))
    page.wait_for_function("speaker => sinks.at(-1) === speaker", arg=speaker)

    offers = page.evaluate("offers()")
    page.get_by_role("button", name="Devices").click()
    choose(page, "Camera", CAMERAS[0])
    sends(page, "video", CAMERAS[0])
    choose(page, "Microphone", "Fake Audio Input 1")
    sends(page, "audio", "Fake Audio Input 1")
    choose(page, "Speaker", "Fake Audio Output 2")
    page.wait_for_function("speaker => sinks.at(-1) !== speaker", arg=speaker)
    for name in ("echoCancellation", "noiseSuppression", "autoGainControl"):
        assert page.evaluate("name => sent('audio').getSettings()[name]", name) is True
    page.get_by_label("Suppress noise").uncheck()
    page.wait_for_function("() => sent('audio')?.getSettings().noiseSuppression === false")
    expect(page.get_by_label("Cancel echo")).to_be_checked()
    expect(page.get_by_label("Suppress noise")).not_to_be_checked()
    choose(page, "Camera", CAMERAS[1])
    sends(page, "video", CAMERAS[1])
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Devices")).to_be_hidden()
    expect(page.get_by_role("button", name="Devices")).to_be_focused()

    page.evaluate(f"unplug(sent('video'), '{CAMERAS[1]}')")
    words = f"“{CAMERAS[1]}” was disconnected. Now using “{CAMERAS[0]}”."
    expect(page.get_by_text(words)).to_be_visible(timeout=10_000)
    sends(page, "video", CAMERAS[0])
    goes_on(ben, tile("Ana"))
    page.evaluate(f"plug('{CAMERAS[1]}')")
    expect(page.get_by_text(f"“{CAMERAS[1]}” is back")).to_be_visible(timeout=10_000)
    sends(page, "video", CAMERAS[1])
    page.evaluate("unplug(null, 'Fake Audio Output 2')")
    expect(page.get_by_text("The speaker you chose is gone")).to_be_visible(timeout=10_000)
    page.wait_for_function("() => sinks.at(-1) === ''")
    page.evaluate("sent('video').dispatchEvent(new Event('ended'))")  # stopped by the browser, not unplugged
    expect(page.get_by_text("The camera was disconnected.")).to_be_visible()
    expect(ben.locator(tile("Ana", state="off"))).to_be_attached(timeout=10_000)
    page.get_by_role("button", name="Try again").click()
    goes_on(ben, tile("Ana"))
    assert page.evaluate("offers()") == offers, "nothing was negotiated anew"

    page.goto(lab.page(f"rtc-notebook/room/{room}", name="Ana"))
    expect(page.get_by_label("Microphone", exact=True).locator("option:checked")).to_have_text("Fake Audio Input 1")
    expect(page.get_by_label("Camera", exact=True).locator("option:checked")).to_have_text(CAMERAS[1])
    page.wait_for_function("() => cameras.at(-1)?.label === 'fake_device_2'")


def test_a_device_is_changed_on_the_websocket_link(
    ana: BrowserContext, join: Callable[..., Page], pattern: Browser, lab: JupyterServer, room: str
):
    ben = join(pattern, "Ben", camera="0")
    page = ana.new_page()
    page.goto(lab.page(f"rtc-notebook/room/{room}", name="Ana", join="", link="websocket"))
    goes_on(ben, tile("Ana"))
    page.get_by_role("button", name="Devices").click()
    for camera in (CAMERAS[1], CAMERAS[0]):
        choose(page, "Camera", camera)
        page.wait_for_function("label => cameras.at(-1).label === label", arg=camera)
        page.wait_for_function("() => cameras.filter(({readyState}) => readyState === 'live').length === 1")
        goes_on(ben, tile("Ana"))


def test_without_permission_or_camera_one_is_told_what_to_do_and_joins(two: Browser, lab: JupyterServer, room: str):
    refused = two.new_context(permissions=[])
    page = refused.new_page()
    page.add_init_script(
        "navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', 'NotAllowedError'); };"
    )
    page.goto(lab.page(f"rtc-notebook/room/{room}", name="Ana"))
    expect(page.get_by_text("The browser does not allow camera and microphone here. Allow them next")).to_be_visible()
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    page.get_by_role("button", name="Join").click()
    expect(page.locator(tile("Ana", state="off"))).to_be_attached(timeout=20_000)
    refused.close()

    bare = context(two)
    page = bare.new_page()
    page.add_init_script(
        """const {mediaDevices} = navigator, open = mediaDevices.getUserMedia.bind(mediaDevices);
        mediaDevices.getUserMedia = async (wish) => {
            if (wish.video) throw new DOMException('', 'NotFoundError');
            return open(wish);
        };"""
    )
    page.goto(lab.page(f"rtc-notebook/room/{room}", name="Bo"))
    expect(page.get_by_text("No camera was found.")).to_be_visible()
    page.get_by_role("button", name="Join").click()
    expect(page.locator(tile("Bo", state="off"))).to_be_attached(timeout=20_000)
    expect(page.get_by_role("button", name="Turn microphone off")).to_be_visible()
    bare.close()

    open_air = context(two)
    page = open_air.new_page()
    page.add_init_script("Object.defineProperty(navigator, 'mediaDevices', {value: undefined})")  # as on http://
    page.goto(lab.page(f"rtc-notebook/room/{room}", name="Cy"))
    expect(page.get_by_text("Browsers give camera and microphone to secure pages only.")).to_be_visible()
    expect(page.get_by_role("button", name="Try again")).to_be_hidden()
    page.get_by_role("button", name="Join").click()
    expect(page.locator(tile("Cy", state="off"))).to_be_attached(timeout=20_000)
    open_air.close()


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent"))


def test_by_keyboard_alone(join: Callable[..., Page], pattern: Browser, lab: JupyterServer, room: str):
    ben = join(pattern, "Ben", camera="0")
    expect(ben.locator(tile("Ben", state="off"))).to_be_attached(timeout=20_000)
    profile = context(pattern)
    page = profile.new_page()
    page.goto(lab.page(f"rtc-notebook/room/{room}"))
    expect(page.get_by_role("button", name="Turn camera off")).to_be_visible()
    for _ in range(12):
        page.keyboard.press("Tab")
        if focused(page) == "Your name":
            break
    page.keyboard.type("Ana ms")  # letters that are shortcuts in the call
    page.keyboard.press("Enter")
    expect(ben.locator(tile("Ana ms"))).to_be_attached(timeout=20_000)
    marks = ben.locator(".rtc-tile", has=ben.locator(tile("Ana ms", state=None)))
    silent = marks.get_by_label("Microphone off")
    expect(silent).to_be_hidden()
    page.keyboard.press("m")
    expect(silent).to_be_visible()
    expect(page.get_by_role("button", name="Turn microphone on")).to_be_visible()

    page.keyboard.down("Space")
    expect(silent).to_be_hidden()
    page.keyboard.up("Space")
    expect(silent).to_be_visible()

    page.keyboard.press("v")
    expect(ben.locator(tile("Ana ms", state="off"))).to_be_attached(timeout=10_000)
    page.keyboard.press("v")
    expect(ben.locator(tile("Ana ms"))).to_be_attached(timeout=10_000)
    page.keyboard.press("h")
    expect(marks.get_by_label("Hand raised")).to_be_visible()
    page.keyboard.press("c")
    expect(page.get_by_label("Write to everybody")).to_be_focused()
    page.keyboard.type("mmm? vvv ")  # a space bar that means a space
    page.keyboard.press("Enter")
    ben.get_by_role("button", name="Chat, 1 new").click()
    expect(ben.get_by_role("log").get_by_text("mmm? vvv")).to_be_visible()
    expect(silent).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("log")).to_be_hidden()
    page.keyboard.press("p")
    expect(page.get_by_role("heading", name="People")).to_be_visible()
    page.keyboard.press("p")
    page.keyboard.press("d")
    expect(page.get_by_role("dialog", name="Devices")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(keys.get_by_text("Leave the call")).to_be_visible()
    keys.get_by_label("Single keys work in the call").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("m")
    page.keyboard.press("?")
    expect(keys).to_be_hidden()
    page.evaluate("localStorage.removeItem('rtc-notebook:shortcuts-off')")
    page.keyboard.press("m")
    expect(silent).to_be_hidden()
    page.get_by_role("button", name="Turn microphone off").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Space")  # a button that was reached by keyboard is pressed
    expect(silent).to_be_visible()
    page.get_by_role("button", name="Turn microphone on").click()
    expect(silent).to_be_hidden()
    page.get_by_role("button", name="Turn microphone off").click()
    expect(silent).to_be_visible()
    page.keyboard.down("Space")  # the mouse left the focus there, which means nothing
    expect(silent).to_be_hidden()
    page.keyboard.up("Space")
    expect(silent).to_be_visible()
    page.keyboard.press("Shift+L")
    expect(ben.locator(tile("Ana ms", state=None))).to_have_count(0, timeout=10_000)
    profile.close()


WAKE = """
globalThis.locks = [];
const ask = navigator.wakeLock.request.bind(navigator.wakeLock);
navigator.wakeLock.request = async (type) => { const lock = await ask(type); locks.push(lock); return lock; };
"""
TARGETS = """() => [
    ...document.querySelectorAll("button, select, a, input:not([type=checkbox]), textarea, label.rtc-check")]
    .filter((each) => each.checkVisibility())
    .map((each) => [each.ariaLabel ?? each.textContent, each.getBoundingClientRect()])
    .filter(([, {width, height}]) => width < 43.9 || height < 43.9)
    .map(([name, {width, height}]) => [name, width, height])"""


ROWS = """() => new Set([...document.querySelectorAll(".rtc-buttons > *")]
    .filter((each) => each.checkVisibility())
    .map((each) => each.getBoundingClientRect().y + each.getBoundingClientRect().height / 2)).size"""


@pytest.mark.parametrize("size", [(390, 844), (844, 390)], ids=["upright", "lying"])
def test_on_a_phone(
    size: tuple[int, int], two: Browser, join: Callable[..., Page], pattern: Browser, lab: JupyterServer, room: str
):
    ben = join(pattern, "Ben", camera="0")
    phone = context(
        two, viewport={"width": size[0], "height": size[1]}, screen={"width": size[0], "height": size[1]},
        is_mobile=True, has_touch=True,
    )  # fmt: skip
    phone.add_init_script(BENCH)
    phone.grant_permissions(["camera", "microphone", "screen-wake-lock"])
    phone.add_init_script(WAKE)
    page = phone.new_page()
    page.goto(lab.page(f"rtc-notebook/room/{room}", name="Ana"))
    page.wait_for_function("() => document.querySelector('video')?.videoWidth > 0", timeout=20_000)
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert page.evaluate(TARGETS) == []
    page.get_by_role("button", name="Join").tap()
    goes_on(ben, tile("Ana"))
    assert page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]") == [*size]
    assert page.evaluate(TARGETS) == []
    for camera in ("fake_device_1", "fake_device_2"):
        page.get_by_role("button", name="Switch to the other camera").tap()
        sends(page, "video", camera)
    goes_on(ben, tile("Ana"))
    assert page.evaluate(ROWS) == 1, "one row of controls, whatever fits"
    more = page.get_by_role("button", name="More", exact=True)
    if size[0] < 680:  # what has no room in the bar is in the menu
        expect(page.get_by_role("button", name="Devices")).to_be_hidden()
        more.tap()
        assert page.evaluate(TARGETS) == []
        page.get_by_role("menuitemcheckbox", name="Raise your hand").tap()
        expect(ben.get_by_label("Hand raised").filter(visible=True)).to_be_visible()
        expect(more).to_be_focused()
        more.tap()
        expect(page.get_by_role("menuitemcheckbox", name="Raise your hand")).to_be_checked()
        page.get_by_role("menuitem", name="Devices").tap()
    else:
        page.get_by_role("button", name="Devices").tap()
    expect(page.get_by_role("dialog", name="Devices")).to_be_visible()
    assert page.evaluate(TARGETS) == []
    page.get_by_label("Speaker", exact=True).scroll_into_view_if_needed()
    page.locator(".rtc-stage").tap(position={"x": 20, "y": 20})
    expect(page.get_by_role("dialog", name="Devices")).to_be_hidden()

    page.wait_for_function("() => locks.length === 1 && !locks[0].released")
    page.evaluate("locks[0].release()")  # as when the page is hidden
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_function("() => locks.length === 2 && !locks[1].released")
    page.get_by_role("button", name="Leave").tap()
    page.wait_for_function("() => locks[1].released")
    phone.close()


# The room that two machines stand in: Ben's microphone hears what Ana's hears, as it comes out of his speaker.
SAME_ROOM = """
const {mediaDevices} = navigator, open = mediaDevices.getUserMedia.bind(mediaDevices);
const air = new AudioContext();
const microphone = air.createMediaStreamDestination();
mediaDevices.getUserMedia = async (wish) => {
    const stream = await open(wish);
    for (const track of stream.getAudioTracks()) stream.removeTrack(track);
    stream.addTrack(microphone.stream.getAudioTracks()[0]);
    return stream;
};
const play = HTMLMediaElement.prototype.play;
HTMLMediaElement.prototype.play = function () {
    if (this.srcObject?.getAudioTracks().length) air.createMediaStreamSource(this.srcObject).connect(microphone);
    return play.call(this);
};
"""
# Somebody who speaks: noise in syllables and pauses of changing length.
SPEECH = """
const {mediaDevices} = navigator, open = mediaDevices.getUserMedia.bind(mediaDevices);
const mouth = new AudioContext(), voice = mouth.createMediaStreamDestination();
const noise = mouth.createBuffer(1, 48000 * 60, 48000), samples = noise.getChannelData(0);
for (let at = 0; at < samples.length;) {
    const loud = Math.random() < 0.6 ? 0.05 + 0.4 * Math.random() : 0.0005;
    for (let left = 4800 * (1 + Math.floor(Math.random() * 5)); left > 0 && at < samples.length; left--) {
        samples[at++] = loud * (2 * Math.random() - 1);
    }
}
const source = new AudioBufferSourceNode(mouth, {buffer: noise, loop: true});
source.connect(voice);
source.start();
mediaDevices.getUserMedia = async (wish) => {
    const stream = await open(wish);
    for (const track of stream.getAudioTracks()) stream.removeTrack(track);
    stream.addTrack(voice.stream.getAudioTracks()[0]);
    return stream;
};
"""


def test_two_in_one_room_are_told(join: Callable[..., Page], pattern: Browser, lab: JupyterServer, room: str):
    ana = join(pattern, "Ana", SPEECH, camera="0")
    ben = join(pattern, "Ben", SAME_ROOM, camera="0")
    words = ben.get_by_text("Your microphone hears what somebody else’s does")
    expect(words).to_be_visible(timeout=45_000)
    ben.get_by_role("button", name="Mute mine").click()
    expect(words).to_be_hidden()
    ben.get_by_role("button", name="Turn microphone on").wait_for()

    second = ana.context.new_page()
    second.goto(lab.page(f"rtc-notebook/room/{room}", name="Ana's other tab", join="", camera="0"))
    tab = second.get_by_text("Another tab of this browser is in this call with its microphone on")
    expect(tab).to_be_visible(timeout=20_000)
    assert ana.get_by_text("Another tab of this browser").count() == 0, "one of the two is enough"
    second.get_by_role("button", name="Mute mine").click()
    expect(tab).to_be_hidden()
