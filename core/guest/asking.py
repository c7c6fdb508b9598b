"""What the user's function is given, and what it returns, between their layout and ours: weights (outputs, inputs)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.arrays import FloatArray
    from core.guest.described import Layout
    from core.parameters import Parameters


def arguments(parameters: Parameters, x: FloatArray, y: FloatArray, layout: Layout) -> dict[str, FloatArray]:
    """Return `x`, `y`, `W1`, `b1`, … as the file wants them; x has shape (N, inputs), y (N, outputs)."""
    arrays = {"x": x, "y": y}
    for k, W in parameters.W.items():
        arrays[f"W{k}"] = np.ascontiguousarray(W.T if layout == "inputs, outputs" else W)
        arrays[f"b{k}"] = parameters.b[k]
    return arrays


def results(arrays: Mapping[str, FloatArray], parameters: Parameters, layout: Layout) -> dict[str, FloatArray]:
    """Return `loss`, `dL/dW1`, `dL/db1`, …: weights turned to (outputs, inputs), columns and rows of biases to vectors.

    What has another shape than it should have keeps it.
    """
    found = {"loss": arrays["loss"]}
    for k, b in parameters.b.items():
        dW, db = arrays[f"dW{k}"], arrays[f"db{k}"]
        found[f"dL/dW{k}"] = dW.T if layout == "inputs, outputs" and dW.ndim == 2 else dW
        found[f"dL/db{k}"] = db.reshape(b.shape) if sorted(db.shape) == sorted((1, len(b))) else db
    return found
