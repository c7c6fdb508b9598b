"""Diagnosis by simulation: which mistakes of the catalogue, at which layers, give the numbers that were returned.

From the loss downward: the first tensor that is wrong, given the mistakes found so far, names the layer. Every mistake
that means something there is put in, and stays if the layer's tensors are then explained on every probe; then on to the
next tensor that is wrong. Where no single mistake does it, pairs are tried. All ways to the end are kept, and those
with the fewest mistakes are the answer; more than one means that the probes don't tell them apart.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from core.doctor.observation import Observation, layer_of, names_downward, tensor
from core.mistakes import Planted, places
from core.simulation import Simulation, simulate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MOST_BRANCHES = 16
"""Explanations that are followed at the same time."""

MOST_KEPT = 4000
"""Simulated passes that are kept."""
COST_OF_A_NUMBER = 0.5
"""What a mistake with a number of its own costs more: it explains more than one without."""
COST_OF_GIVING_UP = 3.0
"""What it costs to leave a tensor unexplained."""


@dataclass(frozen=True)
class Explanation:
    """Mistakes that together give the returned numbers, but for the tensors that are left open."""

    mistakes: tuple[Planted, ...] = ()
    left_open: tuple[str, ...] = ()
    """Tensors that no mistake explains."""

    @property
    def cost(self) -> float:
        """The number of mistakes, with what they need to explain it."""
        numbers = sum(COST_OF_A_NUMBER for each in self.mistakes if each.mistake.number and not each.given)
        return len(self.mistakes) + numbers + COST_OF_GIVING_UP * len(self.left_open)


@dataclass(frozen=True)
class Diagnosis:
    """What was found."""

    explanations: tuple[Explanation, ...]
    """The best ones; several where the probes don't tell them apart, none where nothing is wrong."""
    stuck_at: str | None = None
    """The first tensor that is wrong with these mistakes put in; None where they explain everything."""

    @property
    def complete(self) -> bool:
        """Whether every number is explained."""
        return self.stuck_at is None and bool(self.explanations) and not self.explanations[0].left_open


class Doctor:
    """Looks for the mistakes that explain some observations of one network."""

    def __init__(self, observations: Sequence[Observation]) -> None:
        self._observed = list(observations)
        self._network = self._observed[0].given.network
        self._depth = len(self._network.layers) - 1
        self._names = names_downward(self._depth)
        self._made: dict[tuple[int, str], Simulation | None] = {}
        self._paired: dict[tuple[object, ...], list[tuple[Planted, ...]]] = {}
        """Pairs by what they were looked for in."""
        self._thorough = False
        """Whether pairs are tried even where a single mistake explains a layer, as it may be wrong further below."""

    def diagnose(self) -> Diagnosis:
        """Find the explanations with the fewest mistakes."""
        stuck: list[tuple[Explanation, str]] = []
        if not any(np.isfinite(each.returned[name]).any() for each in self._observed for name in self._names[1:]):
            return self._partial(stuck)  # nan everywhere is what any mistake may lead to
        for self._thorough in (False, True):
            complete, stuck = self._searched()
            if complete:
                least = min(each.cost for each in complete)
                return Diagnosis(self._distinct([each for each in complete if each.cost == least]))
            if not any(each.mistakes for each, _ in stuck):
                break  # nothing was taken for an answer, so there is nothing to take back
        return self._partial(stuck)

    def _searched(self) -> tuple[list[Explanation], list[tuple[Explanation, str]]]:
        """Return the explanations of everything, and those that end at a tensor that nothing explains."""
        branches, complete, stuck = [Explanation()], [], []
        for _ in range(3 * self._depth + 3):
            onward: list[Explanation] = []
            for each in branches:
                wrong = self.first_wrong(each)
                if wrong is None:
                    complete.append(each)
                    continue
                further = self._extended(each, wrong)
                onward += further
                if not further:
                    stuck.append((each, wrong))
            branches = sorted(onward, key=lambda each: each.cost)[:MOST_BRANCHES]
        return complete, stuck

    def first_wrong(self, given: Explanation) -> str | None:
        """Return the first tensor, from the loss downward, that is wrong on some probe with these mistakes in."""
        for name in self._names:
            if name not in given.left_open and not all(self._right(i, name, given.mistakes) for i in self._indices):
                return name
        return None

    @property
    def _indices(self) -> range:
        return range(len(self._observed))

    def _right(self, i: int, name: str, mistakes: tuple[Planted, ...]) -> bool:
        observed = self._observed[i]
        if not mistakes:
            return observed.within(name)
        made = self._simulated(i, mistakes)
        return made is not None and observed.explained(name, made)

    def _simulated(self, i: int, mistakes: tuple[Planted, ...]) -> Simulation | None:
        key = (i, "+".join(f"{each.text}={each.number!r}" for each in mistakes))
        if key not in self._made:
            if len(self._made) >= MOST_KEPT:
                self._made.clear()
            observed = self._observed[i]
            earlier = None
            if observed.earlier is not None:
                earlier = simulate(observed.earlier.given, mistakes)
            self._made[key] = simulate(observed.given, mistakes, earlier)
        return self._made[key]

    def _partial(self, stuck: list[tuple[Explanation, str]]) -> Diagnosis:
        """Return how far it went where no way leads to the end: the ways that lead deepest.

        Not those with which a tensor that is right would be wrong.
        """
        open_ = [(each, wrong) for each, wrong in stuck if not all(self._right(i, wrong, ()) for i in self._indices)]
        if not open_:
            return Diagnosis((Explanation(),), self.first_wrong(Explanation()))
        deepest = max(self._names.index(wrong) for _, wrong in open_)
        far = [each for each, wrong in open_ if self._names.index(wrong) == deepest]
        least = min(each.cost for each in far)
        return Diagnosis(self._distinct([each for each in far if each.cost == least]), self._names[deepest])

    def _distinct(self, explanations: list[Explanation]) -> tuple[Explanation, ...]:
        """Leave out those that say the same in another order, or with another variant of one mistake."""
        found = {
            frozenset((mistake.mistake.name, mistake.layer, mistake.tensor) for mistake in each.mistakes): each
            for each in reversed(explanations)
        }
        return tuple(found.values())[::-1]

    def _extended(self, given: Explanation, wrong: str) -> list[Explanation]:
        """Return the explanations with one mistake more, or two, that explain the layer of the first wrong tensor."""
        k = layer_of(wrong, self._depth)
        if wrong == "loss":
            candidates = [each for each in places(self._network, k) if each.change.slot == "loss"]
            targets = ["loss"]
        else:
            candidates = [each for each in places(self._network, k) if each.change.slot != "loss"]
            targets = [name for name in (f"dL/dW{k}", f"dL/db{k}") if name not in given.left_open]
        candidates = [replace(each, given=self._known(each)) for each in candidates if self._may(each, given)]
        singles = self._fitting(given.mistakes, candidates, targets, wrong)
        found = singles
        if not singles or self._thorough:
            found = singles + self._pairs_below(given.mistakes, candidates, targets, wrong)
        extended = [Explanation((*given.mistakes, *added), given.left_open) for added in found]
        if not extended and self._alone(given, wrong, targets):
            return [Explanation(given.mistakes, (*given.left_open, wrong))]
        return extended

    def _may(self, candidate: Planted, given: Explanation) -> bool:
        """Whether a mistake may come in: not twice, and where it can be told from others."""
        if candidate.mistake.needs_earlier and not any(each.earlier for each in self._observed):
            return False
        if candidate.mistake.needs_rate and not self._known(candidate):
            return False
        return all(each.text.partition("=")[0] != candidate.text.partition("=")[0] for each in given.mistakes)

    def _alone(self, given: Explanation, wrong: str, targets: list[str]) -> bool:
        """Whether the other tensor of the layer is right, so that what lies below can be looked at."""
        others = [name for name in targets if name != wrong]
        if wrong == "loss":
            return True
        return bool(others) and all(self._right(i, name, given.mistakes) for i in self._indices for name in others)

    def _fitting(
        self, base: tuple[Planted, ...], candidates: Iterable[Planted], targets: list[str], wrong: str
    ) -> list[tuple[Planted, ...]]:
        """Return the candidates that explain all targets; those with a number only if there are no others."""
        plain: list[tuple[Planted, ...]] = []
        numbered: list[Planted] = []
        for each in candidates:
            if each.mistake.number and not each.given:
                numbered.append(each)
            elif self._explains((*base, each), targets) and self._matters(base, (each,), wrong):
                plain.append((each,))
        return plain or [
            (fitted,)
            for each in numbered
            if (fitted := self._fitted(base, each, wrong)) is not None
            and self._explains((*base, fitted), targets)
            and self._matters(base, (fitted,), wrong)
        ]

    def _known(self, candidate: Planted) -> bool:
        """Whether the mistake's number is given: the learning rate, where the function takes one."""
        return candidate.mistake.number == "learning rate" and self._observed[0].given.learning_rate is not None

    def _explains(self, mistakes: tuple[Planted, ...], targets: list[str]) -> bool:
        return all(self._right(i, name, mistakes) for i in self._in_order(targets[0]) for name in targets)

    def _in_order(self, name: str) -> list[int]:
        """Begin with the observations that are wrong: they rule out most."""
        return sorted(self._indices, key=lambda i: self._observed[i].within(name))

    def _matters(self, base: tuple[Planted, ...], added: tuple[Planted, ...], wrong: str) -> bool:
        """Whether mistakes change the tensor at all; what changes nothing, or cancels, explains nothing."""
        for i in self._indices:
            one, other = self._simulated(i, (*base, *added)), self._simulated(i, base)
            if one is not None and other is not None and self._observed[i].differ(wrong, one, other):
                return True
        return False

    def _fitted(
        self, base: tuple[Planted, ...], candidate: Planted, wrong: str, then: tuple[Planted, ...] = ()
    ) -> Planted | None:
        """Find the mistake's number: gradients depend on it as c₀ + c·c₁ at the layer where it enters.

        First calls tell it, if they do at all: in a second one the first one's number may come in once more.
        """
        if candidate.mistake.number == "limit":
            return self._with_limit(candidate)
        slopes, rests = [], []
        for i, observed in enumerate(self._observed):
            at_0, at_1 = (self._simulated(i, (*base, _numbered(candidate, c), *then)) for c in (0.0, 1.0))
            if at_0 is None or at_1 is None:
                return None
            start, end, value = tensor(at_0, wrong), tensor(at_1, wrong), observed.returned[wrong]
            if not start.shape == end.shape == value.shape:
                return None
            size = float(np.max(np.abs(end - start), initial=0)) or 1.0
            slopes.append(((end - start) / size).ravel())
            rests.append(((value - start) / size).ravel())
        first = [i for i in self._indices if self._observed[i].earlier is None]
        chosen = first if any(slopes[i].any() for i in first) else self._indices
        slope, rest = (np.concatenate([each[i] for i in chosen]) for each in (slopes, rests))
        if not (np.isfinite(slope).all() and np.isfinite(rest).all() and slope.any()):
            return None
        number = _rounded(float(slope @ rest / (slope @ slope)), self._observed[0].epsilon)
        return _numbered(candidate, number) if number else None

    def _with_limit(self, candidate: Planted) -> Planted | None:
        gradients = [[each.returned[name] for name in self._names[1:]] for each in self._observed]
        if candidate.change.how == "norm":
            limit = max(float(np.sqrt(sum(float(np.sum(g**2)) for g in each))) for each in gradients)
        else:
            limit = max(float(np.max(np.abs(g), initial=0)) for each in gradients for g in each)
        found = limit and np.isfinite(limit)
        return _numbered(candidate, _rounded(limit, self._observed[0].epsilon)) if found else None

    def _pairs_below(
        self, base: tuple[Planted, ...], candidates: list[Planted], targets: list[str], wrong: str
    ) -> list[tuple[Planted, ...]]:
        """Return the pairs, looked for once below mistakes that give the same pass to the last bit.

        Of two derivatives that were taken in turn for one, only the last is left, whatever the first was.
        """
        if not all(each.layer > layer_of(wrong, self._depth) for each in base):
            return self._pairs(base, candidates, targets, wrong)
        passes = [self._simulated(i, base) for i in self._indices]
        key = (wrong, *targets, *(each.text for each in candidates), *(each and each.fingerprint for each in passes))
        if key not in self._paired:
            self._paired[key] = self._pairs(base, candidates, targets, wrong)
        return self._paired[key]

    def _pairs(
        self, base: tuple[Planted, ...], candidates: list[Planted], targets: list[str], wrong: str
    ) -> list[tuple[Planted, ...]]:
        """Return pairs of mistakes in one layer that explain it together."""
        of_W = [each for each in candidates if each.change.slot == "dW"]
        of_b = [each for each in candidates if each.change.slot == "db"]
        both = [each for each in candidates if each.change.slot not in ("dW", "db", "loss")]
        wrong_ones = [name for name in targets if not all(self._right(i, name, base) for i in self._indices)]
        if len(wrong_ones) == 1 and wrong != "loss":
            own = of_W if wrong_ones[0][4] == "W" else of_b
            if found := self._combined(base, own, wrong_ones, wrong):
                return found
        if len(targets) == 2:
            found = [
                (*w, *b)
                for w in self._fitting(base, of_W, targets[:1], targets[0])
                for b in self._fitting((*base, *w), of_b, targets[1:], targets[1])
            ]
            if found := found or self._mixed(base, both, (of_W, of_b), targets):
                return found
        if targets == ["loss"]:
            both = candidates
        return self._combined(base, both, targets, wrong) or self._below_and_in_one(base, both, (*of_W, *of_b), targets)

    def _below_and_in_one(
        self, base: tuple[Planted, ...], both: list[Planted], own: Iterable[Planted], targets: list[str]
    ) -> list[tuple[Planted, ...]]:
        """Pair a mistake in δ_k with one in the gradient that it shows in."""
        plain = [each for each in both if not each.mistake.number or each.given]
        return [
            (first, *second)
            for first in plain
            for name in targets
            for second in self._fitting((*base, first), [each for each in own if each.tensor == name], targets, name)
            if self._matters((*base, *second), (first,), targets[0])
        ]

    def _mixed(
        self,
        base: tuple[Planted, ...],
        both: list[Planted],
        own: tuple[list[Planted], list[Planted]],
        targets: list[str],
    ) -> list[tuple[Planted, ...]]:
        """Pair a mistake in δ_k, seen in one of the two gradients alone, with one in the other gradient."""
        found: list[tuple[Planted, ...]] = []
        for name, other, candidates in ((targets[0], targets[1], own[1]), (targets[1], targets[0], own[0])):
            if all(self._right(i, name, base) for i in self._indices):
                continue
            for (first,) in self._fitting(base, both, [name], name):
                seconds = self._fitting((*base, first), candidates, [other], other)
                found += [(first, *second) for second in seconds]
        return found

    def _combined(
        self, base: tuple[Planted, ...], candidates: list[Planted], targets: list[str], wrong: str
    ) -> list[tuple[Planted, ...]]:
        """Pair two mistakes in δ_k (or in the loss): two without a number, or one of them with one."""
        plain = [each for each in candidates if not each.mistake.number or each.given]
        numbered = [each for each in candidates if each not in plain]

        def matter(pair: tuple[Planted, ...]) -> bool:
            return self._matters((*base, pair[0]), pair[1:], wrong) and self._matters(base, pair, wrong)

        found: list[tuple[Planted, ...]] = [
            pair for pair in _in_both_orders(plain) if self._explains((*base, *pair), targets) and matter(pair)
        ]
        return found or [
            pair
            for each, other in itertools.product(plain, numbered)
            for pair in self._with_number(base, each, other, wrong)
            if self._explains((*base, *pair), targets) and matter(pair)
        ]

    def _with_number(
        self, base: tuple[Planted, ...], plain: Planted, numbered: Planted, wrong: str
    ) -> Iterator[tuple[Planted, ...]]:
        """Fit the number of one of two mistakes, made after the other one or, in the same quantity, before it."""
        if (fitted := self._fitted((*base, plain), numbered, wrong)) is not None:
            yield plain, fitted
        same = plain.change.slot == numbered.change.slot
        if same and (fitted := self._fitted(base, numbered, wrong, (plain,))) is not None:
            yield fitted, plain


def _in_both_orders(candidates: list[Planted]) -> Iterator[tuple[Planted, Planted]]:
    """Return all pairs; two changes of the same quantity in both orders, as one may replace what the other scales."""
    for one, other in itertools.combinations(candidates, 2):
        yield one, other
        if one.change.slot == other.change.slot:
            yield other, one


def _numbered(planted: Planted, number: float) -> Planted:
    return replace(planted, number=number)


def _rounded(number: float, epsilon: float) -> float:
    """Return the simplest number that is meant: a fraction or a decimal, where one is near enough."""
    near = 1e6 * epsilon * abs(number)
    for simple in (float(Fraction(number).limit_denominator(100)), float(f"{number:.4g}")):
        if simple and abs(simple - number) <= near:
            return simple
    return number
