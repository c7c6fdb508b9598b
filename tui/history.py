"""LossHistory: the losses of every epoch as they come from the trainer, for all panes that show them.

Nothing here imports NumPy before a curve is asked for: the first frame does without.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from core.pictures.extremes import Columns, Extremes


class LossHistory:
    """The losses of every epoch, by engine, the digits that they share, and each metric; as the trainer tells them."""

    def __init__(self) -> None:
        self._series: dict[str, array[float]] = {}
        self._extremes: dict[str, Extremes] = {}

    def take(self, series: Mapping[str, tuple[int, array[float]]]) -> None:
        """Put news where they belong; what stood there or behind is from a run that was given up."""
        for name, (first, values) in series.items():
            known = self._series.setdefault(name, array("d"))
            if first < len(known):
                del known[first:]
                if name in self._extremes:
                    self._extremes[name].cut(first)
            known.extend(values)

    def at(self, name: str, epoch: int) -> float | None:
        """Return a loss, the digits, or a metric; None where there is none yet."""
        known = self._series.get(name)
        return known[epoch - 1] if known is not None and 1 <= epoch <= len(known) else None

    def trained(self, name: str) -> int:
        """Return how many epochs a series has."""
        return len(self._series.get(name, ()))

    def columns(self, name: str, edges: NDArray[np.intp]) -> Columns:
        """Return a series summed up in columns; epoch k is value k − 1 of `core.pictures.extremes.column_edges`."""
        from core.pictures.extremes import Extremes  # noqa: PLC0415 - it imports NumPy

        extremes = self._extremes.setdefault(name, Extremes())
        return extremes.columns(self._series.get(name, array("d")), edges)
