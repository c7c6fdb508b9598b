"""Runs to explain: small networks on samples of their own, in both engines, and in somebody's own file."""

import importlib
import sys
from pathlib import Path

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


@pytest.fixture(scope="session")
def own_file():
    """The module that makes engines of files, in this process."""
    campaigns = str(Path(__file__).parents[2] / "campaigns")
    sys.path.insert(0, campaigns)
    yield importlib.import_module("own_file")
    sys.path.remove(campaigns)


@pytest.fixture
def with_own_file(network, own_file):
    """Makes a frame of scratch and of a file, right or with mistakes; the experiment; and what the file is lent."""

    def make(*, mistakes=(), extras=(), own_path=False, update=None, **options):
        frame, experiment = network(engines=(Scratch,), update=update, **options)
        engine = own_file.engine_of(experiment, mistakes=mistakes, extras=extras, own_path=own_path)
        if own_path:
            made = own_file.on_own_path(engine, experiment, samples_for(experiment), frame.epoch, update)
        else:
            made = own_file.at_scratch(engine, frame)
        frame, lent = own_file.joined(frame, experiment, made, own_path=own_path)
        return frame, experiment, lent

    return make
