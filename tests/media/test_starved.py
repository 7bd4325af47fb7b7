"""Which single track counts as starved, and how often it is asked for anew."""

from __future__ import annotations

from rtc_notebook.media.selection import Room
from rtc_notebook.media.starved import Starved, flowing
from rtc_notebook.protocol import ParticipantInfo, TrackInfo


def looks(starved: Starved, tracks: set[str], begin: int, end: int) -> list[int]:
    """Look every second and return when something was to be asked for anew."""
    return [now for now in range(begin, end) if starved.look(tracks, float(now))]


def test_a_track_that_stops_is_found_and_asked_for_ever_more_seldom() -> None:
    starved = Starved()
    assert looks(starved, {"cam"}, 0, 20) == [], "one that never began is somebody else's business"
    starved.came("cam", 20.0)
    starved.came("other", 20.0)
    assert looks(starved, {"cam"}, 20, 60) == [24, 28, 36, 52]


def test_one_that_is_turned_off_and_on_again_is_given_its_time() -> None:
    starved = Starved()
    starved.came("cam", 0.0)
    assert looks(starved, set(), 1, 30) == []
    assert looks(starved, {"cam"}, 30, 60) == []
    starved.came("cam", 60.0)
    assert looks(starved, {"cam"}, 60, 65) == [64]


def test_what_stood_still_with_everything_else_is_not_blamed() -> None:
    starved = Starved()
    starved.came("cam", 0.0)
    starved.forget()
    assert looks(starved, {"cam"}, 1, 30) == []


def test_only_cameras_that_are_on_should_flow() -> None:
    def one(id: str, client: str = "browser", connected: bool = True, **track: object) -> ParticipantInfo:
        info = TrackInfo(id=f"{id}-track", kind="video", **{"source": "camera", **track})  # type: ignore[arg-type]
        return ParticipantInfo(id=id, name=id, client=client, connected=connected, tracks=(info,))  # type: ignore[arg-type]

    everybody = (
        one("ana"), one("off", muted=True), one("away", connected=False), one("shows", source="screen"),
        one("kernel", client="kernel"), one("processed", of="ana-track"), one("unwanted"),
    )  # fmt: skip
    wanted = [f"{one.id}-track" for one in everybody if one.id != "unwanted"]
    assert flowing(Room(everybody), wanted) == {"ana-track"}
