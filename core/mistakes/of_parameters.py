"""Mistakes in dL/dW_k and in dL/db_k."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.mistakes.entry import OF_B, OF_W, Change, Mistake
from core.mistakes.fitting import fused, same_width, second_or_above, wider_than_one, width

if TYPE_CHECKING:
    import numpy as np

    from core.arrays import FloatArray
    from core.mistakes.entry import Described, Do, State
else:
    from core.functions.later import np


def _zero_at(*at: int | slice) -> Do:
    """Leave some elements at zero, as a loop does that does not reach them."""

    def do(s: State, _k: int, value: FloatArray, _c: float) -> FloatArray:
        kept = value.copy()
        kept[at] = 0
        return kept

    return do


def _with(below: str) -> Do:
    """δ_kᵀ with something else for a_{k−1}."""

    def do(s: State, k: int, _value: FloatArray, _c: float) -> FloatArray:
        return s.delta[k].T @ {"own": s.a, "z": s.z, "raw": s.z}[below][k - 1 if below == "z" else k]

    return do


def _with_derivative(s: State, k: int, _value: FloatArray, _c: float) -> FloatArray:
    """δ_kᵀ f′(z_{k−1}), as where a mask has been written over the activations."""
    return s.delta[k].T @ s.prime(k - 1, s.z[k - 1])


def _curved_below(network: Described, k: int) -> bool:
    return k > 1 and network.activations[k - 2] not in ("identity", "softmax")


def _rows(at: int) -> Do:
    """Take the part of one sample."""
    return lambda s, k, value, c: s.delta[k][at : at + 1 or None].T @ s.a[k - 1][at : at + 1 or None]


def _of_layer(offset: int) -> Do:
    """Σ δ of another layer; those below are as they should be."""

    def do(s: State, k: int, value: FloatArray, _c: float) -> FloatArray:
        return s.db[k + offset]

    return do


def _above_alike(network: Described, k: int) -> bool:
    return width(k, 1, network) == width(k, 0, network)


MISTAKES = (
    Mistake(
        "wrong-activation",
        "dL/dW_{k} is made with other values than the activations of layer {down}.",
        (
            Change("dW", _with("own"), OF_W, "dL/dW_{k} = δ_{k}ᵀ a_{k}", same_width(0, -1)),
            Change("dW", _with("z"), OF_W, "dL/dW_{k} = δ_{k}ᵀ z_{down}", second_or_above, "z"),
            Change("dW", _with("raw"), OF_W, "dL/dW_{k} = δ_{k}ᵀ z_{k}", same_width(0, -1), "own-z"),
            Change("dW", _with_derivative, OF_W, "dL/dW_{k} = δ_{k}ᵀ f_{down}′(z_{down})", _curved_below, "derivative"),
        ),
    ),
    Mistake(
        "weights-of-one-sample",
        "dL/dW_{k} is that of one sample, not summed over the batch.",
        (
            Change("dW", _rows(0), OF_W, "dL/dW_{k} = δ_{k}ᵀ a_{down} of the first sample"),
            Change("dW", _rows(-1), OF_W, "dL/dW_{k} = δ_{k}ᵀ a_{down} of the last sample (= for +=?)", how="last"),
        ),
        seen="lucidrains/CoLT5-attention#8",
    ),
    Mistake(
        "weights-zero",
        "dL/dW_{k} is zero: it is never filled.",
        (Change("dW", lambda s, k, value, c: np.zeros_like(value), OF_W, "dL/dW_{k} = 0"),),
    ),
    Mistake(
        "index-limit",
        "A loop over the elements of the gradient does not cover them all; the others stay zero.",
        (
            Change("dW", _zero_at(-1), OF_W, "the last row of dL/dW_{k} is 0", wider_than_one(0)),
            Change(
                "dW", _zero_at(slice(None), -1), OF_W, "the last column of dL/dW_{k} is 0", wider_than_one(-1), "column"
            ),
            Change("dW", _zero_at(0), OF_W, "the first row of dL/dW_{k} is 0", wider_than_one(0), "first-row"),
            Change(
                "dW",
                _zero_at(slice(None), 0),
                OF_W,
                "the first column of dL/dW_{k} is 0",
                wider_than_one(-1),
                "first-column",
            ),
            Change("db", _zero_at(-1), OF_B, "the last element of dL/db_{k} is 0", wider_than_one(0), "b"),
            Change("db", _zero_at(0), OF_B, "the first element of dL/db_{k} is 0", wider_than_one(0), "b-first"),
        ),
    ),
    Mistake(
        "index-shifted",
        "The elements of the gradient are shifted by one.",
        (
            Change(
                "dW",
                lambda s, k, value, c: np.roll(value, 1, axis=0),
                OF_W,
                "dL/dW_{k} with its rows shifted by one",
                wider_than_one(0),
            ),
            Change(
                "db",
                lambda s, k, value, c: np.roll(value, 1),
                OF_B,
                "dL/db_{k} with its elements shifted by one",
                wider_than_one(0),
                "b",
            ),
        ),
    ),
    Mistake(
        "bias-not-summed",
        "δ_{k} is returned for dL/db_{k}: it is not summed over the samples.",
        (
            Change(
                "db",
                lambda s, k, value, c: s.delta[k],
                OF_B,
                "dL/db_{k} = δ_{k}, of shape (N, outputs)",
                keeps_shape=lambda network, k: False,
            ),
        ),
        seen="datascience.stackexchange 20139",
    ),
    Mistake(
        "bias-averaged",
        "The bias gradient of layer {k} is averaged over the samples, not summed.",
        (Change("db", lambda s, k, value, c: value / s.samples, OF_B, "dL/db_{k} = 1/N Σ_samples δ_{k}"),),
    ),
    Mistake(
        "bias-first-row",
        "The bias gradient of layer {k} is that of the first sample, not summed over the batch.",
        (Change("db", lambda s, k, value, c: s.delta[k][0], OF_B, "dL/db_{k} = the first row of δ_{k}"),),
        seen="datascience.stackexchange 20139",
    ),
    Mistake(
        "bias-last-row",
        "The bias gradient of layer {k} is that of the last sample, not summed over the batch.",
        (Change("db", lambda s, k, value, c: s.delta[k][-1], OF_B, "dL/db_{k} = the last row of δ_{k} (= for +=?)"),),
    ),
    Mistake(
        "bias-summed-over-everything",
        "The bias gradient of layer {k} is summed over the units too: all its elements are one number.",
        (
            Change(
                "db",
                lambda s, k, value, c: np.full_like(value, s.delta[k].sum()),
                OF_B,
                "dL/db_{k} = Σ_samples Σ_units δ_{k}",
                wider_than_one(0),
            ),
            Change(
                "db",
                lambda s, k, value, c: np.full_like(value, s.delta[k].mean()),
                OF_B,
                "dL/db_{k} = the mean of δ_{k} over samples and units",
                wider_than_one(0),
                "mean",
            ),
        ),
    ),
    Mistake(
        "bias-wrong-axis",
        "The bias gradient of layer {k} is summed over the units, not over the samples.",
        (
            Change(
                "db",
                lambda s, k, value, c: s.delta[k].sum(axis=1),
                OF_B,
                "dL/db_{k} = Σ_units δ_{k}, of shape (N,)",
                wider_than_one(0),
                keeps_shape=lambda network, k: False,
            ),
        ),
    ),
    Mistake(
        "bias-times-input",
        "The bias gradient of layer {k} is multiplied by the layer's input.",
        (
            Change("db", lambda s, k, value, c: s.dW[k].sum(axis=1), OF_B, "dL/db_{k} = Σ_inputs δ_{k}ᵀ a_{down}"),
            Change(
                "db",
                lambda s, k, value, c: s.delta[k].T @ s.a[k - 1][:, 0],
                OF_B,
                "dL/db_{k} = Σ_samples δ_{k} a_{down}[:, 0]",
                wider_than_one(-1),
                "first",
            ),
        ),
        seen="rust0258 NLP specialization #62, #64",
    ),
    Mistake(
        "bias-zero",
        "The bias gradient of layer {k} is zero: it is never filled.",
        (Change("db", lambda s, k, value, c: np.zeros_like(value), OF_B, "dL/db_{k} = 0"),),
    ),
    Mistake(
        "bias-of-wrong-layer",
        "The bias gradient of layer {k} is that of the layer above.",
        (
            Change(
                "db",
                _of_layer(1),
                OF_B,
                "dL/db_{k} = Σ_samples δ_{up}",
                _above_alike,
            ),
        ),
    ),
    Mistake(
        "bias-derivative-left-out",
        "The bias gradient of layer {k} lacks the derivative of the activation.",
        (
            Change(
                "db",
                lambda s, k, value, c: (s.upstream.get(k, s.error)).sum(axis=0),
                OF_B,
                "dL/db_{k} = Σ_samples ∂L/∂a_{k}",
                lambda network, k: network.activations[k - 1] != "identity" and not fused(network, k),
            ),
        ),
    ),
    Mistake(
        "weight-decay-included",
        "Weight decay is mixed into the gradients of layer {k}.",
        (
            Change("dW", lambda s, k, value, c: value + c * s.W[k], OF_W, "dL/dW_{k} = δ_{k}ᵀ a_{down} + {c} W_{k}"),
            Change(
                "dW",
                lambda s, k, value, c: value + c / s.samples * s.W[k],
                OF_W,
                "dL/dW_{k} = δ_{k}ᵀ a_{down} + {c}/N W_{k}",
                how="averaged",
            ),
            Change(
                "dW",
                lambda s, k, value, c: value + c * np.sign(s.W[k]),
                OF_W,
                "dL/dW_{k} = δ_{k}ᵀ a_{down} + {c} sign(W_{k})",
                how="sign",
            ),
            Change(
                "db",
                lambda s, k, value, c: value + c * s.b[k],
                OF_B,
                "dL/db_{k} = Σ_samples δ_{k} + {c} b_{k}",
                how="bias",
            ),
        ),
        number="weight decay",
    ),
)
