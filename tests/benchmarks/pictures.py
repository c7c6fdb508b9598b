"""Pictures: what each costs to compute and to draw, a picture of much beside one of little where that can be compared.

The screen is 200 × 60 for the curve; the map has 80 × 50 cells, so 80 × 100 answers of the network of `moons`.
"""

from __future__ import annotations

import statistics
from array import array
from typing import TYPE_CHECKING

import numpy as np
from figure import Figure, compared, duration, interleaved
from rich.style import Style

from core.engines.scratch import Scratch
from core.experiment_file import load
from core.pictures.spread import spread_of
from core.session import Session
from tui.depicted import plane_of
from tui.history import LossHistory
from tui.pictures.curve import Curve, Look
from tui.pictures.plane import Map, MapLook
from tui.pictures.spread import Inks, histogram_width, picture
from tui.protocol import ShowPlane

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from figure import Effort

    from tui.protocol import Plane

FEW = 1000
COLUMNS, ROWS = 80, 50
"""Cells of the map that has to be had in 20 ms."""
CURVE = (200, 60)
ENGINES = ("scratch", "autograd")
PLAIN = Style(color="white")


def figures(effort: Effort) -> Iterator[Figure]:
    """Measure the curve, the map and the distributions."""
    yield from _of_curve(effort)
    yield from _of_map(effort)
    yield _of_spread(effort)


def _of_curve(effort: Effort) -> Iterator[Figure]:
    """Draw a curve of many epochs, to which one is added each time, and one of few."""
    histories = {name: _history(count) for name, count in (("many", effort.rows), ("few", FEW))}
    runs: dict[str, Callable[[], object]] = {name: _drawer(history) for name, history in histories.items()}
    times = interleaved(runs, effort.rounds)
    of = f"a curve of {effort.rows:,} epochs", f"of {FEW:,}"
    yield compared(f"a frame of the loss curve, {effort.rows:,} epochs ÷ {FEW:,}", 2.0, times["many"], times["few"], of)
    took = statistics.median(times["many"]) * 1e3
    yield Figure("a frame of that loss curve, 200 × 60", took, 30, "ms", "two engines, an epoch more each time")


def _history(count: int) -> LossHistory:
    generator = np.random.default_rng(1)
    losses = np.exp(-5 * np.arange(count) / count) * (1 + 0.1 * generator.random(count))
    history = LossHistory()
    history.take({name: (0, array("d", losses.tobytes())) for name in ENGINES})
    return history


def _drawer(history: LossHistory) -> Callable[[], object]:
    def draw() -> None:
        trained = history.trained("scratch")
        history.take({name: (trained, array("d", [0.1])) for name in ENGINES})
        look = Look(1, trained + 1, log=True, dark=True, columns=CURVE[0], rows=CURVE[1], grid=PLAIN)
        curve = Curve(history, ENGINES, (), look, PLAIN)
        for y in range(CURVE[1]):
            curve.line(y, trained, PLAIN)

    return draw


def _of_map(effort: Effort) -> Iterator[Figure]:
    """Compute and draw the answer map, of other parameters each time."""
    session = _session()
    asked = ShowPlane(COLUMNS, 2 * ROWS)
    frames = [session.frame_of(epoch) for epoch in range(1, session.trained + 1)]
    known: list[Plane] = []

    def compute() -> None:
        known.append(plane_of(session, frames[len(known) % len(frames)], asked))

    def draw() -> None:
        drawn = Map(known[-1], 0, MapLook())
        for y in range(ROWS):
            drawn.line(y)

    times = interleaved({"compute": compute, "draw": draw}, effort.rounds)
    both = [sum(each) for each in zip(times["compute"], times["draw"], strict=True)]
    computed, drawn = (duration(statistics.median(times[each])) for each in ("compute", "draw"))
    parts = f"computed in {computed}, drawn in {drawn}"
    yield Figure(f"a frame of the answer map, {COLUMNS} × {ROWS} cells", statistics.median(both) * 1e3, 20, "ms", parts)
    units = interleaved({"layer": lambda: plane_of(session, frames[0], ShowPlane(16, 16, 1, 0, 16))}, effort.rounds)
    took = statistics.median(units["layer"]) * 1e3
    yield Figure("16 hidden units as small multiples, computed", took, 20, "ms", "16 × 8 cells each")


def _of_spread(effort: Effort) -> Figure:
    """Count and draw all histograms and the flow of an epoch."""
    session = _session()
    engine, activations = session.frame().engines["scratch"], session.experiment.activations()

    def count_and_draw() -> None:
        spread = spread_of(engine, activations, histogram_width(70), fused=True)
        picture(spread, activations, 70, 34, Inks(PLAIN, PLAIN, PLAIN))

    times = interleaved({"spread": count_and_draw}, effort.rounds)
    took = statistics.median(times["spread"]) * 1e3
    return Figure("distributions and gradient flow of an epoch", took, 20, "ms", "three layers, 15 histograms")


def _session() -> Session:
    experiment = load("moons")
    session = Session(experiment)
    session.join(Scratch(experiment))
    session.advance(20)
    return session
