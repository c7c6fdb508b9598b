"""What the user's file says of its network, brought to an experiment; and what can be read in its source."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from core.errors import ExperimentError, GuestError
from core.experiment import Experiment
from core.experiment_file import DEFAULT, load
from core.functions.activations import ACTIVATIONS
from core.functions.losses import LOSSES

if TYPE_CHECKING:
    from pathlib import Path

Layout = Literal["inputs, outputs", "outputs, inputs"]
SAID = ("layers", "activation", "output", "loss")
DIFFERENTIATING = ("autograd", "functorch", "jax", "mxnet", "tensorflow", "theano", "tinygrad")
"""Packages that differentiate by themselves."""
OTHER_NAMES = {
    "linear": "identity",
    "none": "identity",
    "logistic": "sigmoid",
    "leakyrelu": "leaky_relu",
    "lrelu": "leaky_relu",
    "swish": "silu",
    "sum_squared_error": "sse",
    "sum_of_squares": "sse",
    "mean_squared_error": "mse",
    "l1": "mae",
    "mean_absolute_error": "mae",
    "binary_crossentropy": "bce",
    "binary_cross_entropy": "bce",
    "log_loss": "bce",
    "ce": "cross_entropy",
    "crossentropy": "cross_entropy",
    "categorical_crossentropy": "cross_entropy",
    "categorical_cross_entropy": "cross_entropy",
}
"""What other libraries call activations and losses, in small letters, and what they are called here."""


def experiment_of(constants: dict[str, Any], path: Path, source: str | None = None) -> tuple[Experiment, bool]:
    """Return the experiment that a file is for, and whether its own samples fit the network.

    `source` is an experiment's name or file that was asked for; it goes before what the file names. What the file says
    of `layers`, `activation`, `output` and `loss` is put over it.

    Raises:
        GuestError: the file says something that is no network.
        ExperimentError: the experiment can't be read.
    """
    named = source or constants.get("experiment")
    if named is not None and source is None and (path.parent / named).is_file():
        named = str(path.parent / named)
    try:
        base = load(named or DEFAULT)
    except ExperimentError as error:
        if source is not None:
            raise
        raise GuestError(f"says experiment = {named!r}, which {error.what}", str(path), error.expected) from None
    said: dict[str, Any] = {key: _known(key, constants[key], path) for key in SAID if key in constants}
    values = {**msgspec.to_builtins(base), "change": (), **_consistent(said)}
    try:
        return msgspec.convert(values, Experiment), True
    except msgspec.ValidationError as first:
        fitting = _with_any_data(values)
        if fitting is None:
            raise GuestError(f"says {_listed(said)}, which is no network ({first})", str(path)) from None
        return fitting, False


def _known(key: str, value: Any, path: Path) -> Any:  # noqa: ANN401 - it is checked where it becomes an experiment
    """Return what a file says with names as they are here, whatever their case.

    Raises:
        GuestError: it is a name that is not known.
    """
    if isinstance(value, list):
        return value if key == "layers" else [_known(key, each, path) for each in value]
    if key == "layers" or not isinstance(value, str):
        return value
    names = LOSSES if key == "loss" else ACTIVATIONS
    name = _name(value)
    if name in names:
        return name
    raise GuestError(f"says {key} = {value!r}, which is none of {', '.join(names)}", str(path))


def _name(text: str) -> str:
    word = text.strip().lower().replace("-", "_").replace(" ", "_")
    return OTHER_NAMES.get(word, word)


def _consistent(said: dict[str, Any]) -> dict[str, Any]:
    """Let a loss that needs an output activation bring it."""
    if said.get("loss") == "cross_entropy":
        return {"output": "softmax", **said}
    return {"output": "sigmoid", **said} if said.get("loss") == "bce" else said


def _with_any_data(values: dict[str, Any]) -> Experiment | None:
    """Return the same network on whatever samples it allows; they are not used."""
    layers = values["layers"]
    for data in ({"source": "notebook"}, {"source": "moons"}, {"file": "unused.csv"}):
        try:
            return msgspec.convert({**values, "layers": layers, "data": data}, Experiment)
        except msgspec.ValidationError:
            continue
    return None


def _listed(said: dict[str, Any]) -> str:
    return ", ".join(f"{key} = {value!r}" for key, value in said.items()) or "nothing of its network"


def unsaid(constants: dict[str, Any]) -> list[str]:
    """Name what a file does not say of its network, and leaves to the notebook's; a loss may say its output."""
    if "experiment" in constants:
        return []
    said = _consistent({**constants, "loss": _name(constants.get("loss", ""))})
    return [key for key in SAID if not said.get(key)]


def layout_of(constants: dict[str, Any], path: Path) -> Layout:
    """Return how the file's weights lie.

    Raises:
        GuestError: it says something else.
    """
    words = str(constants.get("layout", "inputs, outputs")).replace("×", ",").replace("x", ",").strip("() ")
    parts = [part.strip() for part in words.split(",")]
    if parts == ["inputs", "outputs"]:
        return "inputs, outputs"
    if parts == ["outputs", "inputs"]:
        return "outputs, inputs"
    raise GuestError(f"says layout = {words!r}", str(path), '"inputs, outputs" or "outputs, inputs"')


def differentiates_itself(source: str) -> bool:
    """Whether a file imports a package that differentiates, or names PyTorch's autograd.

    Not for a `torch.autograd.Function` with a backward pass of its own: what autograd then calls was written by hand.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return False
    by_hand = any(isinstance(node, ast.ClassDef) and _has_backward(node) for node in ast.walk(tree))
    for node in ast.walk(tree):
        for name in _named(node):
            if name.split(".")[0] in DIFFERENTIATING or (name.startswith("torch.autograd") and not by_hand):
                return True
    return False


def _named(node: ast.AST) -> list[str]:
    """Return the modules that a node imports, or what it names in PyTorch."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""] if not node.level else []
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "torch":
        return [f"torch.{node.attr}"]
    return []


def _has_backward(node: ast.ClassDef) -> bool:
    """Whether a class is an autograd Function that says its own backward pass."""
    is_function = any(ast.unparse(base).split(".")[-1] == "Function" for base in node.bases)
    return is_function and any(isinstance(each, ast.FunctionDef) and each.name == "backward" for each in node.body)
