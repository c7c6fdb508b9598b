"""Extremes: a series of any length as the least and the largest value of each column of a picture.

A picture of a million losses has a few hundred columns. Each keeps both extremes of all that falls into it, so that one
spike among a million is as high as it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from array import array

    from numpy.typing import NDArray

    from core.arrays import Float64Array

    Summed = tuple[Float64Array, Float64Array, Float64Array, NDArray[np.bool_]]
    """Least, largest, least positive, and whether something is not finite; of each part, shape (C,)."""

BLOCK = 256
"""Values that are summed up once, however often the series is drawn."""


@dataclass(frozen=True)
class Columns:
    """The columns of a series, each of shape (C,). A column without finite values has least = inf, largest = −inf."""

    edges: NDArray[np.intp]
    """Shape (C + 1,): column i holds the values from edges[i] to before edges[i + 1]."""
    least: Float64Array
    largest: Float64Array
    least_positive: Float64Array
    """What a logarithmic axis can show of it; inf where nothing is above 0."""
    broken: NDArray[np.bool_]
    """Whether a value in it is inf or nan."""

    @property
    def filled(self) -> NDArray[np.bool_]:
        """Whether a value in it is finite."""
        return self.least <= self.largest


class Extremes:
    """What is known of a series that grows, a block at a time. It is cut where the series is written anew."""

    def __init__(self) -> None:
        self._least, self._largest, self._positive = (np.empty(0) for _ in range(3))
        self._broken = np.empty(0, np.bool_)

    def cut(self, first: int) -> None:
        """Forget what is known of the values from `first` on."""
        blocks = first // BLOCK
        self._least, self._largest = self._least[:blocks], self._largest[:blocks]
        self._positive, self._broken = self._positive[:blocks], self._broken[:blocks]

    def columns(self, series: array[float], edges: NDArray[np.intp]) -> Columns:
        """Sum up the columns of a series that `column_edges` has parted; those that it does not reach are empty."""
        values = np.frombuffer(series, np.float64) if series else np.empty(0)
        reached = int(np.searchsorted(edges[:-1], len(values)))
        least, largest, positive = (np.full(len(edges) - 1, each) for each in (np.inf, -np.inf, np.inf))
        broken = np.zeros(len(edges) - 1, np.bool_)
        if reached:
            parts = self._blocks if not (edges[:-1] % BLOCK).any() else _summed
            of = parts(values[: edges[-1]], edges[:reached])
            for whole, part in zip((least, largest, positive), of[:3], strict=True):
                whole[:reached] = part
            broken[:reached] = of[3]
        return Columns(edges, least, largest, positive, broken)

    def _blocks(self, values: Float64Array, at: NDArray[np.intp]) -> Summed:
        """Sum up columns that begin with blocks, from what is known of these."""
        self._sum_up(values)
        begin, full = int(at[0]) // BLOCK, len(values) // BLOCK
        known = [each[begin:full] for each in (self._least, self._largest, self._positive)]
        broken = self._broken[begin:full]
        if full * BLOCK < len(values):  # the last block is not full yet
            *tail, tail_broken = _summed(values[full * BLOCK :], np.zeros(1, np.intp))
            known = [np.append(each, end) for each, end in zip(known, tail, strict=True)]
            broken = np.append(broken, tail_broken)
        starts = at // BLOCK - begin
        return (
            np.minimum.reduceat(known[0], starts),
            np.maximum.reduceat(known[1], starts),
            np.minimum.reduceat(known[2], starts),
            np.logical_or.reduceat(broken, starts),
        )

    def _sum_up(self, values: Float64Array) -> None:
        """Sum up the full blocks that have come."""
        known, full = len(self._least), len(values) // BLOCK
        if known >= full:
            return
        new = values[known * BLOCK : full * BLOCK]
        least, largest, positive, broken = _summed(new, np.arange(0, len(new), BLOCK))
        self._least, self._largest = np.append(self._least, least), np.append(self._largest, largest)
        self._positive, self._broken = np.append(self._positive, positive), np.append(self._broken, broken)


def column_edges(first: int, last: int, count: int) -> NDArray[np.intp]:
    """Return where at most `count` columns of the values from `first` to before `last` begin and end, shape (C + 1,).

    They are of as equal a width as can be. Where a column holds a block or more, columns begin with blocks, the first
    one up to a block early.
    """
    count = max(1, min(count, last - first))
    if last - first < BLOCK * count:
        return first + (np.arange(count + 1) * (last - first)) // count
    begin, end = first // BLOCK, -(-last // BLOCK)
    edges: NDArray[np.intp] = (begin + (np.arange(count + 1) * (end - begin)) // count) * BLOCK
    edges[-1] = last
    return edges


def reduced(values: Float64Array, edges: NDArray[np.intp]) -> Columns:
    """Sum up columns of values, of which there are some."""
    return Columns(edges, *_summed(values[: edges[-1]], edges[:-1]))


def _summed(values: Float64Array, at: NDArray[np.intp]) -> Summed:
    """Sum up the parts of values that begin at `at`; what stands before the first is left out."""
    values, at = values[at[0] :], at - at[0]
    finite = np.isfinite(values)
    above = np.where(finite, values, np.inf)
    return (
        np.minimum.reduceat(above, at),
        np.maximum.reduceat(np.where(finite, values, -np.inf), at),
        np.minimum.reduceat(np.where(above > 0, above, np.inf), at),
        np.logical_or.reduceat(~finite, at),
    )
