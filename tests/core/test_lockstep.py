"""Every optimizer with every loss, activation and batch setting: both engines, 50 updates, the same numbers."""

import itertools

import numpy as np
import pytest

from core.arrays import diverging
from core.course import Course
from core.data import Samples
from core.engines.autograd import Autograd
from core.engines.scratch import Scratch
from core.experiment import Data, Experiment, Optimizer
from core.functions.activations import ACTIVATIONS
from core.functions.losses import LOSSES
from core.functions.optimizers import OPTIMIZERS

UPDATES = 50
SETTINGS = {
    "sgd": Optimizer("sgd", 0.05),
    "sgd with all": Optimizer("sgd", 0.02, momentum=0.9, nesterov=True, weight_decay=0.01),
    "adam": Optimizer("adam", 0.01, weight_decay=0.01),
    "adamw": Optimizer("adamw", 0.01),
    "rmsprop": Optimizer("rmsprop", 0.005, momentum=0.5, centered=True),
    "adagrad": Optimizer("adagrad", 0.05, lr_decay=0.01),
}
HIDDEN = [name for name, each in ACTIVATIONS.items() if each.elementwise]
BATCHES = {"all at once": {}, "batches, shuffled": {"batch": 4}}


def samples(loss):
    """Six samples of two inputs; targets that suit the loss."""
    generator = np.random.default_rng(7)
    x = generator.normal(size=(6, 2))
    if loss == "cross_entropy":
        return Samples(x, np.eye(3)[generator.integers(3, size=6)])
    return Samples(x, generator.uniform(size=(6, 3)))


def experiment(optimizer, loss, activation, batch):
    output = LOSSES[loss].output or "identity"
    data = Data("blobs") if loss == "cross_entropy" else Data("spirals")
    return Experiment(
        layers=(2, 4, 3), activation=activation, output=output, loss=loss, optimizer=optimizer, data=data, **batch
    )


def trained(engine, course):
    """The losses of 50 updates, and the parameters after them."""
    batches = itertools.chain.from_iterable(course.stage(epoch).batches(epoch) for epoch in itertools.count(1))
    losses = [engine.step(batch.x, batch.y) for batch in itertools.islice(batches, UPDATES)]
    return np.array(losses), engine.state().parameters


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("optimizer", SETTINGS)
def test_both_engines_stay_together_for_50_updates(optimizer, loss):
    apart = {}
    for activation, (batch_name, batch) in itertools.product(HIDDEN, BATCHES.items()):
        described = experiment(SETTINGS[optimizer], loss, activation, batch)
        course = Course(described, samples(loss).cast("float64"))
        with diverging():
            (a, p), (b, q) = (trained(make(described), course) for make in (Scratch, Autograd))
        apart[activation, batch_name] = max(np.max(np.abs(a - b) / np.abs(a)), np.abs(p - q).max() / np.abs(p).max())

    worst = max(apart, key=apart.get)
    # ten digits: rounding (1e-16) grows over 50 updates of networks that are well-conditioned, by a thousand at most
    assert apart[worst] < 1e-10, (worst, apart[worst])


def test_no_optimizer_is_left_out():
    assert {each.name for each in SETTINGS.values()} == set(OPTIMIZERS)
