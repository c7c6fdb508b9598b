"""Mistakes in what becomes of the gradients once all are made: what is returned of them, and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.mistakes.entry import OF_B, OF_W, Change, Mistake

if TYPE_CHECKING:
    import numpy as np

    from core.arrays import FloatArray
    from core.mistakes.entry import State
else:
    from core.functions.later import np

_ALL = "dL/dW_k and dL/db_k of this batch, for every k"


def _of_the_other_end(s: State, k: int, _value: FloatArray, _c: float) -> FloatArray:
    return (s.dW if s.part == "W" else s.db)[s.depth + 1 - k]


def _accumulated(s: State, k: int, value: FloatArray, _c: float) -> FloatArray:
    earlier = s.earlier(k)
    return value if earlier is None else value + earlier


def _momentum(s: State, k: int, value: FloatArray, c: float) -> FloatArray:
    earlier = s.earlier(k)
    return value if earlier is None else value + c * earlier


def _averaged(s: State, k: int, value: FloatArray, c: float) -> FloatArray:
    earlier = s.earlier(k)
    return (1 - c) * value if earlier is None else (1 - c) * value + c * earlier


def _clipped(s: State, _k: int, value: FloatArray, c: float) -> FloatArray:
    return np.clip(value, -c, c)


def _clipped_norm(s: State, _k: int, value: FloatArray, c: float) -> FloatArray:
    return value * min(1.0, c / s.norm) if s.norm else value


def _normalized(_s: State, _k: int, value: FloatArray, _c: float) -> FloatArray:
    length = np.linalg.norm(value)
    return value / length if length else value


def _normalized_blindly(_s: State, _k: int, value: FloatArray, _c: float) -> FloatArray:
    """Do the same where nobody thought of a gradient that is zero: it becomes nan."""
    normalized: FloatArray = value / np.linalg.norm(value)
    return normalized


MISTAKES = (
    Mistake(
        "gradients-zero",
        "Every gradient is zero: there is no backward pass yet.",
        (Change("gradients", lambda s, k, value, c: np.zeros_like(value), _ALL, "0"),),
    ),
    Mistake(
        "order-reversed",
        "The gradients come in the order of the backward pass, the last layer's first.",
        (
            Change(
                "gradients",
                _of_the_other_end,
                "dL/dW_1, …, dL/dW_L, and so dL/db_k",
                "dL/dW_L, …, dL/dW_1, and so dL/db_k",
                keeps_shape=lambda network, k: network.layers == network.layers[::-1],
            ),
        ),
    ),
    Mistake(
        "gradients-accumulated",
        "Gradients of an earlier call are still there: the new ones are added to them.",
        (
            Change("gradients", _accumulated, _ALL, "those of this batch + those of the call before"),
            Change(
                "dW",
                _accumulated,
                OF_W,
                "dL/dW_{k} = δ_{k}ᵀ a_{down} + that of the call before",
                how="dW",
            ),
            Change(
                "db",
                _accumulated,
                OF_B,
                "dL/db_{k} = Σ_samples δ_{k} + that of the call before",
                how="db",
            ),
        ),
        needs_earlier=True,
        seen="karpathy/micrograd#53, #102",
    ),
    Mistake(
        "momentum-included",
        "What is returned is no gradient but a velocity: {c} of the call before is in it.",
        (Change("gradients", _momentum, _ALL, "those of this batch + {c} · those of the call before"),),
        number="momentum",
        needs_earlier=True,
    ),
    Mistake(
        "momentum-averaged",
        "What is returned is no gradient but an average over calls: {c} of it is that of the call before.",
        (Change("gradients", _averaged, _ALL, "{c} · what the call before returned + (1 − {c}) · each"),),
        number="momentum",
        needs_earlier=True,
    ),
    Mistake(
        "learning-rate-included",
        "What is returned is no gradient but an update: the learning rate is in it.",
        (
            Change("gradients", lambda s, k, value, c: c * value, _ALL, "η times each"),
            Change("gradients", lambda s, k, value, c: -c * value, _ALL, "−η times each", how="negative"),
        ),
        number="learning rate",
        needs_rate=True,
    ),
    Mistake(
        "gradients-clipped",
        "The gradients are clipped (at {c}).",
        (
            Change("gradients", _clipped, _ALL, "each element clipped to ±{c}"),
            Change("gradients", _clipped_norm, _ALL, "all scaled to the norm {c} where theirs is larger", how="norm"),
        ),
        number="limit",
    ),
    Mistake(
        "gradients-normalized",
        "Each gradient is divided by its own length.",
        (
            Change("gradients", _normalized, _ALL, "each divided by its Euclidean norm"),
            Change(
                "gradients",
                _normalized_blindly,
                _ALL,
                "each divided by its Euclidean norm, even where that is 0",
                how="nan",
            ),
        ),
    ),
)
