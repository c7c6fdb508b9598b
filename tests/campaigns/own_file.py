"""Somebody's own file as an engine, called in this process: that of `handwritten.py`, right or with mistakes."""

from pathlib import Path

import numpy as np
from handwritten import written

from core.arrays import diverging
from core.course import Course
from core.engines.guest import NAME, Yours
from core.frame import EngineFrame, Frame
from core.guest.returned import named
from core.guest.wire import Message
from core.timeline import Timeline
from core.trace.lent import lend

EXTRAS = {"z": "z[1:]", "a": "a", "delta": "deltas[1:-1]"}
"""What the file may return beside the gradients, and how it says so."""


class InProcess:
    """Stands in the place of the process that runs a file."""

    def __init__(self, text):
        self.path, self.constants, self.alive, self.left = Path("mine.py"), {}, True, 0.0
        self._code = compile(text, "mine.py", "exec")
        self._module = {}

    def call(self, arrays, depth, *, fresh=True, writable=False, lr=0.0):
        if fresh or not self._module:
            self._module = {}
            exec(self._code, self._module)
        W, b = ([arrays[f"{part}{k}"] for k in range(1, depth + 1)] for part in "Wb")
        with np.errstate(all="ignore"):
            return Message({}, named(self._module["gradients"](arrays["x"], arrays["y"], W, b), depth))


def text_of(experiment, mistakes=(), extras=()):
    """Write the file for an experiment; it returns `extras`, of z, a and delta, too."""
    activations = experiment.activations()
    text = written((experiment.layers, activations[:-1], activations[-1], experiment.loss), mistakes)
    told = ", ".join(f'"{each}": {EXTRAS[each]}' for each in extras)
    plain = "return J, dW[1:-1], db[1:-1]"
    assert text.count(plain) == 1
    return text.replace(plain, f"{plain}, {{{told}}}")


def engine_of(experiment, *, mistakes=(), extras=(), own_path=False):
    return Yours(experiment, InProcess(text_of(experiment, mistakes, extras)), follow_own=own_path)


def at_scratch(engine, frame):
    """The engine's epoch at scratch's parameters."""
    scratch = frame.engines["scratch"]
    with diverging():
        computed = engine.look_at(scratch.before, scratch.computed.x, scratch.computed.y)
    return EngineFrame(NAME, engine.label, engine.start, scratch.before, scratch.after, computed, computed.loss)


def on_own_path(engine, experiment, samples, epoch, update=None):
    """The engine's epoch, come to by its own gradients."""
    timeline = Timeline(engine, Course(experiment, samples.cast(engine.precision)))
    with diverging():
        timeline.train(epoch)
        return timeline.frame(epoch, update)


def joined(frame, experiment, made, *, own_path=False):
    """The frame with the engine in it, and what it is lent."""
    follows = None if own_path else frame.engines["scratch"]
    with diverging():
        lent = lend(made, experiment.at(max(frame.epoch, 1)), follows=follows)
    return Frame(frame.epoch, {**frame.engines, NAME: made}, frame.update, frame.updates), {NAME: lent}
