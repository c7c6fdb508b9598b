"""Compare thousands of pairs of dumps, of passes that are right and of passes that are wrong in one place.

    python tests/campaigns/compare.py [--count 10000] [--seed 0]

Networks of 1 to 4 layers, of all activations and losses, in float32, in float64 or in one of each, with gradients from
1e3 down to 1e-12. Both engines' dumps of an epoch must not differ. Then one element, or one whole tensor, of one dump
is multiplied by 1.001. It must not pass as equal where 0.1 % is more than the bound and what rounding did to it
already. Elsewhere the comparison says nothing, or that it says nothing of that number; or the number is right to a
ten-thousandth, as rounding had moved it the other way. How often each of these comes is counted. The exit status is 1
if a right pair differs, or a wrong one passes.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from core.compare import Comparison, Verdict, compare
from core.compare.bounds import bounds_of
from core.compare.elements import MEASURED
from core.dat import dump_of, render
from core.dat.foreign import found_in, read_any
from core.dat.reading import Reading, Tensor
from core.engines.autograd import Autograd
from core.engines.scratch import Scratch
from core.errors import MlpError
from core.experiment import Data, Experiment
from core.functions.activations import ACTIVATIONS
from core.functions.losses import LOSSES
from core.session import Session

HIDDEN = [name for name, f in ACTIVATIONS.items() if f.elementwise]
LAWS = ("torch", "xavier_normal", "kaiming_uniform", "normal", "unit")
LEVELS = (1e1, 1e-1, 1e-3, 1e-5, 1e-7, 1e-9, 1e-11, 0.0)
"""The largest gradients that the table has lines for: down to each."""


def described(random: np.random.Generator) -> dict[str, object]:
    """Draw an experiment, but for its data."""
    layers = [int(width) for width in random.integers(1, 9, size=random.integers(2, 6))]
    loss = str(random.choice(list(LOSSES)))
    output = LOSSES[loss].output or str(random.choice(HIDDEN))
    if output == "softmax":
        layers[-1] += 1
    precisions = [["float64"] * 2, ["float32"] * 2, ["float32", "float64"]][random.integers(3)]
    engines = {name: {"precision": each} for name, each in zip(("scratch", "autograd"), precisions, strict=True)}
    return {
        "layers": layers,
        "activation": [str(random.choice(HIDDEN)) for _ in layers[2:]],
        "output": output,
        "loss": loss,
        "engines": engines,
        "seed": int(random.integers(2**31)),
        "init": {"law": str(random.choice(LAWS))},
        "optimizer": {"lr": 1e-3},
    }


def with_data(values: dict[str, object], folder: Path, random: np.random.Generator) -> Experiment:
    """Put samples beside an experiment: targets are what it predicts, and something of a random size."""
    layers = values["layers"]
    count, outputs = int(random.integers(1, 17)), layers[-1]
    x = random.normal(size=(count, layers[0]))
    file = str(folder / "points.npz")
    data = Data(file=file, inputs=("x",), targets=("y",))
    y = np.full((count, outputs), 0.5) if outputs == 1 else random.dirichlet(np.ones(outputs), count)
    np.savez(file, x=x, y=y)
    experiment = msgspec.convert({**values, "data": msgspec.to_builtins(data)}, Experiment)
    if LOSSES[experiment.loss].output is None:
        engine = Scratch(experiment)
        predicted = engine.evaluate(*(each.astype(engine.precision) for each in (x, y))).prediction
        y = predicted + 10.0 ** random.uniform(-13, 3) * random.normal(size=y.shape)
        np.savez(file, x=x, y=y)
    return experiment


def dumps(experiment: Experiment, epochs: int) -> dict[str, Reading]:
    """Both engines' dumps of an epoch, as they are read."""
    session = Session(experiment)
    for engine in (Scratch, Autograd):
        session.join(engine(experiment))
    session.advance(epochs)
    frame = session.frame()
    made = {name: dump_of(each, session.epoch, experiment) for name, each in frame.engines.items()}
    return {name: Reading(name, (found_in(dump),)) for name, dump in made.items()}


class Mistake(NamedTuple):
    """A dump that is wrong in one place."""

    reading: Reading
    name: str
    chosen: np.ndarray
    """Which elements of that tensor."""


def wrong(reading: Reading, random: np.random.Generator) -> Mistake:
    """Multiply an element or a tensor by 1.001."""
    found = reading.epochs[0]
    name = str(random.choice(list(found.gradients)))
    values = found.tensors[name].values
    chosen = np.zeros(values.shape, bool)
    chosen.flat[random.integers(values.size)] = True
    if random.integers(2):
        chosen[...] = True
    with np.errstate(all="ignore"):
        changed = np.where(chosen, values * values.dtype.type(1.001), values)
    tensors = {**found.tensors, name: Tensor(changed, found.tensors[name].unit)}
    return Mistake(Reading(reading.path, (replace(found, tensors=tensors),)), name, chosen)


def judged(compared: Comparison, right: Reading, mistake: Mistake) -> tuple[str, str]:
    """How a comparison with a mistake came out, and its line."""
    name = mistake.name
    before, after = (each.epochs[0].tensors[name].values for each in (right, mistake.reading))
    bounded = bounds_of(right.epochs[0]).bounded(name)
    with np.errstate(all="ignore"):
        moved = np.abs(after.astype(float) - before)
        visible = (moved > bounded.error + np.abs(before - bounded.value)).any()
        near = (np.abs(after - bounded.value) < MEASURED * np.abs(bounded.value))[mistake.chosen].all()
    row = next((row for pair in compared.pairs for row in pair.rows if row.name == name), None)
    ways = {
        "found": compared.verdict is Verdict.DIFFER,
        "missed": visible,
        "0 × 1.001": not moved.any(),
        "says nothing": compared.verdict is Verdict.NOTHING,
        "says nothing of it": row is not None and row.unseen,
        "right to 1e-4": near,
    }
    return next((way for way, is_so in ways.items() if is_so), "missed"), compared.line


class Campaign:
    """What came out so far."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lines: dict[float, Counter[str]] = {level: Counter() for level in LEVELS}
        self.failures = 0

    def run(self, random: np.random.Generator) -> None:
        """Draw a pair; compare it as it is, and with a mistake."""
        try:
            experiment = with_data(described(random), self.folder, random)
            read = dumps(experiment, int(random.integers(1, 4)))
        except (MlpError, msgspec.ValidationError):
            return
        if random.integers(10) == 0:
            read = {name: self._through_a_file(each) for name, each in read.items()}
        a, b = read["autograd"], read["scratch"]
        sizes = [float(np.abs(each.values).max()) for each in b.epochs[0].gradients.values()]
        line = self.lines[next((level for level in LEVELS if max(sizes) > level), 0.0)]
        right = compare(a, b)
        line[f"right: {right.verdict.name.lower()}"] += 1
        if not (right.verdict.equal or right.verdict is Verdict.NOTHING):
            self._fail(f"a right pair: {right.line}", experiment)
        mistake = wrong(b, random)
        outcome, said = judged(compare(a, mistake.reading), b, mistake)
        line[f"wrong: {outcome}"] += 1
        if outcome == "missed":
            self._fail(f"{mistake.name} × 1.001: {said}", experiment)

    def _through_a_file(self, reading: Reading) -> Reading:
        path = self.folder / "dump.dat"
        path.write_text(render(reading.epochs[0].dump), "utf-8")
        return read_any(path)

    def _fail(self, what: str, experiment: Experiment) -> None:
        self.failures += 1
        if self.failures <= 20:
            print(f"{what}\n  {experiment}\n")

    def print(self) -> None:
        """Print a line for each size of gradients."""
        names = sorted({name for line in self.lines.values() for name in line})
        print("gradients above  " + "  ".join(names))
        for level, line in self.lines.items():
            print(f"{level:15.0e}  " + "  ".join(f"{line[name]:{len(name)}}" for name in names))
        total = sum(self.lines.values(), Counter())
        print(f"{'all':>15}  " + "  ".join(f"{total[name]:{len(name)}}" for name in names))


def main() -> int:
    """Run a campaign; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    random = np.random.default_rng(asked.seed)
    with tempfile.TemporaryDirectory() as folder:
        campaign = Campaign(Path(folder))
        for _ in range(asked.count):
            campaign.run(random)
    campaign.print()
    return 1 if campaign.failures else 0


if __name__ == "__main__":
    sys.exit(main())
