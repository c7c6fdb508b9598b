"""The doctor: right passes written in unusual ways are right, and mistakes are named where they were made."""

from pathlib import Path

import pytest

from core.doctor.check import Second
from core.doctor.diagnosis import Doctor
from core.doctor.sentences import FOLLOWS, LOSS_ALONE
from core.doctor.words import diagnosis_lines, verdict_line
from core.guest.template import FROM_CLASS, FUNCTION
from core.second_opinion import by_autograd

NOTEBOOK = Path(__file__).with_name("data").joinpath("notebook_pass.txt").read_text("utf-8")


COURSE = """
import numpy as np

layers, activation, output, loss, layout = [3, 4, 1], "tanh", "sigmoid", "bce", "outputs, inputs"

def gradients(x, y, weights, biases):
    X, Y, m = x.T, y.T, len(x)
    A1 = np.tanh(weights[0] @ X + biases[0][:, None])
    A2 = 1 / (1 + np.exp(-(weights[1] @ A1 + biases[1][:, None])))
    cost = -np.mean(Y * np.log(A2) + (1 - Y) * np.log(1 - A2))
    dZ2 = A2 - Y
    dW2 = dZ2 @ A1.T / m
    db2 = np.sum(dZ2, axis=1, keepdims=True) / m
    dZ1 = weights[1].T @ dZ2 * (1 - A1**2)
    dW1 = dZ1 @ X.T / m
    db1 = np.sum(dZ1, axis=1, keepdims=True) / m
    return cost, {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}
"""


MASKED_BY_INPUT = """
import numpy as np

layers, activation, output, loss = [6, 6, 6, 2], "relu", "identity", "mse"

def gradients(x, y, weights, biases):
    a = [x]
    for k in range(3):
        z = a[k] @ weights[k] + biases[k]
        a.append(np.maximum(z, 0) if k < 2 else z)
    d, dW, db = 2 * (a[3] - y) / y.size, [0] * 3, [0] * 3
    for k in (2, 1, 0):
        dW[k], db[k] = a[k].T @ d, d.sum(0)
        if k:
            d = d @ weights[k].T * (a[k - 1] > 0)
    return np.mean((a[3] - y) ** 2), dW, db
"""


def names(report):
    return [each.text for each in report.mistakes]


# Right in unusual ways

UNUSUAL = {
    "plain": [],
    "einsum": [("dW[k] = a[k].T @ d", "dW[k] = np.einsum('ni,no->io', a[k], d)")],
    "loops over samples": [
        ("dW[k] = a[k].T @ d", "dW[k] = sum(np.outer(one, other) for one, other in zip(a[k], d))"),
        ("db[k] = d.sum(axis=0)", "db[k] = sum(row for row in d)"),
    ],
    "column biases": [("db[k] = d.sum(axis=0)", "db[k] = d.sum(axis=0)[:, None]")],
    "lists": [("return loss, dW, db", "return float(loss), [g.tolist() for g in dW], tuple(g.tolist() for g in db)")],
    "the derivative at z": [("* a[k] * (1 - a[k])", "* sigmoid(zs[k - 1]) * (1 - sigmoid(zs[k - 1]))")],
    "the other layout": [
        ("import numpy as np", "import numpy as np\nlayout = 'outputs, inputs'"),
        ("weights[k] + biases", "weights[k].T + biases"),
        ("d @ weights[k].T", "d @ weights[k]"),
        ("a[k].T @ d", "d.T @ a[k]"),
    ],
    "float32 throughout": [
        ("    L = len", "    x, y = np.float32(x), np.float32(y)\n    weights = [np.float32(w) for w in weights]\n"
         "    biases = [np.float32(b) for b in biases]\n    L = len"),
    ],
    "tanh": [
        ("import numpy as np", "import numpy as np\nactivation = 'tanh'\nlayers = [3, 4, 5, 2]"),
        ("1 / (1 + np.exp(-z))", "np.tanh(z)"),
        ("* a[k] * (1 - a[k])", "* (1 - a[k] ** 2)"),
    ],
    "a cached mask of relu": [
        ("import numpy as np", "import numpy as np\nactivation = 'relu'"),
        ("1 / (1 + np.exp(-z))", "np.maximum(z, 0)"),
        ("* a[k] * (1 - a[k])", "* (a[k] > 0)"),
    ],
    "relu with the other derivative at 0": [
        ("import numpy as np", "import numpy as np\nactivation = 'relu'"),
        ("1 / (1 + np.exp(-z))", "np.maximum(z, 0)"),
        ("* a[k] * (1 - a[k])", "* (zs[k - 1] >= 0)"),
    ],
    "softmax and cross entropy, fused": [
        ("import numpy as np", "import numpy as np\nloss = 'cross_entropy'\nlayers = [2, 6, 3]\noutput = 'softmax'"),
        ("else zs[-1])", "else np.exp(zs[-1]) / np.exp(zs[-1]).sum(1, keepdims=True))"),
        ("np.sum((a[-1] - y) ** 2)", "-np.sum(y * np.log(a[-1])) / len(x)"),
        ("2 * (a[-1] - y)", "(a[-1] - y) / len(x)"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("changes", UNUSUAL.values(), ids=UNUSUAL)
def test_a_right_pass_is_right_however_it_is_written(checked, changes):
    report = checked(NOTEBOOK, *changes)

    assert (report.verdict, report.error, report.mistakes, report.first_wrong) == ("right", None, (), None)
    assert report.remarks == ()
    assert [row.name for row in report.rows][:3] == [
        "loss",
        f"dL/dW{len(report.rows) // 2}",
        f"dL/db{len(report.rows) // 2}",
    ]


def test_float64_with_the_errors_of_float32_is_right_with_a_remark(checked):
    report = checked(
        NOTEBOOK,
        ("    L = len", "    x, y = np.float32(x), np.float32(y)\n    weights = [np.float32(w) for w in weights]\n"
         "    biases = [np.float32(b) for b in biases]\n    L = len"),
        ("return loss, dW, db", "return float(loss), [np.float64(g) for g in dW], [np.float64(g) for g in db]"),
    )  # fmt: skip

    assert report.verdict == "right"
    assert "exact to float32 alone" in report.remarks[0]


# Mistakes, named

WRONG = {
    "half": ([("2 * (a[-1] - y)", "a[-1] - y")], ["half-loss-gradient@3"], "dL/dz3"),
    "σ′ at the activation, in a loop": (
        [("* a[k] * (1 - a[k])", "* sigmoid(a[k]) * (1 - sigmoid(a[k]))")],
        ["derivative-at-activation@2", "derivative-at-activation@1"],
        "dL/dz2",
    ),
    "σ′ at the activation, in one layer": (
        [("* a[k] * (1 - a[k])", "* (sigmoid(a[k]) * (1 - sigmoid(a[k])) if k == 1 else a[k] * (1 - a[k]))")],
        ["derivative-at-activation@1"],
        "dL/dz1",
    ),
    "a bias from the first row": ([("db[k] = d.sum(axis=0)", "db[k] = d[0]")],
        ["bias-first-row@3", "bias-first-row@2", "bias-first-row@1"], "dL/db3"),
    "biases averaged": ([("d.sum(axis=0)", "d.mean(axis=0)")],
        ["bias-averaged@3", "bias-averaged@2", "bias-averaged@1"], "dL/db3"),
    "a bias gradient with a row for each sample": (
        [("db[k] = d.sum(axis=0)", "db[k] = d if k == 1 else d.sum(axis=0)")],
        ["bias-not-summed@2"], "dL/db2"),
    "one number for all biases of a layer": (
        [("db[k] = d.sum(axis=0)", "db[k] = d.sum() if k == 1 else d.sum(axis=0)")],
        ["bias-summed-over-everything@2"], "dL/db2"),
    "biases summed over the units": (
        [("db[k] = d.sum(axis=0)", "db[k] = d.sum(axis=1) if k == 1 else d.sum(axis=0)")],
        ["bias-wrong-axis@2"], "dL/db2"),
    "y − ŷ": ([("2 * (a[-1] - y)", "2 * (y - a[-1])")], ["wrong-sign@3"], "dL/dz3"),
    "updated before δ goes down": (
        [("        if k:", "        weights = [*weights[:k], weights[k] - 0.1 * dW[k]]\n        if k:")],
        ["updated-too-early@2=0.1", "updated-too-early@1=0.1"],
        "dL/dz2",
    ),
    "with the learning rate that it takes": (
        [("weights, biases)", "weights, biases, lr=0.1)"),
         ("        if k:", "        weights = [*weights[:k], weights[k] - lr * dW[k]]\n        if k:")],
        ["updated-too-early@2", "updated-too-early@1"],
        "dL/dz2",
    ),
    "added to what was there": (
        [("import numpy as np", "import numpy as np\nkept = {}"),
         ("dW[k] = a[k].T @ d", "kept['W', k] = dW[k] = a[k].T @ d + kept.get(('W', k), 0)"),
         ("db[k] = d.sum(axis=0)", "kept['b', k] = db[k] = d.sum(axis=0) + kept.get(('b', k), 0)")],
        ["gradients-accumulated"],
        "dL/dz3",
    ),
    "two in different layers": (
        [("dW[k] = a[k].T @ d", "dW[k] = a[k].T @ d * (-1 if k == 2 else 1)"),
         ("* a[k] * (1 - a[k])", "* (1 if k == 1 else a[k] * (1 - a[k]))")],
        ["wrong-sign@3:dW", "derivative-left-out@1"],
        "dL/dW3",
    ),
    "a gradient the other way round": ([("dW[k] = a[k].T @ d", "dW[k] = d.T @ a[k] if k == 1 else a[k].T @ d")],
        ["missing-transpose@2:dW"], "dL/dW2"),
    "no backward pass": ([("d = 2 * (a[-1] - y)", "d = 0 * a[-1]")], ["gradients-zero"], "dL/dz3"),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "named", "first"), WRONG.values(), ids=WRONG)
def test_a_mistake_is_named_with_its_layer(checked, changes, named, first):
    report = checked(NOTEBOOK, *changes)

    assert (report.verdict, names(report), report.first_wrong) == ("wrong", named, first)
    assert report.explained
    assert report.alternatives == ()


def test_the_words_say_what_it_is_what_it_should_be_and_what_is_right(checked):
    report = checked(NOTEBOOK, *WRONG["σ′ at the activation, in one layer"][0])

    assert verdict_line(report, "mine.py") == "mine.py is wrong: derivative-at-activation in layer 1."
    assert diagnosis_lines(report) == [
        "Layer 1: the derivative is taken at the activation, f′(f(z)), not at z.",
        "  it is         δ_1 = ∂L/∂a_1 ⊙ f_1′(a_1)",
        "  it should be  δ_1 = ∂L/∂a_1 ⊙ f_1′(z_1)",
        "",
        "loss, dL/dW3, dL/db3, dL/dW2 and dL/db2 are right. "
        "With that one change all seven quantities agree within rounding.",
    ]


OTHER_LAYOUT = UNUSUAL["the other layout"]
AS_WRITTEN = {
    "the transpose left out": (
        [("d @ weights[k].T", "d @ (weights[k] if k == 1 else weights[k].T)")],
        "δ_1 = (δ_2 W_2) ⊙ f_1′(z_1)",
        "δ_1 = (δ_2 W_2ᵀ) ⊙ f_1′(z_1)",
    ),
    "a transpose too many": (
        [*OTHER_LAYOUT, ("d @ weights[k]", "d @ (weights[k].T if k == 1 else weights[k])")],
        "δ_1 = (δ_2 W_2ᵀ) ⊙ f_1′(z_1)",
        "δ_1 = (δ_2 W_2) ⊙ f_1′(z_1)",
    ),
    "an element of the gradient left out": (
        [("dW[k] = a[k].T @ d", "dW[k] = a[k].T @ d; dW[k][-1 if k == 1 else len(dW[k]):] = 0")],
        "the last row of dL/dW_2 is 0",
        "dL/dW_2 = a_1ᵀ δ_2",
    ),
    "the same in the other layout": (
        [*OTHER_LAYOUT, ("dW[k] = d.T @ a[k]", "dW[k] = d.T @ a[k]; dW[k][-1 if k == 1 else len(dW[k]):] = 0")],
        "the last row of dL/dW_2 is 0",
        "dL/dW_2 = δ_2ᵀ a_1",
    ),
}


@pytest.mark.parametrize(("changes", "is_", "should_be"), AS_WRITTEN.values(), ids=AS_WRITTEN)
def test_the_mathematics_is_that_of_weights_as_they_lie_in_the_file(checked, changes, is_, should_be):
    told = diagnosis_lines(checked(NOTEBOOK, *changes))

    assert told[1:3] == [f"  it is         {is_}", f"  it should be  {should_be}"]


@pytest.mark.parametrize(
    ("activation", "value", "prime"),
    [("sigmoid", "1 / (1 + np.exp(-z))", "a_2(1 − a_2)"), ("tanh", "np.tanh(z)", "1 − a_2²")],
)
def test_the_derivative_that_is_half_there_is_told_whole_of_the_layers_own_activation(
    checked, activation, value, prime
):
    own = ("import numpy as np", f"import numpy as np\nactivation = {activation!r}")
    report = checked(NOTEBOOK, own, ("1 / (1 + np.exp(-z))", value), ("* a[k] * (1 - a[k])", "* (1 - a[k])"))

    told = diagnosis_lines(report)
    assert "alone is there: 1 − a." in told[0]
    assert f"  it should be  δ_2 = ∂L/∂a_2 ⊙ f_2′(z_2); f_2′(z_2) = {prime}" in told


def test_what_no_mistake_explains_is_not_named_but_described(checked):
    report = checked(NOTEBOOK, ("* a[k] * (1 - a[k])", "* a[k] ** 3"))

    assert (report.verdict, report.mistakes, report.first_wrong) == ("wrong", (), "dL/dz2")
    assert "Worst elements of dL/dW2" in report.unexplained[-1]


@pytest.mark.parametrize("changes", [[], OTHER_LAYOUT], ids=["inputs, outputs", "outputs, inputs"])
def test_an_element_is_named_by_its_row_and_column_in_the_file(checked, changes):
    wrong = ("return loss", "dW[0][1, 0] += 5\n    return loss")

    told = checked(NOTEBOOK, *changes, wrong).unexplained

    assert told[-1].startswith("Worst elements of dL/dW1: [1, 0] ")


def test_facts_are_those_of_the_probe_that_shows_most(checked):
    """Where z is small, nothing comes through this mask; most does where the weights are large."""
    report = checked(
        NOTEBOOK,
        ("import numpy as np", "import numpy as np\nactivation = 'relu'"),
        ("1 / (1 + np.exp(-z))", "np.maximum(z, 0)"),
        ("* a[k] * (1 - a[k])", "* (zs[k - 1] > 1)"),
    )

    assert report.unexplained[0] == "On the probe “seven samples, large weights”:"
    assert "zero everywhere" not in " ".join(report.unexplained)


def test_another_loss_with_its_own_gradient_is_told_from_a_wrong_gradient(checked):
    report = checked(
        NOTEBOOK, ("np.sum((a[-1] - y) ** 2)", "np.sum((a[-1] - y) ** 2) / 2"), ("2 * (a[-1] - y)", "a[-1] - y")
    )

    assert names(report) == ["loss-factor@3=0.5", "half-loss-gradient@3"]
    assert report.right_for.words == "of 0.5 times the loss sse"
    assert verdict_line(report, "mine.py") == (
        "mine.py is wrong: a right backward pass, but of 0.5 times the loss sse."
    )
    assert report.remarks == (FOLLOWS,)
    assert diagnosis_lines(report) == []


def test_a_wrong_loss_alone_is_no_wrong_gradient(checked):
    report = checked(NOTEBOOK, ("np.sum((a[-1] - y) ** 2)", "np.mean((a[-1] - y) ** 2)"))

    assert report.first_wrong == "loss"
    assert LOSS_ALONE in report.remarks


def test_a_file_for_its_own_widths_alone_is_judged_there(checked):
    report = checked(
        NOTEBOOK,
        ("    L = len", "    assert x.shape[1] == 2 and weights[1].shape == (10, 10), 'mine alone'\n    L = len"),
    )

    assert report.verdict == "right"
    assert "its own widths alone (raised AssertionError: mine alone)" in report.remarks[0]
    assert "missing transpose" in report.remarks[0]


def test_a_file_for_one_sample_alone_is_judged_there(checked):
    report = checked(NOTEBOOK, ("    L = len", "    assert len(x) == 1\n    L = len"))

    assert report.verdict == "right"
    assert any("N = 1 alone" in remark and "can't be told apart" in remark for remark in report.remarks)


def test_a_file_that_changes_its_arguments_is_judged_and_told(checked):
    report = checked(NOTEBOOK, ("        if k:", "        weights[k] -= 0.1 * dW[k]\n        if k:"))

    assert names(report) == ["updated-too-early@2=0.1", "updated-too-early@1=0.1"]
    assert "It changes its arguments (W1, W2, W3)" in report.remarks[0]


def test_autograd_is_asked_where_that_is_wanted_and_agrees_with_the_judge(checked):
    report = checked(NOTEBOOK, second=Second(by_autograd, always=True))

    assert (report.verdict, report.remarks) == ("right", ("PyTorch's autograd agrees with what it is judged by.",))


def test_a_judge_that_is_contradicted_tells_nothing(checked):
    def contrary(given):
        return {name: 2 * each for name, each in by_autograd(given).items()}

    assert checked(NOTEBOOK, second=Second(contrary, always=True)).verdict == "cannot tell"


def test_a_wrong_gradient_that_is_not_its_losss_derivative_needs_no_second_opinion(checked):
    report = checked(NOTEBOOK, ("2 * (a[-1] - y)", "a[-1] - y"), second=Second(pytest.fail))

    assert names(report) == ["half-loss-gradient@3"]


def test_a_course_file_with_samples_in_columns_is_right_and_its_mistake_is_named(checked):
    assert checked(COURSE).verdict == "right"
    assert names(checked(COURSE, ("dW1 = dZ1 @ X.T / m", "dW1 = dZ1 @ X.T"))) == ["sum-for-mean@1:dW"]
    assert names(checked(COURSE, ("dZ2 = A2 - Y", "dZ2 = (A2 - Y) * A2 * (1 - A2)"))) == ["derivative-not-cancelled@2"]


@pytest.mark.parametrize(
    ("layers", "loss", "output"), [("[3, 4, 1]", "bce", "sigmoid"), ("[4, 4, 1]", "Binary_Crossentropy", "Logistic")]
)
def test_weights_are_turned_where_the_file_does_not_say_how_they_lie_and_works_with_one_shape_alone(
    checked, layers, loss, output
):
    said = ', layout = [3, 4, 1], "tanh", "sigmoid", "bce", "outputs, inputs"'

    report = checked(COURSE, (said, f' = {layers}, "tanh", "{output}", "{loss}"'))

    assert report.verdict == "right"
    assert report.checked_as[1:] == ('(it works with no other shape; let it say so: layout = "outputs, inputs")',)


def test_weights_are_not_turned_where_neither_shape_works(checked):
    report = checked(COURSE, (", layout", ""), (', "outputs, inputs"', ""), ("weights[1] @ A1", "np.eye(9) @ A1"))

    assert "matmul" in str(report.error)
    assert report.checked_as == ("Checked as 3-4-1 tanh sigmoid · bce, W of shape (inputs, outputs)",)


def test_pairs_below_what_gives_the_same_pass_are_looked_for_once(checked, monkeypatch):
    looked_for = []
    pairs = Doctor._pairs
    monkeypatch.setattr(Doctor, "_pairs", lambda self, *args: looked_for.append(args[0]) or pairs(self, *args))

    report = checked(MASKED_BY_INPUT)

    assert names(report) == ["derivative-of-wrong-layer@2:below"]
    assert len(looked_for) <= 4  # of 30 branches, twice: that pass alone, and whether it was rightly taken for right


def test_random_numbers_tell_nothing(checked):
    report = checked(NOTEBOOK, ("2 * (a[-1] - y)", "2 * (a[-1] - y) * np.random.default_rng().normal()"))

    assert report.verdict == "cannot tell"
    assert "other numbers" in report.remarks[0]


def test_a_file_that_can_be_called_once_alone_is_told_so(checked):
    report = checked(NOTEBOOK, ("    return loss", "    globals().clear()\n    return loss"))

    assert report.verdict == "right"
    assert report.remarks[0].startswith("It can be called once alone; a second call raised NameError")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("layers = [2, 3]\nloss = 'nonsense'\ndef gradients(*a): pass\n", "none of sse, mse, mae,"),
        ("layers = [2, 0]\ndef gradients(*a): pass\n", "no network"),
        ("layout = 'upside down'\ndef gradients(*a): pass\n", "layout"),
        ("def gradients(*a): pass\n", "returned None"),
        ("raise OSError('at import')\n", "at import"),
    ],
)
def test_what_can_not_be_run_is_told_in_a_sentence(checked, text, said):
    report = checked(text)

    assert report.verdict == "cannot run"
    assert said in str(report.error)


def test_a_z_that_is_returned_and_wrong_shows_that_it_begins_in_the_forward_pass(checked):
    report = checked(
        NOTEBOOK,
        ("zs.append(a[-1] @ weights[k] + biases[k])", "zs.append(a[-1] @ weights[k] + (biases[k] if k != 1 else 0))"),
        ("return loss, dW, db", "return loss, dW, db, {'z': zs, 'a': a}"),
    )

    assert report.verdict == "wrong"
    assert "z2, which it returned, is wrong: a mistake in the forward pass." in report.remarks


def test_half_precision_inside_is_told(checked):
    report = checked(NOTEBOOK, ("return loss, dW, db", "return loss, [np.float16(g) for g in dW], db"))

    assert (report.verdict, report.first_wrong, report.mistakes) == ("wrong", "dL/dW3", ())
    assert any("float16" in text for text in report.unexplained)


def test_nan_everywhere_is_named_after_no_mistake(checked):
    report = checked(
        NOTEBOOK, ("    return loss, dW, db", "    return loss, [g * np.nan for g in dW], [g * np.nan for g in db]")
    )

    assert (report.verdict, names(report), report.explained) == ("wrong", [], False)
    assert "10 of 10 elements that are nan or inf" in " ".join(report.unexplained)


@pytest.mark.filterwarnings("error")
def test_inf_is_wrong_without_a_warning(checked):
    report = checked(
        NOTEBOOK, ("    return loss, dW, db", "    return np.inf, [g * np.inf for g in dW], [g * np.inf for g in db]")
    )

    assert (report.verdict, names(report), report.first_wrong) == ("wrong", [], "loss")


def test_nan_is_wrong_and_told(checked):
    report = checked(NOTEBOOK, ("return loss, dW, db", "dW[1] = dW[1] * np.nan\n    return loss, dW, db"))

    assert (report.verdict, report.first_wrong, report.mistakes) == ("wrong", "dL/dW2", ())
    assert any("nan or inf" in text for text in report.unexplained)


# The files that are written to begin with

BACKWARD = """\
    delta = 2 * (a[-1] - y)
    for k in reversed(range(len(weights))):
        dW[k] = a[k].T @ delta
        db[k] = delta.sum(axis=0)
        delta = delta @ weights[k].T * a[k] * (1 - a[k])
"""
STEP = """\
        delta = 2 * (a[-1] - y)
        for k in reversed(range(len(self.weights))):
            dW, db = a[k].T @ delta, delta.sum(axis=0)
            delta = delta @ self.weights[k].T * a[k] * (1 - a[k])
            self.weights[k] -= self.learning_rate * dW
            self.biases[k] -= self.learning_rate * db
"""


def test_the_file_to_begin_with_has_all_but_the_backward_pass(checked):
    begun = checked(FUNCTION)
    finished = checked(FUNCTION, ("\n    return loss, dW, db", f"{BACKWARD}\n    return loss, dW, db"))

    assert names(begun) == ["gradients-zero"]
    assert finished.verdict == "right"


def test_a_class_that_trains_itself_can_be_wrapped(checked):
    report = checked(FROM_CLASS, ("        return loss\n", f"{STEP}        return loss\n"))

    assert (report.verdict, names(report)) == ("right", [])


# The campaign, in short


def test_mistakes_and_pairs_of_them_drawn_from_all_are_named_and_right_passes_are_right(campaign):
    counts = "--seeds 1 --singles 40 --pairs 9 --garbled 3 --right 15 --seed 3"

    assert "100.00 % of 40 as expected" in campaign("doctor", *counts.split())


def test_a_campaign_goes_on_where_it_was_cut_short(campaign, tmp_path):
    file = tmp_path / "results"
    others = [f"--{kind}=0" for kind in ("pairs", "garbled", "right")]
    begun = campaign("doctor", "--seeds=1", "--singles=3", *others, "--results", file)
    with file.open("a", encoding="utf-8") as cut_short:
        cut_short.write('[["one mis')
    ended = campaign("doctor", "--seeds=1", "--singles=5", *others, "--results", file)

    assert "% of 3 as expected" in begun
    assert "% of 5 as expected" in ended
    assert len(file.read_text("utf-8").splitlines()) == 1 + 5


def test_right_passes_of_every_kind_are_right(campaign):
    assert "WRONG      0" in campaign("right", "--passes", 90)
