"""Samples: what a network is trained on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from core.arrays import FloatArray
    from core.experiment import Data, Precision


@dataclass(frozen=True)
class Samples:
    """Inputs x, shape (N, inputs), and targets y, shape (N, outputs); rows are samples."""

    x: FloatArray
    y: FloatArray

    def cast(self, precision: Precision) -> Samples:
        """Return the same samples in the precision that an engine computes in, read-only."""
        x, y = self.x.astype(precision), self.y.astype(precision)
        x.setflags(write=False)
        y.setflags(write=False)
        return Samples(x, y)


def load(data: Data) -> Samples:
    """Make the samples of an experiment, in float64.

    `notebook`: the assignment's single sample. x1 and x2 are the legacy generator's first two draws from [0, 1), and
    y = (x1² + x2²)/2.
    """
    x1, x2 = np.random.RandomState(data.seed).uniform(size=2)
    return Samples(np.array([[x1, x2]]), np.array([[(x1 * x1 + x2 * x2) / 2]]))
