"""Parameters: one flat vector, with W[k] and b[k] as views of it."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from core.experiment import parameter_count

if TYPE_CHECKING:
    from core.arrays import FloatArray


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
