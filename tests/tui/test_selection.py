"""What the screen looks at, as plain values."""

import pytest

from core.tensors import INPUT, TARGET, Quantity, TensorName, tensor_names
from tui.selection import Selection

DEPTH = 3


def walk(selection, step, times):
    seen = []
    for _ in range(times):
        seen.append(selection)
        selection = step(selection)
    return seen


def test_it_begins_at_the_gradient_of_the_first_weights():
    assert str(Selection().tensor) == "dL/dW1"


def test_the_six_quantities_come_round():
    seen = walk(Selection(), lambda each: each.next_quantity(DEPTH), 7)

    assert [each.quantity for each in seen] == [*Quantity, Quantity.GRADIENT]
    assert {each.layer for each in seen} == {1}


def test_the_biases_are_still_chosen_after_looking_at_units():
    seen = walk(Selection(part="b", layer=2), lambda each: each.next_quantity(DEPTH), 7)

    assert [str(each.tensor) for each in seen] == ["dL/db2", "b2", "update b2", "z2", "a2", "dL/dz2", "dL/db2"]


@pytest.mark.parametrize(("name", "layer"), [(INPUT, 1), (TARGET, DEPTH)])
def test_the_next_quantity_after_input_and_target_is_that_of_the_layer_beside_them(name, layer):
    assert Selection().of(name).next_quantity(DEPTH).tensor == TensorName(Quantity.DELTA, layer)


@pytest.mark.parametrize("quantity", Quantity)
def test_the_next_tensors_are_all_of_the_quantity_and_end_at_the_last(quantity):
    names = tensor_names(quantity, DEPTH)
    seen = walk(Selection().of(names[0]), lambda each: each.next_tensor(1, DEPTH), len(names) + 1)
    back = walk(seen[-1], lambda each: each.next_tensor(-1, DEPTH), len(names) + 1)

    assert [each.tensor for each in seen] == [*names, names[-1]]
    assert [each.tensor for each in back] == [*reversed(names), names[0]]


def test_the_engines_their_difference_and_their_digits_come_round():
    seen = walk(Selection(), lambda each: each.next_shown(("scratch", "autograd")), 6)

    assert [each.shown for each in seen] == ["scratch", "autograd", "difference", "digits", "share", "scratch"]


def test_choosing_a_cell_changes_nothing_else():
    before = Selection(Quantity.UPDATE, 2, "b", "digits")
    after = before.at(3, 4)

    assert (after.row, after.column) == (3, 4)
    assert after.at(0, 0) == before
