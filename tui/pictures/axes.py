"""Axes: where the round numbers of a range are, and how they are written."""

from __future__ import annotations

import math
from dataclasses import dataclass

from core.pictures.scales import decades, share_of

FEWEST_DECADES = 1.0
"""A logarithmic axis that spans less than that has round numbers within a decade too."""


@dataclass(frozen=True)
class Axis:
    """A range of numbers along so many dots, linear or logarithmic; dot 0 is at `low`."""

    low: float
    high: float
    dots: int
    log: bool = False

    def dot(self, value: float) -> int:
        """Return the dot of a value within the range, from 0 to `dots` − 1."""
        return round(self._share(value) * (self.dots - 1))

    def value(self, dot: float) -> float:
        """Return the value of a dot."""
        share = dot / max(self.dots - 1, 1)
        if self.log:
            value: float = 10.0 ** (math.log10(self.low) + share * (math.log10(self.high) - math.log10(self.low)))
            return value
        return self.low * (1 - share) + self.high * share

    def ticks(self, most: int) -> list[float]:
        """Return round numbers within the range, at most so many."""
        if self.log and math.log10(self.high / self.low) >= FEWEST_DECADES:
            return _log_numbers(self.low, self.high, most)
        return _round_numbers(self.low, self.high, most)

    def _share(self, value: float) -> float:
        if self.log:
            value, low, high = (math.log10(each) for each in (value, self.low, self.high))
            return (value - low) / (high - low)
        return share_of(value, self.low, self.high)


def axis(low: float, high: float, dots: int, *, log: bool = False) -> Axis:
    """Return the axis of a range; one that is a single number is widened around it."""
    if low < high and (not log or math.log10(high) > math.log10(low)):
        return Axis(low, high, dots, log)
    if log:
        return Axis(max(low / 2, 5e-324), min(high * 2, 1.7e308), dots, log)
    free = 0.5 * abs(low) or 0.5
    return Axis(low - free, low + free, dots, log)


def _round_numbers(low: float, high: float, most: int) -> list[float]:
    """Return multiples of 1, 2 or 5 times a power of ten."""
    if not math.isfinite(high - low) or most < 1:
        return [low, high][:most]
    power = 10.0 ** math.floor(math.log10((high - low) / most))
    for step in (power * each for each in (1, 2, 5, 10, 20, 50)):
        first = math.ceil(low / step - 1e-9)
        count = math.floor(high / step + 1e-9) - first + 1
        if 0 < count <= most:
            return [(first + i) * step for i in range(count)]
    return [low]


def _log_numbers(low: float, high: float, most: int) -> list[float]:
    """Return powers of ten, with numbers between them where there is room for those."""
    first, last = math.log10(low), math.log10(high)
    for factors in ((1, 2, 5), (1, 3)):
        powers = range(math.floor(first), math.floor(last) + 1)
        if len(powers) * len(factors) > 2 * most + 2:
            continue
        found = [value for power in powers for factor in factors if low <= (value := factor * 10.0**power) <= high]
        if 1 < len(found) <= most:
            return found
    return [10.0**each for each in decades(first, last, most)]


def number_text(value: float) -> str:
    """Write a number of an axis, at most 8 wide: `0.25`, `-1.2e-05`, `0`."""
    if value == 0:
        return "0"
    if 1e-3 <= abs(value) < 1e5:
        return f"{value:.4g}"
    mantissa, exponent = f"{value:.2e}".split("e")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{mantissa}e{int(exponent)}"


def count_label(count: int) -> str:
    """Write an epoch of an axis: `250`, `12,500`, `1.5M`."""
    if count >= 1_000_000:
        return f"{count / 1e6:.4g}M"
    return f"{count:,}"


def labels_line(labels: list[tuple[int, str]], width: int) -> str:
    """Write labels centred at their columns, as many as don't touch one another."""
    line = [" "] * width
    free = 0
    for column, text in labels:
        begin = min(max(column - len(text) // 2, 0), width - len(text))
        if begin < free or begin < 0:
            continue
        line[begin : begin + len(text)] = text
        free = begin + len(text) + 2
    return "".join(line)
