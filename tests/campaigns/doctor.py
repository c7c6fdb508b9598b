"""Every mistake, at every layer, in a backward pass written by hand: does the doctor name it?

    python tests/campaigns/doctor.py [--seeds 50] [--singles 1000] [--pairs 2000] [--right 200] [--only NAME]
                                     [--results FILE] [--seconds 55]

The backward pass and the mistakes in it are those of `handwritten.py`. Prints a table, a line a mistake:

named       these mistakes at these layers, and no others
equivalent  others that give the same numbers on every probe
listed      among the alternatives that the doctor says it can't tell apart
unnamed     wrong, with no mistake that explains it (so the doctor says)
in part     named mistakes that were not made, and said that they don't explain everything
WRONG       explained by mistakes that were not made
not seen    called right
invisible   the numbers are those of a right pass
crash       the file can't be run with it

Mistakes that are in no catalogue have to be unnamed.

ctrl+c ends it early, or `--seconds`, and prints what has come out by then. With `--results` every outcome is appended
to a file, and the next run with it goes on where this one ended; the table is that of all that the file holds.

Exits with 1 if anything is WRONG or not seen, or if fewer than 99 % (of pairs 90 %) are named, equivalent or listed.
"""

import argparse
import contextlib
import itertools
import math
import random
import sys
import tempfile
import time
import types
import warnings
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
from handwritten import GARBLED, LINES, SLOTS, written
from kept import Kept, code_path, fingerprint

from core.doctor.check import examine
from core.doctor.consult import Examiner
from core.doctor.findings import observed
from core.doctor.observation import names_downward
from core.errors import GuestError, MlpError
from core.guest.described import experiment_of
from core.guest.returned import ReturnedError, named
from core.guest.wire import Message
from core.mistakes import places, planted
from core.probes import probes
from core.reference import Network
from core.simulation import simulate

JUDGED = [code_path("core", each) for each in ("doctor", "mistakes", "functions", "simulation.py", "probes.py")]
"""The code whose outcomes these are."""

NETWORKS = [
    ((2, 10, 10, 1), ("sigmoid", "sigmoid"), "identity", "sse"),
    ((2, 1), (), "identity", "mse"),
    ((3, 4, 2), ("tanh",), "identity", "mse"),
    ((2, 5, 5, 3), ("relu", "tanh"), "softmax", "cross_entropy"),
    ((4, 6, 6, 6, 1), ("leaky_relu", "elu", "sigmoid"), "sigmoid", "bce"),
    ((3, 5, 4, 4, 4, 2), ("gelu", "silu", "softplus", "tanh"), "identity", "huber"),
    ((2, 3, 3, 2), ("sigmoid", "gelu_tanh"), "softmax", "mse"),
    ((3, 6, 4, 2), ("tanh", "sigmoid"), "sigmoid", "sse"),
    ((2, 4, 4, 1), ("elu", "relu"), "tanh", "mae"),
]


class LocalGuest:
    """A file in this process: thousands of them are tried."""

    rate = None
    alive = True

    def __init__(self, source, path):
        self.path, self._source = path, source
        self._code = compile(source, "written", "exec")
        self.load()

    def load(self):
        self._module = types.ModuleType("written")
        exec(self._code, self._module.__dict__)
        names = self._module.__dict__
        self.constants = {key: names[key] for key in ("layers", "activation", "output", "loss")}
        self.constants["layers"] = list(self.constants["layers"])

    def call(self, arrays, depth, *, fresh=True, writable=False, lr=0.0):
        if fresh:
            self.load()
        W, b = ([arrays[f"{part}{k}"].copy() for k in range(1, depth + 1)] for part in "Wb")
        try:
            returned = self._module.gradients(arrays["x"].copy(), arrays["y"].copy(), W, b)
            return Message(
                {"changed": [], "autograd": False, "torch": False, "drew": False, "engines": []}, named(returned, depth)
            )
        except ReturnedError as error:
            raise GuestError(str(error)) from None
        except Exception as error:
            raise GuestError(f"raised {error!r}") from None


def network_of(written_network):
    layers, hidden, output, loss = written_network
    return Network(layers, (*hidden, output), loss)


def applicable(network):
    """Return (line's name, layer, how the catalogue writes it) for every mistake that means something in a network."""
    found, described = [], network_of(network)
    for each in places(described):
        text = each.mistake.name + (f":{each.change.how}" if each.change.how else "")
        hidden = f"{each.mistake.name}:delta"
        line = hidden if each.change.slot == "delta" and hidden in LINES else text
        if line in LINES and (LINES[line][0] == each.change.slot or each.change.slot == "gradients"):
            found.append((line, each.layer))
    return found


def same_numbers(guest, mistakes):
    """Whether the catalogue's simulation of some mistakes gives what a file gives, on every probe that it can do."""
    experiment, own_data = experiment_of(guest.constants, guest.path)
    found = Examiner(guest, "inputs, outputs").consult(
        [p.without_rate() for p in probes(experiment, own_data=own_data)]
    )
    for each in observed(found, "float64"):
        earlier = simulate(each.earlier.given, mistakes) if each.earlier else None
        made = simulate(each.given, mistakes, earlier)
        if made is None or not all(each.explained(name, made) for name in names_downward(made.depth)):
            return False
    return True


def outcome(network, mistakes, folder):
    """Examine a file with these mistakes; return what came out of it, and what was named."""
    path = folder / "written.py"
    source = written(network, mistakes)
    path.write_text(source, "utf-8")
    guest = LocalGuest(source, path)
    try:
        report = examine(guest)
    except MlpError as error:
        return "crash", str(error)
    answers = (report.mistakes, *report.alternatives)
    said = " | ".join(", ".join(each.text for each in answer) for answer in answers)
    if report.verdict == "right":
        return ("invisible" if same_numbers(guest, ()) else "not seen"), said
    if not report.explained:
        return unexplained(mistakes, answers), f"{said} then {report.unexplained[1:2]}"
    return judged(network, mistakes, guest, answers), said


def unexplained(mistakes, answers):
    """Compare what was named with what was made where something is left that no mistake explains."""
    made = {(name.partition(":")[0], k) for name, k in mistakes}
    named_ = [{(each.mistake.name, each.layer) for each in answer} for answer in answers]
    return "unnamed" if not named_ or any(each <= made for each in named_) else "in part"


def judged(network, mistakes, guest, answers):
    """Compare what was made with what the doctor says."""
    made = {(name.partition(":")[0], k) for name, k in mistakes}
    named_ = [{(each.mistake.name, each.layer) for each in answer} for answer in answers]
    if made in named_:
        return "named" if named_ == [made] else "listed"
    if any(name in GARBLED for name, _ in mistakes):
        return "WRONG"
    same = all(same_numbers(guest, answer) for answer in answers) and equivalent(network, mistakes, guest)
    return "equivalent" if same else "WRONG"


def equivalent(network, mistakes, guest):
    """Whether the catalogue's own form of what was made gives the numbers that the named mistakes gave."""
    described = network_of(network)
    texts = []
    for name, k in mistakes:
        slug, _, how = name.removesuffix(":delta").removesuffix(":local").partition(":")
        for each in places(described):
            if (
                each.mistake.name == slug
                and each.layer == k
                and each.change.slot == ("gradients" if LINES[name][0] == "end" else LINES[name][0])
                and each.change.how in (how, how or "local")
            ):
                number = {
                    "wrong-factor": 0.37,
                    "wrong-factor:delta": 1.7,
                    "wrong-factor:dW": 0.3,
                    "updated-too-early": 0.05,
                    "momentum-included": 0.9,
                    "weight-decay-included": 0.01,
                    "gradients-clipped": 0.05,
                }.get(name, 1.0)
                texts.append(planted(f"{each.text.partition('=')[0]}={number}", described))
                break
    return len(texts) == len(mistakes) and same_numbers(guest, tuple(texts))


def hides(network, both):
    """Whether one of two mistakes leaves nothing to be seen of the other, as a line that replaces what one made."""
    numbers = np.random.default_rng(0)
    layers = network[0]
    arrays = {"x": numbers.normal(size=(5, layers[0])), "y": np.full((5, layers[-1]), 1 / layers[-1])}
    for k, (inputs, outputs) in enumerate(itertools.pairwise(layers), start=1):
        arrays |= {f"W{k}": numbers.normal(size=(inputs, outputs)), f"b{k}": numbers.normal(size=outputs)}
    made = []
    for mistakes in (both, both[:1], both[1:]):
        try:
            returned = LocalGuest(written(network, mistakes), None).call(arrays, len(layers) - 1).arrays
        except GuestError:
            return False
        made.append([each.tobytes() for each in returned.values()])
    return made[0] in made[1:]


COLUMNS = ("named", "equivalent", "listed", "unnamed", "in part", "WRONG", "not seen", "invisible", "crash")
NAMED = ("named", "equivalent", "listed")
EXPECTED = {
    "one mistake": (*NAMED, "invisible", "crash"),
    "two mistakes": (*NAMED, "invisible", "crash"),
    "in no catalogue": ("unnamed", "invisible", "crash"),
    "no mistake": ("invisible",),
}
LEAST = {"one mistake": 0.99, "two mistakes": 0.9, "in no catalogue": 1.0, "no mistake": 1.0}
"""The share that has to come out as expected; nothing may be WRONG or not seen."""


def table(kind, counts):
    """Print a line a mistake; return whether it came out well."""
    print(f"\n{kind:<46}" + "".join(f"{column:>11}" for column in COLUMNS))
    for name, each in sorted(counts.items()):
        print(f"{name:<46}" + "".join(f"{each[column] or '·':>11}" for column in COLUMNS))
    total = sum(counts.values(), Counter())
    print(f"{'all':<46}" + "".join(f"{total[column]:>11}" for column in COLUMNS))
    share = sum(total[column] for column in EXPECTED[kind]) / total.total()
    print(f"{100 * share:.2f} % of {total.total()} as expected")
    return share >= LEAST[kind] and not total["WRONG"] and not total["not seen"]


def varied(network, chance):
    """Return a network like it, with other widths; square layers stay square."""
    widths = {width: chance.randint(2, 8) for width in network[0][1:-1]}
    layers = (network[0][0], *(widths[width] for width in network[0][1:-1]), network[0][-1])
    return (layers, *network[1:])


class Campaign:
    """What came out so far, by case. A case draws from a generator of its own, so that any may be left for later."""

    def __init__(self, folder, asked, kept):
        self._folder, self._asked, self._kept = folder, asked, kept
        self._until = time.monotonic() + asked.seconds

    def chance(self, *words):
        return random.Random(" ".join(map(str, (self._asked.seed, *words))))

    def counts(self):
        """Count the outcomes by kind, and by mistake."""
        counts = defaultdict(lambda: defaultdict(Counter))
        for (kind, *_), (name, result) in self._kept.outcomes.items():
            counts[kind][name][result] += 1
        return counts

    def _try(self, case, name, network, mistakes):
        if time.monotonic() > self._until:
            raise OverTimeError
        result, said = outcome(network, mistakes, self._folder)
        self._kept.add(case, (name, result))
        if result not in EXPECTED[case[0]]:
            print(f"{case[0]}, {result}: {network} {mistakes} → {said}", file=sys.stderr)

    def _numbered(self, kind, count):
        """Draw a network for each case that is still to be tried."""
        for i in range(count):
            if (kind, i) not in self._kept.outcomes:
                chance = self.chance(kind, i)
                yield (kind, i), chance, varied(chance.choice(NETWORKS), chance)

    def singles(self):
        tried = []
        for seed, (i, base) in itertools.product(range(self._asked.seeds), enumerate(NETWORKS)):
            network = base if seed == 0 else varied(base, self.chance("network", seed, i))
            tried += [
                (("one mistake", seed, i, name, k), network)
                for name, k in applicable(network)
                if self._asked.only in name
            ]
        self.chance("order").shuffle(tried)
        for case, network in tried[: self._asked.singles]:
            if case not in self._kept.outcomes:
                *_, name, k = case
                self._try(case, name, network, [(name, k)])

    def pairs(self):
        for case, chance, network in self._numbered("two mistakes", self._asked.pairs):
            both = chance.sample(applicable(network), 2)
            while alike(*both) or hides(network, in_order(both)):
                both = chance.sample(applicable(network), 2)
            both = in_order(both)
            where = "in one layer" if both[0][1] == both[1][1] else "in two layers"
            self._try(case, where, network, both)

    def garbled(self):
        for case, chance, network in self._numbered("in no catalogue", self._asked.garbled):
            name, k = chance.choice(list(GARBLED)), chance.randint(1, len(network[0]) - 1)
            top = k == len(network[0]) - 1
            same = name == "a square" and network[3] == "mae"  # ±1/N, which squared is averaged twice
            if GARBLED[name][0] != ("upstream" if top else "error") and not same:
                self._try(case, name, network, [(name, k)])

    def right(self):
        for case, _, network in self._numbered("no mistake", self._asked.right):
            self._try(case, "right", network, [])


class OverTimeError(Exception):
    """The seconds are over."""


def in_order(both):
    return sorted(both, key=lambda each: SLOTS.index(LINES[each[0]][0]))


def alike(one, other):
    """Whether two mistakes are one, in two forms at one place."""
    return one[1] == other[1] and one[0].partition(":")[0] == other[0].partition(":")[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=2, help="variants of each network")
    parser.add_argument("--singles", type=int, default=1_000_000, help="how many of them, drawn from all")
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--garbled", type=int, default=100, help="mistakes that the catalogue does not know")
    parser.add_argument("--right", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="")
    parser.add_argument("--results", type=Path, help="a file to go on with")
    parser.add_argument("--seconds", type=float, default=math.inf, help="begin no case after them")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    kept = Kept(asked.results, fingerprint(*JUDGED, Path(__file__), Path(__file__).with_name("handwritten.py")))
    with tempfile.TemporaryDirectory() as folder, np.errstate(all="ignore"):
        campaign = Campaign(Path(folder), asked, kept)
        with contextlib.suppress(KeyboardInterrupt, OverTimeError):
            campaign.singles()
            campaign.pairs()
            campaign.garbled()
            campaign.right()
    well = [table(kind, counts) for kind, counts in campaign.counts().items()]
    return 0 if all(well) else 1


if __name__ == "__main__":
    sys.exit(main())
