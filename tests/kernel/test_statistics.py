"""What the SFU counts, as a kernel asks for it."""

import sys
import threading

import pytest
from fake_worker import FakeWorker, eventually, person

from rtc_notebook import Call, CallTimeout, MissingDependency, NotAllowed
from rtc_notebook.media.control import Arrival, Arrivals, FromServer, Refused, ToServer
from rtc_notebook.protocol import Stats
from rtc_notebook.statistics import COLUMNS


def test_the_sfus_counters_come_by_their_id(call: Call, worker: FakeWorker):
    worker.connect()
    answers: list[object] = []
    asking = threading.Thread(target=lambda: answers.append(call._studio.sfu.ask()))
    asking.start()
    asked = worker.wait_for(ToServer).message
    worker.say(FromServer(message=Stats(id=asked.id + 1, stats={"somebody": "else's"})))
    worker.say(FromServer(message=Stats(id=asked.id, stats={"participants": {}})))
    asking.join(5)
    assert answers == [{"participants": {}}]


def test_no_answer_is_told(call: Call, worker: FakeWorker):
    worker.connect()
    with pytest.raises(CallTimeout, match="no statistics"):
        call._studio.sfu.ask(timeout=0.05)


@pytest.mark.parametrize(
    ("code", "error"), [("not-allowed", NotAllowed), ("sfu-restarting", CallTimeout), ("internal", CallTimeout)]
)
def test_a_refusal_is_the_answer(call: Call, worker: FakeWorker, capsys, code: str, error: type[Exception]):
    worker.connect()

    def refuse() -> None:
        asked = worker.wait_for(ToServer).message
        worker.say(Refused(code=code, message="Not for you.", about="get-stats", id=asked.id))

    threading.Thread(target=refuse).start()
    with pytest.raises(error, match="Not for you"):
        call.stats(timeout=60.0)
    assert "Not for you" not in capsys.readouterr().err


def counters(frames: int, bytes: int, lost: int) -> dict:
    camera = {
        "kind": "video",
        "packets": bytes // 1000,
        "bytes": bytes,
        "lost": lost,
        "jitter": 0.004,
        "frames": frames,
        "width": 640,
        "height": 360,
    }
    return {
        "participants": {
            "p2": {"publish": {"p2-camera": camera}, "subscribe": {"x": {"rtt": 0.03}, "y": {"rtt": 0.05}}},
            "k1": {"publish": {}, "subscribe": {"p2-camera": {}}},
        }
    }


@pytest.fixture
def answered(call: Call, worker: FakeWorker, monkeypatch: pytest.MonkeyPatch) -> FakeWorker:
    """Have the SFU count 30 frames and 100 kB with each question."""
    asked = [0]

    def ask(timeout: float = 5.0) -> dict:
        asked[0] += 1
        return counters(30 * asked[0], 100_000 * asked[0], 0 if asked[0] < 2 else 11)

    monkeypatch.setattr(call._studio.sfu, "ask", ask)
    # a second passes from one question to the next, whatever else looks at the clock
    monkeypatch.setattr(call.stats, "_sleep", lambda seconds: None)
    monkeypatch.setattr(call.stats, "_clock", lambda: float(100 + asked[0]))
    worker.connect(person("p2", "Ana", "camera"))
    arrival = Arrival(track="p2-camera", bitrate=1.0, fps=30.0, lost=0, jitter=0.0, delay=0.0421)
    worker.say(Arrivals(tracks=(arrival,)))
    return worker


def test_each_track_is_a_row(call: Call, answered: FakeWorker):
    (row,) = call.stats()
    assert row == {
        "participant": "Ana",
        "source": "camera",
        "kind": "video",
        "name": "",
        "processed": False,
        "muted": False,
        "width": 640,
        "height": 360,
        "fps": 30.0,
        "bitrate": 800_000.0,
        "loss": pytest.approx(0.099, abs=0.001),
        "jitter": 4.0,
        "rtt": 40.0,
        "delay": 42.1,
        "viewers": 1,
        "filter": None,
        "filter_ms": None,
    }


def test_a_table_of_it(call: Call, answered: FakeWorker):
    pytest.importorskip("pandas")
    table = call.stats.frame()
    assert list(table.participant) == ["Ana"] and list(table.columns) == list(COLUMNS)
    assert list(call.stats().to_frame().fps) == [30.0]


def test_two_questions_at_once_do_not_spoil_the_rates(call: Call, answered: FakeWorker, monkeypatch):
    asked = iter((0.0, 1.0, 1.001, 1.002, 3.0))
    now = [0.0]

    def clock() -> float:
        return now[0]

    ask = call._studio.sfu.ask

    def at_its_time(timeout: float) -> object:
        now[0] = next(asked)
        return ask(timeout)

    monkeypatch.setattr(call._studio.sfu, "ask", at_its_time)
    monkeypatch.setattr(call.stats, "_clock", clock)
    rates = [call.stats()[0]["fps"] for _ in range(4)]  # 30 frames from one question to the next
    assert rates == pytest.approx([30, 60 / 1.001, 90 / 1.002, 90 / 2], abs=0.1)


def test_without_pandas_it_says_what_to_install(call: Call, answered: FakeWorker, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingDependency, match="pip install pandas"):
        call.stats().to_frame()


@pytest.mark.slow
def test_a_plot_is_drawn_again_until_the_call_is_over(call: Call, answered: FakeWorker, monkeypatch):
    pytest.importorskip("matplotlib")
    monkeypatch.setattr("rtc_notebook.statistics_plot.INTERVAL_SECONDS", 0.2)
    with pytest.raises(ValueError, match="no value 'fsp'"):
        call.stats.plot("fsp")
    plot = call.stats.plot("fps", "bitrate")
    eventually(lambda: plot.drawn > 2)
    lines = [axes.lines[0] for axes in plot.figure.axes]
    assert [line.get_label() for line in lines] == ["Ana camera"] * 2
    assert lines[0].get_ydata()[-1] == 30.0 and lines[1].get_ydata()[-1] == pytest.approx(0.8)
    shown = plot._svg()
    assert shown.startswith('<svg role="img" aria-label="Plot of fps, bitrate"') and shown.endswith("</svg>\n")
    assert "currentColor" in shown and "#000000" not in shown, "black, which a dark theme does not show"
    assert "<style" not in shown, "it would be the style of the whole page"

    half, go = threading.Event(), threading.Event()

    def clear() -> None:
        half.set()
        assert go.wait(20)

    monkeypatch.setattr(plot.figure.axes[1], "clear", clear)
    assert half.wait(20)
    drawings: list[str] = []
    showing = threading.Thread(target=lambda: drawings.append(plot._svg()))
    showing.start()
    showing.join(0.2)
    assert not drawings, "half of a plot was shown"
    go.set()
    showing.join(20)
    assert drawings
    call.leave()
    eventually(lambda: "stopped" in repr(plot))
