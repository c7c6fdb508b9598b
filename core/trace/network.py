"""Network: what an experiment's equations are, at one epoch."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING
from unicodedata import normalize

from core.errors import AddressError
from core.functions.activations import ACTIVATIONS
from core.functions.losses import LOSSES
from core.functions.optimizers import OPTIMIZERS, STEP
from core.tensors import INPUT, TARGET, Quantity, TensorName
from core.trace.names import Address, Aside, Kind, split_cell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.experiment import Experiment
    from core.functions.activations import Activation
    from core.functions.losses import Loss
    from core.functions.optimizers import Line, Rule, Settings
    from core.tensors import Part
    from core.trace.equation import Equation, Ref
    from core.trace.names import Name

_PARTS: tuple[Part, ...] = ("W", "b")
_PER_PARAMETER = (Kind.NEXT, Kind.KEPT, Kind.NEXT_KEPT, Kind.LOCAL)
_SINGLE = (Kind.LOSS, Kind.STEP, Kind.NEXT_STEP)


@dataclass(frozen=True, eq=False)
class Network:
    """The settings of one epoch, and the number of samples in the batch that is looked at."""

    experiment: Experiment
    """Without changes in it, see `Experiment.at`."""
    samples: int
    equations: dict[Name, Equation | None] = field(default_factory=dict, repr=False)
    """Those that have been asked for: `core.trace.equations` makes them."""
    uses: dict[Name, tuple[tuple[Ref, Ref], ...]] = field(default_factory=dict, repr=False)
    """Which equations a tensor stands in, once that has been asked for: the left side, and the tensor on the right."""

    @property
    def layers(self) -> tuple[int, ...]:
        """Widths from the input to the output."""
        return self.experiment.layers

    @property
    def depth(self) -> int:
        """The number of layers with parameters, L."""
        return self.experiment.depth

    @cached_property
    def activation_names(self) -> tuple[str, ...]:
        """The activation of each layer, 1 to L."""
        return self.experiment.activations()

    def activation(self, layer: int) -> Activation:
        """Return the function of a layer, 1 to L."""
        return ACTIVATIONS[self.activation_names[layer - 1]]

    def symbol(self, layer: int) -> str:
        """Return how it is written, such as σ."""
        return self.activation(layer).written.symbol or self.activation_names[layer - 1]

    @property
    def loss(self) -> Loss:
        """The loss."""
        return LOSSES[self.experiment.loss]

    @property
    def divisor(self) -> int:
        """What the sum of the loss's terms is divided by."""
        return self.loss.divisor(self.samples, self.layers[-1])

    @property
    def rule(self) -> Rule:
        """The optimizer."""
        return OPTIMIZERS[self.experiment.optimizer.name]

    @cached_property
    def settings(self) -> Settings:
        """Its settings."""
        return self.experiment.optimizer.settings()

    @cached_property
    def lines(self) -> dict[str, Line]:
        """The lines of its rule by what they give; empty where it is explained as a whole."""
        return {line.result: line for line in self.rule.lines(self.settings)} if self.rule.lines else {}

    @cached_property
    def vectors(self) -> dict[str, str]:
        """The names of what the optimizer keeps of each parameter, by the symbols that stand for them."""
        names = self.rule.vectors(self.settings)
        return {self.rule.symbol(name): name for name in names if name != STEP}

    @property
    def counts_steps(self) -> bool:
        """Whether the optimizer counts its updates."""
        return STEP in self.rule.vectors(self.settings)

    def has_slope(self, layer: int) -> bool:
        """Whether a δ of the layer has f′(z) as a factor: not where a is z, nor where δ_L comes at once."""
        f = self.activation(layer)
        return f.module is not None and f.elementwise and not (layer == self.depth and self.loss.fused)

    def has_output_gradient(self) -> bool:
        """Whether ∂L/∂ŷ stands between the loss and δ_L."""
        return self.activation(self.depth).module is not None and not self.loss.fused

    def slope(self, layer: int) -> Aside:
        """Name f′(z) of a layer."""
        return Aside(Kind.SLOPE, layer, symbol=self.symbol(layer))

    @cached_property
    def names(self) -> dict[Name, None]:
        """All that can be explained, in the order in which it is computed."""
        return dict.fromkeys(self._names())

    def _names(self) -> Iterator[Name]:
        yield from (INPUT, TARGET)
        layers = range(1, self.depth + 1)
        for k in layers:
            yield from (TensorName(Quantity.PARAMETER, k, part) for part in _PARTS)
        for k in layers:
            yield from (TensorName(Quantity.PRE_ACTIVATION, k), TensorName(Quantity.ACTIVATION, k))
        yield from (Aside(Kind.TERM), Aside(Kind.LOSS))
        if self.has_output_gradient():
            yield Aside(Kind.OUTPUT_GRADIENT, self.depth)
        for k in reversed(layers):
            if self.has_slope(k):
                yield self.slope(k)
            yield TensorName(Quantity.DELTA, k)
            yield from (TensorName(Quantity.GRADIENT, k, part) for part in _PARTS)
        if self.counts_steps:
            yield from (Aside(Kind.STEP), Aside(Kind.NEXT_STEP))
        for k in layers:
            for part in _PARTS:
                yield from self._of_update(k, part)

    def _of_update(self, k: int, part: Part) -> Iterator[Name]:
        kinds = (Kind.KEPT, Kind.NEXT_KEPT)
        yield from (Aside(kind, k, part, symbol) for kind in kinds for symbol in self.vectors)
        kept = {f"next {symbol}" for symbol in self.vectors} | {"update", "next t"}
        yield from (Aside(Kind.LOCAL, k, part, result) for result in self.lines if result not in kept)
        yield from (TensorName(Quantity.UPDATE, k, part), Aside(Kind.NEXT, k, part))

    def shape(self, name: Name) -> tuple[int, ...]:
        """Return the shape of a tensor: (outputs, inputs), (outputs,), (N, width), or () for a single number."""
        if isinstance(name, Aside) and name.kind in _SINGLE:
            return ()
        if _per_parameter(name):
            outputs, inputs = self.layers[name.layer], self.layers[name.layer - 1]
            return (outputs, inputs) if name.part == "W" else (outputs,)
        last = name == TARGET or (isinstance(name, Aside) and name.kind is Kind.TERM)
        return (self.samples, self.layers[-1 if last else name.layer])

    def check(self, address: Address) -> None:
        """Refuse an address that names no number here.

        Raises:
            AddressError: the network has no such tensor, or the tensor no such cell.
        """
        if address.tensor not in self.names:
            raise AddressError(f"{address.tensor} is nothing that this network has", expected=self._examples())
        shape = self.shape(address.tensor)
        if len(shape) != len(address.cell) or not all(0 <= i < n for i, n in zip(address.cell, shape, strict=True)):
            raise AddressError(f"{address} names no number", expected=_cells(str(address.tensor), shape))

    def parse(self, text: str) -> Address:
        """Read an address as `str` writes it: `dL/dW2[3,7]`, `σ′(z2[0,3])`, `next W1[0,0]`, `L`.

        What panes and formulas call otherwise is read too: `ŷ[0,0]` is the last layer's a, `δ1[0,0]` is dL/dz1.

        Raises:
            AddressError: it names no number here.
        """
        name, cell = split_cell(normalize("NFC", text))
        name = name.replace("ŷ", f"a{self.depth}").replace("δ", "dL/dz")
        named = [each for each in self.names if str(each) == name]
        if not named:
            raise AddressError(f"{text!r} names no number", expected=self._examples())
        fitting = [each for each in named if len(self.shape(each)) == len(cell or ())]
        address = Address((fitting or named)[0], cell or ())
        self.check(address)
        return address

    def _examples(self) -> str:
        return f"such as dL/dW{self.depth}[0,0], z1[0,0], update b1[0] or L"


def _per_parameter(name: Name) -> bool:
    return name.quantity.of_parameters if isinstance(name, TensorName) else name.kind in _PER_PARAMETER


def _cells(name: str, shape: tuple[int, ...]) -> str:
    if not shape:
        return f"{name} alone"
    lasts = ",".join(str(each - 1) for each in shape)
    return f"{name}[{','.join('0' for _ in shape)}] to {name}[{lasts}]"
