"""What is known of a frame's whole tensors: extremes, agreements, and a map that fits on a screen.

A frame never changes, so each is found out once, when it is first asked for. That takes as long as the tensor is large;
looking at another part of it afterwards takes no longer than the part is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.agreement import digits
from tui.protocol import BlockMap
from tui.shown import derived

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import TypeVar

    from core.arrays import FloatArray

    T = TypeVar("T")


class Whole:
    """What has been found out of the tensors of one frame."""

    def __init__(self, frame: object) -> None:
        self.frame = frame
        self._known: dict[tuple[object, ...], object] = {}

    def once(self, key: tuple[object, ...], find: Callable[[], T]) -> T:
        """Return what is known under a key; find it out the first time."""
        if key not in self._known:
            self._known[key] = find()
        return self._known[key]  # type: ignore[return-value]


def difference(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return a − b in float64."""
    with np.errstate(all="ignore"):
        return a.astype(np.float64) - b.astype(np.float64)


def largest(tensor: FloatArray) -> float:
    """Return the largest finite magnitude; 0 where none is finite."""
    size = np.abs(tensor)
    most = float(size.max())
    if np.isfinite(most):
        return most
    finite = size[np.isfinite(size)]
    return float(finite.max()) if finite.size else 0.0


def peak(tensor: FloatArray) -> tuple[int, ...]:
    """Return the cell with the largest magnitude: the first inf if there is one; what is nan is passed over."""
    size = np.abs(tensor)
    size[np.isnan(size)] = -1
    return tuple(int(i) for i in np.unravel_index(np.argmax(size), size.shape))


def block_map(
    tensors: Mapping[str, FloatArray],
    shares: Mapping[str, FloatArray],
    rows: int,
    columns: int,
    pairs: Iterable[tuple[str, str]],
) -> BlockMap:
    """Reduce matrices of one shape to at most `rows` × `columns` blocks.

    A block stands for its number of largest magnitude, with its sign; for nan where there is one in it. Of the digits
    that the two engines of a pair share it stands for the fewest. `shares` are those of what rounding can do, by what
    they are shown as, where they are known.
    """
    shape = next(iter(tensors.values())).shape
    height, width = (-(-count // most) for count, most in zip(shape, (rows, columns), strict=True))
    values = {name: _extremes(tensor, height, width) for name, tensor in tensors.items()}
    for one, other in pairs:
        a, b = tensors[one], tensors[other]
        apart, shared, _ = derived(other)
        values[apart] = _extremes(difference(a, b), height, width)
        values[shared] = _reduced(np.minimum, digits(a, b), height, width)
    values |= {shown: _reduced(np.maximum, share, height, width) for shown, share in shares.items()}
    return BlockMap(height, width, values)


def fewest(digits: FloatArray, height: int, width: int) -> FloatArray:
    """Return the fewest digits in each block of so many rows and columns."""
    return _reduced(np.minimum, digits, height, width)


def _extremes(matrix: FloatArray, height: int, width: int) -> FloatArray:
    most, least = (_reduced(each, matrix, height, width) for each in (np.maximum, np.minimum))
    extremes: FloatArray = np.where(np.abs(least) > np.abs(most), least, most)
    return extremes


def _reduced(reduce: np.ufunc, matrix: FloatArray, height: int, width: int) -> FloatArray:
    """Reduce each block of so many rows and columns to one number; the last ones may be smaller."""
    by_rows = reduce.reduceat(matrix, np.arange(0, matrix.shape[0], height), axis=0)
    by_both: FloatArray = reduce.reduceat(by_rows, np.arange(0, matrix.shape[1], width), axis=1)
    return by_both
