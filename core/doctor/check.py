"""The check of somebody's own backward pass: asked with probes, judged by rounding, and what is wrong named."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from core.doctor.assumed import checked_as
from core.doctor.consult import Examiner
from core.doctor.elsewhere import Other, right_for
from core.doctor.findings import Findings
from core.doctor.provenance import SAME_OPERATIONS, are_stored, nothing_said
from core.doctor.remarks import follows_its_loss, forward_remarks, ignored_remarks, kink_remarks, remarks_on
from core.doctor.sentences import (
    COARSE,
    COARSE_LOSS,
    CONTRADICTED,
    CUT_OFF,
    DRAWS,
    FOLLOWS,
    KEEPS,
    LOSS_ALONE,
    NO_COPY,
    NOT_OF_ITS_LOSS,
    OVERFLOWS,
    SAY_SO,
)
from core.errors import GuestError
from core.guest.described import experiment_of, layout_of
from core.guest.process import Guest, Limits
from core.probes import LARGE_WEIGHTS, large_errors, probes
from core.reference import Network

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from core.doctor.consult import Consultation
    from core.doctor.findings import Judge, Row
    from core.guest.described import Layout
    from core.mistakes import Planted
    from core.probes import Probe

Verdict = Literal["right", "wrong", "cannot run", "cannot tell"]
STATUS: dict[Verdict, int] = {"right": 0, "wrong": 1, "cannot run": 2, "cannot tell": 3}
"""The exit status that says it."""


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
    right_for: Other | None = None
    """What it is right for, where its gradients are the derivative of its own, wrong loss."""
    probes: tuple[str, ...] = ()
    """The probes that came back."""
    remarks: tuple[str, ...] = ()
    error: GuestError | None = None
    output: str = ""
    """What the file printed."""
    checked_as: tuple[str, ...] = ()
    """The network that it was taken for, in a sentence, and what of that it did not say."""
    layout: Layout = "inputs, outputs"
    """How its weights lie; what is wrong is told for weights that lie so."""


@dataclass(frozen=True)
class Second:
    """Another judge, for when the first is doubted."""

    opinion: Judge
    by_hand: Judge | None = None
    """A judge of the same kind as the user's file, which may agree with that to the last bit."""
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
        return completed(report, guest, source)


def completed(report: Report, guest: Guest, source: str | None) -> Report:
    """Add what the file printed, and what it was checked as."""
    return replace(report, output=guest.output.text(), checked_as=checked_as(guest, source))


def examine(guest: Guest, source: str | None = None, second: Second | None = None) -> Report:
    """Load and ask a file, judge what it returns, and look for the mistakes in it.

    Raises:
        GuestError: it can't be run.
        MlpError: the experiment can't be read.
    """
    guest.load()
    experiment, own_data = experiment_of(guest.constants, guest.path, source)
    network = Network.of(experiment)
    asked = probes(experiment, own_data=own_data)
    if guest.rate is None:
        asked = [each.without_rate() for each in asked]
    examiner = Examiner(guest, layout_of(guest.constants, guest.path))
    found = examiner.consult(asked)
    if nothing := _why_untold(examiner, found, asked):
        return _cannot_tell(network, nothing)
    findings, allowed = _judged(network, found)
    remarks = [*remarks_on(found, asked, network), *allowed]
    copied = False
    if second is not None and (second.always or _doubted(findings, examiner)):
        opinions = findings.opinions(second.opinion)
        if not findings.agree(opinions):
            return _cannot_tell(network, CONTRADICTED)
        remarks.append("PyTorch's autograd agrees with what it is judged by.")
        copied = findings.have_the_bits_of(opinions) and not _has_the_bits_of_scratch(findings, second)
    if findings.wrong:
        return _wrong(findings, examiner, remarks)
    strained = _strained(network, examiner)
    if strained is not None and strained.wrong:
        return _wrong(strained, examiner, remarks)
    remarks += kink_remarks(examiner, network, found)
    return _right(findings, remarks, nothing_said(guest.path, findings, copied=copied), copied=copied)


def _why_untold(examiner: Examiner, found: Consultation, asked: Sequence[Probe]) -> str | None:
    """Say why what came back shows nothing; None where it does."""
    name, (call, *_) = next(iter(found.calls.items()))
    if not examiner.same_again(call.given, call):
        return f"It returns other numbers when it is called again with the same ones ({name})."
    if are_stored(found, asked):
        return "It returns the same gradients whatever it is given: stored ones, or constants."
    return None


def _judged(network: Network, found: Consultation) -> tuple[Findings, list[str]]:
    """Judge what came back; with what is allowed for: overflows where units saturate, and float32's digits."""
    findings, remarks = Findings(network, found), []
    steadier = findings.without_saturation() if findings.wrong else None
    if steadier is not None:
        remarks.append((OVERFLOWS if findings.overflows else CUT_OFF).format(probe=LARGE_WEIGHTS))
        findings = steadier
    if findings.coarse:
        remarks.append(COARSE_LOSS if findings.coarse == ("loss",) else COARSE)
    return findings, remarks


def _strained(network: Network, examiner: Examiner) -> Findings | None:
    """Judge what comes back where the gradients are large; None where that can't be asked."""
    probe = large_errors(network)
    if probe is None:
        return None
    try:
        found = examiner.consult([probe])
    except GuestError:
        return None
    strained = Findings(network, found)
    return None if strained.overflows else strained


def _doubted(findings: Findings, examiner: Examiner) -> bool:
    """Whether a gradient that is judged wrong is the derivative of a loss that is judged right."""
    wrong = findings.wrong
    return bool(wrong) and "loss" not in wrong and bool(examiner.follows_its_loss(findings.worst()))


def _has_the_bits_of_scratch(findings: Findings, second: Second) -> bool:
    return second.by_hand is not None and findings.have_the_bits_of(findings.opinions(second.by_hand))


def _right(findings: Findings, remarks: list[str], nothing: str | None, *, copied: bool) -> Report:
    if nothing:
        remarks.insert(0, nothing)
    elif copied:
        remarks.append(SAME_OPERATIONS)
    report = _reported("cannot tell" if nothing else "right", findings)
    return replace(report, remarks=tuple(remarks), explained=True)


def _cannot_tell(network: Network, why: str) -> Report:
    return Report("cannot tell", network, remarks=(why,))


def _reported(verdict: Verdict, findings: Findings) -> Report:
    """Return what a report says of every file that was judged."""
    calls = findings.found
    return Report(verdict, findings.network, findings.rows(), probes=tuple(calls.calls), layout=calls.layout)


def _wrong(findings: Findings, examiner: Examiner, remarks: list[str]) -> Report:
    if findings.all_zero and any(name.startswith("W") for name in findings.found.changed):
        return replace(_reported("wrong", findings), first_wrong=findings.first_wrong(()), unexplained=(NO_COPY,))
    diagnosis = findings.diagnosed()
    best, *others = diagnosis.explanations or (None,)
    mistakes = best.mistakes if best else ()
    open_at = diagnosis.stuck_at or next(iter(best.left_open if best else ()), None)
    remarks += forward_remarks(findings.found)
    if findings.wrong_in_second_calls_alone and not any(each.mistake.needs_earlier for each in mistakes):
        remarks.append(KEEPS)
    if open_at:
        remarks += ignored_remarks(examiner, findings.worst())
        remarks += [DRAWS] if findings.found.drew else []
    other = None
    if findings.wrong == ["loss"]:
        remarks.append(LOSS_ALONE)
    elif "loss" in findings.wrong:
        follows = follows_its_loss(examiner, findings.with_wrong_loss())
        other = right_for(findings.own, findings.precision) if follows else None
        remarks += _on_its_loss(follows, other)
    return replace(
        _reported("wrong", findings),
        first_wrong=findings.first_wrong(mistakes),
        mistakes=mistakes,
        alternatives=tuple(each.mistakes for each in others[:3] if each),
        explained=open_at is None,
        unexplained=tuple(findings.facts(open_at)) if open_at else (),
        right_for=other,
        remarks=tuple(remarks),
    )


def _on_its_loss(follows: bool | None, other: Other | None) -> list[str]:
    """Say whether the gradients follow the loss that is returned, and what to do where they are right for a setting."""
    if follows is None:
        return []
    return [FOLLOWS + (SAY_SO if other and other.kind == "settings" else "")] if follows else [NOT_OF_ITS_LOSS]
