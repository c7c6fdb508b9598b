"""Whatever the network: what is shown adds up to the engine's number, and links lead where they say."""

import math
import pickle
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.arrays import diverging
from core.experiment import Optimizer
from core.functions.activations import ACTIVATIONS
from core.functions.losses import LOSSES
from core.functions.optimizers import OPTIMIZERS
from core.tensors import INPUT, TARGET
from core.trace import Address, Aside, Kind, explain, parse_address, sheet, used_by, value_at
from core.trace.explain import network_of

RULES = [
    Optimizer("sgd", 0.1),
    Optimizer("sgd", 0.05, momentum=0.9),
    Optimizer("sgd", 0.05, momentum=0.9, nesterov=True, weight_decay=0.01),
    Optimizer("adam", 0.01),
    Optimizer("adam", 0.01, weight_decay=0.1, betas=(0.8, 0.9)),
    Optimizer("adamw", 0.01),
    Optimizer("rmsprop", 0.01, weight_decay=0.1),
    Optimizer("rmsprop", 0.01, momentum=0.5, centered=True),
    Optimizer("adagrad", 0.1, lr_decay=0.1, weight_decay=0.1),
]
HIDDEN = [name for name, each in ACTIVATIONS.items() if each.elementwise]
anything = settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])


@st.composite
def experiments(draw):
    """Any activations, loss, optimizer, batch and precision."""
    loss = draw(st.sampled_from(sorted(LOSSES)))
    return {
        "activation": tuple(draw(st.sampled_from(HIDDEN)) for _ in range(2)),
        "loss": loss,
        "output": LOSSES[loss].output or draw(st.sampled_from(sorted(ACTIVATIONS))),
        "optimizer": draw(st.sampled_from(RULES)),
        "batch": draw(st.sampled_from([None, 2])),
        "precision": draw(st.sampled_from(["float64", "float32"])),
        "seed": draw(st.integers(0, 1000)),
        "epoch": draw(st.integers(1, 4)),
    }


def addresses(frame, experiment):
    """Every address of the network."""
    network = network_of(frame, experiment)
    for name in network.names:
        yield from (Address(name, cell) for cell in np.ndindex(network.shape(name)))


def some(frame, experiment, seed=0):
    """One address of every tensor."""
    generator = np.random.default_rng(seed)
    network = network_of(frame, experiment)
    for name in network.names:
        yield Address(name, tuple(int(generator.integers(n)) for n in network.shape(name)))


def test_every_rule_activation_and_loss_is_drawn():
    assert {rule.name for rule in RULES} == set(OPTIMIZERS)


@anything
@given(drawn=experiments(), most=st.sampled_from([2, 12, None]), order=st.sampled_from(["size", "index"]))
def test_terms_and_what_is_left_out_and_rounding_add_up_to_the_engines_number(network, drawn, most, order):
    frame, experiment = network(**drawn)
    for address in some(frame, experiment):
        explanation = explain(frame, experiment, address, most=most, order=order)
        assert explanation.results == value_at(frame, experiment, address)
        assert set(explanation.results) == set(frame.engines)
        assert set(explanation.closings) == (set() if explanation.leaf else set(frame.engines))
        for engine, closing in explanation.closings.items():
            terms = [term.values[engine] for term in explanation.terms]
            assert sum(terms) + closing.left_out + closing.rounding == Fraction(explanation.results[engine])
            assert closing.left_out == 0 or explanation.left_out
            assert explanation.terms[-1].running[engine] == sum(terms)


@anything
@given(drawn=experiments())
def test_each_formula_gives_the_engines_number_but_for_rounding(network, drawn):
    frame, experiment = network(**drawn)
    for address in some(frame, experiment):
        for engine, closing in explain(frame, experiment, address).closings.items():
            assert closing.reproduced, (engine, address, float(closing.rounding), closing.allowed)


@anything
@given(drawn=experiments())
def test_a_number_that_is_off_by_little_more_than_rounding_is_no_longer_given_by_its_formula(network, drawn):
    frame, experiment = network(**drawn)
    engine = frame.engines["scratch"]
    eps = float(np.finfo(engine.before.flat.dtype).eps)
    for address in some(frame, experiment):
        if str(address).startswith(("z", "dL/dW", "dL/db")):
            closing = explain(frame, experiment, address).closings["scratch"]
            terms = [abs(term.values["scratch"]) for term in explain(frame, experiment, address, most=None).terms]
            # n + 4 roundings of sums of at most 5 terms, and as much again for subnormal numbers
            assert closing.allowed <= 10 * eps * float(sum(terms)) + 1e-36


@anything
@given(drawn=experiments(), most=st.sampled_from([1, 3, None]), digits=st.sampled_from([None, 3, 6]))
def test_as_printed_the_lines_add_up_to_the_last_digit(network, drawn, most, digits):
    frame, experiment = network(**drawn)
    for address in some(frame, experiment):
        explanation = explain(frame, experiment, address, most=most)
        for engine, closing in explanation.closings.items():
            printed = sheet(explanation, engine, digits)
            others = [printed.left_out] if printed.left_out else []
            lines = [*printed.terms, *others, printed.rounding]
            result = Decimal(printed.result.text)
            assert sum(Decimal(line.text) for line in lines) == result
            assert Decimal(lines[-1].running) == result
            assert len({len(line.text.partition(".")[2]) for line in [*lines, printed.result]}) == 1
            if digits is None:
                assert np.dtype(closing.precision).type(printed.result.text) == explanation.results[engine]


@anything
@given(drawn=experiments())
def test_each_operands_link_leads_to_the_value_that_it_stands_for(network, drawn):
    frame, experiment = network(**drawn)
    for address in some(frame, experiment):
        explanation = explain(frame, experiment, address)
        for operand in (*explanation.operands, *explanation.beside):
            followed = explain(frame, experiment, operand.address)
            assert dict(operand.values) == followed.results
            assert operand.leaf == followed.leaf
        if str(address).startswith(("z", "dL/d")) and explanation.count > 1:
            for term in explanation.terms:  # of a sum of backpropagation's: the product of what it links to
                factors = [Fraction(operand.values["scratch"]) for operand in term.operands]
                assert term.values["scratch"] == math.prod(factors)


SMALL = [
    {"activation": "tanh", "loss": "mse", "output": "softmax", "optimizer": RULES[4]},
    {"activation": "sigmoid", "loss": "cross_entropy", "optimizer": RULES[7]},
    {"activation": "relu", "loss": "bce", "optimizer": RULES[2]},
    {"activation": "identity", "loss": "huber", "output": "sigmoid", "optimizer": RULES[8]},
    {"activation": "gelu", "loss": "sse", "optimizer": RULES[5]},
]


@pytest.mark.parametrize("case", SMALL, ids=lambda case: case["loss"])
def test_used_by_is_the_inverse_of_the_operands(network, case):
    frame, experiment = network(layers=(2, 3, 2), epoch=1, **case)
    every = list(addresses(frame, experiment))

    made_of = {
        (operand.address, address)
        for address in every
        for operand in explain(frame, experiment, address, most=None).operands
    }
    feeds = {
        (address, other)
        for address in every
        for cells in used_by(frame, experiment, address)
        for other in every
        if other in cells
    }

    assert made_of == feeds


@pytest.mark.parametrize("case", SMALL, ids=lambda case: case["loss"])
def test_from_a_gradient_of_layer_1_links_lead_to_input_target_and_the_last_weights_and_end_there(network, case):
    frame, experiment = network(**case)
    start = parse_address(frame, experiment, "dL/dW1[2,0]")
    seen, ends, waiting = {start}, set(), [start]
    while waiting:
        explanation = explain(frame, experiment, waiting.pop(), most=None)
        if explanation.leaf:
            ends.add(str(explanation.address.tensor))
        new = {operand.address for operand in explanation.operands} - seen
        seen |= new
        waiting += new

    assert ends == {"x", "y", "W1", "b1", "W2", "b2", "W3", "b3"}


def test_from_an_update_links_lead_to_what_the_optimizer_kept_too(network):
    frame, experiment = network(optimizer=RULES[4])
    found = explain(frame, experiment, parse_address(frame, experiment, "update W2[1,0]"))

    links = {
        str(link.address): {str(each.address) for each in explain(frame, experiment, link.address).operands}
        for link in found.operands
    }

    assert links == {
        "next m(W2[1,0])": {"m(W2[1,0])", "g(W2[1,0])"},
        "next v(W2[1,0])": {"v(W2[1,0])", "g(W2[1,0])"},
        "next t": {"t"},
    }
    assert [str(each.address) for each in found.beside] == ["W2[1,0]", "next W2[1,0]"]


@pytest.mark.parametrize("case", SMALL, ids=lambda case: case["loss"])
def test_every_address_is_read_back_as_it_is_written(network, case):
    frame, experiment = network(**case)
    for address in some(frame, experiment):
        assert parse_address(frame, experiment, str(address)) == address


@pytest.mark.parametrize("case", SMALL, ids=lambda case: case["loss"])
def test_an_explanation_travels_between_processes(network, case):
    frame, experiment = network(**case)
    for address in some(frame, experiment):
        explanation = explain(frame, experiment, address)
        assert pickle.loads(pickle.dumps(explanation)) == explanation


def test_the_operands_of_the_first_layer_are_inputs_and_the_loss_is_made_of_targets(network):
    frame, experiment = network()
    first = explain(frame, experiment, parse_address(frame, experiment, "z1[4,2]"), order="index")
    term = explain(frame, experiment, parse_address(frame, experiment, "L[4,1]"))

    assert [each.address for each in first.operands][::2] == [
        *(Address(INPUT, (4, j)) for j in range(3)),
        parse_address(frame, experiment, "b1[2]"),
    ]
    assert term.operands[-1].address == Address(TARGET, (4, 1))


@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_a_run_that_has_left_the_finite_numbers_is_explained_all_the_same(network, precision):
    with diverging():
        frame, experiment = network(
            epoch=2,
            optimizer=Optimizer("sgd", 1e30 if precision == "float32" else 1e200),
            loss="sse",
            activation="relu",
            precision=precision,
        )
        for address in some(frame, experiment):
            explanation = explain(frame, experiment, address)
            assert explanation.formula
            assert all(closing.reproduced in (True, False) for closing in explanation.closings.values())
            sheet(explanation, "scratch")
    assert not math.isfinite(explain(frame, experiment, Address(Aside(Kind.LOSS))).results["scratch"])


def test_a_short_campaign_of_random_networks_finds_nothing_wrong(campaign):
    assert "explanations of 2 networks" in campaign("traces", 2, 90)
