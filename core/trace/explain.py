"""Explain a number: the formula, the operands with their values, and how the engine's own number comes out."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from core.errors import EpochError
from core.tensors import INPUT, TARGET, Quantity, TensorName
from core.trace import text
from core.trace.difference import differences
from core.trace.equations import equation, used_by
from core.trace.exact import added, divided, exact, less
from core.trace.explanation import Closing, Explanation, Operand, Order, Term
from core.trace.lent import Lent, is_of_update
from core.trace.names import Address, Aside, Cells, Kind
from core.trace.network import Network
from core.trace.reading import Reading, parts, read, rounding, total
from core.trace.values import Values
from core.trace.words import holder, remarks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from core.experiment import Experiment
    from core.frame import Frame
    from core.trace.equation import Bound, Equation, Ref
    from core.trace.exact import Exact
    from core.trace.reading import Part

SHOWN = 12
"""How many terms of a long sum are shown if nothing else is asked for."""
NOTHING: Mapping[str, Lent] = MappingProxyType({})


def network_of(frame: Frame, experiment: Experiment) -> Network:
    """Return the settings that a frame's epoch was trained with, and the size of its batch; of none at epoch 0."""
    computed = next((each.computed for each in frame.engines.values() if each.computed is not None), None)
    return _network(experiment.at(max(frame.epoch, 1)), 0 if computed is None else len(computed.x))


@lru_cache(maxsize=4)
def _network(settings: Experiment, samples: int) -> Network:
    """Keep the equations of the networks looked at of late: links are followed within one."""
    return Network(settings, samples)


def explain(
    frame: Frame,
    experiment: Experiment,
    address: Address,
    *,
    order: Order = "size",
    most: int | None = SHOWN,
    lent: Mapping[str, Lent] = NOTHING,
) -> Explanation:
    """Explain a number in every engine of a frame that has it.

    Terms come sorted by their size in the first engine, or by their indices; `most` of them, or all. `lent` completes
    the engines that return no more than some of their pass, by name; such a one is only explained with it.

    Raises:
        AddressError: the network has no such number.
        EpochError: nothing but parameters is known at epoch 0.
    """
    network = network_of(frame, experiment)
    known = isinstance(address.tensor, TensorName) and address.tensor.quantity is Quantity.PARAMETER
    if not network.samples and not known:
        raise EpochError(f"{address} is not known at epoch 0", expected="an epoch that has been trained")
    network.check(address)
    return _Explainer(network, address, _values_of(network, frame, address, lent)).explanation(order, most)


def _values_of(network: Network, frame: Frame, address: Address, lent: Mapping[str, Lent]) -> dict[str, Values]:
    """Return each engine's numbers; of an update, those of the engine that it is taken over from."""
    found = {}
    for name, each in frame.engines.items():
        of_own = lent.get(name)
        if of_own is None:
            found[name] = Values(network, name, each)
        elif of_own.follows is not None and is_of_update(address.tensor):
            found[name] = Values(network, name, of_own.follows, replace(of_own, names=frozenset(), doubts={}))
        else:
            found[name] = Values(network, name, of_own.frame, of_own)
    return found


class _Explainer:
    def __init__(self, network: Network, address: Address, engines: dict[str, Values]) -> None:
        self.network, self.address, self.engines = network, address, engines
        self.made = equation(network, address.tensor) if network.samples else None
        self.readings = {
            name: reading for name, each in self.engines.items() if (reading := self._read(each)) is not None
        }
        self._operands: dict[Address, Operand] = {}

    def _read(self, values: Values) -> Reading | None:
        return read(values, self.address) if self.made is not None else None

    def explanation(self, order: Order, most: int | None) -> Explanation:
        results = {name: value for name, each in self.engines.items() if (value := each.of(self.address)) is not None}
        feeds = used_by(self.network, Cells(self.address.tensor, self.address.cell)) if self.network.samples else ()
        told = {name: said for name, each in self.engines.items() if (said := remarks(each, self.address))}
        if self.made is None:
            leaf = Explanation(self.address, _of_leaf(self.address), {}, (), 0, order, (), 0, {}, results, (), feeds)
            return replace(leaf, remarks=told)
        bound = self.made.left.bind(self.address.cell)
        found = parts(self.network, self.made, bound)
        of_sum = self.made.function is None
        terms = self._sum(found, order, most) if of_sum else [self._function(self.made, bound, most)]
        count = sum(part.count for part in found) if of_sum else 1
        operands = tuple(dict.fromkeys(operand.address for term in terms for operand in term.operands))
        closings = {name: _closing(each, found, terms, name) for name, each in self.readings.items()}
        numbers = {name: self._numbers(each, found, terms, count) for name, each in self.readings.items()}
        return Explanation(
            self.address,
            text.formula(self.made, bound),
            {name: _with_result(each, closings[name]) for name, each in numbers.items()},
            tuple(terms),
            count,
            order,
            tuple(self._operands[each] for each in operands),
            0 if of_sum else self._operand_count(self.made, bound) - len(operands),
            closings,
            results,
            tuple(self._operand(ref.at(bound)) for ref in self.made.beside),
            feeds,
            differences(self.network, self.engines, self.address, most),
            told,
        )

    def _operand(self, address: Address) -> Operand:
        operand = self._operands.get(address)
        if operand is None:
            values = {name: each.of(address) for name, each in self.engines.items()}
            known = {name: value for name, value in values.items() if value is not None}
            operand = Operand(address, known, equation(self.network, address.tensor) is None)
            self._operands[address] = operand
        return operand

    def _sum(self, found: list[Part], order: Order, most: int | None) -> list[Term]:
        """Return the terms that are shown, each with its share and the running sum."""
        firsts = np.cumsum([0, *(part.count for part in found)])
        count = int(firsts[-1])
        places = np.arange(count) if order == "index" or not self.readings else self._by_size(found)
        terms: list[Term] = []
        running: dict[str, Exact] = {name: exact(0.0) for name in self.readings}
        for place in places[: count if most is None else most].tolist():
            which = int(np.searchsorted(firsts, place, "right")) - 1
            term = self._term(found[which], place - int(firsts[which]), place, running)
            running = dict(term.running)
            terms.append(term)
        return terms

    def _by_size(self, found: list[Part]) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
        first = next(iter(self.readings.values()))
        with np.errstate(all="ignore"):
            sizes = np.concatenate([first.sizes(part) for part in found])
        return np.argsort(-np.nan_to_num(sizes, nan=np.inf), kind="stable")

    def _term(self, part: Part, inside: int, place: int, running: Mapping[str, Exact]) -> Term:
        bound = part.at(inside)
        operands = tuple(self._operand(ref.at(bound)) for ref in part.product.factors)
        values = {name: reading.term(part, inside) for name, reading in self.readings.items()}
        words = [*text.coefficient(part.product), *(ref.text(bound) for ref in part.product.factors)]
        written = ("−" if part.product.coefficient < 0 else "") + "·".join(words)
        return Term(
            place,
            written,
            operands,
            values,
            {name: divided(value, exact(self.readings[name].result)) for name, value in values.items()},
            {name: added((running[name], value)) for name, value in values.items()},
        )

    def _function(self, made: Equation, bound: Bound, most: int | None) -> Term:
        """Return what a function gives, as the only term."""
        assert made.function is not None
        addresses = dict.fromkeys(each for ref in made.refs for each in self._addresses(ref, bound, most))
        operands = [self._operand(each) for each in addresses]
        values = {name: reading.function_value() for name, reading in self.readings.items()}
        shares = {name: divided(value, exact(self.readings[name].result)) for name, value in values.items()}
        written = text.formula(made, bound).split(" = ")[1]
        return Term(0, written, tuple(operands), values, shares, values)

    def _addresses(self, ref: Ref, bound: Bound, most: int | None) -> Iterable[Address]:
        """Return the cells that a function takes: its own unit's first, then the others', the largest first."""
        if not ref.free(bound):
            return [ref.at(bound)]
        count = self.network.shape(ref.name)[-1]
        own = bound.get("i", 0)
        sizes = np.zeros(count)
        if self.readings:
            sizes = np.abs(np.nan_to_num(next(iter(self.readings.values())).arrays[ref], nan=np.inf))
        others = [int(each) for each in np.argsort(-sizes, kind="stable") if each != own]
        return [ref.at({**bound, "m": each}) for each in [own, *others][:most]]

    def _operand_count(self, made: Equation, bound: Bound) -> int:
        return sum(self.network.shape(ref.name)[-1] if ref.free(bound) else 1 for ref in dict.fromkeys(made.refs))

    def _numbers(self, reading: Reading, found: list[Part], terms: list[Term], count: int) -> str:
        name = reading.values.name
        if reading.made.function is not None:
            return text.function_numbers(reading.made.function, reading.arrays, reading.bound)
        firsts = np.cumsum([0, *(part.count for part in found)])
        products = [found[int(np.searchsorted(firsts, term.place, "right")) - 1].product for term in terms]
        written = [text.product_numbers(term, each, name) for term, each in zip(terms, products, strict=True)]
        return text.numbers(written, complete=len(terms) == count)


def _closing(reading: Reading, found: list[Part], terms: list[Term], name: str) -> Closing:
    whole = total(reading, found)
    shown = added(term.values[name] for term in terms)
    return Closing(
        reading.result,
        reading.precision,
        whole,
        less(whole, shown),
        rounding(reading, whole),
        reading.allowed(found),
        holder(reading.values, reading.made.left.name),
    )


def _with_result(numbers: str, closing: Closing) -> str:
    """Write what the engine has behind the formula with numbers: `2·3 = 6`; where there is but one number, that."""
    result = f"{closing.result:.5g}"
    if not closing.reproduced:
        return f"{numbers} ≠ {result}"
    return result if numbers in (result, f"({result})") else f"{numbers} = {result}"


def _of_leaf(address: Address) -> str:
    if address.tensor == INPUT:
        return f"{address} is an input: unit {address.cell[1]} of sample {address.cell[0]}"
    if address.tensor == TARGET:
        return f"{address} is a target: output {address.cell[1]} of sample {address.cell[0]}"
    if address.tensor == Aside(Kind.STEP):
        return f"{address} counts the updates that the optimizer has made before"
    if isinstance(address.tensor, Aside):
        return f"{address} is what the optimizer kept from the updates before"
    return f"{address} is a parameter, as the updates before have left it"
