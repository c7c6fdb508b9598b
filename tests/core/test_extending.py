"""A new activation, loss or optimizer is one entry in one table: experiments can name it, and both engines have it.

What an experiment may say is read off the tables when they are imported, so all of this runs in a process of its own,
which stands for a package with an entry more in each table; each experiment there names one of them.
"""

import json
import subprocess
import sys

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
def terms(prediction, target):
    return np.logaddexp(0, -target * prediction)

losses.LOSSES["soft_margin"] = losses.loss(
    "L = mean ln(1 + e^(−y·ŷ)), over samples and outputs",
    "number",
    value=lambda prediction, target: float(np.mean(terms(prediction, target))),
    terms=terms,
    slope=lambda prediction, target: -target / (1 + np.exp(target * prediction)),
    written=("ln(1 + e^(−{y}·{p}))", "−{y}/(1 + e^({y}·{p}))"),
    module="SoftMarginLoss",
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
import json, pathlib, sys
from core.dat import dump_of, render
from core.engines.autograd import Autograd
from core.engines.scratch import Scratch
from core.experiment_file import parse
from core.saved_run import read_run, write_run
from core.session import Session


def both(experiment):
    session = Session(experiment)
    for engine in (Scratch, Autograd):
        session.join(engine(experiment))
    return session


def used(text, in_dump, run):
    experiment = parse(text, "mine")
    session = both(experiment)
    session.advance(10)
    first, second = (session.losses(name) for name in session.engines)
    # 10 digits: sums in another order, over 10 epochs of 4 updates
    np.testing.assert_allclose(first, second, rtol=1e-10)
    assert first[-1] < first[0]
    scratch, autograd = session.frame().engines.values()
    np.testing.assert_allclose(scratch.after.flat, autograd.after.flat, rtol=1e-10)
    assert in_dump in render(dump_of(scratch, 10, experiment))

    write_run(run, session.saved())
    resumed = both(experiment)
    resumed.resume(read_run(run))
    session.advance(3)
    resumed.advance(3)
    assert [resumed.losses(name).tolist() for name in resumed.engines] == [
        session.losses(name).tolist() for name in session.engines
    ]


for name, text, in_dump in json.loads(sys.argv[1]):
    used(text, in_dump, pathlib.Path(sys.argv[2], f"{name}.safetensors"))
    print(name)
"""
EXPERIMENT = """
layers = [2, 5, 5, 1]
activation = "{activation}"
loss = "{loss}"
batch = 10
optimizer = {{ name = "{optimizer}", lr = 0.01 }}
data = {{ source = "moons", samples = 40 }}
"""


ENTRIES = {
    "activation": ("softsign", "# network     2-5-5-1 softsign identity"),
    "loss": ("soft_margin", "# loss        soft_margin (mean over samples and outputs)"),
    "optimizer": ("adamax", "# loss        mse"),
}
"""What an experiment names by each key, and what its dumps say then."""


def described(**named):
    return EXPERIMENT.format(**{"activation": "tanh", "loss": "mse", "optimizer": "sgd", **named})


def test_one_entry_is_all_that_it_takes(tmp_path):
    program = BEFORE + SOFTSIGN + LOGISTIC + ADAMAX + AFTER
    asked = [(key, described(**{key: name}), in_dump) for key, (name, in_dump) in ENTRIES.items()]
    done = subprocess.run(
        [sys.executable, "-c", program, json.dumps(asked), str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == list(ENTRIES)


def test_without_the_entry_the_name_is_refused(tmp_path):
    text = described(activation="softsign")
    program = "import sys; from core.experiment_file import parse; parse(sys.argv[1], 'mine')"
    done = subprocess.run(
        [sys.executable, "-c", program, text], capture_output=True, text=True, check=False, timeout=120
    )

    assert "mine: activation: got 'softsign'; expected " in done.stderr
