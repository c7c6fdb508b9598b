"""Losses against PyTorch, against finite differences, and where they saturate."""

import math

import numpy as np
import pytest
import torch

from core.functions.activations import ACTIVATIONS
from core.functions.losses import LOSSES

NAMES = pytest.mark.parametrize("name", LOSSES)
SHAPES = pytest.mark.parametrize("shape", [(1, 2), (7, 3), (32, 4)])


def arguments(name, shape):
    """What a loss takes: predictions or logits, and targets of its kind."""
    generator = np.random.default_rng(shape[0])
    prediction = 2 * generator.normal(size=shape)
    if name == "bce":
        return prediction, generator.integers(0, 2, shape).astype(float)
    if name == "cross_entropy":
        return prediction, np.eye(shape[1])[generator.integers(0, shape[1], shape[0])]
    return prediction, generator.normal(size=shape)


def in_pytorch(name, prediction, target):
    loss = LOSSES[name]
    given = torch.tensor(prediction, requires_grad=True)
    value = getattr(torch.nn, loss.module)(**loss.options)(given, torch.tensor(target))
    value.backward()
    return value.item(), given.grad.numpy()


@NAMES
@SHAPES
def test_values_and_derivatives_are_pytorchs(name, shape):
    prediction, target = arguments(name, shape)

    value, derivative = in_pytorch(name, prediction, target)

    # 1e-14: sums of up to 128 terms of order 1, each rounded at 1e-16
    assert LOSSES[name].value(prediction, target) == pytest.approx(value, rel=1e-14)
    np.testing.assert_allclose(LOSSES[name].derivative(prediction, target), derivative, rtol=1e-14, atol=1e-16)


@NAMES
@SHAPES
def test_derivatives_are_those_of_central_differences(name, shape):
    prediction, target = arguments(name, shape)
    loss, step = LOSSES[name], 6e-6  # the cube root of eps

    expected = [
        (loss.value(prediction + side.reshape(shape), target) - loss.value(prediction - side.reshape(shape), target))
        / (2 * step)
        for side in np.eye(prediction.size) * step
    ]

    # 4e-11 of the loss, times a few, of losses up to a few hundred
    np.testing.assert_allclose(loss.derivative(prediction, target).ravel(), expected, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize(
    ("name", "residual", "slope"), [("mae", 0, 0), ("mae", -3, -1), ("huber", 1, 1), ("huber", -1, -1), ("huber", 5, 1)]
)
def test_the_derivative_at_a_kink_is_the_one_that_pytorch_takes(name, residual, slope):
    at, zero = np.array([[float(residual)]]), np.zeros((1, 1))

    assert LOSSES[name].derivative(at, zero).tolist() == in_pytorch(name, at, zero)[1].tolist() == [[slope]]


@pytest.mark.parametrize("name", [name for name, loss in LOSSES.items() if loss.fused])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_fused_loss_is_finite_where_the_probabilities_saturate(name, dtype):
    logits = np.array([[1e4, -1e4], [-1e4, 1e4], [0, 0]], dtype)
    target = np.array([[1, 0], [1, 0], [0, 1]], dtype)

    with np.errstate(over="raise", divide="raise", invalid="raise"):
        value = LOSSES[name].value(logits, target)
        derivative = LOSSES[name].derivative(logits, target)

    pytorchs = in_pytorch(name, logits, target)
    # a sum of three numbers up to 2e4, rounded in the logits' precision
    assert value == pytest.approx(pytorchs[0], rel=4 * float(np.finfo(dtype).eps))
    assert derivative.dtype == dtype
    np.testing.assert_allclose(derivative, pytorchs[1], rtol=4 * float(np.finfo(dtype).eps), atol=0)


@pytest.mark.parametrize("name", [name for name, loss in LOSSES.items() if loss.fused])
def test_a_fused_loss_is_that_of_the_probabilities(name):
    logits, target = arguments(name, (7, 3))
    p = ACTIVATIONS[LOSSES[name].output].value(logits)

    terms = -target * np.log(p) - ((1 - target) * np.log(1 - p) if name == "bce" else 0)
    expected = terms.mean() if name == "bce" else terms.sum(axis=1).mean()

    # 1e-13: 1 − p cancels by at most two digits at these logits
    assert LOSSES[name].value(logits, target) == pytest.approx(expected, rel=1e-13)


@NAMES
def test_the_loss_of_an_epoch_of_two_batches_is_the_mean_over_its_samples(name):
    prediction, target = arguments(name, (32, 4))
    loss = LOSSES[name]
    parts = [loss.value(prediction[rows], target[rows]) for rows in (slice(0, 27), slice(27, 32))]
    alone = [loss.value(prediction[[i]], target[[i]]) for i in range(32)]

    # 1e-14: the same 128 terms of order 1, added in another order
    assert loss.of_epoch(parts, [27, 5]) == pytest.approx(np.mean(alone), rel=1e-14)


@NAMES
def test_each_loss_says_how_it_reduces(name):
    prediction, target = arguments(name, (6, 4))
    loss, said = LOSSES[name], LOSSES[name].reduces
    doubled = [np.concatenate([each, each]) for each in (prediction, target)]

    assert loss.reduction in said
    assert ("sum over samples" in said) == (loss.reduction == "sum")
    # 1e-14: the same terms of order 1, added in another order
    ratio = 2 if loss.reduction == "sum" else 1
    assert loss.value(*doubled) == pytest.approx(ratio * loss.value(prediction, target), rel=1e-14)


@NAMES
def test_an_epoch_of_one_batch_has_that_batchs_loss_to_the_bit(name):
    assert LOSSES[name].of_epoch([0.1], [3]) == 0.1


@NAMES
def test_an_epochs_loss_may_be_inf_or_nan(name):
    assert LOSSES[name].of_epoch([1.0, math.inf], [3, 3]) == math.inf
    assert math.isnan(LOSSES[name].of_epoch([math.inf, -math.inf, 1.0], [3, 3, 1]))
    assert LOSSES[name].of_epoch([1.7e308, 1.7e308], [1, 1]) == math.inf
