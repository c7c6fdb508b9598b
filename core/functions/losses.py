"""Losses: each function with its derivative and PyTorch's name for it, in a table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from core.arrays import FloatArray


@dataclass(frozen=True)
class Loss:
    """L(ŷ, y), one number for a batch; ŷ and y have shape (N, outputs)."""

    formula: str
    """How it is written, with how it reduces over samples and outputs."""
    value: Callable[[FloatArray, FloatArray], float]
    derivative: Callable[[FloatArray, FloatArray], FloatArray]
    """∂L/∂ŷ, shape (N, outputs)."""
    module: str
    """The class in `torch.nn` that computes the same."""
    options: Mapping[str, str] = field(default_factory=dict)
    """What that class is made with."""


def _sum_of_squares(prediction: FloatArray, target: FloatArray) -> float:
    residual = prediction - target
    return float(np.sum(residual * residual))


LOSSES = {
    "sse": Loss(
        "L = Σ(ŷ − y)²",
        _sum_of_squares,
        lambda prediction, target: 2 * (prediction - target),
        "MSELoss",
        {"reduction": "sum"},
    ),
}
"""By the name that an experiment gives."""
