"""What explanations say: the formulas as a textbook writes them, where engines part, the phases of an epoch."""

import re
from dataclasses import replace
from fractions import Fraction
from types import MappingProxyType

import numpy as np
import pytest

from core.engines.autograd import Autograd
from core.engines.scratch import Scratch
from core.errors import AddressError, EpochError
from core.experiment import Change, Engines, Experiment, Optimizer, ScratchSettings
from core.experiment_file import load
from core.frame import Frame
from core.functions import activations, optimizers
from core.functions.losses import LOSSES
from core.session import Session
from core.tensors import Quantity, TensorName
from core.trace import Address, explain, parse_address, sheet, used_by, value_at, walk

OF_ITS_OWN = 77
"""A seed for runs with another table: the equations of an experiment are kept once made."""


def ran(name="notebook", epochs=5, **settings):
    """The last frame of a shipped experiment, or of one with these settings."""
    experiment = load(name) if not settings else Experiment(**settings)
    session = Session(experiment)
    for engine in (Scratch, Autograd):
        session.join(engine(experiment))
    session.advance(epochs)
    return session.frame(), experiment


@pytest.fixture(scope="module")
def notebook():
    return ran()


def explained(run, text, **options):
    frame, experiment = run
    return explain(frame, experiment, parse_address(frame, experiment, text), **options)


@pytest.mark.parametrize(
    ("address", "formula"),
    [
        ("z2[0,3]", "z2[0,3] = Σⱼ a1[0,j]·W2[3,j] + b2[3]"),
        ("z1[0,3]", "z1[0,3] = Σⱼ x[0,j]·W1[3,j] + b1[3]"),
        ("a2[0,3]", "a2[0,3] = σ(z2[0,3]) = 1/(1 + e^(−z2[0,3]))"),
        ("a3[0,0]", "a3[0,0] = z3[0,0]"),
        ("L", "L = Σₙᵢ L[n,i] = Σₙᵢ (a3[n,i] − y[n,i])²"),
        ("L[0,0]", "L[0,0] = (a3[0,0] − y[0,0])²"),
        ("dL/dz3[0,0]", "dL/dz3[0,0] = 2(a3[0,0] − y[0,0])"),
        ("dL/dz2[0,3]", "dL/dz2[0,3] = (Σᵢ dL/dz3[0,i]·W3[i,3])·σ′(z2[0,3])"),
        ("σ′(z2[0,3])", "σ′(z2[0,3]) = a2[0,3]·(1 − a2[0,3])"),
        ("dL/dW2[3,7]", "dL/dW2[3,7] = Σₙ dL/dz2[n,3]·a1[n,7]"),
        ("dL/db2[3]", "dL/db2[3] = Σₙ dL/dz2[n,3]"),
        ("update W2[3,7]", "update W2[3,7] = −0.1·dL/dW2[3,7]"),
        ("next W2[3,7]", "W2[3,7] ← W2[3,7] − 0.1·dL/dW2[3,7]"),
        ("x[0,1]", "x[0,1] is an input: unit 1 of sample 0"),
    ],
)
def test_formulas_read_as_in_a_textbook(notebook, address, formula):
    assert explained(notebook, address).formula == formula


def test_a_sum_shows_its_largest_terms_and_what_the_others_add_up_to(notebook):
    found = explained(notebook, "z2[0,3]", most=4)

    sizes = [abs(term.values["scratch"]) for term in found.terms]
    assert (len(found.terms), found.count, found.left_out) == (4, 11, 7)
    assert sizes == sorted(sizes, reverse=True)
    everything = explained(notebook, "z2[0,3]", most=None, order="index")
    assert [term.place for term in everything.terms] == list(range(11))
    assert sorted(abs(each.values["scratch"]) for each in everything.terms)[-4:] == sorted(sizes)
    assert sum(each.shares["scratch"] for each in everything.terms) == pytest.approx(1, rel=1e-14)


def test_numbers_stand_in_the_formula(notebook):
    found = explained(notebook, "dL/dz2[0,3]")

    factors = [operand.values["autograd"] for operand in found.operands]
    written = "·".join(f"({each:.5g})" if each < 0 else f"{each:.5g}" for each in factors)
    assert found.numbers["autograd"] == f"{written} = {found.results['autograd']:.5g}"


def test_a_weight_feeds_its_unit_what_lies_below_and_its_own_next_value(notebook):
    frame, experiment = notebook
    cells = used_by(frame, experiment, parse_address(frame, experiment, "W2[3,7]"))

    assert [str(each) for each in cells] == ["z2[·,3]", "dL/dz1[·,7]", "next W2[3,7]"]
    assert cells[0].first(near=0) == parse_address(frame, experiment, "z2[0,3]")


def test_fused_losses_are_explained_as_the_engines_compute_them(network):
    for loss, formula in {
        "bce": "dL/dz3[1,0] = (a3[1,0] − y[1,0])/10",
        "cross_entropy": "dL/dz3[1,0] = (a3[1,0]·Σⱼ y[1,j] − y[1,0])/5",
    }.items():
        assert explained(network(loss=loss), "dL/dz3[1,0]").formula == formula


def test_a_mean_is_divided_by_the_numbers_of_the_batch_that_is_looked_at(network):
    squares, logarithms = "(a3[n,i] − y[n,i])²", "(−y[n,i]·ln a3[n,i])"
    for settings, divisor, term in (
        ({"loss": "mse", "batch": 2}, 2, squares),  # the last of 2, 2, 1
        ({"loss": "mse", "batch": 2, "update": 1}, 4, squares),
        ({"loss": "cross_entropy"}, 5, logarithms),
    ):
        formula = f"L = (1/{divisor})·Σₙᵢ L[n,i] = (1/{divisor})·Σₙᵢ {term}"
        assert explained(network(**settings), "L").formula == formula


def test_softmax_before_a_loss_of_its_own_goes_through_all_outputs(network):
    found = explained(network(loss="mse", output="softmax"), "dL/dz3[1,0]")

    assert found.formula == "dL/dz3[1,0] = a3[1,0]·(dL/da3[1,0] − Σⱼ dL/da3[1,j]·a3[1,j])"
    assert {str(each.address) for each in found.operands} == {"dL/da3[1,0]", "dL/da3[1,1]", "a3[1,0]", "a3[1,1]"}


def test_momentum_and_adam_show_their_own_state(network):
    momentum = network(optimizer=Optimizer("sgd", 0.1, momentum=0.9))
    adam = network(optimizer=Optimizer("adam", 0.01))

    assert explained(momentum, "update W2[1,0]").formula == "update W2[1,0] = −0.1·next v(W2[1,0])"
    assert explained(momentum, "next v(W2[1,0])").formula == "next v(W2[1,0]) = 0.9·v(W2[1,0]) + dL/dW2[1,0]"
    frame, _ = momentum
    kept = frame.engines["scratch"].vectors_before["momentum_buffer"]
    assert explained(momentum, "v(W1[0,0])").results["scratch"] == kept[0] != 0
    assert explained(adam, "next v(b1[2])").formula == "next v(b1[2]) = 0.999·v(b1[2]) + 0.001·dL/db1[2]·dL/db1[2]"
    assert explained(adam, "t").results == {"scratch": 1, "autograd": 1}
    assert explained(adam, "update b1[2]").formula == (
        "update b1[2] = −0.01·(next m(b1[2])/(1 − 0.9^(next t))) / (√(next v(b1[2])/(1 − 0.999^(next t))) + 1e-08)"
    )


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_before_the_first_update_the_optimizer_has_kept_nothing(network, optimizer):
    settings = {"sgd": Optimizer("sgd", 0.1, momentum=0.9), "adam": Optimizer("adam")}[optimizer]
    symbol = {"sgd": "v", "adam": "m"}[optimizer]

    assert explained(network(epoch=1, optimizer=settings), f"{symbol}(W1[0,0])").results == {
        "scratch": 0,
        "autograd": 0,
    }


def test_settings_changed_midway_are_those_of_the_epoch(network):
    changed = (Change(3, {"optimizer.lr": 0.5, "activation": "tanh"}),)

    formulas = [explained(network(epoch=epoch, change=changed), "update W1[0,0]").formula for epoch in (2, 3)]

    assert [each.partition("= ")[2] for each in formulas] == ["−0.1·dL/dW1[0,0]", "−0.5·dL/dW1[0,0]"]
    assert "tanh" in explained(network(epoch=3, change=changed), "a1[0,0]").formula


def test_a_mistake_shows_as_a_formula_that_does_not_give_the_engines_number(network):
    planted = Engines(ScratchSettings(mistakes=("half-loss-gradient",)))
    run = network(epoch=1, loss="mse", output="tanh", engines=(Scratch, Autograd))
    frame, experiment = run
    wrong = Scratch(replace_engines(experiment, planted))
    computed = wrong.look(*batch_of(frame))
    frames = {**frame.engines, "scratch": replace(frame.engines["scratch"], computed=computed)}
    run = Frame(1, frames), experiment

    closings = {
        name: explained(run, name).closings for name in ("dL/dz3[0,0]", "dL/dz2[0,1]", "dL/dW3[0,1]", "a3[0,0]")
    }

    verdicts = {name: tuple(each[engine].reproduced for engine in frames) for name, each in closings.items()}
    assert verdicts.pop("dL/dz3[0,0]") == (False, True)
    assert set(verdicts.values()) == {(True, True)}
    difference = explained(run, "dL/dW1[2,0]").differences["scratch", "autograd"]
    assert str(difference.path[-1].tensor) == "dL/dz3"
    assert difference.arises


def replace_engines(experiment, engines):
    import msgspec

    return msgspec.structs.replace(experiment, engines=engines)


def batch_of(frame):
    computed = frame.engines["scratch"].computed
    return computed.x, computed.y


def altered(frame, **changed):
    """A frame of two engines, the second as the first but for some cells of its pass, each set to one more."""
    engine = frame.engines["scratch"]
    computed = engine.computed
    for tensors, (layer, cell) in changed.items():
        arrays = {k: each.copy() for k, each in getattr(computed, tensors).items()}
        arrays[layer][cell] += 1
        computed = replace(computed, **{tensors: arrays})
    return Frame(frame.epoch, {"scratch": engine, "other": replace(engine, name="other", computed=computed)})


def test_a_difference_is_traced_to_the_operand_that_brings_it_in_and_the_cell_where_it_arises(network):
    frame, experiment = network(activation="tanh")
    run = altered(frame, delta=(2, (3, 1))), experiment

    here = explained(run, "dL/dz2[3,1]").differences["scratch", "other"]
    below = explained(run, "dL/dz1[3,2]")

    assert here.text == "all of the difference in dL/dz2[3,1] arises here, in how each engine computes it"
    assert (here.amount, here.arises) == (pytest.approx(-1), True)
    # the first layer's are the same in both, though they are made of others: what comes in is undone, and shows
    assert below.differences == {}
    assert [below.closings[name].reproduced for name in ("scratch", "other")] == [True, False]


def test_a_difference_that_comes_in_through_one_operand_is_said_to_come_in_through_it(network):
    frame, experiment = network(activation="tanh", engines=(Scratch,))
    run = altered(frame, delta=(2, (3, 1)), a=(1, (0, 0))), experiment
    scratch, other = (run[0].engines[name] for name in ("scratch", "other"))
    gradients = scratch.computed.gradients
    moved = type(gradients)(gradients.layers, gradients.flat.copy())
    moved.W[2][:] = other.computed.delta[2].T @ other.computed.a[1]
    run[0].engines["other"] = replace(other, computed=replace(other.computed, gradients=moved))

    difference = explained(run, "dL/dW2[1,2]").differences["scratch", "other"]
    both = explained(run, "dL/dW2[1,0]").differences["scratch", "other"]

    assert difference.text == "all of the difference in dL/dW2[1,2] comes in through dL/dz2[3,1], where it arises"
    assert {str(cause.operand.address) for cause in both.causes[:2]} == {"dL/dz2[3,1]", "a1[0,0]"}


@pytest.mark.parametrize("address", ["z2[0,3]", "dL/dz1[0,2]", "dL/dW2[3,7]", "next W1[0,1]", "a2[0,3]"])
def test_what_brings_in_a_difference_adds_up_to_it(address):
    frame, experiment = ran(
        epochs=3, engines=Engines(ScratchSettings(precision="float32")), layers=(2, 10, 10, 1), loss="mse"
    )
    found = explain(frame, experiment, parse_address(frame, experiment, address), most=3)

    difference = found.differences["scratch", "autograd"]

    assert difference.amount == found.results["scratch"] - found.results["autograd"] != 0
    parts = [Fraction(cause.amount) for cause in difference.causes] + [Fraction(difference.left_out)]
    largest = max(map(abs, parts))
    # each part is a product of a few float64 numbers: some roundings of the largest
    assert abs(sum(parts) - Fraction(difference.amount)) <= 40 * Fraction(np.finfo(float).eps) * largest
    sizes = [abs(cause.amount) for cause in difference.causes]
    assert sizes == sorted(sizes, reverse=True)


def test_a_difference_between_other_starts_is_found_in_the_parameters():
    frame, experiment = ran("as-printed", 1)

    found = explained((frame, experiment), "dL/dW1[2,0]").differences["scratch", "autograd"]

    assert not found.arises
    assert found.path[-1].tensor.quantity is Quantity.PARAMETER
    assert found.text.endswith(f"{found.path[-1]}, in which the engines differ before this pass")


def test_an_engine_that_keeps_gradients_alone_is_shown_without_an_explanation(network):
    frame, experiment = network()
    scratch = frame.engines["scratch"]
    nothing = MappingProxyType({})
    bare = replace(scratch, name="yours", computed=replace(scratch.computed, z=nothing, a=nothing, delta=nothing))
    run = Frame(2, {"scratch": scratch, "yours": bare}), experiment

    found = explained(run, "dL/dW2[1,0]")

    assert set(found.results) == {"scratch", "yours"}
    assert set(found.closings) == set(found.numbers) == {"scratch"}
    assert set(explained(run, "update W2[1,0]").closings) == {"scratch", "yours"}
    assert sheet(found, "yours") is None


def test_an_activation_that_says_nothing_of_how_it_is_written_is_explained_by_its_name(network, monkeypatch):
    plain = activations.elementwise(lambda z: z**3, lambda z, a: 3 * z * z, "Cubic")
    monkeypatch.setitem(activations.ACTIVATIONS, "tanh", plain)
    run = network(activation="tanh", engines=(Scratch,), seed=OF_ITS_OWN)

    assert explained(run, "a1[0,0]").formula == "a1[0,0] = tanh(z1[0,0])"
    assert explained(run, "tanh′(z1[0,0])").formula == "tanh′(z1[0,0]) = tanh′(z1[0,0])"
    assert explained(run, "a1[0,0]").closings["scratch"].reproduced


@pytest.mark.parametrize("name", ["adam", "rmsprop", "sgd"])
def test_an_optimizer_that_says_nothing_of_its_lines_is_explained_as_a_whole(network, monkeypatch, name):
    monkeypatch.setitem(optimizers.OPTIMIZERS, name, replace(optimizers.OPTIMIZERS[name], lines=None, symbols={}))
    settings = {"momentum": 0.9} if name == "sgd" else {}
    run = network(optimizer=Optimizer(name, 0.01, **settings), seed=OF_ITS_OWN)

    found = explained(run, "update W2[1,0]")

    assert found.formula.startswith(f"update W2[1,0] = {name}(W2[1,0], dL/dW2[1,0], ")
    assert all(closing.reproduced for closing in found.closings.values())
    vector = {"adam": "exp_avg", "rmsprop": "square_avg", "sgd": "momentum_buffer"}[name]
    kept = explained(run, f"next {vector}(W2[1,0])")
    assert set(kept.closings) == {"scratch", "autograd"}
    assert all(closing.reproduced for closing in kept.closings.values())


@pytest.mark.parametrize("name", LOSSES)
def test_the_terms_of_a_loss_add_up_to_its_value_and_its_slope_is_its_derivative(name):
    loss = LOSSES[name]
    generator = np.random.default_rng(3)
    judged, target = generator.normal(size=(4, 3)), np.eye(3)[[0, 2, 1, 1]]
    prediction = activations.ACTIVATIONS[loss.output].value(judged) if loss.fused else judged

    divisor = loss.divisor(4, 3)

    assert loss.terms(judged, target).sum() / divisor == pytest.approx(loss.value(judged, target), rel=1e-14)
    assert (loss.slope(prediction, target) / divisor).tolist() == loss.derivative(judged, target).tolist()


@pytest.mark.parametrize(
    "text", ["dL/dW9[0,0]", "z2[0,99]", "z2[0]", "W2", "nonsense", "", "L[0]", "dL/dW2[3,7", "v(W1[0,0])"]
)
def test_what_names_no_number_is_refused_in_one_line(notebook, text):
    frame, experiment = notebook
    with pytest.raises(AddressError, match="expected"):
        parse_address(frame, experiment, text)


def test_at_epoch_0_only_parameters_are_known():
    run = ran(epochs=0)

    assert explained(run, "W1[0,0]").leaf
    with pytest.raises(EpochError):
        explain(*run, Address(TensorName(Quantity.PRE_ACTIVATION, 1), (0, 0)))


def test_values_are_those_of_the_frame(notebook):
    frame, experiment = notebook
    found = value_at(frame, experiment, parse_address(frame, experiment, "dL/dW2[3,7]"))
    assert found == {name: float(each.computed.gradients.W[2][3, 7]) for name, each in frame.engines.items()}


def test_a_walk_goes_forward_through_the_loss_and_backward_to_the_update():
    phases = walk(load("notebook"))

    assert [(each.stage, str(each.tensor)) for each in phases] == [
        *(("forward", f"{each}{k}") for k in (1, 2, 3) for each in "za"),
        ("loss", "L"),
        *(("backward", f"dL/d{each}{k}") for k in (3, 2, 1) for each in "zWb"),
        *(("update", f"update {each}{k}") for k in (1, 2, 3) for each in "Wb"),
    ]
    equations = {str(each.tensor): each.equation for each in phases}
    assert equations["z2"] == "z2 = a1·W2ᵀ + b2"
    assert equations["dL/dz2"] == "dL/dz2 = (dL/dz3·W3) ⊙ σ′(z2)"
    assert equations["dL/dW1"] == "dL/dW1 = dL/dz1ᵀ·x"
    assert equations["update W2"] == "W2 ← W2 − 0.1·dL/dW2"


def test_a_walk_tells_what_the_optimizer_does_on_its_way():
    update = walk(Experiment(optimizer=Optimizer("sgd", 0.1, momentum=0.9, weight_decay=0.01)))[-1]

    assert update.lines == ("g(b3) = dL/db3 + 0.01·b3", "next v(b3) = 0.9·v(b3) + g(b3)")
    assert update.equation == "b3 ← b3 − 0.1·next v(b3)"


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"loss": "sse"}, "({p} − {y})² + ({q} − {r})² + … = {L}"),
        ({"loss": "mse"}, "(1/10)·(({p} − {y})² + ({q} − {r})² + …) = {L}"),
        ({"loss": "mae"}, "(1/10)·(|{p} − {y}| + |{q} − {r}| + …) = {L}"),
    ],
)
def test_a_walk_tells_the_loss_with_its_largest_terms(network, settings, text):
    frame, experiment = network(**settings)
    computed = frame.engines["scratch"].computed
    (loss,) = (each for each in walk(experiment, frame.epoch, computed) if each.stage == "loss")

    off = abs(computed.a[3] - computed.y).ravel()
    first, second = (np.unravel_index(at, computed.y.shape) for at in np.argsort(-off)[:2])
    numbers = {"p": computed.a[3][first], "y": computed.y[first], "q": computed.a[3][second], "r": computed.y[second]}
    written = {name: f"({each:.5g})" if each < 0 else f"{each:.5g}" for name, each in numbers.items()}
    assert loss.numbers == text.format(**written, L=f"{computed.loss:.5g}")


def test_of_one_output_and_one_sample_the_whole_loss_is_told(notebook):
    frame, experiment = notebook
    computed = frame.engines["scratch"].computed
    (loss,) = (each for each in walk(experiment, 5, computed) if each.stage == "loss")

    assert loss.numbers == f"({computed.a[3][0, 0]:.5g} − {computed.y[0, 0]:.5g})² = {computed.loss:.5g}"


@pytest.mark.parametrize(
    ("settings", "address", "formula", "numbers"),
    [
        ({"activation": "relu"}, "relu′(z2[0,1])", "1 if z2[0,1] > 0, else 0", r"\(1 if \S+ > 0, else 0\) = [01]"),
        (
            {"loss": "cross_entropy", "batch": 1},
            "dL/dz3[0,1]",
            "a3[0,1]·Σⱼ y[0,j] − y[0,1]",
            r"0\.\d+·Σⱼ y\[0,j\] − [01] = \S+",
        ),
        ({"output": "identity"}, "a3[1,0]", "z3[1,0]", r"-?[\d.]+"),
        ({"optimizer": Optimizer("adam")}, "t", "", ""),
    ],
)
def test_formulas_with_numbers_read_as_in_a_textbook(network, settings, address, formula, numbers):
    found = explained(network(**settings), address)

    if formula:
        assert found.formula == f"{address} = {formula}"
        assert re.fullmatch(numbers, found.numbers["scratch"])
    else:
        assert found.formula == f"{address} counts the updates that the optimizer has made before"


def test_a_function_of_the_losss_own_is_defined_where_it_stands(network):
    assert explained(network(loss="huber"), "L[1,1]").formula == (
        "L[1,1] = h(a3[1,1] − y[1,1]); h(r) = r²/2 where |r| ≤ 1, |r| − 1/2 elsewhere"
    )
