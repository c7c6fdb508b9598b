"""The numbers of two files of gradients: as they are held, compared as printed, and judged where that can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.arrays import diverging
from core.compare.bounds import Bounds, NoBoundsError, bounds_of
from core.errors import EpochError
from core.judge import judge_tensor, judged_names, shares
from core.recording import SIDES, RecordedEngine
from core.reference import judging_cost
from core.tensors import INPUT, TARGET, Quantity, TensorName, tensor_names
from tui.printed import agreement_as_printed
from tui.protocol import Sample
from tui.verdicts import COST_AT_REST

if TYPE_CHECKING:
    from core.agreement import Agreement
    from core.arrays import Float64Array, FloatArray
    from core.dat.reading import Tensor
    from core.frame import Frame
    from core.judge import Judgement
    from core.recording import Sides


def bounds_of_sides(sides: Sides) -> dict[str, Bounds]:
    """Return the bounds of each side, where they can be derived and that takes no longer than one waits for."""
    known = {}
    for side, found in sides.found.items():
        try:
            bounds = bounds_of(found)
        except NoBoundsError:  # the comparison's remarks say why
            continue
        if bounds is not None and judging_cost(bounds.experiment.layers, len(bounds.batch.x)) <= COST_AT_REST:
            known[side] = bounds
    return known


def held_by_side(frame: Frame, name: TensorName) -> dict[str, Tensor]:
    """Return a tensor of each side that holds it, with the digits that are printed."""
    engines = [each for each in frame.engines.values() if isinstance(each, RecordedEngine)]
    return {each.name: each.held[str(name)] for each in engines if str(name) in each.held}


def agreements_of(frame: Frame, quantity: Quantity, depth: int) -> dict[TensorName, Agreement]:
    """Compare the two sides, as they are printed, in every tensor of a quantity that both hold."""
    pairs = {name: tuple(held_by_side(frame, name).values()) for name in tensor_names(quantity, depth)}
    return {name: agreement_as_printed(*pair) for name, pair in pairs.items() if len(pair) == len(SIDES)}


def judgements_of(frame: Frame, side: str, quantity: Quantity, bounds: Bounds) -> dict[TensorName, Judgement]:
    """Judge a side's tensors of a quantity, those whose bounds are of their shape."""
    judgements = {}
    for name in judged_names(bounds.experiment.depth):
        tensor = _tensor(frame, side, name) if name.quantity is quantity else None
        if tensor is None:
            continue
        with diverging():
            bounded = bounds.reference(bounds.precision).bounded(name)
            if bounded.value.shape == tensor.shape:
                judgements[name] = judge_tensor(tensor, bounded)
    return judgements


def shares_of(frame: Frame, side: str, name: TensorName, bounds: Bounds) -> Float64Array | None:
    """Return |difference|/bound of each number of a tensor; None where it is not judged."""
    tensor = _tensor(frame, side, name)
    if tensor is None or name not in judged_names(bounds.experiment.depth):
        return None
    with diverging():
        bounded = bounds.reference(bounds.precision).bounded(name)
        return shares(tensor, bounded) if bounded.value.shape == tensor.shape else None


def _tensor(frame: Frame, side: str, name: TensorName) -> FloatArray | None:
    try:
        return frame.engines[side].tensor(name)
    except EpochError:
        return None


def lacking(frame: Frame, name: TensorName) -> dict[str, str]:
    """Say which side lacks a tensor, and why."""
    reasons = {side: f"{side} has no such pass" for side in SIDES if side not in frame.engines}
    for side, engine in frame.engines.items():
        try:
            engine.tensor(name)
        except EpochError as error:
            reasons[side] = str(error)
    return reasons


def first_sample(frame: Frame, depth: int) -> Sample:
    """Return the first sample, where a file holds it, with each ŷ that is held."""
    output = TensorName(Quantity.ACTIVATION, depth)
    x, y, predictions = (_first_rows(frame, name) for name in (INPUT, TARGET, output))
    return Sample(next(iter(x.values()), ()), next(iter(y.values()), ()), predictions)


def _first_rows(frame: Frame, name: TensorName) -> dict[str, tuple[float, ...]]:
    held = {side: tensor for side in frame.engines if (tensor := _tensor(frame, side, name)) is not None}
    return {side: tuple(float(value) for value in tensor[0]) for side, tensor in held.items()}
