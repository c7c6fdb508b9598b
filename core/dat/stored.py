"""Tensors that a file holds as bits, by name: `.npz`, `.safetensors`, `.pt`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from core.dat.pieces import Piece
from core.errors import FileError
from core.layer_names import FLOATS
from core.tables.arrays import read_named

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from core.arrays import FloatArray
    from core.safetensors_file import Spec

MOST_BYTES = 1_000_000_000
"""Of all tensors of a file."""


def pieces_of_npz(path: Path) -> list[Piece]:
    """Return the arrays of an NPZ, each under its name.

    Raises:
        DataError: it can't be read, or holds something else than numbers.
    """
    return [_piece(name, array) for name, array in read_named(path).items()]


def pieces_of_safetensors(path: Path) -> list[Piece]:
    """Return the tensors of a `.safetensors` file, each under its name.

    Raises:
        FileError: it can't be read, or holds something else than numbers of floating point.
    """
    from core.safetensors_file import SafetensorsFile  # noqa: PLC0415 - only such a file needs it

    file = SafetensorsFile(path)
    _check(file.specs, path)
    return [_piece(name, array) for name, array in sorted(file.arrays().items())]


def pieces_of_torch(path: Path) -> list[Piece]:
    """Return the tensors of a state dict that `torch.save` wrote, each under its name. It loads PyTorch.

    Raises:
        FileError: it can't be read, or holds more than tensors.
    """
    from core.torch_files import TorchFile  # noqa: PLC0415 - PyTorch takes over a second

    file = TorchFile(path, MOST_BYTES)
    _check(file.specs, path)
    narrow = {name for name, spec in file.specs.items() if spec.dtype != "float64"}
    arrays = {name: each.astype(np.float32) if name in narrow else each for name, each in file.arrays().items()}
    return [_piece(name, each) for name, each in arrays.items()]


def _piece(name: str, array: NDArray[Any]) -> Piece:
    kept: FloatArray = array if array.dtype in (np.float32, np.float64) else _widened(array)
    return Piece((name,), kept, np.zeros(array.shape), 0)


def _widened(array: NDArray[Any]) -> FloatArray:
    return array.astype(np.float32 if array.dtype == np.float16 else np.float64)


def _check(specs: Mapping[str, Spec], path: Path) -> None:
    size = 0
    for name, spec in specs.items():
        if spec.dtype not in FLOATS:
            raise FileError(f"{name[:60]!r} holds {spec.dtype}", str(path), ", ".join(FLOATS))
        size += 8 * int(np.prod(spec.shape, dtype=np.float64))
    if size > MOST_BYTES:
        raise FileError(f"holds {size:,} bytes of tensors", str(path), f"at most {MOST_BYTES:,}")
