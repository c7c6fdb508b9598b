"""What the optimizer keeps is in the frame, before the update and after it."""

import numpy as np
import pytest

from core.engines.autograd import Autograd
from core.engines.scratch import Scratch
from core.experiment import Experiment, Optimizer
from core.session import Session

ENGINES = pytest.mark.parametrize("engine", [Scratch, Autograd])


def run(engine, optimizer, epochs=3):
    described = Experiment(layers=(2, 3, 1), optimizer=optimizer)
    session = Session(described)
    session.join(engine(described))
    session.advance(epochs)
    return session


@ENGINES
def test_an_epochs_vectors_are_those_that_the_epoch_before_left(engine):
    session = run(engine, Optimizer("adam", 0.01))
    name = session.engines[0]

    second, third = (session.frame_of(epoch).engines[name] for epoch in (2, 3))

    assert set(second.vectors_after) == {"step", "exp_avg", "exp_avg_sq"}
    assert float(third.vectors_after["step"]) == 3
    for vector, values in second.vectors_after.items():
        assert third.vectors_before[vector].tobytes() == values.tobytes()
        assert not values.flags.writeable


@ENGINES
def test_momentum_after_the_update_is_what_moved_the_parameters(engine):
    frame = run(engine, Optimizer("sgd", 0.5, momentum=0.9)).frame().engines[engine.name]

    moved = frame.after.flat - frame.before.flat

    # two roundings of parameters below 1
    np.testing.assert_allclose(moved, -0.5 * frame.vectors_after["momentum_buffer"], rtol=0, atol=3e-16)
    assert (frame.vectors_before["momentum_buffer"] != frame.vectors_after["momentum_buffer"]).any()


@ENGINES
def test_an_optimizer_that_keeps_nothing_leaves_nothing_in_the_frame(engine):
    frame = run(engine, Optimizer("sgd", 0.1)).frame().engines[engine.name]

    assert frame.vectors_before == frame.vectors_after == {}
