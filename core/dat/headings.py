"""What a heading says: `Second hidden layer weight gradient:`, `dL/dW2`, `fc2.weight.grad`, `weight_2`."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from core.dat.languages import in_english

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HIDDEN: Literal["hidden"] = "hidden"
OUTPUT: Literal["output"] = "output"
Layer = int | Literal["hidden", "output"]
"""As it is called: by a number, which may begin anywhere, or by its place."""

Kind = Literal["gradient", "parameter", "other"]

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_PREFIX = r"(?P<d>d|dl|dj|de|dc|dloss|dcost|derr|derror|grads?|gradients?|nabla|g)?d?"
_WEIGHT = re.compile(rf"{_PREFIX}(?:w|ws|wt|wts|weights?|weigths?|kernels?|thetas?)(?P<g>grads?)?")
_BIAS = re.compile(rf"{_PREFIX}(?:b|bs|bias|biases|biais)(?P<g>grads?)?")
_GRADIENT = re.compile(r"grads?|gradients?|derivatives?|deriv|nabla|partials?|d?l?d[wb]|jacobian|backprop")
_PARAMETER = re.compile(r"parameters?|params?|values?|updated|new|state")
_OTHER = re.compile(
    r"predict\w*|pred|preds|yhat|ypred|outputs?|targets?|loss(?:es)?|costs?|errors?|inputs?|x|y|z|a|activations?|deltas?|"
    r"losses|accuracy|acc|lr|rate|samples?|logits?"
)
_OTHER_OF_PARAMETERS = re.compile(r"updates?|velocity|velocities|momentum|momenta|exp|moments?|diff(?:erences?)?|ratio")
_LAYER_WORD = re.compile(r"layers?|fc|linear|lin|dense|l|hidden|h|net|module|seq|block|stage|affine")
_EPOCH = re.compile(
    r"\b(epochs?|iterations?|iters?|steps?|runs?|trials?|seeds?|sample|example|minibatch|batch)\b[\"']?\s*"
    r"(?:no\.?|number|#|:|=|\()?\s*#?(\d{1,9})\b(?!\.\d)",
    re.IGNORECASE,
)
_NEURON = re.compile(r"\b(?:neuron|unit|node)s?\b\W{0,3}(\d{1,6})\b", re.IGNORECASE)
_ROW = re.compile(r"\brows?\b\W{0,3}\d{1,6}\b", re.IGNORECASE)
_CUT = re.compile(
    r"\b(?:neuron|unit|node)s?\b\W{0,3}\d{1,6}\b|\bw\.?\s?r\.?\s?t\b\.?|\w+\([^()]*=[^()]*\)"
    r"|\b(?:shape|size)\b\W*[\d\s,x×]+|<[^<>]*>|\bparameter containing\b",
    re.IGNORECASE,
)

_ENDS = {"input", "hidden", "output", "out", "in"}
"""Layers between which a weight stands."""

_SIGNS = {"∂": "d", "Δ": " delta ", "∇": " nabla ", "->": " to ", "→": " to ", "=>": " to "}
_RAISED = str.maketrans("₀₁₂₃₄₅₆₇₈₉⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789" * 2)
_PREFIXES = {"d", "dl", "dj", "de", "dc", "dloss", "dcost", "derr", "derror"}


@dataclass(frozen=True)
class Meaning:
    """What a heading says; None for what it leaves open."""

    part: Literal["W", "b"] | None = None
    layer: Layer | None = None
    kind: Kind | None = None


def understand(lines: Sequence[str]) -> Meaning:
    """Read the lines before a piece, the nearest last; the nearer line counts where two say something."""
    meaning = Meaning()
    for line in reversed(lines):
        said = _line(line)
        if meaning.part is not None and (said.kind == "other" or (said.part is not None and said.layer is not None)):
            said = Meaning()  # the name of something else, which had no numbers
        meaning = Meaning(
            said.part if meaning.part is None and meaning.kind != "other" else meaning.part,
            said.layer if meaning.layer is None else meaning.layer,
            said.kind if meaning.kind is None else meaning.kind,
        )
    return meaning


def section(lines: Sequence[str]) -> Kind | None:
    """Return what lines that name no tensor say of all that follow: `Gradients:`, `Parameters:`.

    The last line is none of them: it says what its own numbers are.
    """
    kinds = [kind for kind in map(_of_all, map(_line, lines[:-1])) if kind]
    return kinds[-1] if kinds else None


def _of_all(said: Meaning) -> Kind | None:
    """Return what a line that names no layer's tensor says: `Weights after the update:` are parameters."""
    if said.part is None:
        return said.kind if said.kind in ("gradient", "parameter") else None
    return "parameter" if said.layer is None and said.kind in ("other", "parameter") else None


def without_row(line: str) -> str:
    """Return a line without the number of the row that its numbers are."""
    return _ROW.sub(" ", line)


def marks_neuron(lines: Sequence[str]) -> int | None:
    """Return the number of the one neuron that numbers are of, as the nearest line says that has one."""
    return next((int(found[1]) for found in map(_NEURON.search, reversed(lines)) if found), None)


def marks_epoch(line: str) -> tuple[str, int] | None:
    """Return what a line says of where a run stands: `("epoch", 3)`."""
    line = in_english(line)
    found = _EPOCH.search(line)
    if found and found[1].lower().startswith("step") and re.search(r"\blayer\b", line, re.IGNORECASE):
        return None  # of a derivation
    return (found[1].lower().rstrip("s"), int(found[2])) if found else None


def _line(line: str) -> Meaning:
    """Read one line."""
    line = line.translate(_RAISED)
    plain = _EPOCH.sub(" ", _CUT.sub(" ", without_row(in_english(line))))
    for sign, word in _SIGNS.items():
        plain = plain.replace(sign, word)
    words = [word.lower() for word in re.findall(r"[^\W\d_]+|\d+", plain)]
    parts = [("W" if _WEIGHT.fullmatch(word) else "b", at) for at, word in enumerate(words) if _is_part(word)]
    gradient = any(_GRADIENT.fullmatch(word) for word in words)
    if len({part for part, _ in parts}) != 1:
        return _without_part(words, gradient=gradient)
    part, at = parts[-1]
    prefixed = any(_has_prefix(words[place]) or (place and words[place - 1] in _PREFIXES) for _, place in parts)
    meaning = Meaning("W" if part == "W" else "b", _layer(words, at), "gradient" if gradient or prefixed else None)
    if any(_OTHER_OF_PARAMETERS.fullmatch(word) for word in words):
        return replace(meaning, kind="other")
    if meaning.kind is None and any(_PARAMETER.fullmatch(word) for word in words):
        return replace(meaning, kind="parameter")
    return meaning


def _without_part(words: list[str], *, gradient: bool) -> Meaning:
    layer = _layer(words, None)
    if gradient:
        return Meaning(None, layer, "gradient")
    if any(_PARAMETER.fullmatch(word) for word in words):
        return Meaning(None, layer, "parameter")
    other = layer is None and any(_OTHER.fullmatch(word) for word in words)
    return Meaning(None, layer, "other" if other or (words and words[0].startswith("predict")) else None)


def _is_part(word: str) -> bool:
    return bool(_WEIGHT.fullmatch(word) or _BIAS.fullmatch(word))


def _has_prefix(word: str) -> bool:
    found = _WEIGHT.fullmatch(word) or _BIAS.fullmatch(word)
    return bool(found and (found["d"] or found["g"]))


def _layer(words: list[str], part: int | None) -> Layer | None:
    """Return the layer that a line names: of `from one to the other`, the latter."""
    if "between" in words:
        words = ["to" if word == "and" else word for word in words]
    latter = len(words) - words[::-1].index("to") if "to" in words else _latter(words)
    if latter and {"output", "out"} & set(words[latter:]):
        return OUTPUT
    number = next(_numbers(words, part, latter), None)
    return _by_place(words, part) if number is None else number


def _latter(words: list[str]) -> int:
    """Return where the second of two layers stands that follow one another: `hidden1_hidden2`, `hidden2_output`."""
    for at, word in enumerate(words[1:], start=1):
        before = words[at - 2 : at] if _is_number(words[at - 1]) else words[at - 1 : at]
        if before and before[0] in _ENDS and word in _ENDS:
            return at
    return 0


def _numbers(words: list[str], part: int | None, latter: int) -> Iterator[int]:
    """Go through the numbers that may be a layer's, the nearest to what it would belong to first."""
    if part is not None and part + 1 < len(words) and _is_number(words[part + 1]):
        yield int(words[part + 1])
    pairs = list(itertools.pairwise(words))
    for word, after in pairs[latter:] + pairs[:latter]:
        if _LAYER_WORD.fullmatch(word) and _is_number(after):
            yield int(after)
    if part and _is_number(words[part - 1]):
        yield int(words[part - 1])
    for word in words:
        if word in _ORDINALS:
            yield _ORDINALS.index(word) + 1
    for word, after in pairs:
        if after in ("st", "nd", "rd", "th") and _is_number(word):
            yield int(word)


def _is_number(word: str) -> bool:
    """Whether a word may be a layer's number."""
    return word.isdecimal() and len(word) <= 4


def _by_place(words: list[str], part: int | None) -> Layer | None:
    """Read `hidden`, `output` and their like: `input to hidden` is the first layer, `hidden to output` the last."""
    said = set(words)
    layered = part is not None or "layer" in said
    if said & {"ho", "hy", "last", "final"} or (layered and said & {"output", "out", "outputs", "o"}):
        return OUTPUT
    if said & {"ih", "xh"} or (layered and said & {"input", "inputs", "in", "i"}):
        return 1
    if said & {"hidden", "h", "hid", "hh"}:
        return HIDDEN
    return None
