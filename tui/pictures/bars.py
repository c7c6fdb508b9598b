"""Bars: a histogram in eighths of a cell, and what stands below it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from core.pictures.scales import share_of
from tui.pictures.axes import number_text

if TYPE_CHECKING:
    from core.pictures.histogram import Histogram

BAR_ROWS = 2
BLOCKS = " ▁▂▃▄▅▆▇█"
DIGITS = (4, 3, 2, 1)
ZERO = "0"
BROKEN = "✕"
"""Counts what is inf or nan."""


def bar_row(of: Histogram | None, width: int, row: int, rows: int = BAR_ROWS) -> str:
    """Return a row of a histogram's bars, row 0 on top; the tallest bar fills all rows."""
    if of is None:
        return " " * width
    most, eighths = max(of.counts) or 1, len(BLOCKS) - 1
    heights = [math.ceil(count * rows * eighths / most) for count in of.counts[:width]]
    below = (rows - 1 - row) * eighths
    return "".join(BLOCKS[min(max(height - below, 0), eighths)] for height in heights).ljust(width)


def range_label(of: Histogram | None, width: int) -> str:
    """Return the least and the largest number, and 0 below its bar if there is room; as wide as the histogram.

    A number that has no room is never cut: where both have none, one says how far they reach.
    """
    if of is None:
        return " " * width
    if not math.isfinite(of.low):
        return "not finite"[:width].ljust(width)
    if of.low == of.high:
        return _centred(f"all {shortened(of.low, width - 4)}", width)
    for digits in DIGITS:
        low, high = (rounded(each, digits) for each in (of.low, of.high))
        if len(low) + len(high) < width:
            return _with_zero(of, f"{low}{high:>{width - len(low)}}")
    return f"±{shortened(max(abs(of.low), abs(of.high)), width - 1)}".ljust(width)


def peak_label(of: Histogram | None, width: int) -> str:
    """Return the tallest bar's count, and how many numbers are inf or nan."""
    if of is None:
        return " " * width
    peak = f"max {max(of.counts):,}" if any(of.counts) else ""
    broken = f"{BROKEN} {of.not_finite:,}" if of.not_finite else ""
    both = f"{peak} {broken}".strip()
    return (both if len(both) <= width else broken or f"{max(of.counts):.0e}").ljust(width)


def shortened(value: float, width: int) -> str:
    """Write a number with as many digits as there is room for; with one, where there is room for none."""
    texts = [rounded(value, digits) for digits in DIGITS]
    return next((each for each in texts if len(each) <= width), texts[-1])


def rounded(value: float, digits: int) -> str:
    """Write a number with so many digits, in the shorter of two ways."""
    mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
    short = f"{mantissa}e{int(exponent)}"
    return min(number_text(float(f"{value:.{digits}g}")), short, key=len)


def _with_zero(of: Histogram, label: str) -> str:
    if not of.low < 0 < of.high:
        return label
    at = min(int(share_of(0.0, of.low, of.high) * len(of.counts)), len(of.counts) - 1)
    free = 1 <= at < len(label) - 1 and not label[at - 1 : at + 2].strip()
    return f"{label[:at]}{ZERO}{label[at + 1 :]}" if free else label


def _centred(text: str, width: int) -> str:
    return text[:width].center(width)
