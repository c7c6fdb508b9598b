"""How far two tensors agree."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.agreement import agreement, digits, loss_digits, ulps

FULL = {np.float64: 15.95, np.float32: 7.22}
DTYPES = pytest.mark.parametrize("dtype", [np.float64, np.float32])


def of(dtype, *values):
    return np.array(values, dtype)


@DTYPES
@pytest.mark.parametrize(
    ("a", "b"),
    [(0.1, 0.1), (0.0, 0.0), (0.0, -0.0), (math.inf, math.inf), (-math.inf, -math.inf), (math.nan, math.nan)],
)
def test_equal_numbers_two_zeros_and_two_nans_share_all_digits(dtype, a, b):
    assert digits(of(dtype, a), of(dtype, b)).tolist() == [FULL[dtype]]


@DTYPES
@pytest.mark.parametrize(
    ("a", "b"),
    [
        (math.nan, 1.0),
        (math.nan, math.inf),
        (math.inf, -math.inf),
        (math.inf, 1.0),
        (1.0, -1.0),
        (0.0, 1e-30),
        (1e30, 1),
    ],
)
def test_a_nan_or_inf_beside_another_number_a_zero_beside_none_and_opposite_signs_share_no_digit(dtype, a, b):
    assert digits(of(dtype, a), of(dtype, b)).tolist() == [0]
    assert digits(of(dtype, b), of(dtype, a)).tolist() == [0]


@pytest.mark.parametrize(("b", "shared"), [(0.9, 1), (0.99, 2), (0.999, 3), (0.5, 0.30103), (1 - 1e-9, 9)])
def test_the_digits_are_minus_the_logarithm_of_the_difference_relative_to_the_larger(b, shared):
    # 1e-5: 0.30103 is given to five places, and 1 − 1e-9 is rounded at 1e-16, a ten-millionth of the difference
    assert digits(of(np.float64, 1.0), of(np.float64, b))[0] == pytest.approx(shared, abs=1e-5)
    assert digits(of(np.float64, -b), of(np.float64, -1.0))[0] == pytest.approx(shared, abs=1e-5)


def test_the_coarser_of_two_precisions_sets_the_limit():
    assert digits(of(np.float32, 0.5), of(np.float64, 0.5)).tolist() == [7.22]
    assert digits(of(np.float64, 1.0), of(np.float32, 1.0 + 1e-6))[0] == pytest.approx(6, abs=0.05)  # eps is 1.2e-7


@given(st.floats(), st.floats())
def test_digits_are_symmetric_and_between_none_and_full(a, b):
    forth, back = digits(of(np.float64, a), of(np.float64, b))[0], digits(of(np.float64, b), of(np.float64, a))[0]

    assert forth == back
    assert 0 <= forth <= 15.95


def walk(start, steps, towards):
    """Take that many steps from one floating-point number to the next."""
    at = start
    for _ in range(steps):
        at = np.nextafter(at, start.dtype.type(towards))
    return at


@DTYPES
@given(data=st.data(), steps=st.integers(0, 40), towards=st.sampled_from([-math.inf, math.inf]))
def test_ulps_count_the_steps_from_one_number_to_the_other(dtype, data, steps, towards):
    most = float(np.finfo(dtype).max) / 2
    start = dtype(data.draw(st.floats(-most, most, width=np.finfo(dtype).bits)))
    with np.errstate(under="ignore", over="ignore"):
        end = walk(start, steps, towards)

    assert ulps(of(dtype, start), of(dtype, end)).tolist() == [steps]
    assert ulps(of(dtype, end), of(dtype, start)).tolist() == [steps]


@DTYPES
@given(below=st.integers(0, 30), above=st.integers(0, 30))
def test_ulps_count_across_zero_with_both_zeros_as_one(dtype, below, above):
    with np.errstate(under="ignore"):
        low, high = walk(dtype(0.0), below, -math.inf), walk(dtype(-0.0), above, math.inf)

    assert ulps(of(dtype, low), of(dtype, high)).tolist() == [below + above]


@DTYPES
def test_the_two_zeros_are_no_ulp_apart(dtype):
    assert ulps(of(dtype, 0.0), of(dtype, -0.0)).tolist() == [0]


@DTYPES
def test_inf_is_one_ulp_above_the_largest_number(dtype):
    assert ulps(of(dtype, math.inf), of(dtype, np.finfo(dtype).max)).tolist() == [1]


@pytest.mark.parametrize(("dtype", "half"), [(np.float64, 0x7FF0000000000000), (np.float32, 0x7F800000)])
def test_the_farthest_two_numbers_are_counted_without_overflow(dtype, half):
    assert ulps(of(dtype, -math.inf), of(dtype, math.inf)).tolist() == [2 * half]


@DTYPES
def test_two_nans_are_no_ulp_apart_and_a_nan_is_as_far_as_can_be_from_a_number(dtype):
    most = np.iinfo(np.uint64).max

    assert ulps(of(dtype, math.nan, math.nan, 1), of(dtype, -math.nan, 1, math.nan)).tolist() == [0, most, most]


@DTYPES
def test_ulps_of_single_cells_are_counted_as_those_of_arrays(dtype):
    assert int(ulps(np.array(1, dtype), np.array(-1, dtype))) == ulps(of(dtype, 1), of(dtype, -1))[0]


def test_ulps_between_precisions_count_in_the_coarser():
    assert ulps(of(np.float64, 1.0 + 2**-23), of(np.float32, 1.0)).tolist() == [1]
    assert ulps(of(np.float64, 1e300), of(np.float32, math.inf)).tolist() == [0]


def test_the_agreement_of_two_tensors_is_that_of_their_worst_element():
    a = np.array([[1.0, 2.0], [4.0, 0.0]])
    b = np.array([[1.0, 2.5], [4.0 + 2**-50, 0.0]])

    found = agreement(a, b)

    assert found.worst == (0, 1)
    assert found.digits == pytest.approx(-math.log10(0.2), abs=1e-12)  # one logarithm, a few roundings
    assert found.difference == -0.5
    assert found.ulps == 2**50  # a quarter of [2, 4), which holds 2⁵² numbers


def test_the_agreement_of_equal_tensors_is_full():
    found = agreement(np.ones((2, 3), np.float32), np.ones((2, 3), np.float32))

    assert (found.digits, found.ulps, found.difference) == (7.22, 0, 0)


def test_the_agreement_with_a_nan_has_no_digit_and_no_count_of_ulps():
    found = agreement(np.array([1.0, math.nan]), np.array([1.0, 2.0]))

    assert (found.digits, found.ulps, found.worst) == (0, -1, (1,))
    assert math.isnan(found.difference)


def test_tensors_of_different_shapes_have_no_agreement():
    with pytest.raises(ValueError, match="can't be compared"):
        agreement(np.zeros((2, 3)), np.zeros((3, 2)))


def test_the_losses_of_one_engine_alone_share_nothing():
    assert loss_digits({"a": of(np.float64, 0.5)}, {"a": "float64"}) is None
    assert loss_digits({}, {}) is None


def test_the_losses_of_several_engines_share_the_fewest_digits_epoch_by_epoch():
    losses = {"a": of(np.float64, 1.0, 0.5), "b": of(np.float64, 0.99, 0.5), "c": of(np.float64, 0.9, 0.5)}
    shared = loss_digits(losses, dict.fromkeys(losses, "float64"))
    assert shared == pytest.approx([1, 15.95], abs=1e-12)  # 0.9 is a few roundings from 1 − 0.1
    precisions = {"a": "float64", "b": "float32", "c": "float64"}
    assert loss_digits(losses, precisions)[1] == 7.22
