"""Bounds of single operations against exact fractions, and of whole passes by a short campaign."""

import math
from fractions import Fraction

import numpy as np
import pytest

from core.functions.activations import ACTIVATIONS
from core.rounding import Bounded, moved_by_each_column, moves, probable, reached, strict

PRECISIONS = pytest.mark.parametrize("precision", ["float32", "float64"])
ARITHMETICS = pytest.mark.parametrize("arithmetic", [probable, strict])
TERMS = pytest.mark.parametrize("terms", [1, 2, 30, 400])


def fractions(array):
    return [[Fraction(float(each)) for each in row] for row in np.atleast_2d(array)]


def product(first, second):
    """The product of two matrices of fractions."""
    return [
        [sum(a * b for a, b in zip(row, column, strict=True)) for column in zip(*second, strict=True)] for row in first
    ]


def drawn(precision, *shape, seed=0):
    """Numbers of very different sizes and both signs."""
    generator = np.random.default_rng([seed, *shape])
    return (generator.normal(size=shape) * 10.0 ** generator.integers(-3, 4, shape)).astype(precision)


def one_by_one(a, b, start):
    """Σ a·b, with every product and every sum rounded, from the first term to the last."""
    total = start
    for p, q in zip(a, b, strict=True):
        total = total + p * q
    return total


def further_off(value, exact, bound):
    """The elements that are further from the exact fraction than their bound."""
    errors = [
        abs(Fraction(float(v)) - e) for v, e in zip(np.ravel(value), [e for row in exact for e in row], strict=True)
    ]
    return [
        i for i, (error, most) in enumerate(zip(errors, np.ravel(bound), strict=True)) if error > Fraction(float(most))
    ]


@PRECISIONS
@ARITHMETICS
@TERMS
def test_a_layer_computed_in_any_order_is_within_the_bound_of_the_exact_one(precision, arithmetic, terms):
    a, W, b = drawn(precision, 3, terms), drawn(precision, 4, terms, seed=1), drawn(precision, 4, seed=2)
    exact = [
        [e + bias for e, bias in zip(row, fractions(b)[0], strict=True)]
        for row in product(fractions(a), fractions(W.T))
    ]
    rules = arithmetic(precision)

    found = rules.affine(rules.exact(a), W.astype(float), np.abs(W.astype(float)), b.astype(float))

    engines = [a @ W.T + b, np.array([[one_by_one(row, w, bias) for w, bias in zip(W, b, strict=True)] for row in a])]
    for z in (*engines, found.value):
        assert further_off(z, exact, found.error) == []
    assert z.dtype == np.float64
    assert engines[1].dtype == precision


@PRECISIONS
@ARITHMETICS
@TERMS
def test_gradients_of_numbers_that_are_wrong_already_are_within_the_bound_of_the_exact_ones(
    precision, arithmetic, terms
):
    delta, a = drawn(precision, terms, 3), drawn(precision, terms, 2, seed=1)
    off, away = np.abs(drawn("float64", terms, 3, seed=2)), np.abs(drawn("float64", terms, 2, seed=3))
    rules = arithmetic(precision)
    bounded = Bounded(delta.astype(float) + off, off), Bounded(a.astype(float) - away, away)

    weights, biases = rules.correlated(*bounded), rules.total(bounded[0])

    # the engine's numbers are off from the reference's by all that they may be, and the gradients are made from them
    exact = product(fractions(delta.T), fractions(a))
    sums = product([[Fraction(1)] * terms], fractions(delta))
    computed = np.array([[one_by_one(d, x, delta.dtype.type(0)) for x in a.T] for d in delta.T])
    assert computed.dtype == precision
    reached = np.abs(computed - weights.value) <= weights.error * (1 + 1e-12)
    assert reached.all()
    assert further_off(weights.value, exact, weights.error * (1 + 1e-12)) == []
    assert further_off(delta.sum(axis=0), sums, biases.error) == []
    assert (np.abs(delta.sum(axis=0) - biases.value) <= biases.error * (1 + 1e-12)).all()


@PRECISIONS
def test_what_is_handed_down_and_multiplied_is_within_its_bound(precision):
    delta, W, slope = drawn(precision, 5, 7), drawn(precision, 7, 4, seed=1), drawn(precision, 5, 4, seed=2)
    rules = probable(precision)

    upstream = rules.weighed(rules.exact(delta), W.astype(float), np.abs(W.astype(float)))
    handed = rules.product(upstream, rules.exact(slope))

    exact = product(fractions(delta), fractions(W))
    assert further_off(delta @ W, exact, upstream.error) == []
    times = [
        [e * s for e, s in zip(row, slopes, strict=True)] for row, slopes in zip(exact, fractions(slope), strict=True)
    ]
    assert further_off((delta @ W) * slope, times, handed.error) == []


def test_a_sum_is_bounded_by_the_root_of_its_terms_and_strictly_by_their_number():
    unit = strict("float32").unit

    assert unit == pytest.approx(2**-24, rel=1e-8)
    assert [probable("float32").growth(n) for n in (1, 64, 6400)] == [1, 64, 640]
    assert strict("float32").growth(6400) == pytest.approx(6400 / (1 - 6400 * unit))
    assert strict("float32").growth(2**25) == math.inf


def test_the_strict_bound_of_a_long_sum_is_the_wider_one():
    ones = np.ones((6400, 1))

    wide, narrow = (each("float32").total(each("float32").exact(ones)).error for each in (strict, probable))

    assert wide[0] == pytest.approx(10 * narrow[0], rel=1e-3)


@PRECISIONS
def test_what_may_overflow_on_the_way_may_be_anything_and_the_rest_keeps_its_bound(precision):
    rules = probable(precision)
    most = float(np.finfo(precision).max)
    W = np.array([[most, -most], [1.0, 1.0]])

    found = rules.affine(rules.exact(np.array([[1.0, 1.0]])), W, np.abs(W), np.zeros(2))

    assert found.value.tolist() == [[0, 2]]
    assert found.error[0, 0] == math.inf
    assert 0 < found.error[0, 1] < 1e-6


@PRECISIONS
def test_numbers_too_small_for_the_precision_are_within_the_bound(precision):
    rules = probable(precision)
    small = np.array([[np.sqrt(np.finfo(precision).tiny) / 8]], precision)

    found = rules.product(rules.exact(small), rules.exact(small))

    flushed = 0.0
    assert found.value[0, 0] > 0
    assert abs(flushed - found.value[0, 0]) <= found.error[0, 0]


@pytest.mark.parametrize("error", [1e-3, 0.3, 4.0, 50.0])
@pytest.mark.parametrize("name", [name for name, each in ACTIVATIONS.items() if each.elementwise])
def test_activations_and_their_derivatives_move_as_far_as_on_a_fine_grid_of_the_interval(name, error):
    f = ACTIVATIONS[name]
    z = np.linspace(-7, 7, 43)
    grid = z + np.linspace(-error, error, 2001)[:, None]

    for each in (f.value, lambda z: f.derivative(z, f.value(z))):
        farthest = np.abs(each(grid) - each(z)).max(axis=0)
        moved = moves(each(reached(Bounded(z, np.full_like(z, error)))))

        # 2 %: between two of the points that are looked at lies an extreme that is hardly another; 1e-15: rounding
        assert (moved >= 0.98 * farthest - 1e-15).all()
        assert (moved <= farthest + 2e-3 * (1 + farthest)).all()


def test_a_function_of_rows_moves_no_further_than_its_columns_together():
    generator = np.random.default_rng(1)
    z, error = generator.normal(size=(4, 3)), generator.uniform(0, 1e-3, (4, 3))

    def f(z):
        return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)

    moved = moved_by_each_column(f, Bounded(z, error))

    for signs in np.ndindex(2, 2, 2):
        # 1.01: what the columns do together differs in second order, by a thousandth of it
        assert (np.abs(f(z + error * (2 * np.array(signs) - 1)) - f(z)) <= 1.01 * moved).all()


def test_random_correct_networks_stay_within_their_bounds(campaign):
    said = campaign("rounding", "--count", 80)

    assert "float32" in said
    assert "beyond its bound" not in said
    slack = next(line for line in said.splitlines() if line.startswith("the notebook's network in float32"))
    assert all(float(each) < 300 for each in slack.partition(": ")[2].split(","))
