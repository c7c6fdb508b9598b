"""Losses: each function with its derivative and PyTorch's name for it, in a table.

Two are fused with the output activation: they are computed from z_L, where nothing saturates, and give δ_L = dL/dz_L
at once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from core.functions.activations import sigmoid, softmax, softmax_moved

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np

    from core.arrays import FloatArray
else:
    from core.functions.later import np

Reduction = Literal["sum", "mean"]


@dataclass(frozen=True)
class Loss:
    """L(ŷ, y), one number for a batch; ŷ = a_L and y have shape (N, outputs)."""

    formula: str
    """How it is written, with how it reduces over samples and outputs."""
    reduction: Reduction
    """Over the samples of a batch, and so over the batches of an epoch."""
    value: Callable[[FloatArray, FloatArray], float]
    """L, given ŷ and y; where fused, given z_L and y."""
    derivative: Callable[[FloatArray, FloatArray], FloatArray]
    """∂L/∂ŷ, given ŷ and y; where fused, δ_L = dL/dz_L, given z_L and y. Shape (N, outputs)."""
    module: str
    """The class in `torch.nn` that computes the same, from ŷ or where fused from z_L."""
    options: Mapping[str, str | float] = field(default_factory=dict)
    """What that class is made with."""
    output: str | None = None
    """The output activation that it is fused with, and needs; None for a loss of any output."""
    elementwise: bool = False
    """Whether each element of the derivative depends on its own ŷ, or z_L, and y alone; False is always safe."""
    magnitude: Callable[[FloatArray], FloatArray | float] | None = None
    """The largest number that formulas of the derivative add up, given y, beside ŷ and y: what `core.rounding` counts
    its absolute error in. None for 0, and for 1 + |y| where fused.
    """
    moved: Callable[[FloatArray, FloatArray, FloatArray], FloatArray] | None = None
    """How far the derivative moves at most if each ŷ, or z_L, moves by its error, given it, the errors and y; None to
    find it by evaluating the derivative, which takes long where it isn't elementwise.
    """

    @property
    def fused(self) -> bool:
        """Whether it takes z_L rather than ŷ."""
        return self.output is not None

    def of_epoch(self, losses: Sequence[float], counts: Sequence[int]) -> float:
        """Join the losses of an epoch's batches as if they were one batch.

        A loss that is a mean gives the mean over the epoch's samples: each batch weighs as many as it has, `counts`.
        One that is a sum gives the sum over them. So an epoch of one batch has that batch's loss, to the bit, and
        splitting it changes the number only as far as the parameters move between the batches.
        """
        if len(losses) == 1:
            return losses[0]
        weights = counts if self.reduction == "mean" else [1] * len(counts)
        terms = [loss * weight for loss, weight in zip(losses, weights, strict=True)]
        return _sum(terms) / (sum(counts) if self.reduction == "mean" else 1)


def _sum(terms: Sequence[float]) -> float:
    """Add without rounding in between; where that overflows or meets inf − inf, as floats do."""
    try:
        return math.fsum(terms)
    except (OverflowError, ValueError):
        return sum(terms)


def _sum_of_squares(prediction: FloatArray, target: FloatArray) -> float:
    residual = prediction - target
    return float(np.vdot(residual, residual))


def _mean_of_squares(prediction: FloatArray, target: FloatArray) -> float:
    return _sum_of_squares(prediction, target) / target.size


def _mean_of_sizes(prediction: FloatArray, target: FloatArray) -> float:
    return float(np.mean(np.abs(prediction - target)))


def _huber(prediction: FloatArray, target: FloatArray) -> float:
    """Return the mean of r²/2 where |r| ≤ 1, of |r| − 1/2 elsewhere, r = ŷ − y.

    Huber, *Robust Estimation of a Location Parameter* (1964), with δ = 1.
    """
    size = np.abs(prediction - target)
    return float(np.mean(np.where(size <= 1, 0.5 * size * size, size - 0.5)))


def _bce(logits: FloatArray, target: FloatArray) -> float:
    """−y·ln σ(z) − (1 − y)·ln(1 − σ(z)) = max(z, 0) − z·y + ln(1 + e^−|z|), which neither overflows nor cancels."""
    terms = np.maximum(logits, 0) - logits * target + np.log1p(np.exp(-np.abs(logits)))
    return float(np.mean(terms))


def _bce_derivative(logits: FloatArray, target: FloatArray) -> FloatArray:
    return (sigmoid(logits) - target) / target.size


def _cross_entropy(logits: FloatArray, target: FloatArray) -> float:
    """−Σ_i y_i·ln p_i of each sample, with ln p = z − max z − ln Σ_j e^(z_j − max z)."""
    below = logits - logits.max(axis=1, keepdims=True)
    logarithms = below - np.log(np.exp(below).sum(axis=1, keepdims=True))
    return float(-np.sum(target * logarithms) / len(target))


def _cross_entropy_derivative(logits: FloatArray, target: FloatArray) -> FloatArray:
    """(p·Σ_j y_j − y)/N; for one-hot targets, (p − y)/N."""
    derivative: FloatArray = (softmax(logits) * target.sum(axis=1, keepdims=True) - target) / len(target)
    return derivative


def _cross_entropy_moved(logits: FloatArray, error: FloatArray, target: FloatArray) -> FloatArray:
    moved: FloatArray = softmax_moved(logits, error) * np.abs(target.sum(axis=1, keepdims=True)) / len(target)
    return moved


def _of_an_element(target: FloatArray) -> FloatArray:
    """σ(z) ≤ 1 and y, both divided by the number of elements."""
    largest: FloatArray = np.maximum(np.abs(target), 1) / target.size
    return largest


def _of_a_sample(target: FloatArray) -> FloatArray:
    """p·Σ_j y_j, p ≤ 1, and y, divided by the number of samples."""
    largest: FloatArray = np.abs(target).sum(axis=1, keepdims=True) / len(target)
    return largest


LOSSES = {
    "sse": Loss(
        "L = Σ(ŷ − y)², over samples and outputs",
        "sum",
        _sum_of_squares,
        lambda prediction, target: 2 * (prediction - target),
        "MSELoss",
        {"reduction": "sum"},
        elementwise=True,
    ),
    "mse": Loss(
        "L = mean (ŷ − y)², over samples and outputs",
        "mean",
        _mean_of_squares,
        lambda prediction, target: 2 * (prediction - target) / target.size,
        "MSELoss",
        elementwise=True,
    ),
    "mae": Loss(
        "L = mean |ŷ − y|, over samples and outputs",
        "mean",
        _mean_of_sizes,
        lambda prediction, target: np.sign(prediction - target) / target.size,
        "L1Loss",
        elementwise=True,
    ),
    "huber": Loss(
        "L = mean h(ŷ − y), over samples and outputs; h(r) = r²/2 where |r| ≤ 1, |r| − 1/2 elsewhere",
        "mean",
        _huber,
        lambda prediction, target: np.clip(prediction - target, -1, 1) / target.size,
        "HuberLoss",
        {"delta": 1.0},
        elementwise=True,
    ),
    "bce": Loss(
        "L = mean −y·ln ŷ − (1 − y)·ln(1 − ŷ), over samples and outputs",
        "mean",
        _bce,
        _bce_derivative,
        "BCEWithLogitsLoss",
        output="sigmoid",
        elementwise=True,
        magnitude=_of_an_element,
    ),
    "cross_entropy": Loss(
        "L = mean −Σ y·ln ŷ, the sum over outputs, the mean over samples",
        "mean",
        _cross_entropy,
        _cross_entropy_derivative,
        "CrossEntropyLoss",
        output="softmax",
        magnitude=_of_a_sample,
        moved=_cross_entropy_moved,
    ),
}
"""By the name that an experiment gives."""
