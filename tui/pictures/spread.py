"""Distributions and gradient flow as lines of text: words, a table with bars of ratios, rows of histograms."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.segment import Segment

from core.pictures.flow import USUAL_RATIO
from core.pictures.spread import QUANTITIES, name_of
from tui.numbers import scientific
from tui.pictures.axes import number_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.style import Style

    from core.pictures.flow import Flow
    from core.pictures.histogram import Histogram
    from core.pictures.spread import Spread

HEADING = 10
"""Columns of a row's heading."""
LEAST_RATIO, MOST_RATIO = -6.0, 0.0
RATIO_COLUMNS = 13
"""Two columns for a decade, and one for the last tick."""
BAR_ROWS = 2
BLOCKS = " ▁▂▃▄▅▆▇█"
WELL = "✓ Nothing looks unhealthy at this epoch."
NO_PASS = "No gradients at epoch 0: n trains the first epoch. The weights are those that training starts from."


def histogram_width(columns: int) -> int:
    """Return how many columns each of the histograms of a layer may have, the gap behind it not counted."""
    return max(6, (columns - HEADING) // len(QUANTITIES) - 1)


def picture(
    spread: Spread, activations: Sequence[str], columns: int, heading: Style, dim: Style
) -> list[list[Segment]]:
    """Return all lines: what is unhealthy, the table of the flow, the histograms of each layer."""
    lines = _words(spread, columns)
    if spread.flow:
        lines += [[], *_table(spread.flow, heading, dim)]
    return [*lines, [], *_histograms(spread, activations, columns, heading, dim)]


def _words(spread: Spread, columns: int) -> list[list[Segment]]:
    """Say what is unhealthy, folded where it is longer than a line."""
    if not spread.flow:
        return [[Segment(each)] for each in _folded(NO_PASS, columns)]
    texts = [f"⚠ {each}" for each in spread.findings] or [WELL]
    return [[Segment(line)] for text in texts for line in _folded(text, columns)]


def _folded(text: str, columns: int) -> list[str]:
    lines, line = [], ""
    for word in text.split(" "):
        if line and len(line) + 1 + len(word) > columns:
            lines.append(line)
            line = f"  {word}"
        else:
            line = f"{line} {word}" if line else word
    return [*lines, line]


def _table(flow: Sequence[Flow], heading: Style, dim: Style) -> list[list[Segment]]:
    """Write the flow, the last layer first, as gradients flow; below the ratios their axis."""
    above = f"{'layer':<{HEADING}}{'mean':>9}{'largest':>10}  {'log₁₀ ‖ΔW‖/‖W‖':<20}{'saturated':>9}{'silent':>8}"
    top = f"{'':<{HEADING}}{'|dL/dθ|':>9}{'|dL/dθ|':>10}{'share':>31}{'units':>8}"
    lines = [[Segment(above, heading)], [Segment(top, heading)]]
    lines += [_row(each, dim) for each in reversed(flow)]
    axis = [" "] * RATIO_COLUMNS
    for ratio in (-6, -3, 0):
        text, at = str(ratio), _place(ratio)
        begin = min(max(at - len(text) + 1, 0), RATIO_COLUMNS - len(text))
        axis[begin : begin + len(text)] = text
    return [*lines, [Segment(f"{'':<{HEADING + 21}}{''.join(axis)}  −3 is usual", dim)]]


def _row(flow: Flow, dim: Style) -> list[Segment]:
    name = _named(flow.layer, flow.activation)
    numbers = f"{scientific(flow.mean_gradient, 1):>9}{scientific(flow.largest_gradient, 1):>10}"
    saturated = "–" if flow.saturated is None else f"{flow.saturated:.0%}"
    silent = "–" if flow.saturated is None else f"{flow.silent:,}"
    ratio = "–" if math.isnan(flow.ratio) else f"{flow.ratio:.1f}"
    return [
        Segment(f"{name:<{HEADING}}{numbers}  "),
        *_ratio_bar(flow.ratio, dim),
        Segment(f"{ratio:>6}{saturated:>10}{silent:>8}"),
    ]


def _named(layer: int, activation: str) -> str:
    name = f"{layer} {activation}"
    return name if len(name) < HEADING else f"{name[: HEADING - 2]}…"


def _ratio_bar(ratio: float, dim: Style) -> list[Segment]:
    """Draw a ratio on its axis from 1e-6 to 1, with the line at 1e-3."""
    cells = ["·"] * RATIO_COLUMNS
    cells[_place(USUAL_RATIO)] = "│"
    if math.isnan(ratio):
        return [Segment("".join(cells), dim)]
    at = _place(ratio)
    sign = "◀" if ratio < LEAST_RATIO else "▶" if ratio > MOST_RATIO else "◆"
    return [Segment("".join(cells[:at]), dim), Segment(sign), Segment("".join(cells[at + 1 :]), dim)]


def _place(ratio: float) -> int:
    share = (min(max(ratio, LEAST_RATIO), MOST_RATIO) - LEAST_RATIO) / (MOST_RATIO - LEAST_RATIO)
    return round(share * (RATIO_COLUMNS - 1))


def _histograms(
    spread: Spread, activations: Sequence[str], columns: int, heading: Style, dim: Style
) -> list[list[Segment]]:
    width = histogram_width(columns)
    names = "".join(f"{name:<{width + 1}}" for name in QUANTITIES)
    lines = [[Segment(f"{'counts':<{HEADING}}{names}", heading)]]
    for k, activation in enumerate(activations, start=1):
        row = [spread.histograms.get(name_of(quantity, k)) for quantity in QUANTITIES]
        for at, label in enumerate((_named(k, activation), "")):
            bars = " ".join(bar_row(each, width, at) for each in row)
            lines.append([Segment(f"{label:<{HEADING}}", heading), Segment(bars)])
        for side in ("range", "peak"):
            texts = " ".join(_label(each, width, side) for each in row)
            lines.append([Segment(f"{'':<{HEADING}}{texts}", dim)])
    return lines


def bar_row(of: Histogram | None, width: int, row: int) -> str:
    """Return a row of a histogram's bars, row 0 on top; the tallest bar fills all rows."""
    if of is None:
        return " " * width
    most, eighths = max(of.counts) or 1, len(BLOCKS) - 1
    heights = [math.ceil(count * BAR_ROWS * eighths / most) for count in of.counts[:width]]
    below = (BAR_ROWS - 1 - row) * eighths
    return "".join(BLOCKS[min(max(height - below, 0), eighths)] for height in heights).ljust(width)


def _label(of: Histogram | None, width: int, side: str) -> str:
    """Return what stands below a histogram: its range, then the tallest bar and what is not finite."""
    if of is None:
        return " " * width
    if side == "peak":
        broken = f" {of.not_finite:,} inf, nan" if of.not_finite else ""
        return f"max {max(of.counts):,}{broken}"[:width].ljust(width)
    if not math.isfinite(of.low):
        return "not finite"[:width].ljust(width)
    low, high = _fitting(of.low, width // 2), _fitting(of.high, (width - 1) // 2)
    if of.low == of.high:
        return f"all {number_text(of.low)}"[:width].ljust(width)
    return f"{low}{high:>{width - len(low)}}"


def _fitting(value: float, width: int) -> str:
    """Write a number with as many digits as there is room for."""
    for text in (number_text(value), f"{value:.2g}", f"{value:.0e}".replace("e-0", "e-").replace("e+0", "e")):
        if len(text) <= width:
            return text
    return text[:width]
