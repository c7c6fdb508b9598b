"""Parameters and the laws that they start from."""

import hashlib
import math
import struct

import numpy as np
import pytest
import torch

from core.engines.autograd import Autograd
from core.engines.scratch import Scratch
from core.experiment import Data, Init
from core.experiment_file import load
from core.initial import draw, start_digest
from core.parameters import Parameters

LAYERS = (2, 10, 10, 1)


def test_a_flat_vector_holds_each_layers_weights_row_by_row_and_then_its_biases():
    parameters = Parameters((2, 3, 1), np.arange(13.0))

    assert parameters.W[1].tolist() == [[0, 1], [2, 3], [4, 5]]
    assert parameters.b[1].tolist() == [6, 7, 8]
    assert parameters.W[2].tolist() == [[9, 10, 11]]
    assert parameters.b[2].tolist() == [12]


def test_what_is_written_to_a_view_is_written_to_the_flat_vector():
    parameters = Parameters.zeros((2, 3, 1))

    parameters.W[1][2, 1] = 7
    parameters.b[2][0] = 8

    assert (parameters.flat[5], parameters.flat[12]) == (7, 8)


def test_what_is_written_to_the_flat_vector_is_seen_in_the_views():
    parameters = Parameters.zeros((2, 3, 1))

    parameters.flat[:] = range(13)

    assert (parameters.W[2][0, 2], parameters.b[1][1]) == (11, 7)


@pytest.mark.parametrize("count", [0, 12, 14])
def test_a_vector_of_another_length_is_refused(count):
    with pytest.raises(ValueError, match="has 13 parameters"):
        Parameters((2, 3, 1), np.zeros(count))


def test_the_torch_law_is_uniform_within_one_over_the_root_of_fan_in_drawn_number_by_number():
    generator = np.random.default_rng(4)
    expected = []
    for fan_in, width in [(2, 10), (10, 10), (10, 1)]:
        bound = 1 / math.sqrt(fan_in)
        expected += [generator.uniform(-bound, bound) for _ in range(width * fan_in)]  # the weights, row by row
        expected += [generator.uniform(-bound, bound) for _ in range(width)]

    assert draw(Init("torch"), LAYERS, 4, Data()).tolist() == expected


def test_the_notebooks_law_goes_on_where_the_sample_stopped_with_weights_as_inputs_by_outputs():
    generator = np.random.RandomState(4)
    generator.uniform(), generator.uniform()
    weights = [generator.rand(2, 10), generator.rand(10, 10), generator.rand(10, 1)]
    biases = [generator.rand(10), generator.rand(10), generator.rand(1)]

    start = Parameters(LAYERS, draw(Init("notebook"), LAYERS, 0, Data(seed=4)))

    for k in (1, 2, 3):
        assert start.W[k].T.tolist() == weights[k - 1].tolist()
        assert start.b[k].tolist() == biases[k - 1].tolist()


def test_another_seed_draws_other_parameters():
    assert not np.array_equal(draw(Init("torch"), LAYERS, 4, Data()), draw(Init("torch"), LAYERS, 5, Data()))


def test_pytorchs_own_law_is_not_drawn_here():
    with pytest.raises(ValueError, match="manual_seed"):
        draw(Init("manual_seed"), LAYERS, 4, Data())


def test_the_manual_seed_start_is_that_of_plain_pytorch_modules():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(4)
        modules = [torch.nn.Linear(2, 10), torch.nn.Linear(10, 10), torch.nn.Linear(10, 1)]
    expected = [value for module in modules for each in module.parameters() for value in each.flatten().tolist()]

    engine = Autograd(load("as-printed"))

    assert engine.state().parameters.dtype == np.float32
    assert engine.state().parameters.tolist() == expected


def test_building_the_autograd_engine_leaves_pytorchs_global_generator_alone():
    before = torch.random.get_rng_state()

    Autograd(load("as-printed"))

    assert torch.equal(torch.random.get_rng_state(), before)


def test_both_engines_of_the_notebook_start_from_the_same_bits():
    experiment = load("notebook")
    scratch, autograd = Scratch(experiment), Autograd(experiment)

    assert scratch.state().parameters.tobytes() == autograd.state().parameters.tobytes()
    assert scratch.start == autograd.start


def test_the_digest_is_of_the_little_endian_float64_numbers():
    expected = hashlib.sha256(struct.pack("<3d", 1.5, -0.0, 2.0)).hexdigest()

    assert start_digest(np.array([1.5, -0.0, 2.0])) == expected
    assert start_digest(np.array([1.5, -0.0, 2.0], ">f8")) == expected
    assert start_digest(np.array([1.5, -0.0, 2.0], np.float32)) == expected


@pytest.mark.parametrize(
    "law", ["xavier_uniform", "xavier_normal", "kaiming_uniform", "kaiming_normal", "unit", "normal", "zeros"]
)
def test_the_weights_follow_the_law_of_pytorchs_function(law):
    layers = (300, 200, 100)
    start = Parameters(layers, draw(Init(law), layers, 4, Data()))
    options = {"kaiming_uniform": {"nonlinearity": "relu"}, "kaiming_normal": {"nonlinearity": "relu"}}.get(law, {})
    function = getattr(torch.nn.init, {"unit": "uniform"}.get(law, law) + "_")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(4)
        for k in (1, 2):
            pytorchs = function(torch.empty(start.W[k].shape, dtype=torch.float64), **options).numpy()
            # 2 %: the moments of 20 000 draws and more are known to 0.7 %, their extremes of a uniform law better
            assert start.W[k].std() == pytest.approx(pytorchs.std(), rel=0.02)
            assert start.W[k].mean() == pytest.approx(pytorchs.mean(), abs=0.03 * pytorchs.std() + 1e-300)
            if law not in ("normal", "xavier_normal", "kaiming_normal"):
                assert start.W[k].max() == pytest.approx(pytorchs.max(), rel=0.02)


@pytest.mark.parametrize("law", ["xavier_uniform", "xavier_normal", "kaiming_uniform", "kaiming_normal", "zeros"])
def test_biases_are_zero_where_the_law_says_so(law):
    start = Parameters(LAYERS, draw(Init(law), LAYERS, 4, Data()))

    assert all(not biases.any() for biases in start.b.values())


@pytest.mark.parametrize("law", ["unit", "normal", "torch"])
def test_biases_are_drawn_where_the_law_says_so(law):
    start = Parameters(LAYERS, draw(Init(law), LAYERS, 4, Data()))

    assert all(biases.all() for biases in start.b.values())
