"""Mistakes in δ_{k+1} W_{k+1}, which comes down from the layer above."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.functions.losses import LOSSES
from core.mistakes.entry import OF_W, Change, Mistake
from core.mistakes.fitting import (
    activation,
    activation_not,
    every,
    exists,
    hidden,
    mean_loss,
    not_fused,
    same_width,
    top,
    wider_than_one,
    width,
)

if TYPE_CHECKING:
    import numpy as np

    from core.arrays import FloatArray
    from core.mistakes.entry import Described, Do, Fits, State
else:
    from core.functions.later import np

_UPSTREAM = "δ_{k} = (δ_{up} W_{up}) ⊙ f_{k}′(z_{k})"


def _with_weights(offset: int, *, transposed: bool = False) -> Do:
    def do(s: State, k: int, _value: FloatArray, _c: float) -> FloatArray:
        W = s.W[k + offset]
        return s.delta[k + 1] @ (W.T if transposed else W)

    return do


def _updated(s: State, k: int, _value: FloatArray, rate: float) -> FloatArray:
    return s.delta[k + 1] @ (s.W[k + 1] - rate * s.dW[k + 1])


def _not_carried(s: State, k: int, _value: FloatArray, _c: float) -> FloatArray:
    """∂L/∂a_{k+1} W_{k+1}: the derivative of the layer above is missing."""
    return s.upstream.get(k + 1, s.error) @ s.W[k + 1]


def _ones(s: State, k: int, value: FloatArray, _c: float) -> FloatArray:
    return np.ones_like(value)


def _without_units(chosen: slice) -> Do:
    """Let the loop over the units of the layer above cover some alone."""
    return lambda s, k, value, c: s.delta[k + 1][:, chosen] @ s.W[k + 1][chosen]


def _as_wide_as(offset: int) -> Do:
    """Let the loop over the units of the layer above run as far as another layer is wide."""

    def do(s: State, k: int, _value: FloatArray, _c: float) -> FloatArray:
        count = width(k, offset, s.network)
        return s.delta[k + 1][:, :count] @ s.W[k + 1][:count]

    return do


def _narrower(offset: int) -> Fits:
    return lambda network, k: 0 < width(k, offset, network) < width(k, 1, network)


def _shifted(s: State, k: int, _value: FloatArray, _c: float) -> FloatArray:
    return s.delta[k + 1][:, :-1] @ s.W[k + 1][1:]


def _weights_left_out(s: State, k: int, value: FloatArray, _c: float) -> FloatArray:
    return np.broadcast_to(s.delta[k + 1].sum(axis=1, keepdims=True), value.shape)


def _above_is_curved(network: Described, k: int) -> bool:
    above = activation(network, k + 1)
    return above not in ("identity", "") and not (k + 1 == len(network.layers) - 1 and LOSSES[network.loss].fused)


MISTAKES = (
    Mistake(
        "upstream-left-out",
        "What comes down to layer {k} is left out: the derivative of its activation alone is taken for δ_{k}.",
        (
            Change("upstream", _ones, _UPSTREAM, "δ_{k} = f_{k}′(z_{k})", hidden),
            Change(
                "upstream",
                lambda s, k, value, c: np.ones_like(value) / s.samples,
                _UPSTREAM,
                "δ_{k} = 1/N f_{k}′(z_{k})",
                every(hidden, mean_loss),
                "averaged",
            ),
            Change(
                "error",
                _ones,
                "δ_{k} = ∂L/∂ŷ ⊙ f_{k}′(z_{k})",
                "δ_{k} = f_{k}′(z_{k})",
                every(top, not_fused, activation_not("softmax")),
                "error",
            ),
        ),
    ),
    Mistake(
        "missing-transpose",
        "A transpose is missing, or is one too many, which a square layer hides.",
        (
            Change(
                "upstream",
                _with_weights(1, transposed=True),
                _UPSTREAM,
                "δ_{k} = (δ_{up} W_{up}ᵀ) ⊙ f_{k}′(z_{k})",
                every(hidden, same_width(0, 1), wider_than_one(0)),
            ),
            Change(
                "dW",
                lambda s, k, value, c: value.T,
                OF_W,
                "dL/dW_{k} = a_{down}ᵀ δ_{k}",
                lambda network, k: width(k, 0, network) > 1 or width(k, -1, network) > 1,
                "dW",
                same_width(0, -1),
            ),
        ),
    ),
    Mistake(
        "layer-left-out",
        "The loop over the layers ends above layer {k}: its gradients, and all below, are zero.",
        (
            Change(
                "delta",
                lambda s, k, value, c: np.zeros_like(value),
                _UPSTREAM,
                "δ_{k} = 0",
                hidden,
            ),
        ),
    ),
    Mistake(
        "gradient-for-weights",
        "δ goes down through the gradient dL/dW_{up} in the place of the weights W_{up}.",
        (
            Change(
                "upstream",
                lambda s, k, value, c: s.delta[k + 1] @ s.dW[k + 1],
                _UPSTREAM,
                "δ_{k} = (δ_{up} dL/dW_{up}) ⊙ f_{k}′(z_{k})",
                hidden,
            ),
        ),
        seen="community.deeplearning.ai t/402919",
    ),
    Mistake(
        "wrong-weights",
        "δ goes down through the wrong weights: those of another layer, or the biases beside them.",
        (
            Change(
                "upstream",
                _with_weights(0),
                _UPSTREAM,
                "δ_{k} = (δ_{up} W_{k}) ⊙ f_{k}′(z_{k})",
                every(hidden, same_width(0, 1), same_width(-1, 0)),
                "below",
            ),
            Change(
                "upstream",
                _with_weights(0, transposed=True),
                _UPSTREAM,
                "δ_{k} = (δ_{up} W_{k}ᵀ) ⊙ f_{k}′(z_{k})",
                every(hidden, same_width(1, -1)),
                "below-transposed",
            ),
            Change(
                "upstream",
                _with_weights(2),
                _UPSTREAM,
                "δ_{k} = (δ_{up} W_{above}) ⊙ f_{k}′(z_{k})",
                every(hidden, exists(2), same_width(1, 2), same_width(0, 1)),
                "above",
            ),
            Change(
                "upstream",
                lambda s, k, value, c: (s.delta[k + 1] @ np.column_stack([s.W[k + 1], s.b[k + 1]]))[:, 1:],
                _UPSTREAM,
                "δ_{k} = (δ_{up} V) ⊙ f_{k}′(z_{k}); V is W_{up} with b_{up} for its last column, less its first",
                hidden,
                "bias-last",
            ),
            Change(
                "upstream",
                lambda s, k, value, c: (s.delta[k + 1] @ np.column_stack([s.b[k + 1], s.W[k + 1]]))[:, :-1],
                _UPSTREAM,
                "δ_{k} = (δ_{up} V) ⊙ f_{k}′(z_{k}); V is W_{up} with b_{up} for its first column, less its last",
                hidden,
                "bias-first",
            ),
        ),
    ),
    Mistake(
        "updated-too-early",
        "W_{up} has already been updated when δ goes down through it (with learning rate {c}).",
        (
            Change(
                "upstream",
                _updated,
                _UPSTREAM,
                "δ_{k} = (δ_{up} (W_{up} − η dL/dW_{up})) ⊙ f_{k}′(z_{k})",
                hidden,
            ),
        ),
        number="learning rate",
        seen="CodingTrain/Toy-Neural-Network-JS#72; stackoverflow 6013429",
    ),
    Mistake(
        "derivative-not-carried",
        "What comes down to layer {k} lacks the derivative of layer {up}: ∂L/∂a_{up} W_{up} for δ_{up} W_{up}.",
        (
            Change(
                "upstream",
                _not_carried,
                _UPSTREAM,
                "δ_{k} = (∂L/∂a_{up} W_{up}) ⊙ f_{k}′(z_{k})",
                every(hidden, _above_is_curved),
            ),
        ),
        seen="stackoverflow 53287032",
    ),
    Mistake(
        "weights-left-out",
        "δ goes down without the weights: every unit gets the same sum.",
        (Change("upstream", _weights_left_out, _UPSTREAM, "δ_{k} = (Σ_j δ_{up},j) ⊙ f_{k}′(z_{k})", hidden),),
    ),
    Mistake(
        "loop-limit",
        "The loop that carries δ down does not cover all units of layer {up}.",
        (
            *(
                Change(
                    "upstream",
                    _without_units(chosen),
                    _UPSTREAM,
                    f"δ_{{k}} = Σ over the units of layer {{up}}: {words}",
                    every(hidden, wider_than_one(1)),
                    how,
                )
                for chosen, words, how in (
                    (slice(None, -1), "all but the last", ""),
                    (slice(1, None), "all but the first", "first"),
                    (slice(0, 1), "the first alone", "first-alone"),
                    (slice(-1, None), "the last alone (= for +=?)", "last-alone"),
                )
            ),
            *(
                Change(
                    "upstream",
                    _as_wide_as(offset),
                    _UPSTREAM,
                    f"δ_{{k}} = Σ over as many units as layer {{{word}}} has",
                    every(hidden, _narrower(offset)),
                    how,
                )
                for offset, word, how in ((0, "k", "own-width"), (-1, "down", "width-below"))
            ),
            Change(
                "upstream",
                _shifted,
                _UPSTREAM,
                "δ_{k} = (Σ_j δ_{up}[:, j] W_{up}[j+1, :]) ⊙ f_{k}′(z_{k})",
                every(hidden, wider_than_one(1)),
                "shifted",
            ),
        ),
    ),
)
"""Named from a wrong matrix to a wrong loop."""
