"""What the user's file says of its network, brought to an experiment; and what can be read in its source."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from core.errors import ExperimentError, GuestError
from core.experiment import Experiment
from core.experiment_file import DEFAULT, load

if TYPE_CHECKING:
    from pathlib import Path

Layout = Literal["inputs, outputs", "outputs, inputs"]
SAID = ("layers", "activation", "output", "loss")
DIFFERENTIATING = ("autograd", "functorch", "jax", "mxnet", "tensorflow", "theano", "tinygrad")
"""Packages that differentiate by themselves."""


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
    said: dict[str, Any] = {key: constants[key] for key in SAID if key in constants}
    values = {**msgspec.to_builtins(base), "change": (), **_consistent(said)}
    try:
        return msgspec.convert(values, Experiment), True
    except msgspec.ValidationError as first:
        fitting = _with_any_data(values)
        if fitting is None:
            raise GuestError(f"says {_listed(said)}, which is no network ({first})", str(path)) from None
        return fitting, False


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
    """Whether a file imports a package that differentiates, or names PyTorch's autograd."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return False
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""] if not node.level else []
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            names = [f"{node.value.id}.{node.attr}"] if node.value.id == "torch" else []
        else:
            continue
        if any(name.split(".")[0] in DIFFERENTIATING or name.startswith("torch.autograd") for name in names):
            return True
    return False
