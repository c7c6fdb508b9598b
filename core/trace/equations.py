"""The equations of backpropagation, one registry entry a quantity: what each number is made of.

Rows are samples, W is (outputs, inputs): n is a sample, i and j are units. Leaves (x, y, parameters, and what the
optimizer kept) have no equation: an epoch begins with them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from core.tensors import TARGET, Quantity, TensorName
from core.trace.equation import Bound, Equation, Function, Product, Ref
from core.trace.names import Aside, Kind
from core.trace.update_equations import UPDATE_EQUATIONS

if TYPE_CHECKING:
    from core.trace.names import Cells, Name
    from core.trace.network import Network

Writer = Callable[[Ref, Mapping[str, str]], str]

ROUNDINGS = 32.0
"""Two implementations of an activation differ by less than that many eps, in 1 and in the value: those of gelu do."""


def equation(network: Network, name: Name) -> Equation | None:
    """Return the equation of a tensor; None where it is a leaf."""
    if name not in network.equations:
        made = _EQUATIONS.get(name.kind if isinstance(name, Aside) else name.quantity)
        network.equations[name] = made(network, name) if made is not None else None
    return network.equations[name]


def used_by(network: Network, cells: Cells) -> tuple[Cells, ...]:
    """Return what some numbers feed into, in the order in which it is computed."""
    if not network.uses:
        network.uses.update(_uses(network))
    found: dict[Cells, None] = {}
    for left, ref in network.uses.get(cells.tensor, ()):
        pairs = zip(ref.letters, cells.cell, strict=True)
        found[left.cells({letter: at for letter, at in pairs if at is not None})] = None
    return tuple(found)


def _uses(network: Network) -> dict[Name, tuple[tuple[Ref, Ref], ...]]:
    """Read all equations from the right to the left."""
    uses: dict[Name, tuple[tuple[Ref, Ref], ...]] = {}
    for name in network.names:
        made = equation(network, name)
        for ref in made.refs if made is not None else ():
            assert made is not None
            uses[ref.name] = (*uses.get(ref.name, ()), (made.left, ref))
    return uses


def _z(layer: int) -> TensorName:
    return TensorName(Quantity.PRE_ACTIVATION, layer)


def _a(layer: int) -> TensorName:
    return TensorName(Quantity.ACTIVATION, layer)


def _delta(layer: int) -> TensorName:
    return TensorName(Quantity.DELTA, layer)


def _weights(layer: int) -> TensorName:
    return TensorName(Quantity.PARAMETER, layer, "W")


def _pre_activation(network: Network, name: Name) -> Equation:
    k = name.layer
    a, W, b = _a(k - 1), _weights(k), TensorName(Quantity.PARAMETER, k, "b")
    products = (Product((Ref(a, "nj"), Ref(W, "ij"))), Product((Ref(b, "i"),)))
    return Equation(Ref(name, "ni"), products, whole=f"z{k} = {a}·W{k}ᵀ + b{k}")


def _activation(network: Network, name: Name) -> Equation | None:
    if not isinstance(name, TensorName) or name.layer < 1:
        return None
    k, left, z = name.layer, Ref(name, "ni"), _z(name.layer)
    f, symbol = network.activation(k), network.symbol(k)
    if f.module is None:
        return Equation(left, (Product((Ref(z, "ni"),)),), whole=f"a{k} = z{k}")
    operands = (Ref(z, "ni"),) if f.elementwise else (Ref(z, "nm"),)

    def value(arrays: list[Any], bound: Bound) -> float:
        return float(f.value(np.atleast_2d(arrays[0]))[0, 0 if f.elementwise else bound["i"]])

    def text(write: Writer, bound: Bound) -> str:
        own = {"m": str(bound["i"])}
        inner = f"{symbol}({write(operands[0], own if f.elementwise else {'m': '·'})})"
        if not f.elementwise:
            inner += f"[{bound['i']}]"
        spelled = f.written.value.format(z=write(operands[0], own), zs=write(operands[0], {"m": "j"}))
        return f"{inner} = {spelled}" if spelled else inner

    function = Function(operands, value, text, slack=ROUNDINGS, floor=ROUNDINGS)
    return Equation(left, function=function, whole=f"a{k} = {symbol}(z{k})")


def _slope(network: Network, name: Name) -> Equation:
    k = name.layer
    f = network.activation(k)
    operands = (Ref(_z(k), "ni"), Ref(_a(k), "ni"))

    def value(arrays: list[Any], bound: Bound) -> float:
        z, a = (np.atleast_2d(each) for each in arrays)
        assert f.derivative is not None
        return float(f.derivative(z, a)[0, 0])

    def text(write: Writer, bound: Bound) -> str:
        spelled = f.written.slope.format(z=write(operands[0], {}), a=write(operands[1], {}))
        return spelled or f"{network.symbol(k)}′({write(operands[0], {})})"

    spelled = f.written.slope.format(z=f"z{k}", a=f"a{k}")
    return Equation(Ref(name, "ni"), function=Function(operands, value, text), whole=f"{name} = {spelled or name}")


def _loss(network: Network, name: Name) -> Equation:
    term = Ref(Aside(Kind.TERM), "ni")
    divisor = network.divisor
    by = f"(1/{divisor})" if divisor != 1 else ""
    written = network.loss.written[0].format(p=f"a{network.depth}[n,i]", y="y[n,i]")
    grouped = f"({written})" if "−" in written and not written.startswith(("(", "|", "h(")) else written
    spelled = f"{by}·Σₙᵢ {grouped}" if by else f"Σₙᵢ {grouped}"
    products = (Product((term,), Fraction(1, divisor), by),)
    return Equation(Ref(name), products, whole=network.loss.formula, spelled=spelled, slack=ROUNDINGS)


def _loss_term(network: Network, name: Name) -> Equation:
    k, loss = network.depth, network.loss
    across = not network.activation(k).elementwise and loss.fused
    judged = Ref(_z(k) if loss.fused else _a(k), "nm" if across else "ni")
    operands = (judged, Ref(TARGET, "ni"))

    def value(arrays: list[Any], bound: Bound) -> float:
        given = np.atleast_2d(arrays[0])
        targets = np.full(given.shape, arrays[1], np.result_type(*arrays))
        return float(loss.terms(given, targets)[0, bound["i"] if across else 0])

    def text(write: Writer, bound: Bound) -> str:
        predicted = write(judged, {"m": "·"})
        if loss.fused:
            predicted = f"{network.symbol(k)}({predicted})" + (f"[{bound['i']}]" if across else "")
        return loss.written[0].format(p=predicted, y=write(operands[1], {}))

    function = Function(operands, value, text, slack=ROUNDINGS, floor=ROUNDINGS)
    note = loss.formula.partition("; ")[2]
    return Equation(Ref(name, "ni"), function=function, whole=loss.written[0].format(p="ŷ", y="y"), note=note)


def _loss_slope(network: Network, left: Name) -> Equation:
    """Write ∂L/∂ŷ, or δ_L where it comes at once: fused with the loss, or where ŷ is z_L."""
    k, loss, divisor = network.depth, network.loss, network.divisor
    across = not network.activation(k).elementwise and loss.fused
    operands = (Ref(_a(k), "ni"), Ref(TARGET, "nm" if across else "ni"))

    def value(arrays: list[Any], bound: Bound) -> float:
        targets = np.atleast_2d(arrays[1])
        predictions = np.full(targets.shape, arrays[0], np.result_type(*arrays))
        return float(loss.slope(predictions, targets)[0, bound["i"] if across else 0] / divisor)

    def text(write: Writer, bound: Bound) -> str:
        y, ys = (write(operands[1], {"m": each}) for each in (str(bound["i"]), "j"))
        slope = loss.written[1].format(p=write(operands[0], {}), y=y, ys=ys)
        return slope.removeprefix("(").removesuffix(")") if divisor == 1 and slope[0] == "(" else _over(slope, divisor)

    whole = loss.written[1].format(p="ŷ", y="y", ys="yⱼ")
    whole = f"{left} = {whole}" + {"batch": "", "sample": "/N", "number": f"/(N·{network.layers[-1]})"}[loss.per]
    function = Function(operands, value, text, slack=4.0, conditioned=loss.fused)
    return Equation(Ref(left, "ni"), function=function, whole=whole)


def _over(slope: str, divisor: int) -> str:
    return slope if divisor == 1 else f"{slope}/{divisor}"


def _last_delta(network: Network, name: Name) -> Equation:
    k = network.depth
    f = network.activation(k)
    if not network.has_output_gradient():
        return _loss_slope(network, name)
    upstream = Aside(Kind.OUTPUT_GRADIENT, k)
    if f.elementwise:
        products = (Product((Ref(upstream, "ni"), Ref(network.slope(k), "ni"))),)
        return Equation(Ref(name, "ni"), products, whole=f"{name} = {upstream} ⊙ {network.slope(k)}", slack=ROUNDINGS)
    return _delta_through_all(network, name, upstream)


def _delta_through_all(network: Network, name: Name, upstream: Name) -> Equation:
    """Write δ_L where each output depends on all of its sample's z."""
    k = name.layer
    f, symbol = network.activation(k), network.symbol(k)
    operands = (Ref(upstream, "nm"), Ref(_a(k), "nm"), *(() if f.from_output else (Ref(_z(k), "nm"),)))

    def value(arrays: list[Any], bound: Bound) -> float:
        u, a = (np.atleast_2d(each) for each in arrays[:2])
        z = np.full_like(a, np.nan) if f.from_output else np.atleast_2d(arrays[2])
        return float(f.backward(z, a, u)[0, bound["i"]])

    def text(write: Writer, bound: Bound) -> str:
        own, every = {"m": str(bound["i"])}, {"m": "j"}
        u, a = operands[:2]
        given = {"u": write(u, own), "a": write(a, own), "us": write(u, every), "as": write(a, every)}
        return f.written.slope.format(**given) or f"({write(u, {'m': '·'})} · the Jacobian of {symbol})[{bound['i']}]"

    function = Function(operands, value, text, slack=ROUNDINGS, conditioned=True)
    return Equation(Ref(name, "ni"), function=function, whole=f"{name} = {upstream} · ∂{_a(k)}/∂{_z(k)}")


def _delta_equation(network: Network, name: Name) -> Equation:
    k = name.layer
    if k == network.depth:
        return _last_delta(network, name)
    factors = (Ref(_delta(k + 1), "ni"), Ref(_weights(k + 1), "ij"))
    slope = (Ref(network.slope(k), "nj"),) if network.has_slope(k) else ()
    times = f" ⊙ {network.slope(k)}" if slope else ""
    whole = f"{name} = ({_delta(k + 1)}·W{k + 1}){times}" if slope else f"{name} = {_delta(k + 1)}·W{k + 1}"
    return Equation(Ref(name, "nj"), (Product((*factors, *slope)),), whole=whole, slack=ROUNDINGS if slope else 0.0)


def _gradient(network: Network, name: Name) -> Equation:
    k = name.layer
    delta, a = _delta(k), _a(k - 1)
    if name.part == "W":
        return Equation(Ref(name, "ij"), (Product((Ref(delta, "ni"), Ref(a, "nj"))),), whole=f"{name} = {delta}ᵀ·{a}")
    return Equation(Ref(name, "i"), (Product((Ref(delta, "ni"),)),), whole=f"{name} = Σₙ {delta}")


_EQUATIONS: dict[Quantity | Kind, Callable[[Network, Any], Equation | None]] = {
    Quantity.PRE_ACTIVATION: _pre_activation,
    Quantity.ACTIVATION: _activation,
    Quantity.DELTA: _delta_equation,
    Quantity.GRADIENT: _gradient,
    Kind.SLOPE: _slope,
    Kind.TERM: _loss_term,
    Kind.LOSS: _loss,
    Kind.OUTPUT_GRADIENT: _loss_slope,
    **UPDATE_EQUATIONS,
}
"""By what the tensor is of."""
