"""Verdicts: what of a frame is right but for rounding, each engine by a reference at its own parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.arrays import diverging
from core.judge import JUDGED, drift, judge_pass, judged_names, reference_of, shares
from core.reference import judging_cost
from core.tensors import Quantity, tensor_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.arrays import Float64Array, FloatArray
    from core.experiment import Experiment
    from core.frame import EngineFrame, Frame
    from core.judge import Judgement
    from core.reference import Reference
    from core.session import Session
    from core.tensors import TensorName
    from tui.whole import Whole

COST_AT_WORK = 10_000_000
"""What judging an engine's pass may cost (see `judging_cost`) while it trains: some milliseconds."""
COST_AT_REST = 500_000_000
"""What it may cost while nothing else is to be done: some tenths of a second."""


class Verdicts:
    """Judges the frames of one run as they are looked at; keeps the first epoch that was found wrong."""

    def __init__(self) -> None:
        self.parted: int | None = None
        """The first epoch, of those judged, with a gradient that rounding does not explain."""

    def forget_after(self, epoch: int) -> None:
        """Forget what was found of epochs that are dropped."""
        if self.parted is not None and self.parted > epoch:
            self.parted = None

    def of(
        self, session: Session, frame: Frame, quantity: Quantity, whole: Whole, *, at_work: bool
    ) -> dict[str, Mapping[TensorName, Judgement]]:
        """Judge all tensors of a quantity in each engine; none where it is not judged, or would take too long."""
        experiment = session.experiment.at(max(frame.epoch, 1))
        if not affordable(frame, experiment, at_work=at_work):
            return {}
        self._look_for_the_first(session, frame, experiment, whole)
        if quantity not in JUDGED:
            return {}
        names = [name for name in judged_names(experiment.depth) if name.quantity is quantity]
        return {name: _judged(each, experiment, names, whole) for name, each in _computed(frame).items()}

    def _look_for_the_first(self, session: Session, frame: Frame, experiment: Experiment, whole: Whole) -> None:
        """Where a gradient is wrong, remember the epoch; or the first of all, where it is wrong there already."""
        if (self.parted is not None and self.parted <= frame.epoch) or self._right(frame, experiment, whole):
            return
        first, known = session.frame_of(1), type(whole)(None)
        self.parted = frame.epoch if self._right(first, session.experiment.at(1), known) else 1

    def _right(self, frame: Frame, experiment: Experiment, whole: Whole) -> bool:
        names = tensor_names(Quantity.GRADIENT, experiment.depth)
        judged = [_judged(each, experiment, names, whole) for each in _computed(frame).values()]
        return all(judgement.within for each in judged for judgement in each.values())


def affordable(frame: Frame, experiment: Experiment, *, at_work: bool) -> bool:
    """Whether judging a frame takes no longer than whoever waits for it bears."""
    samples = max((len(each.computed.x) for each in frame.engines.values() if each.computed), default=0)
    return judging_cost(experiment.layers, samples) <= (COST_AT_WORK if at_work else COST_AT_REST)


def shares_of(frame: Frame, experiment: Experiment, name: TensorName, whole: Whole) -> dict[str, FloatArray]:
    """Return |difference|/bound of each number of a tensor, by engine: 1 is all that rounding can do."""
    if name not in judged_names(experiment.depth):
        return {}

    def found(each: EngineFrame) -> Float64Array:
        with diverging():
            return shares(each.tensor(name), _reference(each, experiment, whole).bounded(name))

    return {
        engine: whole.once((name, engine, "shares"), lambda each=each: found(each))  # type: ignore[misc]
        for engine, each in _computed(frame).items()
    }


def drift_of(frame: Frame) -> float | None:
    """Return how far the parameters of two engines that began alike have drifted; None where there are not two."""
    if len(frame.engines) != 2 or not frame.comparable:
        return None
    return drift(*frame.engines.values())


def _computed(frame: Frame) -> dict[str, EngineFrame]:
    return {name: each for name, each in frame.engines.items() if each.computed is not None}


def _judged(
    engine: EngineFrame, experiment: Experiment, names: list[TensorName] | tuple[TensorName, ...], whole: Whole
) -> Mapping[TensorName, Judgement]:
    def find() -> Mapping[TensorName, Judgement]:
        assert engine.computed is not None
        return judge_pass(engine.computed, _reference(engine, experiment, whole), names)

    return whole.once(("judged", engine.name, tuple(names)), find)


def _reference(engine: EngineFrame, experiment: Experiment, whole: Whole) -> Reference:
    def find() -> Reference:
        assert engine.computed is not None
        with diverging():
            return reference_of(engine, engine.computed, experiment)

    return whole.once(("reference", engine.name), find)
