"""What a difference is: gradients that are a multiple of what they should be, weights that are transposed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.tensors import TensorName, parse_tensor_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from core.arrays import Float64Array, FloatArray

CLOSE = 1e-5
"""How near to a multiple a tensor has to be, as a share of its largest number, beside what it may differ by anyway."""

NICE = [sign * each for sign in (1, -1) for each in (1.0, 2.0, 0.5, 4.0, 0.25)]
"""Multiples that are shown as such where a ratio is as near to them as the numbers tell."""


MOST_TIMES = 100
"""A mistake seldom makes a gradient so many times larger or smaller."""


def downward(names: Sequence[str]) -> list[str]:
    """Put tensors in the order of a backward pass: from the loss down, W before b."""
    return sorted(names, key=lambda name: (-_parsed(name).layer, _parsed(name).part))


def ratio(right: FloatArray, wrong: FloatArray, allowed: Float64Array) -> float | None:
    """Return c where wrong = c · right within what is allowed; None if there is none, or if it is 1."""
    x, y = np.float64(right).ravel(), np.float64(wrong).ravel()
    if not (np.isfinite(x).all() and np.isfinite(y).all()) or not x.any():
        return None
    scale = np.abs(x).max()
    with np.errstate(all="ignore"):
        c = float((x / scale) @ (y / scale) / ((x / scale) @ (x / scale)))
        slack = allowed.ravel() * (1 + abs(c)) + CLOSE * np.abs(y).max()
    if not np.isfinite(c) or c == 0 or not (np.abs(y - c * x) <= slack).all():
        return None
    nice = next((each for each in NICE if (np.abs(y - each * x) <= slack).all()), c)
    return None if nice == 1 else nice


def transposed(right: FloatArray, wrong: FloatArray, allowed: Float64Array) -> bool:
    """Whether wrong is the transpose of right, within what is allowed."""
    if right.ndim != 2 or right.shape != wrong.shape[::-1] or right.size == 1:
        return False
    with np.errstate(all="ignore"):
        apart = np.abs(np.float64(right) - np.float64(wrong).T)
    slack = allowed if allowed.shape == right.shape else allowed.T
    same_shape = right.shape == wrong.shape
    return bool((apart <= (np.maximum(slack, slack.T) if same_shape else slack) + CLOSE * np.abs(right).max()).all())


@dataclass(frozen=True)
class Explanation:
    """What a difference is, as far as that can be told."""

    text: str = ""
    """A clause; empty where nothing explains it."""
    complete: bool = False
    """Whether it explains all that differs, by ratios that a mistake may have."""


def explained(
    right: Mapping[str, FloatArray],
    wrong: Mapping[str, FloatArray],
    allowed: Mapping[str, Float64Array],
    outside: Sequence[str],
    whose: str,
) -> Explanation:
    """Say what the tensors outside are: multiples of what they should be, or transposes.

    `whose` names the numbers that they are measured by.
    """
    ratios = {name: ratio(right[name], wrong[name], allowed[name]) for name in outside}
    first = ratios[outside[0]]
    if len(outside) > 1 and first is not None and all(_same(each, first) for each in ratios.values()):
        which = "every gradient is" if len(outside) == len(right) else f"{_listed(outside)} are"
        common = next((each for each in ratios.values() if each in NICE), first)
        return Explanation(f"{which} {common:.6g} × {whose}", complete=True)
    said, complete = [], True
    for name in downward(outside):
        c = ratios[name]
        if transposed(right[name], wrong[name], allowed[name]):
            said.append(f"{name} is transposed")
        elif c is not None and (right[name].size > 1 or c in NICE):
            said.append(f"{name} is {c:.6g} × {whose}")
            complete &= 1 / MOST_TIMES < abs(c) < MOST_TIMES
        else:
            complete = False
    return Explanation("; ".join(said[:4]), complete)


def unlike(right: Sequence[FloatArray], wrong: Sequence[FloatArray]) -> tuple[float, float]:
    """Return the cosine between two sets of tensors, and how many times larger the second is."""
    x, y = (np.concatenate([np.float64(each).ravel() for each in side]) for side in (right, wrong))
    with np.errstate(all="ignore"):
        sizes = [float(np.abs(side).max()) for side in (x, y)]
        x, y = x / sizes[0], y / sizes[1]
        cosine = float(x @ y / np.sqrt((x @ x) * (y @ y)))
        return cosine, sizes[1] / sizes[0]


def _same(a: float | None, b: float | None) -> bool:
    return a is not None and b is not None and abs(a - b) <= 1e-3 * abs(b)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:4]) + (", …" if len(names) > 4 else "")


def _parsed(name: str) -> TensorName:
    return parse_tensor_name(name)
