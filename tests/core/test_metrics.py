"""Metrics beside the loss."""

import numpy as np
import pytest

from core.metrics import accuracy


def column(*values):
    return np.array(values, float)[:, None]


def test_one_output_says_class_one_above_one_half():
    assert accuracy(column(0.2, 0.5, 0.51, 3), column(0, 0, 0, 1)) == 0.75


def test_several_outputs_say_the_class_of_the_largest():
    prediction = np.array([[0.1, 0.7, 0.2], [0.5, 0.4, 0.1], [0.2, 0.3, 0.5]])

    assert accuracy(prediction, np.eye(3)[[1, 0, 0]]) == pytest.approx(2 / 3, abs=1e-15)


def test_a_prediction_that_is_no_number_is_wrong_whatever_was_wanted():
    assert accuracy(column(np.nan, 0), column(0, 0)) == 0.5
    assert accuracy(np.array([[np.nan, 0], [0, 1]]), np.array([[1, 0], [0, 1]])) == 0.5


def test_infinities_are_compared_as_numbers():
    assert accuracy(column(np.inf, -np.inf), column(1, 0)) == 1
