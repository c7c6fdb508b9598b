"""Random networks, each number of each explained: it adds up, as printed too, and its links lead where they say.

    python tests/campaigns/traces.py [ROUNDS] [SEED]

Prints what it did, and how near rounding came to what is allowed for it; exits with 1 at the first explanation that is
wrong, and says which.
"""

import importlib.util
import random
import sys
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np

from core.experiment import Optimizer
from core.functions.activations import ACTIVATIONS
from core.functions.losses import LOSSES
from core.functions.optimizers import OPTIMIZERS
from core.trace import Address, explain, sheet, used_by, value_at
from core.trace.explain import network_of

SPEC = importlib.util.spec_from_file_location("runs", Path(__file__).parents[1] / "core" / "trace" / "conftest.py")
RUNS = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(RUNS)

OPTIONS = {
    "momentum": [0.0, 0.5, 0.9],
    "weight_decay": [0.0, 0.01, 0.3],
    "betas": [(0.9, 0.999), (0.5, 0.5), (0.0, 0.9)],
    "eps": [1e-8, 1e-3],
    "alpha": [0.99, 0.5],
    "centered": [False, True],
    "lr_decay": [0.0, 0.1],
}


def drawn(numbers):
    """Draw settings of an experiment, and the epoch to look at."""
    loss = numbers.choice(sorted(LOSSES))
    depth = numbers.randint(1, 4)
    hidden = [name for name, each in ACTIVATIONS.items() if each.elementwise]
    name = numbers.choice(sorted(OPTIMIZERS))
    options = {key: numbers.choice(OPTIONS[key]) for key in OPTIMIZERS[name].defaults if key in OPTIONS}
    if options.get("momentum") and name == "sgd":
        options["nesterov"] = numbers.choice([False, True])
    return {
        "layers": (*(numbers.randint(1, 6) for _ in range(depth)), numbers.randint(2, 4)),
        "activation": tuple(numbers.choice(hidden) for _ in range(depth - 1)) or "tanh",
        "loss": loss,
        "output": LOSSES[loss].output or numbers.choice(sorted(ACTIVATIONS)),
        "optimizer": Optimizer(name, numbers.choice([0.001, 0.05]), **options),
        "batch": numbers.choice([None, 1, 2, 3]),
        "precision": numbers.choice(["float64", "float32"]),
        "seed": numbers.randint(0, 1000),
    }, numbers.randint(1, 6)


def check(frame, experiment, address, most):
    """Return how much of what is allowed rounding took; raise AssertionError where an explanation is wrong."""
    explanation = explain(frame, experiment, address, most=most)
    used = 0.0
    for engine, closing in explanation.closings.items():
        shown = sum(term.values[engine] for term in explanation.terms)
        assert shown + closing.left_out + closing.rounding == Fraction(explanation.results[engine]), "does not add up"
        assert closing.reproduced, f"{engine}: rounding {float(closing.rounding)} of {closing.allowed} allowed"
        used = max(used, float(abs(closing.rounding)) / closing.allowed)
        printed = sheet(explanation, engine)
        lines = [*printed.terms, *filter(None, [printed.left_out]), printed.rounding]
        assert sum(Decimal(line.text) for line in lines) == Decimal(printed.result.text), "does not add up as printed"
        assert float(np.dtype(closing.precision).type(printed.result.text)) == explanation.results[engine]
    for operand in explanation.operands:
        assert dict(operand.values) == value_at(frame, experiment, operand.address), f"{operand.address} is another"
        assert any(address in cells for cells in used_by(frame, experiment, operand.address)), f"{operand.address}"
    return used


def main(rounds=300, seed=0):
    """Explain everything in so many networks."""
    count, closest = 0, (0.0, "")
    for each in range(rounds):
        numbers = random.Random(seed + each)
        settings, epoch = drawn(numbers)
        experiment = RUNS.described(**settings)
        frame = RUNS.framed(experiment, epoch)
        network = network_of(frame, experiment)
        for name in network.names:
            cells = list(np.ndindex(network.shape(name)))
            for cell in numbers.sample(cells, min(3, len(cells))):
                address = Address(name, cell)
                try:
                    used = check(frame, experiment, address, numbers.choice([1, 3, None]))
                except AssertionError as error:
                    print(f"seed {seed + each}, epoch {epoch}, {settings}\n{address}: {error}", file=sys.stderr)
                    return 1
                count, closest = count + 1, max(closest, (used, f"{address}, seed {seed + each}"))
    print(f"{count} explanations of {rounds} networks; rounding took {closest[0]:.2f} of what is allowed: {closest[1]}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
