"""The chain rule of any number, number by number: where it comes from, what it feeds into, where engines part.

`explain` gives the formula of a number with its operands, each with an address of its own to follow; `used_by` goes the
other way; `walk` lists the phases of an epoch. Nothing here knows an engine: all comes from frames.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.trace import equations
from core.trace.explain import explain, network_of
from core.trace.explanation import Cause, Closing, Difference, Explanation, Operand, Order, Term
from core.trace.lent import Lent, lend
from core.trace.names import Address, Aside, Cells, Kind, Name
from core.trace.sheet import Line, Sheet, sheet
from core.trace.values import Values
from core.trace.walk import Phase, walk

if TYPE_CHECKING:
    from core.experiment import Experiment
    from core.frame import Frame

__all__ = [
    "Address",
    "Aside",
    "Cause",
    "Cells",
    "Closing",
    "Difference",
    "Explanation",
    "Kind",
    "Lent",
    "Line",
    "Name",
    "Operand",
    "Order",
    "Phase",
    "Sheet",
    "Term",
    "explain",
    "lend",
    "parse_address",
    "sheet",
    "used_by",
    "value_at",
    "walk",
]


def parse_address(frame: Frame, experiment: Experiment, text: str) -> Address:
    """Read an address as `str` writes it: `dL/dW2[3,7]`, `σ′(z2[0,3])`, `next W1[0,0]`, `L`.

    Raises:
        AddressError: it names no number of the frame's network.
    """
    return network_of(frame, experiment).parse(text)


def used_by(frame: Frame, experiment: Experiment, address: Address) -> tuple[Cells, ...]:
    """Return what a number feeds into, in the order in which it is computed: W2[3,7] feeds z2[·,3] and more.

    Raises:
        AddressError: the network has no such number.
    """
    network = network_of(frame, experiment)
    network.check(address)
    return equations.used_by(network, Cells(address.tensor, address.cell))


def value_at(frame: Frame, experiment: Experiment, address: Address) -> dict[str, float]:
    """Return a number in every engine that has it.

    Raises:
        AddressError: the network has no such number.
    """
    network = network_of(frame, experiment)
    network.check(address)
    found = {name: Values(network, name, each).of(address) for name, each in frame.engines.items()}
    return {name: value for name, value in found.items() if value is not None}
