"""The check of somebody's own backward pass: asked with probes, judged by rounding, and what is wrong named."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from core.doctor.consult import Call, Consultation, Examiner
from core.doctor.diagnosis import Diagnosis, Doctor
from core.doctor.facts import facts
from core.doctor.observation import Observation, names_downward, rights
from core.doctor.remarks import forward_remarks, kink_remarks, remarks_on
from core.errors import GuestError
from core.guest.described import differentiates_itself, experiment_of, layout_of
from core.guest.process import Guest, Limits
from core.probes import probes
from core.reference import Network

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from core.arrays import FloatArray
    from core.experiment import Precision
    from core.mistakes import Planted
    from core.simulation import Given

Verdict = Literal["right", "wrong", "cannot run", "cannot tell"]
STATUS: dict[Verdict, int] = {"right": 0, "wrong": 1, "cannot run": 2, "cannot tell": 3}
"""The exit status that says it."""
EPSILON = {"float64": 2.0**-52, "float32": 2.0**-23}


@dataclass(frozen=True)
class Row:
    """What is known of one tensor."""

    name: str
    """`loss`, `dL/dW3`, …"""
    wrong_on: tuple[str, ...]
    """The probes that it is wrong on."""
    share: float
    """The largest part of what rounding allows that it differs by; above 1 it is wrong, and inf where shapes differ."""


@dataclass(frozen=True)
class Report:
    """All that the check found."""

    verdict: Verdict
    network: Network | None = None
    rows: tuple[Row, ...] = ()
    """From the loss downward."""
    first_wrong: str | None = None
    """`loss`, or the first quantity downward that is wrong: dL/dz_k where both gradients of layer k are."""
    mistakes: tuple[Planted, ...] = ()
    """Those that were named, from the loss downward."""
    alternatives: tuple[tuple[Planted, ...], ...] = ()
    """Other explanations that the probes can't tell from `mistakes`."""
    explained: bool = False
    """Whether the mistakes explain every number."""
    unexplained: tuple[str, ...] = ()
    """What is known of the first tensor that no mistake explains."""
    probes: tuple[str, ...] = ()
    """The probes that came back."""
    remarks: tuple[str, ...] = ()
    error: GuestError | None = None
    output: str = ""
    """What the file printed."""


@dataclass(frozen=True)
class Second:
    """Another judge, for when the first is doubted."""

    opinion: Callable[[Given], Mapping[str, FloatArray]]
    """Returns the loss and the gradients by name."""
    always: bool = False
    """Whether it is asked even where nothing is doubted."""


def check(path: Path, source: str | None = None, limits: Limits | None = None, second: Second | None = None) -> Report:
    """Check a file; `source` is an experiment's name or file, in the place of what the file names.

    `second` is asked where a gradient that is judged wrong is the derivative of a loss that is judged right.

    Raises:
        MlpError: the experiment can't be read.
    """
    with Guest(path, limits) as guest:
        try:
            report = examine(guest, source, second)
        except GuestError as error:
            report = Report("cannot run", error=error)
        guest.close()  # so that all it printed has been read
        return _with_output(report, guest.output.text())


def _with_output(report: Report, output: str) -> Report:
    return Report(**{**vars(report), "output": output})


def examine(guest: Guest, source: str | None = None, second: Second | None = None) -> Report:
    """Load and ask a file, judge what it returns, and look for the mistakes in it.

    Raises:
        GuestError: it can't be run.
        MlpError: the experiment can't be read.
    """
    guest.load()
    experiment, own_data = experiment_of(guest.constants, guest.path, source)
    network = Network.of(experiment)
    layout = layout_of(guest.constants, guest.path)
    asked = probes(experiment, own_data=own_data)
    if guest.rate is None:
        asked = [each.without_rate() for each in asked]
    examiner = Examiner(guest, layout)
    found = examiner.consult(asked)
    name, (call, *_) = next(iter(found.calls.items()))
    if not examiner.same_again(call.given, call):
        return _cannot_tell(network, f"It returns other numbers when it is called again with the same ones ({name}).")
    findings = _Findings(network, found)
    remarks = [*remarks_on(found, asked, network), *kink_remarks(examiner, network, found)]
    if findings.precision == "float32" and not findings.returns_float32:
        remarks.append("Its numbers are exact to float32 alone, although it returns float64.")
    doubted = (
        bool(findings.wrong) and "loss" not in findings.wrong and bool(examiner.follows_its_loss(findings.worst()))
    )
    if second is not None and (doubted or second.always):
        agrees = findings.agrees_with(second.opinion)
        if not agrees:
            return _cannot_tell(
                network, "PyTorch's autograd disagrees with what it is judged by: a mistake of mlp-tui."
            )
        remarks.append("PyTorch's autograd agrees with what it is judged by.")
    if not findings.wrong:
        return _right(guest, findings, found, remarks)
    diagnosis, precision = findings.diagnosed()
    remarks += forward_remarks(found)
    if "loss" in findings.wrong:
        follows = examiner.follows_its_loss(findings.with_wrong_loss())
        if follows is not None:
            remarks.append(f"Its gradients are {'' if follows else 'not '}the derivative of the loss that it returns.")
    return _wrong(findings, diagnosis, precision, remarks)


def _right(guest: Guest, findings: _Findings, found: Consultation, remarks: list[str]) -> Report:
    verdict: Verdict = "right"
    if found.autograd or differentiates_itself(guest.path.read_text("utf-8", "replace")):
        verdict = "cannot tell"
        remarks.insert(
            0, "It calls automatic differentiation: that its gradients are right says nothing of a backward pass."
        )
    elif findings.says_nothing:
        verdict = "cannot tell"
        remarks.insert(0, "All gradients are so small that rounding alone could make them.")
    return Report(
        verdict, findings.network, findings.rows(), probes=tuple(found.calls), remarks=tuple(remarks), explained=True
    )


def _cannot_tell(network: Network, why: str) -> Report:
    return Report("cannot tell", network, remarks=(why,))


def _wrong(findings: _Findings, diagnosis: Diagnosis, precision: Precision, remarks: list[str]) -> Report:
    best, *others = diagnosis.explanations or (None,)
    mistakes = best.mistakes if best else ()
    open_at = diagnosis.stuck_at or next(iter(best.left_open if best else ()), None)
    return Report(
        "wrong",
        findings.network,
        findings.rows(),
        findings.first_wrong(mistakes),
        mistakes,
        tuple(each.mistakes for each in others[:3] if each),
        explained=open_at is None,
        unexplained=tuple(findings.facts(open_at)) if open_at else (),
        probes=tuple(findings.found.calls),
        remarks=tuple(remarks),
    )


@dataclass
class _Findings:
    """The calls, judged."""

    network: Network
    found: Consultation
    precision: Precision = "float64"
    observations: list[Observation] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Judge in the precision that came back; in float32's where float64 came back with float32's errors alone."""
        self.returns_float32 = any(call.narrow for calls in self.found.calls.values() for call in calls)
        self.names = names_downward(len(self.network.layers) - 1)
        self.precision = "float32" if self.returns_float32 else "float64"
        self.observations = observed(self.found, self.precision)
        if self.precision == "float64" and self.wrong:
            coarser = observed(self.found, "float32")
            if all(each.within(name) for each in coarser for name in self.names):
                self.precision, self.observations = "float32", coarser

    @property
    def wrong(self) -> list[str]:
        """The tensors that are wrong on some probe, from the loss downward."""
        return [name for name in self.names if not all(each.within(name) for each in self.observations)]

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

    def agrees_with(self, opinion: Callable[[Given], Mapping[str, FloatArray]]) -> bool:
        """Whether another judge gives the gradients that these are judged by, where the widths are the file's own."""
        own = [each for each in self.observations if each.given.network == self.network]
        for each in own:
            judged = replace(each, returned=opinion(each.given), right=rights(each.given, "float64"))
            if not all(judged.within(name) for name in self.names):
                return False
        return True

    def diagnosed(self) -> tuple[Diagnosis, Precision]:
        """Diagnose in the precision that came back; in float32's if that explains more."""
        fine = Doctor(self.observations).diagnose()
        if self.precision == "float32" or (fine.stuck_at is None and not fine.explanations[0].left_open):
            return fine, self.precision
        coarse = Doctor(observed(self.found, "float32")).diagnose()
        complete = coarse.stuck_at is None and coarse.explanations and not coarse.explanations[0].left_open
        return (coarse, "float32") if complete else (fine, self.precision)

    def rows(self) -> tuple[Row, ...]:
        """Return a row a tensor."""
        return tuple(
            Row(
                name,
                tuple(each.probe for each in self.observations if not each.within(name)),
                max(each.share(name) for each in self.observations),
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
        """Say what is known of a tensor on the first probe that shows it wrong."""
        for each in self.observations:
            if not each.within(name):
                told = facts(name, each.returned[name], each.right[name].value)
                return [f"On the probe “{each.probe}”:", *told]
        return []


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
