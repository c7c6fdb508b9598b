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
Divisor = Literal["batch", "sample", "number"]
"""A sum over the batch; a mean over its samples; a mean over its numbers, those of all samples and outputs."""


@dataclass(frozen=True)
class Loss:
    """L(ŷ, y), one number for a batch; ŷ = a_L and y have shape (N, outputs).

    It is a sum of terms, one for each output of each sample, or their mean. `_loss` makes one.
    """

    formula: str
    """How it is written, with how it reduces over samples and outputs."""
    per: Divisor
    """What the sum of the terms is divided by."""
    value: Callable[[FloatArray, FloatArray], float]
    """L, given ŷ and y; where fused, given z_L and y."""
    derivative: Callable[[FloatArray, FloatArray], FloatArray]
    """∂L/∂ŷ, given ŷ and y; where fused, δ_L = dL/dz_L, given z_L and y. Shape (N, outputs)."""
    terms: Callable[[FloatArray, FloatArray], FloatArray]
    """The terms, shape (N, outputs), given what `value` is given; each needs the target of its own output alone."""
    slope: Callable[[FloatArray, FloatArray], FloatArray]
    """The derivative before it is divided, shape (N, outputs), given ŷ and y; where fused too."""
    written: tuple[str, str]
    """A term, and the slope at an output: `{p}` and `{y}` are its ŷ and y, `{ys}` the y of output j, under a Σⱼ."""
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
    def reduction(self) -> Reduction:
        """Over the samples of a batch."""
        return "sum" if self.per == "batch" else "mean"

    @property
    def reduces(self) -> str:
        """How it reduces, in words."""
        return {
            "batch": "sum over samples and outputs",
            "sample": "sum over outputs, mean over samples",
            "number": "mean over samples and outputs",
        }[self.per]

    def divisor(self, samples: int, outputs: int) -> int:
        """Return what the sum of the terms of so many samples is divided by."""
        return {"batch": 1, "sample": samples, "number": samples * outputs}[self.per]

    @property
    def fused(self) -> bool:
        """Whether it takes z_L rather than ŷ."""
        return self.output is not None

    def of_epoch(self, losses: Sequence[float], counts: Sequence[int]) -> float:
        """Return an epoch's loss, given those of its batches and how many samples each has: the mean over the samples.

        A single batch's loss is the epoch's, to the bit, a sum included: it is the number whose gradients are shown.
        With several, one that is a sum is parted among all samples of the epoch, as training loops report it; one that
        is a mean weighs as many as its batch has.
        """
        if len(losses) == 1:
            return losses[0]
        weights = counts if self.reduction == "mean" else [1] * len(counts)
        return _sum([loss * weight for loss, weight in zip(losses, weights, strict=True)]) / sum(counts)


def _sum(terms: Sequence[float]) -> float:
    """Add without rounding in between; where that overflows or meets inf − inf, as floats do."""
    try:
        return math.fsum(terms)
    except (OverflowError, ValueError):
        return sum(terms)


def _loss(
    formula: str,
    per: Divisor,
    *,
    value: Callable[[FloatArray, FloatArray], float],
    terms: Callable[[FloatArray, FloatArray], FloatArray],
    slope: Callable[[FloatArray, FloatArray], FloatArray],
    written: tuple[str, str],
    module: str,
    fused: tuple[str, Callable[[FloatArray], FloatArray]] | None = None,
    elementwise: bool = False,
    magnitude: Callable[[FloatArray], FloatArray | float] | None = None,
    moved: Callable[[FloatArray, FloatArray, FloatArray], FloatArray] | None = None,
    **options: str | float,
) -> Loss:
    """Make a loss: its derivative is the slope, divided as the terms are; where fused, at the ŷ that z_L gives."""
    divided = _divided(slope, per)
    output, f = fused or (None, None)
    return Loss(
        formula,
        per,
        value,
        divided if f is None else lambda z, y: divided(f(z), y),
        terms,
        slope,
        written,
        module,
        options,
        output,
        elementwise,
        magnitude,
        moved,
    )


def _divided(
    slope: Callable[[FloatArray, FloatArray], FloatArray], per: Divisor
) -> Callable[[FloatArray, FloatArray], FloatArray]:
    if per == "batch":
        return slope
    if per == "sample":
        return lambda prediction, target: slope(prediction, target) / len(target)
    return lambda prediction, target: slope(prediction, target) / target.size


def _sum_of_squares(prediction: FloatArray, target: FloatArray) -> float:
    residual = prediction - target
    return float(np.vdot(residual, residual))


def _mean_of_squares(prediction: FloatArray, target: FloatArray) -> float:
    return _sum_of_squares(prediction, target) / target.size


def _squares(prediction: FloatArray, target: FloatArray) -> FloatArray:
    residual = prediction - target
    squares: FloatArray = residual * residual
    return squares


def _sizes(prediction: FloatArray, target: FloatArray) -> FloatArray:
    return np.abs(prediction - target)


def _huber(prediction: FloatArray, target: FloatArray) -> FloatArray:
    """Return r²/2 where |r| ≤ 1, |r| − 1/2 elsewhere, r = ŷ − y.

    Huber, *Robust Estimation of a Location Parameter* (1964), with δ = 1.
    """
    size = np.abs(prediction - target)
    return np.where(size <= 1, 0.5 * size * size, size - 0.5)


def _bce(logits: FloatArray, target: FloatArray) -> FloatArray:
    """−y·ln σ(z) − (1 − y)·ln(1 − σ(z)) = max(z, 0) − z·y + ln(1 + e^−|z|), which neither overflows nor cancels."""
    terms: FloatArray = np.maximum(logits, 0) - logits * target + np.log1p(np.exp(-np.abs(logits)))
    return terms


def _cross_entropy(logits: FloatArray, target: FloatArray) -> FloatArray:
    """−y_i·ln p_i, with ln p = z − max z − ln Σ_j e^(z_j − max z)."""
    below = logits - logits.max(axis=1, keepdims=True)
    logarithms = below - np.log(np.exp(below).sum(axis=1, keepdims=True))
    terms: FloatArray = target * logarithms
    return -terms


def _cross_entropy_slope(prediction: FloatArray, target: FloatArray) -> FloatArray:
    """p·Σ_j y_j − y; for one-hot targets, p − y."""
    slope: FloatArray = prediction * target.sum(axis=1, keepdims=True) - target
    return slope


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
    "sse": _loss(
        "L = Σ(ŷ − y)², over samples and outputs",
        "batch",
        value=_sum_of_squares,
        terms=_squares,
        slope=lambda prediction, target: 2.0 * (prediction - target),
        written=("({p} − {y})²", "2({p} − {y})"),
        module="MSELoss",
        elementwise=True,
        reduction="sum",
    ),
    "mse": _loss(
        "L = mean (ŷ − y)², over samples and outputs",
        "number",
        value=_mean_of_squares,
        terms=_squares,
        slope=lambda prediction, target: 2.0 * (prediction - target),
        written=("({p} − {y})²", "2({p} − {y})"),
        module="MSELoss",
        elementwise=True,
    ),
    "mae": _loss(
        "L = mean |ŷ − y|, over samples and outputs",
        "number",
        value=lambda prediction, target: float(np.mean(_sizes(prediction, target))),
        terms=_sizes,
        slope=lambda prediction, target: np.sign(prediction - target),
        written=("|{p} − {y}|", "sign({p} − {y})"),
        module="L1Loss",
        elementwise=True,
    ),
    "huber": _loss(
        "L = mean h(ŷ − y), over samples and outputs; h(r) = r²/2 where |r| ≤ 1, |r| − 1/2 elsewhere",
        "number",
        value=lambda prediction, target: float(np.mean(_huber(prediction, target))),
        terms=_huber,
        slope=lambda prediction, target: np.clip(prediction - target, -1, 1),
        written=("h({p} − {y})", "min(max({p} − {y}, −1), 1)"),
        module="HuberLoss",
        elementwise=True,
        delta=1.0,
    ),
    "bce": _loss(
        "L = mean −y·ln ŷ − (1 − y)·ln(1 − ŷ), over samples and outputs",
        "number",
        value=lambda logits, target: float(np.mean(_bce(logits, target))),
        terms=_bce,
        slope=lambda prediction, target: prediction - target,
        written=("−{y}·ln {p} − (1 − {y})·ln(1 − {p})", "({p} − {y})"),
        module="BCEWithLogitsLoss",
        fused=("sigmoid", sigmoid),
        elementwise=True,
        magnitude=_of_an_element,
    ),
    "cross_entropy": _loss(
        "L = mean −Σ y·ln ŷ, the sum over outputs, the mean over samples",
        "sample",
        value=lambda logits, target: float(np.sum(_cross_entropy(logits, target)) / len(target)),
        terms=_cross_entropy,
        slope=_cross_entropy_slope,
        written=("−{y}·ln {p}", "({p}·Σⱼ {ys} − {y})"),
        module="CrossEntropyLoss",
        fused=("softmax", softmax),
        magnitude=_of_a_sample,
        moved=_cross_entropy_moved,
    ),
}
"""By the name that an experiment gives."""
