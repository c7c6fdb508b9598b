"""Verdicts on pairs of dumps: each side judged by the bounds of its own pass; heads; a dump beside other numbers."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.compare import Verdict, compare
from core.compare.elements import by_both_bounds
from core.dat import dump_of, write
from core.dat.foreign import found_in, read_any
from core.dat.reading import Found, Reading, Tensor
from core.engines.autograd import Autograd
from core.engines.scratch import Scratch
from core.experiment_file import load, parse
from core.rounding import Bounded
from core.session import Session
from core.tensors import Quantity

FOREIGN = Path(__file__).parents[1] / "campaigns" / "foreign.py"
BATCHED = 'layers = [2, 5, 1]\nbatch = 30\nactivation = "tanh"\n[optimizer]\nlr = 0.001\n[data]\nsource = "moons"\n'


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


def test_a_short_campaign_of_random_pairs_misses_no_mistake_and_invents_none(campaign):
    campaign("compare", "--count", 20, "--seed", 3)


def test_a_short_campaign_of_foreign_files_finds_nothing():
    done = subprocess.run(
        [sys.executable, str(FOREIGN), "--count", "300", "--seed", "3"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("moved", [-1.0, -0.99, -0.5, 0.0, 0.5, 1.0])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_number_that_is_a_thousandth_off_is_found_or_shows_nothing(moved, dtype):
    """However rounding has moved it before: by up to its bound, against the mistake or with it."""

    class OneBound:
        def __init__(self, bound):
            self.bounded = lambda _name: Bounded(np.ones(1), np.full(1, bound))

    found = 0
    for bound in np.geomspace(1e-5, 1e-2, 400):
        right = np.array([1 + moved * bound], dtype)
        a, b = Tensor(right, np.zeros(1)), Tensor(right * right.dtype.type(1.001), np.zeros(1))
        judged = by_both_bounds("dL/db1", a, b, (OneBound(bound),) * 2)
        assert judged.outside.all() or judged.unseen.all(), bound
        found += int(judged.outside.all())
    assert found > 100
