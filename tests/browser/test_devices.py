"""Cameras, microphones and speakers: chosen, tried, remembered, changed in the middle of a call, unplugged."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from harness.browser import chromium, context, goes_on, tile
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
# Whether a button was disabled, each time that changed.
TRIED = """button => {
    globalThis.tried = [];
    new MutationObserver(() => tried.at(-1) === button.disabled || tried.push(button.disabled))
        .observe(button, {attributes: true});
}"""
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
    page.get_by_role("button", name="Test").evaluate(TRIED)
    page.get_by_role("button", name="Test").click()
    page.wait_for_function("() => tried.join() === 'true,false'", timeout=20_000)  # disabled while it sounds
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
    for label, name in (("Cancel echo", "echoCancellation"), ("Level my voice", "autoGainControl")):
        page.get_by_label(label).uncheck()
        page.wait_for_function("name => sent('audio')?.getSettings()[name] === false", arg=name)
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


def test_without_permission_or_camera_one_is_told_what_to_do_and_joins(
    two: Browser, join: Callable[..., Page], pattern: Browser, lab: JupyterServer, room: str
):
    dan = join(pattern, "Dan")
    refused = context(two)
    page = refused.new_page()
    page.add_init_script(
        """const {mediaDevices} = navigator, open = mediaDevices.getUserMedia.bind(mediaDevices);
        mediaDevices.getUserMedia = async (wish) => {
            if (!globalThis.allowed) throw new DOMException('', 'NotAllowedError');
            return open(wish);
        };"""
    )
    page.goto(lab.page(f"rtc-notebook/room/{room}", name="Ana"))
    expect(page.get_by_text("The browser does not allow camera and microphone here. Allow them next")).to_be_visible()
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    page.get_by_role("button", name="Join").click()
    expect(page.locator(tile("Ana", state="off"))).to_be_attached(timeout=20_000)
    page.get_by_role("button", name="Choose another").first.click()
    expect(page.get_by_role("dialog", name="Devices")).to_be_visible()
    page.keyboard.press("Escape")
    goes_on(page, tile("Dan"))
    expect(dan.locator(tile("Ana", state="off"))).to_be_attached()
    page.evaluate("globalThis.allowed = true")  # as in the browser's settings of the site
    page.get_by_role("button", name="Turn camera on").click()
    goes_on(dan, tile("Ana"))

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
    goes_on(page, tile("Dan"))
    bo = dan.locator(".rtc-tile", has=dan.locator(tile("Bo", state="off")))
    expect(bo).to_be_visible()
    expect(bo.get_by_role("img", name="Microphone off")).to_be_hidden()

    open_air = context(two)
    page = open_air.new_page()
    page.add_init_script("Object.defineProperty(navigator, 'mediaDevices', {value: undefined})")  # as on http://
    page.goto(lab.page(f"rtc-notebook/room/{room}", name="Cy"))
    expect(page.get_by_text("Browsers give camera and microphone to secure pages only.")).to_be_visible()
    expect(page.get_by_role("button", name="Try again")).to_be_hidden()
    page.get_by_role("button", name="Join").click()
    expect(page.locator(tile("Cy", state="off"))).to_be_attached(timeout=20_000)
    goes_on(page, tile("Ana"))
    expect(page.locator(tile("Bo", state="off"))).to_be_attached()
    expect(dan.locator(tile("Cy", state="off"))).to_be_attached()
    for opened in (refused, bare, open_air):
        opened.close()


# Cameras that say which way they look, as those of phones do.
FACING = """
(() => {
    const facing = {fake_device_0: "user", fake_device_2: "environment"};
    const {getSettings} = MediaStreamTrack.prototype, {mediaDevices} = navigator;
    MediaStreamTrack.prototype.getSettings = function () {
        const facingMode = facing[this.label];
        return {...getSettings.call(this), ...(facingMode && {facingMode})};
    };
    const open = mediaDevices.getUserMedia.bind(mediaDevices);
    mediaDevices.getUserMedia = async (wish) => {
        const {facingMode, ...video} = wish.video || {};
        if (!facingMode) return open(wish);
        const found = (await mediaDevices.enumerateDevices()).find(({label}) => facing[label] === facingMode.exact);
        return open({...wish, video: {...video, deviceId: {exact: found.deviceId}}});
    };
})();
"""
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


@pytest.mark.parametrize(("size", "looks"), [((390, 844), False), ((844, 390), True)], ids=["upright", "lying"])
def test_on_a_phone(
    size: tuple[int, int],
    looks: bool,
    two: Browser,
    join: Callable[..., Page],
    pattern: Browser,
    lab: JupyterServer,
    room: str,
):
    """On the one that lies, cameras say which way they look."""
    ben = join(pattern, "Ben", camera="0")
    phone = context(
        two, viewport={"width": size[0], "height": size[1]}, screen={"width": size[0], "height": size[1]},
        is_mobile=True, has_touch=True,
    )  # fmt: skip
    phone.add_init_script(BENCH)
    phone.grant_permissions(["camera", "microphone", "screen-wake-lock"])
    phone.add_init_script(WAKE)
    if looks:
        phone.add_init_script(FACING)
    page = phone.new_page()
    page.goto(lab.page(f"rtc-notebook/room/{room}", name="Ana"))
    page.wait_for_function("() => document.querySelector('video')?.videoWidth > 0", timeout=20_000)
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert page.evaluate(TARGETS) == []
    page.get_by_role("button", name="Join").tap()
    goes_on(ben, tile("Ana"))
    assert page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]") == [*size]
    assert page.evaluate(TARGETS) == []
    own = page.locator(".rtc-tile", has=page.locator(tile("Ana", state=None)))
    for camera in ("fake_device_2", "fake_device_0") if looks else ("fake_device_1", "fake_device_2"):
        page.get_by_role("button", name="Switch to the other camera").tap()
        sends(page, "video", camera)
        if looks and camera == "fake_device_2":
            expect(own).not_to_have_attribute("data-mirrored", "")  # it looks at others
        else:
            expect(own).to_have_attribute("data-mirrored", "")
    goes_on(ben, tile("Ana"))
    assert page.evaluate(ROWS) == 1, "one row of controls, whatever fits"
    more = page.get_by_role("button", name="More", exact=True)
    if size[0] < 680:  # what has no room in the bar is in the menu
        expect(page.get_by_role("button", name="Devices")).to_be_hidden()
        more.tap()
        expect(page.get_by_role("menu", name="More")).to_be_visible()
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
