from __future__ import annotations

import base64
import io
import pickle
import queue
import struct
import threading
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest
from fake_worker import FakeWorker, eventually, person

from rtc_notebook import Call, ConnectionFailed, MessageError, MessageTooLarge, ParticipantNotFound, messages
from rtc_notebook.errors import MissingDependency
from rtc_notebook.media.control import FromServer, RecordEvent, RecordingReport, StartRecording, State, ToServer
from rtc_notebook.messages import Assembler, decode, encode, parts
from rtc_notebook.protocol import Data, ParticipantInfo, SendData

KERNEL = ParticipantInfo(id="k2", name="Bo's kernel", client="kernel")


def back(value: Any) -> Any:
    return decode(encode(value))


@pytest.mark.parametrize("value", [None, True, 7, -1.5, "words", b"\x00\xff", [], {"a": [1, {"b": None}]}, {1: 2}])
def test_plain_values_come_back(value: Any) -> None:
    assert back(value) == value


@pytest.mark.parametrize(
    "array",
    [
        np.arange(12, dtype=np.int16).reshape(3, 4),
        np.asfortranarray(np.random.default_rng(1).random((3, 4, 2))),
        np.array(5.5),
        np.zeros((0, 3), np.float32),
        np.array(["2024-01-01"], "M8[s]"),
        np.array([(1, 2.5)], [("a", "i4"), ("b", "f8")]),
        np.array([True, False]),
    ],
    ids=str,
)
def test_arrays_come_back_writable_in_the_middle_of_anything(array: np.ndarray) -> None:
    got = back({"here": [array, np.float32(2.5)]})["here"]
    assert got[1] == 2.5
    np.testing.assert_array_equal(got[0], array)
    assert (got[0].dtype, got[0].shape) == (array.dtype, array.shape)
    assert got[0].flags.writeable


def test_tables_come_back_with_their_dtypes() -> None:
    table = pd.DataFrame(
        {
            "whole": [1, 2],
            "real": [1.5, np.nan],
            "text": ["ä", None],
            "when": pd.to_datetime(["2024-01-01", "2024-02-02"]),
            "there": pd.to_datetime(["2024-01-01", "2024-08-02"]).tz_localize("Europe/Berlin"),
            "kind": pd.Categorical(["u", "v"], ["v", "u", "w"], ordered=True),
            "maybe": pd.array([1, None], dtype="Int64"),
            "any": [[1], {"a": 2}],
            7: [True, False],
        },
        index=pd.Index(["r1", "r2"], name="row"),
    )
    pd.testing.assert_frame_equal(back(table), table)
    pd.testing.assert_frame_equal(
        back([pd.DataFrame([[1, 2]], columns=["a", "a"])])[0], pd.DataFrame([[1, 2]], columns=["a", "a"])
    )
    assert len(back(pd.DataFrame(index=[1, 2, 3]))) == 3


class Own:
    pass


@pytest.mark.parametrize(
    "value",
    [
        Own(),
        [{"deep": Own()}],
        np.array([Own()]),
        pd.DataFrame({"x": [Own()]}),
        pd.DataFrame({"x": pd.period_range("2024", periods=2)}),
        pd.DataFrame({"x": [1]}, index=pd.MultiIndex.from_tuples([(1, 2)])),
        pd.Series([1]),
        2**70,
        len,
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_cannot_be_sent_is_told(value: Any) -> None:
    with pytest.raises(MessageError, match="sent"):
        encode(value)


@pytest.mark.parametrize(
    "value", ["x" * 1_000_001, np.zeros((720, 1280, 3), np.uint8), pd.DataFrame({"x": range(200_000)})]
)
def test_what_is_too_large_is_told_with_figures(value: Any) -> None:
    with pytest.raises(MessageTooLarge, match=r"1,000,000 are the most") as raised:
        encode(value)
    assert raised.value.size > raised.value.limit == messages.LIMIT


def extension(code: int, data: bytes) -> bytes:
    return msgspec.msgpack.encode(msgspec.msgpack.Ext(code, data))


def npy(array: np.ndarray) -> bytes:
    out = io.BytesIO()
    np.save(out, array, allow_pickle=True)
    return out.getvalue()


def lying(shape: str) -> bytes:
    return headed(f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}}}")


def headed(text: str) -> bytes:
    header = f"{text}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc1",
        pickle.dumps([1]),
        extension(1, npy(np.array([Own()], object))),
        extension(1, lying("(1000000000000,)")),
        extension(1, b"\x93NUMPY\x01\x00\xff\xff"),
        extension(1, b"nonsense"),
        extension(1, headed("{'descr': (), 'fortran_order': False, 'shape': (1,)}")),
        extension(1, headed("{'descr': [('a',)], 'fortran_order': False, 'shape': (1,)}")),
        extension(1, headed("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), ")),
        extension(1, headed("(" * 50)),
        extension(1, headed("[]")),
        extension(2, encode([1, 2])),
        extension(
            2,
            encode(
                {"columns": ["a"], "index": {"values": [1]}, "name": None, "data": [{"values": [1], "dtype": "evil"}]}
            ),
        ),
        extension(9, b""),
    ],
)
def test_what_cannot_be_read_is_told_and_harms_nothing(data: bytes) -> None:
    with pytest.raises(MessageError, match="came"):
        decode(data)


def test_a_table_without_pandas_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encode(pd.DataFrame({"x": [1]}))
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    with pytest.raises(MissingDependency, match="pip install pandas"):
        decode(data)


def received(part: SendData, by: str = "k2") -> Data:
    return Data(by=by, id=part.id, part=part.part, parts=part.parts, data=part.data)


def test_parts_are_put_together_whatever_comes_between() -> None:
    assembler, large = Assembler(), bytes(range(256)) * 2000
    one = list(parts(large, 1, None))
    two = list(parts(large[::-1], 2, None))
    assert len(one) == 3
    assert all(len(part.data) < 250_000 for part in one)
    got = [
        assembler.add(received(part, by), 0.0)
        for pair in zip(one, two, strict=True)
        for part in pair
        for by in ("a", "b")
    ]
    assert [whole for whole in got if whole is not None] == [large, large, large[::-1], large[::-1]]


def test_what_stays_unfinished_is_forgotten() -> None:
    assembler = Assembler()
    first, *rest = parts(bytes(400_000), 1, None)
    assembler.add(received(first), 0.0)
    assert [assembler.add(received(part), 11.0) for part in rest] == [None, None]
    for number in range(100):
        assembler.add(Data(by="x", id=number, part=0, parts=2, data=""), 12.0)
    assert len(assembler._unfinished) <= 32


@pytest.mark.parametrize(
    "part",
    [
        {"part": 1, "parts": 1},
        {"part": -1, "parts": 1},
        {"part": 0, "parts": 1000},
        {"part": 0, "parts": 0},
        {"data": "?"},
    ],
)
def test_parts_that_cannot_be_are_passed_over(part: dict[str, Any]) -> None:
    assert Assembler().add(Data(**{"by": "x", "id": 1, "part": 0, "parts": 1, "data": "", **part}), 0.0) is None


def test_an_object_goes_out_in_parts_and_to_one(call: Call, worker: FakeWorker) -> None:
    worker.connect(person("p2", "Guest"), KERNEL)
    call.send({"x": 1})
    assert decode(base64.b64decode(worker.wait_for(ToServer).message.data)) == {"x": 1}
    call.send(np.zeros(400_000, np.uint8), to="bo's kernel")
    last = worker.wait_for(ToServer, 4).message
    assert (last.id, last.part, last.parts, last.to) == (2, 2, 3, "k2")
    call.send(2, to=call.participants["Bo's kernel"])
    assert worker.wait_for(ToServer, 5).message.to == "k2"
    with pytest.raises(MessageTooLarge):
        call.send(np.zeros(2_000_000, np.uint8))
    with pytest.raises(MessageError, match="'Guest' is no kernel"):
        call.send(1, to="Guest")
    with pytest.raises(ParticipantNotFound):
        call.send(1, to="nobody")
    worker.say(State(phase="reconnecting", participant="k1"))
    eventually(lambda: call.phase == "reconnecting")
    with pytest.raises(ConnectionFailed):
        call.send(1)
    assert len(worker.sent(ToServer)) == 5


def test_a_listener_hears_who_sent_what(call: Call, worker: FakeWorker, capsys: pytest.CaptureFixture[str]) -> None:
    heard: queue.Queue[Any] = queue.Queue()
    call.on("message", lambda who, message: heard.put((who.name, message)))
    worker.connect(KERNEL)
    for part in parts(encode([1, np.arange(100_000)]), 1, None):
        worker.say(FromServer(message=received(part)))
    name, message = heard.get(timeout=5)
    assert name == "Bo's kernel"
    assert message[0] == 1
    assert message[1].sum() == 4999950000
    worker.say(FromServer(message=Data(by="k2", id=2, part=0, parts=1, data="wQ==")))
    worker.say(FromServer(message=Data(by="gone", id=2, part=0, parts=1, data="wA==")))
    worker.say(FromServer(message=Data(by="k2", id=3, part=0, parts=1, data="wA==")))
    assert heard.get(timeout=5) == ("Bo's kernel", None)
    assert '"Bo\'s kernel" sent a message. A message came that cannot be read' in capsys.readouterr().err


@pytest.mark.slow
def test_a_recording_has_what_is_said_and_heard(call: Call, worker: FakeWorker, tmp_path: Path) -> None:
    worker.connect(person("p2", "Guest"), KERNEL)
    recorder = threading.Thread(target=lambda: recordings.append(call.record(tmp_path / "a.mkv")))
    recordings: list[Any] = []
    call.send("before")
    recorder.start()
    worker.wait_for(StartRecording)
    worker.say(RecordingReport(id=1, state="recording"))
    recorder.join(20)
    call.send({"scores": [1, 2]}, to="Bo's kernel")
    for part in parts(encode("x" * 5_000), 1, None):
        worker.say(FromServer(message=received(part)))
    worker.wait_for(RecordEvent, 2)
    said, heard = (one.event for one in worker.sent(RecordEvent))
    assert said == {"event": "message", "from": "this kernel", "to": "Bo's kernel", "message": "{'scores': [1, 2]}"}
    assert (heard["event"], heard["from"]) == ("message", "Bo's kernel")
    assert heard["message"].startswith("'xxx") and "..." in heard["message"] and len(heard["message"]) < 600
