"""`mlp-tui train`: a run without a screen, printed as a table or as JSON, an object a line."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np

from core import dat
from core.agreement import loss_digits
from core.engines.autograd import Autograd
from core.engines.scratch import Scratch
from core.errors import DumpError
from core.session import Session
from tui.numbers import count_text, digits_text
from tui.protocol import dump_name

if TYPE_CHECKING:
    from pathlib import Path

    from core.arrays import FloatArray
    from core.experiment import Experiment
    from core.frame import EngineFrame

ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
SAMPLES_SHOWN = 3


class Printer(Protocol):
    """Prints what a run gives, as it comes."""

    def begin(self, session: Session) -> None:
        """Say what runs."""

    def epoch(self, number: int, losses: dict[str, float], digits: float | None) -> None:
        """Tell an epoch's losses."""

    def end(self, target: FloatArray, predictions: dict[str, FloatArray]) -> None:
        """Tell what the engines predict after training."""

    def gradients(self, engine: EngineFrame) -> None:
        """Show the gradients of an epoch."""

    def dumped(self, path: Path, nbytes: int) -> None:
        """Tell of a dump."""


def run(
    experiment: Experiment, epochs: int, *, folder: Path | None, gradients: bool, as_json: bool, force: bool
) -> None:
    """Train, print, and dump the last epoch where a folder is given.

    Raises:
        DumpError: the folder can't be made, or a file that is no dump of ours is in the way.
    """
    if folder is not None:
        _prepare(folder, force=force)
    session = Session(experiment)
    for engine in (Scratch(experiment), Autograd(experiment)):
        session.join(engine)
    printer: Printer = JsonPrinter() if as_json else TablePrinter()
    printer.begin(session)
    for number in range(1, epochs + 1):
        session.advance()
        losses = {name: float(session.losses(name, number, number)[0]) for name in session.engines}
        printer.epoch(number, losses, _digits(session, losses))
    printer.end(session.samples.y, session.predictions())
    frame = session.frame()
    if gradients:
        for engine_frame in frame.engines.values():
            printer.gradients(engine_frame)
    if folder is not None:
        for name, engine_frame in frame.engines.items():
            path = folder / dump_name(name, None)
            printer.dumped(path, dat.write(path, dat.dump_of(engine_frame, epochs, experiment), replace=True))


class TablePrinter:
    """Prints for people."""

    def begin(self, session: Session) -> None:
        """Print the table's head, and a warning where the engines can't be compared."""
        if not session.comparable:
            print("scratch and autograd start from different weights: their gradients can't be compared.\n")
        print(f"{'epoch':>7}  {'':1}{'  '.join(f'{name:<16}' for name in session.engines)}  digits")

    def epoch(self, number: int, losses: dict[str, float], digits: float | None) -> None:
        """Print a row."""
        print(f"{number:>7}  {'  '.join(f'{loss:< 17.9g}' for loss in losses.values())} {digits_text(digits):>6}")

    def end(self, target: FloatArray, predictions: dict[str, FloatArray]) -> None:
        """Print the target and the predictions of the first few samples."""
        print(f"\n{'target':<20} {_rows(target)}")
        for name, prediction in predictions.items():
            print(f"{f'prediction {name}':<20} {_rows(prediction)}")

    def gradients(self, engine: EngineFrame) -> None:
        """Print every gradient as the notebook does."""
        if engine.computed is None:
            return
        computed = engine.computed.gradients
        print(f"\nGradients of {engine.label}")
        for k in range(1, computed.depth + 1):
            layer = _layer_name(k, computed.depth)
            print(f"\nWeight gradient of {layer}:\n {_array(computed.W[k])}")
            print(f"Bias gradient of {layer}:\n {_array(computed.b[k])}")

    def dumped(self, path: Path, nbytes: int) -> None:
        """Print where it is and how large."""
        print(f"wrote {path} ({count_text(nbytes)})")


class JsonPrinter:
    """Prints for programs: an object a line; what is not finite is null."""

    def begin(self, session: Session) -> None:
        """Print nothing: all that follows explains itself."""

    def epoch(self, number: int, losses: dict[str, float], digits: float | None) -> None:
        """Print an epoch."""
        _print_json({"epoch": number, "loss": losses, "digits": digits})

    def end(self, target: FloatArray, predictions: dict[str, FloatArray]) -> None:
        """Print the target and the predictions of the first few samples."""
        predicted = {name: each[:SAMPLES_SHOWN].tolist() for name, each in predictions.items()}
        _print_json({"target": target[:SAMPLES_SHOWN].tolist(), "prediction": predicted})

    def gradients(self, engine: EngineFrame) -> None:
        """Print an engine's gradients by name."""
        if engine.computed is None:
            return
        computed = engine.computed.gradients
        named = {f"dL/d{part}{k}": each.tolist() for part in "Wb" for k, each in getattr(computed, part).items()}
        _print_json({"engine": engine.name, "gradients": named})

    def dumped(self, path: Path, nbytes: int) -> None:
        """Print where it is and how large."""
        _print_json({"dump": str(path), "bytes": nbytes})


def _digits(session: Session, losses: dict[str, float]) -> float | None:
    if not session.comparable:
        return None
    precisions = session.precisions()
    return loss_digits(list(losses.values()), [precisions[name] for name in losses])


def _prepare(folder: Path, *, force: bool) -> None:
    """Make the folder, and refuse files in the way before anything is trained."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DumpError(f"can't be made ({error.strerror})", str(folder), "a folder for the dumps") from None
    for name in ("scratch", "autograd"):
        path = folder / dump_name(name, None)
        if path.exists() and not force and not _ours(path):
            raise DumpError("is no dump of mlp-tui", str(path), "another folder, or --force to replace it")


def _ours(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.readline(80).strip() == f"# {dat.FORMAT}".encode()
    except OSError:
        return False


def _layer_name(k: int, depth: int) -> str:
    if k == depth:
        return "output layer"
    return f"{ORDINALS[k - 1] if k <= len(ORDINALS) else f'{k}th'} hidden layer"


def _array(values: FloatArray) -> str:
    return np.array2string(values, threshold=2**62, prefix=" ")


def _rows(values: FloatArray) -> str:
    more = f" … ({len(values)} samples)" if len(values) > SAMPLES_SHOWN else ""
    return np.array2string(values[:SAMPLES_SHOWN], precision=17, floatmode="unique").replace("\n", "") + more


def _print_json(value: object) -> None:
    print(json.dumps(_finite(value), ensure_ascii=False, allow_nan=False), flush=True)


def _finite(value: object) -> object:
    """Replace what JSON can't say by null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_finite(each) for each in value]
    return value
