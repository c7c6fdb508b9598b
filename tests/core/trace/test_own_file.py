"""Somebody's own file explained: what it returned, by what it returned beside and by what a right pass lends it."""

import pickle
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.experiment import Optimizer
from core.frame import Frame
from core.functions.activations import ACTIVATIONS
from core.functions.losses import LOSSES
from core.trace import Address, explain, parse_address, sheet
from core.trace.explain import network_of
from core.trace.words import doubt

HIDDEN = [name for name, each in ACTIVATIONS.items() if each.elementwise]
RULES = [
    Optimizer("sgd", 0.1),
    Optimizer("sgd", 0.05, momentum=0.9, nesterov=True, weight_decay=0.01),
    Optimizer("adam", 0.01, weight_decay=0.1),
    Optimizer("rmsprop", 0.01, momentum=0.5, centered=True),
]
EXTRAS = [(), ("z", "a", "delta"), ("delta",), ("a",), ("z",), ("z", "delta")]
anything = settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])


@st.composite
def runs(draw):
    """Any network and optimizer; any of the extras; either path."""
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
        "extras": draw(st.sampled_from(EXTRAS)),
        "own_path": draw(st.booleans()),
    }


def some(frame, experiment, seed=0):
    """One address of every tensor."""
    generator = np.random.default_rng(seed)
    network = network_of(frame, experiment)
    for name in network.names:
        yield Address(name, tuple(int(generator.integers(n)) for n in network.shape(name)))


def explained(run, text, **options):
    frame, experiment, lent = run
    return explain(frame, experiment, parse_address(frame, experiment, text), lent=lent, **options)


@anything
@given(drawn=runs(), most=st.sampled_from([2, 12, None]))
def test_what_a_right_file_returns_is_given_by_its_terms_for_every_quantity(with_own_file, drawn, most):
    frame, experiment, lent = with_own_file(**drawn)
    for address in some(frame, experiment):
        explanation = explain(frame, experiment, address, most=most, lent=lent)
        assert set(explanation.results) == {"scratch", "yours"}
        assert set(explanation.closings) == (set() if explanation.leaf else {"scratch", "yours"})
        for engine, closing in explanation.closings.items():
            terms = sum(term.values[engine] for term in explanation.terms)
            assert terms + closing.left_out + closing.rounding == Fraction(explanation.results[engine])
            assert closing.reproduced, (engine, str(address), float(closing.rounding), closing.allowed)


@anything
@given(drawn=runs())
def test_what_is_printed_of_a_file_adds_up_and_travels(with_own_file, drawn):
    frame, experiment, lent = with_own_file(**drawn)
    for address in some(frame, experiment):
        explanation = explain(frame, experiment, address, lent=lent)
        assert pickle.loads(pickle.dumps(explanation)) == explanation
        if "yours" in explanation.closings:
            printed = sheet(explanation, "yours")
            lines = [*printed.terms, *filter(None, [printed.left_out]), printed.rounding]
            assert sum(Decimal(line.text) for line in lines) == Decimal(printed.result.text)


PLANTED = [
    ("half-loss-gradient", 3),
    ("wrong-sign:delta", 2),
    ("derivative-at-activation", 1),
    ("weights-zero", 2),
    ("index-shifted", 1),
    ("bias-averaged", 3),
    ("missing-transpose", 2),
    ("weight-decay-included", 2),
    ("noise", 3),
]
SQUARE = {"layers": (3, 4, 4, 4), "activation": "tanh", "loss": "mse", "output": "sigmoid", "epoch": 1}


def cells_of(frame, experiment, *begins):
    """All addresses of the tensors whose names begin so."""
    network = network_of(frame, experiment)
    for name in network.names:
        if str(name).startswith(begins):
            yield from (Address(name, cell) for cell in np.ndindex(network.shape(name)))


@pytest.mark.parametrize("own_path", [False, True], ids=["at scratch's parameters", "on its own path"])
@pytest.mark.parametrize("mistake", PLANTED, ids=lambda mistake: f"{mistake[0]} in layer {mistake[1]}")
def test_a_wrong_gradient_does_not_add_up_and_a_right_one_beside_it_does(with_own_file, mistake, own_path):
    frame, experiment, lent = with_own_file(mistakes=[mistake], own_path=own_path, **SQUARE)
    right, _, _ = with_own_file(own_path=own_path, **SQUARE)
    wrong = set()
    for address in cells_of(frame, experiment, "dL/dW", "dL/db"):
        value, meant = (each.engines["yours"].tensor(address.tensor)[address.cell] for each in (frame, right))
        apart = abs(value - meant) / np.abs(right.engines["yours"].tensor(address.tensor)).max()
        closing = explain(frame, experiment, address, lent=lent).closings["yours"]
        wrong |= set() if closing.reproduced else {str(address)}
        assert closing.reproduced == (apart < 1e-12), (address, apart)  # mistakes are larger, rounding is smaller
    assert wrong


@pytest.mark.parametrize(
    ("mistake", "where"),
    [
        (("half-loss-gradient", 3), "dL/dz3"),
        (("wrong-sign:delta", 2), "dL/dz2"),
        (("derivative-at-activation", 1), "dL/dz1"),
        (("weights-zero", 2), "dL/dW2"),
        (("bias-averaged", 3), "dL/db3"),
        (("missing-transpose", 2), "dL/dz2"),
    ],
)
def test_of_a_file_that_returns_all_only_the_wrong_step_does_not_add_up(with_own_file, mistake, where):
    run = with_own_file(mistakes=[mistake], extras=("z", "a", "delta"), **SQUARE)
    frame, experiment, lent = run
    wrong = {
        str(address.tensor)
        for address in cells_of(frame, experiment, "z", "a", "dL/d", "L")
        if not explain(frame, experiment, address, lent=lent).closings["yours"].reproduced
    }

    assert wrong == {where}
    below = explained(run, f"{where}[0]" if "b" in where else f"{where}[0,0]").differences["scratch", "yours"]
    assert below.arises
    assert str(below.path[-1].tensor) == where


def test_a_difference_is_traced_through_what_the_file_returns(with_own_file):
    run = with_own_file(mistakes=[("half-loss-gradient", 3)], extras=("z", "a", "delta"), **SQUARE)

    difference = explained(run, "dL/dW1[2,0]").differences["scratch", "yours"]

    assert [str(each.tensor) for each in difference.path] == ["dL/dW1", "dL/dz1", "dL/dz2", "dL/dz3"]
    assert "comes in through dL/dz1[" in difference.text


def test_that_it_does_not_add_up_is_said_with_the_ratio(with_own_file):
    run = with_own_file(mistakes=[("half-loss-gradient", 3)], **SQUARE)

    found = explained(run, "dL/dW3[0,1]")

    closing = found.closings["yours"]
    assert float(closing.rounding) == pytest.approx(-float(closing.total) / 2)
    assert doubt(closing, of_sum=found.of_sum) == (
        f"the terms give {float(closing.total):.5g}; your file returned {closing.result:.5g}: "
        f"that is not rounding (at most {closing.allowed:.0e}), ratio 0.5"
    )


def test_which_operands_are_lent_is_said(with_own_file):
    bare, some_of_it = (with_own_file(extras=extras, **SQUARE) for extras in ((), ("a",)))
    lent = "scratch's, at the same parameters"

    assert explained(bare, "dL/dW2[1,0]").remarks == {
        "yours": (f"your file does not return dL/dz2 and a1: those are {lent}",)
    }
    assert explained(some_of_it, "dL/dW2[1,0]").remarks == {
        "yours": (f"your file does not return dL/dz2: that is {lent}",)
    }
    assert explained(bare, "z2[1,0]").remarks == {"yours": (f"your file does not return z2: this is {lent}",)}
    assert explained(some_of_it, "L").remarks == {}
    assert "update is made with scratch's gradient" in explained(bare, "update W2[1,0]").remarks["yours"][0]


def test_on_its_own_path_its_updates_are_made_of_its_own_gradients(with_own_file):
    run = with_own_file(mistakes=[("half-loss-gradient", 3)], own_path=True, **SQUARE | {"epoch": 3})
    frame, *_ = run

    found = explained(run, "next W2[1,0]")

    before, after = (getattr(frame.engines["yours"], each).W[2][1, 0] for each in ("before", "after"))
    assert found.results["yours"] == after != frame.engines["scratch"].after.W[2][1, 0]
    assert found.operands[1].values["yours"] == frame.engines["yours"].computed.gradients.W[2][1, 0]
    assert found.closings["yours"].reproduced
    assert found.beside[0].values["yours"] == before
    assert found.remarks == {}


def test_a_file_that_returns_no_number_is_no_rounding(with_own_file):
    frame, experiment, lent = with_own_file(**SQUARE)
    computed = lent["yours"].frame.computed
    flat = computed.gradients.flat.copy()
    flat[0] = np.nan
    gradients = type(computed.gradients)(computed.gradients.layers, flat)
    made = replace(lent["yours"].frame, computed=replace(computed, gradients=gradients))
    run = frame, experiment, {"yours": replace(lent["yours"], frame=made)}

    found = explained(run, "dL/dW1[0,0]")

    assert not found.closings["yours"].reproduced
    assert "your file returned nan" in doubt(found.closings["yours"], of_sum=True)


def test_a_planted_mistake_in_scratch_is_not_lent(with_own_file, own_file):
    import msgspec

    frame, experiment, _ = with_own_file(**SQUARE)
    mistakes = ("half-loss-gradient",)
    planted = msgspec.structs.replace(
        experiment,
        engines=msgspec.structs.replace(
            experiment.engines, scratch=type(experiment.engines.scratch)(mistakes=mistakes)
        ),
    )
    _, lent = own_file.joined(Frame(1, {"scratch": frame.engines["scratch"]}), planted, frame.engines["yours"])

    assert lent["yours"].lender == "a right pass"
    found = explain(frame, experiment, parse_address(frame, experiment, "dL/dW3[0,1]"), lent=lent)
    assert found.closings["yours"].reproduced


def test_a_file_that_returns_wider_numbers_than_the_run_has_is_read_in_full(with_own_file):
    told = {"activation": "gelu", "precision": "float32", "extras": ("z", "a", "delta")}
    small = {"loss": "sse", "output": "tanh", "epoch": 300}  # ŷ − y cancels, and shows what is lost of ŷ
    options = {**SQUARE, **told, **small}
    frame, experiment, lent = with_own_file(**options)
    assert frame.engines["yours"].computed.a[3].dtype == np.float64  # its gelu is

    for address in cells_of(frame, experiment, "dL/da3", "dL/dz3", "L"):
        closing = explain(frame, experiment, address, lent=lent).closings["yours"]
        assert closing.reproduced, (str(address), float(closing.rounding), closing.allowed)
