"""The names of all that can be looked at: `dL/dW1`, `W1`, `update W1`, `z1`, `a1`, `dL/dz1`, `x`, `y`.

Layers count from 1, cells from 0. Nothing here imports NumPy: the screen needs the names before it needs the numbers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Literal

Part = Literal["W", "b", ""]


class Quantity(Enum):
    """What is looked at; the value is how it is written on the screen."""

    GRADIENT = "gradient"
    PARAMETER = "parameter"
    UPDATE = "update"
    PRE_ACTIVATION = "z"
    ACTIVATION = "a"
    DELTA = "δ"

    @property
    def of_parameters(self) -> bool:
        """Whether it has a number for each weight and bias, rather than for each unit and sample."""
        return self in (Quantity.GRADIENT, Quantity.PARAMETER, Quantity.UPDATE)


_FORMS = {
    Quantity.GRADIENT: "dL/d{}",
    Quantity.PARAMETER: "{}",
    Quantity.UPDATE: "update {}",
    Quantity.PRE_ACTIVATION: "z{}",
    Quantity.ACTIVATION: "a{}",
    Quantity.DELTA: "dL/dz{}",
}


@dataclass(frozen=True)
class TensorName:
    """One tensor: a quantity of a layer, and for quantities of parameters whether it is the weights' or the biases'.

    The inputs are `ACTIVATION` of layer 0, written `x`; the targets, written `y`, are `TARGET`.
    """

    quantity: Quantity
    layer: int
    part: Part = ""

    def __str__(self) -> str:
        if self == TARGET:
            return "y"
        if self == INPUT:
            return "x"
        return _FORMS[self.quantity].format(f"{self.part}{self.layer}")


INPUT = TensorName(Quantity.ACTIVATION, 0)
TARGET = TensorName(Quantity.ACTIVATION, -1)


def tensor_names(quantity: Quantity, depth: int) -> tuple[TensorName, ...]:
    """List a quantity's tensors in a network of `depth` layers: W1, b1, W2, …; or x, a1, …, y; or z1, z2, …"""
    layers = range(1, depth + 1)
    if quantity.of_parameters:
        return tuple(TensorName(quantity, layer, part) for layer in layers for part in ("W", "b"))
    names = tuple(TensorName(quantity, layer) for layer in layers)
    return (INPUT, *names, TARGET) if quantity is Quantity.ACTIVATION else names


def parse_tensor_name(text: str) -> TensorName:
    """Read a name as `str` writes it.

    Raises:
        ValueError: it names no tensor.
    """
    if text in ("x", "y"):
        return INPUT if text == "x" else TARGET
    found = re.fullmatch(r"(dL/d|update |)(W|b)([1-9]\d{0,5})|(dL/dz|z|a)([1-9]\d{0,5})", text)
    if not found:
        raise ValueError(f"{text!r} names no tensor")
    if found[2]:
        prefixes = {"dL/d": Quantity.GRADIENT, "update ": Quantity.UPDATE, "": Quantity.PARAMETER}
        return TensorName(prefixes[found[1]], int(found[3]), "W" if found[2] == "W" else "b")
    letters = {"dL/dz": Quantity.DELTA, "z": Quantity.PRE_ACTIVATION, "a": Quantity.ACTIVATION}
    return TensorName(letters[found[4]], int(found[5]))
