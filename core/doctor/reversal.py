"""Gradients that come back in the order of the backward pass, with another mistake in them.

Such a mistake shows under another layer's name: the last layer's gradients come under the first one's. So they are put
in order first, and looked at then.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.doctor.diagnosis import Diagnosis, Doctor
from core.mistakes import planted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.doctor.observation import Observation


def diagnosed_in_the_other_order(observations: Sequence[Observation]) -> Diagnosis | None:
    """Return what explains everything once the gradients are turned round; None where that helps nothing."""
    network = observations[0].given.network
    if len(network.layers) == 2:
        return None
    turned = [_turned(each) for each in observations]
    if _right(turned) <= _right(observations):
        return None
    found = Doctor(turned).diagnose()
    if not found.complete:
        return None
    reversal = planted("order-reversed", network)
    explained = tuple(replace(each, mistakes=(*each.mistakes, reversal)) for each in found.explanations)
    return replace(found, explanations=explained)


def _turned(observation: Observation) -> Observation:
    depth = len(observation.given.network.layers) - 1
    returned = {
        name: observation.returned[name if name == "loss" else f"{name[:5]}{depth + 1 - int(name[5:])}"]
        for name in observation.returned
    }
    return replace(observation, returned=returned)


def _right(observations: Sequence[Observation]) -> tuple[int, int]:
    """Count the tensors that are right, and those that have the right shape."""
    names = [(each, name) for each in observations for name in each.returned]
    return sum(each.within(name) for each, name in names), sum(each.fits(name) for each, name in names)
