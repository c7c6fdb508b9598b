"""Sources: what makes an experiment's samples, or has them in the package, in a table."""

from __future__ import annotations

import math
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, TypeAlias

from core import tables
from core.samples import Samples, class_targets

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from core.arrays import Float64Array
    from core.tables.table import Table

    IntArray: TypeAlias = NDArray[np.int64]
else:
    from core.functions.later import np


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

    def classified(self, points: Float64Array, labels: IntArray) -> Samples:
        """Return points, blurred, as samples of the classes 0, 1, … that `labels` gives, shape (N,)."""
        names = tuple(map(str, range(self.classes)))
        return Samples(self.blurred(points), class_targets(labels, self.outputs), names)

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
    return wanted.classified(corners, first ^ second)


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


def _flowers(wanted: Wanted) -> Samples:
    """Return the lengths and widths of 150 irises' sepals and petals, in cm, and which of three species each is.

    R. A. Fisher, *The use of multiple measurements in taxonomic problems* (1936); from the UCI Machine Learning
    Repository, doi 10.24432/C56C76, with scikit-learn's corrections. Licence: CC BY 4.0.
    """
    table = _in_package("flowers.csv")
    return Samples(table.x, class_targets(table.y[:, 0].astype(np.int64), wanted.outputs), table.labels)


def _digits(wanted: Wanted) -> Samples:
    """Return 1797 handwritten digits of 8 × 8 pixels, row by row, from 0 for paper to 1 for ink.

    E. Alpaydin and C. Kaynak, *Optical Recognition of Handwritten Digits* (1998), its test set; from the UCI Machine
    Learning Repository, doi 10.24432/C50P49, by way of scikit-learn. Licence: CC BY 4.0. The file has 0 to 16.
    """
    table = _in_package("digits.npz")
    classes = tuple(map(str, range(10)))
    return Samples(table.x / 16, class_targets(table.y[:, 0].astype(np.int64), wanted.outputs), classes)


def _in_package(name: str) -> Table:
    """Read a data file that ships, its last column the target."""
    with resources.as_file(resources.files("core") / "datasets" / name) as path:
        return tables.read(path, None, None)


def _classes(wanted: Wanted, points: Float64Array) -> Samples:
    return wanted.classified(points, wanted.labels())


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
    "flowers": Source(_flowers, 4, (3,), samples=150, fixed=True),
    "digits": Source(_digits, 64, (10,), samples=1797, fixed=True),
}
"""By the name that an experiment gives."""
