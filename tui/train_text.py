"""What `mlp-tui train` prints: tables for people, JSON for programs, an object a line."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from tui.digits import are_same, digits_text
from tui.numbers import count_text

if TYPE_CHECKING:
    from pathlib import Path

    from core.arrays import FloatArray
    from core.frame import EngineFrame
    from core.session import Session

ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
SAMPLES_SHOWN = 3


@dataclass(frozen=True)
class Epoch:
    """What is told of an epoch."""

    number: int
    losses: dict[str, float]
    """By engine."""
    digits: float | None
    """What the losses share; None where they can't be compared."""
    metrics: dict[str, dict[str, float]]
    """What else was measured, by its name and by engine."""


class Printer(Protocol):
    """Prints what a run gives, as it comes."""

    def begin(self, session: Session) -> None:
        """Say what runs."""

    def nothing(self, trained: int, wanted: int) -> None:
        """Say in the place of `begin` that as many epochs as are wanted have been trained before."""

    def epoch(self, epoch: Epoch) -> None:
        """Tell of an epoch."""

    def end(self, target: FloatArray, predictions: dict[str, FloatArray]) -> None:
        """Tell what the engines predict after training."""

    def gradients(self, engine: EngineFrame) -> None:
        """Show the gradients of an epoch."""

    def written(self, kind: str, path: Path, nbytes: int) -> None:
        """Tell of a file, a `dump`, a `picture` or a `run`."""


class TablePrinter:
    """Prints for people."""

    def begin(self, session: Session) -> None:
        """Print the table's head, and a warning where the engines can't be compared."""
        if not session.comparable:
            print("scratch and autograd start from different weights: their gradients can't be compared.\n")
        names, metrics = session.engines, session.metric_names
        columns = "".join(f"  {f'{name}, each':<{self._width(name, len(names))}}" for name in metrics)
        print(f"{'epoch':>7}  {'':1}{'  '.join(f'{name:<16}' for name in names)}  digits{columns}".rstrip())

    def nothing(self, trained: int, wanted: int) -> None:
        """Print how many there are, and what would train on."""
        print(f"Nothing to train: the run has {trained} of {wanted} epochs. --epochs {trained + 1} or more trains on.")

    def epoch(self, epoch: Epoch) -> None:
        """Print a row."""
        losses = "  ".join(f"{loss:< 17.9g}" for loss in epoch.losses.values())
        metrics = "".join(
            f"  {'  '.join(f'{value:.6g}' for value in each.values()):<{self._width(name, len(each))}}"
            for name, each in epoch.metrics.items()
        )
        digits = digits_text(epoch.digits, same=are_same(epoch.losses.values()))
        print(f"{epoch.number:>7}  {losses} {digits:>6}{metrics}".rstrip())

    def _width(self, metric: str, engines: int) -> int:
        return max(len(f"{metric}, each"), 12 * engines)

    def end(self, target: FloatArray, predictions: dict[str, FloatArray]) -> None:
        """Print the target and the predictions of the first few samples, and when in the run those were made."""
        print("\nAfter the last update (each loss above is from before its update):")
        print(f"{'target':<20} {_rows(target)}")
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

    def written(self, kind: str, path: Path, nbytes: int) -> None:
        """Print where it is and how large."""
        print(f"wrote {'the run to ' if kind == 'run' else ''}{path} ({count_text(nbytes)})")


class JsonPrinter:
    """Prints for programs: an object a line; what is not finite is null."""

    def begin(self, session: Session) -> None:
        """Print nothing: all that follows explains itself."""

    def nothing(self, trained: int, wanted: int) -> None:
        """Print nothing: there is no object of an epoch."""

    def epoch(self, epoch: Epoch) -> None:
        """Print an epoch."""
        metrics = {re.sub("[ -]", "_", name): each for name, each in epoch.metrics.items()}
        _print_json({"epoch": epoch.number, "loss": epoch.losses, "digits": epoch.digits, **metrics})

    def end(self, target: FloatArray, predictions: dict[str, FloatArray]) -> None:
        """Print how many samples there are, and the target and the predictions of the first few."""
        predicted = {name: each[:SAMPLES_SHOWN].tolist() for name, each in predictions.items()}
        shown = {"samples": len(target), "target": target[:SAMPLES_SHOWN].tolist()}
        _print_json({**shown, "prediction": predicted})

    def gradients(self, engine: EngineFrame) -> None:
        """Print an engine's gradients by name."""
        if engine.computed is None:
            return
        computed = engine.computed.gradients
        named = {f"dL/d{part}{k}": each.tolist() for part in "Wb" for k, each in getattr(computed, part).items()}
        _print_json({"engine": engine.name, "gradients": named})

    def written(self, kind: str, path: Path, nbytes: int) -> None:
        """Print where it is and how large."""
        _print_json({kind: str(path), "bytes": nbytes})


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
