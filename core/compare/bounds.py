"""The bounds of a dump: its pass computed again at its own parameters, and how far rounding can move each gradient."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core import data
from core.batches import Batches
from core.errors import MlpError
from core.parameters import Parameters
from core.reference import Network, reference

if TYPE_CHECKING:
    from core.batches import Batch
    from core.dat.format import Dump
    from core.dat.reading import Found
    from core.experiment import Experiment, Precision
    from core.reference import Reference
    from core.rounding import Bounded


class NoBoundsError(MlpError):
    """A pass that can't be computed again."""


@dataclass
class Bounds:
    """What the gradients of one pass should be, and how far rounding can move them, in either precision."""

    experiment: Experiment
    """That of the epoch: nothing in it changes."""
    parameters: Parameters
    batch: Batch
    precision: Precision
    _references: dict[Precision, Reference] = field(default_factory=dict)

    def bounded(self, name: str, precision: Precision | None = None) -> Bounded:
        """Return a gradient by its name; in the dump's precision, if no other is asked for."""
        return self.reference(precision or self.precision).gradient(name)

    def reference(self, precision: Precision) -> Reference:
        """Return the whole pass with its bounds, in either precision."""
        if precision not in self._references:
            cast = Parameters(self.parameters.layers, self.parameters.flat.astype(precision))
            x, y = self.batch.x.astype(precision), self.batch.y.astype(precision)
            self._references[precision] = reference(Network.of(self.experiment), cast, x, y, precision)
        return self._references[precision]


def bounds_of(found: Found) -> Bounds | None:
    """Return the bounds of a pass; None where it is no dump of this project's.

    Raises:
        NoBoundsError: a dump that can't be computed again: it says no experiment, or its data are not there any more.
    """
    dump = found.dump
    if dump is None:
        return None
    if dump.settings is None:
        raise NoBoundsError("its head carries no experiment, as those of earlier versions don't")
    experiment = dump.settings.at(dump.epoch)
    return Bounds(experiment, _parameters(dump, experiment), _batch(dump, experiment), dump.dtype)


def _parameters(dump: Dump, experiment: Experiment) -> Parameters:
    parameters = Parameters.zeros(experiment.layers, dump.dtype)
    for k in range(1, experiment.depth + 1):
        if f"W{k}" not in dump.tensors:
            raise NoBoundsError("it holds no parameters")
        parameters.W[k][...] = dump.tensors[f"W{k}"]
        parameters.b[k][...] = dump.tensors[f"b{k}"]
    return parameters


def _batch(dump: Dump, experiment: Experiment) -> Batch:
    """Return the samples that the gradients are of, in the dump's precision."""
    _check_data(dump, experiment)
    try:
        samples = data.of(experiment).train
    except MlpError as error:
        raise NoBoundsError(f"its data can't be read ({error})") from None
    batches = Batches(samples.cast(dump.dtype), experiment.batch, experiment.seed if experiment.shuffle else None)
    for batch in batches(dump.epoch):
        if batch.name == dump.batch:
            return batch
    raise NoBoundsError(f"its batch ({dump.batch or 'all samples'}) is none of its experiment's")


def _check_data(dump: Dump, experiment: Experiment) -> None:
    """Refuse a data file that is another than the dump was made with."""
    if experiment.data.file is None:
        return
    if dump.data is None:
        raise NoBoundsError("it does not say what its data file held")
    try:
        with Path(experiment.data.file).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError):
        raise NoBoundsError(f"its data file {dump.data.name} is not there") from None
    if digest != dump.data.sha256:
        raise NoBoundsError(f"its data file {dump.data.name} holds something else by now")


def drift(a: Found, b: Found) -> float | None:
    """Return max |θ_a − θ_b| / max |θ|, 0 where they are the same; None where a file lacks the parameters."""
    names = [name for name in a.tensors if name in b.tensors and not name.startswith("dL/d") and name[0] in "Wb"]
    pairs = [(a.tensors[name].values, b.tensors[name].values) for name in names]
    if not pairs or any(first.shape != second.shape for first, second in pairs):
        return None
    with np.errstate(all="ignore"):
        size = max(float(np.abs(each).max()) for pair in pairs for each in pair)
        distance = max(float(np.abs(np.float64(first) - second).max()) for first, second in pairs)
    return distance / size if distance else 0.0
