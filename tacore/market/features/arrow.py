"""Map an Arrow IPC file into memory as numpy views, without a library that costs each reader 20 MB.

Reads what `polars.DataFrame.write_ipc` writes uncompressed, at its oldest compatibility level, of one chunk
without nulls: one record batch of Float64, Int64 and LargeUtf8 columns. Layout: Apache Arrow columnar format,
"IPC File Format", File.fbs and Message.fbs; tables within are FlatBuffers.
"""

import mmap
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import overload

import numpy as np
from numpy.typing import NDArray

_MAGIC = b"ARROW1"
_CONTINUES = 0xFFFFFFFF
_RECORD_BATCH = 3
Reals = NDArray[np.float64]
Wholes = NDArray[np.int64]


class Texts(Sequence[str]):
    """A column of text; each is decoded when it is asked for."""

    def __init__(self, ends: Wholes, data: memoryview) -> None:
        self._ends, self._data = ends, data

    def __len__(self) -> int:
        return len(self._ends) - 1

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        if not 0 <= place < len(self):
            raise IndexError(place)
        return str(self._data[int(self._ends[place]) : int(self._ends[place + 1])], "utf-8")


class ArrowFile:
    """A mapped file, whose columns are taken in the order of writing; ValueError where it is torn."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._view = memoryview(self._map)
        if self._view[:6] != _MAGIC or self._view[-6:] != _MAGIC:
            raise ValueError("it does not begin and end as an Arrow file does")
        try:
            self.rows, self._buffers = self._record_batch()
        except (struct.error, IndexError) as error:
            raise ValueError(f"it can't be read as an Arrow file: {error}") from error
        self._next = 0

    def reals(self) -> Reals:
        """Take the next column, of Float64."""
        return np.frombuffer(self._column(), dtype="<f8", count=self.rows)

    def wholes(self) -> Wholes:
        """Take the next column, of Int64."""
        return np.frombuffer(self._column(), dtype="<i8", count=self.rows)

    def texts(self) -> Texts:
        """Take the next column, of LargeUtf8."""
        ends = np.frombuffer(self._column(), dtype="<i8", count=self.rows + 1)
        return Texts(ends, self._buffer())

    def _column(self) -> memoryview:
        if len(self._buffer()):
            raise ValueError("a column has nulls")
        return self._buffer()

    def _buffer(self) -> memoryview:
        start, length = self._buffers[self._next]
        self._next += 1
        if start + length > len(self._view):
            raise ValueError("a column lies beyond the end")
        return self._view[start : start + length]

    def _record_batch(self) -> tuple[int, list[tuple[int, int]]]:
        """Find the record batch by the footer: its rows, and where each buffer starts and how long it is."""
        tail = len(self._view) - len(_MAGIC) - 4
        (size,) = self._unpack("<i", tail)
        blocks = self._child(self._offset(tail - size), 3)
        (count,) = self._unpack("<I", blocks)
        if count != 1:
            raise ValueError(f"it has {count} record batches instead of one")
        start, metadata = self._unpack("<qi", blocks + 4)
        (prefix,) = self._unpack("<I", start)
        message = self._offset(start + (8 if prefix == _CONTINUES else 4))
        if self._scalar("<B", message, 1) != _RECORD_BATCH:
            raise ValueError("it holds no record batch")
        return self._read_batch(self._child(message, 2), start + metadata)

    def _read_batch(self, batch: int, body: int) -> tuple[int, list[tuple[int, int]]]:
        if self._field(batch, 3) is not None:
            raise ValueError("it is compressed")
        vector = self._child(batch, 2)
        (count,) = self._unpack("<I", vector)
        pairs = (self._unpack("<qq", vector + 4 + 16 * each) for each in range(count))
        return self._scalar("<q", batch, 0), [(body + start, length) for start, length in pairs]

    # -- FlatBuffers: a table knows where its fields are by its vtable ------------------------------

    def _unpack(self, form: str, place: int) -> tuple[int, ...]:
        return struct.unpack_from(form, self._view, place)

    def _offset(self, place: int) -> int:
        return place + self._unpack("<I", place)[0]

    def _field(self, table: int, number: int) -> int | None:
        vtable = table - self._unpack("<i", table)[0]
        if 4 + 2 * number >= self._unpack("<H", vtable)[0]:
            return None
        at = self._unpack("<H", vtable + 4 + 2 * number)[0]
        return table + at if at else None

    def _scalar(self, form: str, table: int, number: int) -> int:
        place = self._field(table, number)
        return 0 if place is None else self._unpack(form, place)[0]

    def _child(self, table: int, number: int) -> int:
        place = self._field(table, number)
        if place is None:
            raise ValueError("a part of it is missing")
        return self._offset(place)
