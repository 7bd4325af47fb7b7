from __future__ import annotations

import json
import typing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtc_notebook import protocol
from rtc_notebook.errors import ProtocolError, RoomNameError

VECTORS = Path(__file__).parent / "vectors"
DECODERS = {"client": protocol.decode_client, "server": protocol.decode_server}
TYPES = {"client": protocol.ClientMessage, "server": protocol.ServerMessage}


def vectors() -> list[Any]:
    return [
        pytest.param(direction, vector, id=f"{direction}-{vector['name']}")
        for direction in DECODERS
        for vector in json.loads((VECTORS / f"{direction}.json").read_text("utf-8"))
    ]


def text(vector: dict[str, Any]) -> str:
    return vector["raw"] if "raw" in vector else json.dumps(vector["message"])


@pytest.mark.parametrize(("direction", "vector"), vectors())
def test_vector(direction: str, vector: dict[str, Any]) -> None:
    decode = DECODERS[direction]
    if not vector["accept"]:
        with pytest.raises(ProtocolError) as refusal:
            decode(text(vector))
        assert refusal.value.code in ("bad-message", "bad-json")
        return
    message = decode(text(vector))
    assert decode(protocol.encode(message)) == message


@pytest.mark.parametrize("direction", DECODERS)
def test_vectors_name_every_message_type_both_accepted_and_refused(direction: str) -> None:
    types = {struct.__struct_config__.tag for struct in typing.get_args(TYPES[direction])}
    cases = [v for v in json.loads((VECTORS / f"{direction}.json").read_text("utf-8")) if "message" in v]
    for accept in (True, False):
        assert types <= {case["message"].get("type") for case in cases if case["accept"] is accept}


@given(st.text() | st.binary())
def test_any_text_is_a_message_or_a_protocol_error(data: str | bytes) -> None:
    for decode in DECODERS.values():
        try:
            decode(data)
        except ProtocolError as error:
            assert str(error).endswith(".")


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(ProtocolError):
        protocol.decode_client('{"type":"publish","tracks":' + "[" * 100_000)


@pytest.mark.parametrize("name", ["demo", "a", "Room 1", "a.b-c_d", "é", "名前", "_x", "x" * 64])
def test_room_names(name: str) -> None:
    assert protocol.room_name(name) == name


def test_room_name_has_one_spelling() -> None:
    assert protocol.room_name("e\u0301") == protocol.room_name("\u00e9")


@pytest.mark.parametrize(
    "name", ["", " ", "a ", " a", "-a", ".", "..", "a..b", "a/b", "a\\b", "a\n", "a\0", "x" * 65, "😀"]
)
def test_no_room_names(name: str) -> None:
    with pytest.raises(RoomNameError) as refusal:
        protocol.room_name(name)
    assert refusal.value.name == name
    assert "letters, digits" in str(refusal.value)
