"""Reading: what was found in a file of gradients, whoever wrote it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from core.tensors import Quantity, parse_tensor_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.arrays import Float64Array, FloatArray
    from core.dat.format import Dump


@dataclass(frozen=True)
class Tensor:
    """One tensor as a file gives it."""

    values: FloatArray
    """W (outputs, inputs), b (outputs,); float64 where it was printed, else the file's own type."""
    unit: Float64Array
    """What the last place that was printed of each element is worth, of the same shape; 0 where all bits are there."""

    @property
    def exact(self) -> bool:
        """Whether all bits are there."""
        return not self.unit.any()

    @cached_property
    def significant(self) -> Float64Array:
        """How many significant digits are shown of each element: 0 of a zero that was rounded, inf of an exact one."""
        with np.errstate(all="ignore"):
            shown = np.floor(np.log10(np.abs(self.values) * (1 + 1e-12))) - np.round(np.log10(self.unit)) + 1
            known: Float64Array = np.where(self.unit == 0, np.inf, np.maximum(np.nan_to_num(shown, nan=0.0), 0))
        return np.where(np.isfinite(self.values), known, np.inf)

    def turned(self) -> Tensor:
        """Return its transpose."""
        return Tensor(self.values.T, self.unit.T)


@dataclass(frozen=True)
class Found:
    """The tensors of one pass: a file has one of them, or several epochs' or runs'."""

    tensors: Mapping[str, Tensor]
    """By name, such as `dL/dW1` and `W1`: the gradients first, from layer 1 up."""
    label: str = ""
    """What the file calls it, such as `epoch 3`; empty where it is the only one."""
    epoch: int | None = None
    dump: Dump | None = None
    """What the project's own format says beside the numbers."""
    either_way: Mapping[str, str] = field(default_factory=dict)
    """Square weights by name, which could be read either way: how they are read, and why."""

    def of(self, quantity: Quantity) -> dict[str, Tensor]:
        """Return the tensors of one quantity."""
        return {name: each for name, each in self.tensors.items() if parse_tensor_name(name).quantity is quantity}

    @property
    def gradients(self) -> dict[str, Tensor]:
        """The gradients alone."""
        return self.of(Quantity.GRADIENT)


@dataclass(frozen=True)
class Reading:
    """All that a file holds."""

    path: str
    epochs: tuple[Found, ...]
    """In the order of the file; at least one, each with gradients."""
    remarks: tuple[str, ...] = ()
    """What was left out, and what could have been read otherwise; each a sentence without its full stop."""
