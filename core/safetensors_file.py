"""`.safetensors` files as NumPy arrays: a header that is looked at first, then the tensors' bits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors import SafetensorError, deserialize, safe_open
from safetensors.numpy import save

from core.errors import FileError
from core.files import require_regular, why

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from core.arrays import FloatArray

EXPECTED = "a .safetensors file"

MOST_HEADER_BYTES = 8_000_000
"""The header of a network of 100 layers takes a few kilobytes, an experiment at most one megabyte."""

_deserialize: Callable[[bytes], list[tuple[str, dict[str, Any]]]] = deserialize
"""It has no types of its own."""

_TYPES = {"F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16"}


@dataclass(frozen=True)
class Spec:
    """What a file says of one tensor before its numbers are read."""

    dtype: str
    """`float32`; what is not of floating point has the name that its file gives it."""
    shape: tuple[int, ...]


class SafetensorsFile:
    """What one file holds: names, types and shapes; then the numbers, if they are wanted."""

    def __init__(self, path: Path) -> None:
        """Read the header.

        Raises:
            FileError: the file can't be read, or is damaged or something else.
        """
        _check_header(path)
        self._path = path
        try:
            with safe_open(path, framework="np") as file:
                self.metadata: Mapping[str, str] = file.metadata() or {}
                slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118 - it is no mapping
                self.specs = {
                    name: Spec(_TYPES.get(each.get_dtype(), each.get_dtype()), tuple(each.get_shape()))
                    for name, each in slices.items()
                }
        except (SafetensorError, OSError, ValueError) as reason:
            raise _damaged(path, reason) from None

    def arrays(self) -> dict[str, FloatArray]:
        """Read all tensors, bfloat16 as float32 of the same values; `specs` says before what that takes.

        Raises:
            FileError: the file has changed since its header was read.
        """
        try:
            tensors = _deserialize(self._path.read_bytes())
        except (SafetensorError, OSError) as reason:
            raise _damaged(self._path, reason) from None
        return {name: _array(each["dtype"], each["data"]).reshape(each["shape"]) for name, each in tensors}


def to_bytes(tensors: Mapping[str, FloatArray], metadata: str) -> bytes:
    """Return a file's content, with that text under the key `mlp-tui` in its header.

    One key alone, because the format's writer puts several of them in an order of its own each time.
    """
    dense = {name: np.asarray(each, order="C") for name, each in tensors.items()}
    content: bytes = save(dense, {"mlp-tui": metadata})
    return content


def _check_header(path: Path) -> None:
    """Refuse a header that is longer than the file or than any that is meant, before anything parses it."""
    size = require_regular(path, EXPECTED)
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
    if size < 8 or length > size - 8:
        raise FileError("is damaged, cut short, or something else", str(path), EXPECTED)
    if length > MOST_HEADER_BYTES:
        raise FileError(f"has a header of {length:,} bytes", str(path), f"at most {MOST_HEADER_BYTES:,}")


def _damaged(path: Path, reason: Exception) -> FileError:
    said = why(reason).removeprefix("Error while deserializing header: ")
    return FileError(f"is damaged, or something else ({said[:120]})", str(path), EXPECTED)


def _array(dtype: str, data: bytes) -> FloatArray:
    if dtype == "BF16":  # the upper half of a float32
        return (np.frombuffer(data, "<u2").astype(np.uint32) << 16).view(np.float32)
    little = np.dtype(_TYPES[dtype]).newbyteorder("<")
    array: FloatArray = np.frombuffer(data, little).astype(_TYPES[dtype], copy=False)
    return array
