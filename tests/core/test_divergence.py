"""Which tensor left the finite numbers first."""

import numpy as np
import pytest

from core.divergence import computed_in_order, first_not_finite, origin
from core.engines.autograd import Autograd
from core.engines.scratch import Scratch
from core.experiment import Data, Experiment, Optimizer
from core.session import Session
from core.tensors import Quantity, tensor_names


def session_of(experiment, *engines):
    session = Session(experiment)
    for engine in engines or (Scratch, Autograd):
        session.join(engine(experiment))
    return session


def test_a_healthy_frame_has_no_such_tensor():
    session = session_of(Experiment())
    session.advance(3)

    assert all(first_not_finite(each) is None for each in session.frame().engines.values())


def test_every_tensor_is_looked_at_once():
    session = session_of(Experiment(), Scratch)
    session.advance()

    names = list(computed_in_order(session.frame().engines["scratch"]))
    units = {name for name in tensor_names(Quantity.ACTIVATION, 3) if name.layer > 0}
    others = {name for each in Quantity if each is not Quantity.ACTIVATION for name in tensor_names(each, 3)}
    assert len(names) == len(set(names))
    assert set(names) == units | others


def test_at_epoch_0_there_are_parameters_alone():
    names = list(computed_in_order(session_of(Experiment(), Scratch).frame().engines["scratch"]))

    assert {name.quantity for name in names} == {Quantity.PARAMETER}


@pytest.mark.parametrize("engine", [Scratch, Autograd])
@pytest.mark.parametrize("batch", [{}, {"batch": 3}])
def test_the_origin_is_the_first_tensor_with_an_inf_or_a_nan_in_the_whole_run(engine, batch):
    experiment = Experiment(
        layers=(2, 3, 1), activation="relu", optimizer=Optimizer(lr=1e30), data=Data("moons", samples=10), **batch
    )
    session = session_of(experiment, engine)
    session.advance(100)

    epoch, update, name = origin(session, engine.name)

    met = None
    for e in range(1, session.trained + 1):
        for u in (*range(1, session.updates(e)), None):
            frame = session.frame_of(e, u).engines[engine.name]
            met = met or next(
                ((e, u, n) for n in computed_in_order(frame) if not np.isfinite(frame.tensor(n)).all()), None
            )
    assert (epoch, update, name) == met


def test_a_loss_that_overflows_alone_is_told_apart():
    experiment = Experiment(layers=(2, 1), optimizer=Optimizer(lr=1e100))
    session = session_of(experiment, Scratch)
    session.advance(100)

    epoch, _, name = origin(session, "scratch")
    assert epoch == session.trained
    assert name is None or name.quantity is not Quantity.PARAMETER
