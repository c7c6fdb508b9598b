"""`mlp-tui check`, `new`, `mistakes` and `train --plant`, and `check` once for each verdict in a process of its own."""

import json
import subprocess
import sys

import pytest

from core.doctor.findings import Row
from core.doctor.words import share_words

PATIENCE = 60
MINE = """
import numpy as np

def gradients(x, y, weights, biases):
    a = [x]
    for k in range(len(weights)):
        z = a[k] @ weights[k] + biases[k]
        a.append(1 / (1 + np.exp(-z)) if k < len(weights) - 1 else z)
    dW, db = [], []
    d = 2 * (a[-1] - y)
    for k in reversed(range(len(weights))):
        dW.insert(0, a[k].T @ d)
        db.insert(0, d.sum(axis=0))
        d = d @ weights[k].T * a[k] * (1 - a[k])
    return np.sum((a[-1] - y) ** 2), dW, db
"""


@pytest.fixture
def mine(tmp_path):
    def write(*changes):
        text = MINE
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "mine.py"
        path.write_text(text, "utf-8")
        return path

    return write


@pytest.fixture
def checked(mlp_tui):
    """Return a function that checks a file; it returns the status and what `--json` says."""

    def check(path, *words):
        done = mlp_tui("check", path, "--json", *words)
        assert done.stderr == ""
        (line,) = done.stdout.splitlines()
        return done.returncode, json.loads(line, parse_constant=pytest.fail)

    return check


def test_a_right_pass_is_told_in_the_first_line_with_status_0(mlp_tui_process, mine):
    done = mlp_tui_process("check", mine())

    assert (done.returncode, done.stderr) == (0, "")
    verdict, network, assumed, _, _, *rows = done.stdout.splitlines()
    assert verdict == "mine.py is right: all seven quantities agree within rounding on every probe."
    assert network == "Checked as 2-10-10-1 sigmoid identity · sse, W of shape (inputs, outputs)"
    assert assumed == "(the notebook's network and loss: the file names none)"
    assert [row.split()[:2] for row in rows] == [
        ["✓", name] for name in ("loss", "dL/dW3", "dL/db3", "dL/dW2", "dL/db2", "dL/dW1", "dL/db1")
    ]


def test_a_wrong_one_is_told_with_its_mistake_and_status_1(mlp_tui_process, mine):
    done = mlp_tui_process("check", mine(("2 * (a[-1] - y)", "a[-1] - y")))

    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("mine.py is wrong: half-loss-gradient in layer 3.\n")
    assert "it should be  δ_3 = 2(ŷ − y) ⊙ f_3′(z_3)" in done.stdout
    assert "loss is right. With that one change all seven quantities agree within rounding." in done.stdout


@pytest.mark.parametrize(
    ("changes", "transposed"),
    [
        ([("a[k].T @ d", "-a[k].T @ d")], "a_1ᵀ δ_2"),
        (
            [
                ("import numpy as np", "import numpy as np\nlayout = 'outputs, inputs'"),
                ("@ weights[k] +", "@ weights[k].T +"),
                ("d @ weights[k].T", "d @ weights[k]"),
                ("a[k].T @ d", "-d.T @ a[k]"),
            ],
            "δ_2ᵀ a_1",
        ),
    ],
    ids=["inputs, outputs", "outputs, inputs"],
)
def test_the_equations_are_those_of_weights_that_lie_as_the_files_do(mlp_tui, mine, changes, transposed):
    told = mlp_tui("check", mine(*changes)).stdout

    assert f"  it is         dL/dW_2 = −{transposed}\n" in told
    assert f"  it should be  dL/dW_2 = {transposed}\n" in told


def test_json_tells_elements_by_the_files_own_rows_and_columns(checked, mine):
    _, told = checked(mine(("    return np", "    dW[0][1, 7] += 5\n    return np")))

    assert any(text.startswith("Worst elements of dL/dW1: [1, 7] ") for text in told["remarks"])


@pytest.mark.parametrize(
    ("share", "text"), [(0.041, "0.041"), (7.4e13, "7.4e+13"), (7.2e306, ">1e+99"), (float("inf"), "nan or inf")]
)
def test_what_rounding_allows_is_told_as_far_as_a_number_says_anything(share, text):
    assert share_words(Row("dL/dW1", (), share)) == text


def test_json_is_one_object_that_names_the_mistake_its_layer_and_tensor(checked, mine):
    status, told = checked(mine(("a[k] * (1 - a[k])", "(a[k] > 0)")))

    assert status == 1
    assert (told["verdict"], told["first_wrong"], told["error"]) == ("wrong", "dL/dz2", None)
    assert [(each["layer"], each["tensor"]) for each in told["mistakes"]] == [(2, "dL/dz2"), (1, "dL/dz1")]
    assert set(told) == {
        "verdict",
        "checked_as",
        "first_wrong",
        "mistakes",
        "alternatives",
        "remarks",
        "error",
        "output",
    }


@pytest.mark.parametrize(
    ("changes", "words", "said"),
    [
        ([("2 * (a", "1 / 0 * (a")], [], "ZeroDivisionError"),
        ([("    a = [x]", "    while True: pass")], ["--time", "0.5"], "took longer than the 0.5 s"),
        ([("    a = [x]", "    np.ones(10**9)\n    a = [x]")], ["--memory", "500M"], "ran out of the memory"),
    ],
)
def test_what_can_not_be_run_has_status_2_and_the_users_own_lines(checked, mine, changes, words, said):
    status, told = checked(mine(*changes), *words)

    assert (status, told["verdict"], told["mistakes"]) == (2, "cannot run", [])
    assert said in told["error"]["what"]
    assert all(line.startswith("mine.py, line") for line in told["error"]["lines"])


def test_what_can_not_be_told_has_status_3(checked, mine):
    status, told = checked(mine(("2 * (a[-1] - y)", "np.random.default_rng().normal() * (a[-1] - y)")))

    assert (status, told["verdict"]) == (3, "cannot tell")


def test_what_it_prints_is_shown_with_nothing_that_a_terminal_obeys(mlp_tui, mine):
    done = mlp_tui("check", mine(("    a = [x]", "    print('\\x1b[31m[bold]here')\n    a = [x]")))

    assert done.returncode == 0
    assert "What mine.py printed:\n  �[31m[bold]here" in done.stdout


def test_of_much_that_it_prints_the_last_lines_are_shown_and_the_others_counted(mlp_tui, checked, mine):
    path = mine(("import numpy as np\n", "import numpy as np\nprint(*range(50), sep='\\n')\n"))

    shown = mlp_tui("check", path).stdout.partition("What mine.py printed:\n")[2].splitlines()

    count = len(checked(path)[1]["output"].splitlines()) - 20
    assert shown == [f"  … {count} lines before", *(f"  {number}" for number in range(30, 50))]


@pytest.mark.parametrize(
    ("said", "lines"),
    [
        (
            "loss = 'SSE'\nactivation = 'Logistic'",
            ["2-10-10-1 sigmoid identity", "(layers and output are the notebook's: the file names none)"],
        ),
        (
            "layers = [{}]\noutput = 'linear'\nactivation = 'sigmoid'\nloss = 'sse'",
            ["2-10-10-1 sigmoid identity", "(layers are the notebook's: the file's own are no list of widths)"],
        ),
        ("layers = [2, 3, 1]\noutput = 'linear'\nactivation = 'sigmoid'\nloss = 'sse'", ["2-3-1 sigmoid identity"]),
        ("experiment = 'notebook'", ["2-10-10-1 sigmoid identity"]),
    ],
)
def test_what_it_is_checked_as_is_told_and_what_of_that_the_file_does_not_say(checked, mine, said, lines):
    status, told = checked(mine(("import numpy as np\n", f"import numpy as np\n{said}\n")))

    assert status == 0
    assert told["checked_as"] == [f"Checked as {lines[0]} · sse, W of shape (inputs, outputs)", *lines[1:]]


def test_a_file_that_can_not_be_run_is_told_what_it_was_checked_as_if_it_could_be_loaded(checked, mine):
    assert checked(mine(("    return", "    return 1,")))[1]["checked_as"][1].startswith("(the notebook's network")
    assert checked(mine(("import numpy", "import nothing_of_the_kind")))[1]["checked_as"] == []


@pytest.mark.parametrize(
    "words", [["--memory", "2X"], ["--memory", "1K"], ["--time", "0"], ["--experiment", "none-such"]]
)
def test_words_that_mean_nothing_are_refused_in_a_line(mlp_tui, mine, words):
    done = mlp_tui("check", mine(), *words)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("mlp-tui: ")
    assert done.stderr.count("\n") == 1


def test_an_experiment_is_checked_in_the_place_of_the_notebook(checked, mine, tmp_path):
    (tmp_path / "other.toml").write_text('layers = [2, 3, 2]\nactivation = "tanh"\n[data]\nsource = "moons"\n', "utf-8")

    status, told = checked(
        mine(("1 / (1 + np.exp(-z))", "np.tanh(z)"), ("a[k] * (1 - a[k])", "(1 - a[k] ** 2)")),
        "--experiment",
        tmp_path / "other.toml",
    )

    assert (status, told["remarks"]) == (0, [])


def test_a_new_file_is_written_once_and_can_be_checked(mlp_tui, checked, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    first, second = (mlp_tui("new", "mine.py") for _ in range(2))

    assert (first.returncode, first.stderr) == (0, "")
    assert (second.returncode, second.stdout) == (2, "")
    assert "already there" in second.stderr
    status, told = checked(tmp_path / "mine.py")
    assert (status, [each["name"] for each in told["mistakes"]]) == (1, ["gradients-zero"])


def test_a_class_can_be_begun_with(mlp_tui, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    mlp_tui("new", "mine.py", "--from-class")

    assert "class Network" in (tmp_path / "mine.py").read_text("utf-8")


def test_the_catalogue_is_listed_with_its_equations(mlp_tui):
    done = mlp_tui("mistakes")

    assert done.returncode == 0
    assert done.stdout.startswith("Here W and dL/dW have shape (outputs, inputs)")
    names = [line for line in done.stdout.splitlines() if line and not line.startswith(" ")]
    assert {
        "half-loss-gradient",
        "derivative-at-activation",
        "derivative-left-out",
        "missing-transpose",
        "updated-too-early",
        "bias-first-row",
        "bias-averaged",
        "gradients-accumulated",
        "residual-broadcast",
        "wrong-sign",
    } <= set(names)
    assert "right  δ_k = (δ_k+1 W_k+1) ⊙ f_k′(z_k)" in done.stdout


def test_a_planted_mistake_changes_what_scratch_trains_and_what_autograd_does_not(mlp_tui):
    right, wrong = (
        [
            json.loads(line)["loss"]
            for line in mlp_tui("train", "--epochs", "2", "--json", *words).stdout.splitlines()[:2]
        ]
        for words in ([], ["--plant", "derivative-at-activation@2"])
    )

    assert wrong[0] == right[0]
    assert wrong[1]["autograd"] == right[1]["autograd"]
    assert wrong[1]["scratch"] != right[1]["scratch"]


@pytest.mark.parametrize(
    "text", ["derivative-at-activation@3", "gradients-accumulated", "bias-not-summed@1", "none-such"]
)
def test_a_mistake_that_can_not_be_planted_is_refused_in_a_line(mlp_tui, text):
    done = mlp_tui("train", "--plant", text)

    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert text in done.stderr


def test_a_check_loads_neither_torch_nor_a_screen(mine):
    program = (
        "import sys; from tui.cli import main; sys.argv = ['mlp-tui', 'check', sys.argv[1]]\n"
        "try: main()\n"
        "finally: print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, mine()], capture_output=True, text=True, check=False, timeout=PATIENCE
    )

    assert done.returncode == 0
    assert set(done.stderr.split()).isdisjoint({"torch", "textual"})
