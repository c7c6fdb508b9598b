"""News: what the screen has not been told yet of the losses, the digits that they share, and the metrics."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

import numpy as np

from core.agreement import loss_digits

if TYPE_CHECKING:
    from core.arrays import Float64Array
    from core.session import Session


class News:
    """What has been told so far of a session's series; one that grew shorter is told anew from there on."""

    def __init__(self) -> None:
        self._told: dict[str, int] = {}

    def take(self, session: Session) -> dict[str, tuple[int, array[float]]]:
        """Return what is new of each series, and where it begins; it counts as told."""
        news = {}
        for engine in session.engines:
            first = self._first(engine, session.trained_by(engine))
            news[engine] = first, session.losses(engine, first + 1)
            for name, values in session.metrics(engine, first + 1).items():
                news[f"{name} {engine}"] = first, values
        news["digits"] = self._digits(session)
        for name, (first, values) in news.items():
            self._told[name] = first + len(values)
        return {name: (first, array("d", values.astype(np.float64))) for name, (first, values) in news.items()}

    def _first(self, name: str, count: int) -> int:
        return min(self._told.get(name, 0), count)

    def _digits(self, session: Session) -> tuple[int, Float64Array]:
        """Return the digits that the losses share, of the epochs of which they have not been told; none may be."""
        if not session.comparable:
            return 0, np.zeros(0)
        last = min(session.trained_by(engine) for engine in session.engines)
        first = self._first("digits", last)
        losses = {engine: session.losses(engine, first + 1, last) for engine in session.engines}
        shared = loss_digits(losses, session.precisions())
        return first, np.zeros(0) if shared is None else shared
