"""The flow of gradients as a table: a line a layer, the last one first, with the ratio of update to weight as a bar."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.segment import Segment

from core.pictures.flow import USUAL_RATIO
from tui.numbers import scientific

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.style import Style

    from core.pictures.flow import Flow

LEAST_RATIO, MOST_RATIO = -6.0, 0.0
BARS = (13, 9, 0)
"""Columns of a ratio's bar, as many as there is room for."""
OTHERS = 44
"""Columns of all but the names and the bars."""
LEAST_NAME, MOST_NAME = 7, 16


def flow_table(flow: Sequence[Flow], columns: int, heading: Style, dim: Style) -> list[list[Segment]]:
    """Write the flow, the last layer first, as gradients flow; below the ratios their axis."""
    names = [f"{each.layer} {each.activation}" for each in flow]
    name = min(max(LEAST_NAME, *(len(each) + 1 for each in names)), MOST_NAME)
    bar = next((each for each in BARS if name + each + OTHERS <= columns), 0)
    ratio = ("log₁₀ ‖ΔW‖/‖W‖", "") if bar else ("log₁₀", "ΔW/W")
    above, below = (
        f"{first:<{name}}{sizes[0]:>9}{sizes[1]:>9}  {middle:<{bar + 6}}{ends[0]:>10}{ends[1]:>8}"
        for first, sizes, middle, ends in (
            ("layer", ("mean", "largest"), ratio[0], ("flat", "silent")),
            ("", ("|dL/dθ|", "|dL/dθ|"), ratio[1], ("share", "units")),
        )
    )
    lines = [[Segment(above, heading)], [Segment(below, heading)]]
    lines += [_row(each, name, bar, dim) for each in reversed(flow)]
    return [*lines, [Segment(f"{'':<{name + 20}}{_axis(bar)}  −3 is usual: 0.1 %", dim)]]


def _row(flow: Flow, name: int, bar: int, dim: Style) -> list[Segment]:
    layer = f"{flow.layer} {flow.activation}"
    layer = layer if len(layer) < name else f"{layer[: name - 2]}…"
    numbers = f"{scientific(flow.mean_gradient, 1):>9}{scientific(flow.largest_gradient, 1):>9}"
    saturated = "–" if flow.saturated is None else f"{flow.saturated:.0%}"
    silent = "–" if flow.saturated is None else f"{flow.silent:,}"
    ratio = "–" if math.isnan(flow.ratio) else f"{flow.ratio:.1f}"
    return [
        Segment(f"{layer:<{name}}{numbers}  "),
        *_bar(flow.ratio, bar, dim),
        Segment(f"{ratio:>6}{saturated:>10}{silent:>8}"),
    ]


def _axis(bar: int) -> str:
    """Write the numbers below the bars."""
    axis = [" "] * bar
    for ratio in (LEAST_RATIO, USUAL_RATIO, MOST_RATIO) if bar else ():
        text, at = f"{ratio:.0f}", _place(ratio, bar)
        begin = min(max(at - len(text) + 1, 0), bar - len(text))
        axis[begin : begin + len(text)] = text
    return "".join(axis)


def _bar(ratio: float, bar: int, dim: Style) -> list[Segment]:
    """Draw a ratio on its axis from 1e-6 to 1, with the line at 1e-3."""
    if not bar:
        return []
    cells = ["·"] * bar
    cells[_place(USUAL_RATIO, bar)] = "│"
    if math.isnan(ratio):
        return [Segment("".join(cells), dim)]
    at = _place(ratio, bar)
    sign = "◀" if ratio < LEAST_RATIO else "▶" if ratio > MOST_RATIO else "◆"
    return [Segment("".join(cells[:at]), dim), Segment(sign), Segment("".join(cells[at + 1 :]), dim)]


def _place(ratio: float, bar: int) -> int:
    share = (min(max(ratio, LEAST_RATIO), MOST_RATIO) - LEAST_RATIO) / (MOST_RATIO - LEAST_RATIO)
    return round(share * (bar - 1))
