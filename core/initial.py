"""Where parameters start: the laws that they are drawn from, or a file of weights."""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.parameters import Parameters

if TYPE_CHECKING:
    from core.arrays import Float64Array, FloatArray
    from core.experiment import Data, Init


def draw(init: Init, layers: tuple[int, ...], seed: int, data: Data) -> Float64Array:
    """Draw the flat initial parameters, shape (P,), in float64, or read them from the file that `init` names.

    `np.random.default_rng(seed)` draws in the order W1, b1, W2, b2, …, each row by row. U is the uniform law, N the
    normal one with its standard deviation; fan_in and fan_out are a layer's inputs and outputs.

    =============== ================================ ========================
    law             W                                b
    =============== ================================ ========================
    torch           U ± 1/√fan_in                    U ± 1/√fan_in
    xavier_uniform  U ± √(6/(fan_in + fan_out))      0
    xavier_normal   N √(2/(fan_in + fan_out))        0
    kaiming_uniform U ± √(6/fan_in)                  0
    kaiming_normal  N √(2/fan_in)                    0
    unit            U [0, 1)                         U [0, 1)
    normal          N 1                              N 1
    zeros           0                                0
    =============== ================================ ========================

    `torch` is PyTorch's default for `nn.Linear`, the next four are those of `torch.nn.init` with gain 1 (Glorot and
    Bengio, 2010) and gain √2 (He et al., 2015). Where biases are 0, nothing is drawn for them.

    `notebook`: the notebook's own weights, U[0, 1), drawn by the legacy generator that drew its sample: W1, W2, … as
    (inputs, outputs), then b1, b2, …

    Raises:
        FileError: the file can't be read, or holds another network's weights.
        ValueError: the law is `manual_seed`, which only PyTorch can draw.
    """
    if init.file is not None:
        from core.weights import read_weights  # noqa: PLC0415 - only a start from a file needs it

        return read_weights(Path(init.file), layers)
    if init.law == "notebook":
        return _notebook(layers, data.seed)
    if init.law not in _LAWS:
        raise ValueError(f"{init.law} is drawn by the engine itself")
    generator = np.random.default_rng(seed)
    start = Parameters.zeros(layers)
    for k, (fan_in, fan_out) in enumerate(itertools.pairwise(layers), start=1):
        _LAWS[init.law](generator, start.W[k], start.b[k], fan_in, fan_out)
    return start.flat.astype(np.float64)


def start_digest(start: FloatArray) -> str:
    """Return the sha256 of the initial parameters as drawn: float64, little-endian, before any cast."""
    return hashlib.sha256(start.astype("<f8").tobytes()).hexdigest()


def _notebook(layers: tuple[int, ...], seed: int) -> Float64Array:
    generator = np.random.RandomState(seed)
    generator.uniform(size=2)  # the sample comes first
    start = Parameters.zeros(layers)
    for weights in start.W.values():
        weights[...] = generator.rand(*weights.shape[::-1]).T
    for biases in start.b.values():
        biases[...] = generator.rand(*biases.shape)
    return start.flat.astype(np.float64)


Law = Callable[[np.random.Generator, "FloatArray", "FloatArray", int, int], None]
"""Draws a layer's weights and biases, which are given as zeros, from its fan_in and fan_out."""


def _uniform(bound: Callable[[int, int], float], *, biases: bool) -> Law:
    """Weights, and biases if they are drawn, between −bound and bound."""

    def law(generator: np.random.Generator, W: FloatArray, b: FloatArray, fan_in: int, fan_out: int) -> None:
        most = bound(fan_in, fan_out)
        W[...] = generator.uniform(-most, most, W.shape)
        if biases:
            b[...] = generator.uniform(-most, most, b.shape)

    return law


def _normal(deviation: Callable[[int, int], float], *, biases: bool) -> Law:
    """Weights, and biases if they are drawn, around 0 with that standard deviation."""

    def law(generator: np.random.Generator, W: FloatArray, b: FloatArray, fan_in: int, fan_out: int) -> None:
        spread = deviation(fan_in, fan_out)
        W[...] = generator.normal(0, spread, W.shape)
        if biases:
            b[...] = generator.normal(0, spread, b.shape)

    return law


def _unit(generator: np.random.Generator, W: FloatArray, b: FloatArray, fan_in: int, fan_out: int) -> None:
    W[...] = generator.random(W.shape)
    b[...] = generator.random(b.shape)


def _zeros(generator: np.random.Generator, W: FloatArray, b: FloatArray, fan_in: int, fan_out: int) -> None:
    """Leave everything as it is."""


_LAWS: dict[str, Law] = {
    "torch": _uniform(lambda fan_in, fan_out: 1 / math.sqrt(fan_in), biases=True),
    "xavier_uniform": _uniform(lambda fan_in, fan_out: math.sqrt(6 / (fan_in + fan_out)), biases=False),
    "xavier_normal": _normal(lambda fan_in, fan_out: math.sqrt(2 / (fan_in + fan_out)), biases=False),
    "kaiming_uniform": _uniform(lambda fan_in, fan_out: math.sqrt(6 / fan_in), biases=False),
    "kaiming_normal": _normal(lambda fan_in, fan_out: math.sqrt(2 / fan_in), biases=False),
    "unit": _unit,
    "normal": _normal(lambda fan_in, fan_out: 1.0, biases=True),
    "zeros": _zeros,
}
