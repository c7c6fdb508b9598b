"""Settings that change midway, updates inside an epoch, runs that diverge: in both engines, back and forth in time."""

import itertools
import math

import numpy as np
import pytest

from core.engines.autograd import Autograd
from core.engines.scratch import Scratch
from core.errors import EpochError
from core.experiment import Change, Data, Experiment, Optimizer
from core.session import Session

ENGINES = pytest.mark.parametrize("engine", [Scratch, Autograd])
SGD, MOMENTUM = Optimizer(lr=0.05), Optimizer(lr=0.05, momentum=0.9)
CHANGES = pytest.mark.parametrize(
    ("optimizer", "settings"),
    [
        (SGD, {"optimizer.lr": 0.01}),
        (SGD, {"optimizer.momentum": 0.9}),
        (MOMENTUM, {"optimizer.momentum": None}),
        (MOMENTUM, {"optimizer.nesterov": True}),
        (MOMENTUM, {"optimizer": {"name": "adam", "lr": 0.01}}),
        (Optimizer("rmsprop", 0.01), {"optimizer.momentum": 0.5, "optimizer.centered": True}),
        (Optimizer("adam", 0.01), {"optimizer.name": "adamw"}),
        (SGD, {"loss": "mse", "batch": 8, "shuffle": False}),
        (SGD, {"activation": "sigmoid", "output": "identity"}),
    ],
)


def moons(**settings):
    return Experiment(
        layers=(2, 5, 1), activation="tanh", output="sigmoid", batch=6, data=Data("moons", samples=20), **settings
    )


def session_of(experiment, *engines, checkpoint_bytes=24_000_000):
    session = Session(experiment, checkpoint_bytes=checkpoint_bytes)
    for engine in engines or (Scratch, Autograd):
        session.join(engine(experiment))
    return session


def bits(session, epoch, update=None):
    frame = session.frame_of(epoch, update)
    return {
        name: (each.before.flat.tobytes(), each.after.flat.tobytes(), each.loss) for name, each in frame.engines.items()
    }


@CHANGES
def test_engines_agree_before_and_after_a_change(optimizer, settings):
    session = session_of(moons(optimizer=optimizer, change=(Change(4, settings),)))
    session.advance(8)

    scratch, autograd = session.losses("scratch"), session.losses("autograd")
    # ten digits: 32 updates of the same arithmetic in another order, and nothing here cancels
    np.testing.assert_allclose(scratch, autograd, rtol=1e-10)


@CHANGES
@ENGINES
def test_a_change_leaves_the_epochs_before_it_as_they_were_and_no_others(engine, optimizer, settings):
    changed = session_of(moons(optimizer=optimizer, change=(Change(4, settings),)), engine)
    plain = session_of(moons(optimizer=optimizer), engine)
    for session in (changed, plain):
        session.advance(6)

    assert [bits(changed, epoch) for epoch in range(4)] == [bits(plain, epoch) for epoch in range(4)]
    assert bits(changed, 4) != bits(plain, 4)


@CHANGES
@pytest.mark.parametrize("checkpoint_bytes", [1, 24_000_000])
def test_time_goes_across_a_change_and_back_to_the_same_bits(optimizer, settings, checkpoint_bytes):
    experiment = moons(optimizer=optimizer, change=(Change(4, settings), Change(6, {"optimizer.lr": 0.002})))
    session = session_of(experiment, checkpoint_bytes=checkpoint_bytes)
    seen = {}
    for epoch in range(1, 9):
        session.advance()
        seen[epoch] = bits(session, epoch)

    for epoch in (2, 7, 3, 5, 4, 8, 1, 6):
        assert bits(session, epoch) == seen[epoch]


def test_a_change_to_another_learning_rate_is_that_learning_rate():
    session = session_of(moons(optimizer=SGD, change=(Change(3, {"optimizer.lr": 0.0}),)), Scratch)
    session.advance(4)

    moved = [float(np.abs(f.after.flat - f.before.flat).max()) for f in engine_frames(session, range(1, 5))]
    assert moved[0] > 0
    assert moved[1] > 0
    assert moved[2:] == [0, 0]


def engine_frames(session, epochs):
    return [session.frame_of(epoch).engines["scratch"] for epoch in epochs]


def test_changing_settings_from_the_shown_epoch_on_is_the_run_that_had_them_from_the_beginning():
    session = session_of(moons(optimizer=SGD))
    session.advance(9)
    session.seek(5)
    session.change({"optimizer.lr": 0.01})
    planned = session_of(moons(optimizer=SGD, change=(Change(6, {"optimizer.lr": 0.01}),)))

    assert session.trained == 5
    assert session.experiment == planned.experiment
    for each in (session, planned):
        each.advance(9 - each.trained)
    assert [bits(session, epoch) for epoch in range(10)] == [bits(planned, epoch) for epoch in range(10)]


def test_a_change_behind_the_shown_epoch_is_given_up_for_another():
    session = session_of(moons(change=(Change(3, {"batch": 4}), Change(8, {"batch": 5}))))
    session.advance(9)
    session.seek(5)
    session.change({"batch": 2})

    assert [each.epoch for each in session.experiment.change] == [3, 6]
    session.advance(2)
    assert (session.updates(3), session.updates(7)) == (5, 10)


@ENGINES
@pytest.mark.parametrize("shuffle", [True, False])
def test_the_updates_of_an_epoch_lead_from_one_to_the_next(engine, shuffle):
    session = session_of(moons(shuffle=shuffle), engine)
    session.advance(3)

    updates = [*(session.frame_of(2, update) for update in (1, 2, 3)), session.frame_of(2)]
    engines = [next(iter(frame.engines.values())) for frame in updates]
    assert [frame.updates for frame in updates] == [4] * 4
    assert engines[0].before.flat.tobytes() == next(iter(session.frame_of(1).engines.values())).after.flat.tobytes()
    for before, after in itertools.pairwise(engines):
        assert before.after.flat.tobytes() == after.before.flat.tobytes()
    losses = [each.computed.loss for each in engines]
    assert [each.loss for each in engines[:3]] == losses[:3]
    # the mean over the 20 samples: 1e-12 for four sums in another order
    assert engines[3].loss == pytest.approx(sum(losses) / 20, rel=1e-12)


@ENGINES
def test_looking_into_the_next_epoch_trains_nothing(engine):
    looked, plain = session_of(moons(), engine), session_of(moons(), engine)
    for session in (looked, plain):
        session.advance(2)
    looked.seek(3, 2)
    inside = bits(looked, 3, 2)

    assert (looked.trained, looked.update) == (2, 2)
    for session in (looked, plain):
        session.advance(2)
    assert [bits(looked, epoch) for epoch in range(5)] == [bits(plain, epoch) for epoch in range(5)]
    assert bits(looked, 3, 2) == inside
    assert looked.epoch == 3


@pytest.mark.parametrize(("epoch", "update"), [(1, 4), (1, 0), (4, 1), (0, 1), (2, 9)])
def test_an_update_that_is_not_there_can_not_be_stood_at(epoch, update):
    session = session_of(moons(), Scratch)
    session.advance(2)

    with pytest.raises(EpochError, match=f"epoch {epoch} has no update {update}"):
        session.seek(epoch, update)


def test_training_stops_where_a_loss_stops_being_finite_and_goes_on_when_asked_again():
    session = session_of(Experiment(layers=(2, 3, 1), optimizer=Optimizer(lr=1e10)))
    session.advance(1000)

    stopped = session.trained
    assert stopped < 1000
    assert session.in_lockstep
    finite = [np.isfinite(session.losses(name)) for name in session.engines]
    assert all(each[:-1].all() for each in finite)
    assert not all(each[-1] for each in finite)
    session.advance(5)
    assert session.trained == stopped + 5


def test_the_engine_that_diverges_first_stops_all():
    experiment = Experiment(layers=(2, 3, 1), optimizer=Optimizer(lr=1e6))
    coarse = Experiment(layers=(2, 3, 1), optimizer=Optimizer(lr=1e6), precision="float32")
    session = Session(experiment)
    session.join(Scratch(experiment))
    session.join(Autograd(coarse))
    session.advance(1000)

    assert session.in_lockstep
    assert math.isfinite(session.losses("scratch")[-1])
    assert not math.isfinite(session.losses("autograd")[-1])
    first = bits(session, session.trained)
    session.seek(1)
    assert bits(session, session.trained) == first
