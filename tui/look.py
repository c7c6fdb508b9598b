"""From a Frame to what the screen shows of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.agreement import Agreement, agreement, digits, ulps
from core.errors import EpochError
from core.tensors import Quantity, TensorName, tensor_names
from tui.protocol import Inside, Matrix, Sample, ShowMap, Window
from tui.shown import MINE, derived
from tui.whole import Whole, block_map, difference, largest, peak

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.arrays import FloatArray
    from core.frame import EngineFrame, Frame

WHOLE = 20_000
"""A tensor of at most that many cells travels whole, so that its cells can be walked without asking again."""


def matrix_of(
    frame: Frame,
    name: TensorName,
    window: Window,
    whole: Whole | None = None,
    map_: ShowMap | None = None,
    *,
    shares: Mapping[str, FloatArray] | None = None,
) -> Matrix | None:
    """Return one tensor in every engine of the frame; None where the epoch has no such tensor.

    `whole` keeps what has been found out of the frame, so that another window of it costs no more than the window.
    `shares` are those of what rounding can do, by engine.
    """
    tensors = _tensors(frame, name)
    if not tensors:
        return None
    whole = whole or Whole(frame)
    first = next(iter(tensors.values()))
    matrices = {engine: _as_matrix(tensor) for engine, tensor in tensors.items()}
    if first.size <= WHOLE:
        window = Window(0, 0, *_as_matrix(first).shape)
    values = {engine: _cut(tensor, window) for engine, tensor in matrices.items()}
    pairs, apart = _pairs(frame, tensors), {}
    for one, other in pairs:
        a, b = values[one], values[other]
        values |= dict(zip(derived(other), (difference(a, b), digits(a, b)), strict=False))
        apart[other] = ulps(a, b).astype(np.float64)
    off = {engine: _as_matrix(each) for engine, each in (shares or {}).items()}
    share = whole.once((name, "share", *off), lambda: _largest_shares(off))
    values |= {shown: _cut(each, window) for shown, each in share.items()}
    largest_of, peak_of = whole.once((name, "extremes"), lambda: _extremes(tensors, pairs))
    after = {
        engine: _cut(_as_matrix((each.after.W if name.part == "W" else each.after.b)[name.layer]), window)
        for engine, each in frame.engines.items()
        if name.quantity is Quantity.PARAMETER and engine in tensors
    }
    precision = {engine: str(tensor.dtype) for engine, tensor in tensors.items()}
    blocks = None
    if map_ is not None and map_.rows and map_.columns:
        asked = map_
        blocks = whole.once((name, asked, *off), lambda: block_map(matrices, share, asked.rows, asked.columns, pairs))
    shown = {engine: _cut(each, window) for engine, each in off.items()}
    return Matrix(name, first.shape, window, values, after, largest_of, precision, apart, peak_of, blocks, shown)


def _pairs(frame: Frame, tensors: Mapping[str, FloatArray]) -> list[tuple[str, str]]:
    """Pair the first engine with each other one that started from the same parameters."""
    first, *others = tensors
    return [(first, other) for other in others if frame.engines[first].start == frame.engines[other].start]


def _largest_shares(off: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Return the largest share of rounding number by number: the engines' together, and that of the user's own."""
    groups: dict[str, list[FloatArray]] = {}
    for engine, each in off.items():
        groups.setdefault(derived(engine)[2], []).append(each)
    return {shown: np.maximum.reduce(group) for shown, group in groups.items()}


def _extremes(
    tensors: dict[str, FloatArray], pairs: list[tuple[str, str]]
) -> tuple[dict[str, float], dict[str, tuple[int, ...]]]:
    """Return the largest magnitude and where it is, by engine and for the differences."""
    looked = tensors | {derived(other)[0]: difference(tensors[one], tensors[other]) for one, other in pairs}
    return {key: largest(each) for key, each in looked.items()}, {key: peak(each) for key, each in looked.items()}


def agreements_of(
    frame: Frame, name: TensorName, depth: int, whole: Whole | None = None
) -> Mapping[TensorName, Agreement]:
    """Compare the first two engines in every tensor of the quantity that `name` is of; the user's own is judged."""
    if not frame.comparable:
        return {}
    whole = whole or Whole(frame)
    return whole.once((name.quantity,), lambda: _agreements(frame, name, depth))


def _agreements(frame: Frame, name: TensorName, depth: int) -> dict[TensorName, Agreement]:
    pairs = {
        each: [tensor for engine, tensor in _tensors(frame, each).items() if engine != MINE]
        for each in tensor_names(name.quantity, depth)
    }
    return {each: agreement(*pair) for each, pair in pairs.items() if len(pair) == 2}


def sample_of(frame: Frame, x: FloatArray, y: FloatArray) -> Sample:
    """Return the first sample with each engine's prediction."""
    computed = {name: each.computed for name, each in frame.engines.items() if each.computed is not None}
    depth = next((len(each.a) - 1 for each in computed.values()), 0)
    predictions = {name: _numbers(each.a[depth][0]) for name, each in computed.items() if depth in each.a}
    for each in computed.values():
        return Sample(_numbers(each.x[0]), _numbers(each.y[0]), predictions)
    return Sample(_numbers(x[0]), _numbers(y[0]), predictions)


def inside_of(frame: Frame) -> Inside | None:
    """Tell where in an epoch a frame is; None at its end."""
    if frame.update is None:
        return None
    losses = {name: each.loss for name, each in frame.engines.items() if each.loss is not None}
    batches = [each.batch for each in frame.engines.values() if each.batch]
    return Inside(frame.update, losses, batches[0] if batches else "")


def _tensors(frame: Frame, name: TensorName) -> dict[str, FloatArray]:
    return {engine: tensor for engine, each in frame.engines.items() if (tensor := _tensor(each, name)) is not None}


def _tensor(engine: EngineFrame, name: TensorName) -> FloatArray | None:
    try:
        return engine.tensor(name)
    except EpochError:
        return None


def _numbers(values: FloatArray) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def _as_matrix(tensor: FloatArray) -> FloatArray:
    return tensor if tensor.ndim == 2 else tensor.reshape(-1, 1)


def _cut(tensor: FloatArray, window: Window) -> FloatArray:
    rows, columns = slice(window.row, window.row + window.rows), slice(window.column, window.column + window.columns)
    return tensor[rows, columns].copy()
