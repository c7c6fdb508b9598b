"""Parameters: one flat vector, with W[k] and b[k] as views of it; the laws that they start from."""

from __future__ import annotations

import hashlib
import itertools
import math
from typing import TYPE_CHECKING

import numpy as np

from core.experiment import parameter_count

if TYPE_CHECKING:
    from core.arrays import Float64Array, FloatArray
    from core.experiment import Data, Init


class Parameters:
    """The weights and biases of a network (or one number for each of them, such as a gradient).

    `flat` holds W1, b1, W2, b2, … each row by row, shape (P,). `W[k]`, shape (outputs, inputs) as in PyTorch, and
    `b[k]`, shape (outputs,), are views of it for layer k = 1 … L: writing to one writes to the other.
    """

    __slots__ = ("W", "b", "flat", "layers")

    def __init__(self, layers: tuple[int, ...], flat: FloatArray) -> None:
        if flat.shape != (parameter_count(layers),):
            raise ValueError(f"{layers} has {parameter_count(layers)} parameters, got an array of shape {flat.shape}")
        self.layers = layers
        self.flat = flat
        self.W: dict[int, FloatArray] = {}
        self.b: dict[int, FloatArray] = {}
        at = 0
        for k, (inputs, outputs) in enumerate(itertools.pairwise(layers), start=1):
            self.W[k] = flat[at : at + outputs * inputs].reshape(outputs, inputs)
            at += outputs * inputs
            self.b[k] = flat[at : at + outputs]
            at += outputs

    @classmethod
    def zeros(cls, layers: tuple[int, ...], dtype: np.typing.DTypeLike = np.float64) -> Parameters:
        """Return parameters that are all zero."""
        return cls(layers, np.zeros(parameter_count(layers), dtype))

    @property
    def depth(self) -> int:
        """The number of layers with parameters, L."""
        return len(self.layers) - 1


def draw(init: Init, layers: tuple[int, ...], seed: int, data: Data) -> Float64Array:
    """Draw the flat initial parameters, shape (P,), in float64.

    `torch`: PyTorch's default law for `nn.Linear`, weights and biases both U(−1/√fan_in, 1/√fan_in), drawn by
    `np.random.default_rng(seed)` in the order W1, b1, W2, b2, …, each row by row.

    `notebook`: the notebook's own weights, U[0, 1), drawn by the legacy generator that drew its sample: W1, W2, … as
    (inputs, outputs), then b1, b2, …

    Raises:
        ValueError: the law is `manual_seed`, which only PyTorch can draw.
    """
    if init.law == "torch":
        return _torch_default(layers, seed)
    if init.law == "notebook":
        return _notebook(layers, data.seed)
    raise ValueError(f"{init.law} is drawn by the engine itself")


def start_digest(start: FloatArray) -> str:
    """Return the sha256 of the initial parameters as drawn: float64, little-endian, before any cast."""
    return hashlib.sha256(start.astype("<f8").tobytes()).hexdigest()


def _torch_default(layers: tuple[int, ...], seed: int) -> Float64Array:
    generator = np.random.default_rng(seed)
    start = Parameters.zeros(layers)
    for k, fan_in in enumerate(layers[:-1], start=1):
        bound = 1 / math.sqrt(fan_in)
        start.W[k][...] = generator.uniform(-bound, bound, start.W[k].shape)
        start.b[k][...] = generator.uniform(-bound, bound, start.b[k].shape)
    return start.flat.astype(np.float64)


def _notebook(layers: tuple[int, ...], seed: int) -> Float64Array:
    generator = np.random.RandomState(seed)
    generator.uniform(size=2)  # the sample comes first
    start = Parameters.zeros(layers)
    for weights in start.W.values():
        weights[...] = generator.rand(*weights.shape[::-1]).T
    for biases in start.b.values():
        biases[...] = generator.rand(*biases.shape)
    return start.flat.astype(np.float64)
