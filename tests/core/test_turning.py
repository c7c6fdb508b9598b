"""The catalogue's mathematics in both layouts, read by a reader of formulas and compared with what is computed."""

import re
from dataclasses import replace

import numpy as np
import pytest

from core.experiment import parameter_count
from core.mistakes import MISTAKES, places
from core.mistakes.turning import turned
from core.parameters import Parameters
from core.reference import Network
from core.simulation import Given, Simulation, simulate

NETWORKS = (
    ((3, 5, 4, 2), ("sigmoid", "tanh", "sigmoid"), "mse"),  # no two widths alike
    ((2, 3, 5, 7), ("elu", "sigmoid", "tanh"), "mse"),
    ((4, 5, 4, 2), ("tanh", "sigmoid", "sigmoid"), "sse"),
    ((3, 4, 4, 4, 2), ("sigmoid", "tanh", "sigmoid", "tanh"), "mse"),
    ((4, 4, 4, 4), ("sigmoid", "tanh", "sigmoid"), "mse"),
)
NUMBER = 0.3
LAYOUTS = {"outputs, inputs": str, "inputs, outputs": turned}
TOKEN = re.compile(
    r"dL/d[Wb]_\d|∂L/∂a_\d|∂L/∂ŷ|f_\d′\([az]_\d\)|[δWaz]_\d|V|η|(?:\d+(?:\.\d+)?/)?N|\d+(?:\.\d+)?|Σ_inputs|sign"
    r"|that of the call before|[()+−⊙·ᵀ]"
)


class Reader:
    """Reads a formula, from left to right, with the arrays of a pass as a file of some layout has them."""

    def __init__(self, made, layout, samples=slice(None)):
        turn = np.transpose if layout == "inputs, outputs" else np.asarray
        self.names = {
            "N": made.samples,
            "1/N": 1 / made.samples,
            f"{NUMBER}/N": NUMBER / made.samples,
            "η": NUMBER,
            "that of the call before": 0,
        }
        for k, W in made.W.items():
            self.names[f"W_{k}"] = turn(W)
            self.names[f"dL/dW_{k}"] = turn(made.gradients["W"][k])
            self.names[f"b_{k}"] = made.b[k]
            self.names[f"δ_{k}"] = made.delta[k][samples]
            self.names[f"z_{k}"] = made.z[k]
            self.names[f"∂L/∂a_{k}"] = made.upstream.get(k, made.error)
            self.names[f"f_{k}′(z_{k})"] = made.prime(k, made.z[k])
        for k, a in made.a.items():
            self.names[f"a_{k}"] = a[samples]

    def read(self, text):
        """Return what a formula comes to; ValueError where the shapes don't fit or the text is none."""
        text, *others = text.split("; ")
        for other in others:
            self.names["V"] = self._beside(other)
        text = re.sub(r"\(Σ_j (δ_\d)\[:, j\] (W_\d)\[(.*?)\]\)", self._sum, text)
        self.tokens = TOKEN.findall(text)
        if "".join(self.tokens) != text.replace(" ", "") and "that of" not in text:
            raise ValueError(f"no formula: {text}")
        value = self._sum_of_terms()
        assert not self.tokens, text
        return value

    def _next(self, *wanted):
        return self.tokens.pop(0) if self.tokens and (not wanted or self.tokens[0] in wanted) else ""

    def _sum_of_terms(self):
        value = -self._term() if self._next("−") else self._term()
        while sign := self._next("+", "−"):
            term = self._term()
            value = value + term if sign == "+" else value - term
        return value

    def _term(self):
        value = self._product()
        while self._next("⊙"):
            other = self._product()
            if value.shape != other.shape:
                raise ValueError(f"{value.shape} ⊙ {other.shape}")
            value = value * other
        return value

    def _product(self):
        if self._next("Σ_inputs"):
            product = self._product()
            return product.sum(axis=1 if self.names["layout"] == "outputs, inputs" else 0)
        value = self._factor()
        while self.tokens and self.tokens[0] not in ("+", "−", "⊙", ")"):
            self._next("·")
            other = self._factor()
            value = value @ other if np.ndim(value) and np.ndim(other) else value * other
        return value

    def _factor(self):
        if self._next("sign"):
            return np.sign(self._factor())
        if self._next("("):
            value = self._sum_of_terms()
            assert self._next(")")
        else:
            token = self._next()
            value = float(token) if token[0].isdigit() and token not in self.names else self.names[token]
        return value.T if self._next("ᵀ") else value

    def _sum(self, match):
        delta, W = self.names[match[1]], self.names[match[2]]
        lines = {"j+1, :": W, ":, j+1": W.T}[match[3]]
        self.names["V"] = sum(np.outer(delta[:, j], lines[j + 1]) for j in range(len(lines) - 1))
        return "V"

    def _beside(self, text):
        """V is W_2 with b_2 for its last column, less its first."""
        match = re.fullmatch(r"V is (W_\d) with (b_\d) for its (last|first) (row|column), less its (last|first)", text)
        axis = {"row": 0, "column": 1}[match[4]]
        W, b = self.names[match[1]], np.expand_dims(self.names[match[2]], axis)
        joined = np.concatenate((W, b) if match[3] == "last" else (b, W), axis)
        kept = slice(1, None) if match[5] == "first" else slice(None, -1)
        return joined[(slice(None),) * axis + (kept,)]


def value_of(text, made, layout):
    """Return the name of what a line is of, and what it comes to."""
    text = text.replace(" (= for +=?)", "")
    text, _, _ = text.partition(", while")
    samples = slice(None)
    for word, one in (("first", slice(0, 1)), ("last", slice(-1, None))):
        if text.endswith(f" of the {word} sample"):
            text, samples = text.removesuffix(f" of the {word} sample"), one
    reader = Reader(made, layout, samples)
    reader.names["layout"] = layout
    if match := re.fullmatch(r"the (last|first) (row|column) of (dL/dW_\d) is 0", text):
        value = reader.names[match[3]].copy()
        (value if match[2] == "row" else value.T)[-1 if match[1] == "last" else 0] = 0
        return match[3], value
    if match := re.fullmatch(r"(dL/dW_\d) with its (row|column)s shifted by one", text):
        return match[1], np.roll(reader.names[match[1]], 1, axis=0 if match[2] == "row" else 1)
    name, _, formula = text.partition(" = ")
    return name, reader.read(formula)


def of_weights(text):
    """Whether a line says anything that depends on how the weights lie."""
    return bool(re.search(r"ᵀ|W_\{|V\b", text))


def changes():
    """Every change of the catalogue, but for those that name all gradients alone."""
    return {
        (mistake.name, change.how, change.slot): change
        for mistake in MISTAKES.values()
        for change in mistake.changes
        if change.slot != "gradients"
    }


def passes():
    """Every mistake at every place of some networks, with the right pass and the wrong one."""
    numbers = np.random.default_rng(4)
    for layers, activations, loss in NETWORKS:
        network = Network(layers, activations, loss)
        parameters = Parameters(layers, numbers.normal(size=parameter_count(layers)))
        given = Given(network, parameters, numbers.normal(size=(6, layers[0])), numbers.uniform(size=(6, layers[-1])))
        right = Simulation(given)
        for each in places(network):
            chosen = replace(each, number=NUMBER)
            yield chosen, right, simulate(given, (chosen,))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_every_mistake_says_of_the_weights_is_what_is_computed_in_either_layout(layout):
    read = set()
    for planted, right, wrong in passes():
        change = planted.change
        if change.slot == "gradients":
            continue
        for text, true in ((change.right, right), (change.wrong, wrong)):
            if not of_weights(text):
                continue
            line = planted.said(LAYOUTS[layout](text))
            name, value = value_of(line, right, layout)
            computed = Reader(true, layout).names.get(name)
            if name.startswith("dL/db"):
                computed = true.gradients["b"][planted.layer]
            assert np.shape(value) == computed.shape or line.endswith("= 0"), line
            assert np.allclose(value, computed, rtol=1e-9), line
            read.add((planted.mistake.name, change.how, change.slot, text))

    spoken = {(*key, text) for key, each in changes().items() for text in (each.right, each.wrong) if of_weights(text)}
    assert read == spoken
    assert len(read) > 60


def test_rows_and_columns_that_are_no_weights_are_those_of_samples_and_stay():
    for each in changes().values():
        for text in (each.right, each.wrong):
            if not of_weights(text) and re.search("row|column", text):
                assert re.search(r"row(s of|s? of) δ_\{k\}|a row for each sample", text), text
                assert turned(text) == text


def test_a_text_turned_twice_is_as_it_was():
    for mistake in MISTAKES.values():
        for text in (mistake.explanation, *(t for each in mistake.changes for t in (each.right, each.wrong))):
            assert turned(turned(text)) == text


def test_what_is_said_of_all_gradients_is_the_same_in_both_layouts():
    for mistake in MISTAKES.values():
        for each in mistake.changes:
            if each.slot == "gradients":
                assert (turned(each.right), turned(each.wrong)) == (each.right, each.wrong)


def test_an_explanation_is_turned_where_it_has_a_product_with_the_weights():
    written = [turned(each.explanation) for each in MISTAKES.values() if turned(each.explanation) != each.explanation]

    assert written == [
        "What comes down to layer {k} lacks the derivative of layer {up}: ∂L/∂a_{up} W_{up}ᵀ for δ_{up} W_{up}ᵀ."
    ]
