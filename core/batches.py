"""Batches: which samples each update of an epoch sees, and in which order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.samples import Samples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from core.arrays import FloatArray


@dataclass(frozen=True)
class Batch:
    """What one update sees: inputs x, shape (n, inputs), and targets y, shape (n, outputs), read-only."""

    x: FloatArray
    y: FloatArray
    name: str | None = None
    """Which one it is, such as `3 of 3, samples 64-95`; None where an epoch has a single one, of all samples."""

    def __len__(self) -> int:
        """Return how many samples it has, n."""
        return len(self.x)


class Batches:
    """The batches of each epoch, 1 or later: a function of the experiment's seed and of the epoch alone.

    Without a size, or with one that all samples fit in, an epoch is one batch of all samples in their own order. Else
    each batch takes the next `size` samples and the last one the rest: in their own order, or where a seed is given in
    the order of `np.random.default_rng([seed, epoch]).permutation(N)`.
    """

    def __init__(self, samples: Samples, size: int | None, shuffle_seed: int | None) -> None:
        self._samples = samples
        count = len(samples.x)
        self._size = count if size is None else min(size, count)
        self._seed = shuffle_seed if self._size < count else None
        self._made: tuple[int | None, Sequence[Batch]] = (None, ())
        if self._size == count:
            self._made = (0, [Batch(samples.x, samples.y)])
        elif self._seed is None:
            self._made = (0, self._split(samples, ""))

    @property
    def count(self) -> int:
        """How many an epoch has."""
        return -(-len(self._samples.x) // self._size)

    def __call__(self, epoch: int) -> Sequence[Batch]:
        """Return the batches of an epoch, in the order of its updates."""
        if self._seed is None:
            return self._made[1]
        if self._made[0] != epoch:
            order = shuffled(self._seed, epoch, len(self._samples.x))
            self._made = (epoch, self._split(self._in_order(order), f" of the order of epoch {epoch}"))
        return self._made[1]

    def _in_order(self, order: NDArray[np.int64]) -> Samples:
        x, y = self._samples.x[order], self._samples.y[order]
        x.setflags(write=False)
        y.setflags(write=False)
        return Samples(x, y)

    def _split(self, samples: Samples, of: str) -> Sequence[Batch]:
        starts = range(0, len(samples.x), self._size)
        rows = [slice(start, min(start + self._size, len(samples.x))) for start in starts]
        return [
            Batch(samples.x[each], samples.y[each], f"{i} of {len(rows)}, samples {each.start}-{each.stop - 1}{of}")
            for i, each in enumerate(rows, start=1)
        ]


def shuffled(seed: int, epoch: int, count: int) -> NDArray[np.int64]:
    """Return the order of the samples at an epoch: their numbers, shape (count,)."""
    return np.random.default_rng([seed, epoch]).permutation(count)
