"""Divergence: which tensor was the first that stopped being finite."""

from __future__ import annotations

from bisect import bisect_left
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from core.tensors import Part, Quantity, TensorName

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.frame import EngineFrame
    from core.session import Session


def first_not_finite(frame: EngineFrame) -> TensorName | None:
    """Return the first tensor of a frame, in the order in which they are computed, that holds an inf or a nan."""
    return next((name for name in computed_in_order(frame) if not np.isfinite(frame.tensor(name)).all()), None)


def computed_in_order(frame: EngineFrame) -> Iterator[TensorName]:
    """Go through a frame's tensors as they are computed: parameters, forward, backward, updates."""
    layers = range(1, frame.before.depth + 1)
    both: tuple[Part, ...] = ("W", "b")
    yield from (TensorName(Quantity.PARAMETER, k, part) for k in layers for part in both)
    if frame.computed is None:
        return
    for k in layers:
        yield TensorName(Quantity.PRE_ACTIVATION, k)
        yield TensorName(Quantity.ACTIVATION, k)
    for k in reversed(layers):
        yield TensorName(Quantity.DELTA, k)
        yield from (TensorName(Quantity.GRADIENT, k, part) for part in both)
    yield from (TensorName(Quantity.UPDATE, k, part) for k in layers for part in both)


def origin(session: Session, engine: str) -> tuple[int, int | None, TensorName | None]:
    """Return where an engine's run left the finite numbers, if its last epoch's loss is the first that is not one.

    That is an epoch, an update of it (None: its last one) and a tensor; None for the tensor where all are finite and
    the loss alone overflowed. The epoch before is looked at too: its last update may have made the first inf. Inside an
    epoch the update is found by halving, as an update spreads what is not finite to all that follow.
    """
    last = session.trained_by(engine)
    for epoch in (last - 1, last):
        updates = range(1, max(session.updates(epoch), 1) + 1)
        at = bisect_left(updates, True, key=partial(_is_lost, session, engine, epoch))
        if at < len(updates):
            update = updates[at]
            return epoch, update if update < updates[-1] else None, _lost(session, engine, epoch, update)
    return last, None, None


def _is_lost(session: Session, engine: str, epoch: int, update: int) -> bool:
    return _lost(session, engine, epoch, update) is not None


def _lost(session: Session, engine: str, epoch: int, update: int) -> TensorName | None:
    inside = update if update < session.updates(epoch) else None
    return first_not_finite(session.frame_of(epoch, inside).engines[engine])
