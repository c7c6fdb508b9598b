"""A series in columns: nothing that stands in it is lost, however many values a column has."""

import math
from array import array

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.pictures.extremes import BLOCK, Extremes, column_edges

NAN, INF = math.nan, math.inf
MILLION = 1_000_000


def drawn(values, columns, first=0, last=None):
    series = array("d", values)
    return Extremes().columns(series, column_edges(first, len(series) if last is None else last, columns))


def test_a_spike_of_one_epoch_in_a_million_is_as_high_as_it_was():
    values = np.full(MILLION, 0.5)
    values[654_321] = 40.0
    values[123_456] = 1e-9
    columns = drawn(values, 140)
    spike, dip = (int(np.searchsorted(columns.edges, at, "right")) - 1 for at in (654_321, 123_456))

    assert columns.largest[spike] == 40.0
    assert columns.least[dip] == columns.least_positive[dip] == 1e-9
    assert np.delete(columns.largest, spike).max() == 0.5
    assert np.delete(columns.least, dip).min() == 0.5


def test_one_nan_in_a_million_is_a_mark_and_changes_no_number():
    values = np.full(MILLION, 0.5)
    values[777_777] = NAN
    columns = drawn(values, 140)
    at = int(np.searchsorted(columns.edges, 777_777, "right")) - 1

    assert list(np.flatnonzero(columns.broken)) == [at]
    assert columns.filled.all()
    assert (columns.least.min(), columns.largest.max()) == (0.5, 0.5)


losses = st.lists(st.sampled_from([NAN, INF, -INF, 0.0, -1.0, 0.25, 1.0, 3.5, 1e300]), min_size=1, max_size=40)


@given(losses, st.integers(1, 50), st.integers(1, 60))
def test_each_column_has_the_extremes_of_its_own_values(some, count, times):
    values = some * times * 7
    columns = drawn(values, count)
    assert (columns.edges[0], columns.edges[-1]) == (0, len(values))
    assert len(columns.least) <= count
    for i, (begin, end) in enumerate(zip(columns.edges, columns.edges[1:], strict=False)):
        finite = [each for each in values[begin:end] if math.isfinite(each)]
        assert end > begin
        assert columns.least[i] == min(finite, default=INF)
        assert columns.largest[i] == max(finite, default=-INF)
        assert columns.least_positive[i] == min((each for each in finite if each > 0), default=INF)
        assert columns.broken[i] == (len(finite) < end - begin)


@pytest.mark.parametrize("columns", [3, 140])
def test_what_was_summed_up_before_and_what_came_since_are_one_series(columns):
    numbers = np.random.default_rng(1).normal(size=100 * BLOCK + 77)
    series, extremes = array("d"), Extremes()
    for begin in range(0, len(numbers), 3333):
        series.extend(numbers[begin : begin + 3333])
        grown = extremes.columns(series, column_edges(0, len(series), columns))
        np.testing.assert_array_equal(grown.largest, drawn(series, columns).largest)
        np.testing.assert_array_equal(grown.least, drawn(series, columns).least)


def test_a_series_that_is_cut_and_goes_on_otherwise_shows_the_other_values():
    series, extremes = array("d", [1.0] * (20 * BLOCK)), Extremes()
    extremes.columns(series, column_edges(0, len(series), 4))
    del series[5 * BLOCK + 3 :]
    extremes.cut(5 * BLOCK + 3)
    series.extend([2.0] * (30 * BLOCK))
    columns = extremes.columns(series, column_edges(0, len(series), 7))

    assert columns.largest.tolist() == [1.0 if end <= 5 * BLOCK + 3 else 2.0 for end in columns.edges[1:]]


def test_a_part_that_is_seen_alone_is_of_that_part_alone():
    values = np.arange(10_000.0)
    columns = drawn(values, 50, first=100, last=300)
    assert (columns.least[0], columns.largest[-1]) == (100.0, 299.0)
    assert drawn(values, 10, first=3000, last=9000).least[0] == 3000 - 3000 % BLOCK


@pytest.mark.parametrize("length", [3, 999, 20 * BLOCK + 1, 50 * BLOCK])
def test_a_series_that_is_behind_fills_the_columns_that_it_has_reached(length):
    edges = column_edges(0, 60 * BLOCK, 30)
    columns = Extremes().columns(array("d", [1.0] * length), edges)

    assert columns.filled.tolist() == [begin < length for begin in edges[:-1]]


def test_nothing_is_drawn_of_nothing():
    assert not drawn([], 10).filled.any()
    assert column_edges(0, 3, 10).tolist() == [0, 1, 2, 3]
