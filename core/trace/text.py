"""Formulas as text: with names, and with numbers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from core.trace.equation import SUBSCRIPTS
from core.trace.names import written

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from core.arrays import FloatArray
    from core.trace.equation import Bound, Equation, Function, Product, Ref
    from core.trace.explanation import Term


_BRACKETS = re.compile(r"\(\((-[^()]*)\)\)")
"""A negative number in brackets of its own, in those of a function."""


def short(value: float) -> str:
    """Write a number with five digits, as it stands in a formula; a negative one in brackets."""
    text = f"{value:.5g}"
    return f"({text})" if text.startswith("-") else text


def formula(made: Equation, bound: Bound) -> str:
    """Write an equation at a cell: `z2[0,3] = Σⱼ a1[0,j]·W2[3,j] + b2[3]`."""
    left, sign = made.left.text(bound), "="
    if made.assigns:
        left, sign = made.beside[0].text(bound), "←"
    if made.function is not None:
        note = f"; {made.note}" if made.note else ""
        return f"{left} {sign} {made.function.written(_named(bound), bound)}{note}"
    total = signed_sum([(each.coefficient < 0, _product(each, bound)) for each in made.products])
    return f"{left} {sign} {total}" + (f" = {made.spelled}" if made.spelled else "")


def signed_sum(parts: Sequence[tuple[bool, str]]) -> str:
    """Join terms with their signs; True is a minus."""
    first, *others = parts
    return ("−" if first[0] else "") + first[1] + "".join(f" {'−' if minus else '+'} {text}" for minus, text in others)


def coefficient(product: Product) -> list[str]:
    """Write a product's coefficient, without its sign; nothing where it is 1."""
    size = abs(product.coefficient)
    if size == 1 and product.factors:
        return []
    return [product.written or f"{float(size):.12g}"]


def numbers(terms: Sequence[tuple[bool, str]], *, complete: bool) -> str:
    """Write a sum with numbers: the largest terms, and dots for those that are left out."""
    shown = signed_sum(terms[:4])
    return f"{shown}{'' if complete and len(terms) <= 4 else ' + …'}"


def product_numbers(term: Term, product: Product, engine: str) -> tuple[bool, str]:
    """Write one term with numbers, and whether it has a minus before it."""
    factors = [short(operand.values[engine]) for operand in term.operands]
    return product.coefficient < 0, "·".join([*coefficient(product), *factors])


def function_numbers(function: Function, arrays: Mapping[Ref, FloatArray], bound: Bound) -> str:
    """Write a function with an engine's numbers; those under a sum stay names."""

    def write(ref: Ref, renamed: Mapping[str, str]) -> str:
        free = ref.free(bound)
        if not free:
            return short(float(arrays[ref]))
        places = [renamed.get(letter, letter) for letter in free]
        if all(place.isdecimal() for place in places):
            return short(float(arrays[ref][tuple(map(int, places))]))
        return _named(bound)(ref, renamed)

    text = _BRACKETS.sub(r"(\1)", function.written(write, bound))
    return f"({text})" if " if " in text else text


def _named(bound: Bound) -> Callable[[Ref, Mapping[str, str]], str]:
    def write(ref: Ref, renamed: Mapping[str, str]) -> str:
        cell = (str(bound[letter]) if letter in bound else renamed.get(letter, letter) for letter in ref.letters)
        return written(ref.name, tuple(cell))

    return write


def _product(product: Product, bound: Bound) -> str:
    summed = [ref for ref in product.factors if ref.free(bound)]
    common = [ref.text(bound) for ref in product.factors if not ref.free(bound)]
    if not summed:
        return "·".join([*coefficient(product), *common])
    letters = dict.fromkeys(letter for ref in summed for letter in ref.free(bound))
    total = f"Σ{''.join(SUBSCRIPTS[letter] for letter in letters)} {'·'.join(ref.text(bound) for ref in summed)}"
    return "·".join([*coefficient(product), f"({total})" if common else total, *common])
