"""What a comparison comes to: a verdict of a closed set, and the figures that it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Verdict(Enum):
    """What two files show of one another; the value is how it is called."""

    IDENTICAL = "identical bits"
    ROUNDING = "equal within rounding"
    DIGITS = "equal as far as the digits go"
    DIFFER = "differ"
    EXPERIMENTS = "different experiments"
    RUNS = "different runs"
    EPOCHS = "different epochs"
    NOTHING = "says nothing"

    @property
    def equal(self) -> bool:
        """Whether the two hold the same gradients."""
        return self in (Verdict.IDENTICAL, Verdict.ROUNDING, Verdict.DIGITS)

    @property
    def status(self) -> int:
        """The exit status: 0 equal, 1 differ, 3 where the files can't show it."""
        return 0 if self.equal else 1 if self is Verdict.DIFFER else 3


@dataclass(frozen=True)
class Row:
    """One tensor in both files."""

    name: str
    shape: tuple[int, ...]
    digits: tuple[float, float]
    """That agree, of those printed: the fewest of any element, and the median."""
    ulps: int | None
    """The largest distance; None where not all bits are there, −1 where one of the two is nan."""
    share: float | None
    """The largest share of the rounding bound; None where no bound can be derived."""
    worst: tuple[int, ...]
    """The element that is furthest from what it should be."""
    a: float
    b: float
    outside: int
    """How many elements are further apart than can be explained."""
    unseen: int
    """How many are so near to rounding, or printed with so few digits, that an error could not be seen."""


@dataclass(frozen=True)
class Pair:
    """Two passes, compared."""

    verdict: Verdict
    line: str
    """The verdict in a sentence without its full stop."""
    basis: str
    """What they were judged by; empty where the heads alone tell."""
    rows: tuple[Row, ...] = ()
    """From layer 1 up, as the files have them."""
    remarks: tuple[str, ...] = ()
    labels: tuple[str, str] = ("", "")
    """What the files call the two passes; empty where a file has one alone."""
    other_way: Pair | None = None
    """The same with square weights read the other way round, where that changes the verdict."""


@dataclass(frozen=True)
class Comparison:
    """Two files, compared."""

    verdict: Verdict
    line: str
    pairs: tuple[Pair, ...]
    """Each pass of one file with that of the other which it belongs to."""
    remarks: tuple[str, ...] = ()
    """What was left out of the files, or could be read otherwise."""
