"""What was returned for one probe, beside what is right and how far rounding may part the two."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from core.judge import shares
from core.reference import reference

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.arrays import FloatArray
    from core.experiment import Precision
    from core.rounding import Bounded
    from core.simulation import Given, Simulation

SLACK = 256
"""Units of rounding, of a tensor's largest element, by which a mistaken pass and its simulation may differ.

The bounds of `core.rounding` are those of the right pass; a mistaken one may cancel where that does not. Two mistakes
are farther apart by many orders of magnitude.
"""


@dataclass(frozen=True)
class Observation:
    """One call: what was given, what came back, what would be right."""

    probe: str
    given: Given
    returned: Mapping[str, FloatArray]
    """`loss`, `dL/dW1`, `dL/db1`, … in the shapes as they came, weights turned to (outputs, inputs)."""
    right: Mapping[str, Bounded]
    epsilon: float
    """The unit of rounding that it is judged by."""
    earlier: Observation | None = None
    """The call before, where the module was not run anew in between."""

    def within(self, name: str) -> bool:
        """Whether a tensor is right: no farther from the true value than rounding may carry it."""
        return self.share(name) <= 1

    @property
    def finite(self) -> bool:
        """Whether all that came back is finite."""
        return all(bool(np.isfinite(value).all()) for value in self.returned.values())

    def fits(self, name: str) -> bool:
        """Whether a tensor has the right shape."""
        return self.returned[name].shape == self.right[name].value.shape

    def share(self, name: str) -> float:
        """Return the largest part of what rounding allows that a tensor differs by; inf where the shapes differ."""
        return self._shares[name]

    @cached_property
    def _shares(self) -> dict[str, float]:
        return {name: _share(self.returned[name], right) for name, right in self.right.items()}

    def explained(self, name: str, by: Simulation) -> bool:
        """Whether a mistaken pass gives the tensor, within rounding."""
        value, predicted = self.returned[name], tensor(by, name)
        if name.startswith("dL/db") and value.shape != predicted.shape:
            value, predicted = value.squeeze(), predicted.squeeze()  # rows and columns that are taken for vectors
            if value.ndim == 0 and predicted.ndim == 1:
                value = np.full_like(predicted, value)  # one number for all units
        if value.shape != predicted.shape:
            return False
        return self._alike(name, value, predicted)

    def differ(self, name: str, one: Simulation, other: Simulation) -> bool:
        """Whether two passes can be told apart by the tensor."""
        a, b = tensor(one, name), tensor(other, name)
        return a.shape != b.shape or not self._alike(name, a, b)

    def _alike(self, name: str, value: FloatArray, predicted: FloatArray) -> bool:
        """Whether they agree within rounding; what is nan or inf in both does too."""
        with np.errstate(all="ignore"):
            near = np.abs(value - predicted) <= self._tolerance(name, predicted)
            same = (value == predicted) | (np.isnan(value) & np.isnan(predicted))
            return bool(np.all(near | same))

    def _tolerance(self, name: str, predicted: FloatArray) -> FloatArray:
        right = self.right[name]
        largest = float(np.max(np.abs(predicted), initial=0, where=np.isfinite(predicted)))
        usual = float(np.max(np.abs(right.value), initial=0))
        grown = max(1.0, largest / usual) if usual else 1.0
        floor = SLACK * self.epsilon * max(largest, 0.0)
        error = right.error if right.error.shape == predicted.shape else np.max(right.error, initial=0)
        return np.asarray(np.maximum(2 * error * grown, floor))  # what was returned is off, and so is the simulation


def _share(value: FloatArray, right: Bounded) -> float:
    if value.shape != right.value.shape:
        return np.inf
    return float(np.max(shares(value, right), initial=0))


def tensor(simulation: Simulation, name: str) -> FloatArray:
    """Return what a pass gave for `loss`, `dL/dW1` or `dL/db1`."""
    if name == "loss":
        return np.array(simulation.loss)
    return simulation.gradients[name[4]][int(name[5:])]


def names_downward(depth: int) -> list[str]:
    """Name the tensors from the loss downward: loss, dL/dW_L, dL/db_L, …, dL/dW1, dL/db1."""
    return ["loss", *(f"dL/d{part}{k}" for k in range(depth, 0, -1) for part in "Wb")]


def layer_of(name: str, depth: int) -> int:
    """Return the layer whose equations give a tensor; those of the loss are the output layer's."""
    return depth if name == "loss" else int(name[5:])


def rights(given: Given, precision: Precision) -> dict[str, Bounded]:
    """Return the right loss and gradients, with the bounds of a computation in that precision."""
    made = reference(given.network, given.parameters, given.x, given.y, precision)
    found = {"loss": made.loss}
    for name in names_downward(len(given.parameters.W))[1:]:
        found[name] = made.gradient(name)
    return found
