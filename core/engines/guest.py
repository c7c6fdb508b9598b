"""Somebody's own file as an engine: each pass is a call of their `gradients`, in its own process.

It makes its passes at the parameters that the scratch engine has, so that its gradients can be judged epoch by epoch
whatever becomes of them; or it follows its own gradients, updated by the experiment's optimizer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.engines.base import EngineState, Evaluation, Pass
from core.engines.scratch import Scratch
from core.errors import GuestError
from core.functions.optimizers import OPTIMIZERS
from core.guest.asking import arguments, results
from core.guest.described import layout_of
from core.parameters import Parameters

if TYPE_CHECKING:
    from core.arrays import FloatArray
    from core.experiment import Experiment
    from core.guest.process import Guest
    from core.guest.wire import Message

NAME = "yours"
SECONDS_A_CALL = 2.0
"""For one pass; a file that takes longer is ended, and no engine any more."""


class Yours:
    """The network of an experiment, with the gradients of a file that has been loaded.

    Every method that makes a pass raises GuestError where the file makes none; `follow_own` says whose gradients the
    parameters follow.
    """

    name = NAME

    def __init__(self, experiment: Experiment, guest: Guest, *, follow_own: bool = False) -> None:
        self._guest = guest
        self._layout = layout_of(guest.constants, guest.path)
        self._follow_own = follow_own
        self._writable = False
        self._path = Scratch(experiment)
        self._layers = experiment.layers
        self.precision = self._path.precision
        self.start = self._path.start
        self.label = f"{NAME} ({guest.path.name})"
        self.adopt(experiment)

    def adopt(self, experiment: Experiment) -> None:
        """Go on with an experiment's settings."""
        self._path.adopt(experiment)
        self._rule = OPTIMIZERS[experiment.optimizer.name]
        self._settings = experiment.optimizer.settings()
        self._rate = experiment.optimizer.lr

    def step(self, x: FloatArray, y: FloatArray) -> float:
        """Make one pass, and one update by its own gradients or by scratch's; return the loss that the file says.

        The file is not run anew: what it keeps from one call to the next, it keeps.
        """
        state = self._path.state()
        computed = self._pass(Parameters(self._layers, state.parameters), x, y, fresh=False)
        if self._follow_own:
            vectors = dict(state.optimizer)
            gradients = computed.gradients.flat.astype(state.parameters.dtype, copy=False)
            self._rule.update(state.parameters, gradients, vectors, self._settings)
            self._path.restore(EngineState(state.parameters, vectors))
        else:
            self._path.step(x, y)
        return computed.loss

    def look(self, x: FloatArray, y: FloatArray) -> Pass:
        """Make the same pass with the file run anew, and keep all that it returns."""
        return self.look_at(Parameters(self._layers, self._path.state().parameters), x, y)

    def look_at(self, parameters: Parameters, x: FloatArray, y: FloatArray) -> Pass:
        """Make a pass at other parameters than those that the engine has come to."""
        return self._pass(parameters, x, y, fresh=True)

    def evaluate(self, x: FloatArray, y: FloatArray) -> Evaluation:
        """Make a pass and keep its loss; the prediction is empty where the file does not return it."""
        computed = self.look(x, y)
        return Evaluation(computed.loss, computed.a.get(len(self._layers) - 1, np.empty((len(x), 0))))

    def state(self) -> EngineState:
        """Copy the parameters and the optimizer's vectors."""
        return self._path.state()

    def restore(self, state: EngineState) -> None:
        """Go back to a copied state."""
        self._path.restore(state)

    def _pass(self, parameters: Parameters, x: FloatArray, y: FloatArray, *, fresh: bool) -> Pass:
        answer = self._answer(arguments(parameters, x, y, self._layout), fresh=fresh)
        named = results(answer.arrays, parameters, self._layout)
        gradients = self._gathered(named, parameters)
        units = {part: _of_units(answer, part, self._layers, len(x)) for part in ("z", "a", "delta")}
        return Pass(x, y, units["z"], {0: x, **units["a"]}, units["delta"], float(named["loss"]), gradients)

    def _answer(self, arrays: dict[str, FloatArray], *, fresh: bool) -> Message:
        """Call the function; one that changes its arguments is let, from then on."""
        self._guest.left = SECONDS_A_CALL
        try:
            return self._guest.call(arrays, len(self._layers) - 1, fresh=fresh, writable=self._writable, lr=self._rate)
        except GuestError as error:
            if not error.read_only or self._writable or not self._guest.alive:
                raise
        self._writable = True
        return self._answer(arrays, fresh=fresh)

    def _gathered(self, named: dict[str, FloatArray], parameters: Parameters) -> Parameters:
        """Put the gradients into one vector, of float32 where the file returned that."""
        narrow = any(each.dtype == np.float32 for each in named.values())
        flat = np.empty(parameters.flat.shape, np.float32 if narrow else parameters.flat.dtype)
        gradients = Parameters(self._layers, flat)
        for part, own in (("W", gradients.W), ("b", gradients.b)):
            for k, place in own.items():
                value = named[f"dL/d{part}{k}"]
                if value.shape != place.shape:
                    raise self._other_shape(f"dL/d{part}{k}", value.shape, place.shape)
                place[...] = value
        return gradients

    def _other_shape(self, name: str, shape: tuple[int, ...], wanted: tuple[int, ...]) -> GuestError:
        turned = self._layout == "inputs, outputs" and len(shape) == 2
        shape, wanted = (shape[::-1], wanted[::-1]) if turned else (shape, wanted)
        return GuestError(f"returned {name} of shape {shape}", str(self._guest.path), f"{wanted}")


def _of_units(answer: Message, part: str, layers: tuple[int, ...], samples: int) -> dict[int, FloatArray]:
    """Return what came back of a quantity of units, by layer; rows are samples, whatever they were."""
    found = {}
    for k, width in enumerate(layers[1:], start=1):
        value = answer.arrays.get(f"{part}{k}")
        if value is not None and value.shape == (samples, width):
            found[k] = value
        elif value is not None and value.shape == (width, samples):
            found[k] = value.T
    return found
