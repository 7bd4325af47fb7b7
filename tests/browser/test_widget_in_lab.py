"""The widget in JupyterLab and Notebook 7: one connection for two views, and a camera that is let go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import tenacity
from harness.browser import context, goes_on, plays, tile
from harness.jupyter import JupyterServer
from harness.kernel import Kernel
from harness.lab import Notebook, make_notebook
from playwright.sync_api import Browser, Page, expect

CAMERA_OFF = "globalThis.cameras.length > 0 && globalThis.cameras.every(one => one.readyState === 'ended')"


@pytest.fixture
def notebook(lab: JupyterServer, pattern: Browser, room: str, tmp_path: Path) -> Iterator[Notebook]:
    """Open a notebook whose first cell shows a call, with Ana in front of it, and whose second shows it again."""
    cell = f"from rtc_notebook import Call\ncall = Call({room!r}, name='Ana')\ncall"
    name = lab.copy_notebook(make_notebook(tmp_path / f"{room}.ipynb", cell, "call", "pass"))
    opened = context(pattern, viewport={"width": 900, "height": 900})
    foreign: list[str] = []
    ours = (lab.url, "data:", "blob:")
    opened.on("request", lambda one: None if one.url.startswith(ours) else foreign.append(one.url))
    yield Notebook(opened.new_page(), lab, name)
    opened.close()
    assert not foreign, "something comes from elsewhere"


@tenacity.retry(stop=tenacity.stop_after_delay(20), wait=tenacity.wait_fixed(0.1), reraise=True)
def people(lab: JupyterServer, room: str, *names: str) -> None:
    """Wait until these are in the room, and nobody else."""
    state = lab.get(f"rtc-notebook/api/rooms/{room}")
    assert sorted(who["name"] for who in state["participants"]) == sorted(names)


@tenacity.retry(stop=tenacity.stop_after_delay(20), wait=tenacity.wait_fixed(0.1), reraise=True)
def gone(lab: JupyterServer, room: str, name: str) -> None:
    """Wait until nobody of this name is in the room, which may be no more."""
    rooms = {one["name"]: one["participants"] for one in lab.get("rtc-notebook/api/rooms")["rooms"]}
    assert name not in rooms.get(room, [])


@tenacity.retry(stop=tenacity.stop_after_delay(30), wait=tenacity.wait_fixed(0.1), reraise=True)
def another(lab: JupyterServer, room: str, name: str, former: str) -> None:
    """Wait until somebody else has this name, instead."""
    state = lab.get(f"rtc-notebook/api/rooms/{room}")
    assert former not in [who["id"] for who in state["participants"] if who["name"] == name] != []


def shown(notebook: Notebook) -> Page:
    """Run the first cell and wait for the picture."""
    notebook.run(0)
    expect(notebook.page.locator(tile("Ana"))).to_be_attached(timeout=30_000)
    return notebook.page


def test_two_views_share_one_connection(notebook: Notebook, lab: JupyterServer, room: str):
    page = shown(notebook)
    notebook.run(1)
    expect(page.locator(tile("Ana"))).to_have_count(2, timeout=20_000)
    people(lab, room, "Ana", "Ana's kernel")
    assert page.evaluate("globalThis.cameras.length") == 1
    notebook.command("notebook:clear-cell-output")  # of the second cell: the first still shows the call
    expect(page.locator(tile("Ana"))).to_have_count(1, timeout=20_000)
    page.locator(".rtc-react").evaluate("button => button.click()")  # wherever there is room for it
    page.get_by_role("button", name="Applause").click()
    expect(page.locator(".rtc-reaction")).to_be_attached()  # the view that is left still shows them
    page.wait_for_timeout(3_000)
    assert not page.evaluate(CAMERA_OFF)


def test_a_key_is_the_calls_or_the_notebooks_never_both(notebook: Notebook):
    page = shown(notebook)
    muted = page.get_by_role("button", name="Turn microphone on")
    page.locator(".rtc-stage").click(position={"x": 40, "y": 40})
    page.keyboard.press("m")  # in JupyterLab: a Markdown cell
    expect(muted).to_be_visible()
    page.keyboard.press("x")  # in JupyterLab: cuts the cell
    page.keyboard.down("Space")
    expect(muted).to_be_hidden()
    page.keyboard.up("Space")
    expect(muted).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    assert notebook.cells() == 3

    page.locator(".jp-Cell").nth(2).locator(".cm-content").click()
    page.keyboard.press("End")
    page.keyboard.type(" #mv?")
    page.keyboard.press("Escape")
    page.keyboard.press("m")
    page.wait_for_function("() => jupyterapp.shell.currentWidget.content.widgets[2].model.type === 'markdown'")
    assert notebook.source(2) == "pass #mv?"
    expect(muted).to_be_visible()
    types = "jupyterapp.shell.currentWidget.content.widgets.map(({model}) => model.type)"
    assert page.evaluate(types) == ["code", "code", "markdown"]


def test_the_camera_is_let_go(notebook: Notebook, lab: JupyterServer, room: str):
    page = notebook.page

    def let_go() -> None:
        page.wait_for_function(CAMERA_OFF, timeout=20_000)
        gone(lab, room, "Ana")

    shown(notebook)
    page.get_by_role("button", name="Leave the call").click()
    expect(page.get_by_role("button", name="Rejoin")).to_be_visible()
    let_go()
    shown(notebook)
    notebook.command("notebook:clear-all-cell-outputs")
    let_go()
    shown(notebook)
    Kernel(lab, notebook.kernel_id).run("call.leave()")
    let_go()
    shown(notebook)
    page.evaluate("globalThis.jupyterapp.shell.currentWidget.close()")
    page.get_by_role("button", name="Discard").or_(page.get_by_role("button", name="Don't Save")).click()
    let_go()


def test_a_kernel_restart_keeps_the_browser_in_the_call_and_running_again_takes_it_over(
    notebook: Notebook, lab: JupyterServer, room: str
):
    page = shown(notebook)
    page.evaluate("globalThis.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart().then(() => null)")
    expect(page.get_by_text("The kernel has stopped")).to_be_visible(timeout=20_000)
    people(lab, room, "Ana")
    before = lab.get(f"rtc-notebook/api/rooms/{room}")["participants"][0]["id"]
    shown(notebook)
    expect(page.get_by_text("The kernel has stopped")).to_have_count(0, timeout=20_000)
    new = Kernel(lab, notebook.kernel_id)
    new.run("call.wait_until_connected()\ncall.participants['me'].video.frame(timeout=30)")
    [ana] = [who for who in lab.get(f"rtc-notebook/api/rooms/{room}")["participants"] if who["name"] == "Ana"]
    assert ana["id"] == before, "nobody saw Ana leave and join"
    assert ana["widgetOf"], "and she belongs to the new kernel"

    notebook.set_source(0, "import time\ntime.sleep(3)  # as for imports\n" + notebook.source(0))
    shown(notebook)
    people(lab, room, "Ana", "Ana's kernel")
    [ana] = [who for who in lab.get(f"rtc-notebook/api/rooms/{room}")["participants"] if who["name"] == "Ana"]
    assert ana["id"] == before, "nor while the cell takes its time"

    notebook.set_source(2, "@call.filter(on='Ana', on_error='hold')\ndef dark(frame):\n    return frame // 2")
    notebook.run(2)
    filtered = page.locator(tile("Ana") + "[data-processed]").first
    expect(filtered).to_be_attached(timeout=20_000)
    [kernel] = [who["id"] for who in lab.get(f"rtc-notebook/api/rooms/{room}")["participants"] if who["name"] != "Ana"]
    page.evaluate("void globalThis.jupyterapp.commands.execute('notebook:restart-run-all')")
    page.locator(".jp-Dialog .jp-mod-accept").click()
    another(lab, room, "Ana's kernel", kernel)
    people(lab, room, "Ana", "Ana's kernel")
    [ana] = [who for who in lab.get(f"rtc-notebook/api/rooms/{room}")["participants"] if who["name"] == "Ana"]
    assert ana["id"] == before, "one Ana, the same one"
    expect(filtered).to_be_attached(timeout=20_000)
    plays(page, tile("Ana") + "[data-processed]", 2, tries=10)
    assert Kernel(lab, notebook.kernel_id).run("print([one.label for one in call.filters])").strip() == "['dark']"


def test_all_cells_at_once_find_me(notebook: Notebook):
    notebook.set_source(1, "frame = call.participants['me'].video.frame(timeout=30)\nprint(frame.shape)")
    notebook.command("notebook:run-all-cells")
    assert "(360, 640, 3)" in notebook.run(1)


def test_an_old_output_turns_no_camera_on(notebook: Notebook, lab: JupyterServer, room: str):
    page = shown(notebook)
    # JupyterLab says in a dialog that the kernel died, sooner or later: it must not stand in the way.
    page.add_locator_handler(page.locator(".jp-Dialog .jp-mod-accept"), lambda accept: accept.click())
    Kernel(lab, notebook.kernel_id).start_cell("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    expect(page.get_by_text("The kernel has stopped")).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="Leave the call").click()
    page.wait_for_function(CAMERA_OFF)
    opened = page.evaluate("globalThis.cameras.length")
    page.get_by_role("button", name="Rejoin").click()
    expect(page.get_by_text("Run the cell again")).to_be_visible(timeout=20_000)
    assert page.evaluate("globalThis.cameras.length") == opened


FAILS = """name => {
    globalThis.reallyOpen ??= navigator.mediaDevices.getUserMedia;
    navigator.mediaDevices.getUserMedia = async (wish) => {
        if (wish.video) throw new DOMException("", name);
        return reallyOpen(wish);
    };
}"""


def test_without_permission_or_camera_it_says_what_to_do(notebook: Notebook):
    page = notebook.page
    page.evaluate(FAILS, "NotAllowedError")
    notebook.run(0)
    off = page.locator(tile("Ana", state="off"))
    expect(page.get_by_text("The browser does not allow the camera here.")).to_be_visible(timeout=30_000)
    expect(off).to_be_attached(timeout=20_000)
    page.evaluate(FAILS, "NotFoundError")
    page.get_by_role("button", name="Try again").click()
    missing = page.get_by_text("No camera was found. Plug one in")
    expect(missing).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="Dismiss").click()
    expect(missing).to_have_count(0)
    page.get_by_role("button", name="Turn camera on").click()
    expect(missing).to_be_visible(timeout=20_000)
    page.evaluate("() => { navigator.mediaDevices.getUserMedia = reallyOpen; }")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(tile("Ana"))).to_be_attached(timeout=20_000)
    expect(page.get_by_text("No camera was found.")).to_have_count(0)


def test_a_call_goes_on_in_a_browser_tab(notebook: Notebook, lab: JupyterServer, room: str):
    page = shown(notebook)
    page.get_by_role("button", name="More", exact=True).click()
    with page.context.expect_page() as opened:
        page.get_by_role("menuitem", name="Open in a browser tab").click()
    tab = opened.value
    tab.get_by_role("textbox", name="Your name").fill("Ana's tab")
    tab.get_by_role("button", name="Join").click()
    expect(tab.locator(tile("Ana"))).to_be_attached(timeout=20_000)
    expect(page.locator(tile("Ana's tab"))).to_be_attached(timeout=20_000)
    people(lab, room, "Ana", "Ana's kernel", "Ana's tab")
    tab.close()
    page.evaluate("() => { delete globalThis.documentPictureInPicture; }")  # as in Firefox and Safari
    page.get_by_role("button", name="More", exact=True).click()
    with page.context.expect_page() as opened:
        page.get_by_role("menuitem", name="Pop out").click()
    expect(opened.value.get_by_role("button", name="Join")).to_be_visible()


class Elsewhere:
    """The same server by a name of its own: to browsers, a page that is not secure."""

    HOST = "notebook.test"

    def __init__(self, lab: JupyterServer) -> None:
        self._lab = lab

    def page(self, path: str, **query: str) -> str:
        """Return the URL of a page."""
        return self._lab.page(path, **query).replace("127.0.0.1", self.HOST)


def test_on_a_page_that_is_not_secure_it_says_what_to_do_and_shows_the_others(
    lab: JupyterServer, pattern: Browser, join: Callable[..., Page], room: str, tmp_path: Path
):
    cell = f"from rtc_notebook import Call\nCall({room!r}, name='Ana')"
    name = lab.copy_notebook(make_notebook(tmp_path / f"{room}.ipynb", cell))
    join(pattern, "Ben")
    page = context(pattern, viewport={"width": 900, "height": 900}).new_page()
    Notebook(page, Elsewhere(lab), name).run(0)
    assert not page.evaluate("isSecureContext")
    expect(page.get_by_text("Open this page over https, or on localhost")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("button", name="Try again")).to_have_count(0)
    expect(page.locator(tile("Ana", state="off"))).to_be_attached()
    goes_on(page, tile("Ben"))


def test_it_shows_in_notebook_7(seven: JupyterServer, pattern: Browser, tmp_path: Path):
    name = seven.copy_notebook(
        make_notebook(tmp_path / "seven.ipynb", "from rtc_notebook import Call\nCall('seven', name='Ana')")
    )
    opened = context(pattern, viewport={"width": 900, "height": 900})
    page = opened.new_page()
    page.goto(seven.page(f"notebooks/{name}"))
    page.locator(".jp-CodeCell .cm-content").first.click()
    expect(page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]")).to_be_attached(timeout=30_000)
    page.keyboard.press("Shift+Enter")
    expect(page.locator(tile("Ana"))).to_be_attached(timeout=30_000)
    opened.close()


@pytest.fixture
def seven(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    """Notebook 7's own server."""
    with JupyterServer(tmp_path_factory.mktemp("notebook"), "notebook") as server:
        yield server
