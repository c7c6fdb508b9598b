"""Samples: what a network is trained on. The sources that make them, in a table."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from core.arrays import Float64Array, FloatArray
    from core.experiment import Data, Precision

    IntArray: TypeAlias = NDArray[np.int64]
else:
    from core.functions.later import np


@dataclass(frozen=True)
class Samples:
    """Inputs x, shape (N, inputs), and targets y, shape (N, outputs); rows are samples."""

    x: FloatArray
    y: FloatArray

    def cast(self, precision: Precision) -> Samples:
        """Return the same samples in the precision that an engine computes in, read-only."""
        x, y = self.x.astype(precision), self.y.astype(precision)
        x.setflags(write=False)
        y.setflags(write=False)
        return Samples(x, y)


@dataclass(frozen=True)
class Wanted:
    """What a source is asked for."""

    samples: int
    noise: float
    """The standard deviation of what is added to each coordinate; 0 draws nothing."""
    outputs: int
    """The width of the network's last layer."""
    seed: int

    def labels(self) -> IntArray:
        """Return the class of each sample, shape (N,): they take turns, 0, 1, …, 0, 1, …"""
        return np.arange(self.samples, dtype=np.int64) % self.classes

    def along(self) -> Float64Array:
        """Return how far each sample is along its class, from 0 for the first to 1 for the last, shape (N,)."""
        at = np.arange(self.samples) // self.classes
        return at / np.float64(max(at[-1], 1))

    @property
    def classes(self) -> int:
        """How many classes the outputs tell apart: one output two of them, several outputs one each."""
        return max(self.outputs, 2)

    def targets(self, labels: IntArray) -> Float64Array:
        """Return classes as targets, shape (N, outputs): 0 or 1 where there is one output, one-hot where several."""
        if self.outputs == 1:
            return labels[:, None].astype(np.float64)
        one_hot: Float64Array = np.eye(self.outputs)[labels]
        return one_hot

    def blurred(self, points: Float64Array) -> Float64Array:
        """Add N(0, noise²) to each number, drawn by `np.random.default_rng(seed)` row by row."""
        generator = np.random.default_rng(self.seed)
        return points + self.noise * generator.standard_normal(points.shape) if self.noise else points


@dataclass(frozen=True)
class Source:
    """Where samples come from."""

    make: Callable[[Wanted], Samples]
    """The samples, in float64."""
    inputs: int
    outputs: tuple[int, ...] = ()
    """The widths that targets may have; any where empty."""
    samples: int = 200
    """How many, if nothing is said."""
    noise: float = 0.0
    """If nothing is said."""
    fixed: bool = False
    """Whether it takes neither `samples` nor `noise`."""
    within_one: bool = True
    """Whether targets lie between 0 and 1, as bce needs them."""


def load(data: Data, outputs: int = 1) -> Samples:
    """Make the samples of an experiment whose last layer has that many outputs, in float64."""
    source = SOURCES[data.source]
    samples = source.samples if data.samples is None else data.samples
    noise = source.noise if data.noise is None else data.noise
    return source.make(Wanted(samples, noise, outputs, data.seed))


def _notebook(wanted: Wanted) -> Samples:
    """Make the assignment's single sample.

    x1 and x2 are the legacy generator's first two draws from [0, 1), and y = (x1² + x2²)/2.
    """
    x1, x2 = np.random.RandomState(wanted.seed).uniform(size=2)
    return Samples(np.array([[x1, x2]]), np.array([[(x1 * x1 + x2 * x2) / 2]]))


def _xor(wanted: Wanted) -> Samples:
    """Go round the corners (0, 0), (0, 1), (1, 0), (1, 1); the class is x1 xor x2, of the corner without noise."""
    at = np.arange(wanted.samples, dtype=np.int64)
    first, second = at // 2 % 2, at % 2
    corners = np.stack([first, second], axis=1).astype(np.float64)
    return Samples(wanted.blurred(corners), wanted.targets(first ^ second))


def _circles(wanted: Wanted) -> Samples:
    """Class 0 on the circle of radius 1, class 1 on that of radius 1/2; equal angles from 0, both ends of 2π apart."""
    labels = wanted.labels()
    each = np.bincount(labels)[labels]
    angle = 2 * math.pi * (np.arange(wanted.samples) // 2) / each
    return _classes(wanted, np.where(labels == 0, 1.0, 0.5)[:, None] * _unit(angle))


def _moons(wanted: Wanted) -> Samples:
    """Class 0 at (cos t, sin t), class 1 at (1 − cos t, 1/2 − sin t); t at equal distances from 0 to π."""
    circle = _unit(math.pi * wanted.along())
    return _classes(wanted, np.where(wanted.labels()[:, None] == 0, circle, np.array([1, 0.5]) - circle))


def _spirals(wanted: Wanted) -> Samples:
    """Class c of C at radius r and angle 2π(c/C + r): one turn; r at equal distances from 0.1 to 1."""
    radius = 0.1 + 0.9 * wanted.along()
    turns = wanted.labels() / wanted.classes + radius
    return _classes(wanted, radius[:, None] * _unit(2 * math.pi * turns))


def _blobs(wanted: Wanted) -> Samples:
    """Class c of C around the point at radius 2 and angle 2πc/C; the noise is the blobs' own spread."""
    return _classes(wanted, 2 * _unit(2 * math.pi * wanted.labels() / wanted.classes))


def _waves(wanted: Wanted) -> Samples:
    """Make y = sin(2πx) + cos(5πx)/2 for x at equal distances from −1 to 1; the noise is added to y."""
    x = np.linspace(-1, 1, wanted.samples)[:, None]
    return Samples(x, wanted.blurred(np.sin(2 * math.pi * x) + np.cos(5 * math.pi * x) / 2))


def _classes(wanted: Wanted, points: Float64Array) -> Samples:
    return Samples(wanted.blurred(points), wanted.targets(wanted.labels()))


def _unit(angle: Float64Array) -> Float64Array:
    """Return the points of the unit circle at these angles, shape (N, 2)."""
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


SOURCES = {
    "notebook": Source(_notebook, 2, (1,), samples=1, fixed=True),
    "xor": Source(_xor, 2, (1, 2), samples=4),
    "circles": Source(_circles, 2, (1, 2), noise=0.05),
    "moons": Source(_moons, 2, (1, 2), noise=0.1),
    "spirals": Source(_spirals, 2, noise=0.02),
    "blobs": Source(_blobs, 2, noise=0.5),
    "waves": Source(_waves, 1, (1,), within_one=False),
}
"""By the name that an experiment gives."""
