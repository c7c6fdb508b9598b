"""What a network answers over the plane of its two inputs, or along its one: a plain forward pass on a grid.

z_k = a_{k−1} W_kᵀ + b_k          a_k = f_k(z_k)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.arrays import diverging
from core.functions.activations import ACTIVATIONS
from core.metrics import class_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from core.arrays import Float64Array, FloatArray
    from core.parameters import Parameters

MARGIN = 0.1
"""Of the samples' range, left free at each side."""
MULTIPLIED_ALONE = 2**18
"""Multiplications of a product of matrices up to which OpenBLAS uses one thread (its GEMM_MULTITHREAD_THRESHOLD)."""
FEWEST_AT_ONCE = 256
"""Samples below which it is not worth it to take them in parts."""


@dataclass(frozen=True)
class Extent:
    """The part of the input plane that is seen; of a single input, from `left` to `right`."""

    left: float
    right: float
    bottom: float = 0.0
    top: float = 0.0

    def columns_of(self, x: FloatArray, columns: int) -> NDArray[np.intp]:
        """Return the column of a grid that each first input falls into."""
        return _cell_of(x, self.left, self.right, columns)

    def rows_of(self, x: FloatArray, rows: int) -> NDArray[np.intp]:
        """Return the row, from the top, that each second input falls into."""
        return rows - 1 - _cell_of(x, self.bottom, self.top, rows)


def extent_of(x: FloatArray) -> Extent:
    """Return the part of the plane that holds all samples, x of shape (N, 1) or (N, 2), and a margin."""
    sides: list[float] = []
    for column in x.T.astype(np.float64):
        low, high = float(column.min()), float(column.max())
        free = MARGIN * (high - low) or max(0.5, 0.5 * abs(low))
        sides += [low - free, high + free]
    return Extent(*sides)


def grid(extent: Extent, columns: int, rows: int) -> Float64Array:
    """Return the middles of a grid's cells, row by row from the top, shape (rows·columns, 2)."""
    across = centres(extent.left, extent.right, columns)
    down = centres(extent.bottom, extent.top, rows)[::-1]
    inputs: Float64Array = np.column_stack([np.tile(across, rows), np.repeat(down, columns)])
    return inputs


def line(extent: Extent, columns: int) -> Float64Array:
    """Return evenly spaced inputs from the left to the right end, shape (columns, 1)."""
    inputs: Float64Array = np.linspace(extent.left, extent.right, columns, dtype=np.float64)[:, np.newaxis]
    return inputs


def centres(low: float, high: float, count: int) -> Float64Array:
    """Return the middles of `count` equal parts of a range."""
    parts: Float64Array = np.arange(count, dtype=np.float64) + 0.5
    return low + parts * ((high - low) / count)


def forward(parameters: Parameters, activations: Sequence[str], x: FloatArray, layer: int) -> FloatArray:
    """Return a_k of layer k = `layer`, shape (N, width), for x of shape (N, inputs), in the parameters' precision.

    Samples are taken by the thousand, where that keeps OpenBLAS from starting threads: on two cores they take the
    screen's, and cost more than they save.
    """
    largest = max(W.size for W in parameters.W.values())
    at_once = MULTIPLIED_ALONE // largest
    if at_once < FEWEST_AT_ONCE or len(x) <= at_once:
        return _forward(parameters, activations, x, layer)
    parts = [_forward(parameters, activations, x[at : at + at_once], layer) for at in range(0, len(x), at_once)]
    return np.concatenate(parts)


def _forward(parameters: Parameters, activations: Sequence[str], x: FloatArray, layer: int) -> FloatArray:
    a: FloatArray = x.astype(parameters.flat.dtype)
    with diverging():
        for k in range(1, layer + 1):
            z = a @ parameters.W[k].T
            z += parameters.b[k]
            a = ACTIVATIONS[activations[k - 1]].value(z)
    return a


def units_over(
    parameters: Parameters, activations: Sequence[str], layer: int, extent: Extent, *, columns: int, rows: int
) -> FloatArray:
    """Return the units of a layer over the plane, shape (width, rows, columns); row 0 is the top one."""
    a = forward(parameters, activations, grid(extent, columns, rows), layer)
    return np.ascontiguousarray(a.T).reshape(-1, rows, columns)


def boundary(answers: FloatArray) -> NDArray[np.bool_]:
    """Return where the predicted class changes, shape (rows, columns), for ŷ over the plane, (outputs, rows, columns).

    Marked is each cell whose right or lower neighbour is of another class.
    """
    outputs, rows, columns = answers.shape
    classes = class_of(answers.reshape(outputs, -1).T).reshape(rows, columns)
    changes = np.zeros((rows, columns), np.bool_)
    changes[:, :-1] |= classes[:, 1:] != classes[:, :-1]
    changes[:-1] |= classes[1:] != classes[:-1]
    return changes


def _cell_of(x: FloatArray, low: float, high: float, count: int) -> NDArray[np.intp]:
    cells = np.floor((np.asarray(x, np.float64) - low) / (high - low) * count).astype(np.intp)
    return np.clip(cells, 0, count - 1)
