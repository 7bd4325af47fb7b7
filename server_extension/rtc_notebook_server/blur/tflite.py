"""Tells in a TensorFlow Lite model what its input is: MediaPipe's tasks refuse models that do not say.

FlatBuffers only refer forward, so a new root is put in front of the model, which refers into it; nothing in the model
itself changes. Tables and field numbers are those of TensorFlow Lite's ``schema.fbs`` and ``metadata_schema.fbs``.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Union

_ALIGNMENT = 64
_IMAGE_PROPERTIES, _RGB, _NORMALIZATION_OPTIONS = 2, 1, 1


@dataclass(frozen=True)
class Table:
    """A table's fields by number."""

    fields: dict[int, Node]


@dataclass(frozen=True)
class Old:
    """Something that is in the model already, by its position there."""

    position: int


Node = Union[int, str, bytes, Table, Old, "Sequence[float | Table | Old]"]


def with_image_input(model: bytes, mean: float = 0.0, deviation: float = 255.0) -> bytes:
    """Return a model whose metadata says that its one input is an RGB image, and how its values are to be scaled.

    Parameters
    ----------
    model : bytes
        A TensorFlow Lite model of one input and one output, without metadata.
    mean, deviation : float
        What is subtracted from each value of 0 to 255, and what it is then divided by.

    Raises
    ------
    ValueError
        If this is no TensorFlow Lite model.
    """
    if model[4:8] != b"TFL3":
        raise ValueError("This is no TensorFlow Lite model.")
    properties = Table({0: _IMAGE_PROPERTIES, 1: Table({0: _RGB})})
    image = Table({0: "image", 3: properties, 4: [_normalization(mean, deviation)]})
    mask = Table({0: "mask"})
    subgraph = Table({2: [image], 3: [mask]})
    metadata = _build(Table({0: "segmentation", 3: [subgraph]}), b"M001")
    root = _unsigned(model, 0)
    buffers = _follow(model, root, 4)
    count = _unsigned(model, buffers)
    places = [buffers + 4 + 4 * index for index in range(count)]
    kept: list[Table | Old] = [Old(place + _unsigned(model, place)) for place in places]
    described = Table(
        {
            0: _unsigned(model, _field(model, root, 0)),
            1: Old(_follow(model, root, 1)),
            2: Old(_follow(model, root, 2)),
            4: [*kept, Table({0: metadata})],
            6: [Table({0: "TFLITE_METADATA", 1: count})],
        }
    )
    return _build(described, b"TFL3", model)


def _normalization(mean: float, deviation: float) -> Table:
    return Table({0: _NORMALIZATION_OPTIONS, 1: Table({0: [mean], 1: [deviation]})})


def _unsigned(data: bytes, position: int) -> int:
    value: int = struct.unpack_from("<I", data, position)[0]
    return value


def _field(data: bytes, table: int, number: int) -> int:
    """Return where a field of a table is."""
    descriptions = table - struct.unpack_from("<i", data, table)[0]
    (size,) = struct.unpack_from("<H", data, descriptions)
    offset = struct.unpack_from("<H", data, descriptions + 4 + 2 * number)[0] if 4 + 2 * number < size else 0
    if not offset:
        raise ValueError(f"The model lacks field {number}.")
    return int(table + offset)


def _follow(data: bytes, table: int, number: int) -> int:
    field = _field(data, table, number)
    return field + _unsigned(data, field)


def _build(root: Table, identifier: bytes, behind: bytes = b"") -> bytes:
    writer = _Writer()
    writer.data += bytes(4) + identifier
    writer.refer(0, root)
    writer.pad(_ALIGNMENT)
    for place, position in writer.old:
        struct.pack_into("<I", writer.data, place, len(writer.data) + position - place)
    return bytes(writer.data) + behind


class _Writer:
    """Writes each node behind those that refer to it."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.old: list[tuple[int, int]] = []

    def pad(self, multiple: int, ahead: int = 0) -> None:
        self.data += bytes(-(len(self.data) + ahead) % multiple)

    def refer(self, place: int, node: Node) -> None:
        if isinstance(node, Old):
            self.old.append((place, node.position))
        else:
            struct.pack_into("<I", self.data, place, self._write(node) - place)

    def _write(self, node: Node) -> int:
        if isinstance(node, Table):
            return self._table(node.fields)
        self.pad(16, ahead=4)  # as TensorFlow Lite wants its buffers
        start = len(self.data)
        if isinstance(node, (str, bytes)):
            text = node.encode() if isinstance(node, str) else node
            self.data += struct.pack("<I", len(text)) + text + b"\0"
        elif isinstance(node, Sequence):
            self.data += struct.pack("<I", len(node))
            places = range(len(self.data), len(self.data) + 4 * len(node), 4)
            self.data += bytes(4 * len(node))
            for place, item in zip(places, node, strict=True):
                if isinstance(item, float):
                    struct.pack_into("<f", self.data, place, item)
                else:
                    self.refer(place, item)
        return start

    def _table(self, fields: dict[int, Node]) -> int:
        numbers = max(fields) + 1
        self.pad(4, ahead=2 * numbers)
        offsets = [0] * numbers
        for index, number in enumerate(sorted(fields)):
            offsets[number] = 4 + 4 * index
        descriptions = len(self.data)
        self.data += struct.pack(f"<{numbers + 2}H", 4 + 2 * numbers, 4 + 4 * len(fields), *offsets)
        start = len(self.data)
        self.data += struct.pack("<i", start - descriptions) + bytes(4 * len(fields))
        for number in sorted(fields):
            value, place = fields[number], start + offsets[number]
            if isinstance(value, int):
                struct.pack_into("<I", self.data, place, value)
            else:
                self.refer(place, value)
        return start
