"""The user's file as an engine: its gradients at scratch's parameters, or along its own path."""

import numpy as np
import pytest

from core.course import Course
from core.data import of
from core.engines.guest import Yours
from core.engines.scratch import Scratch
from core.errors import GuestError
from core.experiment_file import load
from core.guest.process import Guest
from core.timeline import Timeline

RIGHT = """
import numpy as np

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def gradients(x, y, weights, biases):
    a = [x]
    for k in range(len(weights)):
        z = a[-1] @ weights[k] + biases[k]
        a.append(sigmoid(z) if k < len(weights) - 1 else z)
    d, dW, db = 2 * (a[-1] - y), [], []
    for k in reversed(range(len(weights))):
        dW.insert(0, a[k].T @ d)
        db.insert(0, d.sum(axis=0))
        if k:
            d = d @ weights[k].T * a[k] * (1 - a[k])
    return np.sum((a[-1] - y) ** 2), dW, db
"""
HALF = ("d, dW, db = 2 * (a[-1] - y)", "d, dW, db = (a[-1] - y)")
EXPERIMENT = load("notebook", ["data.seed=9"])


@pytest.fixture
def engine_of(tmp_path):
    """Start an engine for a file, with some of its text replaced."""
    guests = []

    def make(*changes, text=RIGHT, experiment=EXPERIMENT, **options):
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        (tmp_path / "mine.py").write_text(text, "utf-8")
        guests.append(Guest(tmp_path / "mine.py"))
        guests[-1].load()
        return Yours(experiment, guests[-1], **options)

    yield make
    for guest in guests:
        guest.close()


def path_of(engine, epochs=4):
    """Losses and parameters of a few epochs."""
    samples = of(EXPERIMENT).train
    timeline = Timeline(engine, Course(EXPERIMENT, samples.cast(engine.precision)))
    timeline.train(epochs)
    return timeline.losses(), engine.state().parameters


def test_it_follows_scratch_to_the_bit_whatever_its_own_gradients_are(engine_of):
    losses, parameters = path_of(engine_of(HALF))
    right_losses, right_parameters = path_of(Scratch(EXPERIMENT))

    np.testing.assert_array_equal(parameters, right_parameters)
    np.testing.assert_allclose(losses, right_losses, rtol=1e-9)  # ŷ − y cancels; its bound is that of 4 epochs


def test_on_its_own_path_half_the_gradient_at_twice_the_rate_is_the_right_path(engine_of):
    twice = load("notebook", ["optimizer.lr=0.2"])
    _, parameters = path_of(engine_of(HALF, experiment=twice, follow_own=True))
    _, right_parameters = path_of(Scratch(load("notebook")))

    np.testing.assert_allclose(parameters, right_parameters, rtol=1e-12)  # some hundred roundings of 1e-16


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop", "sgd"])
def test_its_own_path_keeps_the_optimizers_vectors(engine_of, optimizer):
    experiment = load("notebook", [f"optimizer.name={optimizer}", "optimizer.lr=0.01"])
    samples = of(experiment).train
    yours, scratch = engine_of(experiment=experiment, follow_own=True), Scratch(experiment)
    for _ in range(3):
        yours.step(samples.x, samples.y)
        scratch.step(samples.x, samples.y)

    np.testing.assert_allclose(yours.state().parameters, scratch.state().parameters, rtol=1e-9)
    assert yours.state().optimizer.keys() == scratch.state().optimizer.keys()


def test_a_pass_turns_weights_to_outputs_by_inputs_and_columns_to_vectors(engine_of):
    yours = engine_of(("db.insert(0, d.sum(axis=0))", "db.insert(0, d.sum(axis=0)[:, None])"))
    samples = of(EXPERIMENT).train
    right = Scratch(EXPERIMENT).look(samples.x, samples.y)

    np.testing.assert_allclose(yours.look(samples.x, samples.y).gradients.flat, right.gradients.flat, rtol=1e-9)


def test_what_it_returns_beside_the_gradients_is_kept_in_rows_of_samples(engine_of):
    returned = ("dW, db\n", 'dW, db, {"a": [each.T for each in a[1:]]}\n')
    samples = of(EXPERIMENT).train
    seen = engine_of(returned).look(samples.x, samples.y)

    assert {k: each.shape for k, each in seen.a.items()} == {0: (1, 2), 1: (1, 10), 2: (1, 10), 3: (1, 1)}
    assert not seen.z
    assert not seen.delta


def test_float32_is_seen_as_what_it_is(engine_of):
    samples = of(EXPERIMENT).train
    seen = engine_of(("a[k].T @ d)", "(a[k].T @ d).astype(np.float32))")).look(samples.x, samples.y)

    assert seen.gradients.flat.dtype == np.float32


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("a[k].T @ d)", "d.T @ a[k])"), "returned dL/dW1 of shape (10, 2)"),
        (("a[k].T @ d)", "1 / 0)"), "raised ZeroDivisionError"),
        (("    a = [x]", "    while True: pass"), "took longer than"),
        (("    a = [x]", "    import os; os._exit(3)"), "ended its process with status 3"),
    ],
)
def test_a_pass_that_is_none_is_told_and_moves_nothing(engine_of, change, said, monkeypatch):
    monkeypatch.setattr("core.engines.guest.SECONDS_A_CALL", 0.7)
    yours = engine_of(change)
    before = yours.state().parameters
    samples = of(EXPERIMENT).train

    with pytest.raises(GuestError) as caught:
        yours.step(samples.x, samples.y)

    assert said in str(caught.value)
    np.testing.assert_array_equal(yours.state().parameters, before)


def test_a_file_that_changes_its_arguments_harms_no_parameters(engine_of):
    yours = engine_of(("    return np.sum", "    weights[0] -= 1\n    return np.sum"))
    before = yours.state().parameters
    samples = of(EXPERIMENT).train
    yours.look(samples.x, samples.y)

    np.testing.assert_array_equal(yours.state().parameters, before)
