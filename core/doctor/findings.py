"""What came back, judged: tensor by tensor, in the precision that it deserves."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from core.doctor.diagnosis import Diagnosis, Doctor
from core.doctor.facts import facts
from core.doctor.observation import Observation, names_downward, rights
from core.doctor.provenance import same_bits
from core.doctor.reversal import diagnosed_in_the_other_order
from core.probes import LARGE_WEIGHTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from core.arrays import FloatArray
    from core.doctor.consult import Call, Consultation
    from core.experiment import Precision
    from core.mistakes import Planted
    from core.reference import Network
    from core.simulation import Given

EPSILON = {"float64": 2.0**-52, "float32": 2.0**-23}
Judge: TypeAlias = "Callable[[Given], Mapping[str, FloatArray]]"
"""Returns the loss and the gradients by name."""


@dataclass(frozen=True)
class Row:
    """What is known of one tensor."""

    name: str
    """`loss`, `dL/dW3`, …"""
    wrong_on: tuple[str, ...]
    """The probes that it is wrong on."""
    share: float
    """The largest part of what rounding allows that it differs by; above 1 it is wrong, and inf where shapes differ."""
    shaped: bool = True
    """Whether it has the right shape on every probe."""


@dataclass
class Findings:
    """The calls, judged."""

    network: Network
    found: Consultation
    precision: Precision = "float64"
    coarse: tuple[str, ...] = ()
    """The tensors that came back as float64 and are right to float32 alone."""
    observations: list[Observation] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Judge in the precision that came back; in float32's where float64 came back with float32's errors alone."""
        self.returns_float32 = any(call.narrow for calls in self.found.calls.values() for call in calls)
        self.names = names_downward(len(self.network.layers) - 1)
        self.precision = "float32" if self.returns_float32 else "float64"
        self.observations = observed(self.found, self.precision)
        wrong = self.wrong
        if self.precision == "float64" and wrong:
            coarser = observed(self.found, "float32")
            if self._may_be_coarse(wrong, coarser):
                self.precision, self.observations, self.coarse = "float32", coarser, tuple(wrong)

    def _may_be_coarse(self, wrong: list[str], coarser: list[Observation]) -> bool:
        """Whether all gradients are right to float32; where only the loss is in question, whether that is too."""
        asked = self.names if wrong == ["loss"] else self.names[1:]
        return all(each.within(name) for each in coarser for name in asked)

    @property
    def wrong(self) -> list[str]:
        """The tensors that are wrong on some probe, from the loss downward."""
        return [name for name in self.names if not all(each.within(name) for each in self.observations)]

    @property
    def all_zero(self) -> bool:
        """Whether every gradient that came back is zero."""
        return not any(bool(each.returned[name].any()) for each in self.observations for name in self.names[1:])

    @property
    def wrong_in_second_calls_alone(self) -> bool:
        """Whether every call that came first in its module is right."""
        return all(each.within(name) for each in self.observations if each.earlier is None for name in self.names)

    @property
    def overflows(self) -> bool:
        """Whether something came back that is nan or inf."""
        return not all(each.finite for each in self.observations)

    def without_saturation(self) -> Findings | None:
        """Leave out the probe of large weights, if all else is right; None otherwise.

        None too if something else is wrong there than numbers that overflow, or the loss alone.
        """
        there: dict[str, tuple[Call, ...]] = {}
        elsewhere: dict[str, tuple[Call, ...]] = {}
        for probe, calls in self.found.calls.items():
            (there if probe == LARGE_WEIGHTS else elsewhere)[probe] = calls
        if not (there and elsewhere):
            return None
        saturated, rest = (Findings(self.network, replace(self.found, calls=each)) for each in (there, elsewhere))
        harmless = saturated.overflows or saturated.wrong == ["loss"]
        return rest if harmless and not rest.wrong else None

    @property
    def says_nothing(self) -> bool:
        """Whether every gradient is within rounding of zero."""
        return all(
            bool(np.all(each.right[name].error >= np.abs(each.right[name].value)))
            for each in self.observations
            for name in self.names[1:]
        )

    def with_wrong_loss(self) -> Call:
        """Return a call of several samples that gave a wrong loss, if there is one; else any that did."""
        calls = [
            call
            for probe, calls in self.found.calls.items()
            for call in calls[:1]
            if any(each.probe == probe and not each.within("loss") for each in self.observations)
        ]
        return max(calls, key=lambda call: len(call.given.y))

    def worst(self) -> Call:
        """Return the call with the most samples that has something wrong."""
        calls = {id(call): call for calls in self.found.calls.values() for call in calls}
        wrong = [each for each in self.observations if not all(each.within(name) for name in self.names)]
        chosen = max(wrong, key=lambda each: len(each.given.y))
        return next(call for call in calls.values() if call.given is chosen.given)

    def opinions(self, of: Judge) -> list[Mapping[str, FloatArray]]:
        """Return what another judge gives where the widths are the file's own."""
        return [of(each.given) for each in self.own]

    def agree(self, opinions: list[Mapping[str, FloatArray]]) -> bool:
        """Whether another judge gives the gradients that these are judged by."""
        return all(
            replace(each, returned=opinion, right=rights(each.given, "float64")).within(name)
            for each, opinion in zip(self.own, opinions, strict=True)
            for name in self.names
        )

    def have_the_bits_of(self, opinions: list[Mapping[str, FloatArray]]) -> bool:
        """Whether what was returned is another judge's to the last bit."""
        return same_bits([each.returned for each in self.own], opinions)

    @property
    def own(self) -> list[Observation]:
        """Those with the widths that the file is for."""
        return [each for each in self.observations if each.given.network == self.network]

    def diagnosed(self) -> Diagnosis:
        """Diagnose, in the order in which the gradients came; in the other order if that explains everything."""
        found = self._diagnosed_as_it_came()
        return found if found.complete else diagnosed_in_the_other_order(self.observations) or found

    def _diagnosed_as_it_came(self) -> Diagnosis:
        """Diagnose in the precision that came back; in float32's if that explains more."""
        fine = Doctor(self.observations).diagnose()
        if self.precision == "float32" or fine.complete or self.overflows:
            return fine
        coarse = Doctor(observed(self.found, "float32")).diagnose()
        return coarse if coarse.complete else fine

    def rows(self) -> tuple[Row, ...]:
        """Return a row a tensor."""
        return tuple(
            Row(
                name,
                tuple(each.probe for each in self.observations if not each.within(name)),
                max(each.share(name) for each in self.observations),
                all(each.fits(name) for each in self.observations),
            )
            for name in self.names
        )

    def first_wrong(self, mistakes: tuple[Planted, ...]) -> str | None:
        """Name the first wrong quantity: that of the mistake, or what the wrong gradients have in common."""
        wrong = self.wrong
        if not wrong or wrong[0] == "loss":
            return wrong[0] if wrong else None
        if mistakes and mistakes[0].tensor and mistakes[0].tensor != "loss":
            return mistakes[0].tensor
        k = int(wrong[0][5:])
        return f"dL/dz{k}" if {f"dL/dW{k}", f"dL/db{k}"} <= set(wrong) else wrong[0]

    def facts(self, name: str) -> list[str]:
        """Say what is known of a wrong tensor, on the probe that shows most; weights as they lie in the file."""
        wrong = [each for each in self.observations if not each.within(name)]
        if not wrong:
            return []
        chosen = max(wrong, key=lambda each: self._informative(each, name))
        told = facts(name, chosen.returned[name], chosen.right[name].value, self.found.layout)
        return [f"On the probe “{chosen.probe}”:", *told]

    def _informative(self, each: Observation, name: str) -> tuple[bool, bool, float, float, int]:
        """How much there is to see of a tensor: anything at all, in the file's own widths, in most elements, samples.

        Of several that are as good the first is taken, which `max` does.
        """
        own = each.given.network == self.network
        returned, right = _share_not_zero(each.returned[name]), _share_not_zero(each.right[name].value)
        return returned > 0, own, returned, right, len(each.given.y)


def _share_not_zero(values: FloatArray) -> float:
    return float(np.count_nonzero(values)) / max(values.size, 1)


def observed(found: Consultation, precision: Precision) -> list[Observation]:
    """Put what came back beside what is right, in the precision to judge by; a second call knows the first."""
    observations = []
    for probe, calls in found.calls.items():
        earlier: Observation | None = None
        for call in calls:
            earlier = _observation(probe if earlier is None else f"{probe}, second", call, precision, earlier)
            observations.append(earlier)
    return observations


def _observation(probe: str, call: Call, precision: Precision, earlier: Observation | None) -> Observation:
    return Observation(probe, call.given, call.returned, rights(call.given, precision), EPSILON[precision], earlier)
