"""From a Frame to what the screen shows of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.agreement import Agreement, agreement, digits, ulps
from core.errors import EpochError
from core.tensors import TensorName, tensor_names
from tui.protocol import Inside, Matrix, Sample, Window

if TYPE_CHECKING:
    from core.arrays import FloatArray
    from core.frame import EngineFrame, Frame

WHOLE = 20_000
"""A tensor of at most that many cells travels whole, so that its cells can be walked without asking again."""


def matrix_of(frame: Frame, name: TensorName, window: Window) -> Matrix | None:
    """Return one tensor in every engine of the frame; None where the epoch has no such tensor."""
    tensors = _tensors(frame, name)
    if not tensors:
        return None
    first = next(iter(tensors.values()))
    whole = {engine: _as_matrix(tensor) for engine, tensor in tensors.items()}
    if first.size <= WHOLE:
        window = Window(0, 0, *_as_matrix(first).shape)
    values = {engine: _cut(tensor, window) for engine, tensor in whole.items()}
    largest = {engine: _largest(tensor) for engine, tensor in tensors.items()}
    apart = None
    if len(values) == 2 and frame.comparable:
        a, b = values.values()
        values["difference"] = _difference(a, b)
        values["digits"] = digits(a, b)
        largest["difference"] = _largest(_difference(*tensors.values()))
        apart = ulps(a, b).astype(np.float64)
    after = {
        engine: _cut(_as_matrix((each.after.W if name.part == "W" else each.after.b)[name.layer]), window)
        for engine, each in frame.engines.items()
        if name.part
    }
    precision = {engine: str(tensor.dtype) for engine, tensor in tensors.items()}
    return Matrix(name, first.shape, window, values, after, largest, precision, apart)


def agreements_of(frame: Frame, name: TensorName, depth: int) -> dict[TensorName, Agreement]:
    """Compare the two engines in every tensor of the quantity that `name` is of."""
    if not frame.comparable:
        return {}
    pairs = {each: list(_tensors(frame, each).values()) for each in tensor_names(name.quantity, depth)}
    return {each: agreement(*pair) for each, pair in pairs.items() if len(pair) == 2}


def sample_of(frame: Frame, x: FloatArray, y: FloatArray) -> Sample:
    """Return the first sample with each engine's prediction."""
    computed = {name: each.computed for name, each in frame.engines.items() if each.computed is not None}
    predictions = {name: _numbers(each.a[len(each.a) - 1][0]) for name, each in computed.items()}
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


def _difference(a: FloatArray, b: FloatArray) -> FloatArray:
    with np.errstate(all="ignore"):
        return a.astype(np.float64) - b.astype(np.float64)


def _largest(tensor: FloatArray) -> float:
    finite = np.abs(tensor[np.isfinite(tensor)])
    return float(finite.max()) if finite.size else 0.0
