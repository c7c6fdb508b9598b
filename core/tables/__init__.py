"""Tables: the columns of a data file that an experiment asks for.

Text (CSV, TSV) is read by the standard library's `csv`. It loads in 1 ms, where polars, pandas and pyarrow take 0.1 to
0.4 s and 80 MB to 170 MB of disk, and it alone says on which line a row began, which an error has to name. A million
rows of ten numbers take 3 s, where those take 1 s. NPY and NPZ are read by NumPy, never with pickles. Which of them a
file is, its first bytes say, not its name.
"""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from core.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from core.tables.table import Columns, Table

MOST_BYTES = 256_000_000
"""Of a data file: some seconds of reading."""

EXPECTED = "a table: CSV or TSV in UTF-8, NPZ or NPY"


def read(path: Path, inputs: Columns, targets: Columns) -> Table:
    """Read the columns that are inputs and those that are targets.

    A column is given by its name or its number, counted from 0. Left out, the target is the last column, and the inputs
    are all columns that are no targets. Columns that are neither may hold anything. In an NPZ, an array is a column, or
    as many as it has.

    Raises:
        DataError: the file can't be read, lacks a column, or holds something else than finite numbers in one; a single
            column of targets may be text.
    """
    head = _head(path)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"\x93NUMPY")):
        from core.tables.arrays import read_arrays  # noqa: PLC0415 - NumPy, which only a file that is read needs

        return read_arrays(path, inputs, targets)
    _refuse_other_than_text(head, str(path))
    from core.tables.text import read_text  # noqa: PLC0415

    return read_text(path, inputs, targets)


def _head(path: Path) -> bytes:
    """Return the first bytes of a regular file of a size that can be read."""
    try:
        if path.exists() and not path.is_file():
            raise DataError("is no regular file", str(path), EXPECTED)
        if path.stat().st_size > MOST_BYTES:
            raise DataError("is too large", str(path), f"at most {MOST_BYTES // 1_000_000} MB")
        with path.open("rb") as file:
            return file.read(4096)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(f"can't be read ({reason})", str(path), EXPECTED) from None


def _refuse_other_than_text(head: bytes, where: str) -> None:
    if b"\0" in head and not head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise DataError("is no text", where, EXPECTED)
