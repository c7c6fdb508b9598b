"""The engines against the notebook, against one another, and against finite differences."""

import itertools
from pathlib import Path

import msgspec
import numpy as np
import pytest

from core.agreement import agreement
from core.engines.autograd import Autograd
from core.engines.scratch import Scratch
from core.experiment import Experiment
from core.experiment_file import load
from core.session import Session
from core.tensors import Quantity, tensor_names

ENGINES = pytest.mark.parametrize("engine", [Scratch, Autograd])
NETWORKS = pytest.mark.parametrize(
    ("layers", "activation", "output"),
    [
        ((2, 1), "sigmoid", "identity"),
        ((2, 1, 1), "sigmoid", "identity"),
        ((2, 3, 1), "sigmoid", "sigmoid"),
        ((2, 10, 10, 1), "sigmoid", "identity"),
        ((2, 7, 3, 5, 1), "sigmoid", "sigmoid"),
        ((2, 4, 1, 6, 2, 1), "sigmoid", "identity"),
        ((2, 5, 4, 1), "identity", "identity"),
        ((2, 5, 4, 1), ("tanh", "sigmoid"), "tanh"),
    ],
)
SAMPLES = pytest.mark.parametrize("count", [1, 2, 9])

PRINTED = (27.70769141, 0.16445874, 0.00095962, 5.59923213e-06, 3.2670576e-08, 1.90627393e-10, 1.11227919e-12)
"""The notebook's losses of epochs 1 to 7, as NumPy printed them: at most eight decimals, trailing zeros left out."""
CANCELLED = (6.48996442e-15, 3.78678678e-17, 2.20952638e-19)
"""Those of epochs 8 to 10."""


def batch(count, precision="float64"):
    generator = np.random.default_rng(count)
    return generator.normal(size=(count, 2)).astype(precision), generator.normal(size=(count, 1)).astype(precision)


def experiment(layers, activation="sigmoid", output="identity", **settings):
    return Experiment(layers=layers, activation=activation, output=output, **settings)


@pytest.fixture(scope="module")
def as_printed():
    described = load("as-printed")
    session = Session(described)
    session.join(Scratch(described))
    session.advance(10)
    return session


@pytest.fixture(scope="module")
def notebook():
    described = load("notebook")
    session = Session(described)
    session.join(Scratch(described))
    session.join(Autograd(described))
    session.advance(10)
    return session


def notebook_gradients():
    """The notebook's gradients of epoch 10 by name, its weights turned to outputs × inputs."""
    text = (Path(__file__).parent / "data" / "notebook_gradients.txt").read_text("utf-8")
    found = {}
    for block in text.split("\n\n")[1:]:
        name, shape, *rows = block.strip().split("\n")
        numbers = np.array(" ".join(rows).split(), float).reshape([int(size) for size in shape.split()[2:]])
        found[name.removeprefix("# ")] = numbers.T
    return found


@pytest.mark.parametrize("epoch", range(1, 8))
def test_the_losses_through_epoch_7_are_the_notebooks_to_every_printed_digit(as_printed, epoch):
    loss = as_printed.losses("scratch")[epoch - 1]
    printed = PRINTED[epoch - 1]
    written = np.format_float_scientific if printed < 1e-4 else np.format_float_positional

    assert float(written(loss, precision=8, unique=False)) == printed


@pytest.mark.parametrize("epoch", [8, 9, 10])
def test_the_losses_after_epoch_7_are_the_notebooks_as_far_as_cancellation_leaves_digits(as_printed, epoch):
    loss = as_printed.losses("scratch")[epoch - 1]

    # 5e-6: one ulp of ŷ is 2e-7 of the residual, the loss is its square, and kernels differ by a few ulps
    assert loss == pytest.approx(CANCELLED[epoch - 8], rel=5e-6, abs=0)


def test_the_gradients_of_epoch_10_are_the_notebooks(as_printed):
    expected = notebook_gradients()
    frame = as_printed.frame_of(10).engines["scratch"]
    names = tensor_names(Quantity.GRADIENT, 3)

    assert list(expected) == [str(name) for name in names]
    assert sum(each.size for each in expected.values()) == 151
    for name in names:
        # 5e-6: one ulp of ŷ is 2e-7 of the residual that every gradient is a multiple of, and kernels differ by a few
        np.testing.assert_allclose(frame.tensor(name), expected[str(name)], rtol=5e-6, atol=0)


def test_at_epoch_1_the_engines_share_twelve_digits_in_every_gradient(notebook):
    engines = notebook.frame_of(1).engines

    for name in tensor_names(Quantity.GRADIENT, 3):
        # 12: both round a few dozen sums at 1e-16, and nothing has cancelled yet
        assert agreement(engines["scratch"].tensor(name), engines["autograd"].tensor(name)).digits >= 12


@pytest.mark.parametrize("engine", ["scratch", "autograd"])
def test_the_notebooks_loss_falls_at_every_epoch(notebook, engine):
    losses = notebook.losses(engine)

    assert losses.shape == (10,)
    assert (np.diff(losses) < 0).all()


def loss_by_hand(described, flat, x, y):
    """The loss, from a forward pass that shares no code with the engines; σ(z) = (1 + tanh(z/2))/2."""
    functions = {"sigmoid": lambda z: (1 + np.tanh(z / 2)) / 2, "identity": lambda z: z, "tanh": np.tanh}
    a, at = x, 0
    for name, (inputs, outputs) in zip(described.activations(), itertools.pairwise(described.layers), strict=True):
        weights = flat[at : at + inputs * outputs].reshape(outputs, inputs)
        biases = flat[at + inputs * outputs : at + inputs * outputs + outputs]
        at += inputs * outputs + outputs
        a = functions[name](np.einsum("ni,oi->no", a, weights) + biases)
    return float(((a - y) ** 2).sum())


@ENGINES
@NETWORKS
@SAMPLES
def test_gradients_are_those_of_central_differences(engine, layers, activation, output, count):
    described = experiment(layers, activation, output)
    x, y = batch(count)
    judged = engine(described)
    flat = judged.state().parameters
    step = np.finfo(float).eps ** (1 / 3)  # 6e-6, where truncation and rounding are about equal
    expected = np.array(
        [
            (loss_by_hand(described, flat + side, x, y) - loss_by_hand(described, flat - side, x, y)) / (2 * step)
            for side in np.eye(flat.size) * step
        ]
    )

    computed = judged.look(x, y)

    # 1e-14: a few roundings of 1e-16 in each of the layers
    assert computed.loss == pytest.approx(loss_by_hand(described, flat, x, y), rel=1e-14)
    # 1e-9 of the loss: truncation is about step² = 4e-11 of it, rounding eps/step = 4e-11, each times a few
    np.testing.assert_allclose(computed.gradients.flat, expected, rtol=0, atol=1e-9 * (1 + computed.loss))
    assert np.abs(expected).max() > 1e-3


@NETWORKS
@SAMPLES
def test_both_engines_make_the_same_z_a_delta_and_gradients(layers, activation, output, count):
    described = experiment(layers, activation, output)
    x, y = batch(count)

    scratch, autograd = Scratch(described).look(x, y), Autograd(described).look(x, y)

    # 1e-13: sums of at most ten terms in at most five layers, each rounded at 1e-16; all quantities are of order 1
    close = {"rtol": 1e-13, "atol": 1e-13}
    assert set(scratch.a) == set(autograd.a) == set(range(len(layers)))
    for k in range(1, len(layers)):
        assert scratch.z[k].shape == scratch.a[k].shape == scratch.delta[k].shape == (count, layers[k])
        np.testing.assert_allclose(scratch.z[k], autograd.z[k], **close)
        np.testing.assert_allclose(scratch.a[k], autograd.a[k], **close)
        np.testing.assert_allclose(scratch.delta[k], autograd.delta[k], **close)
        np.testing.assert_allclose(scratch.gradients.W[k], autograd.gradients.W[k], **close)
        np.testing.assert_allclose(scratch.gradients.b[k], autograd.gradients.b[k], **close)
    assert scratch.loss == pytest.approx(autograd.loss, rel=1e-13)


@ENGINES
def test_the_delta_is_the_derivative_by_the_pre_activation(engine):
    described = experiment((2, 4, 3, 1))
    x, y = batch(1)
    computed = engine(described).look(x, y)

    # With a single sample dL/db is the sum over one row, so δ is dL/db exactly.
    for k in (1, 2, 3):
        assert computed.delta[k][0].tolist() == computed.gradients.b[k].tolist()


@ENGINES
@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_looking_changes_nothing(engine, precision):
    described = experiment((2, 5, 3, 1), precision=precision)
    x, y = batch(4, precision)
    looked, other = engine(described), engine(described)
    before = looked.state().parameters.tobytes()

    looked.look(x, y)

    assert looked.state().parameters.tobytes() == before
    assert [looked.step(x, y) for _ in range(3)] == [other.step(x, y) for _ in range(3)]
    assert looked.state().parameters.tobytes() == other.state().parameters.tobytes()


@ENGINES
@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_a_steps_loss_is_that_of_the_look_before_it_to_the_bit(engine, precision):
    trained = engine(experiment((2, 5, 3, 1), precision=precision))
    x, y = batch(4, precision)

    for _ in range(5):
        assert trained.look(x, y).loss == trained.step(x, y)


@ENGINES
@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_after_a_restore_the_same_bits_come_again(engine, precision):
    trained = engine(experiment((2, 5, 3, 1), precision=precision))
    x, y = batch(4, precision)
    trained.step(x, y)
    kept = trained.state()
    first = [(trained.step(x, y), trained.state().parameters.tobytes()) for _ in range(5)]

    trained.restore(kept)

    assert [(trained.step(x, y), trained.state().parameters.tobytes()) for _ in range(5)] == first


@ENGINES
def test_a_state_is_a_copy(engine):
    trained = engine(experiment((2, 5, 3, 1)))
    kept = trained.state().parameters
    before = kept.tobytes()

    trained.step(*batch(4))

    assert kept.tobytes() == before
    assert trained.state().parameters.tobytes() != before


@ENGINES
def test_what_a_look_returned_stays_as_it_was_when_training_goes_on(engine):
    trained = engine(experiment((2, 5, 3, 1)))
    x, y = batch(4)
    computed = trained.look(x, y)
    before = computed.gradients.flat.tobytes(), computed.z[1].tobytes(), computed.delta[1].tobytes()

    trained.step(x, y)
    trained.look(x, y)

    assert (computed.gradients.flat.tobytes(), computed.z[1].tobytes(), computed.delta[1].tobytes()) == before


@ENGINES
def test_a_step_goes_downhill_by_the_learning_rate(engine):
    trained = engine(experiment((2, 5, 3, 1)))
    x, y = batch(4)
    before, gradients = trained.state().parameters, trained.look(x, y).gradients.flat

    trained.step(x, y)

    # 1e-15: θ is of order 1 and the update is rounded once or twice
    np.testing.assert_allclose(trained.state().parameters, before - 0.1 * gradients, rtol=0, atol=1e-15)


@ENGINES
def test_every_quantity_is_in_the_engines_precision(engine):
    computed = engine(experiment((2, 5, 3, 1), precision="float32")).look(*batch(4, "float32"))

    arrays = [*computed.z.values(), *computed.a.values(), *computed.delta.values(), computed.gradients.flat]
    assert {array.dtype for array in arrays} == {np.dtype("float32")}


def test_the_mistake_of_the_half_loss_gradient_halves_every_gradient_and_no_loss():
    right = experiment((2, 5, 3, 1))
    wrong = msgspec.convert(
        {"layers": [2, 5, 3, 1], "engines": {"scratch": {"mistakes": ["half-loss-gradient"]}}}, Experiment
    )
    x, y = batch(4)

    straight, halved = Scratch(right).look(x, y), Scratch(wrong).look(x, y)

    assert halved.loss == straight.loss
    # Halving is exact in binary, so it is to the bit.
    assert (2 * halved.gradients.flat).tolist() == straight.gradients.flat.tolist()
