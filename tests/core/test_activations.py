"""Activations against PyTorch, against finite differences, far from zero and at their kinks."""

import math

import numpy as np
import pytest
import torch

from core.functions.activations import ACTIVATIONS, erf, sigmoid

NAMES = pytest.mark.parametrize("name", ACTIVATIONS)
ELEMENTWISE = pytest.mark.parametrize("name", [name for name, each in ACTIVATIONS.items() if each.elementwise])
DTYPES = pytest.mark.parametrize("dtype", [np.float64, np.float32])


def in_pytorch(name, z, upstream):
    """The same activation's values and dL/dz, made by PyTorch."""
    f = ACTIVATIONS[name]
    module = getattr(torch.nn, f.module)(**f.options) if f.module else torch.nn.Identity()
    inputs = torch.tensor(z, requires_grad=True)
    a = module(inputs)
    a.backward(torch.tensor(upstream))
    return a.detach().numpy(), inputs.grad.numpy()


def points(dtype, spread):
    generator = np.random.default_rng(3)
    return (spread * generator.normal(size=(200, 5))).astype(dtype), generator.normal(size=(200, 5)).astype(dtype)


@NAMES
@DTYPES
@pytest.mark.parametrize("spread", [0.1, 1, 10])
def test_values_and_derivatives_are_pytorchs(name, dtype, spread):
    z, upstream = points(dtype, spread)
    f = ACTIVATIONS[name]

    a = f.value(z)
    backward = f.backward(z, a, upstream)

    values, derivatives = in_pytorch(name, z, upstream)
    # 32 eps, 7e-15 in float64: the two formulas differ by a few roundings of numbers up to |z|, gelu_tanh by the most
    close = {"rtol": 32 * np.finfo(dtype).eps, "atol": 32 * np.finfo(dtype).eps}
    assert (a.dtype, backward.dtype) == (dtype, dtype)
    np.testing.assert_allclose(a, values, **close)
    np.testing.assert_allclose(backward, derivatives, **close)


@NAMES
@DTYPES
def test_at_kinks_and_far_from_zero_values_and_derivatives_are_pytorchs_without_a_warning(name, dtype):
    edges = np.array([[0, -0.0, 20, np.nextafter(dtype(20), dtype(30)), -20, 1e4, -1e4, 90, -90, 800, -800]], dtype)
    z = edges if ACTIVATIONS[name].elementwise else edges.T - edges
    upstream = np.linspace(1, 2, z.size, dtype=dtype).reshape(z.shape)
    f = ACTIVATIONS[name]

    with np.errstate(over="raise", divide="raise", invalid="raise"):
        a = f.value(z)
        backward = f.backward(z, a, upstream)

    values, derivatives = in_pytorch(name, z, upstream)
    tiny = float(np.finfo(dtype).tiny)  # what underflows to zero on one side may be a subnormal number on the other
    close = {"rtol": 16 * np.finfo(dtype).eps, "atol": 16 * np.finfo(dtype).eps + tiny}
    np.testing.assert_allclose(a, values, **close)
    np.testing.assert_allclose(backward, derivatives, **close)


@pytest.mark.parametrize(
    ("name", "z", "slope"),
    [("relu", 0, 0), ("leaky_relu", 0, 0.01), ("elu", 0, 1), ("softplus", 20.5, 1), ("relu", -0.0, 0)],
)
def test_the_derivative_at_a_kink_is_the_one_that_pytorch_takes(name, z, slope):
    at = np.array([[z]], float)

    assert ACTIVATIONS[name].derivative(at, ACTIVATIONS[name].value(at)).tolist() == [[slope]]


@NAMES
def test_derivatives_are_those_of_central_differences(name):
    z, upstream = points(np.float64, 2)
    f = ACTIVATIONS[name]
    step = 6e-6  # the cube root of eps, where truncation and rounding are about equal

    expected = np.empty_like(z)
    for column in range(z.shape[1]):
        side = np.eye(z.shape[1])[column] * step
        expected[:, column] = ((f.value(z + side) - f.value(z - side)) * upstream).sum(axis=1) / (2 * step)

    # 1e-8: eps/step and step² are 4e-11, times numbers up to 10, and third derivatives of a few
    np.testing.assert_allclose(f.backward(z, f.value(z), upstream), expected, rtol=0, atol=1e-8)


@ELEMENTWISE
def test_the_backward_of_an_elementwise_activation_is_its_derivative_times_what_comes_from_above(name):
    z, upstream = points(np.float64, 1)
    f = ACTIVATIONS[name]
    a = f.value(z)

    assert f.backward(z, a, upstream).tolist() == (upstream * f.derivative(z, a)).tolist()


def test_the_shares_of_a_softmax_sum_to_one_and_forget_what_all_of_them_share():
    z, _ = points(np.float64, 3)
    softmax = ACTIVATIONS["softmax"].value

    # 1e-15: a handful of roundings of numbers below 1
    np.testing.assert_allclose(softmax(z).sum(axis=1), 1, rtol=0, atol=1e-15)
    # 1e-14: adding 100 to z rounds it at 1e-14
    np.testing.assert_allclose(softmax(z + 100), softmax(z), rtol=1e-13, atol=1e-14)


def test_the_error_function_is_that_of_the_c_library_and_of_pytorch_to_15_digits():
    x = np.concatenate([np.linspace(-7, 7, 40_001), np.linspace(-0.6, 0.6, 20_001), np.logspace(-300, 0, 500)])

    # 1e-15: 5 ulps were measured just above 0.46875, where erf is 1 − erfc
    np.testing.assert_allclose(erf(x), [math.erf(each) for each in x], rtol=1e-15, atol=0)
    np.testing.assert_allclose(erf(x), torch.erf(torch.tensor(x)).numpy(), rtol=1e-15, atol=0)
    assert erf(np.array([-math.inf, -0.0, 0.0, math.inf])).tolist() == [-1, 0, 0, 1]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_sigmoid_saturates_without_overflow(dtype):
    values = sigmoid(np.array([-1e30, -100, 0, 100, 1e30], dtype))

    assert values.dtype == dtype
    assert values.tolist()[2:] == [0.5, 1, 1]
    # 1e-6: exp in float32 is right to a few of its 6e-8
    assert values.tolist()[:2] == pytest.approx([0, np.exp(-100)], rel=1e-6, abs=1e-45)
