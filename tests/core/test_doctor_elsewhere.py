"""What is right, of something else; and what is right but where it overflows, or but for its last digits."""

from pathlib import Path

import pytest

from core.doctor.elsewhere import OF_ANOTHER
from core.doctor.sentences import (
    COARSE,
    COARSE_LOSS,
    CUT_OFF,
    DRAWS,
    FOLLOWS,
    KEEPS,
    LOSS_ALONE,
    NO_COPY,
    OVERFLOWS,
    SAY_SO,
)
from core.doctor.words import diagnosis_lines, share_words, verdict_line
from core.probes import LARGE_WEIGHTS

NOTEBOOK = Path(__file__).with_name("data").joinpath("notebook_pass.txt").read_text("utf-8")
TANH = [("1 / (1 + np.exp(-z))", "np.tanh(z)"), ("* a[k] * (1 - a[k])", "* (1 - a[k] ** 2)")]
MSE = [("np.sum((a[-1] - y) ** 2)", "np.mean((a[-1] - y) ** 2)"), ("2 * (a[-1] - y)", "2 * (a[-1] - y) / y.size")]
SIGMOID_LAST = [(" if k < L - 1 else zs[-1]", ""), ("2 * (a[-1] - y)", "2 * (a[-1] - y) * a[-1] * (1 - a[-1])")]
TANH_LAST = [(" if k < L - 1 else zs[-1]", ""), ("2 * (a[-1] - y)", "2 * (a[-1] - y) * (1 - a[-1] ** 2)")]
WIDE_RELU = [
    ("def gradients", "layers, activation = [20, 64, 64, 1], 'relu'\n\ndef gradients"),
    (
        "a.append(sigmoid(zs[-1]) if k < L - 1 else zs[-1])",
        "a.append(np.maximum(zs[-1], 0) if k < L - 1 else sigmoid(zs[-1]))",
    ),
    ("* a[k] * (1 - a[k])", "* (a[k] > 0)"),
]
BCE = [
    ("import numpy as np", "import numpy as np\noutput, loss = 'sigmoid', 'bce'"),
    *WIDE_RELU,
    ("np.sum((a[-1] - y) ** 2)", "-np.mean(y * np.log(a[-1]) + (1 - y) * np.log(1 - a[-1]))"),
    ("2 * (a[-1] - y)", "(a[-1] - y) / y.size"),
]
HALF = [("np.sum((a[-1] - y) ** 2)", "np.sum((a[-1] - y) ** 2) / 2"), ("2 * (a[-1] - y)", "a[-1] - y")]
FLOAT32 = [
    (
        "    L = len",
        "    x, y = np.float32(x), np.float32(y)\n"
        "    weights, biases = [np.float32(w) for w in weights], [np.float32(b) for b in biases]\n    L = len",
    )
]


@pytest.mark.parametrize(
    ("changes", "known"),
    [
        (TANH, 'for activation = "tanh"'),
        (MSE, 'for loss = "mse"'),
        (SIGMOID_LAST, 'for output = "sigmoid"'),
        ([*TANH, *MSE], 'for activation = "tanh" and loss = "mse"'),
        ([*TANH, *TANH_LAST], 'for activation = "tanh" and output = "tanh"'),
    ],
    ids=["activation", "loss", "output", "activation and loss", "activation and output"],
)
def test_settings_that_the_file_does_not_name_are_told_to_it(checked, changes, known):
    report = checked(NOTEBOOK, *changes)

    assert (report.verdict, report.right_for.words) == ("wrong", known)
    assert verdict_line(report, "mine.py") == f"mine.py is wrong: a right backward pass, but {known}."
    assert FOLLOWS + SAY_SO in report.remarks
    assert diagnosis_lines(report) == []


def test_a_multiple_of_the_loss_is_told_as_one(checked):
    report = checked(NOTEBOOK, *HALF)

    assert report.right_for.words == "of 0.5 times the loss sse"
    assert FOLLOWS in report.remarks


@pytest.mark.parametrize(
    ("divisor", "known"),
    [
        ("len(y)", "of mse summed over the 3 outputs, not averaged"),
        ("(9 * len(y))", "of mse averaged over the 3 outputs"),
    ],
)
def test_sums_and_means_over_outputs_are_told(checked, divisor, known):
    report = checked(
        NOTEBOOK,
        ("import numpy as np", "import numpy as np\nlayers, loss = [2, 4, 3], 'mse'"),
        ("np.sum((a[-1] - y) ** 2)", f"np.sum((a[-1] - y) ** 2) / {divisor}"),
        ("2 * (a[-1] - y)", f"2 * (a[-1] - y) / {divisor}"),
    )

    assert report.right_for.words == known


def test_another_forward_pass_that_nothing_names_is_not_called_by_a_name(checked):
    report = checked(
        NOTEBOOK, ("weights[k] + biases", "weights[k] + 2 * biases"), ("d.sum(axis=0)", "2 * d.sum(axis=0)")
    )

    assert report.right_for == OF_ANOTHER
    assert SAY_SO not in "".join(report.remarks)


def test_a_wrong_gradient_of_a_wrong_loss_is_right_for_nothing(checked):
    report = checked(NOTEBOOK, *MSE, ("d @ weights[k].T * a", "-d @ weights[k].T * a"))

    assert (report.verdict, report.right_for) == ("wrong", None)


def test_a_mistake_in_gradients_that_come_in_the_other_order_is_found(checked):
    report = checked(
        NOTEBOOK,
        ("def gradients", "layers = [2, 5, 4, 1]\n\ndef gradients"),
        ("db[k] = d.sum(axis=0)", "db[k] = d.sum(axis=0) * (2 if k == 1 else 1)"),
        ("return loss, dW, db", "return loss, dW[::-1], db[::-1]"),
    )

    assert [each.text for each in report.mistakes] == ["order-reversed", "wrong-factor@2:db=2"]
    assert report.explained


# Numbers that overflow, and last digits


def test_a_logarithm_of_0_where_units_saturate_makes_no_backward_pass_wrong(checked):
    report = checked(NOTEBOOK, *BCE, *FLOAT32)

    assert report.verdict == "right"
    assert OVERFLOWS.format(probe=LARGE_WEIGHTS) in report.remarks


def test_what_overflows_there_and_is_wrong_elsewhere_is_wrong(checked):
    report = checked(NOTEBOOK, *BCE, *FLOAT32, ("d.sum(axis=0)", "d.sum(axis=0) / 2"))

    assert report.verdict == "wrong"
    assert share_words(report.rows[0]) == "nan or inf"


SMALL = [("np.log(a[-1])", "np.log(a[-1] + 1e-8)"), ("np.log(1 - a[-1])", "np.log(1 - a[-1] + 1e-8)")]


def test_a_small_number_in_a_logarithm_is_a_coarse_loss_with_exact_gradients(checked):
    narrow = ("def gradients", "layers = [2, 3, 1]\n\ndef gradients")
    report = checked(NOTEBOOK, narrow, *[each for each in BCE if each not in WIDE_RELU], SIGMOID_LAST[0], *SMALL)

    assert report.verdict == "right"
    assert COARSE_LOSS in report.remarks


def test_a_loss_that_is_cut_off_where_units_saturate_makes_no_backward_pass_wrong(checked):
    report = checked(NOTEBOOK, *BCE, *SMALL)

    assert report.verdict == "right"
    assert CUT_OFF.format(probe=LARGE_WEIGHTS) in report.remarks


def test_gradients_that_are_exact_to_float32_are_right_beside_a_wrong_loss(checked):
    as_float64 = ("return loss, dW, db", "return float(loss), [np.float64(np.float32(g)) for g in dW], db")
    report = checked(NOTEBOOK, as_float64, ("np.sum((a[-1] - y) ** 2)", "np.sum((a[-1] - y) ** 2) + 1"))

    assert [row.name for row in report.rows if row.wrong_on] == ["loss"]
    assert COARSE in report.remarks
    assert LOSS_ALONE in report.remarks


def test_gradients_clipped_at_a_usual_limit_are_found_though_no_usual_probe_reaches_it(checked):
    clipped = ("return loss, dW, db", "return loss, [np.clip(g, -5, 5) for g in dW], [np.clip(g, -5, 5) for g in db]")
    report = checked(NOTEBOOK, *MSE, clipped, ("import numpy as np", "import numpy as np\nloss = 'mse'"))

    assert [each.text for each in report.mistakes] == ["gradients-clipped=5"]
    assert report.rows[1].wrong_on == ("targets a thousand times as large",)


def test_a_step_on_the_very_weights_that_are_compared_afterwards_is_told(checked):
    step = "    old = list(weights), list(biases)\n    for k in range(L):\n        weights[k] -= dW[k]\n"
    after = "    return loss, [a - b for a, b in zip(old[0], weights)], [0 * b for b in biases]"
    report = checked(NOTEBOOK, ("    return loss, dW, db", step + after))

    assert (report.verdict, report.mistakes) == ("wrong", ())
    assert report.unexplained == (NO_COPY,)


def test_what_is_right_once_and_wrong_again_is_told(checked):
    stale = (
        "    loss = np.sum",
        "    if 'a' in kept and len(kept['a'][0]) == len(x):\n        a[1:-1] = kept['a'][1:-1]\n"
        "    kept['a'] = list(a)\n    loss = np.sum",
    )
    report = checked(NOTEBOOK, stale, ("def gradients", "layers, kept = [2, 3, 1], {}\n\ndef gradients"))

    assert (report.verdict, report.mistakes) == ("wrong", ())
    assert KEEPS in report.remarks


DROPOUT = ("a.append(sigmoid(zs[-1]) if", "a.append(sigmoid(zs[-1]) * ({} > 0.2) / 0.8 if")


@pytest.mark.parametrize(
    "drawn", ["np.random.random(zs[-1].shape)", "np.reshape([random.random() for _ in zs[-1].flat], zs[-1].shape)"]
)
def test_dropout_that_was_left_on_is_told_by_what_it_draws(checked, drawn):
    report = checked(f"import random\n{NOTEBOOK}", (DROPOUT[0], DROPOUT[1].format(drawn)))

    assert report.verdict == "wrong"
    assert DRAWS in report.remarks


def test_what_draws_from_a_generator_of_its_own_is_not_judged(checked):
    report = checked(NOTEBOOK, (DROPOUT[0], DROPOUT[1].format("np.random.default_rng().random(zs[-1].shape)")))

    assert report.verdict == "cannot tell"


def test_a_wrong_pass_that_draws_nothing_is_not_said_to(checked):
    report = checked(NOTEBOOK, ("np.exp(-z)", "np.exp(-0.7 * z)"))

    assert (report.verdict, report.explained) == ("wrong", False)
    assert DRAWS not in report.remarks
