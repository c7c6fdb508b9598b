"""A report in plain sentences: the verdict in one, the diagnosis with its mathematics."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from core.mistakes.turning import turned
from core.wording import joined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.doctor.check import Report
    from core.doctor.findings import Row
    from core.guest.described import Layout
    from core.mistakes import Planted

LARGEST_SHARE = 1e99
"""A larger one says nothing of the tensor: rounding has next to no part in a right number that is 0."""

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def verdict_line(report: Report, name: str) -> str:
    """Say in a line whether the file is right."""
    if report.verdict == "cannot run":
        return f"{name} can't be checked: it {report.error.what if report.error else 'ended'}"
    if report.verdict == "cannot tell":
        return f"{name}: can't tell. {report.remarks[0] if report.remarks else ''}".rstrip()
    if report.verdict == "right":
        return f"{name} is right: all {counted(len(report.rows))} quantities agree within rounding on every probe."
    if report.right_for and (report.right_for.known or not (report.mistakes and report.explained)):
        return f"{name} is wrong: a right backward pass, but {report.right_for.words}."
    if not report.mistakes:
        return f"{name} is wrong, first in {report.first_wrong}; no mistake of the catalogue explains it."
    named = "; ".join(dict.fromkeys(_places(same) for same in _together(report.mistakes)))
    return f"{name} is wrong: {named}."


def _places(same: list[Planted]) -> str:
    layers = [str(each.layer) for each in same if each.layer]
    where = f" in layer{'s' if len(layers) > 1 else ''} {joined(layers)}" if layers else ""
    return f"{same[0].mistake.name}{where}"


def _place(planted: Planted) -> str:
    where = f" in layer {planted.layer}" if planted.layer else ""
    return f"{planted.mistake.name}{where}"


def is_right_for_what_is_known(report: Report) -> bool:
    """Whether it is a right pass of something that can be named."""
    return report.right_for is not None and report.right_for.known


def diagnosis_lines(report: Report) -> list[str]:
    """Say what the mistakes are, with the line of mathematics as it is and as it should be."""
    lines: list[str] = []
    for _, told in diagnoses(report):
        lines += [*told, ""]
    return [*lines, *closing_lines(report)]


def diagnoses(report: Report) -> list[tuple[Planted, list[str]]]:
    """Return the mistakes that were named, each with what is said of it; one in several layers is said once.

    The mathematics is that of the file's own weights, whichever way they lie. There are none in what is known to be
    right for something else.
    """
    if is_right_for_what_is_known(report):
        return []
    return [(same[0], _mistake_lines(same, report.layout)) for same in _together(report.mistakes)]


def closing_lines(report: Report) -> list[str]:
    """Say what is right, what else gives the same numbers, and what no mistake explains."""
    if is_right_for_what_is_known(report):
        return []
    lines: list[str] = []
    if report.mistakes:
        lines += [_closing(report)]
    if report.alternatives:
        lines.append("On these probes the same numbers come from:")
        lines += [f"  {', '.join(_place(each) for each in other)}" for other in report.alternatives]
    if report.unexplained:
        lines += [*([""] if lines else []), "What no mistake of the catalogue explains:"]
        lines += [f"  {text}" for text in report.unexplained]
    return lines


def _together(mistakes: Sequence[Planted]) -> list[list[Planted]]:
    """Put the same mistake in several layers together, as a loop makes it."""
    groups: dict[tuple[str, str, str], list[Planted]] = {}
    for each in mistakes:
        key = (each.mistake.name, each.change.how, f"{each.number:.6g}" if each.mistake.number else "")
        groups.setdefault(key, []).append(each)
    return list(groups.values())


def _mistake_lines(same: list[Planted], layout: Layout) -> list[str]:
    laid = turned if layout == "inputs, outputs" else str
    first = same[0]
    layers = [str(each.layer) for each in same if each.layer]
    where = f"Layer{'s' if len(layers) > 1 else ''} {joined(layers)}: " if layers else ""
    said = first.said if len(same) == 1 else first.said_of_several
    told = said(laid(first.mistake.explanation))
    if where and told.split()[0].isalpha():
        told = told[0].lower() + told[1:]
    lines = [f"{where}{told}"]
    for each in same:
        lines.append(f"  it is         {each.said(laid(each.change.wrong))}")
        lines.append(f"  it should be  {each.said(laid(each.change.right))}")
    return lines


def _closing(report: Report) -> str:
    right = [row.name for row in report.rows if not row.wrong_on]
    listed = f"{joined(right)} {'are' if len(right) > 1 else 'is'} right. " if right else ""
    count = len(report.mistakes)
    change = f"{'that one change' if count == 1 else f'these {counted(count)} changes'}"
    if report.explained:
        return f"{listed}With {change} all {counted(len(report.rows))} quantities agree within rounding."
    return f"{listed}With {change} the rest is still wrong."


def share_words(row: Row) -> str:
    """Say how far a tensor is off, as a share of what rounding allows; or why that is no number."""
    if not row.shaped:
        return "other shape"
    if not math.isfinite(row.share):
        return "nan or inf"
    return f">{LARGEST_SHARE:.0e}" if row.share > LARGEST_SHARE else f"{row.share:.2g}"


def counted(count: int) -> str:
    """Return a small number as a word."""
    return NUMBERS[count] if count < len(NUMBERS) else str(count)
