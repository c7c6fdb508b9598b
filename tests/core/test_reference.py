"""The reference pass as such: what it takes, what it gives, and activations that say nothing of themselves."""

from dataclasses import replace

import numpy as np
import pytest

from core.engines.base import EngineState
from core.engines.scratch import Scratch
from core.experiment import Data, Experiment
from core.functions.activations import ACTIVATIONS, elementwise, softmax, softmax_moved
from core.functions.losses import LOSSES
from core.judge import judge_pass, judged_names
from core.parameters import Parameters
from core.reference import Network, judging_cost, reference
from core.rounding import strict
from core.tensors import Quantity, TensorName

LAYERS = (3, 5, 4)


def network(activation="tanh", output="identity", loss="sse"):
    return Network(LAYERS, (activation, output), loss)


def made(described, precision="float32", **options):
    generator = np.random.default_rng(2)
    parameters = Parameters(LAYERS, generator.normal(size=40 + 4).astype(precision))
    x = generator.normal(size=(6, 3)).astype(precision)
    y = np.eye(4, dtype=precision)[generator.integers(4, size=6)]
    return reference(described, parameters, x, y, precision, **options)


def bounds(found):
    return np.concatenate([np.ravel(found.bounded(name).error) for name in judged_names(found.depth)])


def test_a_gradient_is_had_by_its_parameters_name_or_by_its_own():
    found = made(network())

    for name in ("W1", "dL/dW1"):
        assert found.gradient(name) is found.bounded(TensorName(Quantity.GRADIENT, 1, "W"))
    assert found.gradient("b2").value.shape == found.gradient("b2").error.shape == (4,)
    with pytest.raises(KeyError):
        found.gradient("W3")
    with pytest.raises(ValueError, match="names no tensor"):
        found.gradient("weights")


def test_every_tensor_has_a_bound_of_its_shape_in_float64():
    found = made(network())

    for name in judged_names(2):
        value, error = found.bounded(name)
        assert value.shape == error.shape
        assert value.dtype == error.dtype == np.float64
        assert (error > 0).all()


def test_strict_bounds_are_no_narrower_and_those_of_float64_are_28_bits_narrower():
    single, double = made(network()), made(network(), "float64")

    assert (bounds(made(network(), arithmetic=strict)) >= bounds(single)).all()
    # 29 bits less one, as u of float64 counts twice; 1 %: the products of errors that float32 has beside
    assert np.median(bounds(single) / bounds(double)) == pytest.approx(2**28, rel=1e-2)


def test_the_parameters_of_an_engine_are_left_as_they_are():
    flat = np.ones(44, np.float32)

    reference(network(), Parameters(LAYERS, flat), np.ones((1, 3)), np.ones((1, 4)), "float32")

    assert (flat == 1).all()


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_that_says_nothing_of_itself_has_a_bound_that_is_no_narrower(name, monkeypatch):
    as_output = ("tanh", name) if name == "softmax" else (name, name)
    described = Network(LAYERS, as_output, "mse")
    informed = bounds(made(described))

    monkeypatch.setitem(ACTIVATIONS, name, replace(ACTIVATIONS[name], magnitude=None, moved=None))

    # 1e-3: in a softmax, what its columns move it by alone leaves out terms of second order
    assert (bounds(made(described)) >= informed * (1 - 1e-3)).all()


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_that_says_nothing_of_itself_has_a_bound_that_is_no_narrower(name, monkeypatch):
    described = network(output=LOSSES[name].output or "identity", loss=name)
    informed = bounds(made(described))

    monkeypatch.setitem(LOSSES, name, replace(LOSSES[name], magnitude=None, moved=None, elementwise=False))

    # 1e-3: as for a softmax
    assert (bounds(made(described)) >= informed * (1 - 1e-3)).all()


def test_a_new_activation_is_one_entry_and_its_engine_is_judged(monkeypatch):
    new = elementwise(lambda z: z / (1 + np.abs(z)), lambda z, a: (1 - np.abs(a)) ** 2, "Softsign")
    monkeypatch.setitem(ACTIVATIONS, "sigmoid", new)  # experiments know the names that there were when they were loaded
    described = Experiment(layers=LAYERS, data=Data(file="any.csv"), precision="float32")
    engine = Scratch(described)
    x, y = np.ones((2, 3), np.float32), np.zeros((2, 4), np.float32)

    against = reference(Network.of(described), Parameters(LAYERS, engine.state().parameters), x, y, "float32")

    assert all(each.within for each in judge_pass(engine.look(x, y), against).values())
    engine.restore(EngineState(engine.state().parameters * np.float32(1.001)))
    assert not all(each.within for each in judge_pass(engine.look(x, y), against).values())


@pytest.mark.parametrize("size", [1e-12, 1e-3, 1.0])
def test_shares_of_a_softmax_move_no_further_than_it_says(size):
    generator = np.random.default_rng(5)
    z, error = generator.normal(size=(3, 4)) * 3, size * generator.uniform(0, 1, (3, 4))

    most = softmax_moved(z, error)

    for signs in np.ndindex(2, 2, 2, 2):
        # 1e-15: the roundings of both shares
        assert (np.abs(softmax(z + error * (2 * np.array(signs) - 1)) - softmax(z)) <= most + 1e-15).all()


def test_the_cost_of_judging_is_linear_in_the_batch():
    assert judging_cost((2, 10, 10, 1), 64) == 64 * judging_cost((2, 10, 10, 1), 1)
    assert judging_cost((2, 10, 10, 1), 1) == 7 * 130 + 300 * 23
