"""Probes: networks, parameters and batches that tell mistakes apart which the assignment's own setting hides.

With one sample, the sum, the mean and the first row are the same number; a square layer hides a missing transpose; a
batch seen once hides what leaks from one call to the next. Every number is one that float32 holds, so that a file that
computes in float32 is given what it is judged by.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from core import data
from core.experiment import parameter_count
from core.functions.losses import LOSSES
from core.initial import draw
from core.parameters import Parameters
from core.reference import Network
from core.simulation import Given

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.arrays import Float64Array, FloatArray
    from core.experiment import Experiment

SEED = 20
"""Of all that is drawn for probes."""
MOST_SAMPLES = 64
"""Of the experiment's own that are tried."""
LARGE_WEIGHTS = "seven samples, large weights"
"""The probe whose units saturate: what is written without care overflows there."""
LARGE_ERRORS = 1000.0
"""By how much targets are larger than usual, to see gradients that are clipped."""
LEARNING_RATES = (0.1, 0.0, 0.7)
"""Those that a function which takes one is given, in turn."""


@dataclass(frozen=True)
class Probe:
    """One call of the function, or two in a row."""

    name: str
    given: Given
    own: bool = True
    """Whether the widths are those of the network that the file is for."""
    then: Given | None = None
    """A second call in the same module."""

    def without_rate(self) -> Probe:
        """Return the same for a function that takes no learning rate."""
        return _with_rate(self, None)


def probes(experiment: Experiment, *, own_data: bool) -> list[Probe]:
    """Return the probes for the network of an experiment; its own samples are one, where they fit the network."""
    network = Network.of(experiment)
    found = list(_drawn(network))
    if own_data:
        found.insert(0, Probe("the experiment", _of_experiment(experiment, network)))
    rates = [LEARNING_RATES[i % len(LEARNING_RATES)] for i in range(len(found))]
    return [_with_rate(probe, rate) for probe, rate in zip(found, rates, strict=True)]


def _with_rate(probe: Probe, rate: float | None) -> Probe:
    then = None if probe.then is None else replace(probe.then, learning_rate=rate)
    return replace(probe, given=replace(probe.given, learning_rate=rate), then=then)


def _drawn(network: Network) -> Iterator[Probe]:
    numbers = np.random.default_rng(SEED)
    outputs = network.layers[-1]
    # A file for one output need not know whether its loss is a sum or a mean over outputs: it is probed with one.
    other = _other_widths(network, 3, outputs=1 if outputs == 1 else None)
    another = _other_widths(network, 2, outputs=outputs)
    yield Probe("seven samples", _given(network, numbers, 7))
    yield Probe("one sample", _given(network, numbers, 1))
    yield Probe("three samples, small weights", _given(network, numbers, 3, scale=0.2))
    large = 1.5 if "softplus" in network.activations else 3.0  # PyTorch's softplus is another function above 20
    yield Probe(LARGE_WEIGHTS, _given(network, numbers, 7, scale=large))
    yield Probe(f"{_times(other)}, five samples", _given(other, numbers, 5), own=False)
    yield Probe(f"{_times(another)}, four samples", _given(another, numbers, 4), own=False)
    yield Probe("called twice", _given(network, numbers, 6), then=_given(network, numbers, 6))


def kink(network: Network) -> Probe | None:
    """Return a probe with pre-activations of exactly 0 in a layer whose derivative jumps there; None without one."""
    if "relu" not in network.activations and "leaky_relu" not in network.activations:
        return None
    numbers = np.random.default_rng(SEED)
    given = _given(network, numbers, 4)
    for k, name in enumerate(network.activations, start=1):
        if name in ("relu", "leaky_relu"):
            given.parameters.W[k][0], given.parameters.b[k][0] = 0, 0
    return Probe("a unit exactly at 0", given)


def large_errors(network: Network) -> Probe | None:
    """Return a probe with targets far from any answer; None where the loss or the output allows no such targets."""
    if not _takes_any_target(network):
        return None
    given = _given(network, np.random.default_rng(SEED), 4)
    return Probe("targets a thousand times as large", replace(given, y=_single(LARGE_ERRORS * given.y)))


def _of_experiment(experiment: Experiment, network: Network) -> Given:
    samples = data.of(experiment).train
    start = draw(experiment.init_of("scratch"), experiment.layers, experiment.seed, experiment.data)
    x, y = (_single(each[:MOST_SAMPLES]) for each in (samples.x, samples.y))
    return Given(network, Parameters(experiment.layers, _single(start)), x, y)


def _given(network: Network, numbers: np.random.Generator, samples: int, scale: float = 1.0) -> Given:
    """Draw parameters and a batch; weights shrink with a layer's inputs, so that nothing saturates by width."""
    parameters = Parameters.zeros(network.layers)
    for k, W in parameters.W.items():
        W[...] = numbers.normal(0, scale * 1.2 / np.sqrt(W.shape[1]), W.shape)
        parameters.b[k][...] = numbers.normal(0, 0.4 * scale, len(W))
    assert len(parameters.flat) == parameter_count(network.layers)
    x = numbers.normal(0, 1, (samples, network.layers[0]))
    y = _targets(network, numbers, samples)
    return Given(network, Parameters(network.layers, _single(parameters.flat)), _single(x), _single(y))


def _targets(network: Network, numbers: np.random.Generator, samples: int) -> Float64Array:
    outputs = network.layers[-1]
    if network.loss == "cross_entropy":
        return np.eye(outputs)[numbers.integers(0, outputs, samples)]
    if not _takes_any_target(network):
        return numbers.uniform(0.05, 0.95, (samples, outputs))
    return numbers.normal(0, 1, (samples, outputs))


def _takes_any_target(network: Network) -> bool:
    return not (LOSSES[network.loss].fused or network.activations[-1] in ("sigmoid", "softmax"))


def _other_widths(network: Network, least: int, outputs: int | None = None) -> Network:
    """Return the same network with widths that all differ from one another, and mostly from its own."""
    own = set(network.layers)
    widths: list[int] = []
    candidate = least
    while len(widths) < len(network.layers):
        if candidate not in own and candidate != outputs:
            widths.append(candidate)
        candidate += 1
    widths = [*widths[1::2], *widths[0::2][::-1]]  # neither rising nor falling
    if outputs is not None:
        widths[-1] = outputs
    return replace(network, layers=tuple(widths))


def _times(network: Network) -> str:
    return "-".join(map(str, network.layers))


def _single(values: FloatArray) -> Float64Array:
    """Round to numbers that float32 holds."""
    return values.astype(np.float32).astype(np.float64)
