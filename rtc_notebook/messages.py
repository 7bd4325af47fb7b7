"""What kernels send each other: JSON, arrays and tables as bytes, in parts, and back. Pure, without I/O.

The bytes are MessagePack with two extensions: arrays as npy (numpy.lib.format) and tables column by column. Nothing is
ever pickled, because whoever sent it is another person: reading a message runs none of its code, and takes no more
memory than its size says.
"""

from __future__ import annotations

import base64
import binascii
import io
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
from numpy.lib import format as npy

from . import tables
from .errors import MessageError, MessageTooLarge
from .protocol import Data, SendData

LIMIT = 1_000_000
"""Largest message, bytes."""

PART_BYTES = 180_000
MOST_PARTS = -(-LIMIT // PART_BYTES)
TIMEOUT_SECONDS = 10.0
_UNFINISHED = 32

_ARRAY, _TABLE = 1, 2
_NPY_HEADER_BYTES = 10_000


def encode(value: Any) -> bytes:
    """Return an object as bytes.

    Raises
    ------
    MessageTooLarge
        If that is more than `LIMIT`.
    MessageError
        If it holds something that cannot be sent.
    """
    try:
        data = msgspec.msgpack.encode(value, enc_hook=_to_extension)
    except MessageError:
        raise
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise MessageError(f"This cannot be sent: {error or type(error).__name__}. {_SENDABLE}") from None
    if len(data) > LIMIT:
        raise MessageTooLarge(len(data), LIMIT)
    return data


def decode(data: bytes) -> Any:
    """Return the object that `encode` made bytes of.

    Raises
    ------
    MessageError
        If it is none.
    MissingDependency
        If it holds a table, and pandas is not installed.
    """
    try:
        return msgspec.msgpack.decode(data, ext_hook=_from_extension)
    except (msgspec.DecodeError, RecursionError) as error:
        raise MessageError(f"A message came that cannot be read: {error}.") from None


def parts(data: bytes, id: int, to: str | None) -> Iterator[SendData]:
    """Yield the messages of the protocol that carry ``data``."""
    count = max(1, -(-len(data) // PART_BYTES))
    for part in range(count):
        piece = data[part * PART_BYTES : (part + 1) * PART_BYTES]
        yield SendData(id=id, part=part, parts=count, data=base64.b64encode(piece).decode(), to=to)


class Assembler:
    """Puts parts together again. What stays unfinished is forgotten after ten seconds, or when there are many."""

    def __init__(self) -> None:
        self._unfinished: OrderedDict[tuple[str, int], tuple[float, dict[int, bytes]]] = OrderedDict()

    def add(self, part: Data, now: float) -> bytes | None:
        """Take a part at a time in seconds; return the whole once it is the last."""
        while self._unfinished and now - next(iter(self._unfinished.values()))[0] > TIMEOUT_SECONDS:
            self._unfinished.popitem(last=False)
        if not 0 <= part.part < part.parts <= MOST_PARTS or len(part.data) > 2 * PART_BYTES:
            return None
        try:
            piece = base64.b64decode(part.data, validate=True)
        except binascii.Error:
            return None
        key = (part.by, part.id)
        _, pieces = self._unfinished.setdefault(key, (now, {}))
        pieces[part.part] = piece
        if len(pieces) < part.parts:
            if len(self._unfinished) > _UNFINISHED:
                self._unfinished.popitem(last=False)
            return None
        del self._unfinished[key]
        return b"".join(pieces[number] for number in sorted(pieces))


_SENDABLE = "What JSON holds can be sent, and bytes, numpy arrays, and pandas' DataFrames."


def _to_extension(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return msgspec.msgpack.Ext(_ARRAY, _array_bytes(value))
    if isinstance(value, np.generic):
        return value.item()
    if tables.is_table(value):
        return msgspec.msgpack.Ext(_TABLE, encode(tables.to_plain(value)))
    raise MessageError(f"A {type(value).__name__} cannot be sent. {_SENDABLE}")


def _from_extension(code: int, data: memoryview) -> Any:
    if code == _ARRAY:
        return _array(bytes(data))
    if code == _TABLE:
        return tables.from_plain(decode(bytes(data)))
    raise MessageError(f"A message came that cannot be read: it holds a thing of kind {code}.")


def _array_bytes(array: np.ndarray[Any, Any]) -> bytes:
    if array.dtype.hasobject:
        raise MessageError("An array of Python objects cannot be sent; send it as a list, or with a dtype of its own.")
    if array.nbytes > LIMIT:
        raise MessageTooLarge(array.nbytes, LIMIT)
    out = io.BytesIO()
    npy.write_array(out, array, allow_pickle=False)
    return out.getvalue()


def _array(data: bytes) -> np.ndarray[Any, Any]:
    """Read an npy; its header is believed only as far as there are bytes for it."""
    source = io.BytesIO(data)
    try:
        version = npy.read_magic(source)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, fortran, dtype = read(source, max_header_size=_NPY_HEADER_BYTES)
        if dtype.hasobject:
            raise ValueError("it is one of Python objects")
        flat = np.frombuffer(data, dtype, offset=source.tell()).copy()
        array: np.ndarray[Any, Any] = flat.reshape(shape, order="F" if fortran else "C")
    except Exception as error:  # numpy's reader lets tokenize and the dtype's parser raise what they like
        raise MessageError(f"An array came that cannot be read: {error}.") from None
    return array


__all__ = ["LIMIT", "Assembler", "decode", "encode", "parts"]
