"""The walks: one a page's whole call, one the stage and the filters, one the call under a cell."""

from __future__ import annotations

from pathlib import Path

from ..lab import Notebook
from . import before, filtering, hosting, meeting, notebook, stage, troubles
from .scene import Cut, Scene


def call(scene: Scene, cut: Cut, address: str) -> None:
    """Walk through what is before the call, what it opens, what hosts do, what goes wrong, and its end.

    Ana's page was opened with `troubles.MUTE`, and its sockets are ``cut``'s.
    """
    before.before(scene, address)
    before.not_let_in(scene)
    with cut.nobody_answers():
        meeting.joining(scene)
    meeting.alone(scene)
    before.rooms(scene)
    guest = meeting.two(scene)
    troubles.sound(scene)
    meeting.menus(scene)
    meeting.marks(scene, guest)
    meeting.dialogs(scene)
    hosting.invites(scene)
    hosting.door(scene, guest)
    troubles.lines(scene)
    troubles.end(scene, cut)
    scene.kernel.run("call.leave()")


def tiles(scene: Scene, address: str, scratch: Path) -> None:
    """Walk through what is done with the tiles, and what a kernel does to pictures."""
    scene.page.goto(address)
    guest = meeting.two(scene)
    stage.layouts(scene)
    stage.screens(scene)
    filtering.filters(scene, scratch)
    if scene.desktop:
        stage.window_of_its_own(scene)
    guest.get_by_role("button", name="Leave the call").click()
    guest.context.close()
    scene.kernel.run("call.leave()")
    stage.many(scene)


def cell(scene: Scene, cut: Cut, shown: Notebook, scratch: Path) -> None:
    """Walk through the call under a cell."""
    meeting.alone(scene)
    guest = meeting.two(scene)
    meeting.menus(scene)
    meeting.dialogs(scene)
    meeting.marks(scene, guest)
    stage.layouts(scene)
    stage.screens(scene)
    stage.window_of_its_own(scene)
    filtering.filters(scene, scratch)
    notebook.fails(scene, shown)
    hosting.invites(scene)
    hosting.door(scene, guest)
    stage.many(scene)
    troubles.lines(scene)
    notebook.gone(scene, shown)
    troubles.end(scene, cut)
