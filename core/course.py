"""Course: which settings and which batches each epoch is trained with."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.batches import Batches
from core.functions.losses import LOSSES

if TYPE_CHECKING:
    from core.experiment import Experiment
    from core.functions.losses import Loss
    from core.samples import Samples


@dataclass(frozen=True)
class Stage:
    """Epochs in a row with the same settings."""

    experiment: Experiment
    """The settings; no change is left in it."""
    loss: Loss
    batches: Batches


class Course:
    """The stages of a run: one, or more where the experiment changes midway.

    The samples are those of a run's engines that compute in one precision; these engines share the course.
    """

    def __init__(self, experiment: Experiment, samples: Samples) -> None:
        self.samples = samples
        self._firsts = sorted({1, *(change.epoch for change in experiment.change)})
        self._stages = [_stage(experiment.at(first), samples) for first in self._firsts]

    def stage(self, epoch: int) -> Stage:
        """Return the settings of an epoch, 1 or later."""
        if len(self._stages) == 1:
            return self._stages[0]
        return self._stages[bisect_right(self._firsts, epoch) - 1]


def _stage(settings: Experiment, samples: Samples) -> Stage:
    seed = settings.seed if settings.shuffle else None
    return Stage(settings, LOSSES[settings.loss], Batches(samples, settings.batch, seed))
