"""Opening an explanation in a large network: all that happens between the key and the painted pane."""

from __future__ import annotations

import asyncio
import pickle
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from figure import Figure, duration, percentile
from matrices import paint
from textual.app import App

from core.engines.autograd import Autograd
from core.experiment_file import parse
from core.tensors import Quantity, TensorName, parse_tensor_name
from core.trace import Aside, Kind
from tui.panes.explain import ExplainPane
from tui.protocol import Explain, Step
from tui.selection import Selection
from tui.trainer import Trainer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from figure import Effort
    from textual.app import ComposeResult

    from core.trace import Name
    from tui.protocol import View

LAYERS, BATCH = (784, 256, 128, 10), 64
MOST = 50.0
"""Milliseconds in which a number is to be explained."""
FIRST = TensorName(Quantity.GRADIENT, 1, "W")


class Alone(App[None]):
    """An Explain pane and nothing else, as large as the terminal."""

    def __init__(self) -> None:
        super().__init__()
        self.pane = ExplainPane(id="explain")

    def compose(self) -> ComposeResult:
        """Show the pane."""
        yield self.pane


def figures(effort: Effort) -> Iterator[Figure]:
    """Open the explanation of a number of every kind, and take the kind that takes longest."""
    times = asyncio.run(_measure(_trainer(), max(3, effort.rounds)))
    name, slowest = max(times.items(), key=lambda each: statistics.median(each[1]))
    every = [each for found in times.values() for each in found]
    measured = f"median of the slowest, {name}; of all {duration(statistics.median(every))}"
    shape = "-".join(map(str, LAYERS))
    yield Figure(
        f"opening an explanation, {shape}, batch {BATCH}", statistics.median(slowest) * 1e3, MOST, "ms", measured
    )
    yield Figure(
        "the same, 95 % of all", percentile(every, 95) * 1e3, MOST, "ms", f"{len(every)} openings, {len(times)} kinds"
    )


def _trainer() -> Trainer:
    """Train an epoch of one batch in both engines."""
    generator = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "samples.npz"
        x, y = (generator.random((BATCH, width)) for width in (LAYERS[0], LAYERS[-1]))
        np.savez(path, x=x, y=y)
        text = f"layers = {list(LAYERS)}\nactivation = 'tanh'\nloss = 'mse'\n[data]\nfile = '{path}'\n"
        trainer = Trainer(parse(text, "large"), lambda _: None)
        trainer.join(Autograd)
        trainer.handle(Step(1))
        while trainer.busy:
            trainer.work()
    trainer.view()
    return trainer


async def _measure(trainer: Trainer, rounds: int) -> dict[str, list[float]]:
    names = ("dL/dW1", "dL/db1", "dL/dz1", "z1", "a1", "z3", "dL/dz3", "update W1", "W1")
    kinds: list[Name] = [*map(parse_tensor_name, names), Aside(Kind.LOSS)]
    times: dict[str, list[float]] = {}
    app = Alone()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        for counted in range(-1, rounds):
            for name in kinds:
                took = _open(trainer, app.pane, name, counted % 9 + 1)
                if counted >= 0:
                    times.setdefault(str(name), []).append(took)
            await pilot.pause()
    return times


def _open(trainer: Trainer, pane: ExplainPane, name: Name, at: int) -> float:
    """Time one opening: the trainer's answer, its way to the other process, the rows, and their painting."""
    shown = name if isinstance(name, TensorName) else FIRST
    cell = () if shown is not name else (at,) if shown.part == "b" else (at, at)
    selection = Selection().of(shown).at(at, at if len(cell) == 2 else 0)
    asked = Explain(name, cell)
    begun = time.perf_counter()
    trainer.handle(asked)
    view: View = pickle.loads(pickle.dumps(trainer.view()))
    assert view.explained is not None
    assert view.explained.explanation is not None
    pane.selection = selection.explaining(view.explained.explanation.address)
    pane.view = view
    paint(pane)
    return time.perf_counter() - begun
