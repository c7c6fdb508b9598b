"""What is said of a tensor that nothing explains: in the rows, columns and shapes of the file that returned it."""

import numpy as np
import pytest

from core.doctor.facts import facts

RIGHT = np.random.default_rng(5).uniform(1, 2, (3, 4))
"""dL/dW of a layer of three units with four inputs, of shape (outputs, inputs)."""
OURS, THEIRS = "outputs, inputs", "inputs, outputs"


def changed(at, by=2.0):
    value = RIGHT.copy()
    value[at] *= by
    return value


@pytest.mark.parametrize(("layout", "place"), [(OURS, "[2, 0]"), (THEIRS, "[0, 2]")])
def test_the_worst_elements_have_the_files_own_indices(layout, place):
    told = facts("dL/dW1", changed((2, 0), 7.0), RIGHT, layout)

    assert told[-1].startswith(f"Worst elements of dL/dW1: {place} ")


@pytest.mark.parametrize(("layout", "line"), [(OURS, "row"), (THEIRS, "column")])
def test_a_constant_ratio_in_each_unit_is_one_in_each_row_or_column(layout, line):
    told = facts("dL/dW1", RIGHT * np.array([[1.5], [2.0], [3.0]]), RIGHT, layout)

    assert f"dL/dW1 has a constant ratio to the right one in each {line}, which is a unit of its layer." in told


@pytest.mark.parametrize(("layout", "line"), [(OURS, "column"), (THEIRS, "row")])
def test_a_constant_ratio_in_each_input_is_one_in_the_other(layout, line):
    told = facts("dL/dW1", RIGHT * np.array([1.5, 2.0, 3.0, 4.0]), RIGHT, layout)

    assert f"dL/dW1 has a constant ratio to the right one in each {line}, which is an input of its layer." in told


@pytest.mark.parametrize("layout", [OURS, THEIRS])
def test_units_that_are_right_are_counted_alike_in_both_layouts(layout):
    told = facts("dL/dW1", changed(1), RIGHT, layout)

    assert "dL/dW1 is right for 2 of 3 units; wrong for 1." in told


@pytest.mark.parametrize(("layout", "shapes"), [(OURS, ("(4, 3)", "(3, 4)")), (THEIRS, ("(3, 4)", "(4, 3)"))])
def test_shapes_are_those_of_the_files_own_arrays(layout, shapes):
    told = facts("dL/dW1", RIGHT.T, RIGHT, layout)

    assert told == [f"dL/dW1 has shape {shapes[0]}, where {shapes[1]} is right: transposed, with the right numbers."]


@pytest.mark.parametrize("layout", [OURS, THEIRS])
def test_biases_have_one_layout(layout):
    told = facts("dL/db1", RIGHT, RIGHT[0], layout)

    assert told == ["dL/db1 has shape (3, 4), where (4,) is right."]


def test_of_a_loss_its_two_numbers_are_told():
    assert facts("loss", np.array(0.123), np.array(0.456), OURS) == ["loss is 0.123 for 0.456."]
    assert facts("loss", np.array(np.nan), np.array(0.456), OURS) == ["loss is nan for 0.456."]


def test_whole_numbers_are_not_taken_for_half_precision():
    told = facts("dL/db1", np.array([1.0, 0.0, -2.0]), np.array([1.3, 0.2, -2.4]), OURS)

    assert told[0] == "Every element of dL/db1 is a whole number: it is rounded, or kept in an array of integers."
    assert not any("float16" in text for text in told)
