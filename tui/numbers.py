"""Numbers as text and colour. Formatting never hides a sign, a nan or an inf."""

from __future__ import annotations

import math
from functools import cache

from rich.style import Style

LEVELS = 12
"""Steps of brightness between the smallest and the largest magnitude."""
DECADES = 5.0
"""A number that many decades below the largest is as dim as can be."""

_ENDS = {
    # (faint, strong): negative numbers are blue, positive ones orange, and only the minus sign is relied on
    (True, "negative"): ((88, 118, 148), (106, 190, 255)),
    (True, "positive"): ((150, 122, 92), (255, 180, 84)),
    (False, "negative"): ((104, 130, 160), (0, 72, 170)),
    (False, "positive"): ((160, 128, 96), (165, 62, 0)),
}

_FULL = {"float64": 16, "float32": 8}


def scientific(value: float, decimals: int) -> str:
    """Write a number in scientific notation, `-1.37e-06`; nan and inf as words."""
    return f"{value:.{decimals}e}"


def aligned(value: float, decimals: int) -> str:
    """Write a number so that numbers under one another meet at their points and exponents.

    The text is `decimals` + 8 wide: a sign or a space, the digits, and an exponent of up to three digits.
    """
    if not math.isfinite(value):
        return scientific(value, decimals).rjust(decimals + 7).ljust(decimals + 8)
    mantissa, exponent = f"{value: .{decimals}e}".split("e")
    return f"{mantissa}e{exponent:<4}"


def full(value: float, precision: str) -> str:
    """Write a number with all digits that tell it from its neighbours: 17 for float64, 9 for float32.

    Of what a file prints (any other precision), it is as many as bring it back, and so those that are printed.
    """
    if precision not in _FULL:
        return f"{value: }"
    return f"{value: .{_FULL[precision]}e}"


def share_text(share: float) -> str:
    """Write how much of what rounding can do a number is off: `0`, `4e-03`, `0.04`, `12`, `3e+07`."""
    if share == 0 or not math.isfinite(share):
        return f"{share:.0f}"
    if share < 0.01 or share >= 10_000:
        return f"{share:.0e}"
    return f"{share:.2f}" if share < 10 else f"{share:.0f}"


def shape_text(shape: tuple[int, ...]) -> str:
    """Write a shape: `10 × 2`."""
    return " × ".join(map(str, shape))


def count_text(count: float) -> str:
    """Write a number of bytes."""
    for unit in ("bytes", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def rate_text(rate: float) -> str:
    """Write how many a second: `0.4`, `117`, `28k`."""
    if rate < 10:
        return f"{rate:.1f}"
    return f"{rate:,.0f}" if rate < 10_000 else f"{rate / 1000:,.0f}k"


def duration_text(seconds: float) -> str:
    """Write a time in one unit or two: `3 s`, `2 min 5 s`, `1 h 40 min`."""
    whole = math.ceil(min(seconds, 1e12))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    hours, minutes = whole // 3600, whole % 3600 // 60
    return f"{hours} h {minutes} min" if hours < 100 else f"{hours // 24:,} days"


def value_style(value: float, largest: float, *, dark: bool) -> Style:
    """Return the colour of a number: its sign, and its magnitude beside the largest one."""
    if not math.isfinite(value):
        return _not_finite(dark)
    if value == 0:
        return _zero(dark)
    share = 1 + (math.log10(abs(value)) - math.log10(largest)) / DECADES if largest > 0 else 1.0
    return _signed(value < 0, round(min(max(share, 0), 1) * (LEVELS - 1)), dark)


@cache
def _signed(negative: bool, level: int, dark: bool) -> Style:
    faint, strong = _ENDS[dark, "negative" if negative else "positive"]
    share = level / (LEVELS - 1)
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(faint, strong, strict=True))
    return Style.parse(f"rgb({red},{green},{blue})")


@cache
def _zero(dark: bool) -> Style:
    return Style.parse("rgb(120,120,120)" if dark else "rgb(130,130,130)")


@cache
def _not_finite(dark: bool) -> Style:
    return Style.parse("bold #ffffff on rgb(190,30,90)" if dark else "bold #ffffff on rgb(190,0,70)")
