"""Optimizers against PyTorch's on gradients that are given, and what they keep between steps."""

import math

import msgspec
import numpy as np
import pytest
import torch

from core.arrays import diverging
from core.engines.autograd import Autograd
from core.engines.scratch import Scratch
from core.experiment import Experiment, Optimizer
from core.functions.optimizers import OPTIMIZERS

SETTINGS = {
    "sgd": {},
    "sgd with weight decay": {"weight_decay": 0.1},
    "sgd with momentum": {"momentum": 0.9},
    "sgd with nesterov": {"momentum": 0.9, "nesterov": True, "weight_decay": 0.01},
    "adam": {},
    "adam with all": {"betas": (0.8, 0.9), "eps": 1e-4, "weight_decay": 0.1},
    "adamw": {},
    "adamw with all": {"betas": (0.8, 0.9), "eps": 1e-4, "weight_decay": 0.1},
    "rmsprop": {},
    "rmsprop with all": {"alpha": 0.9, "eps": 1e-4, "momentum": 0.5, "centered": True, "weight_decay": 0.1},
    "adagrad": {},
    "adagrad with all": {"lr_decay": 0.1, "eps": 1e-4, "weight_decay": 0.1},
}
OPTIMIZER = pytest.mark.parametrize("case", SETTINGS)
ENGINES = pytest.mark.parametrize("engine", [Scratch, Autograd])
X, Y = np.random.default_rng(1).normal(size=(6, 2)), np.random.default_rng(2).normal(size=(6, 1))


def optimizer_of(case, lr=0.01):
    return Optimizer(case.split()[0], lr, **SETTINGS[case])


def test_every_optimizer_has_a_case():
    assert {case.split()[0] for case in SETTINGS} == set(OPTIMIZERS)


@OPTIMIZER
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_given_the_same_gradients_the_parameters_walk_pytorchs_path(case, dtype):
    described = optimizer_of(case)
    rule, settings = OPTIMIZERS[described.name], described.settings()
    generator = np.random.default_rng(5)
    theta = generator.normal(size=40).astype(dtype)
    state = rule.start(settings, theta)
    pytorchs = torch.nn.Parameter(torch.tensor(theta))
    optimizer = getattr(torch.optim, rule.module)([pytorchs], lr=described.lr, **described.options())

    for _ in range(50):
        gradient = generator.normal(size=40).astype(dtype)
        rule.update(theta, gradient, state, settings)
        pytorchs.grad = torch.tensor(gradient)
        optimizer.step()

    # 50 steps, each a few roundings of numbers of order 1
    close = {"rtol": 200 * np.finfo(dtype).eps, "atol": 200 * np.finfo(dtype).eps}
    assert theta.dtype == dtype
    np.testing.assert_allclose(theta, pytorchs.detach().numpy(), **close)
    kept = {name: each for name, each in optimizer.state[pytorchs].items() if each is not None}
    assert set(state) == set(kept)
    for name, values in kept.items():
        np.testing.assert_allclose(state[name], values.numpy(), **close)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_defaults_are_pytorchs(name):
    rule = OPTIMIZERS[name]
    group = getattr(torch.optim, rule.module)([torch.nn.Parameter(torch.zeros(1))], lr=0.1).param_groups[0]

    assert {key: group[key] for key in rule.defaults} == dict(rule.defaults)


def bits(state):
    return state.parameters.tobytes(), {name: each.tobytes() for name, each in state.optimizer.items()}


@ENGINES
@OPTIMIZER
@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("before", [0, 1, 3])
def test_after_a_restore_the_same_bits_come_again(engine, case, precision, before):
    trained = engine(Experiment(layers=(2, 4, 1), optimizer=optimizer_of(case), precision=precision))
    x, y = X.astype(precision), Y.astype(precision)
    for _ in range(before):
        trained.step(x, y)
    kept = trained.state()
    first = [(trained.step(x, y), bits(trained.state())) for _ in range(4)]

    for _ in range(2):
        trained.restore(kept)
        assert bits(trained.state()) == bits(kept)
        assert [(trained.step(x, y), bits(trained.state())) for _ in range(4)] == first


@ENGINES
@OPTIMIZER
def test_another_engine_of_its_kind_goes_on_from_a_state_with_the_same_bits(engine, case):
    described = Experiment(layers=(2, 4, 1), optimizer=optimizer_of(case))
    trained, other = engine(described), engine(described)
    for _ in range(3):
        trained.step(X, Y)

    other.restore(trained.state())

    assert trained.step(X, Y) == other.step(X, Y)
    assert bits(trained.state()) == bits(other.state())


@OPTIMIZER
def test_a_state_of_one_engine_is_understood_by_the_other(case):
    described = Experiment(layers=(2, 4, 1), optimizer=optimizer_of(case))
    scratch, autograd = Scratch(described), Autograd(described)
    for _ in range(3):
        scratch.step(X, Y)

    autograd.restore(scratch.state())
    scratch.step(X, Y)
    autograd.step(X, Y)

    assert set(scratch.state().optimizer) == set(autograd.state().optimizer)
    # 1e-11: one step's rounding at 1e-15, of which a normalising optimizer's root keeps a few digits less
    np.testing.assert_allclose(scratch.state().parameters, autograd.state().parameters, rtol=0, atol=1e-11)


@ENGINES
@OPTIMIZER
def test_looking_leaves_the_optimizers_vectors_alone(engine, case):
    trained = engine(Experiment(layers=(2, 4, 1), optimizer=optimizer_of(case)))
    trained.step(X, Y)
    before = bits(trained.state())

    trained.look(X, Y)

    assert bits(trained.state()) == before


@ENGINES
@OPTIMIZER
def test_a_run_that_diverges_goes_on_to_nan_without_a_warning(engine, case):
    trained = engine(Experiment(layers=(2, 3, 1), optimizer=optimizer_of(case, lr=1e200)))

    with diverging():
        losses = [trained.step(X, Y) for _ in range(6)]

    assert not math.isfinite(losses[-1])


def test_an_optimizer_says_only_what_is_given():
    assert msgspec.to_builtins(Experiment())["optimizer"] | {} == {
        "name": "sgd",
        "lr": 0.1,
        **dict.fromkeys(["momentum", "nesterov", "weight_decay", "betas", "eps", "alpha", "centered", "lr_decay"]),
    }
    assert Optimizer().options() == {}
