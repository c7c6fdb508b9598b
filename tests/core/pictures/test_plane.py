"""The network's answer over its inputs, against other ways to compute it."""

import itertools
import math

import numpy as np
import pytest

from core.engines.autograd import Autograd
from core.engines.scratch import Scratch
from core.experiment_file import load, parse
from core.pictures.plane import Extent, boundary, extent_of, forward, grid, line, units_over
from core.session import Session


def trained(experiment, epochs, *engines):
    session = Session(experiment)
    for engine in engines:
        session.join(engine(experiment))
    session.advance(epochs)
    return session


@pytest.fixture(scope="module")
def xor():
    return trained(load("xor"), 300, Scratch)


@pytest.mark.parametrize("name", ["notebook", "moons", "spirals", "flowers"])
def test_the_answers_are_those_that_pytorch_predicts_from_the_same_parameters(name):
    session = trained(load(name), 3, Autograd)
    parameters = session.frame().engines["autograd"].after
    experiment = session.experiment
    answers = forward(parameters, experiment.activations(), session.samples.x, experiment.depth)

    # the two add up in other orders: some ulps of numbers of size 1
    np.testing.assert_allclose(answers, session.predictions()["autograd"], rtol=1e-12, atol=1e-13)


def test_hidden_units_are_those_of_the_engines_own_pass():
    session = trained(load("moons"), 2, Scratch)
    engine = session.frame().engines["scratch"]
    for layer in (1, 2, 3):
        found = forward(engine.before, session.experiment.activations(), engine.computed.x, layer)
        np.testing.assert_allclose(found, engine.computed.a[layer], rtol=1e-12, atol=1e-13)


def test_the_cell_of_a_point_has_the_answer_at_its_middle(xor):
    parameters = xor.frame().engines["scratch"].after
    extent, columns, rows = Extent(-1.0, 3.0, 10.0, 20.0), 8, 5
    answers = units_over(parameters, ("tanh", "sigmoid"), 2, extent, columns=columns, rows=rows)
    for row, column in itertools.product(range(rows), range(columns)):
        x = -1 + (column + 0.5) * 4 / 8
        y = 20 - (row + 0.5) * 10 / 5
        hidden = [math.tanh(w[0] * x + w[1] * y + b) for w, b in zip(parameters.W[1], parameters.b[1], strict=True)]
        z = sum(w * a for w, a in zip(parameters.W[2][0], hidden, strict=True)) + parameters.b[2][0]
        assert answers[0, row, column] == pytest.approx(1 / (1 + math.exp(-z)), rel=1e-9)
        assert extent.columns_of(np.array([x]), columns) == column
        assert extent.rows_of(np.array([y]), rows) == row


def test_the_boundary_of_xor_runs_between_its_classes(xor):
    """Whoever walks from one corner to another on the map crosses the line just where the classes differ."""
    parameters, x, y = xor.frame().engines["scratch"].after, xor.samples.x, xor.samples.y[:, 0]
    extent, size = extent_of(x), 60
    line_drawn = boundary(units_over(parameters, ("tanh", "sigmoid"), 2, extent, columns=size, rows=size))
    rows, columns = extent.rows_of(x[:, 1], size), extent.columns_of(x[:, 0], size)
    neighbours = [(i, j) for i, j in itertools.combinations(range(4), 2) if (x[i] != x[j]).sum() == 1]
    assert len(neighbours) == 4
    for i, j in neighbours:
        steps = np.linspace(0, 1, 4 * size)
        walk = {
            (round(rows[i] + s * (rows[j] - rows[i])), round(columns[i] + s * (columns[j] - columns[i]))) for s in steps
        }
        assert y[i] != y[j]
        assert any(line_drawn[cell] for cell in walk)
    for row, column in zip(rows, columns, strict=True):
        assert not line_drawn[row, column]


def test_the_boundary_is_where_the_answer_crosses_a_half_and_nowhere_else(xor):
    parameters = xor.frame().engines["scratch"].after
    answers = units_over(parameters, ("tanh", "sigmoid"), 2, extent_of(xor.samples.x), columns=40, rows=30)
    marked = boundary(answers)
    for row, column in itertools.product(range(30), range(40)):
        near = [answers[0, r, c] for r, c in ((row, column + 1), (row + 1, column)) if r < 30 and c < 40]
        here = answers[0, row, column] > 0.5
        assert marked[row, column] == any((each > 0.5) != here for each in near)


def test_among_several_outputs_the_boundary_parts_the_largest_ones():
    left, right = np.array([[0.9, 0.2, 0.1]]), np.array([[0.05, 0.3, 0.6]])
    assert boundary(np.array([left, right])).tolist() == [[True, False, False]]


def test_float32_parameters_are_computed_with_in_float32():
    experiment = parse("precision = 'float32'\nlayers = [2, 3, 1]", "small")
    session = trained(experiment, 1, Scratch)
    parameters = session.frame().engines["scratch"].after
    assert (
        units_over(parameters, experiment.activations(), 2, Extent(0, 1, 0, 1), columns=3, rows=3).dtype == np.float32
    )


@pytest.mark.parametrize("x", [[[0.5, 0.2]], [[0.0, 0.0]], [[3.0, 1e300]], [[1.0, 2.0], [1.0, 5.0]]])
def test_samples_that_are_all_the_same_still_have_room_around_them(x):
    extent = extent_of(np.array(x))
    for low, high, values in ((extent.left, extent.right, x[0][0]), (extent.bottom, extent.top, x[0][1])):
        assert low < values < high


def test_a_grid_goes_row_by_row_from_the_top_and_a_line_from_end_to_end():
    assert grid(Extent(0, 2, 0, 2), 2, 2).tolist() == [[0.5, 1.5], [1.5, 1.5], [0.5, 0.5], [1.5, 0.5]]
    assert line(Extent(0, 2), 3).tolist() == [[0.0], [1.0], [2.0]]
