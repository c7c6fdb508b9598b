"""Whether two passes can be compared at all: what their heads say, and what their numbers do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from core.compare.bounds import drift
from core.compare.explain import unlike
from core.compare.verdict import Verdict
from core.tensors import parse_tensor_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.arrays import FloatArray
    from core.compare.elements import Elements
    from core.dat.format import Dump
    from core.dat.reading import Found

UNRELATED = 0.9
"""Below this cosine, the output layers' gradients point in different directions: of one state, a mistake seldom turns
them so far.
"""

TIMES = 100
"""A mistake seldom changes sizes so much."""


def apart_by_heads(a: Found, b: Found) -> tuple[Verdict, str] | None:
    """Return what the heads of two dumps say against a comparison; None if nothing, or where one has no head."""
    if a.dump is None or b.dump is None:
        return None
    first, second = a.dump, b.dump
    if (other := _other_experiment(first, second)) is not None:
        return Verdict.EXPERIMENTS, f"the heads say so: {other}"
    if first.start != second.start:
        said = f"{first.start[:12]}… and {second.start[:12]}…"
        return Verdict.RUNS, f"the heads say that they started from other parameters ({said})"
    if first.epoch != second.epoch:
        return Verdict.EPOCHS, f"the heads say {first.epoch} and {second.epoch}"
    if first.batch != second.batch:
        return Verdict.EPOCHS, f"the heads say other batches of epoch {first.epoch}: {first.batch} and {second.batch}"
    return None


def _other_experiment(a: Dump, b: Dump) -> str | None:
    """Return the first thing that differs of what a pass's numbers come from."""
    for key in ("network", "loss"):
        if getattr(a, key) != getattr(b, key):
            return f"{key} {getattr(a, key)} and {getattr(b, key)}"
    if a.data is not None and b.data is not None and a.data.sha256 != b.data.sha256:
        return f"data files {a.data.name} and {b.data.name} hold something else"
    if a.settings is None or b.settings is None:
        return None if a.experiment == b.experiment else f"{a.experiment} and {b.experiment}"
    first, second = (msgspec.to_builtins(each.settings.at(each.epoch)) for each in (a, b) if each.settings)
    for key in ("layers", "activation", "output", "batch", "shuffle", "seed", "optimizer", "data"):
        if first[key] != second[key] and not (key == "data" and a.data is not None and b.data is not None):
            return f"{key} {_brief(first[key])} and {_brief(second[key])}"
    return None


def _brief(value: object) -> str:
    if isinstance(value, dict):
        value = {key: each for key, each in value.items() if each is not None}
    text = str(value)
    return text if len(text) <= 80 else f"{text[:77]}…"


def apart_by_parameters(a: Found, b: Found) -> str | None:
    """Return what the parameters say against a comparison, where both files have them."""
    moved = drift(a, b)
    if moved is None or moved <= 1e-3:
        return None
    return f"the parameters are others, by {moved:.2g} of the largest"


def apart_by_sizes(elements: Sequence[Elements]) -> str | None:
    """Say that a difference has the size of different states; None where it could be a mistake of the same state's.

    The output layer's gradients come from the forward pass and from dL/dŷ alone. Where no tensor agrees, and they are
    of another size altogether, or point elsewhere, the forward passes were others.
    """
    if any(not each.outside.any() for each in elements):
        return None
    layer = {each.name: parse_tensor_name(each.name).layer for each in elements}
    output = [each for each in elements if layer[each.name] == max(layer.values())]
    cosine, _ = unlike([each.a.values for each in output], [each.b.values for each in output])
    _, times = unlike([each.a.values for each in elements], [each.b.values for each in elements])
    if not (cosine < UNRELATED or times > TIMES or times < 1 / TIMES):
        return None
    count = sum(each.a.values.size for each in elements)
    outside = sum(int(np.count_nonzero(each.outside)) for each in elements)
    which = f"all {count:,}" if outside == count else f"{outside:,} of {count:,}"
    return f"{which} numbers differ, {_by(elements)}: the size of other parameters, not of rounding or of a mistake"


def _by(elements: Sequence[Elements]) -> str:
    a, b = (np.concatenate([np.float64(each.ravel()) for each in side]) for side in _sides(elements))
    both = (a != 0) & (b != 0)
    with np.errstate(all="ignore"):
        times = float(np.exp(np.median(np.abs(np.log(np.abs(a[both] / b[both])))))) if both.any() else np.inf
    return f"by factors around {times:.0e}" if times >= TIMES else f"by {np.abs(a - b).max() / np.abs(a).max():.0%}"


def _sides(elements: Sequence[Elements]) -> tuple[list[FloatArray], list[FloatArray]]:
    return [each.a.values for each in elements], [each.b.values for each in elements]
