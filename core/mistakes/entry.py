"""What an entry of the catalogue is: a mistake, and the changes to the equations that it consists of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from core.arrays import FloatArray

Slot = Literal["loss", "error", "derivative", "upstream", "delta", "local", "dW", "db", "gradients"]
"""What of the equations is changed.

loss        L(ŷ, y)
error       ∂L/∂ŷ; where the loss is fused with the output activation, ∂L/∂z_L
derivative  f_k′(z_k)
upstream    δ_{k+1} W_{k+1}, which is ∂L/∂a_k
delta       δ_k
local       δ_k as dL/dW_k and dL/db_k take it, but not as it goes on to the layer below
dW          dL/dW_k
db          dL/db_k
gradients   each dL/dW_k and dL/db_k once all are made
"""

OF_W = "dL/dW_{k} = δ_{k}ᵀ a_{down}"
OF_B = "dL/db_{k} = Σ_samples δ_{k}"
"""The right lines for the gradients of layer k."""

TENSORS: Mapping[Slot, str] = {
    "loss": "loss",
    **dict.fromkeys(("error", "derivative", "upstream", "delta", "local"), "dL/dz{k}"),
    "dW": "dL/dW{k}",
    "db": "dL/db{k}",
    "gradients": "",
}
"""The tensor whose equation a slot is part of."""


class Described(Protocol):
    """The network that a mistake may fit or not; `core.reference.Network` is one."""

    @property
    def layers(self) -> tuple[int, ...]:
        """Widths from the input to the output."""

    @property
    def activations(self) -> tuple[str, ...]:
        """Of the layers 1 to L."""

    @property
    def loss(self) -> str:
        """The loss's name."""


class State(Protocol):
    """A pass under way, as a change sees it: all that has been computed so far, by layer."""

    y: FloatArray
    W: dict[int, FloatArray]
    b: dict[int, FloatArray]
    z: dict[int, FloatArray]
    a: dict[int, FloatArray]
    error: FloatArray
    upstream: dict[int, FloatArray]
    delta: dict[int, FloatArray]
    dW: dict[int, FloatArray]
    db: dict[int, FloatArray]
    part: str
    """`W` or `b`: which gradient a change of `gradients` is given."""

    @property
    def network(self) -> Described:
        """What the pass is of."""

    @property
    def depth(self) -> int:
        """L."""

    @property
    def samples(self) -> int:
        """N."""

    @property
    def norm(self) -> float:
        """The Euclidean norm of all gradients together."""

    def prime(self, k: int, z: FloatArray) -> FloatArray:
        """f_k′ at z."""

    def prime_of(self, name: str, z: FloatArray) -> FloatArray:
        """Return the derivative of the activation of that name at z."""

    def loss_of(self, prediction: FloatArray, target: FloatArray) -> float:
        """L."""

    def error_of(self, prediction: FloatArray, target: FloatArray) -> FloatArray:
        """∂L/∂ŷ."""

    def earlier(self, k: int) -> FloatArray | None:
        """Return what the call before returned for `part` of layer k; None at the first call."""


Do: TypeAlias = "Callable[[State, int, Any, float], Any]"
"""Returns the wrong value, given the pass, the layer k, the right value, and the mistake's own number if it has one."""
Fits: TypeAlias = "Callable[[Described, int], bool]"
"""Whether a change means anything at layer k of a network."""


def anywhere(_network: Described, _k: int) -> bool:
    """At every layer."""
    return True


@dataclass(frozen=True)
class Change:
    """One change to one of the equations."""

    slot: Slot
    do: Do
    right: str
    """The line of mathematics as it should be; {k}, {up} and {down} stand for the layer and its neighbours, {above} for
    the layer above {up}. W and dL/dW have shape (outputs, inputs); `core.mistakes.turning` writes it the other way."""
    wrong: str
    fits: Fits = anywhere
    how: str = ""
    """What tells it from the other changes of the same mistake, as a slug."""
    keeps_shape: Fits = anywhere
    """Where the wrong gradient has the shape of the right one, so that one can train with it."""


@dataclass(frozen=True)
class Mistake:
    """One way in which a hand-written backward pass is wrong."""

    name: str
    """A stable slug."""
    explanation: str
    """What was done, in a sentence; {k}, {up} and {down} stand for the layer and its neighbours."""
    changes: tuple[Change, ...]
    """Where it can be made; the first that fits is meant when nothing else is said."""
    number: str = ""
    """What its own number is, where it has one that has to be found: a factor, a learning rate."""
    needs_earlier: bool = False
    """Whether it shows only in a second call."""
    needs_rate: bool = False
    """Whether it is told from a constant factor only by the learning rate that the function is given."""
    seen: str = ""
    """Where it was seen."""


def general(text: str, number: str = "c") -> str:
    """Put letters where a layer's numbers stand in an explanation or a line of mathematics."""
    return text.format(k="k", up="k+1", above="k+2", down="k−1", c=number)


@dataclass(frozen=True)
class Planted:
    """A mistake at its place."""

    mistake: Mistake
    change: Change
    layer: int
    """The k of the equation that is changed; 0 where all are."""
    number: float = 1.0
    """The mistake's own number, where it has one."""
    given: bool = False
    """Whether that number is one that the function is given, a learning rate: another one on every probe."""

    @property
    def tensor(self) -> str | None:
        """The name of the tensor whose equation is changed; None where all are."""
        return TENSORS[self.change.slot].format(k=self.layer) or None

    @property
    def text(self) -> str:
        """How it is written: `derivative-at-activation@2`, `wrong-sign@1:dW`."""
        how = f":{self.change.how}" if self.change.how else ""
        number = f"={self.number:.6g}" if self.mistake.number and not self.given else ""
        return f"{self.mistake.name}@{self.layer}{how}{number}" if self.layer else f"{self.mistake.name}{how}{number}"

    def said(self, text: str) -> str:
        """Put the layer's numbers into an explanation or a line of mathematics."""
        k = self.layer
        return text.format(k=k, up=k + 1, above=k + 2, down=k - 1, c=self._number)

    def said_of_several(self, text: str) -> str:
        """Say an explanation of several layers at once."""
        return general(text, self._number)

    @property
    def _number(self) -> str:
        return "η" if self.given else f"{self.number:.6g}"
