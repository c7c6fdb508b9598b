"""Exact arithmetic against Python's own fractions."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.trace.exact import added, divided, dot, exact, less, multiplied, nearest, summed

finite = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(st.tuples(finite, finite, finite), max_size=12))
def test_a_sum_of_products_is_exact_whatever_the_magnitudes(rows):
    columns = [np.array([row[i] for row in rows], np.float64) for i in range(3)]

    assert dot(columns) == sum((math.prod(map(Fraction, row)) for row in rows), Fraction(0))


@given(st.lists(st.tuples(st.floats(width=32, allow_nan=False, allow_infinity=False), finite), max_size=12))
def test_columns_may_be_of_different_precisions(rows):
    columns = [np.array([row[0] for row in rows], np.float32), np.array([row[1] for row in rows], np.float64)]

    assert dot(columns) == sum((Fraction(a) * Fraction(b) for a, b in rows), Fraction(0))


@given(st.lists(finite, max_size=12))
def test_a_sum_is_rounded_once(values):
    expected = sum(map(Fraction, values), Fraction(0))

    assert added(map(exact, values)) == expected
    assert summed(values) == nearest(expected)


def test_where_numbers_are_not_finite_they_behave_as_floats_do():
    inf, nan = math.inf, math.nan
    assert dot([np.array([1.0, inf]), np.array([2.0, 3.0])]) == inf
    assert math.isnan(added([Fraction(1), exact(inf), exact(-inf)]))
    assert math.isnan(multiplied([Fraction(0), exact(inf)]))
    assert less(Fraction(1), exact(inf)) == -inf
    assert math.isnan(summed([nan, 1.0]))
    assert nearest(Fraction(10) ** 400) == inf
    assert nearest(-(Fraction(10) ** 400)) == -inf


@pytest.mark.parametrize(("a", "b"), [(Fraction(1), Fraction(0)), (Fraction(1), math.inf), (math.nan, Fraction(1))])
def test_a_share_of_nothing_is_none(a, b):
    assert divided(a, b) is None
