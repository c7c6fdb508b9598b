"""The same network in PyTorch: a plain `nn.Sequential`, `loss.backward()` and `torch.optim`."""

from __future__ import annotations

import functools
import inspect
import itertools
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from core.engines.base import EngineState, Evaluation, Pass
from core.experiment import parameter_count
from core.functions.activations import ACTIVATIONS
from core.functions.losses import LOSSES
from core.functions.optimizers import OPTIMIZERS, STEP
from core.initial import draw, start_digest
from core.parameters import Parameters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from core.arrays import FloatArray
    from core.experiment import Experiment

_DTYPES = {"float64": torch.float64, "float32": torch.float32}


class Autograd:
    """The network of an experiment, differentiated by PyTorch."""

    name = "autograd"

    def __init__(self, experiment: Experiment) -> None:
        self.precision = experiment.precision_of("autograd")
        self.label = f"autograd (PyTorch {torch.__version__.partition('+')[0]})"
        self._layers = experiment.layers
        self._linear = _linear(experiment)
        self._numbers = _joined_storage(self._linear)
        """All parameters, flat, shape (P,); the layers' own are views of it, so that a state is one copy."""
        self._build(experiment)
        self._start_optimizer({})
        if experiment.init_of("autograd").law == "manual_seed":
            start = self._flat()
        else:
            start = draw(experiment.init_of("autograd"), experiment.layers, experiment.seed, experiment.data)
            self._assign(start)
        self.start = start_digest(start)
        self._batch: tuple[FloatArray | None, FloatArray | None] = (None, None)
        self._batch_tensors: tuple[torch.Tensor, torch.Tensor]

    def adopt(self, experiment: Experiment) -> None:
        """Go on with an experiment's settings: a new network around the same parameters, and a new optimizer.

        An optimizer that stays the same keeps its vectors, as far as its settings still have a use for them.
        """
        vectors = self._vectors() if experiment.optimizer.name == self._described.name else {}
        self._build(experiment)
        self._start_optimizer(vectors)

    def step(self, x: FloatArray, y: FloatArray) -> float:
        """Make one pass and one update by `torch.optim`; return the loss before the update."""
        inputs, targets = self._tensors(x, y)
        loss = self._loss(self._judged(inputs), targets)
        self._optimizer.zero_grad()
        loss.backward()
        self._optimizer.step()
        return float(loss.item())

    def look(self, x: FloatArray, y: FloatArray) -> Pass:
        """Make the pass at the parameters as they are; z, a and δ are those of the graph that autograd walked."""
        z: dict[int, torch.Tensor] = {}
        inputs, targets = self._tensors(x, y)
        a = {0: inputs}
        for module in self._model:
            if isinstance(module, nn.Linear):
                k = len(z) + 1
                z[k] = a[k] = module(a[k - 1])
                z[k].retain_grad()
            else:
                a[len(z)] = module(z[len(z)])
        loss = self._loss((z if self._fused else a)[len(z)], targets)
        self._model.zero_grad()
        loss.backward()
        delta = {k: _array(each.grad) for k, each in z.items()}
        gradients = Parameters(self._layers, _joined([_array(each.grad) for each in self._model.parameters()]))
        self._model.zero_grad()
        values = {k: _array(each) for k, each in a.items()}
        return Pass(x, y, {k: _array(each) for k, each in z.items()}, values, delta, float(loss.item()), gradients)

    def evaluate(self, x: FloatArray, y: FloatArray) -> Evaluation:
        """Go forward alone."""
        inputs, targets = self._tensors(x, y)
        with torch.no_grad():
            judged = self._judged(inputs)
            prediction = self._model[-1](judged) if self._fused else judged
            return Evaluation(float(self._loss(judged, targets).item()), _array(prediction))

    def state(self) -> EngineState:
        """Copy the parameters and what `torch.optim` keeps of each, joined to flat vectors."""
        return EngineState(self._flat(), self._vectors())

    def restore(self, state: EngineState) -> None:
        """Go back to a copied state."""
        self._assign(state.parameters)
        self._start_optimizer(state.optimizer)

    def _build(self, experiment: Experiment) -> None:
        """Put the network and its loss together around the parameters."""
        self._model = _model(self._linear, experiment.activations())
        loss = LOSSES[experiment.loss]
        self._loss = getattr(nn, loss.module)(**loss.options)
        self._fused = loss.fused
        self._judged = self._model[:-1] if loss.fused else self._model
        self._described = experiment.optimizer

    def _start_optimizer(self, vectors: Mapping[str, FloatArray]) -> None:
        """Have the optimizer be as before the first step, or with these vectors; any that it misses are zero.

        It is made when it is first needed: going back and forth restores many states, and steps from few of them.
        """
        self._made: torch.optim.Optimizer | None = None
        self._vectors_to_have = vectors

    @property
    def _optimizer(self) -> torch.optim.Optimizer:
        if self._made is None:
            self._made = self._new_optimizer(self._vectors_to_have)
        return self._made

    def _new_optimizer(self, vectors: Mapping[str, FloatArray]) -> torch.optim.Optimizer:
        rule = OPTIMIZERS[self._described.name]
        make = _uncompiled(getattr(torch.optim, rule.module))
        optimizer = make(self._model.parameters(), lr=self._described.lr, **self._described.options())
        names = rule.vectors(self._described.settings()) if vectors else ()
        nothing = np.zeros(parameter_count(self._layers))
        parts = {name: self._by_parameter(vectors.get(name, nothing)) for name in names if name != STEP}
        for i, parameter in enumerate(self._model.parameters() if vectors else ()):
            kept = {name: torch.from_numpy(part[i].copy()) for name, part in parts.items()}
            if STEP in names:
                kept[STEP] = torch.tensor(float(vectors.get(STEP, 0)))
            optimizer.state[parameter] = kept
        return optimizer

    def _vectors(self) -> dict[str, FloatArray]:
        """Copy what the optimizer keeps; empty as long as it has made nothing."""
        if (self._made is None and not self._vectors_to_have) or not self._optimizer.state:
            return {}
        kept = [self._optimizer.state.get(parameter, {}) for parameter in self._model.parameters()]
        names = [name for name, value in kept[0].items() if value is not None]
        vectors = {name: _joined([_array(each[name]) for each in kept]) for name in names if name != STEP}
        return {STEP: _array(kept[0][STEP]), **vectors} if STEP in names else vectors

    def _by_parameter(self, flat: FloatArray) -> list[FloatArray]:
        """Part a flat vector into W1, b1, W2, b2, …"""
        values = Parameters(self._layers, flat.astype(self.precision))
        return [part[k] for k in values.W for part in (values.W, values.b)]

    def _flat(self) -> FloatArray:
        return self._numbers.copy()

    def _assign(self, flat: FloatArray) -> None:
        self._numbers[...] = flat

    def _tensors(self, x: FloatArray, y: FloatArray) -> tuple[torch.Tensor, torch.Tensor]:
        """Return a batch as tensors; those of the last batch are kept, as one batch often comes again."""
        if x is not self._batch[0] or y is not self._batch[1]:
            self._batch = (x, y)
            self._batch_tensors = (torch.tensor(x), torch.tensor(y))
        return self._batch_tensors


@functools.cache
def _uncompiled(optimizer: type[torch.optim.Optimizer]) -> Callable[..., torch.optim.Optimizer]:
    """Return an optimizer whose methods do not import PyTorch's compiler, which takes as long as all of PyTorch.

    `torch.optim` wraps them so that the compiler keeps off them, and imports it to tell it so. Nothing is compiled
    here, so that what is wrapped does the same: `step` without gradients of its own, as `torch.optim` has it.
    """
    methods = {
        "step": torch.no_grad()(inspect.unwrap(optimizer.step)),
        "zero_grad": inspect.unwrap(optimizer.zero_grad),
        "add_param_group": inspect.unwrap(optimizer.add_param_group),
    }
    return type(optimizer.__name__, (optimizer,), methods)


def _linear(experiment: Experiment) -> list[nn.Linear]:
    """Make the layers as PyTorch users write them; initialised by PyTorch itself under the experiment's seed."""
    dtype = _DTYPES[experiment.precision_of("autograd")]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(experiment.seed)
        widths = itertools.pairwise(experiment.layers)
        return [nn.Linear(fan_in, width, dtype=dtype) for fan_in, width in widths]


def _joined_storage(linear: list[nn.Linear]) -> FloatArray:
    """Move the layers' parameters into one vector, W1, b1, W2, b2, …, and return it.

    PyTorch allocates it, as it aligns its memory in the same way each time: where numbers stand may change how their
    sums are rounded.
    """
    parameters = [parameter for layer in linear for parameter in layer.parameters()]
    vector = nn.utils.parameters_to_vector(parameters).detach()
    nn.utils.vector_to_parameters(vector, parameters)
    numbers: FloatArray = vector.numpy()
    return numbers


def _model(linear: list[nn.Linear], activations: Iterable[str]) -> nn.Sequential:
    """Join the layers and their activations; where z itself is the output, there is no module for it."""
    modules: list[nn.Module] = []
    for layer, name in zip(linear, activations, strict=True):
        modules.append(layer)
        f = ACTIVATIONS[name]
        if f.module:
            modules.append(getattr(nn, f.module)(**f.options))
    return nn.Sequential(*modules)


def _array(tensor: torch.Tensor | None) -> FloatArray:
    """Copy a tensor's numbers; zeros can't stand in for a gradient that autograd did not make."""
    if tensor is None:
        raise RuntimeError("autograd made no gradient")
    return np.array(tensor.detach().numpy())


def _joined(arrays: list[FloatArray]) -> FloatArray:
    return np.concatenate([each.ravel() for each in arrays])
