"""`mlp-tui explain`: a number with all that it is made of, for people and for programs."""

import re
from decimal import Decimal

import pytest

SMALL = ["--set", "layers=[2, 3, 1]", "--set", "epochs=3"]
RIGHT = """
import numpy as np

layers, activation, output, loss = [2, 3, 1], "tanh", "identity", "sse"

def gradients(x, y, weights, biases):
    a = [x]
    for k in range(len(weights)):
        z = a[-1] @ weights[k] + biases[k]
        a.append(np.tanh(z) if k < len(weights) - 1 else z)
    d, dW, db, deltas = 2 * (a[-1] - y), [], [], []
    for k in reversed(range(len(weights))):
        deltas.insert(0, d)
        dW.insert(0, a[k].T @ d)
        db.insert(0, d.sum(axis=0))
        if k:
            d = d @ weights[k].T * (1 - a[k] ** 2)
    return np.sum((a[-1] - y) ** 2), dW, db
"""
HALF = RIGHT.replace("deltas = 2 * (", "deltas = 1 * (")
TELLS_ALL = HALF.replace("dW, db\n", 'dW, db, {"a": a, "delta": deltas}\n')


@pytest.fixture
def mine(tmp_path):
    """Return a function that writes a file."""

    def write(text):
        (tmp_path / "mine.py").write_text(text, "utf-8")
        return tmp_path / "mine.py"

    return write


def columns(text):
    """Read the table: its labels and numbers, the last line being the result."""
    lines = text.split("\n\n")[1].splitlines()[1:]
    return [re.split(r" {2,}", line) for line in lines]


def test_a_sum_is_printed_with_its_terms_and_closes_to_the_last_digit(mlp_tui):
    done = mlp_tui("explain", "z2[0,0]", *SMALL, "--epoch", "2")

    assert done.stdout.startswith("notebook, epoch 2\nz2[0,0] = Σⱼ a1[0,j]·W2[0,j] + b2[0]\n")
    *terms, result = columns(done.stdout)
    assert [label for label, *_ in terms][-1] == "rounding"
    assert len(terms) == 5  # three inputs, a bias, and rounding
    for engine in (1, 2):
        assert sum(Decimal(each[engine]) for each in terms) == Decimal(result[engine])


def test_the_first_epoch_is_meant_unless_another_is_asked_for(mlp_tui):
    assert "notebook, epoch 1\n" in mlp_tui("explain", "dL/dW1[0,0]", *SMALL).stdout


def test_what_is_left_out_of_a_sum_is_counted(mlp_tui):
    assert "2 more terms" in mlp_tui("explain", "z2[0,0]", *SMALL, "--terms", "2").stdout


def test_a_tree_goes_as_deep_as_is_asked(mlp_tui):
    (shallow,) = mlp_tui("explain", "dL/dW1[1,0]", *SMALL, "--json").lines
    (deep,) = mlp_tui("explain", "dL/dW1[1,0]", *SMALL, "--depth", "3", "--json").lines
    text = mlp_tui("explain", "dL/dW1[1,0]", *SMALL, "--depth", "3").stdout

    assert all("explanation" not in each for each in shallow["operands"])
    delta = deep["operands"][0]["explanation"]
    assert (delta["address"], delta["operands"][0]["explanation"]["address"]) == ("dL/dz1[0,1]", "dL/dz2[0,0]")
    assert "├ dL/dz1[0,1] = (Σᵢ dL/dz2[0,i]·W2[i,1])·σ′(z1[0,1]) = " in text
    assert "│ ├ dL/dz2[0,0] = 2(a2[0,0] − y[0,0]) = " in text
    assert "└ x[0,0] = 0.96703" in text


def test_programs_get_the_same_numbers(mlp_tui):
    (told,) = mlp_tui("explain", "dL/dW1[1,0]", *SMALL, "--json").lines

    (term,) = told["terms"]
    for engine in ("scratch", "autograd"):
        whole = term["values"][engine] + told["left_out"][engine] + told["rounding"][engine]
        assert whole == pytest.approx(told["results"][engine], rel=1e-15)
        assert told["adds_up"][engine]
    assert told["used_by"] == ["update W1[1,0]", "next W1[1,0]"]


def test_an_update_inside_an_epoch_can_be_asked_for(mlp_tui):
    words = ["xor", "--set", "batch=2", "--json"]
    last, first = (mlp_tui("explain", "L", *words, *more).lines[0] for more in ([], ["--update", "1"]))

    assert (last["update"], first["update"]) == (None, 1)
    assert last["results"] != first["results"]
    assert "has no update 9" in mlp_tui("explain", "L", *words, "--update", "9").refusal


def test_a_file_of_ones_own_is_explained_beside_the_engines(mlp_tui, mine):
    right = mlp_tui("explain", "dL/dW1[1,0]", "--mine", mine(RIGHT)).stdout
    wrong = mlp_tui("explain", "dL/dW1[1,0]", "--mine", mine(HALF), "--depth", "2").stdout

    assert "yours    = " in right
    assert "✗" not in right
    assert "dL/dz1[0,1] = (Σᵢ dL/dz2[0,i]·W2[i,1])·tanh′(z1[0,1])" in wrong
    assert re.search(r"✗ the formula gives \S+; your file returned \S+: that is not rounding .*, ratio 0\.5\.", wrong)
    assert re.search(r"yours    = .* ≠ ", wrong)
    assert "yours: your file does not return dL/dz1: that is scratch's, at the same parameters." in wrong


def test_what_the_file_returns_besides_tells_where_the_mistake_is(mlp_tui, mine):
    told = mlp_tui("explain", "dL/dW1[1,0]", "--mine", mine(TELLS_ALL), "--depth", "9", "--json").lines[0]
    text = mlp_tui("explain", "dL/dW1[1,0]", "--mine", mine(TELLS_ALL), "--depth", "9").stdout

    assert told["adds_up"]["yours"]
    (to_yours,) = [each for each in told["differences"] if "yours" in each["engines"]]
    assert to_yours["path"] == ["dL/dW1[1,0]", "dL/dz1[0,1]", "dL/dz2[0,0]"]
    assert re.search(r"│ ✗ the formula gives .* ratio 0\.5", text)


def test_on_its_own_path_its_parameters_are_its_own(mlp_tui, mine):
    words = ["explain", "W1[0,0]", "--mine", mine(HALF), "--epoch", "3", "--json"]
    at_scratch, own = (mlp_tui(*words, *more).lines[0]["results"] for more in ([], ["--own-path"]))

    assert at_scratch["yours"] == at_scratch["scratch"] == own["scratch"] != own["yours"]


def test_a_run_that_has_left_the_finite_numbers_is_told_all_the_same(mlp_tui):
    done = mlp_tui("explain", "z2[0,0]", *SMALL, "--set", "optimizer.lr=1e200", "--epoch", "3")

    assert done.returncode == 0
    assert "nan" in done.stdout or "inf" in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["W9[0,0]"], "'W9[0,0]' names no number; expected such as"),
        (["z1[0,9]"], "z1[0,9] names no number; expected z1[0,0] to z1[0,2]"),
        (["dL/dW1[0,0]", "--epoch", "0"], "is not known at epoch 0"),
        (["dL/dW1[0,0]", "--own-path"], "--own-path is said of a file of your own; expected --mine FILE"),
        (["dL/dW1[0,0]", "--mine", "none.py"], "none.py: can't be read: no such file"),
    ],
)
def test_what_can_not_be_explained_is_refused_in_one_line(mlp_tui, words, said):
    assert said in mlp_tui("explain", *words, *SMALL).refusal


def test_a_file_for_another_network_is_refused(mlp_tui, mine):
    assert "is for 2-3-1 tanh" in mlp_tui("explain", "L", "xor", "--mine", mine(RIGHT)).refusal


def test_a_saved_run_is_explained_at_its_last_epoch(mlp_tui, tmp_path):
    run = tmp_path / "run.safetensors"
    mlp_tui("train", *SMALL, "--save", run)

    assert mlp_tui("explain", "L", "--resume", run, "--json").lines[0]["epoch"] == 3
    assert mlp_tui("explain", "L", "--resume", run, "--epoch", "2", "--json").lines[0]["epoch"] == 2


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("ŷ[1,0]", "a2[1,0]"),
        ("y\u0302[1,0]", "a2[1,0]"),
        ("δ1[0,2]", "dL/dz1[0,2]"),
        ("dL/dδ", None),
        ("y[0,0]", "y[0,0]"),
    ],
)
def test_an_address_is_read_as_the_screen_writes_it(mlp_tui, written, meant):
    done = mlp_tui("explain", written, "xor")
    if meant is None:
        assert "names no number" in done.refusal
    else:
        assert done.returncode == 0
        assert done.stdout.splitlines()[1].startswith(meant)
