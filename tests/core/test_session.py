"""Engines in lockstep: back, forward, and the same bits."""

import itertools
import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from core.engines.autograd import Autograd
from core.engines.scratch import Scratch
from core.errors import EpochError
from core.experiment import Optimizer
from core.experiment_file import load
from core.session import Session
from core.tensors import Quantity, parse_tensor_name, tensor_names

EPOCHS = 24
SLOW = replace(load("notebook"), optimizer=Optimizer("sgd", lr=0.03))
"""The notebook's network, so slow to learn that no epoch within the tests' reach leaves the parameters as they were."""
ENGINES = pytest.mark.parametrize("engine", [Scratch, Autograd])


def session_of(*engines, experiment=SLOW, **options):
    session = Session(experiment, **options)
    for engine in engines:
        session.join(engine(experiment))
    return session


def bits(frame):
    """Every quantity of a frame, as bytes."""
    found = {}
    for name, engine in frame.engines.items():
        found[name, "loss"] = b"" if engine.loss is None else struct.pack("d", engine.loss)
        found[name, "before"] = engine.before.flat.tobytes()
        found[name, "after"] = engine.after.flat.tobytes()
        for quantity in Quantity if engine.computed else (Quantity.PARAMETER,):
            for tensor in tensor_names(quantity, 3):
                found[name, str(tensor)] = engine.tensor(tensor).tobytes()
        if engine.computed:
            found[name, "loss of the pass"] = struct.pack("d", engine.computed.loss)
    return found


@pytest.fixture(scope="module")
def straight():
    """The bits of every epoch, each looked at when it has just been trained."""
    session = session_of(Scratch, Autograd)
    seen = [bits(session.frame())]
    for _ in range(EPOCHS):
        session.advance()
        seen.append(bits(session.frame()))
    return seen


def test_epochs_differ_so_that_equal_bits_mean_something(straight):
    assert len({frame["scratch", "after"] for frame in straight}) == EPOCHS + 1


def test_going_back_and_forward_again_gives_the_same_bits(straight):
    session = session_of(Scratch, Autograd)
    session.advance(10)

    for epoch in (*range(9, -1, -1), *range(1, 11)):
        session.seek(epoch)
        assert bits(session.frame()) == straight[epoch]


@pytest.mark.parametrize("checkpoint_bytes", [1, 10_000, 24_000_000])
@given(epochs=st.lists(st.integers(0, EPOCHS), max_size=12))
def test_seeking_in_any_order_gives_the_same_bits(straight, checkpoint_bytes, epochs):
    session = session_of(Scratch, Autograd, checkpoint_bytes=checkpoint_bytes)
    session.advance(EPOCHS)

    for epoch in epochs:
        session.seek(epoch)
        assert bits(session.frame()) == straight[epoch]


@given(moves=st.lists(st.one_of(st.integers(1, 4).map(lambda n: ("advance", n)), st.floats(0, 1)), max_size=12))
def test_training_on_after_looking_anywhere_gives_the_same_bits(straight, moves):
    session = session_of(Scratch, Autograd, checkpoint_bytes=1)

    for move in moves:
        if isinstance(move, float):
            session.seek(round(move * session.trained))
        else:
            session.advance(min(move[1], EPOCHS - session.trained))
        assert bits(session.frame()) == straight[session.epoch]


def test_few_checkpoints_are_made_up_for_by_replay():
    class Counting(Scratch):
        steps = 0

        def step(self, x, y):
            self.steps += 1
            return super().step(x, y)

    engine = Counting(SLOW)
    session = Session(SLOW, checkpoint_bytes=1)
    session.join(engine)
    session.advance(EPOCHS)
    trained = engine.steps

    session.frame_of(EPOCHS // 2 - 1)

    assert trained == EPOCHS
    assert engine.steps > trained + 1


def test_a_late_engine_that_has_caught_up_is_where_it_would_be_had_it_joined_at_the_start(straight):
    session = session_of(Scratch)
    session.advance(10)
    session.seek(4)
    session.join(Autograd(SLOW))
    while not session.in_lockstep:
        session.catch_up(3)

    assert session.trained_by("autograd") == 10
    assert session.losses("autograd").tobytes() == b"".join(frame["autograd", "loss"] for frame in straight[1:11])
    for epoch in (4, 0, 10, 1):
        session.seek(epoch)
        assert bits(session.frame()) == straight[epoch]


def test_catching_up_takes_at_most_the_epochs_that_it_was_given():
    session = session_of(Scratch)
    session.advance(10)
    session.join(Autograd(SLOW))

    session.catch_up(3)

    assert (session.trained_by("autograd"), session.in_lockstep) == (3, False)


def test_a_frame_shows_the_engines_that_have_trained_its_epoch():
    session = session_of(Scratch)
    session.advance(5)
    session.join(Autograd(SLOW))
    session.catch_up(3)

    assert set(session.frame_of(3).engines) == {"scratch", "autograd"}
    assert set(session.frame_of(4).engines) == {"scratch"}


def test_advancing_brings_all_engines_into_lockstep():
    session = session_of(Scratch)
    session.advance(5)
    session.join(Autograd(SLOW))

    session.advance(2)

    assert (session.epoch, session.trained, session.in_lockstep) == (7, 7, True)


@ENGINES
@pytest.mark.parametrize("epoch", [0, 1, 3])
def test_no_array_of_a_frame_can_be_written_to(engine, epoch):
    session = session_of(engine)
    session.advance(3)
    frame = session.frame_of(epoch).engines[engine.name]

    for quantity in Quantity if epoch else (Quantity.PARAMETER,):
        for name in tensor_names(quantity, 3):
            with pytest.raises(ValueError, match="read-only"):
                frame.tensor(name)[...] = 0
    for flat in (frame.before.flat, frame.after.flat):
        with pytest.raises(ValueError, match="read-only"):
            flat[...] = 0


@pytest.mark.parametrize("epoch", [-1, 4, 99])
def test_an_epoch_that_has_not_been_trained_cannot_be_gone_to(epoch):
    session = session_of(Scratch)
    session.advance(3)

    with pytest.raises(EpochError) as caught:
        session.seek(epoch)

    assert str(caught.value) == f"epoch {epoch} has not been trained; expected 0 to 3"
    assert session.epoch == 3


@pytest.mark.parametrize("epoch", [-1, 4, 99])
def test_an_epoch_that_has_not_been_trained_has_no_frame(epoch):
    session = session_of(Scratch)
    session.advance(3)

    with pytest.raises(EpochError, match="has not been trained"):
        session.frame_of(epoch)


def test_epoch_0_shows_the_start_alone():
    frame = session_of(Scratch).frame().engines["scratch"]

    assert frame.before.flat.tobytes() == frame.after.flat.tobytes() == Scratch(SLOW).state().parameters.tobytes()
    assert (frame.computed, frame.loss) == (None, None)
    for name in ("dL/dW1", "update b1", "z1", "a1", "dL/dz1", "x", "y"):
        with pytest.raises(EpochError, match="not known at epoch 0"):
            frame.tensor(parse_tensor_name(name))


@ENGINES
def test_an_epoch_starts_from_the_parameters_that_the_one_before_left(engine):
    session = session_of(engine)
    session.advance(4)

    frames = [session.frame_of(epoch).engines[engine.name] for epoch in range(5)]

    for earlier, later in itertools.pairwise(frames):
        assert earlier.after.flat.tobytes() == later.before.flat.tobytes()


@ENGINES
def test_the_update_is_the_learning_rate_times_the_gradient_downhill(engine):
    session = session_of(engine)
    session.advance(2)
    frame = session.frame().engines[engine.name]

    for name in ("W1", "b1", "W2", "b2", "W3", "b3"):
        update = frame.tensor(parse_tensor_name(f"update {name}"))
        gradient = frame.tensor(parse_tensor_name(f"dL/d{name}"))
        # 1e-15: θ is below 1, so subtracting from it and taking the difference rounds by a few 1e-16
        np.testing.assert_allclose(update, -SLOW.optimizer.lr * gradient, rtol=0, atol=1e-15)


def test_losses_are_given_for_the_epochs_asked_for():
    session = session_of(Scratch)
    session.advance(5)
    losses = session.losses("scratch")

    assert losses.shape == (5,)
    assert session.losses("scratch", 2, 3).tolist() == losses[1:3].tolist()
    assert session.losses("scratch", 4, 99).tolist() == losses[3:].tolist()
    assert session.losses("scratch", 6).tolist() == []


def test_engines_that_start_from_different_weights_cannot_be_compared():
    session = session_of(Scratch, Autograd, experiment=load("as-printed"))

    assert not session.comparable
    assert not session.frame().comparable
    assert session_of(Scratch, Autograd).comparable


@ENGINES
def test_a_run_that_diverges_goes_on_to_nan_without_a_warning(engine):
    diverging = session_of(
        engine, experiment=type(SLOW)(layers=(2, 3, 1), optimizer=Optimizer(lr=1e10)), checkpoint_bytes=1
    )

    while diverging.trained < 60:
        diverging.advance(60 - diverging.trained)

    losses = diverging.losses(engine.name)
    updates = [
        diverging.frame_of(epoch).engines[engine.name].tensor(parse_tensor_name("update W1")) for epoch in range(1, 61)
    ]
    assert losses[1] > losses[0]
    assert math.isnan(losses[-1])
    assert np.isfinite(updates[0]).all()
    assert np.isnan(updates[-1]).all()
