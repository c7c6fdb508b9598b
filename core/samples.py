"""Samples: what a network is trained on, and the part of them that is held out of the training."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.arrays import Float64Array, FloatArray
    from core.experiment import Precision
else:
    from core.functions.later import np


@dataclass(frozen=True)
class Samples:
    """Inputs x, shape (N, inputs), and targets y, shape (N, outputs); rows are samples."""

    x: FloatArray
    y: FloatArray
    classes: tuple[str, ...] | None = None
    """The names of the classes, in the order of the outputs (of 0 and 1, where one output tells two apart).

    None where the targets are no classes: then accuracy means nothing.
    """

    def __len__(self) -> int:
        """Return how many samples there are, N."""
        return len(self.x)

    def cast(self, precision: Precision) -> Samples:
        """Return the same samples in the precision that an engine computes in, read-only."""
        return self._of(self.x.astype(precision), self.y.astype(precision))

    def rows(self, chosen: NDArray[np.intp]) -> Samples:
        """Return some of the samples, read-only: those of the numbers `chosen`, in that order."""
        return self._of(self.x[chosen], self.y[chosen])

    def _of(self, x: FloatArray, y: FloatArray) -> Samples:
        x.setflags(write=False)
        y.setflags(write=False)
        return Samples(x, y, self.classes)


@dataclass(frozen=True)
class Loaded:
    """The samples of an experiment, in float64."""

    train: Samples
    held_out: Samples | None = None
    """Those that no engine trains on; None unless the experiment asks for some with `test_fraction`."""

    def digest(self) -> str:
        """Return the sha256 of all numbers, in float64 and little-endian, and their shapes: tells samples apart."""
        digest = hashlib.sha256()
        for part in (self.train, self.held_out):
            for values in () if part is None else (part.x, part.y):
                digest.update(f"{values.shape}".encode())
                digest.update(np.ascontiguousarray(values, "<f8").tobytes())
        return digest.hexdigest()


def class_targets(labels: NDArray[np.int64], outputs: int) -> Float64Array:
    """Return classes, shape (N,), as targets, shape (N, outputs): one-hot, or 0 and 1 where there is one output."""
    if outputs == 1:
        return labels[:, None].astype(np.float64)
    one_hot = np.zeros((len(labels), outputs))
    one_hot[np.arange(len(labels)), labels] = 1
    return one_hot


def held_count(count: int, fraction: float) -> int:
    """Return how many of so many samples are held out: the nearest whole number; of two as near, the even one."""
    return round(count * fraction)
