"""Distributions and gradient flow, counted another way."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.engines.scratch import Scratch
from core.experiment_file import load, parse
from core.functions.activations import ACTIVATIONS
from core.pictures.flow import Flow, findings, flow_of
from core.pictures.histogram import histogram
from core.pictures.spread import QUANTITIES, name_of, spread_of
from core.session import Session
from core.tensors import parse_tensor_name

NAN, INF = math.nan, math.inf


def session_of(experiment, epochs):
    session = Session(experiment)
    session.join(Scratch(experiment))
    session.advance(epochs)
    return session


@pytest.fixture(scope="module")
def moons():
    return session_of(load("moons"), 5)


numbers = st.lists(st.floats(width=64) | st.sampled_from([0.0, 1.0, NAN, INF, -INF]), min_size=1, max_size=60)


@given(numbers, st.integers(1, 40))
def test_histogram_counts_add_up_to_all_numbers(values, bins):
    found = histogram(np.array(values), bins)
    assert len(found.counts) == bins
    assert found.total == len(values)
    assert found.not_finite == sum(not math.isfinite(each) for each in values)


def test_histogram_counts_are_numpys():
    values = np.random.default_rng(3).normal(size=(40, 50))
    found = histogram(values, 17)
    counts, edges = np.histogram(values, 17)
    assert list(found.counts) == counts.tolist()
    assert (found.low, found.high) == (edges[0], edges[-1])


def test_values_that_are_all_the_same_are_in_the_middle():
    assert histogram(np.full((2, 2), 7.0), 5).counts == (0, 0, 4, 0, 0)


@pytest.mark.parametrize("name", ["moons", "digits"])
def test_every_layer_has_a_histogram_of_every_quantity_with_all_of_its_numbers(name):
    session = session_of(load(name), 1)
    engine, experiment = session.frame().engines["scratch"], session.experiment
    spread = spread_of(engine, experiment.activations(), 12, fused=False)

    assert len(spread.histograms) == 5 * experiment.depth
    for quantity in QUANTITIES:
        for k in range(1, experiment.depth + 1):
            name = name_of(quantity, k)
            tensor = engine.tensor(name)
            assert spread.histograms[name].total == tensor.size
            assert (spread.histograms[name].low, spread.histograms[name].high) == (tensor.min(), tensor.max())


def test_at_epoch_0_there_are_weights_alone():
    session = session_of(load("moons"), 1)
    spread = spread_of(session.frame_of(0).engines["scratch"], session.experiment.activations(), 9, fused=True)
    assert list(map(str, spread.histograms)) == ["W1", "W2", "W3"]
    assert (spread.flow, spread.findings) == ((), ())


def test_the_flow_is_what_the_numbers_say_one_by_one(moons):
    engine, experiment = moons.frame().engines["scratch"], moons.experiment
    for each in flow_of(engine, experiment.activations(), fused=True):
        k = each.layer
        gradients = [
            abs(float(value))
            for name in (f"dL/dW{k}", f"dL/db{k}")
            for value in engine.tensor(parse_tensor_name(name)).ravel()
        ]
        update = [float(v) for v in engine.tensor(parse_tensor_name(f"update W{k}")).ravel()]
        weights = [float(v) for v in engine.tensor(parse_tensor_name(f"W{k}")).ravel()]
        assert each.mean_gradient == pytest.approx(math.fsum(gradients) / len(gradients), rel=1e-12)
        assert each.largest_gradient == max(gradients)
        assert each.ratio == pytest.approx(math.log10(math.hypot(*update) / math.hypot(*weights)), rel=1e-9)


@pytest.mark.parametrize(
    ("activation", "flat"),
    [
        ("tanh", lambda z: 1 - math.tanh(z) ** 2 <= 0.05),
        ("sigmoid", lambda z: math.exp(-z) / (1 + math.exp(-z)) ** 2 <= 0.05 * 0.25),
        ("relu", lambda z: z <= 0),
    ],
)
def test_the_share_of_saturated_activations_is_counted(activation, flat):
    text = f"layers = [2, 9, 1]\nactivation = '{activation}'\n[data]\nsource = 'moons'\n[init]\nlaw = 'normal'"
    session = session_of(parse(text, "some"), 1)
    engine = session.frame().engines["scratch"]
    found = flow_of(engine, session.experiment.activations(), fused=False)[0]
    z = engine.computed.z[1]
    expected = [[flat(float(value)) for value in row] for row in z]
    assert found.saturated == np.mean(expected)
    assert found.stuck == np.all(expected, axis=0).sum()
    assert found.silent == (found.stuck if activation == "relu" else 0)


def test_units_that_never_fire_are_counted_and_said():
    session = session_of(parse("layers = [2, 6, 1]\nactivation = 'relu'\n[data]\nsource = 'moons'", "some"), 1)
    engine = session.frame().engines["scratch"]
    session._timelines["scratch"].engine.restore(_silenced(engine, units=(0, 2, 5)))
    computed = session._timelines["scratch"].engine.look(session.samples.x, session.samples.y)
    silent = _with(engine, computed)
    flow = flow_of(silent, session.experiment.activations(), fused=False)
    assert flow[0].silent == 3
    assert any("3 of 6 units in layer 1 never fire" in each for each in findings(flow))


@pytest.mark.parametrize(("activation", "far"), [("tanh", 1000.0), ("sigmoid", -1000.0), ("elu", -1000.0)])
def test_a_unit_at_the_end_of_its_range_is_saturated_though_its_slope_is_exactly_0(activation, far):
    found = _flow_at(activation, far)
    assert (found.stuck, found.silent) == (4, 0)
    said = findings([found])[0]
    assert said == f"4 of 4 units in layer 1 are saturated for all {found.samples} samples of the batch."


@pytest.mark.parametrize("activation", ["relu", "gelu", "gelu_tanh", "silu", "softplus"])
def test_a_rectifier_far_below_zero_never_fires(activation):
    found = _flow_at(activation, -1000.0)
    assert (found.stuck, found.silent) == (4, 4)
    assert findings([found])[0] == f"4 of 4 units in layer 1 never fire for all {found.samples} samples of the batch."


@pytest.mark.parametrize(
    ("activation", "said"),
    [
        ("gelu", "4 of 4 units in layer 1 hardly fire for all {n} samples of the batch."),
        (
            "leaky_relu",
            "4 of 4 units in layer 1 are below zero for all {n} samples of the batch: 1% of the gradient "
            "comes through.",
        ),
    ],
)
def test_what_lets_some_of_the_gradient_through_is_not_called_saturated(activation, said):
    found = _flow_at(activation, -4.0)
    assert (found.stuck, found.silent) == (4, 0)
    assert findings([found])[0] == said.format(n=found.samples)


def _flow_at(activation, z):
    """Return the flow through a layer of four units whose z are all the same."""
    text = f"layers = [2, 4, 1]\nactivation = '{activation}'\n[data]\nsource = 'moons'"
    session = session_of(parse(text, "some"), 1)
    engine = session.frame().engines["scratch"]
    zs = np.full_like(engine.computed.z[1], z)
    computed = replace(
        engine.computed, z={**engine.computed.z, 1: zs}, a={**engine.computed.a, 1: ACTIVATIONS[activation].value(zs)}
    )
    return flow_of(_with(engine, computed), session.experiment.activations(), fused=False)[0]


def _silenced(engine, units):
    from core.engines.base import EngineState
    from core.parameters import Parameters

    flat = engine.after.flat.copy()
    parameters = Parameters(engine.after.layers, flat)
    parameters.b[1][:] = 100.0
    parameters.b[1][list(units)] = -100.0
    return EngineState(flat)


def _with(engine, computed):
    return replace(engine, computed=computed)


def test_an_engine_that_keeps_z_a_and_delta_to_itself_has_what_is_known(moons):
    engine = moons.frame().engines["scratch"]
    x = engine.computed.x
    quiet = _with(engine, replace(engine.computed, z={}, a={0: x}, delta={}))
    spread = spread_of(quiet, moons.experiment.activations(), 9, fused=True)
    assert {name.quantity.value for name in spread.histograms} == {"parameter", "gradient", "update"}
    assert [each.saturated for each in spread.flow] == [None] * 3


def flow(layer, **settings):
    usual = {"mean_gradient": 1e-2, "largest_gradient": 1e-1, "ratio": -3.0, "saturated": 0.1}
    return Flow(layer=layer, **{"activation": "tanh", "units": 16, "samples": 80, **usual, **settings})


def test_nothing_is_said_of_what_is_well():
    assert findings([flow(1), flow(2), flow(3, saturated=None)]) == ()
    assert findings([flow(k, activation="leaky_relu", saturated=0.6) for k in (1, 2)]) == ()


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        (
            [flow(k, mean_gradient=1e-2 / 300 ** ((4 - k) / 3)) for k in (1, 2, 3, 4)],
            "Gradients shrink 300-fold over four layers",
        ),
        ([flow(1, mean_gradient=5.0), flow(2)], "Gradients grow 500-fold over two layers"),
        ([flow(1, mean_gradient=NAN, largest_gradient=NAN), flow(2)], "Gradients of layer 1 are not finite"),
        ([flow(1, mean_gradient=0.0, largest_gradient=0.0), flow(2)], "All gradients of layer 1 are 0"),
        ([flow(1), flow(2, stuck=7, silent=7)], "7 of 16 units in layer 2 never fire"),
        ([flow(1), flow(2, stuck=1, silent=1)], "1 of 16 units in layer 2 never fires"),
        ([flow(1, stuck=3)], "3 of 16 units in layer 1 are saturated for all 80 samples"),
        ([flow(1, saturated=0.75)], "75% of the activations of layer 1 are saturated"),
        ([flow(1, activation="silu", saturated=0.75)], "75% of the activations of layer 1 lie where silu is flat"),
        ([flow(1, ratio=-0.3)], "The update of W1 is 50% of its weights"),
        ([flow(1, ratio=3.25)], "The update of W1 is 1,800 times as large as its weights"),
        ([flow(1, ratio=300.3)], "The update of W1 is 2.0e300 times as large as its weights"),
        ([flow(1, ratio=-7.0)], "The update of W1 is 1e-7 of its weights: it hardly learns"),
    ],
)
def test_what_is_unhealthy_is_said_in_words(layers, said):
    found = findings(layers)
    assert len(found) == 1
    assert found[0].startswith(said)
