"""Verdicts on other people's files, which are judged by their digits and sizes; files of several passes."""

from dataclasses import replace

import numpy as np
import pytest

from core.compare import Verdict, compare
from core.dat.foreign import read_any
from core.dat.reading import Found, Reading, Tensor


def with_tensors(reading, **changes):
    """The same reading with gradients changed by functions: `dW2=lambda W: W / 2`."""
    found = reading.epochs[0]
    tensors = dict(found.tensors)
    for name, change in changes.items():
        old = tensors[f"dL/{name}"]
        tensors[f"dL/{name}"] = Tensor(np.ascontiguousarray(change(old.values)), old.unit)
    return Reading(reading.path, (replace(found, tensors=tensors),))


def all_gradients(reading, change):
    return with_tensors(reading, **{name[3:]: change for name in reading.epochs[0].gradients})


def foreign(random, layers=(2, 4, 4, 1), scale=1.0):
    tensors = {}
    for k in range(1, len(layers)):
        for name, shape in ((f"dL/dW{k}", (layers[k], layers[k - 1])), (f"dL/db{k}", (layers[k],))):
            tensors[name] = Tensor(random.normal(size=shape) * scale, np.zeros(shape))
    return Reading("f", (Found(tensors),))


def as_text(reading, decimals, path):
    """Write a reading's gradients with so many decimals, and read them."""
    lines = []
    for name, each in reading.epochs[0].gradients.items():
        lines += [name, np.array2string(each.values, formatter={"float": lambda x: f"{x:.{decimals}f}"})]
    path.write_text("\n".join(lines), "utf-8")
    return read_any(path)


def test_files_that_print_the_same_are_equal_to_their_decimals(tmp_path):
    reading = foreign(np.random.default_rng(1))

    compared = compare(*(as_text(reading, 4, tmp_path / name) for name in "ab"))

    assert (compared.verdict, compared.line) == (Verdict.DIGITS, "equal to 4 decimals, all that the files print")
    assert any("fewer than 5 significant digits" in remark for remark in compared.pairs[0].remarks)


def test_one_last_place_apart_is_rounding(tmp_path):
    reading = foreign(np.random.default_rng(1))
    a, b = as_text(reading, 7, tmp_path / "a"), as_text(reading, 7, tmp_path / "b")
    values = b.epochs[0].tensors["dL/dW2"].values
    values[1, 2] += 1e-7

    compared = compare(a, b)

    assert compared.verdict is Verdict.DIGITS
    assert "1 of 37 numbers differs in its last printed place" in compared.pairs[0].remarks[0]


def test_two_last_places_apart_is_more_than_print(tmp_path):
    reading = foreign(np.random.default_rng(1))
    a, b = as_text(reading, 4, tmp_path / "a"), as_text(reading, 4, tmp_path / "b")
    b.epochs[0].tensors["dL/dW2"].values[1, 2] += 2e-4

    assert compare(a, b).verdict is Verdict.DIFFER


def test_too_few_digits_say_nothing(tmp_path):
    reading = foreign(np.random.default_rng(1), scale=1e-4)

    compared = compare(*(as_text(reading, 4, tmp_path / name) for name in "ab"))

    assert compared.verdict is Verdict.NOTHING
    assert "too few digits were printed" in compared.line


def test_unrelated_gradients_are_of_different_runs():
    compared = compare(foreign(np.random.default_rng(1)), foreign(np.random.default_rng(2)))

    assert compared.verdict is Verdict.RUNS
    assert "all 37 numbers differ" in compared.line


def test_gradients_a_million_times_smaller_are_of_different_runs():
    compared = compare(foreign(np.random.default_rng(1)), foreign(np.random.default_rng(2), scale=1e-6))

    assert compared.verdict is Verdict.RUNS
    assert "by factors around 1e+06" in compared.line


@pytest.mark.parametrize("factor", [0.5, 2, -1, 1 / 7])
def test_a_common_factor_is_a_difference_and_no_other_run(factor):
    a = foreign(np.random.default_rng(1))

    compared = compare(a, all_gradients(a, lambda each: each * factor))

    assert compared.verdict is Verdict.DIFFER
    assert f"every gradient is {factor:.6g} × A's" in compared.line


def test_a_difference_below_an_equal_output_layer_is_a_mistake():
    a = foreign(np.random.default_rng(1))
    noise = np.random.default_rng(2)

    compared = compare(a, with_tensors(a, dW1=lambda W: noise.normal(size=W.shape)))

    assert compared.verdict is Verdict.DIFFER
    assert "dL/dW1 first" in compared.line


def test_parameters_that_are_others_mean_different_runs():
    a, b = foreign(np.random.default_rng(1)), foreign(np.random.default_rng(1))
    b.epochs[0].tensors["dL/dW1"].values[0] *= 1.5
    for reading, weight in ((a, 1.0), (b, 1.2)):
        reading.epochs[0].tensors["W1"] = Tensor(np.full((4, 2), weight), np.zeros((4, 2)))

    compared = compare(a, b)

    assert compared.verdict is Verdict.RUNS
    assert "the parameters are others, by 0.17 of the largest" in compared.line


def test_five_digits_are_enough_where_no_more_is_asked_for():
    a = foreign(np.random.default_rng(1))
    b = all_gradients(a, lambda each: each * (1 + 3e-7 * np.random.default_rng(3).normal(size=each.shape)))

    assert compare(a, b).verdict is Verdict.DIGITS
    assert compare(a, b, digits=9).verdict is Verdict.DIFFER


def test_small_float32_gradients_that_part_by_their_rounding_say_nothing():
    a = foreign(np.random.default_rng(1), scale=1e-6)
    b = all_gradients(a, lambda each: each * 1.01)
    narrow = [all_gradients(each, lambda values: values.astype(np.float32)) for each in (a, b)]

    compared = compare(*narrow)

    assert compared.verdict is Verdict.NOTHING
    assert "at rounding level" in compared.line


def test_networks_of_other_widths_are_different_experiments():
    random = np.random.default_rng(1)

    compared = compare(foreign(random), foreign(random, (2, 5, 4, 1)))

    assert compared.verdict is Verdict.EXPERIMENTS
    assert "dL/dW2 is 4 × 4 in A and 4 × 5 in B" in compared.line


def test_a_square_weight_that_could_be_read_either_way_is_shown_both_ways(tmp_path):
    random = np.random.default_rng(1)
    W, b = random.normal(size=(3, 3)), random.normal(size=3)
    readings = []
    for name, each in (("a", W), ("b", W.T)):
        (tmp_path / name).write_text(f"dW1 {each.tolist()}\ndb1 {b.tolist()}\n")
        readings.append(read_any(tmp_path / name))

    pair = compare(*readings).pairs[0]

    assert pair.verdict is Verdict.DIFFER
    assert pair.other_way.verdict is Verdict.IDENTICAL
    assert "dL/dW1 is square: in B read as outputs × inputs; nothing in the file tells" in pair.remarks[-1]


# Several passes in a file


def epochs(*readings, numbers=None):
    found = [
        replace(each.epochs[0], label=f"epoch {number}", epoch=number if numbers else None)
        for number, each in zip(numbers or range(1, 9), readings, strict=False)
    ]
    return Reading("many", tuple(found))


def test_passes_are_put_together_by_their_epochs():
    first, second, third = (foreign(np.random.default_rng(seed)) for seed in (1, 2, 3))

    compared = compare(epochs(first, second, numbers=(1, 2)), epochs(second, third, numbers=(2, 3)))

    assert compared.verdict is Verdict.IDENTICAL
    assert [pair.labels for pair in compared.pairs] == [("epoch 2", "epoch 2")]
    assert "epoch 1, 3: in one of the files alone" in compared.remarks


def test_files_without_a_common_epoch_are_of_different_epochs():
    first, second = (foreign(np.random.default_rng(seed)) for seed in (1, 2))

    compared = compare(epochs(first, second, numbers=(1, 2)), epochs(first, second, numbers=(3, 4)))

    assert compared.verdict is Verdict.EPOCHS


def test_a_single_pass_is_compared_with_the_one_that_agrees_best():
    first, second = (foreign(np.random.default_rng(seed)) for seed in (1, 2))

    compared = compare(second, epochs(first, second))

    assert compared.verdict is Verdict.IDENTICAL
    assert "epoch 2 agrees best" in compared.pairs[0].remarks[-1]


def test_one_pass_that_differs_makes_two_files_differ():
    first, second = (foreign(np.random.default_rng(seed)) for seed in (1, 2))

    compared = compare(epochs(first, second), epochs(first, all_gradients(second, lambda each: each / 2)))

    assert compared.verdict is Verdict.DIFFER
    assert "(so 1 of 2 passes; this one is epoch 2)" in compared.line


def test_numbers_hidden_by_rounding_are_not_told_as_printed_too_short(tmp_path):
    gradients = np.array([[3e-13, -2e-13]]), np.array([5e-13])
    for name, digits in (("a.txt", "%.12e"), ("b.txt", "%.9e")):
        blocks = [
            f"dL/d{part}1\n{' '.join(digits % each for each in gradient.ravel())}"
            for part, gradient in zip("Wb", gradients, strict=True)
        ]
        (tmp_path / name).write_text("\n\n".join(blocks) + "\n\nW9 residue 1e3\n")

    said = compare(read_any(tmp_path / "a.txt"), read_any(tmp_path / "b.txt")).line

    assert "too few digits" not in said
