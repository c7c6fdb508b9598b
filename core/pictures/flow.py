"""Gradient flow: how gradients, updates and activations fare from layer to layer, and what of that is unhealthy."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from core.arrays import diverging
from core.functions.activations import ACTIVATIONS, LEAKY_SLOPE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.arrays import FloatArray
    from core.engines.base import Pass
    from core.frame import EngineFrame

FLAT = 0.05
"""A unit's slope is flat where it is at most that part of the steepest that its activation has.

For tanh that is |a| ≥ 0.975, for the logistic function a ≤ 0.013 or a ≥ 0.987.
"""
USUAL_RATIO = -3.0
"""log₁₀ of the update's norm beside the weights' that goes with healthy training.

Karpathy, *CS231n*, "Neural Networks Part 3", section "Ratio of weights:updates".
"""
FAR_TOO_LARGE, LARGE_RATIO, SMALL_RATIO = 0.5, -1.0, -5.0
LONG = 4.0
"""log₁₀ of numbers that are written with an exponent."""
MUCH_FLATTER = 100.0
"""Gradients that change so many-fold from the last layer to the first vanish, or explode."""
RECTIFIERS = frozenset(("relu", "gelu", "gelu_tanh", "silu", "softplus"))
"""Activations that go to 0 below zero: what is flat there does not fire. Others that are flat are saturated."""
KINKED = frozenset(("relu", "leaky_relu"))
"""Activations whose flat half is as usual as the other."""
LEAKY = "leaky_relu"
MOSTLY = 0.5
"""The share of flat activations that is worth saying."""
WELL = "Nothing looks unhealthy at this epoch."
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


@dataclass(frozen=True)
class Flow:
    """What a pass and its update do to one layer."""

    layer: int
    activation: str
    units: int
    samples: int
    """Of the batch."""
    mean_gradient: float
    """Mean |dL/dθ| of its weights and biases; nan where one is not finite."""
    largest_gradient: float
    ratio: float
    """log₁₀(‖ΔW‖/‖W‖), Frobenius norms of the weights' update and of the weights before it; nan if W is 0."""
    saturated: float | None
    """The share of its activations, of all units and samples, whose slope is flat; None where slopes play no part (the
    activation has none of each element, or the loss is fused with it) or z and a are not known."""
    stuck: int = 0
    """Units that are flat for every sample of the batch."""
    silent: int = 0
    """Those of them that never fire: a rectifier's whose slope is exactly 0, so that no gradient reaches their weights.
    A saturated tanh has a slope of 0, too, and is none of them."""


def flow_of(engine: EngineFrame, activations: Sequence[str], *, fused: bool) -> tuple[Flow, ...]:
    """Return the flow through each layer of an epoch's pass; none at epoch 0. `fused`: the loss takes z_L."""
    computed = engine.computed
    if computed is None:
        return ()
    depth = len(activations)
    with diverging():
        return tuple(
            _of_layer(engine, computed, k, activations[k - 1], slopes=not (fused and k == depth))
            for k in range(1, depth + 1)
        )


def _of_layer(engine: EngineFrame, computed: Pass, k: int, activation: str, *, slopes: bool) -> Flow:
    gradients = np.abs(np.concatenate([computed.gradients.W[k].ravel(), computed.gradients.b[k]]).astype(np.float64))
    before = engine.before.W[k].astype(np.float64)
    changed, size = _norm(engine.after.W[k].astype(np.float64) - before), _norm(before)
    ratio = math.nan if not size > 0 else -math.inf if changed == 0 else float(np.log10(changed / size))
    samples, units = len(computed.x), len(before)
    whole = bool(np.isfinite(gradients).all())
    mean, most = (float(gradients.mean()), float(gradients.max())) if whole else (math.nan, math.nan)
    flow = Flow(k, activation, units, samples, mean, most, ratio, None)
    derivative = ACTIVATIONS[activation].derivative
    if derivative is None or not slopes or activation == "identity" or k not in computed.z or k not in computed.a:
        return flow
    slope = np.abs(derivative(computed.z[k], computed.a[k]))
    flat = slope <= FLAT * _steepest(activation)
    return Flow(
        *(k, activation, units, samples, mean, most, ratio),
        saturated=float(flat.mean()),
        stuck=int(flat.all(axis=0).sum()),
        silent=int((slope == 0).all(axis=0).sum()) if activation in RECTIFIERS else 0,
    )


@cache
def _steepest(activation: str) -> float:
    """Return the largest slope that an activation has, to 1e-4."""
    f = ACTIVATIONS[activation]
    assert f.derivative is not None
    z = np.linspace(-8, 8, 4097)
    return float(np.abs(f.derivative(z, f.value(z))).max())


def _norm(values: FloatArray) -> float:
    """Return the Frobenius norm, scaled so that squares neither overflow nor vanish."""
    most = float(np.abs(values).max(initial=0.0))
    return most if not 0 < most < math.inf else most * float(np.sqrt(np.sum((values / most) ** 2)))


def findings(layers: Sequence[Flow]) -> tuple[str, ...]:
    """Say in sentences what is unhealthy; nothing where nothing is."""
    said = [*_of_gradients(layers), *itertools.chain.from_iterable(map(_of_units, layers))]
    said += [text for each in layers for text in _of_ratio(each)]
    return tuple(said)


def _of_gradients(layers: Sequence[Flow]) -> list[str]:
    broken = [each.layer for each in layers if math.isnan(each.mean_gradient)]
    if broken:
        return [f"Gradients of {_named(broken)} are not finite: the numbers have overflowed."]
    still = [each.layer for each in layers if each.largest_gradient == 0]
    if still:
        alone = "" if len(still) == len(layers) else f" of {_named(still)}"
        return [f"All gradients{alone} are 0: nothing is learnt there."]
    if len(layers) < 2:
        return []
    change = layers[-1].mean_gradient / layers[0].mean_gradient
    over = f"over {_count(len(layers))} layers, from the last to the first"
    if change >= MUCH_FLATTER:
        return [f"Gradients shrink {_fold(change)} {over}: the first layers learn slowly."]
    if change <= 1 / MUCH_FLATTER:
        return [f"Gradients grow {_fold(1 / change)} {over}."]
    return []


def _of_units(flow: Flow) -> list[str]:
    batch = "the one sample" if flow.samples == 1 else f"all {flow.samples:,} samples"
    said = []
    if flow.silent:
        fires = "fires" if flow.silent == 1 else "fire"
        said.append(f"{_of_all(flow.silent, flow.units)} in layer {flow.layer} never {fires} for {batch} of the batch.")
    flat = flow.stuck - flow.silent
    if flat:
        state, end = _state(flow.activation, one=flat == 1)
        said.append(f"{_of_all(flat, flow.units)} in layer {flow.layer} {state} for {batch} of the batch{end}.")
    if not said and flow.activation not in KINKED and flow.saturated is not None and flow.saturated > MOSTLY:
        where = f"lie where {flow.activation} is flat" if flow.activation in RECTIFIERS else "are saturated"
        said.append(f"{flow.saturated:.0%} of the activations of layer {flow.layer} {where}.")
    return said


def _state(activation: str, *, one: bool) -> tuple[str, str]:
    """Say what a unit is where its slope is flat but not 0, and what comes of it."""
    if activation in RECTIFIERS:
        return f"hardly {'fires' if one else 'fire'}", ""
    verb = "is" if one else "are"
    if activation == LEAKY:
        return f"{verb} below zero", f": {LEAKY_SLOPE:.0%} of the gradient comes through"
    return f"{verb} saturated", ""


def _of_ratio(flow: Flow) -> list[str]:
    if math.isnan(flow.ratio) or math.isinf(flow.ratio):
        return []
    if flow.ratio > FAR_TOO_LARGE:
        large = f"{_times(flow.ratio)} times as large as"
        return [f"The update of W{flow.layer} is {large} its weights; a thousandth is usual."]
    if flow.ratio > LARGE_RATIO:
        return [f"The update of W{flow.layer} is {10**flow.ratio:.0%} of its weights; 0.1 % is usual."]
    if flow.ratio < SMALL_RATIO:
        return [f"The update of W{flow.layer} is 1e{flow.ratio:.0f} of its weights: it hardly learns."]
    return []


def _times(power: float) -> str:
    """Write 10 to a power above 0 with two digits; it may be larger than any float."""
    if power >= LONG:
        return f"{10 ** (power % 1):.1f}e{math.floor(power)}"
    return f"{float(f'{10**power:.2g}'):,g}"


def _named(layers: Sequence[int]) -> str:
    return f"layer{'s' if len(layers) > 1 else ''} {', '.join(map(str, layers))}"


def _count(number: int) -> str:
    return NUMBERS[number] if number < len(NUMBERS) else str(number)


def _fold(change: float) -> str:
    return f"{float(f'{change:.2g}'):,.0f}-fold" if change < 1e6 else f"{change:.0e}-fold"


def _of_all(number: int, units: int) -> str:
    return "The one unit" if units == 1 else f"{number} of {units} units"
