"""Checkpoints: an engine's states after some of its epochs, within a budget of bytes."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.engines.base import EngineState

CHECKPOINT_BYTES = 28_000_000
"""What the checkpoints of all engines may take; a larger network keeps fewer of them and replays further.

Two engines on the notebook's network keep one every 128 epochs in a million, and so replay 64 of them on average.
"""


class Checkpoints:
    """States after epochs 0, s, 2s, …; the stride s doubles whenever they outgrow their budget."""

    def __init__(self, budget: int = CHECKPOINT_BYTES) -> None:
        self._budget = budget
        self._epochs: list[int] = []
        self._states: list[EngineState] = []
        self._pinned: set[int] = set()
        self._stride = 1
        self.nbytes = 0
        """The memory that the states take."""

    def offer(self, epoch: int, take: Callable[[], EngineState]) -> None:
        """Keep the state after `epoch` if it is due and not there yet."""
        if epoch % self._stride == 0:
            self._keep(epoch, take)

    def pin(self, epoch: int, state: EngineState) -> None:
        """Keep a state whatever the stride."""
        self._pinned.add(epoch)
        self._keep(epoch, lambda: state)

    def nearest(self, epoch: int) -> tuple[int, EngineState]:
        """Return the last kept epoch that is not after `epoch`, and its state; epoch 0 has been offered."""
        at = bisect_right(self._epochs, epoch) - 1
        return self._epochs[at], self._states[at]

    def drop_after(self, epoch: int) -> None:
        """Forget what lies behind an epoch."""
        self._filter(lambda each: each <= epoch)

    def _keep(self, epoch: int, take: Callable[[], EngineState]) -> None:
        at = bisect_left(self._epochs, epoch)
        if at < len(self._epochs) and self._epochs[at] == epoch:
            return
        state = take()
        self._epochs.insert(at, epoch)
        self._states.insert(at, state)
        self.nbytes += state.nbytes
        while self.nbytes > self._budget and len(self._epochs) > 2 + len(self._pinned):
            self._stride *= 2
            self._filter(lambda each: each % self._stride == 0 or each in self._pinned)

    def _filter(self, kept: Callable[[int], bool]) -> None:
        pairs = [(epoch, state) for epoch, state in zip(self._epochs, self._states, strict=True) if kept(epoch)]
        self._epochs = [epoch for epoch, _ in pairs]
        self._states = [state for _, state in pairs]
        self._pinned &= set(self._epochs)
        self.nbytes = sum(state.nbytes for state in self._states)
