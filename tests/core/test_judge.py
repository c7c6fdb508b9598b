"""What is judged right, what wrong, and where agreement says nothing."""

import math
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from core.engines.autograd import Autograd
from core.engines.scratch import Scratch
from core.experiment import Change, Data, Experiment, Init, Optimizer
from core.experiment_file import load, shipped
from core.functions.losses import LOSSES
from core.judge import (
    drift,
    judge_frame,
    judge_loss,
    judge_pass,
    judge_tensor,
    judged_names,
    reference_of,
    shares,
)
from core.parameters import Parameters
from core.reference import Network, reference
from core.rounding import Bounded
from core.session import Session
from core.tensors import Quantity, TensorName, tensor_names

BOTH = (Scratch, Autograd)


def trained(described, epochs, engines=BOTH):
    session = Session(described)
    for engine in engines:
        session.join(engine(described))
    session.advance(epochs)
    return session


def judged(session, epoch, engine):
    return judge_frame(session.frame_of(epoch).engines[engine], session.experiment.at(epoch))


@pytest.fixture(scope="module")
def single():
    """The notebook's network in float32, trained until its gradients are all rounding."""
    return trained(Experiment(precision="float32"), 20)


@pytest.mark.parametrize("engine", ["scratch", "autograd"])
@pytest.mark.parametrize("name", shipped())
def test_every_tensor_of_a_correct_engine_is_right_in_the_shipped_experiments(name, engine):
    described = msgspec.structs.replace(load(name), engines=Experiment().engines)
    session = trained(described, 3)

    for epoch in (1, 3):
        judgements = judged(session, epoch, engine)
        assert tuple(judgements) == judged_names(described.depth)
        assert all(each.within for each in judgements.values())
        assert not any(each.unknown for each in judgements.values())


def test_the_gradients_z_a_and_deltas_are_judged():
    assert " ".join(str(name) for name in judged_names(2)) == "dL/dW1 dL/db1 dL/dW2 dL/db2 z1 z2 a1 a2 dL/dz1 dL/dz2"


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_half_a_gradient_is_wrong_at_every_epoch_though_z_and_a_are_right(precision):
    wrong = msgspec.convert({"scratch": {"mistakes": ["half-loss-gradient"]}}, type(Experiment().engines))
    session = trained(Experiment(precision=precision, engines=wrong), 5)

    for epoch in range(1, 6):
        for name, each in judged(session, epoch, "scratch").items():
            assert each.within == (name.quantity in (Quantity.PRE_ACTIVATION, Quantity.ACTIVATION)), name
            if not each.within:
                assert each.value == pytest.approx(each.reference / 2, rel=1e-2)
        assert all(each.within for each in judged(session, epoch, "autograd").values())


def test_gradients_at_rounding_level_are_right_and_say_nothing(single):
    first, last = judged(single, 1, "scratch"), judged(single, 20, "scratch")
    gradients = tensor_names(Quantity.GRADIENT, 3)

    assert all(each.within for each in (*first.values(), *last.values()))
    assert not any(first[name].blur for name in gradients)
    assert all(last[name].blur for name in gradients)
    assert not last[TensorName(Quantity.ACTIVATION, 3)].blur


def test_engines_that_drifted_apart_are_each_right_at_their_own_parameters():
    described = Experiment(
        precision="float32", activation="tanh", optimizer=Optimizer("sgd", 0.05, momentum=0.9), init=Init(law="normal")
    )
    session = trained(described, 60)
    scratch, autograd = session.frame_of(60).engines.values()

    assert all(each.within for each in judge_frame(scratch, described).values())
    assert all(each.within for each in judge_frame(autograd, described).values())
    against = reference_of(scratch, scratch.computed, described)
    assert not all(each.within for each in judge_pass(autograd.computed, against).values())
    assert 1e-8 < drift(scratch, autograd) < 1e-3
    assert drift(scratch, autograd) == drift(autograd, scratch)
    assert drift(scratch, scratch) == 0


def test_an_epoch_is_judged_by_its_own_settings():
    described = Experiment(change=(Change(3, {"activation": "tanh", "loss": "mae"}),))
    session = trained(described, 4)
    scratch = session.frame_of(4).engines["scratch"]

    assert all(each.within for each in judged(session, 4, "scratch").values())
    assert not all(each.within for each in judge_frame(scratch, described.at(1)).values())


def test_nothing_is_judged_at_epoch_0(single):
    assert judged(single, 0, "scratch") == {}


def test_one_tensor_can_be_judged_alone(single):
    wanted = TensorName(Quantity.GRADIENT, 2, "W")
    frame = single.frame_of(4).engines["autograd"]

    assert judge_frame(frame, single.experiment, [wanted]) == {wanted: judge_frame(frame, single.experiment)[wanted]}


def test_the_worst_element_is_named_with_both_its_values(single):
    frame = single.frame_of(2).engines["scratch"]
    against = reference_of(frame, frame.computed, single.experiment)
    name = TensorName(Quantity.GRADIENT, 2, "W")
    bounded = against.bounded(name)
    wrong = np.array(frame.tensor(name))
    wrong[3, 7] *= np.float32(1.01)

    found = judge_tensor(wrong, bounded)

    assert (found.worst, found.value, found.reference) == ((3, 7), wrong[3, 7], bounded.value[3, 7])
    assert found.bound == bounded.error[3, 7]
    assert found.share == pytest.approx(abs(wrong[3, 7] - bounded.value[3, 7]) / bounded.error[3, 7])
    assert found.share > 1
    assert not found.within
    assert np.argmax(shares(wrong, bounded)) == 37


def test_a_tensor_of_another_shape_cannot_be_judged():
    with pytest.raises(ValueError, match="shapes"):
        judge_tensor(np.zeros((2, 1)), Bounded(np.zeros((1, 2)), np.ones((1, 2))))


NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(
    ("value", "expected", "bound", "share"),
    [
        (NAN, NAN, NAN, 0),  # both have none
        (INF, INF, NAN, 0),
        (NAN, 1.0, INF, 0),  # something overflowed before it
        (5.0, NAN, NAN, 0),
        (NAN, 1.0, 1e-3, INF),
        (INF, 1.0, 1e-3, INF),
        (INF, 3.402e38, 1e36, 0),  # float32 ends within the bound
        (-INF, 3.402e38, 1e36, INF),
        (INF, 3e38, 1e30, INF),
        (1.5, 1.0, 2.0, 0.25),
    ],
)
def test_nan_and_infinity_are_right_where_they_must_or_may_be(value, expected, bound, share):
    bounded = Bounded(np.array([0.0, expected]), np.array([1.0, bound]))

    found = judge_tensor(np.array([0.0, value], np.float32), bounded)

    assert found.share == share
    assert found.within == (share <= 1)
    assert found.unknown == (not math.isfinite(bound))


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("activation", ["identity", "leaky_relu", "gelu", "softplus", "tanh"])
@pytest.mark.parametrize("engine", BOTH)
def test_a_run_that_diverges_is_never_judged_wrong(precision, activation, engine):
    described = Experiment(
        precision=precision, activation=activation, optimizer=Optimizer("sgd", 1e10), init=Init("normal")
    )
    session = trained(described, 60, [engine])

    assert session.diverged
    for epoch in range(1, session.trained + 1):
        assert all(each.within for each in judged(session, epoch, engine.name).values())


def test_zeros_are_right_and_say_nothing():
    described = Experiment(activation="relu", init=Init(law="zeros"))
    found = judged(trained(described, 1), 1, "autograd")[TensorName(Quantity.GRADIENT, 1, "W")]

    assert (found.share, found.blur, found.value) == (0, True, 0)


@pytest.mark.parametrize("loss", LOSSES)
def test_the_loss_is_judged_too(loss):
    output = LOSSES[loss].output or "identity"
    described = Experiment(
        layers=(2, 4, 3), activation="tanh", output=output, loss=loss, data=Data(file="x.csv"), precision="float32"
    )
    generator = np.random.default_rng(0)
    x = generator.normal(size=(5, 2)).astype(np.float32)
    y = np.eye(3, dtype=np.float32)[generator.integers(3, size=5)]
    engine = Autograd(described)
    against = reference(Network.of(described), Parameters((2, 4, 3), engine.state().parameters), x, y, "float32")
    computed = engine.look(x, y)

    found = judge_loss(computed, against)
    doubled = judge_loss(replace(computed, loss=2 * computed.loss), against)

    assert (found.within, found.worst, doubled.within) == (True, (), False)
    assert against.loss.error < 1e-4 * computed.loss
