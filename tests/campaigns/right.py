"""Right backward passes of every kind: is any of them called wrong?

    python tests/campaigns/right.py [--passes 10000] [--seed 0]

The pass is that of `handwritten.py`, judged as the doctor judges a file: in float64 where it returns that, else in
float32. Batches of 1 to 256 samples, small and large weights, losses from 1e3 down to 1e-12, units exactly at a relu's
kink, files that compute in float64, in float32, and in float32 with float64 returned. Prints a line a kind, and exits
with 1 if any was called wrong.
"""

import argparse
import sys
import types
import warnings
from collections import Counter, defaultdict

import numpy as np
from doctor import NETWORKS, network_of, varied
from handwritten import written

from core.doctor.findings import EPSILON
from core.doctor.observation import Observation, names_downward, rights
from core.guest.asking import arguments, results
from core.guest.returned import named
from core.parameters import Parameters
from core.simulation import Given

KINDS = ("float64", "float32", "float32 inside, float64 returned")
ON_A_LINE = ("mse", "sse", "mae", "huber")
"""Losses that targets near the prediction make as small as one likes."""


class Random(np.random.Generator):
    """Also what `varied` asks of Python's own."""

    def randint(self, low, high):
        return int(self.integers(low, high + 1))


def function_of(network):
    module = types.ModuleType("written")
    exec(compile(written(network, []), "written", "exec"), module.__dict__)
    return module.gradients


def single(values):
    return values.astype(np.float32).astype(np.float64)


def drawn(network, numbers, call):
    """Draw parameters and a batch; where the loss allows it, with targets that make it large or small."""
    described = network_of(network)
    samples, scale = round(2 ** numbers.uniform(0, 8)), 10 ** numbers.uniform(-1.5, 0.7)
    parameters = Parameters.zeros(described.layers)
    for k, W in parameters.W.items():
        W[...] = numbers.normal(0, scale / np.sqrt(W.shape[1]), W.shape)
        parameters.b[k][...] = numbers.normal(0, 0.4 * scale, len(W))
        if described.activations[k - 1] in ("relu", "leaky_relu") and numbers.random() < 0.5:
            W[0], parameters.b[k][0] = 0, 0  # a unit exactly at the kink
    parameters = Parameters(described.layers, single(parameters.flat))
    x = single(numbers.normal(0, 1, (samples, described.layers[0])))
    outputs = described.layers[-1]
    if described.loss == "cross_entropy":
        y = np.eye(outputs)[numbers.integers(0, outputs, samples)]
    elif described.loss in ON_A_LINE and described.activations[-1] == "identity":
        y = call(parameters, x) + numbers.normal(0, 10 ** numbers.uniform(-6, 1.5), (samples, outputs))
    else:
        y = numbers.uniform(0.05, 0.95, (samples, outputs))
    return Given(described, parameters, x, single(y))


def predicted(network, parameters, x):
    """Return ŷ of a right pass."""
    from core.reference import reference

    zeros = np.zeros((len(x), network[0][-1]))
    return reference(network_of(network), parameters, x, zeros, "float64").a[len(network[0]) - 1].value


def returned(function, given, kind):
    """Call the function with the arrays, and in the precision, of a file of that kind."""
    arrays = arguments(given.parameters, given.x, given.y, "inputs, outputs")
    if kind != "float64":
        arrays = {name: each.astype(np.float32) for name, each in arrays.items()}
    depth = given.parameters.depth
    W, b = ([arrays[f"{part}{k}"] for k in range(1, depth + 1)] for part in "Wb")
    answer = named(function(arrays["x"], arrays["y"], W, b), depth)
    if kind == "float32":
        answer = {name: each.astype(np.float32) for name, each in answer.items()}
    wide = {name: each.astype(np.float64) for name, each in answer.items()}
    return results(wide, given.parameters, "inputs, outputs")


def is_right(given, found, kind):
    """Judge as the doctor does: what comes back as float64 may have float32's errors, with a remark."""
    for precision in ("float64", "float32") if kind != "float32" else ("float32",):
        seen = Observation("drawn", given, found, rights(given, precision), EPSILON[precision])
        wrong = [name for name in names_downward(given.parameters.depth) if not seen.within(name)]
        if not wrong:
            return True, float(found["loss"]), ""
    return False, float(found["loss"]), ", ".join(f"{name} {seen.share(name):.2g}" for name in wrong)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--passes", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    numbers = Random(np.random.PCG64(asked.seed))
    counts, losses = defaultdict(Counter), []
    with np.errstate(all="ignore"):
        for i in range(asked.passes):
            kind, network = KINDS[i % 3], varied(NETWORKS[numbers.randint(0, len(NETWORKS) - 1)], numbers)
            given = drawn(network, numbers, lambda p, x, network=network: predicted(network, p, x))
            found = returned(function_of(network), given, kind)
            if not all(np.isfinite(each).all() for each in found.values()):
                counts[kind]["overflows"] += 1
                continue
            right, loss, why = is_right(given, found, kind)
            losses.append(loss)
            counts[kind]["right" if right else "WRONG"] += 1
            if not right:
                print(f"{kind}: {network}, {len(given.y)} samples, loss {loss:.3g}: {why}", file=sys.stderr)
    for kind in KINDS:
        print(f"{kind:<36}" + "".join(f"{name} {counts[kind][name]:>6}   " for name in ("right", "WRONG", "overflows")))
    print(f"losses from {min(losses):.1e} to {max(losses):.1e}")
    return 1 if any(each["WRONG"] for each in counts.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
