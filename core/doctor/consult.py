"""Asking the user's file: every probe, in a module that has just been run anew, and what went wrong in the asking."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from core.arrays import diverging
from core.errors import GuestError
from core.guest.asking import arguments, results
from core.parameters import Parameters

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from core.arrays import FloatArray
    from core.guest.described import Layout
    from core.guest.process import Guest
    from core.probes import Probe
    from core.simulation import Given

STEP = 1e-4
"""Of central differences, along a direction of length 1; its error is about 1e-8, that of rounding 1e-12."""
OF_SHAPES = ("raised ValueError", "raised RuntimeError", "raised IndexError")
"""How failures begin that may come from shapes that don't fit: NumPy's, PyTorch's, and those of lists."""
DIFFERENCES_AGREE = 1e-5
"""How near a directional derivative has to come to a central difference, relatively."""


@dataclass(frozen=True)
class Call:
    """One call that came back."""

    given: Given
    returned: Mapping[str, FloatArray]
    """`loss`, `dL/dW1`, …; weights as (outputs, inputs), whatever the file's layout."""
    forward: Mapping[str, FloatArray]
    """`z1`, `a1`, … where the file returns them too; rows are samples, or columns."""
    narrow: bool
    """Whether float32 came back."""


@dataclass
class Consultation:
    """What was asked and what came of it."""

    layout: Layout = "inputs, outputs"
    """How the file's own weights lie."""
    calls: dict[str, tuple[Call, ...]] = field(default_factory=dict)
    """By probe; two calls where it is called twice."""
    failures: dict[str, GuestError] = field(default_factory=dict)
    """Probes that the file could not do."""
    changed: set[str] = field(default_factory=set)
    """Arguments that it changed."""
    autograd: bool = False
    """Whether PyTorch's autograd was called."""
    torch: bool = False
    """Whether PyTorch was imported."""
    drew: bool = False
    """Whether random numbers were drawn while it computed."""
    engines: set[str] = field(default_factory=set)
    """Modules of this program that make backward passes, if the file imported them."""


class Examiner:
    """Calls the user's function with probes, in the layout that it wants."""

    def __init__(self, guest: Guest, layout: Layout) -> None:
        self._guest = guest
        self._layout = layout
        self._writable = False
        self._begun = False

    def consult(self, probes: Sequence[Probe]) -> Consultation:
        """Ask every probe; a file that can do none of them can't be run.

        The first time, weights are turned the other way where the file does not say how they lie and only that works.

        Raises:
            GuestError: no probe came back, or the process ended.
        """
        found = self._consulted(probes)
        if not self._begun and self._turned_for(probes, found):
            found = self._consulted(probes)
        self._begun = True
        if not found.calls:
            raise next(iter(found.failures.values()))
        return found

    def _turned_for(self, probes: Sequence[Probe], found: Consultation) -> bool:
        """Turn to the other layout where the probes with widths that all differ can be done with that alone."""
        telling = [probe for probe in probes if not probe.own]
        if "layout" in self._guest.constants or not telling or not all(p.name in found.failures for p in telling):
            return False
        if not found.failures[telling[0].name].what.startswith(OF_SHAPES):
            return False
        return self._turned(telling[0])

    def _turned(self, probe: Probe) -> bool:
        before = self._layout
        self._layout = "outputs, inputs" if before == "inputs, outputs" else "inputs, outputs"
        try:
            self._calls(probe, Consultation())
        except GuestError:
            self._layout = before
            return False
        self._guest.only_layout = self._layout
        return True

    def _consulted(self, probes: Sequence[Probe]) -> Consultation:
        found = Consultation(self._layout)
        for probe in probes:
            try:
                found.calls[probe.name] = self._calls(probe, found)
            except GuestError as error:
                if not self._guest.alive:
                    raise error if found.calls else next(iter(found.failures.values()), error) from None
                found.failures[probe.name] = error
        return found

    def same_again(self, given: Given, call: Call) -> bool:
        """Whether a second fresh call returns the same numbers."""
        again = self._call(given, Consultation(), fresh=True)
        return again.returned.keys() == call.returned.keys() and all(
            np.array_equal(value, again.returned[name], equal_nan=True) for name, value in call.returned.items()
        )

    def ignored_by(self, call: Call) -> list[str]:
        """Name the arguments that make no difference: with others, the same numbers come back to the last bit."""
        given = call.given
        scaled = Parameters(given.network.layers, given.parameters.flat.copy())
        moved = Parameters(given.network.layers, given.parameters.flat.copy())
        for k, b in moved.b.items():
            scaled.W[k][...] *= 1.25
            b[...] += 0.1 * np.arange(1, len(b) + 1)
        others = {
            "weights": replace(given, parameters=scaled),
            "biases": replace(given, parameters=moved),
            "x": replace(given, x=given.x * 1.25),
            "y": replace(given, y=np.roll(given.y, 1, axis=0)),
        }
        if np.array_equal(others["y"].y, given.y):
            del others["y"]
        return [name for name, other in others.items() if self.same_again(other, call)]

    def follows_its_loss(self, call: Call) -> bool | None:
        """Whether the returned gradients are the derivative of the returned loss, by central differences.

        None where the shapes or numbers don't allow it.
        """
        numbers = np.random.default_rng(1)
        flat = call.given.parameters.flat
        for _ in range(2):
            direction = numbers.normal(size=flat.shape)
            direction /= np.linalg.norm(direction)
            losses = [self._loss_at(call.given, flat + sign * STEP * direction) for sign in (1, -1)]
            slope = _along(call, direction)
            if slope is None:
                return None
            difference = (losses[0] - losses[1]) / (2 * STEP)
            allowed = DIFFERENCES_AGREE * max(abs(difference), abs(slope), 1e-3 * abs(losses[0]))
            if not abs(difference - slope) <= allowed:
                return False
        return True

    def _loss_at(self, given: Given, flat: FloatArray) -> float:
        moved = replace(given, parameters=Parameters(given.network.layers, flat))
        return float(self._call(moved, Consultation(), fresh=True).returned["loss"])

    def _calls(self, probe: Probe, found: Consultation) -> tuple[Call, ...]:
        first = self._call(probe.given, found, fresh=True)
        if probe.then is None:
            return (first,)
        return first, self._call(probe.then, found, fresh=False)

    def _call(self, given: Given, found: Consultation, *, fresh: bool) -> Call:
        try:
            return self._asked(given, found, fresh=fresh)
        except GuestError as error:
            if not error.read_only or self._writable or not self._guest.alive:
                raise
        self._writable = True  # it changes its arguments: let it, and see which
        return self._asked(given, found, fresh=True)

    def _asked(self, given: Given, found: Consultation, *, fresh: bool) -> Call:
        arrays = arguments(given.parameters, given.x, given.y, self._layout)
        answer = self._guest.call(
            arrays,
            len(given.parameters.W),
            fresh=fresh,
            writable=self._writable,
            lr=0.0 if given.learning_rate is None else given.learning_rate,
        )
        found.changed.update(answer.words["changed"])
        found.autograd |= bool(answer.words["autograd"])
        found.torch |= bool(answer.words["torch"])
        found.drew |= bool(answer.words["drew"])
        found.engines.update(map(str, answer.words["engines"]))
        narrow = any(array.dtype == np.float32 for array in answer.arrays.values())
        wide = {name: np.asarray(array, np.float64) for name, array in answer.arrays.items()}
        returned = results(wide, given.parameters, self._layout)
        forward = {name: each for name, each in wide.items() if name[0] in "za"}
        return Call(given, returned, forward, narrow)


def _along(call: Call, direction: FloatArray) -> float | None:
    """Multiply the returned gradient by a direction; None where it has other shapes."""
    along, slope = Parameters(call.given.network.layers, direction), 0.0
    for name, value in call.returned.items():
        if name == "loss":
            continue
        part = (along.W if name[4] == "W" else along.b)[int(name[5:])]
        if part.shape != value.shape:
            return None
        with diverging():
            slope += float(np.sum(part * value))
    return slope
