"""Depicted: what the trainer computes for pictures that are looked at. Those that aren't cost nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.functions.losses import LOSSES
from core.metrics import class_of
from core.pictures.plane import boundary, extent_of, forward, line, units_over
from core.pictures.spread import spread_of
from tui.protocol import Plane, PlaneSamples, ShowPlane, ShowSpread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.arrays import FloatArray
    from core.frame import EngineFrame, Frame
    from core.parameters import Parameters
    from core.pictures.plane import Extent
    from core.pictures.spread import Spread
    from core.samples import Samples
    from core.session import Session
    from tui.protocol import Command
    from tui.whole import Whole

MOST_SAMPLES = 2000
"""Samples that are laid on a plane; more would cover it."""
MOST_INPUTS = 2
LARGEST_SINGLE = float(np.finfo(np.float32).max)


class Depicted:
    """Which pictures are looked at, and what they need of the epoch where a session stands."""

    def __init__(self) -> None:
        self._plane = ShowPlane(0, 0)
        self._spread = ShowSpread(0)

    def take(self, command: Command) -> bool:
        """Take a command that says what is looked at; False where it says something else."""
        match command:
            case ShowPlane():
                self._plane = command
            case ShowSpread():
                self._spread = command
            case _:
                return False
        return True

    def plane(self, session: Session, frame: Frame, whole: Whole) -> Plane | None:
        """Return the answers that are looked at; None for none, or where the network has more than two inputs."""
        asked = self._plane
        if not asked.columns or session.experiment.layers[0] > MOST_INPUTS:
            return None
        return whole.once((asked,), lambda: plane_of(session, frame, asked))

    def spread(self, session: Session, frame: Frame, whole: Whole) -> Spread | None:
        """Return the distributions that are looked at; None for none."""
        asked = self._spread
        if not asked.bins:
            return None
        return whole.once((asked,), lambda: _spread_of(session, frame, asked))


def plane_of(session: Session, frame: Frame, asked: ShowPlane) -> Plane:
    """Return what is asked for of a frame, with the parameters after it."""
    engine, experiment = engine_of(frame, asked.engine), session.experiment.at(max(frame.epoch, 1))
    activations, parameters, samples = experiment.activations(), engine.after, session.samples
    layer = asked.layer if 1 <= asked.layer <= experiment.depth else experiment.depth
    extent = extent_of(samples.x)
    values = _over_inputs(parameters, activations, layer, extent, asked)
    span = _span(values)
    answers = layer == experiment.depth and samples.classes is not None
    return Plane(
        asked,
        engine.name,
        layer,
        len(values),
        _small(values[asked.first : asked.first + asked.count], span),
        span,
        extent,
        boundary(values) if answers else None,
        _samples_on(samples, parameters, activations),
        samples.classes,
    )


def _over_inputs(
    parameters: Parameters, activations: Sequence[str], layer: int, extent: Extent, asked: ShowPlane
) -> FloatArray:
    if parameters.layers[0] == 1:
        return forward(parameters, activations, line(extent, asked.columns), layer).T[:, np.newaxis]
    return units_over(parameters, activations, layer, extent, columns=asked.columns, rows=asked.rows)


def _samples_on(samples: Samples, parameters: Parameters, activations: Sequence[str]) -> PlaneSamples:
    x, y = samples.x[:MOST_SAMPLES], samples.y[:MOST_SAMPLES]
    classes = wrong = None
    if samples.classes is not None:
        classes = class_of(y)
        answers = forward(parameters, activations, x, parameters.depth)
        wrong = (class_of(answers) != classes) | np.isnan(answers).any(axis=1)
    return PlaneSamples(x, y, classes, wrong, len(samples))


def _small(values: FloatArray, span: tuple[float, float]) -> FloatArray:
    """Halve what travels, where no number becomes inf by it."""
    return values if max(map(abs, span)) > LARGEST_SINGLE else values.astype(np.float32)


def _span(values: FloatArray) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)


def _spread_of(session: Session, frame: Frame, asked: ShowSpread) -> Spread:
    settings = session.experiment.at(max(frame.epoch, 1))
    fused = LOSSES[settings.loss].fused
    return spread_of(engine_of(frame, asked.engine), settings.activations(), asked.bins, fused=fused)


def engine_of(frame: Frame, name: str) -> EngineFrame:
    """Return an engine's part of a frame; the first one's, where that one has not joined."""
    return frame.engines.get(name) or next(iter(frame.engines.values()))
