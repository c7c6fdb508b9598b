"""What a View holds of a Frame: the selected tensor, as much of it as is needed."""

import numpy as np
import pytest

from core.engines.autograd import Autograd
from core.engines.scratch import Scratch
from core.experiment_file import load, parse
from core.session import Session
from core.tensors import Quantity, parse_tensor_name, tensor_names
from tui.look import WHOLE, agreements_of, matrix_of, sample_of
from tui.panes.cell_line import ulps_text
from tui.protocol import Matrix, Window


def session_of(experiment, *engines, epochs=2):
    session = Session(experiment)
    for engine in engines:
        session.join(engine(experiment))
    session.advance(epochs)
    return session


@pytest.fixture(scope="module")
def both():
    return session_of(load("notebook"), Scratch, Autograd)


@pytest.fixture(scope="module")
def wide():
    return session_of(parse("layers = [2, 150, 160, 1]", "wide"), Scratch, epochs=1)


def test_a_small_tensor_comes_whole_whatever_the_window(both):
    matrix = matrix_of(both.frame(), parse_tensor_name("dL/dW2"), Window(4, 4, 2, 2))

    assert matrix.window == Window(0, 0, 10, 10)
    np.testing.assert_array_equal(matrix.values["scratch"], both.frame().engines["scratch"].computed.gradients.W[2])


def test_a_large_tensor_comes_as_the_window(wide):
    name, window = parse_tensor_name("dL/dW2"), Window(100, 30, 20, 25)
    matrix = matrix_of(wide.frame(), name, window)
    whole = wide.frame().engines["scratch"].tensor(name)

    assert whole.size > WHOLE
    assert matrix.window == window
    assert (matrix.rows, matrix.columns) == whole.shape == (160, 150)
    np.testing.assert_array_equal(matrix.values["scratch"], whole[100:120, 30:55])
    assert matrix.largest["scratch"] == np.abs(whole).max()


def test_a_window_at_the_edge_holds_what_there_is(wide):
    matrix = matrix_of(wide.frame(), parse_tensor_name("W2"), Window(150, 140, 64, 64))

    assert matrix.values["scratch"].shape == (10, 10)


def test_a_vector_is_a_column_and_says_its_own_shape(both):
    matrix = matrix_of(both.frame(), parse_tensor_name("dL/db1"), Window())

    assert (matrix.shape, matrix.rows, matrix.columns) == ((10,), 10, 1)
    assert matrix.values["autograd"].shape == (10, 1)


@pytest.mark.parametrize("quantity", Quantity)
def test_every_tensor_of_two_engines_has_difference_and_digits(both, quantity):
    for name in tensor_names(quantity, 3):
        matrix = matrix_of(both.frame(), name, Window())

        assert list(matrix.values) == ["scratch", "autograd", "difference", "digits"]
        np.testing.assert_array_equal(matrix.values["difference"], matrix.values["scratch"] - matrix.values["autograd"])
        assert matrix.ulps["autograd"].shape == matrix.values["digits"].shape


def test_different_starts_have_no_difference_no_digits_and_no_agreement():
    frame = session_of(load("as-printed"), Scratch, Autograd).frame()
    matrix = matrix_of(frame, parse_tensor_name("dL/dW1"), Window())

    assert list(matrix.values) == ["scratch", "autograd"]
    assert not matrix.ulps
    assert matrix.precision == {"scratch": "float64", "autograd": "float32"}
    assert agreements_of(frame, matrix.tensor, 3) == {}


def test_one_engine_alone_has_no_difference_and_no_agreement(wide):
    matrix = matrix_of(wide.frame(), parse_tensor_name("dL/dW1"), Window())

    assert list(matrix.values) == ["scratch"]
    assert agreements_of(wide.frame(), matrix.tensor, 3) == {}


def test_epoch_0_has_parameters_but_no_gradient_and_no_prediction(both):
    frame = both.frame_of(0)

    assert matrix_of(frame, parse_tensor_name("dL/dW1"), Window()) is None
    assert matrix_of(frame, parse_tensor_name("W1"), Window()) is not None
    assert sample_of(frame, both.samples.x, both.samples.y).predictions == {}


def test_a_parameter_comes_with_what_it_became(both):
    frame = both.frame()
    matrix = matrix_of(frame, parse_tensor_name("W1"), Window())

    for name, engine in frame.engines.items():
        np.testing.assert_array_equal(matrix.values[name], engine.before.W[1])
        np.testing.assert_array_equal(matrix.after[name], engine.after.W[1])
        assert (matrix.values[name] != matrix.after[name]).any()


def test_the_agreements_are_of_every_tensor_of_the_quantity(both):
    found = agreements_of(both.frame(), parse_tensor_name("W1"), 3)

    assert set(found) == set(tensor_names(Quantity.PARAMETER, 3))
    assert all(each.digits > 12 for each in found.values())


def test_the_sample_has_both_predictions(both):
    frame = both.frame()
    sample = sample_of(frame, both.samples.x, both.samples.y)

    assert sample.x == tuple(both.samples.x[0])
    assert sample.predictions == {name: tuple(engine.computed.a[3][0]) for name, engine in frame.engines.items()}


def test_a_number_and_a_nan_are_told_without_a_count():
    matrix = Matrix(
        parse_tensor_name("dL/db1"), (3,), Window(0, 0, 3, 1),
        {"scratch": np.array([[1.0], [np.nan], [1.0]]), "autograd": np.array([[np.nan], [np.nan], [1.0]])},
        {}, {}, {}, {"autograd": np.array([[2.0**64], [0.0], [1.0]])},
    )  # fmt: skip

    assert [ulps_text(matrix, "autograd", (row, 0)) for row in range(3)] == ["one is nan", "both are nan", "1 ulp"]
