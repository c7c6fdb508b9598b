"""Tables in NumPy's files: an NPY's two-dimensional array, or the arrays of an NPZ. Pickles are refused."""

from __future__ import annotations

import math
import warnings
import zipfile
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from core.errors import DataError
from core.tables.table import MOST_NUMBERS, Columns, Table, checked, choose, coded, shown

if TYPE_CHECKING:
    from pathlib import Path

    from core.arrays import Float64Array

AnyArray: TypeAlias = NDArray[Any]

MOST_ARRAY_BYTES = 8 * MOST_NUMBERS
"""Of one array, as it is in memory."""

NUMBERS = "biuf"
"""NumPy's kinds of numbers: truths, integers with and without sign, floats."""


def read_arrays(path: Path, inputs: Columns, targets: Columns) -> Table:
    """Read columns of an NPY or NPZ file, as `tables.read` says.

    Raises:
        DataError: it is no such file, or an array in it is not what it should be.
    """
    try:
        with path.open("rb") as file:
            if file.read(2) == b"PK":
                return _from_npz(path, inputs, targets)
            file.seek(0)
            return _from_npy(_array(file, path.stat().st_size, str(path)), inputs, targets, str(path))
    except DataError:
        raise
    except Exception as error:  # what the decoders raise of a broken file is of many kinds
        text = f"{type(error).__name__}: {error}"[:120]
        raise DataError(f"can't be read ({text})", str(path), "an NPZ or NPY file without pickles") from None


def read_named(path: Path) -> dict[str, AnyArray]:
    """Read all arrays of an NPZ, by name, in its order; `read_arrays` is for tables.

    Raises:
        DataError: it is no NPZ, or holds something else than numbers.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            where = {each.filename: f"{path}: array {shown(each.filename.removesuffix('.npy'))}" for each in members}
            arrays = {each.filename: _numbers(archive, each, where[each.filename]) for each in members}
    except DataError:
        raise
    except Exception as error:  # what the decoders raise of a broken file is of many kinds
        text = f"{type(error).__name__}: {error}"[:120]
        raise DataError(f"can't be read ({text})", str(path), "an NPZ file without pickles") from None
    return {name.removesuffix(".npy"): each for name, each in arrays.items()}


def _numbers(archive: zipfile.ZipFile, member: zipfile.ZipInfo, where: str) -> AnyArray:
    with archive.open(member) as stream:
        array = _array(stream, member.file_size, where)
    if array.dtype.kind not in NUMBERS:
        raise DataError(f"is of {array.dtype}", where, "numbers")
    return array


def _from_npy(array: AnyArray, inputs: Columns, targets: Columns, where: str) -> Table:
    if array.ndim != 2 or array.dtype.kind not in NUMBERS:
        raise DataError(
            f"has an array of shape {array.shape} of {array.dtype}",
            where,
            "numbers in rows and columns, shape (N, columns)",
        )
    choice = choose(None, array.shape[1], inputs, targets, where)
    names = [tuple(map(str, each)) for each in (choice.inputs, choice.targets)]
    x, y = (_floats(array[:, each]) for each in (choice.inputs, choice.targets))
    return checked(Table(where, names[0], names[1], x, y))


def _from_npz(path: Path, inputs: Columns, targets: Columns) -> Table:
    """Take the arrays in their order in the file; only those that are chosen are read."""
    where = str(path)
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        strangers = [each.filename for each in members if not each.filename.endswith(".npy")]
        if strangers:
            raise DataError(
                f"is a zip file with {shown(strangers[0])} in it", where, "an NPZ, or a spreadsheet saved as CSV"
            )
        names = [each.filename.removesuffix(".npy") for each in members]
        choice = choose(names, len(names), inputs, targets, where)

        def parts(numbers: tuple[int, ...]) -> list[_Part]:
            return [_part(archive, members[at], f"{where}: array {shown(names[at])}", names[at]) for at in numbers]

        return _joined(parts(choice.inputs), parts(choice.targets), where)


@dataclass(frozen=True)
class _Part:
    """An array of an NPZ: the columns that it gives."""

    name: str
    values: AnyArray
    """Shape (N, columns)."""
    where: str

    def columns(self) -> list[str]:
        """Name the columns."""
        count = self.values.shape[1]
        return [shown(self.name)] if count == 1 else [f"{shown(self.name)}[{at}]" for at in range(count)]


def _part(archive: zipfile.ZipFile, member: zipfile.ZipInfo, where: str, name: str) -> _Part:
    with archive.open(member) as stream:
        array = _array(stream, member.file_size, where)
    if array.ndim == 0 or array.dtype.kind not in NUMBERS + "U":
        raise DataError(f"has shape {array.shape} and type {array.dtype}", where, "numbers, an entry for each sample")
    return _Part(name, array.reshape(len(array), math.prod(array.shape[1:])), where)


def _joined(inputs: list[_Part], targets: list[_Part], where: str) -> Table:
    """Put arrays side by side as columns; a single target may be text."""
    count = len(inputs[0].values)
    for part in (*inputs, *targets):
        if len(part.values) != count:
            raise DataError(f"has {len(part.values)} rows", part.where, f"{count}, as {inputs[0].where} has")
    labels = None
    if len(targets) == 1 and targets[0].values.dtype.kind == "U":
        y, labels = _coded(targets[0])
    else:
        y = _side_by_side(targets)
    names = [tuple(name for part in parts for name in part.columns()) for parts in (inputs, targets)]
    return checked(Table(where, names[0], names[1], _side_by_side(inputs), y, labels))


def _coded(part: _Part) -> tuple[Float64Array, tuple[str, ...]]:
    if part.values.shape[1] != 1:
        raise DataError(f"is text of shape {part.values.shape}", part.where, "a single column of it")
    y, labels = coded(part.values[:, 0])
    for label in labels:
        if not label.strip() or len(label) > 80 or not label.isprintable():
            raise DataError(f"{label[:40]!r} is no name of a class", part.where, "1 to 80 printable characters")
    return y, labels


def _side_by_side(parts: list[_Part]) -> Float64Array:
    for part in parts:
        if part.values.dtype.kind not in NUMBERS:
            raise DataError("is text where numbers belong", part.where, "numbers")
    if sum(part.values.size for part in parts) > MOST_NUMBERS:
        raise DataError("has too many numbers", parts[0].where, f"at most {MOST_NUMBERS:,}")
    joined = np.concatenate([_floats(part.values) for part in parts], axis=1)
    if not joined.shape[1]:
        raise DataError("has no column", parts[0].where, "one or more")
    return joined


def _floats(array: AnyArray) -> Float64Array:
    """Return a copy in float64; what float64 can't hold is infinite."""
    with np.errstate(all="ignore"):
        return array.astype(np.float64)


def _array(stream: IO[bytes], size: int, where: str) -> AnyArray:
    """Read one NPY, of `size` bytes, whose shape is looked at before memory is taken for it."""
    with warnings.catch_warnings(action="ignore"):  # of headers that Python 2 wrote
        shape, _, dtype = _header(stream, where)
        if dtype.hasobject:
            raise DataError("holds Python objects, which are pickled", where, "numbers")
        needed = math.prod(shape) * dtype.itemsize
        if needed > MOST_ARRAY_BYTES or math.prod(shape) > MOST_NUMBERS:
            raise DataError(f"has shape {shape}, which is too large", where, f"at most {MOST_NUMBERS:,} numbers")
        if needed > size - stream.tell():
            raise DataError(f"is cut short: shape {shape} takes {needed:,} bytes", where, "the whole file")
        stream.seek(0)
        array: AnyArray = npy.read_array(stream, allow_pickle=False)
    return array


def _header(stream: IO[bytes], where: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Return an NPY's shape, whether its columns come first, and its type."""
    readers = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    version = npy.read_magic(stream)
    if version not in readers:
        raise DataError(f"is NPY of version {version[0]}.{version[1]}", where, "1.0 or 2.0")
    header: tuple[tuple[int, ...], bool, np.dtype[Any]] = readers[version](stream)
    return header
