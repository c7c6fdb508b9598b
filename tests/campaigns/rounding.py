"""Judge thousands of random correct networks: rounding must explain every number of every one of them.

    python tests/campaigns/rounding.py [--count 10000] [--seed 0] [--strict]

Networks of 1 to 5 layers, with all activations, losses and laws, in float32 and in float64, with batches of 1 to 256,
are trained for a while, and their targets moved to what they predict, down to losses of 1e-12 and below. Then each is
judged: both engines' numbers against the reference; theirs, the reference's, and those of a third pass in the same
precision, which has other formulas and sums in another order, against that third pass in extended precision. The exit
status is 1 if any is further off than its bound.

After that, one element of a gradient, and a whole one, is multiplied by 1.001. It must be judged wrong where 0.1 % is
more than the bound and what rounding did to it already; how often it isn't is counted.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from core import data
from core.engines.autograd import Autograd
from core.engines.base import EngineState
from core.engines.scratch import Scratch
from core.experiment import Data, Experiment, Init, Optimizer
from core.functions.activations import ACTIVATIONS
from core.functions.losses import LOSSES
from core.judge import judge_loss, judge_tensor, judged_names, shares
from core.parameters import Parameters
from core.reference import Network, reference
from core.rounding import Bounded, probable, strict
from core.tensors import Quantity, tensor_names

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.engines.base import Pass
    from core.rounding import Arithmetic, Precision
    from core.tensors import TensorName

Exact = np.ndarray[tuple[int, ...], np.dtype[np.longdouble]]

HIDDEN = [name for name, f in ACTIVATIONS.items() if f.elementwise]
LAWS = ("torch", "xavier_normal", "kaiming_normal", "unit", "normal", "kaiming_uniform")
LEVELS = (1e-3, 1e-6, 1e-9, 1e-12, 0.0)
"""The losses that the tables have lines for: down to each."""


# A pass that shares no code with the engines


def erf(x: Exact) -> Exact:
    """2/√π·e^(−x²)·Σ 2ⁿx^(2n+1)/(2n + 1)!!, whose terms have one sign. Abramowitz and Stegun, 7.1.6."""
    inside = np.clip(x, -7, 7)
    term = inside.copy()
    total = inside.copy()
    for n in range(1, 200):
        term = term * 2 * inside * inside / (2 * n + 1)
        total = total + term
    return 2 / np.sqrt(np.longdouble(math.pi)) * np.exp(-inside * inside) * total


def logistic(z: Exact) -> Exact:
    """1/(1 + e^−z)."""
    return 1 / (1 + np.exp(-z))


def gelu(z: Exact) -> tuple[Exact, Exact]:
    """z·Φ(z), and Φ(z) + z·φ(z)."""
    pi = np.arctan2(np.longdouble(0), np.longdouble(-1))
    below = (1 + erf(z / np.sqrt(np.longdouble(2)))) / 2
    return z * below, below + z * np.exp(-z * z / 2) / np.sqrt(2 * pi)


def gelu_tanh(z: Exact) -> tuple[Exact, Exact]:
    """The tanh approximation of gelu, and its derivative."""
    root, cubic = np.sqrt(2 / np.arctan2(np.longdouble(0), np.longdouble(-1))), np.longdouble("0.044715")
    t = np.tanh(root * (z + cubic * z**3))
    return z * (1 + t) / 2, (1 + t) / 2 + z / 2 * (1 - t * t) * root * (1 + 3 * cubic * z * z)


def softplus(z: Exact) -> tuple[Exact, Exact]:
    """ln(1 + e^z), and z itself above 20."""
    return np.where(z > 20, z, np.log1p(np.exp(np.minimum(z, 20)))), np.where(z > 20, 1, logistic(z))


EXACT: dict[str, Callable[[Exact], tuple[Exact, Exact]]] = {
    "sigmoid": lambda z: (logistic(z), logistic(z) * logistic(-z)),
    "identity": lambda z: (z, np.ones_like(z)),
    "tanh": lambda z: (np.tanh(z), 1 / np.cosh(z) ** 2),
    "relu": lambda z: (np.where(z > 0, z, 0), np.where(z > 0, 1, 0)),
    "leaky_relu": lambda z: (np.where(z > 0, z, z / 100), np.where(z > 0, np.longdouble(1), np.longdouble(1) / 100)),
    "elu": lambda z: (np.where(z > 0, z, np.expm1(z)), np.where(z > 0, 1, np.exp(z))),
    "gelu": gelu,
    "gelu_tanh": gelu_tanh,
    "silu": lambda z: (z * logistic(z), logistic(z) + z * logistic(z) * logistic(-z)),
    "softplus": softplus,
}
"""f(z) and f′(z)."""


def softmax(z: Exact) -> Exact:
    """The shares of each row."""
    powers = np.exp(z - z.max(axis=1)[:, None])
    return powers / powers.sum(axis=1)[:, None]


def loss_gradient(loss: str, z: Exact, prediction: Exact, y: Exact) -> Exact:
    """∂L/∂ŷ, or δ_L where the loss is fused."""
    r = prediction - y
    return {
        "sse": lambda: 2 * r,
        "mse": lambda: 2 * r / r.size,
        "mae": lambda: np.sign(r) / r.size,
        "huber": lambda: np.where(abs(r) <= 1, r, np.sign(r)) / r.size,
        "bce": lambda: (logistic(z) - y) / r.size,
        "cross_entropy": lambda: (softmax(z) * y.sum(axis=1)[:, None] - y) / len(y),
    }[loss]()


def another_pass(
    network: Network, parameters: Parameters, x: np.ndarray, y: np.ndarray, wide: type = np.longdouble
) -> dict[str, Exact]:
    """Every quantity of a pass by its name; in extended precision, or in that of an engine, as one more of those."""
    a, slopes, found = x.astype(wide), {}, {"a0": x.astype(wide)}
    for k, name in enumerate(network.activations, start=1):
        z = np.einsum("ni,oi->no", a, parameters.W[k].astype(wide)) + parameters.b[k].astype(wide)
        a, slope = (softmax(z), z) if name == "softmax" else EXACT[name](z)
        a, slopes[k] = a.astype(wide), slope.astype(wide)
        found |= {f"z{k}": z, f"a{k}": a}
    last = len(network.activations)
    upstream = loss_gradient(network.loss, z, a, y.astype(wide))
    for k in range(last, 0, -1):
        if k == last and LOSSES[network.loss].fused:
            delta = upstream
        elif network.activations[k - 1] == "softmax":
            delta = a * upstream - a * (a * upstream).sum(axis=1)[:, None]
        else:
            delta = upstream * slopes[k]
        found[f"dL/dz{k}"] = delta
        found[f"dL/dW{k}"] = np.einsum("no,ni->oi", delta, found[f"a{k - 1}"])
        found[f"dL/db{k}"] = delta.sum(axis=0)
        upstream = np.einsum("no,oi->ni", delta, parameters.W[k].astype(wide))
    return found


# The networks


class Case(NamedTuple):
    """A network at some parameters, and a batch."""

    experiment: Experiment
    state: EngineState
    x: np.ndarray
    y: np.ndarray


def drawn_experiment(random: np.random.Generator) -> Experiment:
    """Draw what is not a number."""
    loss = str(random.choice(list(LOSSES)))
    output = LOSSES[loss].output or str(random.choice(list(ACTIVATIONS)))
    depth = int(random.integers(1, 6))
    widths = [int(each) for each in np.rint(np.exp(random.uniform(0, np.log(40), depth + 1)))]
    widths[-1] = max(widths[-1], 2) if output == "softmax" else widths[-1]
    return Experiment(
        layers=tuple(widths),
        activation=tuple(str(name) for name in random.choice(HIDDEN, depth - 1)),
        output=output,
        loss=loss,
        precision=str(random.choice(["float32", "float64"])),
        seed=int(random.integers(2**32)),
        init=Init(law=str(random.choice(LAWS))),
        optimizer=Optimizer("adam", lr=float(10 ** random.uniform(-4, -1))),
        data=Data(file="any.csv"),  # so that any widths are allowed; it is never read
    )


def drawn(random: np.random.Generator) -> Case:
    """Draw a network and a batch, train it for a while, and move the targets towards what it predicts then."""
    described = drawn_experiment(random)
    count = int(np.rint(np.exp(random.uniform(0, np.log(256)))))
    x = (random.normal(size=(count, described.layers[0])) * 10 ** random.uniform(-2, 2)).astype(described.precision)
    y = drawn_targets(random, described, count).astype(described.precision)
    engine = Scratch(described)
    for _ in range(int(random.choice([0, 3, 30, 100]))):
        engine.step(x, y)
    near = random.choice([1.0, 10 ** random.uniform(-9, 0)])
    prediction = engine.evaluate(x, y).prediction
    y = (prediction + near * (y.astype(np.float64) - prediction)).astype(described.precision)
    return Case(described, engine.state(), x, y)


def drawn_targets(random: np.random.Generator, described: Experiment, count: int) -> np.ndarray:
    """Draw targets that the loss can have."""
    width = described.layers[-1]
    if described.output == "softmax":
        return np.eye(width)[random.integers(width, size=count)]
    if described.loss == "bce":
        return random.integers(2, size=(count, width)).astype(float)
    return random.normal(size=(count, width))


# What is measured


@dataclass
class Line:
    """What was measured at losses of some size."""

    networks: int = 0
    elements: int = 0
    beyond: int = 0
    share: float = 0.0
    slacks: list[float] = field(default_factory=list)
    blurred: int = 0
    unknown: int = 0
    caught: int = 0
    hidden: int = 0
    missed: int = 0


def line_of(loss: float) -> float:
    """Return the level that a loss belongs to."""
    return next((level for level in LEVELS if loss > level), 0.0)


class Campaign:
    """The measurements so far, by precision and by the level of the loss."""

    def __init__(self, arithmetic: Callable[[Precision], Arithmetic]) -> None:
        self.arithmetic = arithmetic
        self.lines: dict[tuple[str, float], Line] = defaultdict(Line)
        self.wrong = 0

    def judge(self, case: Case, number: int, random: np.random.Generator) -> None:
        """Judge both engines and the reference in one case."""
        precision = case.experiment.precision
        network = Network.of(case.experiment)
        passes = {each.name: looked(each(case.experiment), case) for each in (Scratch, Autograd)}
        computed = passes["scratch"]
        parameters = Parameters(case.experiment.layers, case.state.parameters)
        against = reference(network, parameters, case.x, case.y, precision, arithmetic=self.arithmetic)
        own = reference(network, parameters, case.x, case.y, "float64", arithmetic=self.arithmetic)
        exact = another_pass(network, parameters, case.x, case.y)
        third = another_pass(network, parameters, case.x, case.y, np.dtype(precision).type)
        line = self.lines[precision, line_of(computed.loss)]
        line.networks += 1
        for name in judged_names(against.depth):
            bounded = against.bounded(name)
            truth = Bounded(exact[str(name)], bounded.error)
            for engine, each in passes.items():
                value = tensor(each, name)
                self._count(line, value, bounded, f"{number} {engine} {name}")
                self._count(line, value, truth, f"{number} {engine} {name} against extended precision")
            self._count(
                line,
                own.bounded(name).value,
                Bounded(exact[str(name)], own.bounded(name).error),
                f"{number} reference {name}",
            )
            self._count(line, third[str(name)], truth, f"{number} another {name} against extended precision")
            if name.quantity is Quantity.GRADIENT:
                plant(line, tensor(computed, name), bounded, random)
        for engine, each in passes.items():
            if not judge_loss(each, against).within:
                self._report(f"{number} {engine} loss {judge_loss(each, against)}", line)

    def _count(self, line: Line, value: np.ndarray, bounded: Bounded, what: str) -> None:
        judged = judge_tensor(value, bounded)
        line.elements += value.size
        line.blurred += judged.blur
        line.unknown += judged.unknown
        line.share = max(line.share, judged.share)
        share = shares(value, bounded)
        moved = share[share > 0]
        if moved.size:
            line.slacks.append(float(1 / np.median(moved)))
        if not judged.within:
            self._report(f"{what} {judged}", line)

    def _report(self, what: str, line: Line) -> None:
        line.beyond += 1
        self.wrong += 1
        if self.wrong <= 20:
            print(f"beyond its bound: {what}")

    @property
    def failed(self) -> bool:
        """Whether a right number was judged wrong, or a wrong one right that rounding doesn't hide."""
        return any(line.beyond or line.missed for line in self.lines.values())

    def print(self) -> None:
        """Print a line for each precision and level."""
        print("precision  loss above  networks   numbers  beyond  largest share  slack  planted: caught hidden missed")
        for (precision, level), line in sorted(self.lines.items(), key=lambda each: (each[0][0], -each[0][1])):
            slack = float(np.median(line.slacks)) if line.slacks else math.nan
            print(
                f"{precision:9}  {level:10.0e}  {line.networks:8}  {line.elements:8}  {line.beyond:6}  "
                f"{line.share:13.3f}  {slack:5.0f}  {line.caught:15} {line.hidden:6} {line.missed:6}"
            )


def looked(engine: Scratch | Autograd, case: Case) -> Pass:
    """The pass of an engine in a case."""
    engine.restore(EngineState(case.state.parameters))
    return engine.look(case.x, case.y)


def tensor(computed: Pass, name: TensorName) -> np.ndarray:
    """One tensor of a pass."""
    if name.quantity is Quantity.GRADIENT:
        return getattr(computed.gradients, name.part)[name.layer]
    return {"z": computed.z, "a": computed.a, "δ": computed.delta}[name.quantity.value][name.layer]


def plant(line: Line, value: np.ndarray, bounded: Bounded, random: np.random.Generator) -> None:
    """Multiply one element by 1.001, and all of them; count whether that is seen, or hidden by rounding."""
    one = np.zeros(value.shape, bool)
    one.flat[random.integers(value.size)] = True
    for chosen in (one, np.ones(value.shape, bool)):
        changed = np.where(chosen, value * value.dtype.type(1.001), value)
        visible = np.abs(changed - value.astype(float)) > bounded.error + np.abs(value - bounded.value)
        within = judge_tensor(changed, bounded).within
        line.caught += not within
        line.hidden += within
        line.missed += within and bool(visible.any())


def notebook_slack(arithmetic: Callable[[Precision], Arithmetic], precision: Precision, seeds: int) -> list[np.ndarray]:
    """bound/error of all gradients of the notebook's network, at each of its ten epochs."""
    found: dict[int, list[np.ndarray]] = defaultdict(list)
    for seed in range(seeds):
        described = Experiment(precision=precision, seed=seed)
        network = Network.of(described)
        samples = data.of(described).train.cast(precision)
        for make in (Scratch, Autograd):
            engine = make(described)
            for epoch in range(10):
                computed = engine.look(samples.x, samples.y)
                parameters = Parameters(described.layers, engine.state().parameters)
                against = reference(network, parameters, samples.x, samples.y, precision, arithmetic=arithmetic)
                exact = another_pass(network, parameters, samples.x, samples.y)
                for name in tensor_names(Quantity.GRADIENT, against.depth):
                    truth = Bounded(exact[str(name)], against.bounded(name).error)
                    share = shares(tensor(computed, name), truth)
                    found[epoch].append(1 / share[share > 0])
                engine.step(samples.x, samples.y)
    return [np.concatenate(each) for each in found.values()]


def main() -> int:
    """Run a campaign; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--strict", action="store_true", help="with bounds that hold however the roundings fall")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    arithmetic = strict if asked.strict else probable
    campaign = Campaign(arithmetic)
    for number in range(asked.count):
        random = np.random.default_rng([asked.seed, number])
        with np.errstate(all="ignore"):
            campaign.judge(drawn(random), number, random)
    campaign.print()
    for precision in ("float32", "float64"):
        slacks = notebook_slack(arithmetic, precision, 5 if asked.count < 1000 else 50)
        by_epoch = ", ".join(f"{np.median(each):.0f}" for each in slacks)
        median = np.median(np.concatenate(slacks))
        print(f"the notebook's network in {precision}, median slack {median:.0f}; by epoch: {by_epoch}")
    return 1 if campaign.failed else 0


if __name__ == "__main__":
    sys.exit(main())
