"""`mlp-tui check`, `mlp-tui mistakes` and `mlp-tui new`: somebody's own backward pass, in plain text or as JSON."""

from __future__ import annotations

import json
import re
import textwrap
from typing import TYPE_CHECKING, Any

from core.doctor.check import STATUS, Report, Second, check
from core.doctor.words import diagnosis_lines, share_words, verdict_line
from core.errors import GuestError
from core.guest.printable import printable_lines
from core.guest.process import GIGABYTE, Limits
from core.mistakes import MISTAKES
from core.mistakes.entry import general
from core.second_opinion import by_autograd, by_scratch
from tui.findings import probes_text

if TYPE_CHECKING:
    from pathlib import Path

    from core.doctor.findings import Row
    from core.mistakes import Planted

COLUMNS = 80
MOST_PRINTED = 20
"""Lines of what a file prints that are shown; --json has more."""
UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": GIGABYTE}
SMALLEST_MEMORY = 2**26
"""Below this Python and NumPy don't start."""


def memory_of(text: str) -> int:
    """Read `2G`, `500M`.

    Raises:
        GuestError: it is no amount of memory, or too little.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMG]?)(?:i?B)?", text.strip(), re.IGNORECASE)
    nbytes = float(match[1]) * UNITS[match[2].upper()] if match else 0
    if not SMALLEST_MEMORY <= nbytes < 2**60:
        raise GuestError(f"--memory {text} can't be given", expected="an amount such as 2G or 500M, at least 64M")
    return int(nbytes)


def limits_of(seconds: float, memory: str) -> Limits:
    """Return what the file may use.

    Raises:
        GuestError: the memory can't be read.
    """
    return Limits(seconds, memory_of(memory))


def run(path: Path, experiment: str | None, limits: Limits, *, autograd: bool, as_json: bool) -> int:
    """Check a file and print what was found; return the exit status."""
    report = check(path, experiment, limits, Second(by_autograd, by_scratch, always=autograd))
    if as_json:
        print(json.dumps(_object(report), ensure_ascii=False))
    else:
        print("\n".join(_text(report, path.name)))
    return STATUS[report.verdict]


def _text(report: Report, name: str) -> list[str]:
    lines = [verdict_line(report, name)]
    if report.error is not None:
        lines += [f"  {line}" for line in report.error.lines]
        lines += [f"expected {report.error.expected}"] * bool(report.error.expected)
    lines += [line for text in report.checked_as for line in textwrap.wrap(text, COLUMNS, subsequent_indent=" ")]
    if report.rows:
        lines += ["", *_table(report.rows)]
    if told := diagnosis_lines(report):
        lines += ["", *told]
    remarks = report.remarks[1:] if report.verdict == "cannot tell" else report.remarks
    if remarks:
        lines += ["", *(f"Note: {remark}" for remark in remarks)]
    if report.output.strip():
        lines += ["", f"What {name} printed:", *(f"  {line}" for line in _last(printable_lines(report.output)))]
    return lines


def _last(lines: list[str]) -> list[str]:
    """Return the last lines of what was printed, and how many there were before."""
    before = len(lines) - MOST_PRINTED
    if before < 2:
        return lines
    least = "more than " if any(re.fullmatch(r"… [\d,]+ bytes left out …", line) for line in lines) else ""
    return [f"… {least}{before:,} lines before", *lines[-MOST_PRINTED:]]


def _table(rows: tuple[Row, ...]) -> list[str]:
    """Return a line a tensor, from the loss downward."""
    lines = [f"{'':2}{'quantity':<10} {'of what rounding allows':>24}  wrong on"]
    for row in rows:
        share = share_words(row)
        where = probes_text(row.wrong_on)
        lines.append(f"{'✗' if row.wrong_on else '✓'} {row.name:<10} {share:>24}  {where}".rstrip())
    return lines


def _object(report: Report) -> dict[str, Any]:
    error = report.error
    return {
        "verdict": report.verdict,
        "checked_as": list(report.checked_as),
        "first_wrong": report.first_wrong,
        "mistakes": [_named(each) for each in report.mistakes],
        "alternatives": [[_named(each) for each in other] for other in report.alternatives],
        "remarks": [*report.remarks, *report.unexplained],
        "error": None
        if error is None
        else {"what": error.what, "lines": list(error.lines), "expected": error.expected},
        "output": report.output,
    }


def _named(planted: Planted) -> dict[str, Any]:
    named: dict[str, Any] = {
        "name": planted.mistake.name,
        "layer": planted.layer or None,
        "tensor": planted.tensor,
    }
    if planted.mistake.number and not planted.given:
        named[planted.mistake.number.replace(" ", "_")] = planted.number
    return named


def list_mistakes() -> None:
    """Print the catalogue: names, what was done, and the equations as they should be and as they are."""
    print("Here W and dL/dW have shape (outputs, inputs), as in the model; check tells it as they lie in your file.\n")
    for mistake in MISTAKES.values():
        print(f"{mistake.name}\n  {general(mistake.explanation)}")
        for change in mistake.changes:
            how = f"  (:{change.how})" if change.how else ""
            print(f"    right  {general(change.right)}\n    wrong  {general(change.wrong)}{how}")
        if mistake.seen:
            print(f"    seen   {mistake.seen}")
        print()


def write_new(path: Path, text: str) -> None:
    """Write a file that is not there yet.

    Raises:
        GuestError: it is there, or can't be written.
    """
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise GuestError("is already there", str(path), "the name of a new file") from None
    except OSError as error:
        raise GuestError(f"can't be written ({error.strerror})", str(path)) from None
    print(f"wrote {path}; check it with: mlp-tui check {path}")
