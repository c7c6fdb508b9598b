"""Where right numbers come from: those that are stored, an engine's or autograd's say nothing of a backward pass."""

from pathlib import Path

import numpy as np
import pytest

from core.doctor.check import Second
from core.second_opinion import by_autograd, by_scratch

NOTEBOOK = Path(__file__).with_name("data").joinpath("notebook_pass.txt").read_text("utf-8")


AUTOGRAD = """
import torch

def gradients(x, y, weights, biases):
    W, b = ([torch.tensor(each, requires_grad=True) for each in group] for group in (weights, biases))
    a = torch.tensor(x)
    for k in range(len(W)):
        a = a @ W[k] + b[k]
        a = torch.sigmoid(a) if k < len(W) - 1 else a
    loss = ((a - torch.tensor(y)) ** 2).sum()
    loss.backward()
    return loss, [each.grad for each in W], [each.grad for each in b]
"""


def test_a_file_that_calls_autograd_itself_says_nothing_of_a_backward_pass(checked):
    report = checked(AUTOGRAD)

    assert (report.verdict, report.error) == ("cannot tell", None)
    assert "automatic differentiation" in report.remarks[0]


@pytest.mark.parametrize(
    "imported",
    [
        "import torch\nfrom torch.autograd import grad as helper",
        "import helper_of_mine\nfrom helper_of_mine import helper",
    ],
)
def test_autograd_is_seen_wherever_it_was_imported(checked, tmp_path, imported):
    (tmp_path / "helper_of_mine.py").write_text("from torch.autograd import grad as helper\n", "utf-8")
    text = AUTOGRAD.replace("import torch\n", f"{imported}\nimport torch\n").replace(
        "    loss.backward()\n    return loss, [each.grad for each in W], [each.grad for each in b]\n",
        "    g = helper(loss, W + b)\n    return loss, g[: len(W)], g[len(W) :]\n",
    )

    assert checked(text).verdict == "cannot tell"


FUNCTION = """
import torch

class Linear(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, W, b):
        ctx.save_for_backward(x, W)
        return x @ W + b
    @staticmethod
    def backward(ctx, g):
        x, W = ctx.saved_tensors
        return g @ W.T, x.T @ g, g.sum(0)
"""


def test_a_function_of_autograds_with_a_backward_of_its_own_is_judged_as_others(checked):
    by_hand = FUNCTION + AUTOGRAD.replace("a @ W[k] + b[k]", "Linear.apply(a, W[k], b[k])")

    assert checked(by_hand).verdict == "right"
    assert checked(by_hand, ("g @ W.T", "2 * g @ W.T")).verdict == "wrong"


def test_a_function_of_autograds_that_is_not_called_says_nothing(checked):
    assert checked(FUNCTION + AUTOGRAD).verdict == "cannot tell"


ENGINE = """
import numpy as np
from core.second_opinion import by_scratch
from core.parameters import Parameters
from core.reference import Network
from core.simulation import Given

def gradients(x, y, weights, biases):
    layers = (x.shape[1], *(len(b) for b in biases))
    flat = np.concatenate([each.ravel() for W, b in zip(weights, biases) for each in (W.T, b)])
    network = Network(layers, (*["sigmoid"] * (len(layers) - 2), "identity"), "sse")
    made = by_scratch(Given(network, Parameters(layers, flat), x, y))
    dW, db = ([made[f"dL/d{part}{k}"] for k in range(1, len(layers))] for part in "Wb")
    return made["loss"], [each.T for each in dW], db
"""


def test_a_file_that_lets_an_engine_of_this_program_compute_says_nothing(checked):
    report = checked(ENGINE)

    assert report.verdict == "cannot tell"
    assert "mlp-tui's own engines (core." in report.remarks[0]


def test_stored_numbers_tell_nothing(checked, tmp_path):
    np.savez(tmp_path / "dump.npz", *(np.full(shape, 0.5) for shape in ((2, 10), (10, 10), (10, 1), 10, 10, 1)))
    text = NOTEBOOK.replace(
        "    return loss, dW, db", "    g = [*np.load('dump.npz').values()]\n    return loss, g[:3], g[3:]"
    )

    report = checked(text)

    assert report.verdict == "cannot tell"
    assert "the same gradients whatever it is given" in report.remarks[0]


def test_a_file_that_does_not_use_its_weights_is_told_so(checked):
    made = "weights = [np.random.default_rng(k).normal(size=W.shape) for k, W in enumerate(weights)]\n    L ="

    report = checked(NOTEBOOK, ("L =", made))

    assert report.verdict == "wrong"
    assert "With other weights it returns the same numbers: it does not use them." in report.remarks


def test_the_bits_of_autograd_without_pytorch_are_a_copy_and_those_of_scratch_are_not(checked):
    own = checked(NOTEBOOK, second=Second(by_scratch, by_scratch, always=True))
    honest = checked(NOTEBOOK, second=Second(by_autograd, by_scratch, always=True))
    copied = checked(NOTEBOOK, second=Second(_as_the_notebook, by_autograd, always=True))

    assert (own.verdict, honest.verdict, copied.verdict) == ("right", "right", "cannot tell")
    assert "to the last bit" in copied.remarks[0]


def _as_the_notebook(given):
    """What the file itself computes, as if it were autograd's."""
    names = {}
    exec(NOTEBOOK, names)
    W, b = given.parameters.W, given.parameters.b
    loss, dW, db = names["gradients"](
        given.x, given.y, [np.ascontiguousarray(each.T) for each in W.values()], [*b.values()]
    )
    made = {f"dL/dW{k}": each.T for k, each in enumerate(dW, start=1)}
    return {"loss": loss, **made, **{f"dL/db{k}": each for k, each in enumerate(db, start=1)}}


TORCH_BY_HAND = """
import torch

def gradients(x, y, weights, biases):
    x, y, W, b = torch.tensor(x), torch.tensor(y), [*map(torch.tensor, weights)], [*map(torch.tensor, biases)]
    a = [x]
    for k in range(len(W)):
        z = torch.addmm(b[k], a[-1], W[k])
        a.append(torch.sigmoid(z) if k < len(W) - 1 else z)
    d, dW, db = 2 * (a[-1] - y), [], []
    for k in reversed(range(len(W))):
        dW.insert(0, a[k].T @ d)
        db.insert(0, d.sum(0))
        d = (d @ W[k].T) * (1 - a[k]) * a[k]
    return ((a[-1] - y) ** 2).sum(), dW, db
"""


def test_a_pass_by_hand_in_pytorch_is_right_whatever_bits_it_has_in_common_with_autograd(checked):
    report = checked(TORCH_BY_HAND, second=Second(by_autograd, by_scratch, always=True))

    assert report.verdict == "right"


def test_a_file_with_a_method_backward_of_its_own_is_no_autograd(checked):
    text = (
        NOTEBOOK + "\nbackward_of = gradients\nclass Net:\n    def backward(self, *given): return backward_of(*given)\n"
    )
    text += "def gradients(*given):\n    return Net().backward(*given)\n"

    assert checked(text).verdict == "right"
