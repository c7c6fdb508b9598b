"""Mistakes in f_k′(z_k), the derivative of the activation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.mistakes.entry import OF_W, Change, Mistake
from core.mistakes.fitting import (
    activation,
    activation_among,
    activation_not,
    every,
    exists,
    fused,
    not_fused,
    same_width,
    second_or_above,
)

if TYPE_CHECKING:
    import numpy as np

    from core.arrays import FloatArray
    from core.mistakes.entry import Described, Do, Fits, State
else:
    from core.functions.later import np

_RIGHT = "δ_{k} = ∂L/∂a_{k} ⊙ f_{k}′(z_{k})"
_IN_TERMS_OF_A = {"sigmoid": "a_{k}(1 − a_{k})", "tanh": "1 − a_{k}²"}
_FED_WITH_Z = {"sigmoid": "z_{k}(1 − z_{k})", "tanh": "(1 − z_{k}²)"}
_curved = every(activation_not("identity", "softmax"), not_fused)
_by_element = every(activation_not("softmax"), not_fused)
_sloped = every(activation_not("identity"), not_fused)
_OTHERS = ("sigmoid", "tanh", "relu", "leaky_relu", "elu", "softplus", "silu", "gelu", "gelu_tanh")


def _left_out(s: State, k: int, value: FloatArray | None, _c: float) -> FloatArray:
    return np.ones_like(s.z[k])


def _left_out_of_fused(s: State, k: int, value: FloatArray, _c: float) -> FloatArray:
    """∂L/∂ŷ, which goes on as if it were ∂L/∂z_L."""
    prediction = s.a[k]
    if s.network.loss == "bce":
        return value / (prediction * (1 - prediction))
    return -s.y / prediction / s.samples


def _diagonal_of_fused(s: State, k: int, _value: FloatArray, _c: float) -> FloatArray:
    """∂L/∂ŷ = −y/(N ŷ), times ŷ(1 − ŷ)."""
    return -s.y * (1 - s.a[k]) / s.samples


def _local_left_out(s: State, k: int, _value: FloatArray, _c: float) -> FloatArray:
    return s.upstream.get(k, s.error)


def _of_another(name: str) -> Do:
    return lambda s, k, value, c: s.prime_of(name, s.z[k])


def _is_another(name: str) -> Fits:
    """Ask for another activation, whose mistake with this one is not told by an entry of its own."""
    taken = {"relu": ("leaky_relu", "elu"), "softplus": ("sigmoid",)}.get(name, ())
    return every(_by_element, activation_not(name, *taken))


def _one_minus_square(s: State, k: int, _value: FloatArray, _c: float) -> FloatArray:
    return 1 - s.a[k] ** 2


def _a_one_minus_a(s: State, k: int, _value: FloatArray, _c: float) -> FloatArray:
    return s.a[k] * (1 - s.a[k])


def _formula_at_z(s: State, k: int, _value: FloatArray, _c: float) -> FloatArray:
    """Feed the formula in terms of a with z."""
    z = s.z[k]
    return z * (1 - z) if activation(s.network, k) == "sigmoid" else 1 - z * z


def _at_error(s: State, k: int, _value: FloatArray, _c: float) -> FloatArray:
    return s.prime(k, s.upstream.get(k, s.error))


def _at_layer(offset: int) -> Do:
    def do(s: State, k: int, _value: FloatArray, _c: float) -> FloatArray:
        return s.prime_of(activation(s.network, k + offset), s.z[k + offset])

    return do


def _at_layer_fits(offset: int) -> Fits:
    def another(network: Described, k: int) -> bool:
        return activation(network, k + offset) not in ("identity", "softmax")

    return every(_curved, exists(offset), same_width(0, offset), another)


def _leaky_slope(s: State, k: int, value: FloatArray, _c: float) -> FloatArray:
    return np.where(s.z[k] > 0, value, 0)


def _not_cancelled(s: State, k: int, value: FloatArray | None, _c: float) -> FloatArray:
    """σ′(z_L), or of softmax the diagonal of its Jacobian, once more."""
    return s.a[k] * (1 - s.a[k])


def _twice_cancelled(s: State, k: int, value: FloatArray, _c: float) -> FloatArray:
    """Multiply by the softmax's whole Jacobian once more."""
    a = s.a[k]
    again: FloatArray = a * (value - np.sum(value * a, axis=1, keepdims=True))
    return again


MISTAKES = (
    Mistake(
        "derivative-left-out",
        "The derivative of layer {k}'s activation is left out: ∂L/∂a_{k} is taken for δ_{k}.",
        (
            Change("derivative", _left_out, _RIGHT, "δ_{k} = ∂L/∂a_{k}", _sloped),
            Change("delta", _left_out_of_fused, _RIGHT, "δ_{k} = ∂L/∂ŷ", fused),
            Change(
                "local",
                _local_left_out,
                OF_W,
                "dL/dW_{k} = (∂L/∂a_{k})ᵀ a_{down}, while the layer below gets δ_{k}",
                every(_sloped, second_or_above),
                "local",
            ),
        ),
        seen="jiexunsee/Neural-Network-with-Python#1; parasdahal/tinyml#1; arthurdouillard/deepcourse#6",
    ),
    Mistake(
        "derivative-not-cancelled",
        "The output activation's derivative is applied although the loss's derivative has cancelled it.",
        (
            Change("derivative", _not_cancelled, "δ_{k} = (ŷ − y)/N", "δ_{k} = (ŷ − y)/N ⊙ ŷ(1 − ŷ)", fused),
            Change(
                "delta",
                _twice_cancelled,
                "δ_{k} = (ŷ − y)/N",
                "δ_{k} = (ŷ − y)/N times the Jacobian of softmax",
                every(fused, activation_among("softmax")),
                "jacobian",
            ),
        ),
    ),
    Mistake(
        "softmax-diagonal",
        "Of the Jacobian of softmax only the diagonal is taken.",
        (
            Change(
                "derivative",
                _not_cancelled,
                "δ_j = a_j (∂L/∂a_j − Σ_i ∂L/∂a_i a_i)",
                "δ_j = a_j (1 − a_j) ∂L/∂a_j",
                every(activation_among("softmax"), not_fused),
            ),
            Change(
                "error",
                _diagonal_of_fused,
                "δ_{k} = 1/N (ŷ − y)",
                "δ_{k} = −1/N y (1 − ŷ): a_j (1 − a_j) ∂L/∂a_j, for a_j (∂L/∂a_j − Σ_i ∂L/∂a_i a_i)",
                every(fused, activation_among("softmax")),
                "fused",
            ),
        ),
    ),
    Mistake(
        "derivative-at-activation",
        "The derivative is taken at the activation, f′(f(z)), not at z.",
        (
            Change(
                "derivative",
                lambda s, k, value, c: s.prime(k, s.a[k]),
                _RIGHT,
                "δ_{k} = ∂L/∂a_{k} ⊙ f_{k}′(a_{k})",
                every(_curved, activation_not("relu", "leaky_relu")),
            ),
        ),
        seen="dwhitena/gophernet#6",
    ),
    Mistake(
        "derivative-formula-at-z",
        "The formula of the derivative in terms of the activation is fed with z.",
        tuple(
            Change(
                "derivative",
                _formula_at_z,
                f"{_RIGHT}; f_{{k}}′(z_{{k}}) = {formula}",
                f"δ_{{k}} = ∂L/∂a_{{k}} ⊙ {_FED_WITH_Z[name]}",
                every(activation_among(name), not_fused),
            )
            for name, formula in _IN_TERMS_OF_A.items()
        ),
    ),
    Mistake(
        "activation-for-derivative",
        "The activation itself stands where its derivative belongs.",
        (Change("derivative", lambda s, k, value, c: s.a[k], _RIGHT, "δ_{k} = ∂L/∂a_{k} ⊙ a_{k}", _curved),),
    ),
    Mistake(
        "derivative-half-done",
        "One factor of the derivative alone is there: 1 − a.",
        tuple(
            Change(
                "derivative",
                lambda s, k, value, c: 1 - s.a[k],
                f"{_RIGHT}; f_{{k}}′(z_{{k}}) = {formula}",
                "δ_{k} = ∂L/∂a_{k} ⊙ (1 − a_{k})",
                every(activation_among(name), not_fused),
            )
            for name, formula in _IN_TERMS_OF_A.items()
        ),
    ),
    Mistake(
        "derivative-twice",
        "The derivative of layer {k}'s activation is multiplied in twice.",
        (
            Change(
                "derivative",
                lambda s, k, value, c: value * value,
                _RIGHT,
                "δ_{k} = ∂L/∂a_{k} ⊙ f_{k}′(z_{k}) ⊙ f_{k}′(z_{k})",
                every(_curved, activation_not("relu")),
            ),
        ),
    ),
    Mistake(
        "mask-inverted",
        "The mask is the wrong way round: the derivative is that of units above zero where they are below it.",
        (
            Change(
                "derivative",
                lambda s, k, value, c: s.prime(k, -s.z[k]),
                _RIGHT,
                "δ_{k} = ∂L/∂a_{k} ⊙ f_{k}′(−z_{k})",
                every(activation_among("relu", "leaky_relu"), not_fused),
            ),
        ),
    ),
    Mistake(
        "leaky-slope-wrong",
        "Below zero the derivative is {c}, and not the slope that the activation has there.",
        (
            Change(
                "derivative",
                lambda s, k, value, c: np.where(s.z[k] > 0, value, c),
                _RIGHT,
                "f_{k}′(z) = {c} for z ≤ 0",
                every(activation_among("leaky_relu"), not_fused),
            ),
        ),
        number="slope",
    ),
    Mistake(
        "leaky-slope-missing",
        "Below zero the derivative is 0, as relu has it, and not the slope that the activation has there.",
        (
            Change(
                "derivative",
                _leaky_slope,
                _RIGHT,
                "f_{k}′(z) = 0 for z ≤ 0",
                every(activation_among("leaky_relu", "elu"), not_fused),
            ),
        ),
    ),
    Mistake(
        "derivative-of-another-activation",
        "The derivative is that of another activation.",
        (
            Change(
                "derivative",
                _one_minus_square,
                _RIGHT,
                "δ_{k} = ∂L/∂a_{k} ⊙ (1 − a_{k}²), the derivative of tanh",
                every(_by_element, activation_not("tanh")),
                "tanh-of-a",
            ),
            Change(
                "derivative",
                _a_one_minus_a,
                _RIGHT,
                "δ_{k} = ∂L/∂a_{k} ⊙ a_{k}(1 − a_{k}), the derivative of the sigmoid",
                every(_by_element, activation_not("sigmoid")),
                "sigmoid-of-a",
            ),
            *(
                Change(
                    "derivative",
                    _of_another(name),
                    _RIGHT,
                    f"δ_{{k}} = ∂L/∂a_{{k}} ⊙ g′(z_{{k}}), g = {name}",
                    _is_another(name),
                    name,
                )
                for name in _OTHERS
            ),
        ),
    ),
    Mistake(
        "derivative-of-wrong-layer",
        "The derivative is that of another layer.",
        tuple(
            Change(
                "derivative",
                _at_layer(offset),
                _RIGHT,
                f"δ_{{k}} = ∂L/∂a_{{k}} ⊙ f′(z_{{{word}}})",
                _at_layer_fits(offset),
                how,
            )
            for offset, word, how in ((1, "up", "above"), (-1, "down", "below"))
        ),
    ),
    Mistake(
        "derivative-of-error",
        "The derivative is taken at the error that comes down, not at z.",
        (Change("derivative", _at_error, _RIGHT, "δ_{k} = ∂L/∂a_{k} ⊙ f_{k}′(∂L/∂a_{k})", _curved),),
        seen="datascience.stackexchange 20139",
    ),
)
"""Named from what is left out to what stands in its place."""
