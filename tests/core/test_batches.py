"""Batches: every sample once an epoch, in an order that the seed and the epoch decide."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.batches import Batches, shuffled
from core.dat import dump_of
from core.data import Samples
from core.engines.autograd import Autograd
from core.engines.scratch import Scratch
from core.experiment import Data, Experiment, Optimizer
from core.session import Session

ENGINES = pytest.mark.parametrize("engine", [Scratch, Autograd])
OPTIMIZERS = pytest.mark.parametrize(
    "optimizer",
    [
        Optimizer(lr=0.1),
        Optimizer(lr=0.05, momentum=0.9, nesterov=True),
        Optimizer("adam", 0.01),
        Optimizer("adamw", 0.01),
        Optimizer("rmsprop", 0.01, momentum=0.5, centered=True),
        Optimizer("adagrad", 0.1, lr_decay=0.01),
    ],
    ids=lambda optimizer: optimizer.name + (" with momentum" if optimizer.momentum else ""),
)


def numbered(count):
    """Samples that say which they are."""
    return Samples(np.arange(count, dtype=float)[:, None], -np.arange(count, dtype=float)[:, None])


def moons(**settings):
    return Experiment(layers=(2, 5, 1), activation="tanh", data=Data("moons", samples=20), **settings)


def session_of(experiment, *engines, **options):
    session = Session(experiment, **options)
    for engine in engines:
        session.join(engine(experiment))
    return session


@given(count=st.integers(1, 40), size=st.none() | st.integers(1, 50), seed=st.none() | st.integers(0, 9))
def test_an_epoch_sees_every_sample_once_with_its_own_target(count, size, seed):
    batches = Batches(numbered(count), size, seed)(3)

    x = np.concatenate([batch.x for batch in batches]).ravel()
    assert sorted(x.tolist()) == list(range(count))
    assert np.concatenate([batch.y for batch in batches]).ravel().tolist() == (-x).tolist()
    assert [len(batch) for batch in batches[:-1]] == [size] * (len(batches) - 1)
    assert 1 <= len(batches[-1]) <= (size or count)


def test_the_order_is_the_permutation_of_the_seed_and_the_epoch():
    batches = Batches(numbered(10), 4, 7)(3)

    order = np.random.default_rng([7, 3]).permutation(10)
    assert np.concatenate([batch.x for batch in batches]).ravel().tolist() == order.tolist()
    assert order.tolist() == shuffled(7, 3, 10).tolist()


def test_the_order_of_an_epoch_does_not_depend_on_those_asked_for_before():
    batches = Batches(numbered(10), 4, 7)
    asked = {epoch: batches(epoch)[0].x.tolist() for epoch in (5, 1, 2)}

    assert [batches(epoch)[0].x.tolist() for epoch in asked] == list(asked.values())
    assert len({str(first) for first in asked.values()}) == 3


def test_without_shuffling_the_samples_keep_their_order():
    batches = Batches(numbered(10), 4, None)

    assert [batch.x.ravel().tolist() for batch in batches(2)] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


@pytest.mark.parametrize("size", [None, 10, 11])
def test_a_single_batch_keeps_the_order_and_has_no_name(size):
    batches = Batches(numbered(10), size, 7)(1)

    assert [batch.x.ravel().tolist() for batch in batches] == [list(range(10))]
    assert batches[0].name is None


def test_batches_are_named_by_their_place_and_the_samples_that_they_see():
    assert [batch.name for batch in Batches(numbered(70), 32, None)(1)] == [
        "1 of 3, samples 0-31",
        "2 of 3, samples 32-63",
        "3 of 3, samples 64-69",
    ]
    assert Batches(numbered(70), 32, 4)(9)[2].name == "3 of 3, samples 64-69 of the order of epoch 9"


def test_no_batch_can_be_written_to():
    samples = numbered(10).cast("float64")

    for batch in (*Batches(samples, 4, 7)(1), *Batches(samples, 4, None)(1), *Batches(samples, None, None)(1)):
        with pytest.raises(ValueError, match="read-only"):
            batch.x[...] = 0
        with pytest.raises(ValueError, match="read-only"):
            batch.y[...] = 0


@ENGINES
@pytest.mark.parametrize("loss", ["sse", "mse"])
def test_an_epochs_loss_joins_those_of_its_batches_at_the_parameters_of_each(engine, loss):
    described = moons(loss=loss, batch=8)
    session = session_of(described, engine)
    session.advance(2)

    alone = engine(described)
    batches = Batches(session.samples, 8, described.seed)
    losses = [[alone.step(batch.x, batch.y) for batch in batches(epoch)] for epoch in (1, 2)]

    for epoch, (first, second, third) in enumerate(losses, start=1):
        # 20 samples in batches of 8, 8 and 4: the mean over the samples
        expected = (first + second + third if loss == "sse" else 8 * first + 8 * second + 4 * third) / 20
        # 1e-15: two sums in another order
        assert session.losses(engine.name)[epoch - 1] == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize(("loss", "parted_among"), [("sse", 20), ("mse", 1)])
def test_with_a_learning_rate_of_zero_batches_give_the_mean_over_the_samples(loss, parted_among):
    whole, parted = (
        session_of(moons(loss=loss, batch=batch, optimizer=Optimizer(lr=0)), Scratch) for batch in (None, 7)
    )
    whole.advance(1)
    parted.advance(1)

    # 1e-14: twenty terms added in another order
    assert parted.losses("scratch")[0] == pytest.approx(whole.losses("scratch")[0] / parted_among, rel=1e-14)


@ENGINES
def test_a_frame_shows_the_epochs_last_batch_and_a_dump_names_it(engine):
    described = moons(batch=8)
    session = session_of(described, engine)
    session.advance(3)
    frame = session.frame_of(2).engines[engine.name]
    batch = Batches(session.samples, 8, described.seed)(2)[-1]

    assert frame.computed.x.tolist() == batch.x.tolist()
    assert frame.computed.y.tolist() == batch.y.tolist()
    assert frame.batch == "3 of 3, samples 16-19 of the order of epoch 2"
    assert dump_of(frame, 2, described).batch == frame.batch


def bits(frame):
    return {
        (name, part): each
        for name, engine in frame.engines.items()
        for part, each in {
            "loss": struct.pack("d", engine.loss) if engine.loss is not None else b"",
            "before": engine.before.flat.tobytes(),
            "after": engine.after.flat.tobytes(),
            "gradients": engine.computed.gradients.flat.tobytes() if engine.computed else b"",
            "batch": engine.batch,
        }.items()
    }


@OPTIMIZERS
@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("checkpoint_bytes", [1, 24_000_000])
def test_going_back_and_forward_gives_the_same_bits_with_shuffled_batches(optimizer, precision, checkpoint_bytes):
    described = moons(batch=6, optimizer=optimizer, precision=precision)
    straight = session_of(described, Scratch, Autograd)
    seen = [bits(straight.frame())]
    for _ in range(12):
        straight.advance()
        seen.append(bits(straight.frame()))
    session = session_of(described, Scratch, Autograd, checkpoint_bytes=checkpoint_bytes)
    session.advance(9)

    for epoch in (9, 3, 4, 0, 7, 6, 1):
        session.seek(epoch)
        assert bits(session.frame()) == seen[epoch]
    session.advance(3)
    for epoch in (12, 11, 2):
        session.seek(epoch)
        assert bits(session.frame()) == seen[epoch]
    assert len({frame["scratch", "after"] for frame in seen}) == 13
