"""Files of gradients, whoever wrote them: this project's dumps, other people's texts, tensors by name.

A text goes through `pieces` (arrays and tables, with the prose before them), `headings` and `grouping` (which tensor a
piece is, and of which pass) or, where no heading says, `guessing`; then `placing` (which way round weights are).
"""

from __future__ import annotations

import codecs
import zipfile
from typing import TYPE_CHECKING

import numpy as np

from core.dat.assembling import assemble
from core.dat.columns import scan_columns
from core.dat.decoding import EXPECTED, text_of
from core.dat.elementwise import gathered
from core.dat.format import FORMAT, Dump
from core.dat.grouping import Grouping
from core.dat.guessing import guess, guess_under_title
from core.dat.pieces import Piece, Scan, scan
from core.dat.placing import place
from core.dat.printed import fill_unknown
from core.dat.reading import Found, Reading, Tensor
from core.dat.stored import pieces_of_npz, pieces_of_safetensors, pieces_of_torch
from core.dat.strict import read_several
from core.errors import DumpError
from core.files import require_regular

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

MOST_TEXT_BYTES = 50_000_000
"""Of a text that is not of this project's format."""

MOST_DUMP_BYTES = 1_000_000_000

MOST_PIECES = 20_000
"""Arrays of one file: a hundred epochs of a hundred layers."""

MOST_REMARKS = 12
"""More would hide what matters."""
NAMED = "each tensor under its name, such as dW1"


def read_any(path: Path) -> Reading:
    """Read the gradients that a file holds, with no word on how it is written.

    Raises:
        MlpError: it can't be read, is too large, or holds no network's gradients.
    """
    size = require_regular(path, EXPECTED)
    with path.open("rb") as file:
        begin = file.read(64)
    if begin.removeprefix(codecs.BOM_UTF8).startswith(f"# {FORMAT}".encode()):
        _check_size(path, size, MOST_DUMP_BYTES)
        return Reading(str(path), tuple(map(found_in, read_several(path))))
    if begin.startswith(b"PK\x03\x04"):
        return _read(path, Scan(pieces_of_npz(path) if _is_npz(path) else pieces_of_torch(path)))
    if path.suffix.lower() == ".safetensors" or begin[7:10] == b'\0{"':
        return _read(path, Scan(pieces_of_safetensors(path)))
    _check_size(path, size, MOST_TEXT_BYTES)
    return _read(path, _scanned(path))


def _scanned(path: Path) -> Scan:
    text, remarks = text_of(path)
    try:
        found = scan_columns(text) or scan(gathered(text))
    except DumpError as error:
        raise DumpError(error.what, str(path), error.expected) from None
    found.remarks[:0] = remarks
    assemble(found)
    return found


def found_in(dump: Dump) -> Found:
    """Return the pass that a dump of this project is of.

    Raises:
        DumpError: it holds no gradients.
    """
    if "dL/dW1" not in dump.tensors:
        raise DumpError("holds no gradients", f"a dump of epoch {dump.epoch}", "a dump with dL/dW1, dL/db1, …")
    tensors = {name: Tensor(each, np.zeros(each.shape)) for name, each in dump.tensors.items()}
    return Found(tensors, f"epoch {dump.epoch}", dump.epoch, dump)


def _check_size(path: Path, size: int, most: int) -> None:
    if size > most:
        raise DumpError(f"is {size:,} bytes long", str(path), f"at most {most:,}, or .npz or .safetensors")


def _is_npz(path: Path) -> bool:
    """Whether a zip file is NumPy's, and not PyTorch's."""
    if path.suffix.lower() == ".npz":
        return True
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith(".npy") for name in archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False


def _read(path: Path, scanned: Scan) -> Reading:
    """Return what the pieces are."""
    pieces = [piece for piece in scanned.pieces if piece.count]
    if not pieces:
        why = f"; {scanned.remarks[0]}" if scanned.remarks else ""
        raise DumpError(f"holds no arrays of numbers{why}", str(path), EXPECTED)
    if len(pieces) > MOST_PIECES:
        raise DumpError(f"holds {len(pieces):,} arrays", str(path), f"at most {MOST_PIECES:,}")
    fill_unknown([piece.unit for piece in pieces])
    grouping = Grouping(pieces)
    guessed = guess_under_title(pieces) if grouping.groups and not scanned.cut else None
    if grouping.groups and guessed is None:
        groups, remarks = grouping.groups, list(_left_out(grouping.left_out))
        if not grouping.of_gradients:
            remarks.append("nothing says what the numbers are: taken for gradients")
    else:
        if scanned.cut:
            raise DumpError(
                f"has arrays without a name, of which some are cut; {scanned.remarks[-1]}", str(path), NAMED
            )
        guessed = guessed or guess(pieces)
        if guessed is None:
            raise DumpError(f"{_listed(pieces)} without a name fit no network", str(path), NAMED)
        groups = guessed.groups
        remarks = [guessed.remark, *_left_out((piece, "that fit no tensor") for piece in guessed.left_out)]
    placed = place(groups)
    found = tuple(each for each in placed.found if each.gradients)
    if len(found) < len(placed.found):
        remarks.append(f"{len(placed.found) - len(found)} of {len(placed.found)} parts of the file hold no gradients")
    if not found:
        raise DumpError("holds no gradients", str(path), EXPECTED)
    return Reading(str(path), found, _few([*scanned.remarks, *remarks, *placed.remarks]))


def _left_out(pieces: Iterable[tuple[Piece, str]]) -> Iterable[str]:
    for piece, where in pieces:
        many = piece.count > 1
        yield f"{piece.count:,} number{'s' * many} {where} {'were' if many else 'was'} left out"


def _listed(pieces: list[Piece]) -> str:
    shapes = [" × ".join(map(str, piece.values.shape)) or "1" for piece in pieces[:6]]
    return f"{len(pieces)} array{'s' * (len(pieces) > 1)} ({', '.join(shapes)}{', …' if len(pieces) > 6 else ''})"


def _few(remarks: list[str]) -> tuple[str, ...]:
    if len(remarks) <= MOST_REMARKS:
        return tuple(remarks)
    return (*remarks[:MOST_REMARKS], f"and {len(remarks) - MOST_REMARKS} remarks more")
