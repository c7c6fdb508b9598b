"""Mistakes at the loss and its derivative, and those that scale a gradient."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.mistakes.entry import OF_W, Change, Mistake
from core.mistakes.fitting import (
    MEAN_OVER_OUTPUTS,
    every,
    hidden,
    loss_among,
    mean_loss,
    one_output,
    several_outputs,
    sum_loss,
    top,
)

if TYPE_CHECKING:
    import numpy as np

    from core.arrays import FloatArray
    from core.mistakes.entry import Do, Fits, State
else:
    from core.functions.later import np

_DELTA = "δ_{k} = ∂L/∂ŷ ⊙ f_{k}′(z_{k})"


def _without_prediction(s: State, k: int, _value: FloatArray, _c: float) -> FloatArray:
    if s.network.loss == "cross_entropy":
        return -s.y / s.samples
    if s.network.loss == "bce":
        return -s.y / s.y.size
    return s.error_of(np.zeros_like(s.a[k]), s.y)


def _times(factor: float) -> Do:
    return lambda s, k, value, c: value * factor


def _in_parameters(by: Do, factor: str, fits: Fits) -> tuple[Change, ...]:
    """Put a factor in dL/dW_k or in dL/db_k alone."""
    return (
        Change("dW", by, OF_W, f"dL/dW_{{k}} = {factor}δ_{{k}}ᵀ a_{{down}}", fits, "dW"),
        Change("db", by, "dL/db_{k} = Σ δ_{k}", f"dL/db_{{k}} = {factor}Σ δ_{{k}}", fits, "db"),
    )


def _residual_broadcast(s: State, _k: int, _value: FloatArray, _c: float) -> FloatArray:
    """Σ_j ∂L/∂ŷ at (ŷ_i, y_j): the derivative of the loss over all pairs; shape (N, 1)."""
    pairs = s.error_of(*_pairs(s))
    summed: FloatArray = pairs.reshape(s.samples, s.samples).sum(axis=1, keepdims=True)
    return summed


def _pairs(s: State) -> tuple[FloatArray, FloatArray]:
    """ŷ_i and y_j (where the loss is fused, z_i and y_j) for all i and j, each of shape (N², 1)."""
    from core.functions.losses import LOSSES  # noqa: PLC0415 - the names alone need none of it

    judged = (s.z if LOSSES[s.network.loss].fused else s.a)[s.depth]
    return np.repeat(judged, s.samples, axis=0), np.tile(s.y, (s.samples, 1))


def _with_penalty(s: State, _k: int, value: float, c: float) -> float:
    return value + c / 2 * sum(float(np.sum(W**2)) for W in s.W.values())


def _one_sample(at: int, *, averaged: bool) -> Do:
    """Leave the error of one sample alone; not averaged, it counts as if there were no others."""

    def do(s: State, _k: int, value: FloatArray, _c: float) -> FloatArray:
        kept = np.zeros_like(value)
        kept[at] = value[at] * (1 if averaged else s.samples)
        return kept

    return do


def _without_last(s: State, _k: int, value: FloatArray, _c: float) -> FloatArray:
    kept = value.copy()
    kept[-1] = 0
    return kept


def _another_loss(name: str) -> Do:
    def do(s: State, _k: int, _value: FloatArray, _c: float) -> FloatArray:
        from core.functions.losses import LOSSES  # noqa: PLC0415

        return LOSSES[name].derivative(s.a[s.depth], s.y)

    return do


MISTAKES = (
    Mistake(
        "half-loss-gradient",
        "The factor 2 of the squared error's derivative is left out: every gradient is half of the true one.",
        (
            Change(
                "error",
                _times(0.5),
                "δ_{k} = 2(ŷ − y) ⊙ f_{k}′(z_{k})",
                "δ_{k} = (ŷ − y) ⊙ f_{k}′(z_{k})",
                top,
            ),
        ),
        seen="Open-Deep-ML/DML-OpenProblem#54",
    ),
    Mistake(
        "doubled-loss-gradient",
        "The loss's derivative has a factor 2 too many: every gradient is twice the true one.",
        (Change("error", _times(2), _DELTA, "δ_{k} = 2 ∂L/∂ŷ ⊙ f_{k}′(z_{k})", top),),
        seen="Open-Deep-ML/DML-OpenProblem#54",
    ),
    Mistake(
        "sum-for-mean",
        "The loss is a mean over the samples, but the gradient is summed over them: 1/N is missing.",
        (
            Change(
                "error",
                lambda s, k, value, c: value * s.samples,
                _DELTA,
                "δ_{k} = N ∂L/∂ŷ ⊙ f_{k}′(z_{k})",
                every(top, mean_loss),
            ),
            *_in_parameters(lambda s, k, value, c: value * s.samples, "N ", mean_loss),
        ),
        seen="hunkim/DeepLearningZeroToAll#173; jxgu1016/MNIST_center_loss_pytorch#9",
    ),
    Mistake(
        "mean-for-sum",
        "The loss is a sum over the samples, but the gradient is averaged over them: 1/N is too many.",
        (
            Change(
                "error",
                lambda s, k, value, c: value / s.samples,
                _DELTA,
                "δ_{k} = 1/N ∂L/∂ŷ ⊙ f_{k}′(z_{k})",
                every(top, sum_loss),
            ),
        ),
    ),
    Mistake(
        "averaged-over-inputs",
        "The gradient is divided by the number of inputs, not of samples: the wrong length of x is taken for N.",
        (
            Change(
                "error",
                lambda s, k, value, c: value * s.samples / s.network.layers[0],
                _DELTA,
                "δ_{k} = N/inputs · ∂L/∂ŷ ⊙ f_{k}′(z_{k})",
                every(top, mean_loss),
            ),
        ),
    ),
    Mistake(
        "prediction-left-out",
        "The prediction is left out of the derivative of the loss: −y is taken for ŷ − y.",
        (
            Change(
                "error",
                _without_prediction,
                "∂L/∂ŷ is made of ŷ − y",
                "∂L/∂ŷ is made of −y",
                every(top, loss_among("sse", "mse", "bce", "cross_entropy")),
            ),
        ),
    ),
    Mistake(
        "averaged-twice",
        "The gradient is divided by N twice.",
        (
            Change(
                "error",
                lambda s, k, value, c: value / s.samples,
                _DELTA,
                "δ_{k} = 1/N ∂L/∂ŷ ⊙ f_{k}′(z_{k})",
                every(top, mean_loss),
            ),
        ),
        seen="d2l-ai/d2l-en#1000",
    ),
    Mistake(
        "averaged-again",
        "The gradient is divided by N once more in layer {k}.",
        (
            Change(
                "delta",
                lambda s, k, value, c: value / s.samples,
                "δ_{k} = (δ_{up} W_{up}) ⊙ f_{k}′(z_{k})",
                "δ_{k} = 1/N (δ_{up} W_{up}) ⊙ f_{k}′(z_{k})",
                hidden,
            ),
            Change(
                "dW",
                lambda s, k, value, c: value / s.samples,
                OF_W,
                "dL/dW_{k} = 1/N δ_{k}ᵀ a_{down}",
                how="dW",
            ),
        ),
        seen="community.deeplearning.ai t/63071",
    ),
    Mistake(
        "mean-over-outputs",
        "The gradient is averaged over the outputs, but the loss is not averaged over them once more.",
        (
            Change(
                "error",
                lambda s, k, value, c: value / s.y.shape[1],
                _DELTA,
                "δ_{k} = 1/outputs ∂L/∂ŷ ⊙ f_{k}′(z_{k})",
                every(top, several_outputs),
            ),
        ),
    ),
    Mistake(
        "sum-over-outputs",
        "The loss is a mean over the outputs too, but the gradient is summed over them.",
        (
            Change(
                "error",
                lambda s, k, value, c: value * s.y.shape[1],
                _DELTA,
                "δ_{k} = outputs · ∂L/∂ŷ ⊙ f_{k}′(z_{k})",
                every(top, several_outputs, loss_among(*MEAN_OVER_OUTPUTS)),
            ),
        ),
    ),
    Mistake(
        "wrong-sign",
        "The sign is wrong: y − ŷ for ŷ − y, or a minus that belongs to the update.",
        (
            Change("error", _times(-1), _DELTA, "δ_{k} = −∂L/∂ŷ ⊙ f_{k}′(z_{k})", top),
            Change(
                "delta",
                _times(-1),
                "δ_{k} = (δ_{up} W_{up}) ⊙ f_{k}′(z_{k})",
                "δ_{k} = −(δ_{up} W_{up}) ⊙ f_{k}′(z_{k})",
                hidden,
            ),
            *_in_parameters(_times(-1), "−", lambda network, k: True),
        ),
    ),
    Mistake(
        "sign-left-out",
        "The error has lost its sign: its absolute value goes down.",
        (Change("error", lambda s, k, value, c: np.abs(value), _DELTA, "δ_{k} = |∂L/∂ŷ| ⊙ f_{k}′(z_{k})", top),),
    ),
    Mistake(
        "loss-for-derivative",
        "The loss itself goes down in the place of its derivative.",
        (
            Change(
                "error",
                lambda s, k, value, c: value * (s.a[k] - s.y) / 2,
                _DELTA,
                "δ_{k} = (ŷ − y)² ⊙ f_{k}′(z_{k})",
                every(top, loss_among("mse", "sse")),
            ),
        ),
    ),
    Mistake(
        "residual-broadcast",
        "ŷ has shape (N, 1) and y shape (N,): ŷ − y is no residual of each sample but an N × N table of all pairs.",
        (
            Change("error", _residual_broadcast, "ŷ_i − y_i", "ŷ_i − y_j for all i and j", every(top, one_output)),
            Change(
                "loss",
                lambda s, k, value, c: s.loss_of(*_pairs(s)),
                "L of ŷ_i − y_i",
                "L of ŷ_i − y_j for all i and j",
                every(top, one_output),
                "loss",
            ),
        ),
        seen="jsboige/CoursIA#926; pytorch/pytorch#18349",
    ),
    Mistake(
        "one-sample-only",
        "One sample alone counts: the others have no part in the gradient.",
        tuple(
            Change(
                "error",
                _one_sample(at, averaged=averaged),
                "δ_{k} has a row for each sample",
                f"only the {name} row of δ_{{k}} counts",
                every(top, mean_loss) if not averaged else top,
                how,
            )
            for at, name, averaged, how in (
                (0, "first", True, ""),
                (-1, "last", True, "last"),
                (0, "first", False, "first-not-averaged"),
                (-1, "last", False, "last-not-averaged"),
            )
        ),
    ),
    Mistake(
        "last-sample-left-out",
        "The loop over the samples ends one too early.",
        (Change("error", _without_last, "all N rows of δ_{k}", "the first N − 1 rows of δ_{k}", top),),
    ),
    Mistake(
        "gradient-of-another-loss",
        "The derivative is that of another loss.",
        tuple(
            Change(
                "error",
                _another_loss(name),
                _DELTA,
                f"∂L/∂ŷ is that of {name}",
                every(top, loss_among(*others)),
                name,
            )
            for name, others in (("mae", ("mse", "huber")), ("huber", ("mse", "mae")), ("mse", ("mae", "huber")))
        ),
    ),
    Mistake(
        "wrong-factor",
        "There is a constant factor {c} that does not belong there.",
        (
            Change("error", lambda s, k, value, c: c * value, _DELTA, "δ_{k} = {c} · ∂L/∂ŷ ⊙ f_{k}′(z_{k})", top),
            Change(
                "delta",
                lambda s, k, value, c: c * value,
                "δ_{k} = (δ_{up} W_{up}) ⊙ f_{k}′(z_{k})",
                "δ_{k} = {c} (δ_{up} W_{up}) ⊙ f_{k}′(z_{k})",
                hidden,
            ),
            *_in_parameters(lambda s, k, value, c: c * value, "{c} ", lambda network, k: True),
        ),
        number="factor",
        seen="bighuang624/Andrew-Ng-Deep-Learning-notes#10",
    ),
    Mistake(
        "loss-factor",
        "The loss that is returned has a constant factor {c}; the gradient is that of the loss without it.",
        (Change("loss", lambda s, k, value, c: c * value, "L", "{c} · L", top),),
        number="factor",
    ),
    Mistake(
        "loss-with-penalty",
        "The loss that is returned has weight decay in it: {c}/2 times the sum of all squared weights.",
        (Change("loss", _with_penalty, "L", "L + {c}/2 Σ W²", top),),
        number="weight decay",
    ),
    Mistake(
        "loss-not-averaged",
        "The loss that is returned is not averaged over the samples.",
        (Change("loss", lambda s, k, value, c: value * s.samples, "L", "N · L", every(top, mean_loss)),),
    ),
    Mistake(
        "loss-averaged",
        "The loss that is returned is averaged over the samples, once more than it should be.",
        (Change("loss", lambda s, k, value, c: value / s.samples, "L", "1/N · L", top),),
    ),
    Mistake(
        "loss-averaged-over-outputs",
        "The loss that is returned is averaged over the outputs, once more than it should be.",
        (
            Change(
                "loss", lambda s, k, value, c: value / s.y.shape[1], "L", "1/outputs · L", every(top, several_outputs)
            ),
        ),
    ),
)
"""Named from what is nearest the loss to what explains a number by fitting one."""
