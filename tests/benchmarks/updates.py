"""What an update costs: the engine written by hand beside nested loops and PyTorch, and the session that runs both."""

from __future__ import annotations

import statistics
import tracemalloc
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch
from figure import Figure, compared, duration, interleaved, ratio
from msgspec.structs import replace
from torch import nn

from core.arrays import diverging
from core.data import of as data_of
from core.engines.autograd import Autograd
from core.engines.scratch import Scratch
from core.experiment import Data
from core.experiment_file import load
from core.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from figure import Effort

    from core.arrays import FloatArray
    from core.engines.base import Engine
    from core.experiment import Experiment

LARGE = (784, 256, 128, 10)
BATCH = 64


def figures(effort: Effort) -> Iterator[Figure]:
    """Measure the update of the notebook's network, that of a larger one, what memory it takes, and the lockstep."""
    yield from _small(effort)
    for precision in ("float64", "float32"):
        yield _large(precision, effort)
    yield _memory(effort)
    yield _lockstep(effort)


class NestedLoops:
    """The notebook's from-scratch training, loop by loop: one weight at a time, W laid out inputs × outputs.

    It follows the gradient of half the loss, (ŷ − y)²/2, so that its learning rate is twice that of the loss.
    """

    def __init__(self, experiment: Experiment) -> None:
        start = Scratch(experiment).look(*_sample(experiment)).gradients  # for the shapes alone
        self.W = {k: np.random.default_rng(k).random(each.shape[::-1]) for k, each in start.W.items()}
        self.b = {k: np.random.default_rng(-k % 97).random(each.shape) for k, each in start.b.items()}
        self.learning_rate = experiment.optimizer.lr

    def take(self, W: dict[int, FloatArray], b: dict[int, FloatArray]) -> None:
        """Start from these parameters, W laid out outputs × inputs."""
        self.W = {k: each.T.copy() for k, each in W.items()}
        self.b = {k: each.copy() for k, each in b.items()}

    def step(self, x: FloatArray, y: FloatArray) -> float:
        """Make one pass and one update for each sample; return the loss."""
        error = 0.0
        for sample, target in zip(x, y, strict=True):
            error += self._step(sample, target)
        return error

    def _step(self, x: FloatArray, y: FloatArray) -> float:
        W, b = self.W, self.b
        z1 = np.dot(x, W[1]) + b[1]
        a1 = _sigmoid(z1)
        z2 = np.dot(a1, W[2]) + b[2]
        a2 = _sigmoid(z2)
        prediction = np.dot(a2, W[3]) + b[3]
        error = np.power(prediction - y, 2)
        dW = {k: np.zeros(each.shape) for k, each in W.items()}
        db = {k: np.zeros(each.shape) for k, each in b.items()}
        inputs, first, second, outputs = len(x), len(a1), len(a2), len(prediction)
        for i in range(outputs):
            db[3][i] = prediction[i] - y[i]
        for i in range(second):
            for j in range(outputs):
                dW[3][i][j] = db[3][j] * a2[i]
        for i in range(second):
            db[2][i] = sum([db[3][j] * W[3][i][j] * _sigmoid_derivative(z2[i]) for j in range(outputs)])
        for i in range(first):
            for j in range(second):
                dW[2][i][j] = db[2][j] * a1[i]
        for i in range(first):
            db[1][i] = sum([db[2][j] * W[2][i][j] * _sigmoid_derivative(z1[i]) for j in range(second)])
        for i in range(inputs):
            for j in range(first):
                dW[1][i][j] = db[1][j] * x[i]
        for k in W:
            b[k] -= self.learning_rate * db[k]
            W[k] -= self.learning_rate * dW[k]
        return float(error[0])


def _sigmoid(z: FloatArray) -> FloatArray:
    return 1 / (1 + np.exp(-z))


def _sigmoid_derivative(z: FloatArray) -> FloatArray:
    return _sigmoid(z) * (1 - _sigmoid(z))


class Eager:
    """What a PyTorch user writes: `nn.Sequential`, `zero_grad`, `backward`, `step`, and the loss read with `item`."""

    def __init__(self, experiment: Experiment) -> None:
        dtype = torch.float64 if experiment.precision_of("autograd") == "float64" else torch.float32
        modules: list[nn.Module] = []
        for fan_in, width in zip(experiment.layers, experiment.layers[1:], strict=False):
            modules += [nn.Linear(fan_in, width, dtype=dtype), nn.Sigmoid()]
        self._model = nn.Sequential(*modules[:-1])
        self._loss = nn.MSELoss(reduction="sum" if experiment.loss == "sse" else "mean")
        self._optimizer = torch.optim.SGD(self._model.parameters(), lr=experiment.optimizer.lr)

    def step(self, x: torch.Tensor, y: torch.Tensor) -> float:
        """Make one pass and one update; return the loss."""
        self._optimizer.zero_grad()
        loss = self._loss(self._model(x), y)
        loss.backward()
        self._optimizer.step()
        return float(loss.item())


def repeated(step: Callable[..., float], x: object, y: object, times: int) -> Callable[[], None]:
    """Return a loop of that many updates on one batch."""

    def loop() -> None:
        for _ in range(times):
            step(x, y)

    return loop


def _sample(experiment: Experiment) -> tuple[FloatArray, FloatArray]:
    samples = data_of(experiment).train
    return samples.x, samples.y


def _tensors(x: FloatArray, y: FloatArray) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.tensor(x), torch.tensor(y)


def _small(effort: Effort) -> Iterator[Figure]:
    """2-10-10-1, one sample, float64. The loops take ten times as long, so they make fewer updates a run."""
    experiment = load("notebook")
    x, y = _sample(experiment)
    count, fewer = effort.updates, max(1, effort.updates // 10)
    runs = {
        "scratch": repeated(Scratch(experiment).step, x, y, count),
        "loops": repeated(NestedLoops(experiment).step, x, y, fewer),
        "eager": repeated(Eager(experiment).step, *_tensors(x, y), fewer),
    }
    times = interleaved(runs, 4 * effort.rounds)
    scratch = [each / count for each in times["scratch"]]
    others = {name: [each / fewer for each in times[name]] for name in ("loops", "eager")}
    of = "scratch, an update:"
    yield compared("scratch ÷ the notebook's nested loops, 2-10-10-1", 0.10, scratch, others["loops"], (of, "loops"))
    yield compared("scratch ÷ PyTorch eager, 2-10-10-1", 0.12, scratch, others["eager"], (of, "eager"))


def _large(precision: str, effort: Effort) -> Figure:
    """784-256-128-10 with 64 samples, NumPy and PyTorch on as many threads as each takes by itself: one a core."""
    data = Data(file="given below")  # no source has that many inputs; the engines take their samples with each step
    experiment = replace(load("notebook"), layers=LARGE, loss="mse", precision=precision, data=data)
    generator = np.random.default_rng(1)
    x, y = (generator.random((BATCH, width)).astype(precision) for width in (784, 10))
    count = max(1, effort.updates // 50)
    runs = {
        "scratch": repeated(Scratch(experiment).step, x, y, count),
        "eager": repeated(Eager(experiment).step, *_tensors(x, y), count),
    }
    times = {name: [each / count for each in found] for name, found in interleaved(runs, 2 * effort.rounds).items()}
    name = f"scratch ÷ PyTorch eager, 784-256-128-10, batch {BATCH}, {precision}"
    return compared(name, 1.0, times["scratch"], times["eager"], ("scratch, an update:", "eager"))


def _memory(effort: Effort) -> Figure:
    """The most memory that a stretch of updates takes, beside that of a stretch ten times as long."""
    experiment = load("notebook")
    x, y = _sample(experiment)
    step = Scratch(experiment).step
    repeated(step, x, y, effort.updates)()  # what is made once and kept
    few, many = (_peak(repeated(step, x, y, times * effort.updates)) for times in (1, 10))
    measured = f"{many} bytes at the most in {10 * effort.updates:,} updates, {few} in {effort.updates:,}"
    return Figure("memory of 10 × the updates ÷ of the updates", many / few, 1.05, measured=measured)


def _peak(run: Callable[[], None]) -> int:
    tracemalloc.start()
    run()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def _lockstep(effort: Effort) -> Figure:
    """`Session.advance` in both engines, beside the two engines' bare loops one after the other."""
    experiment = load("notebook")
    x, y = _sample(experiment)
    session = Session(experiment)
    bare: list[Engine] = [Scratch(experiment), Autograd(experiment)]
    for engine in (Scratch(experiment), Autograd(experiment)):
        session.join(engine)
    loops = [repeated(engine.step, x, y, effort.updates) for engine in bare]

    def in_turn() -> None:
        with diverging():
            for loop in loops:
                loop()

    times = interleaved({"session": partial(session.advance, effort.updates), "bare": in_turn}, effort.rounds)
    measured = ", ".join(f"{name} {duration(statistics.median(each) / effort.updates)}" for name, each in times.items())
    measured = f"an epoch in both engines: {measured}"
    return Figure("Session.advance ÷ both engines' bare loops", ratio(*times.values()), 1.2, measured=measured)
