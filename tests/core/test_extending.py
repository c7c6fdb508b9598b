"""A new activation, loss or optimizer is one entry in one table: experiments can name it, and both engines have it.

What an experiment may say is read off the tables when they are imported, so each test runs in a process of its own,
which stands for a package with one entry more.
"""

import subprocess
import sys

import pytest

BEFORE = """
import numpy as np
import torch
from core.functions import activations, losses, optimizers
"""

SOFTSIGN = """
# z/(1 + |z|)
activations.ACTIVATIONS["softsign"] = activations.elementwise(
    lambda z: z / (1 + np.abs(z)), lambda z, a: (1 + np.abs(z)) ** -2, "Softsign"
)
"""
LOGISTIC = """
# mean ln(1 + e^(−y·ŷ)), for targets of either sign
def value(prediction, target):
    return float(np.mean(np.logaddexp(0, -target * prediction)))

def derivative(prediction, target):
    return -target / (1 + np.exp(target * prediction)) / target.size

losses.LOSSES["soft_margin"] = losses.Loss(
    "L = mean ln(1 + e^(−y·ŷ)), over samples and outputs", "mean over samples and outputs", "mean",
    value, derivative, "SoftMarginLoss",
)
"""
ADAMAX = """
# Kingma and Ba (2015), algorithm 2, as PyTorch writes it
def update(theta, gradient, state, s):
    m, u = state["exp_avg"], state["exp_inf"]
    state["step"] += 1
    m += (1 - s.betas[0]) * (gradient - m)
    np.maximum(s.betas[1] * u, np.abs(gradient) + s.eps, out=u)
    theta -= s.lr / (1 - s.betas[0] ** float(state["step"])) * m / u

optimizers.OPTIMIZERS["adamax"] = optimizers.Rule(
    update, lambda s: ("step", "exp_avg", "exp_inf"), "Adamax", {"betas": (0.9, 0.999), "eps": 1e-8}
)
"""
AFTER = """
import pathlib, sys
from core.dat import dump_of, render
from core.engines.autograd import Autograd
from core.engines.scratch import Scratch
from core.experiment_file import parse
from core.saved_run import read_run, write_run
from core.session import Session

experiment = parse(sys.argv[1], "mine")
session = Session(experiment)
for engine in (Scratch, Autograd):
    session.join(engine(experiment))
session.advance(10)
first, second = (session.losses(name) for name in session.engines)
# 10 digits: sums in another order, over 10 epochs of 4 updates
np.testing.assert_allclose(first, second, rtol=1e-10)
assert first[-1] < first[0]
scratch, autograd = session.frame().engines.values()
np.testing.assert_allclose(scratch.after.flat, autograd.after.flat, rtol=1e-10)
assert sys.argv[2] in render(dump_of(scratch, 10, experiment))

run = pathlib.Path(sys.argv[3])
write_run(run, session.saved())
resumed = Session(experiment)
for engine in (Scratch, Autograd):
    resumed.join(engine(experiment))
resumed.resume(read_run(run))
session.advance(3)
resumed.advance(3)
assert [resumed.losses(name).tolist() for name in resumed.engines] == [
    session.losses(name).tolist() for name in session.engines
]
"""
EXPERIMENT = """
layers = [2, 5, 5, 1]
activation = "{activation}"
loss = "{loss}"
batch = 10
optimizer = {{ name = "{optimizer}", lr = 0.01 }}
data = {{ source = "moons", samples = 40 }}
"""


@pytest.mark.parametrize(
    ("entry", "named", "in_dump"),
    [
        (SOFTSIGN, {"activation": "softsign"}, "# network     2-5-5-1 softsign identity"),
        (LOGISTIC, {"loss": "soft_margin"}, "# loss        soft_margin (mean over samples and outputs)"),
        (ADAMAX, {"optimizer": "adamax"}, "# loss        mse"),
    ],
    ids=["an activation", "a loss", "an optimizer"],
)
def test_one_entry_is_all_that_it_takes(tmp_path, entry, named, in_dump):
    text = EXPERIMENT.format(**{"activation": "tanh", "loss": "mse", "optimizer": "sgd", **named})
    done = subprocess.run(
        [sys.executable, "-c", BEFORE + entry + AFTER, text, in_dump, str(tmp_path / "run.safetensors")],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_without_the_entry_the_name_is_refused(tmp_path):
    text = EXPERIMENT.format(activation="softsign", loss="mse", optimizer="sgd")
    program = "import sys; from core.experiment_file import parse; parse(sys.argv[1], 'mine')"
    done = subprocess.run(
        [sys.executable, "-c", program, text], capture_output=True, text=True, check=False, timeout=120
    )

    assert "mine: activation: got 'softsign'; expected " in done.stderr
