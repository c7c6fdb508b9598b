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

    def columns(self, series: array[float], first: int, last: int, count: int) -> Columns:
        """Return at most `count` columns of the values from `first` to before `last`, none of which is left out.

        Where a column holds a block or more, columns begin and end with blocks, the first one up to a block early.
        """
        last = min(last, len(series))
        values = np.frombuffer(series, np.float64) if series else np.empty(0)
        if last - first < BLOCK * count:
            edges = column_edges(first, last, count)
            return reduced(values[first:last], edges)
        self._sum_up(values)
        edges = column_edges(first // BLOCK, -(-last // BLOCK), count)
        begin, end = int(edges[0]), int(edges[-1])
        whole = min(end, len(self._least))
        parts = [(self._least[begin:whole], self._largest[begin:whole], self._positive[begin:whole])]
        broken = [self._broken[begin:whole]]
        if whole < end:  # the last block is not full yet
            *tail, tail_broken = _summed(values[whole * BLOCK : last], np.zeros(1, np.intp))
            parts.append((tail[0], tail[1], tail[2]))
            broken.append(tail_broken)
        at = edges[:-1] - begin
        least, largest, positive = (np.concatenate(each) for each in zip(*parts, strict=True))
        block_edges = np.minimum(edges * BLOCK, last)
        return Columns(
            block_edges,
            np.minimum.reduceat(least, at),
            np.maximum.reduceat(largest, at),
            np.minimum.reduceat(positive, at),
            np.logical_or.reduceat(np.concatenate(broken), at),
        )

    def _sum_up(self, values: Float64Array) -> None:
        """Sum up the full blocks that have come."""
        known, full = len(self._least), len(values) // BLOCK
        if known == full:
            return
        new = values[known * BLOCK : full * BLOCK]
        least, largest, positive, broken = _summed(new, np.arange(0, len(new), BLOCK))
        self._least, self._largest = np.append(self._least, least), np.append(self._largest, largest)
        self._positive, self._broken = np.append(self._positive, positive), np.append(self._broken, broken)


def column_edges(first: int, last: int, count: int) -> NDArray[np.intp]:
    """Return where `count` columns of as equal a width as can be begin and end; fewer where there are fewer values."""
    count = max(1, min(count, last - first))
    return first + (np.arange(count + 1) * (last - first)) // count


def reduced(values: Float64Array, edges: NDArray[np.intp]) -> Columns:
    """Sum up columns value by value; `values` begin with that of the first edge."""
    if not len(values):
        nothing = np.full(len(edges) - 1, np.inf)
        return Columns(edges, nothing, -nothing, nothing, np.zeros(len(nothing), np.bool_))
    return Columns(edges, *_summed(values, edges[:-1] - edges[0]))


def _summed(
    values: Float64Array, at: NDArray[np.intp]
) -> tuple[Float64Array, Float64Array, Float64Array, NDArray[np.bool_]]:
    finite = np.isfinite(values)
    above = np.where(finite, values, np.inf)
    return (
        np.minimum.reduceat(above, at),
        np.maximum.reduceat(np.where(finite, values, -np.inf), at),
        np.minimum.reduceat(np.where(above > 0, above, np.inf), at),
        np.logical_or.reduceat(~finite, at),
    )
