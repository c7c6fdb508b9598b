"""The catalogue of mistakes: what each does to a simulated pass, and how it is written."""

from dataclasses import replace

import numpy as np
import pytest

from core.experiment import parameter_count
from core.mistakes import MISTAKES, places, planted
from core.parameters import Parameters
from core.reference import Network, reference
from core.simulation import Given, Simulation, simulate


@pytest.mark.parametrize(
    ("layers", "activations", "loss"),
    [
        ((2, 10, 10, 1), ("sigmoid", "sigmoid", "identity"), "sse"),
        ((3, 4, 2), ("gelu", "softmax"), "mse"),
        ((3, 5, 4, 3), ("relu", "elu", "softmax"), "cross_entropy"),
        ((2, 3, 1), ("tanh", "sigmoid"), "bce"),
    ],
)
def test_a_simulation_without_mistakes_is_right_within_rounding(layers, activations, loss):
    numbers = np.random.default_rng(3)
    network = Network(layers, activations, loss)
    parameters = Parameters(layers, numbers.normal(size=parameter_count(layers)))
    targets = np.eye(layers[-1])[numbers.integers(0, layers[-1], 6)]
    given = Given(network, parameters, numbers.normal(size=(6, layers[0])), targets)

    made, right = Simulation(given), reference(network, parameters, given.x, given.y, "float64")

    for k in range(1, len(layers)):
        for part in "Wb":
            value, error = right.gradient(f"dL/d{part}{k}")
            assert np.all(np.abs(made.gradients[part][k] - value) <= error)


def test_every_mistake_of_the_catalogue_means_something_somewhere_and_changes_what_it_says():
    numbers = np.random.default_rng(3)
    seen = set()
    for layers, activations, loss in (
        ((3, 4, 4, 4, 1), ("sigmoid", "leaky_relu", "tanh", "sigmoid"), "bce"),
        ((3, 5, 4, 3), ("tanh", "elu", "softmax"), "mse"),
        ((3, 5, 4, 3), ("relu", "gelu", "identity"), "mae"),
        ((3, 5, 4, 3), ("relu", "gelu", "identity"), "sse"),
    ):
        parameters = Parameters(layers, numbers.normal(size=parameter_count(layers)))
        batch = numbers.normal(size=(6, layers[0])), numbers.uniform(size=(6, layers[-1]))
        given = Given(Network(layers, activations, loss), parameters, *batch)
        right, before = Simulation(given), Simulation(replace(given, x=given.x[::-1]))
        for each in places(given.network):
            chosen = planted(f"{each.text.partition('=')[0]}", given.network)
            made = simulate(given, (chosen,), before)
            assert made is not None, each.text
            if repr((made.loss, made.gradients)) != repr((right.loss, right.gradients)):
                seen.add(each.mistake.name)
    assert seen == set(MISTAKES)


def test_a_name_with_layer_form_and_number_is_read_back_as_it_is_written():
    network = Network((2, 4, 4, 1), ("sigmoid", "tanh", "identity"), "sse")

    for each in places(network):
        assert planted(each.text, network).text == each.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("derivative-at-activatoin", "derivative-at-activation"),
        ("derivative-at-activation@3", "derivative-at-activation@2 or 1"),
        ("wrong-factor=x", "a number after ="),
        ("sum-for-mean", "fits this network"),
    ],
)
def test_what_can_not_be_planted_is_told_with_what_can(text, expected):
    with pytest.raises(ValueError, match=expected):
        planted(text, Network((2, 4, 4, 1), ("sigmoid", "tanh", "identity"), "sse"))
