"""Pictures and sound over a WebSocket, where WebRTC is not to be used or finds no way."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from harness.browser import CHROMIUM, HEARS, PLAYERS, chromium, context, picture, plays, tile, until
from harness.jupyter import JupyterServer
from harness.kernel import Kernel
from harness.network import Namespace, unavailable
from playwright.sync_api import Browser, Page, Playwright, expect

RED = "@call.filter(on='Ana')\ndef red(frame):\n    frame[:] = (0, 0, 255)\n    return frame"
LINKED = '.rtc-tile[data-link="websocket"] '

# When the first picture of a tile was presented.
NOTE_FIRST = """selector => {
    const looking = setInterval(() => {
        const video = document.querySelector(selector);
        if (!video) return;
        clearInterval(looking);
        video.requestVideoFrameCallback(() => { globalThis.first = Date.now(); });
    }, 20);
}"""


def test_pictures_and_sound_both_ways_between_a_websocket_and_webrtc(
    pattern: Browser, join: Callable[..., Page], room: str, kernel: Kernel
):
    ana = join(pattern, "Ana", PLAYERS, link="websocket")
    ben = join(pattern, "Ben", PLAYERS)
    expect(ben.locator(tile("Ana"))).to_be_attached(timeout=20_000)
    expect(ana.locator(LINKED + tile("Ben"))).to_be_attached(timeout=20_000)
    assert ana.evaluate("connections.length") == 0, "Ana's page opened no peer connection"
    plays(ben, tile("Ana"), 4)
    plays(ana, tile("Ben"), 4)
    assert picture(ana, tile("Ben")).std() > 20, "a picture, not a black rectangle"
    for page in (ana, ben):
        until(page, HEARS)
    expect(ben.locator('.rtc-tile[data-link="websocket"]')).to_have_count(1)
    kernel.run(f"from rtc_notebook import Call\ncall = Call({room!r})\ncall.wait_until_connected()")
    kernel.run(RED)
    for page in (ana, ben):
        expect(page.locator(tile("Ana") + "[data-processed]")).to_be_attached(timeout=20_000)
        shown = picture(page, tile("Ana") + "[data-processed]").mean(axis=(0, 1))
        assert shown[2] > 200 > 60 > shown[0]


@pytest.mark.alone  # see Namespace
@pytest.mark.skipif(bool(unavailable()), reason=unavailable())
def test_udp_is_blocked_and_nothing_is_configured(playwright: Playwright, tmp_path: Path):
    with Namespace() as far:
        far.block_udp()
        server = JupyterServer(tmp_path / "home", "lab", "--ServerApp.ip=0.0.0.0")
        address = f"http://{far.here}:{server.port}"
        secure = f"--unsafely-treat-insecure-origin-as-secure={address}"  # as behind somebody's HTTPS proxy
        inside = str(far.wrap(CHROMIUM, tmp_path))
        with (
            server,
            chromium(playwright, None, 10, secure, executable=inside) as there,
            chromium(playwright, None, 10) as here,
            Kernel.start(server) as call,
        ):
            ben = context(here).new_page()
            ben.goto(server.page("rtc-notebook/room/far", name="Ben", join=""))
            expect(ben.locator(tile("Ben"))).to_be_attached(timeout=20_000)
            call.run("from rtc_notebook import Call\ncall = Call('far')\ncall.wait_until_connected()")
            ana = context(there).new_page()
            ana.goto(server.page("rtc-notebook/room/far", name="Ana").replace(server.url, f"{address}/"))
            button = ana.get_by_role("button", name="Join")
            expect(button).to_be_enabled(timeout=20_000)
            ana.evaluate(
                "addEventListener('click', () => globalThis.clicked = Date.now(), { capture: true, once: true })"
            )
            ana.evaluate(NOTE_FIRST, tile("Ben"))
            ben.evaluate(NOTE_FIRST, tile("Ana"))
            button.click()
            first = [
                page.wait_for_function("() => globalThis.first", timeout=20_000).json_value() for page in (ana, ben)
            ]
            seen = [(one - ana.evaluate("clicked")) / 1000 for one in first]
            print(f"pictures after {seen[0]:.1f} s there, {seen[1]:.1f} s here")
            assert max(seen) < 5
            expect(ana.locator(LINKED + tile("Ben"))).to_be_attached(timeout=20_000)
            call.run(RED)
            for page in (ana, ben):
                expect(page.locator(tile("Ana") + "[data-processed]")).to_be_attached(timeout=20_000)
                shown = picture(page, tile("Ana") + "[data-processed]").mean(axis=(0, 1))
                assert shown[2] > 200 > 60 > shown[0], "through the kernel's filter, whose connection is WebRTC"
            ana.wait_for_function(
                "tile => 0 < tile.dataset.delay && tile.dataset.delay < 500", arg=ana.query_selector(LINKED)
            )


def test_a_kernel_where_the_server_allows_websockets_alone(playwright: Playwright, tmp_path: Path):
    server = JupyterServer(tmp_path / "home", "lab", "--RtcNotebookApp.media_link=websocket")
    with server, chromium(playwright, None, 10) as browser, Kernel.start(server) as kernel:
        ana = context(browser).new_page()
        ana.goto(server.page("rtc-notebook/room/tcp", name="Ana", join=""))
        kernel.run("from rtc_notebook import Call\ncall = Call('tcp')\ncall.wait_until_connected()")
        kernel.run(RED)
        expect(ana.locator(tile("Ana") + "[data-processed]")).to_be_attached(timeout=20_000)
        shown = picture(ana, tile("Ana") + "[data-processed]").mean(axis=(0, 1))
        assert shown[2] > 200 > 60 > shown[0]
        kernel.run("sound = call.participants['Ana'].audio.blocks(seconds=0.5)")
        heard = kernel.run("next(sound)\nblock = next(sound)\nprint(block.shape[0], abs(block).max() > 0.01)")
        assert heard.split() == ["24000", "True"]
        assert ana.evaluate("connections.length") == 0
        connections = server.get("rtc-notebook/api/rooms/tcp")["sfu"]["participants"].values()
        assert {one["connections"]["link"]["state"] for one in connections} == {"connected"}


KERNEL = """
import sys, time
from rtc_notebook import Call
call = Call("far", server=sys.argv[1], token=sys.argv[2])
call.wait_until_connected()
call.participants["Ana"].video.frame(timeout=20)
print("seen", flush=True)
{red}
sys.stdin.read()
"""


@pytest.mark.alone  # see Namespace
@pytest.mark.skipif(bool(unavailable()), reason=unavailable())
def test_a_kernel_where_udp_is_blocked(playwright: Playwright, tmp_path: Path):
    with Namespace() as far:
        far.block_udp()
        server = JupyterServer(tmp_path / "home", "lab", "--ServerApp.ip=0.0.0.0")
        script = tmp_path / "kernel.py"
        script.write_text(KERNEL.format(red=RED))
        python = str(far.wrap(sys.executable, tmp_path))
        with server, chromium(playwright, None, 10) as here:
            doctor = [python, "-m", "rtc_notebook_server.doctor", f"--token={server.token}"]
            doctor += [f"--server=http://{far.here}:{server.port}"]
            asked = subprocess.Popen(doctor, stdout=subprocess.PIPE, text=True)
            ana = context(here).new_page()
            ana.goto(server.page("rtc-notebook/room/far", name="Ana", join=""))
            expect(ana.locator(tile("Ana"))).to_be_attached(timeout=20_000)
            command = [python, str(script), f"http://{far.here}:{server.port}/", server.token]
            with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as kernel:
                assert kernel.stdout is not None
                assert kernel.stdout.readline() == "seen\n"
                expect(ana.locator(tile("Ana") + "[data-processed]")).to_be_attached(timeout=20_000)
                shown = picture(ana, tile("Ana") + "[data-processed]").mean(axis=(0, 1))
                assert shown[2] > 200 > 60 > shown[0], "Ana's page has it over WebRTC"
                kernel.communicate()
            said, _ = asked.communicate(timeout=30)
    assert "• UDP: no way found within the 3 s that a call waits. The SFU says that it is at " in said
    assert f"{far.here}:" in said and "Until then pictures and sound go over the WebSocket." in said
    assert "✓ Media over WebSocket: 100 kB got to the SFU" in said
