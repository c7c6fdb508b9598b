"""Random networks, each number of each explained: it adds up, as printed too, and its links lead where they say.

Both engines and a file of one's own are explained; and in each network a file with a mistake, whose gradients must add
up exactly where they are right.

    python tests/campaigns/traces.py [ROUNDS] [SEED]

Prints what it did, and how near rounding came to what is allowed for it; exits with 1 at the first explanation that is
wrong, and says which.
"""

import importlib.util
import math
import random
import sys
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
from handwritten import LINES
from own_file import EXTRAS, at_scratch, engine_of, joined, on_own_path

from core.errors import GuestError
from core.experiment import Optimizer
from core.functions.activations import ACTIVATIONS
from core.functions.losses import LOSSES
from core.functions.optimizers import OPTIMIZERS
from core.guest.returned import ReturnedError
from core.judge import reference_of, shares
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


def with_own_file(frame, experiment, numbers):
    """Put a right file into the frame, on either path, with any of what it may return; return what it is lent, too."""
    extras = [each for each in EXTRAS if numbers.random() < 0.5]
    own_path = numbers.random() < 0.5
    engine = engine_of(experiment, extras=extras, own_path=own_path)
    if own_path:
        made = on_own_path(engine, experiment, RUNS.samples_for(experiment), frame.epoch)
    else:
        made = at_scratch(engine, frame)
    return joined(frame, experiment, made, own_path=own_path)


FAR = 100
"""From that many bounds of the judge on, a number must be called wrong; within one of them it must not be."""


def check_mistake(frame, experiment, numbers):
    """Plant a mistake in the file; return how many numbers were called wrong.

    Raises AssertionError where a right number was, or a wrong one was not.
    """
    network = network_of(frame, experiment)
    mistake = numbers.choice(sorted(LINES)), numbers.randint(1, network.depth)
    try:
        made = at_scratch(engine_of(experiment, mistakes=[mistake]), frame)
    except (GuestError, ReturnedError, IndexError, TypeError, ValueError):  # it does not fit here
        return 0
    frame, lent = joined(frame, experiment, made)
    against, wrong = reference_of(made, made.computed, experiment.at(frame.epoch)), 0
    for name in (each for each in network.names if str(each).startswith(("dL/dW", "dL/db"))):
        with np.errstate(all="ignore"):
            share = shares(made.tensor(name), against.bounded(name))
        for cell in map(tuple, np.argwhere((share <= 1) | (share >= FAR))[:6].tolist()):
            told = explain(frame, experiment, Address(name, cell), lent=lent).closings["yours"].reproduced
            assert told == (share[cell] <= 1), f"{mistake} in {name}{list(cell)}, {share[cell]:.3g} bounds off"
            wrong += not told
    return wrong


def check(frame, experiment, address, most, lent):
    """Return how much of what is allowed rounding took; raise AssertionError where an explanation is wrong."""
    explanation = explain(frame, experiment, address, most=most, lent=lent)
    assert set(explanation.results) == set(frame.engines)
    assert explanation.leaf or set(explanation.closings) == set(frame.engines)
    used = 0.0
    for engine, closing in explanation.closings.items():
        shown = sum(term.values[engine] for term in explanation.terms)
        assert shown + closing.left_out + closing.rounding == Fraction(explanation.results[engine]), "does not add up"
        assert closing.reproduced, f"{engine}: rounding {float(closing.rounding)} of {closing.allowed} allowed"
        if math.isfinite(closing.allowed):
            used = max(used, float(abs(closing.rounding)) / closing.allowed)
        printed = sheet(explanation, engine)
        lines = [*printed.terms, *filter(None, [printed.left_out]), printed.rounding]
        assert sum(Decimal(line.text) for line in lines) == Decimal(printed.result.text), "does not add up as printed"
        assert float(np.dtype(closing.precision).type(printed.result.text)) == explanation.results[engine]
    for operand in explanation.operands:
        held = {name: value for name, value in operand.values.items() if name not in lent}
        known = value_at(frame, experiment, operand.address)
        assert held == {name: known[name] for name in held}, f"{operand.address} is another"
        assert any(address in cells for cells in used_by(frame, experiment, operand.address)), f"{operand.address}"
    return used


def main(rounds=300, seed=0):
    """Explain everything in so many networks."""
    count, wrong, closest = 0, 0, (0.0, "")
    for each in range(rounds):
        numbers = random.Random(seed + each)
        settings, epoch = drawn(numbers)
        experiment = RUNS.described(**settings)
        frame, lent = with_own_file(RUNS.framed(experiment, epoch), experiment, numbers)
        network = network_of(frame, experiment)
        for name in network.names:
            cells = list(np.ndindex(network.shape(name)))
            for cell in numbers.sample(cells, min(3, len(cells))):
                address = Address(name, cell)
                try:
                    used = check(frame, experiment, address, numbers.choice([1, 3, None]), lent)
                except AssertionError as error:
                    print(f"seed {seed + each}, epoch {epoch}, {settings}\n{address}: {error}", file=sys.stderr)
                    return 1
                count, closest = count + 1, max(closest, (used, f"{address}, seed {seed + each}"))
        try:
            wrong += check_mistake(frame, experiment, numbers)
        except AssertionError as error:
            print(f"seed {seed + each}, epoch {epoch}, {settings}\n{error}", file=sys.stderr)
            return 1
    print(f"{count} explanations of {rounds} networks; rounding took {closest[0]:.2f} of what is allowed: {closest[1]}")
    print(f"{wrong} wrong numbers of files with a mistake were called wrong, and no right one")
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
