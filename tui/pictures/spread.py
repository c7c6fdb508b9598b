"""Distributions and gradient flow as lines of text: words, a table with bars of ratios, rows of histograms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.segment import Segment

from core.pictures.flow import WELL
from core.pictures.spread import QUANTITIES, name_of
from tui.pictures.bars import BAR_ROWS, bar_row, peak_label, range_label
from tui.pictures.flow_table import flow_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.style import Style

    from core.pictures.spread import Spread

MOST_BAR_ROWS = 8
LABEL_ROWS = 3
"""Of a layer: its name above the bars, below them their range and the tallest one's count."""
NO_PASS = "No gradients at epoch 0: n trains the first epoch. The weights are those that training starts from."
RULE = "│"
BROKEN = "✕ counts what is inf or nan."


@dataclass(frozen=True)
class Inks:
    """The styles of what is drawn."""

    heading: Style
    dim: Style
    bars: Style


def histogram_width(columns: int) -> int:
    """Return how many columns each of the histograms of a layer may have, the gap behind it not counted."""
    return max(6, (columns + 1) // len(QUANTITIES) - 1)


def picture(spread: Spread, activations: Sequence[str], columns: int, rows: int, inks: Inks) -> list[list[Segment]]:
    """Return all lines: what is unhealthy, the table of the flow, the histograms of each layer.

    The bars are as high as `rows` leave them room for, or as few rows as they need where not all is seen anyway.
    """
    lines = _words(spread, columns)
    if spread.flow:
        lines += [[], *flow_table(spread.flow, columns, inks.heading, inks.dim)]
    lines += [[], _names(spread, columns, inks)]
    free = (rows - len(lines)) // max(len(activations), 1) - LABEL_ROWS
    bar_rows = min(max(free, BAR_ROWS), MOST_BAR_ROWS)
    for k, activation in enumerate(activations, start=1):
        lines += _of_layer(spread, k, activation, (columns, bar_rows), inks)
    return lines


def _words(spread: Spread, columns: int) -> list[list[Segment]]:
    """Say what is unhealthy, folded where it is longer than a line."""
    said = [f"⚠ {each}" for each in spread.findings] or [f"✓ {WELL}"]
    texts = said if spread.flow else [NO_PASS]
    if any(each.not_finite for each in spread.histograms.values()):
        texts.append(BROKEN)
    return [[Segment(line)] for text in texts for line in _folded(text, columns)]


def _ruled(labels: list[str]) -> str:
    """Set labels side by side, with a rule between them: two numbers of one must not read as those of the next."""
    pairs = zip(labels, [*labels[1:], ""], strict=True)
    return "".join(label + (RULE if label.strip() and after.strip() else " ") for label, after in pairs).rstrip()


def _folded(text: str, columns: int) -> list[str]:
    lines, line = [], ""
    for word in text.split(" "):
        if line and len(line) + 1 + len(word) > columns:
            lines.append(line)
            line = f"  {word}"
        else:
            line = f"{line} {word}" if line else word
    return [*lines, line]


def _names(spread: Spread, columns: int, inks: Inks) -> list[Segment]:
    """Name the quantities that are known, each above its column."""
    kinds, width = {each.quantity for each in spread.histograms}, histogram_width(columns)
    names = (name if kind in kinds else "" for name, kind in QUANTITIES.items())
    return [Segment("".join(f"{name[:width]:<{width + 1}}" for name in names), inks.heading)]


def _of_layer(spread: Spread, k: int, activation: str, size: tuple[int, int], inks: Inks) -> list[list[Segment]]:
    """Draw a layer's histograms below its name; `size` is the columns of all and the rows of the bars."""
    columns, bar_rows = size
    width = histogram_width(columns)
    row = [spread.histograms.get(name_of(quantity, k)) for quantity in QUANTITIES]
    name = f"{k} {activation} "
    lines = [[Segment(name, inks.heading), Segment("─" * max(0, len(row) * (width + 1) - 1 - len(name)), inks.dim)]]
    for at in range(bar_rows):
        lines.append([Segment(" ".join(bar_row(each, width, at, bar_rows) for each in row), inks.bars)])
    for label in (range_label, peak_label):
        lines.append([Segment(_ruled([label(each, width) for each in row]), inks.dim)])
    return lines
