"""Figure: one number with its target; interleaved timing; the table of all."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


@dataclass(frozen=True)
class Effort:
    """How much is measured. The short one shows that a benchmark still works; its figures mean nothing."""

    rounds: int
    """Interleaved runs, of which the median counts."""
    warming: int
    """Starts of a program before those, which read the disk and do not count."""
    seconds: float
    """How long one run lasts, where it is timed by how far it gets."""
    updates: int
    """Of the notebook's network, in one run of a loop."""
    epochs: int
    """Trained before going back in time."""
    jumps: int
    presses: int
    rows: int
    """Of the long loss table."""
    size: int
    """Rows and columns of the large matrix."""


FULL = Effort(
    rounds=15, warming=1, seconds=2.0, updates=1000, epochs=1_000_000, jumps=200, presses=300, rows=1_000_000, size=4096
)
SHORT = Effort(rounds=1, warming=0, seconds=0.2, updates=20, epochs=300, jumps=5, presses=6, rows=3000, size=300)


@dataclass(frozen=True)
class Figure:
    """What was measured, and what it should be."""

    name: str
    value: float
    target: float
    unit: str = "×"
    """× is the ratio to something measured in the same run."""
    measured: str = ""
    """The times that it comes from, in words."""
    at_least: bool = False
    """Whether the target is the least rather than the most that it may be."""

    @property
    def met(self) -> bool:
        """Whether it is on the right side of its target."""
        return self.value >= self.target if self.at_least else self.value <= self.target

    def cells(self) -> tuple[str, str, str, str]:
        """Return its row of the table."""
        target = f"{'≥' if self.at_least else '≤'} {_text(self.target, self.unit)}"
        return self.name, _text(self.value, self.unit), target, self.measured


def _text(value: float, unit: str) -> str:
    if unit == "×":
        return f"{value:.3f} ×" if value < 1 else f"{value:.2f} ×"
    return f"{value:.0f} {unit}".rstrip() if value >= 100 or value == int(value) else f"{value:.1f} {unit}"


def interleaved(
    runs: Mapping[str, Callable[[], object]], rounds: int, clock: Callable[[], float] = time.perf_counter
) -> dict[str, list[float]]:
    """Time each of `runs` once a round, in seconds; the first round, which warms up, is not counted.

    Whatever slows the machine down for a while slows all of them. Where all compute in one thread, `time.process_time`
    is the clock that leaves out what other programs do meanwhile.
    """
    times: dict[str, list[float]] = {name: [] for name in runs}
    for counted in range(-1, rounds):
        for name, run in runs.items():
            took = seconds_of(run, clock)
            if counted >= 0:
                times[name].append(took)
    return times


def seconds_of(run: Callable[[], object], clock: Callable[[], float]) -> float:
    """Time one call."""
    begun = clock()
    run()
    return clock() - begun


def ratio(above: Sequence[float], below: Sequence[float]) -> float:
    """Return the median of the rounds' ratios: the two times of a round were taken one right after the other."""
    return statistics.median(a / b for a, b in zip(above, below, strict=True))


def compared(name: str, target: float, above: Sequence[float], below: Sequence[float], of: tuple[str, str]) -> Figure:
    """Make the figure of one thing's times beside another's; `of` names the two, with how many times each ran."""
    measured = f"{of[0]} {duration(statistics.median(above))}, {of[1]} {duration(statistics.median(below))}"
    return Figure(name, ratio(above, below), target, measured=measured)


def duration(seconds: float) -> str:
    """Write a time in the unit that suits it."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} µs"


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest value that at least so many percent of all don't exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-int(percent * len(ordered)) // 100) - 1))]


def table(figures: Sequence[Figure]) -> str:
    """Write all figures as a Markdown table whose columns line up."""
    rows = [("figure", "measured", "target", "from"), *(figure.cells() for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = [f"| {' | '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))} |" for row in rows]
    return "\n".join([lines[0], f"| {' | '.join('-' * width for width in widths)} |", *lines[1:]])
