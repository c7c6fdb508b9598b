"""Metrics: what says how well a network does, beside its loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from core.arrays import FloatArray
    from core.engines.base import Engine
    from core.samples import Samples

    Measure = Callable[[Engine], dict[str, float]]
    """What an engine is measured by after each epoch, by name."""

ACCURACY, HELD_OUT_LOSS, HELD_OUT_ACCURACY = "accuracy", "held-out loss", "held-out accuracy"


def metric_names(train: Samples, held_out: Samples | None) -> tuple[str, ...]:
    """Name what is measured: accuracy where the targets are classes, and of held-out samples their loss too."""
    of_train = (ACCURACY,) if train.classes is not None else ()
    of_held_out = () if held_out is None else (HELD_OUT_LOSS, *(HELD_OUT_ACCURACY for _ in of_train))
    return (*of_train, *of_held_out)


def measure_on(train: Samples, held_out: Samples | None) -> Measure | None:
    """Return what measures an engine with the parameters it has; None where nothing is to be measured.

    The samples are in the engine's precision. Accuracy is measured where they are classes, loss and accuracy of the
    samples held out where there are some.
    """
    if train.classes is None and held_out is None:
        return None

    def measure(engine: Engine) -> dict[str, float]:
        measured = {}
        if train.classes is not None:
            measured[ACCURACY] = accuracy(engine.evaluate(train.x, train.y).prediction, train.y)
        if held_out is not None:
            evaluation = engine.evaluate(held_out.x, held_out.y)
            measured[HELD_OUT_LOSS] = evaluation.loss
            if held_out.classes is not None:
                measured[HELD_OUT_ACCURACY] = accuracy(evaluation.prediction, held_out.y)
        return measured

    return measure


def accuracy(prediction: FloatArray, target: FloatArray) -> float:
    """Return the part of the samples whose class is predicted, from 0 to 1; ŷ and y have shape (N, outputs).

    The class is the largest output, the first of equal ones; with one output, whether it is above 1/2. A prediction
    with a nan in it is wrong. It means something where `Samples.classes` is not None.
    """
    right = class_of(prediction) == class_of(target)
    return float(np.mean(right & ~np.isnan(prediction).any(axis=1)))


def class_of(outputs: FloatArray) -> NDArray[np.intp]:
    """Return the class that each row of (N, outputs) stands for, shape (N,); see `accuracy`."""
    if outputs.shape[1] == 1:
        return (outputs[:, 0] > 0.5).astype(np.intp)
    largest: NDArray[np.intp] = outputs.argmax(axis=1)
    return largest
