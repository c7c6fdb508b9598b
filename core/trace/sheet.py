"""An explanation as it is printed: decimal lines that add up to the engine's number, to the last digit printed."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from core.trace.exact import exact

if TYPE_CHECKING:
    from core.trace.explanation import Explanation

DIGITS = {"float64": 17, "float32": 9}
"""Those that tell a number from its neighbours."""


@dataclass(frozen=True)
class Line:
    """One line: what it is, and how it is printed."""

    label: str
    value: Decimal
    text: str
    """Aligned with the other lines: all have the same exponent and as many decimals."""
    running: str
    """The sum of the lines so far."""


@dataclass(frozen=True)
class Sheet:
    """Terms + left out + rounding = result, in decimals; what is no rounding is called otherwise."""

    terms: tuple[Line, ...]
    left_out: Line | None
    """None where no term is left out."""
    rounding: Line
    result: Line


def sheet(explanation: Explanation, engine: str, digits: int | None = None) -> Sheet | None:
    """Lay out an engine's sum with so many significant digits of the result; all that the precision has if not said.

    The rounding line closes the sum as printed, so it holds what the other lines lose by being printed, too. None where
    a number is not finite, or where there is no sum.
    """
    closing = explanation.closings.get(engine)
    if closing is None:
        return None
    result = exact(closing.result)
    shown = [term.values[engine] for term in explanation.terms]
    values = [result, closing.left_out, *shown]
    if not all(isinstance(value, Fraction) for value in values):
        return None
    fractions = [value for value in values if isinstance(value, Fraction)]
    lead = _exponent(fractions[0] or max(map(abs, fractions)))
    return _laid_out(explanation, fractions, lead, lead + 1 - (digits or DIGITS[closing.precision]), closing.label)


def _laid_out(explanation: Explanation, values: list[Fraction], lead: int, last: int, label: str) -> Sheet:
    context = Context(prec=800, rounding=ROUND_HALF_EVEN)
    quantum = Decimal(1).scaleb(last, context)
    result, left_out, *terms = (_rounded(value, quantum, context) for value in values)
    power = lead if not -4 <= lead < 6 else 0
    running = Decimal(0)

    def line(label: str, value: Decimal, add: bool = True) -> Line:
        nonlocal running
        running = context.add(running, value) if add else value
        return Line(label, value, _text(value, power, last, context), _text(running, power, last, context))

    lines = tuple(line(term.text, value) for term, value in zip(explanation.terms, terms, strict=True))
    others = explanation.left_out
    rest = line(f"{others} more term{'s' if others > 1 else ''}", left_out) if others else None
    rounding = line(label, context.subtract(result, running))
    return Sheet(lines, rest, rounding, line(str(explanation.address), result, add=False))


def _rounded(value: Fraction, quantum: Decimal, context: Context) -> Decimal:
    units = value / Fraction(quantum)
    return context.multiply(Decimal(round(units)), quantum)


def _exponent(value: Fraction) -> int:
    """Return the exponent of the leading decimal digit; 0 for 0."""
    if not value:
        return 0
    size = abs(value)
    guess = len(str(size.numerator)) - len(str(size.denominator))
    return guess if size >= Fraction(10) ** guess else guess - 1


def _text(value: Decimal, power: int, last: int, context: Context) -> str:
    scaled = value.scaleb(-power, context)
    fixed = f"{scaled:.{max(power - last, 0)}f}"
    return f"{fixed}e{power:+03d}" if power else fixed
