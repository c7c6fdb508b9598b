"""A saved run: all that it takes to go on with a run as if it had never stopped.

One `.safetensors` file holds the exact bits of every engine's parameters and optimizer vectors, and the losses of all
epochs so far; its header holds the experiment as TOML.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, cast, get_args

import msgspec
import numpy as np
from msgspec import Meta, Struct

from core.engines.base import EngineState
from core.errors import FileError
from core.experiment import EngineName, parameter_count
from core.experiment_file import parse, to_toml
from core.files import write_whole
from core.functions.optimizers import OPTIMIZERS, STEP
from core.safetensors_file import SafetensorsFile, Spec, to_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from core.arrays import Float64Array, FloatArray
    from core.experiment import Experiment

FORMAT = "mlp-tui run 1"
"""Stands in the header."""

EXPECTED = "a run that mlp-tui saved"


@dataclass(frozen=True)
class SavedEngine:
    """One engine where the run was saved."""

    state: EngineState
    """After the last epoch: parameters and optimizer vectors in the engine's precision."""
    losses: Float64Array
    """Of every epoch from 1 on, shape (epochs,)."""
    start: str
    """The sha256 of the initial parameters as drawn: an engine built from the experiment should have the same one."""
    label: str
    """The engine's name with what it ran on, such as `scratch (NumPy 2.4.6)`."""
    metrics: Mapping[str, Float64Array] = field(default_factory=dict)
    """What else was recorded of every epoch from 1 on, by name, each of shape (epochs,)."""


@dataclass(frozen=True)
class SavedRun:
    """A run of an experiment, stopped after `epoch`, in which all engines had trained the same epochs."""

    experiment: Experiment
    epoch: int
    """How many epochs were trained; 0 if none was."""
    engines: Mapping[str, SavedEngine]
    """By name, in the order in which they joined."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Of what the run was made with, by package: other versions may give other bits."""
    samples: str | None = None
    """What `Loaded.digest` gives of the samples; None where it was not kept."""


Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class _EngineHead(Struct, frozen=True, forbid_unknown_fields=True):
    """What the header says of one engine."""

    start: Digest
    label: str


class _Head(Struct, frozen=True, forbid_unknown_fields=True):
    """What the header says of the run."""

    format: str
    experiment: str
    """TOML."""
    epoch: Annotated[int, Meta(ge=0, le=1_000_000_000)]
    engines: dict[str, _EngineHead]
    versions: dict[str, str]
    samples: Digest | None = None


def write_run(path: Path, run: SavedRun, *, replace: bool = False) -> None:
    """Write a run whole or not at all; the same run gives the same bytes.

    Raises:
        FileError: it can't be written, a file is in the way and `replace` is not given, or the arrays are not those
            of the experiment after that epoch.
    """
    write_whole(path, run_bytes(run, path), replace=replace)


def run_bytes(run: SavedRun, path: Path) -> bytes:
    """Return what `write_run` would write to a path.

    Raises:
        FileError: the arrays are not those of the experiment after that epoch.
    """
    heads = {name: _EngineHead(engine.start, engine.label) for name, engine in run.engines.items()}
    head = _Head(FORMAT, to_toml(run.experiment), run.epoch, heads, dict(run.versions), run.samples)
    tensors = {name: each for engine in run.engines for name, each in _tensors(engine, run.engines[engine]).items()}
    specs = {name: Spec(str(each.dtype), each.shape) for name, each in tensors.items()}
    _check_tensors(specs, head, run.experiment, path)  # what could not be read again is not written
    return to_bytes(tensors, msgspec.json.encode(head).decode())


def read_run(path: Path) -> SavedRun:
    """Read a run that `write_run` wrote, strictly.

    Raises:
        FileError: the file can't be read, is damaged, or holds something else than what its header describes.
        ExperimentError: the experiment in its header is none that can be run.
    """
    file = SafetensorsFile(path)
    head = _head(file, path)
    experiment = parse(head.experiment, f"{path}: experiment")
    _check_tensors(file.specs, head, experiment, path)
    arrays = file.arrays()
    engines = {name: _engine(name, each, arrays) for name, each in head.engines.items()}
    return SavedRun(experiment, head.epoch, engines, head.versions, head.samples)


def is_run(path: Path) -> bool:
    """Whether a file is a saved run, as far as its header says."""
    try:
        _head(SafetensorsFile(path), path)
    except FileError:
        return False
    return True


def _tensors(name: str, engine: SavedEngine) -> dict[str, FloatArray]:
    """Name all arrays of an engine: `scratch/parameters`, `scratch/optimizer/exp_avg`, `scratch/losses`, …"""
    optimizer = {f"{name}/optimizer/{key}": each for key, each in engine.state.optimizer.items()}
    metrics = {f"{name}/metrics/{key}": each for key, each in engine.metrics.items()}
    return {f"{name}/parameters": engine.state.parameters, f"{name}/losses": engine.losses, **optimizer, **metrics}


def _head(file: SafetensorsFile, path: Path) -> _Head:
    text = file.metadata.get("mlp-tui")
    if text is None:
        raise FileError("is no saved run of mlp-tui", str(path), EXPECTED)
    try:
        said = msgspec.json.decode(text, type=dict[str, Any]).get("format")
        if said != FORMAT:
            raise FileError(f"says that it is {str(said)[:60]!r}", str(path), f"{FORMAT!r}, {EXPECTED}")
        return msgspec.json.decode(text, type=_Head)
    except (msgspec.DecodeError, RecursionError) as reason:
        raise FileError(f"has a damaged header ({str(reason)[:120]})", str(path), EXPECTED) from None


def _check_tensors(specs: Mapping[str, Spec], head: _Head, experiment: Experiment, path: Path) -> None:
    """Refuse a tensor that is missing, one too many, or of another type or shape, before any is read."""
    known = get_args(EngineName)
    if not head.engines or set(head.engines) - set(known):
        names = ", ".join(head.engines) or "none"
        raise FileError(f"holds the engines {names[:60]}", str(path), f"some of {', '.join(known)}")
    wanted: dict[str, Spec] = {}
    for engine in head.engines:
        wanted |= _wanted(cast("EngineName", engine), head.epoch, experiment, specs)
    for name in wanted.keys() - specs.keys():
        raise FileError(f"{name} is missing", str(path), EXPECTED)
    for name, spec in specs.items():
        if name not in wanted:
            raise FileError(f"{name[:60]!r} is no tensor of this run", str(path), EXPECTED)
        if spec != wanted[name]:
            raise FileError(
                f"{name} is {_described(spec)}", str(path), f"{_described(wanted[name])}, as its header says"
            )


def _wanted(engine: EngineName, epoch: int, experiment: Experiment, specs: Mapping[str, Spec]) -> dict[str, Spec]:
    """Return what an engine's tensors should be; any number of metrics, those that the file has."""
    vector = Spec(experiment.precision_of(engine), (parameter_count(experiment.layers),))
    history = Spec("float64", (epoch,))
    metrics = {name: history for name in specs if re.fullmatch(rf"{engine}/metrics/[^/]{{1,60}}", name)}
    kept = {f"{engine}/optimizer/{key}": vector for key in _vectors_of(experiment.at(max(epoch, 1)))}
    if epoch == 0 and not specs.keys() & kept.keys():
        kept = {}  # PyTorch makes them at the first step
    count = f"{engine}/optimizer/{STEP}"
    if count in kept:  # NumPy's in float64, PyTorch's in float32
        said = specs.get(count, vector).dtype
        kept[count] = Spec(said if said in ("float32", "float64") else "float64", ())
    return {f"{engine}/parameters": vector, f"{engine}/losses": history, **kept, **metrics}


def _vectors_of(experiment: Experiment) -> tuple[str, ...]:
    """Name what the experiment's optimizer keeps."""
    return OPTIMIZERS[experiment.optimizer.name].vectors(experiment.optimizer.settings())


def _described(spec: Spec) -> str:
    return f"{' × '.join(map(str, spec.shape)) or 'one'} {spec.dtype}"


def _engine(name: str, head: _EngineHead, arrays: Mapping[str, FloatArray]) -> SavedEngine:
    state = EngineState(arrays[f"{name}/parameters"], _below(f"{name}/optimizer/", arrays))
    losses = arrays[f"{name}/losses"].astype(np.float64)
    metrics = {key: each.astype(np.float64) for key, each in _below(f"{name}/metrics/", arrays).items()}
    return SavedEngine(state, losses, head.start, head.label, metrics)


def _below(prefix: str, arrays: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    return {name.removeprefix(prefix): each for name, each in arrays.items() if name.startswith(prefix)}
