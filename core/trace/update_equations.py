"""The equations of the update: how the optimizer turns gradients, and what it kept, into the next parameters."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from core.functions.optimizers import STEP
from core.tensors import Quantity, TensorName
from core.trace.equation import Bound, Equation, Function, Product, Ref
from core.trace.names import Aside, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from core.functions.optimizers import Line
    from core.trace.names import Name
    from core.trace.network import Network

_ONE = Fraction(1)


def _letters(name: Name) -> str:
    return "ij" if name.part == "W" else "i" if name.part == "b" else ""


def _operand(network: Network, of: Name, spoken: str) -> Ref:
    """Return what a rule's line means by a name, for the parameter that `of` belongs to."""
    k, part, letters = of.layer, of.part, _letters(of)
    symbol = spoken.removeprefix("next ")
    if symbol == "t":
        return Ref(Aside(Kind.STEP if spoken == "t" else Kind.NEXT_STEP))
    if spoken == "θ":
        return Ref(TensorName(Quantity.PARAMETER, k, part), letters)
    if spoken == "dL/dθ":
        return Ref(TensorName(Quantity.GRADIENT, k, part), letters)
    if symbol in network.vectors:
        return Ref(Aside(Kind.KEPT if spoken == symbol else Kind.NEXT_KEPT, k, part, symbol), letters)
    return Ref(Aside(Kind.LOCAL, k, part, spoken), letters)


def _of_line(network: Network, name: Name, line: Line, **more: Any) -> Equation:  # noqa: ANN401 - fields of Equation
    left = Ref(name, _letters(name))
    whole = f"{name} = {_line_text(network, name, line)}"
    if line.function is None:
        return Equation(left, _products(network, name, line), whole=whole, **more)
    refs = tuple(_operand(network, name, each) for each in line.operands)
    return Equation(left, function=_function(refs, line), whole=whole, **more)


def _products(network: Network, name: Name, line: Line) -> tuple[Product, ...]:
    return tuple(
        Product(tuple(_operand(network, name, each) for each in factors), Fraction(coefficient))
        for coefficient, factors in line.terms
    )


def _function(refs: tuple[Ref, ...], line: Line) -> Function:
    compute = line.function
    assert compute is not None

    def value(arrays: list[Any], bound: Bound) -> float:
        return float(compute(*arrays))

    def text(write: Callable[[Ref, Mapping[str, str]], str], bound: Bound) -> str:
        return line.written.format(*(write(ref, {}) for ref in refs))

    return Function(refs, value, text, slack=8.0, conditioned=True)


def _line_text(network: Network, name: Name, line: Line) -> str:
    """Write a line of whole tensors."""
    if line.function is not None:
        return line.written.format(*(str(_operand(network, name, each).name) for each in line.operands))
    terms = []
    for product in _products(network, name, line):
        size = [] if abs(product.coefficient) == 1 and product.factors else [f"{float(abs(product.coefficient)):.12g}"]
        sign = "−" if product.coefficient < 0 else "+"
        terms.append(f"{sign} {'·'.join([*size, *(str(ref.name) for ref in product.factors)])}")
    return re.sub(r"^(?:\+ |(−) )", r"\1", " ".join(terms))


def _update(network: Network, name: Name) -> Equation:
    theta = Ref(TensorName(Quantity.PARAMETER, name.layer, name.part), _letters(name))
    after = Ref(Aside(Kind.NEXT, name.layer, name.part), _letters(name))
    line = network.lines.get("update")
    if line is None:
        return Equation(Ref(name, _letters(name)), function=_whole_rule(network, name), beside=(theta, after))
    return _of_line(network, name, line, beside=(theta, after))


def _whole_rule(network: Network, name: Name, result: str = "") -> Function:
    """Explain an update, or one of the vectors after it, by a rule that does not say how it works line by line."""
    rule, settings = network.rule, network.settings
    vectors = dict(network.vectors) | ({"t": STEP} if network.counts_steps else {})
    refs = tuple(_operand(network, name, each) for each in ("θ", "dL/dθ", *vectors))

    def value(arrays: list[Any], bound: Bound) -> float:
        before, gradient, *kept = (np.array(each, ndmin=1) for each in arrays)
        theta, state = before.copy(), dict(zip(vectors.values(), kept, strict=True))
        if STEP in state:
            state[STEP] = state[STEP].reshape(())
        rule.update(theta, gradient, state, settings)
        return float(state[result][0] if result else (theta - before)[0])

    def text(write: Callable[[Ref, Mapping[str, str]], str], bound: Bound) -> str:
        return f"{network.experiment.optimizer.name}({', '.join(write(ref, {}) for ref in refs)})"

    return Function(refs, value, text, slack=8.0, conditioned=True)


def _next(network: Network, name: Name) -> Equation:
    """Write θ ← θ − η·…; where the update is no sum, θ ← θ + update."""
    letters = _letters(name)
    theta, update = (TensorName(each, name.layer, name.part) for each in (Quantity.PARAMETER, Quantity.UPDATE))
    line = network.lines.get("update")
    start = Product((Ref(theta, letters),))
    if line is None or line.function is not None:
        products: tuple[Product, ...] = (start, Product((Ref(update, letters),)))
        whole = f"{theta} ← {theta} + {update}"
    else:
        products = (start, *_products(network, name, line))
        added = _line_text(network, name, line)
        whole = f"{theta} ← {theta} " + (f"− {added[1:]}" if added.startswith("−") else f"+ {added}")
    return Equation(Ref(name, letters), products, whole=whole, assigns=True, beside=(Ref(theta, letters),))


def _kept_after(network: Network, name: Aside) -> Equation:
    line = network.lines.get(f"next {name.symbol}")
    if line is not None:
        return _of_line(network, name, line)
    return Equation(Ref(name, _letters(name)), function=_whole_rule(network, name, network.vectors[name.symbol]))


def _counted(network: Network, name: Name) -> Equation:
    step = Ref(Aside(Kind.STEP))
    return Equation(Ref(name), (Product((step,)), Product((), _ONE)), whole="next t = t + 1")


def _local(network: Network, name: Aside) -> Equation:
    return _of_line(network, name, network.lines[name.symbol])


UPDATE_EQUATIONS: dict[Quantity | Kind, Callable[[Network, Any], Equation | None]] = {
    Quantity.UPDATE: _update,
    Kind.NEXT: _next,
    Kind.NEXT_KEPT: _kept_after,
    Kind.NEXT_STEP: _counted,
    Kind.LOCAL: _local,
}
"""Entries of the registry, see `core.trace.equations`."""
