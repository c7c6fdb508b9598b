"""Activations: each function with its derivative and PyTorch's name for it, in a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.arrays import FloatArray


@dataclass(frozen=True)
class Activation:
    """a = f(z), element by element."""

    value: Callable[[FloatArray], FloatArray]
    """f(z), of z's shape and dtype."""
    derivative: Callable[[FloatArray, FloatArray], FloatArray]
    """f′(z), given z and a = f(z)."""
    module: str | None
    """The class in `torch.nn` that computes the same; None where the output is z itself."""


def sigmoid(z: FloatArray) -> FloatArray:
    """σ(z) = 1/(1 + e^−z), from e^−|z| so that nothing overflows."""
    small = np.exp(-np.abs(z))
    activation: FloatArray = np.where(z >= 0, z.dtype.type(1), small) / (1 + small)
    return activation


ACTIVATIONS = {
    "sigmoid": Activation(sigmoid, lambda z, a: a * (1 - a), "Sigmoid"),
    "identity": Activation(lambda z: z, lambda z, a: np.ones_like(z), None),
}
"""By the name that an experiment gives."""
