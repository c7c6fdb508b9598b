"""What is known of a tensor that is wrong and that no mistake of the catalogue explains.

Rows, columns, shapes and indices are those of the user's own arrays, whichever way his weights lie.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from core.arrays import FloatArray
    from core.guest.described import Layout

NEAR = 1e-6
"""How far ratios may be apart, relatively, and still be called constant."""
MOST_SHOWN = 3


def facts(name: str, value: FloatArray, right: FloatArray, layout: Layout) -> list[str]:
    """Say in short sentences how `value` differs from what is right; weights are given as (outputs, inputs)."""
    if value.ndim == right.ndim == 0:
        return [f"{name} is {value:.6g} for {right:.6g}."]
    if name.startswith("dL/dW") and layout == "inputs, outputs":
        return _facts(name, value.T if value.ndim == 2 else value, right.T, 1)
    return _facts(name, value, right, 0)


def _facts(name: str, value: FloatArray, right: FloatArray, units: int) -> list[str]:
    """Say it of arrays as the user has them; `units` is the axis that counts the layer's units."""
    if value.shape != right.shape:
        return _of_shapes(name, value, right)
    if not np.isfinite(value).all():
        count = int(np.sum(~np.isfinite(value)))
        return [f"{name} has {count} of {value.size} elements that are nan or inf."]
    if not value.any():
        return [f"{name} is zero everywhere."]
    found = [
        *_of_few_digits(name, value),
        *_of_ratios(name, value, right, units),
        *_of_signs(name, value, right),
        *_of_units(name, value, right, units),
    ]
    if value.ndim == 2 and value.shape[0] == value.shape[1] > 1 and np.allclose(value.T, right, rtol=NEAR):
        found.append(f"{name} is transposed.")
    return [*found, *_worst(name, value, right)]


def _of_few_digits(name: str, value: FloatArray) -> list[str]:
    if value.size > 1 and np.array_equal(value, np.rint(value)):
        return [f"Every element of {name} is a whole number: it is rounded, or kept in an array of integers."]
    with np.errstate(over="ignore"):
        halved = value.astype(np.float16).astype(value.dtype)
    if value.size > 1 and np.array_equal(value, halved):
        return [f"Every element of {name} is a number of float16: half precision, with about three digits."]
    return []


def _of_shapes(name: str, value: FloatArray, right: FloatArray) -> list[str]:
    text = f"{name} has shape {value.shape}, where {right.shape} is right"
    if value.shape == right.shape[::-1] and value.ndim == 2:
        same = np.allclose(value.T, right, rtol=NEAR)
        return [f"{text}: transposed{', with the right numbers' if same else ''}."]
    return [f"{text}."]


def _of_ratios(name: str, value: FloatArray, right: FloatArray, units: int) -> list[str]:
    with np.errstate(all="ignore"):
        ratio = value / right
    if not np.isfinite(ratio).all() or ratio.size < 2:
        return []
    if _constant(ratio):
        return [f"{name} is {float(np.mean(ratio)):.6g} times what it should be, in every element."]
    if ratio.ndim == 2 and min(ratio.shape) > 1:
        for axis, line in enumerate(("row", "column")):
            if all(_constant(each) for each in np.moveaxis(ratio, axis, 0)):
                what = "a unit" if axis == units else "an input"
                return [f"{name} has a constant ratio to the right one in each {line}, which is {what} of its layer."]
    return []


def _constant(values: FloatArray) -> bool:
    middle = float(np.median(values))
    return bool(np.all(np.abs(values - middle) <= NEAR * abs(middle)))


def _of_signs(name: str, value: FloatArray, right: FloatArray) -> list[str]:
    both = (value != 0) & (right != 0)
    same = np.sign(value[both]) == np.sign(right[both])
    if same.size and same.all():
        return [f"All signs of {name} are right."]
    if same.size and not same.any():
        return [f"All signs of {name} are the wrong way round."]
    return []


def _of_units(name: str, value: FloatArray, right: FloatArray, axis: int) -> list[str]:
    """Tell units that are right from others."""
    good = np.isclose(value, right, rtol=1e-9, atol=0)
    units = np.asarray(good.all(axis=1 - axis) if good.ndim == 2 else good)
    if 0 < units.sum() < len(units):
        wrong = np.flatnonzero(~units)
        listed = ", ".join(map(str, wrong[:5])) + (", …" if len(wrong) > 5 else "")
        return [f"{name} is right for {int(units.sum())} of {len(units)} units; wrong for {listed}."]
    return []


def _worst(name: str, value: FloatArray, right: FloatArray) -> list[str]:
    with np.errstate(all="ignore"):
        off = np.abs(value - right) / np.maximum(np.abs(value), np.abs(right))
    order = np.argsort(np.nan_to_num(off, nan=-1), axis=None)[::-1][:MOST_SHOWN]
    places = [np.unravel_index(int(at), value.shape) for at in order]
    words = [f"[{', '.join(str(int(i)) for i in at)}] {value[at]:.6g} for {right[at]:.6g}" for at in places]
    return [f"Worst elements of {name}: {'; '.join(words)}."]
