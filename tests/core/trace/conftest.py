"""Runs to explain: small networks on samples of their own, in both engines."""

import numpy as np
import pytest

from core.arrays import diverging
from core.course import Course
from core.engines.autograd import Autograd
from core.engines.scratch import Scratch
from core.experiment import Data, Experiment
from core.frame import Frame
from core.functions.losses import LOSSES
from core.samples import Samples
from core.timeline import Timeline


def samples_for(experiment, count=5):
    """As many samples as asked for, with targets that suit the loss."""
    generator = np.random.default_rng(7)
    inputs, outputs = experiment.layers[0], experiment.layers[-1]
    x = generator.normal(size=(count, inputs))
    if experiment.loss == "cross_entropy":
        return Samples(x, np.eye(outputs)[generator.integers(outputs, size=count)])
    return Samples(x, generator.uniform(size=(count, outputs)))


def framed(experiment, epoch=2, update=None, engines=(Scratch, Autograd)):
    """The frame of an epoch."""
    frames = {}
    for engine in (make(experiment) for make in engines):
        course = Course(experiment, samples_for(experiment).cast(engine.precision))
        timeline = Timeline(engine, course)
        with diverging():
            timeline.train(epoch)
            frames[engine.name] = timeline.frame(epoch, update)
    return Frame(epoch, frames, update, 1)


def described(**settings):
    """An experiment of 3-4-3-2 units unless something else is asked for; its output suits the loss."""
    loss = settings.setdefault("loss", "mse")
    settings.setdefault("output", LOSSES[loss].output or "identity")
    settings.setdefault("layers", (3, 4, 3, 2))
    return Experiment(data=Data(file="given.csv"), **settings)


@pytest.fixture
def network():
    """Makes a frame and the experiment that it is of."""

    def make(epoch=2, update=None, engines=(Scratch, Autograd), **settings):
        experiment = described(**settings)
        return framed(experiment, epoch, update, engines), experiment

    return make
