from rtc_notebook.media.control import TrackKey
from rtc_notebook.media.selection import Room
from rtc_notebook.protocol import FilterInfo, ParticipantInfo, TrackInfo

CAMERA = TrackKey("ana", "camera")


def room(filter=None, me="kernel"):
    camera = TrackInfo(id="t1", kind="video", source="camera", filter=filter)
    processed = TrackInfo(id="t2", kind="video", source="camera", of="t1")
    return Room(
        (
            ParticipantInfo(id="ana", name="Ana", client="browser", tracks=(camera,)),
            ParticipantInfo(id="other", name="other kernel", client="kernel", tracks=(processed,)),
        ),
        me,
    )


def test_an_unfiltered_track_carries_itself():
    assert room().carrier(CAMERA) == "t1"


def test_who_filters_gets_the_raw_track():
    mine = room(FilterInfo(by="kernel", on_error="pass", state="starting"))
    assert mine.filtered_here(CAMERA)
    assert mine.carrier(CAMERA) == "t1"


def test_everybody_else_gets_the_processed_track_once_it_is_there():
    starting = room(FilterInfo(by="other", on_error="pass", state="starting"))
    assert not starting.filtered_here(CAMERA)
    assert starting.carrier(CAMERA) is None
    assert room(FilterInfo(by="other", on_error="pass", state="active", track="t2")).carrier(CAMERA) == "t2"


def test_a_held_track_is_nobodys():
    held = room(FilterInfo(by="kernel", on_error="hold", state="held"))
    assert held.carrier(CAMERA) is None
    assert not held.filtered_here(CAMERA)


def test_what_is_not_there_is_carried_by_nothing():
    assert room().carrier(TrackKey("ana", "screen")) is None
    assert room().carrier(TrackKey("nobody", "camera")) is None
    assert room().carrier(TrackKey("other", "camera")) is None, "a processed track is not its publisher's camera"
    assert room(me="ana").carrier(CAMERA) is None
