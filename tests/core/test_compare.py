"""Verdicts on pairs of files: dumps that can be computed again, and other people's."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.compare import Verdict, compare
from core.dat import dump_of, write
from core.dat.foreign import found_in, read_any
from core.dat.reading import Found, Reading, Tensor
from core.engines.autograd import Autograd
from core.engines.scratch import Scratch
from core.experiment_file import load, parse
from core.session import Session
from core.tensors import Quantity

CAMPAIGNS = Path(__file__).parents[1] / "campaigns"
BATCHED = 'name = "b"\nlayers = [2, 5, 1]\nbatch = 30\nactivation = "tanh"\n[optimizer]\nlr = 0.001\n[data]\nsource = "moons"\n'


def dumped(experiment, epochs=1, update=None):
    """Both engines' dumps, each as it would be read."""
    session = Session(experiment)
    for engine in (Scratch, Autograd):
        session.join(engine(experiment))
    session.advance(epochs)
    frame = session.frame_of(epochs, update)
    made = {name: dump_of(each, epochs, experiment) for name, each in frame.engines.items()}
    return tuple(Reading(name, (found_in(made[name]),)) for name in ("autograd", "scratch"))


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


def without_heads(reading):
    """The numbers alone, as an .npz would have them."""
    found = reading.epochs[0]
    return Reading(reading.path, (Found(found.gradients),))


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


# Dumps whose pass can be computed again


@pytest.mark.parametrize("name", ["notebook", "xor", "flowers", "digits"])
@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_both_engines_of_an_experiment_are_equal_within_rounding(name, precision):
    compared = compare(*dumped(load(name, [f"precision={precision}"])))

    assert compared.verdict in (Verdict.ROUNDING, Verdict.IDENTICAL)
    assert all(row.share is not None and row.share <= 1 for row in compared.pairs[0].rows)


def test_engines_of_different_precision_are_each_judged_by_their_own():
    compared = compare(*dumped(load("xor", ["engines.autograd.precision=float32"]), 5))

    assert compared.verdict is Verdict.ROUNDING


def test_the_last_batch_of_an_epoch_is_computed_again():
    compared = compare(*dumped(parse(BATCHED, "b"), 3))

    assert compared.verdict in (Verdict.ROUNDING, Verdict.IDENTICAL)
    assert "own pass" in compared.pairs[0].basis


def test_an_update_inside_an_epoch_is_computed_again():
    compared = compare(*dumped(parse(BATCHED, "b"), 2, update=1))

    assert "own pass" in compared.pairs[0].basis
    assert compared.verdict in (Verdict.ROUNDING, Verdict.IDENTICAL)


def test_every_gradient_times_a_half_is_told_as_that():
    torchs, mine = dumped(load("notebook"))

    compared = compare(torchs, all_gradients(mine, lambda each: each / 2))

    assert compared.verdict is Verdict.DIFFER
    assert "dL/dW3 first" in compared.line
    assert "B is further from the reference pass" in compared.line
    assert "every gradient is 0.5 × what the reference pass gives" in compared.line


def test_a_planted_mistake_is_told_even_where_the_runs_have_parted():
    experiment = load("notebook", ['engines.scratch.mistakes=["half-loss-gradient"]'])

    compared = compare(*dumped(experiment, 5))

    assert compared.verdict is Verdict.DIFFER
    assert "every gradient is 0.5 ×" in compared.line
    assert any("drifted apart" in remark for remark in compared.pairs[0].remarks)


def test_a_transposed_gradient_is_told_as_that():
    torchs, mine = dumped(load("notebook"))

    compared = compare(torchs, with_tensors(mine, dW2=lambda W: W.T))

    assert compared.verdict is Verdict.DIFFER
    assert "dL/dW2 first" in compared.line
    assert "dL/dW2 is transposed" in compared.line


def test_the_first_tensor_from_the_loss_downward_is_named():
    torchs, mine = dumped(load("notebook"))

    compared = compare(torchs, with_tensors(mine, dW1=lambda W: -W, db2=lambda b: b + 1))

    assert "dL/db2 first, from the loss downward (10 of 10 numbers), and one more" in compared.line


def test_one_element_off_by_a_thousandth_is_found_and_shown():
    torchs, mine = dumped(load("notebook"))

    def spoil(W):
        spoilt = W.copy()
        spoilt[3, 1] *= 1.001
        return spoilt

    row = next(row for row in compare(torchs, with_tensors(mine, dW1=spoil)).pairs[0].rows if row.name == "dL/dW1")

    assert (row.outside, row.worst) == (1, (3, 1))
    assert row.b == pytest.approx(row.a * 1.001, rel=1e-9)  # rounding is far smaller


def test_the_same_dump_twice_is_identical_without_a_remark():
    torchs, _ = dumped(load("notebook"))

    compared = compare(torchs, torchs)

    assert (compared.verdict, compared.pairs[0].remarks) == (Verdict.IDENTICAL, ())


def test_the_bits_of_another_engine_are_remarked_on():
    torchs, mine = dumped(load("notebook"))
    found, other = mine.epochs[0], torchs.epochs[0]
    copied = Reading("copy", (replace(found, tensors=other.tensors),))

    compared = compare(torchs, copied)

    assert compared.verdict is Verdict.IDENTICAL
    assert "every one of 151 numbers matches to the last bit" in compared.pairs[0].remarks[0]


def test_two_that_are_wrong_alike_are_equal_and_that_is_told():
    torchs, mine = dumped(load("notebook"))
    half = [all_gradients(each, lambda values: values / 2) for each in (torchs, mine)]

    compared = compare(*half)

    assert compared.verdict.equal
    assert "neither is right: dL/dW3" in compared.pairs[0].remarks[0]


def test_gradients_that_are_all_zero_say_nothing():
    torchs, mine = dumped(load("notebook"))

    compared = compare(*(without_heads(all_gradients(each, lambda values: values * 0)) for each in (torchs, mine)))

    assert (compared.verdict, compared.verdict.status) == (Verdict.NOTHING, 3)
    assert "all 151 gradients are 0 in both" in compared.line


def test_gradients_at_rounding_level_say_nothing():
    compared = compare(*dumped(load("notebook"), 20))

    assert compared.verdict is Verdict.NOTHING
    assert "at rounding level, where an error of 0.1 % could not be seen" in compared.line


# What heads say


@pytest.mark.parametrize(
    ("settings", "epochs", "verdict", "said"),
    [
        (["seed=5", "init.law=torch"], 1, Verdict.EXPERIMENTS, "seed 4 and 5"),
        (["init.law=unit"], 1, Verdict.RUNS, "started from other parameters"),
        ([], 2, Verdict.EPOCHS, "the heads say 1 and 2"),
        (["activation=tanh"], 1, Verdict.EXPERIMENTS, "network 2-10-10-1 sigmoid identity and 2-10-10-1 tanh identity"),
        (["optimizer.lr=0.2"], 1, Verdict.EXPERIMENTS, "optimizer"),
        (["epochs=99", "name=other"], 1, Verdict.ROUNDING, "equal within rounding"),
    ],
)
def test_heads_tell_what_can_not_be_compared(settings, epochs, verdict, said):
    _, mine = dumped(load("notebook"))
    torchs, _ = dumped(load("notebook", settings), epochs)

    compared = compare(mine, torchs)

    assert compared.verdict is verdict
    assert said in compared.line


def test_a_change_that_comes_later_makes_no_other_experiment():
    changed = parse('[[change]]\nepoch = 9\nset = {"optimizer.lr" = 0.5}\n', "x")

    assert compare(dumped(parse("", "x"))[0], dumped(changed)[1]).verdict is Verdict.ROUNDING


# Where bounds can't be derived


def test_a_dump_of_an_earlier_version_is_judged_by_its_digits():
    torchs, mine = (
        Reading("f", (replace(each.epochs[0], dump=replace(each.epochs[0].dump, settings=None)),))
        for each in dumped(load("notebook"))
    )

    pair = compare(torchs, mine).pairs[0]

    assert pair.verdict is Verdict.ROUNDING
    assert "what rounding in float64 could do at such sizes" in pair.basis
    assert "no bounds can be derived for A: its head carries no experiment" in pair.remarks[0]


def test_a_data_file_that_changed_is_told(tmp_path):
    (tmp_path / "d.csv").write_text("x1,x2,y\n1,2,3\n2,3,4\n")
    pair = dumped(parse('hidden = [2]\n[data]\nfile = "d.csv"\n', "mine", tmp_path))
    assert "own pass" in compare(*pair).pairs[0].basis
    (tmp_path / "d.csv").write_text("x1,x2,y\n1,2,3\n2,3,5\n")

    remarks = compare(*pair).pairs[0].remarks

    assert "no bounds can be derived for A: its data file d.csv holds something else by now" in remarks


def test_a_foreign_file_is_judged_by_the_bounds_of_the_dump_beside_it():
    torchs, mine = dumped(load("notebook"))

    right = compare(torchs, without_heads(mine))
    wrong = compare(torchs, without_heads(all_gradients(mine, lambda each: each * 2)))

    assert right.verdict is Verdict.ROUNDING
    assert "the rounding bounds of A's pass" in right.pairs[0].basis
    assert wrong.verdict is Verdict.DIFFER
    assert "every gradient is 2 × A's" in wrong.line


# Other people's files


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


# In files, and in numbers


def test_dumps_are_compared_as_files(tmp_path):
    torchs, mine = dumped(load("xor"))
    for name, reading in (("a", torchs), ("b", mine)):
        write(tmp_path / name, reading.epochs[0].dump)

    assert compare(read_any(tmp_path / "a"), read_any(tmp_path / "b")).verdict is Verdict.ROUNDING


def test_quantities_beside_the_gradients_do_not_matter(tmp_path):
    experiment = load("xor")
    session = Session(experiment)
    session.join(Scratch(experiment))
    session.advance()
    frame = session.frame().engines["scratch"]
    write(tmp_path / "a", dump_of(frame, 1, experiment, tuple(Quantity)))
    write(tmp_path / "b", dump_of(frame, 1, experiment))

    assert compare(read_any(tmp_path / "a"), read_any(tmp_path / "b")).verdict is Verdict.IDENTICAL


@pytest.mark.parametrize(("campaign", "count"), [("compare", 40), ("foreign", 300)])
def test_a_short_campaign_finds_nothing(campaign, count):
    done = subprocess.run(
        [sys.executable, str(CAMPAIGNS / f"{campaign}.py"), "--count", str(count), "--seed", "3"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert done.returncode == 0, done.stdout + done.stderr
