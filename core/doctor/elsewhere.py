"""A backward pass that is right, of something else: another activation, another loss, or a multiple of the loss."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from core.doctor.observation import rights
from core.functions.activations import ACTIVATIONS
from core.functions.losses import LOSSES
from core.simulation import Simulation
from core.wording import joined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.doctor.observation import Observation
    from core.experiment import Precision
    from core.reference import Network

NEAR = 1e-5
"""How near to each other the ratios of losses have to be, relatively."""


@dataclass(frozen=True)
class Other:
    """Something else, that a backward pass is right for."""

    words: str
    """As in `for loss = "mae"`, or `of 0.5 times the loss sse`."""
    kind: Literal["settings", "multiple", "unknown"]
    """Other settings, which the file can say of itself; a multiple of the loss; or what can't be named."""

    @property
    def known(self) -> bool:
        """Whether it can be named."""
        return self.kind != "unknown"


OF_ANOTHER = Other("of another loss, or of another forward pass", "unknown")
"""What is known of one that follows its own loss, where no more is."""


def right_for(observations: Sequence[Observation], precision: Precision) -> Other:
    """Say what else they are right for, where it is known that they are the gradients of the loss that was returned.

    `observations` are those of the file's own widths.
    """
    for words, network in _others(observations[0].given.network):
        if _has_the_loss(observations[0], network) and all(
            _is_right_for(each, network, precision) for each in observations
        ):
            return Other(f"for {words}", "settings")
    return _multiple(observations)


def _others(network: Network) -> list[tuple[str, Network]]:
    """Return the networks with other settings, the fewest first, each with the lines of a file that say them."""
    *hidden, output = network.activations
    own = {"activation": hidden[0] if len(set(hidden)) == 1 else "", "output": output, "loss": network.loss}
    inside = [name for name, each in ACTIVATIONS.items() if each.derivative is not None] if hidden else [""]
    found = []
    for settings in itertools.product(dict.fromkeys((own["activation"], *inside)), ACTIVATIONS, LOSSES):
        activation, last, loss = settings
        if LOSSES[loss].output in (None, last) and (last != "softmax" or network.layers[-1] > 1):
            said = [
                f'{key} = "{value}"' for (key, mine), value in zip(own.items(), settings, strict=True) if value != mine
            ]
            activations = (*(activation or mine for mine in hidden), last)
            found.append((said, replace(network, activations=activations, loss=loss)))
    found.sort(key=lambda each: len(each[0]))
    return [(joined(said), other) for said, other in found if said]


def _has_the_loss(observation: Observation, network: Network) -> bool:
    """Whether a network comes near the loss that was returned, so that it is worth a closer look."""
    loss = Simulation(replace(observation.given, network=network)).loss
    return bool(np.isclose(loss, observation.returned["loss"], rtol=1e-3))


def _is_right_for(observation: Observation, network: Network, precision: Precision) -> bool:
    given = replace(observation.given, network=network)
    other = replace(observation, given=given, right=rights(given, precision))
    return all(other.within(name) for name in observation.returned)


def _multiple(observations: Sequence[Observation]) -> Other:
    """Say by which factor the loss and all gradients are larger; the mean over the outputs is one that is known."""
    ratios = [float(each.returned["loss"]) / float(each.right["loss"].value) for each in observations]
    factor = float(np.median(ratios))
    if not factor or not np.isfinite(factor) or any(abs(each - factor) > NEAR * abs(factor) for each in ratios):
        return OF_ANOTHER
    if not all(_is_multiple(each, factor) for each in observations):
        return OF_ANOTHER
    loss, outputs = observations[0].given.network.loss, observations[0].given.network.layers[-1]
    if outputs > 1 and abs(factor * outputs - 1) < NEAR:
        return Other(f"of {loss} averaged over the {outputs} outputs", "multiple")
    if outputs > 1 and abs(factor - outputs) < NEAR * outputs:
        return Other(f"of {loss} summed over the {outputs} outputs, not averaged", "multiple")
    return Other(f"of {factor:.6g} times the loss {loss}", "multiple")


def _is_multiple(observation: Observation, factor: float) -> bool:
    return all(
        observation.fits(name)
        and bool(
            np.all(
                np.abs(value - factor * observation.right[name].value)
                <= 2 * abs(factor) * observation.right[name].error + NEAR * np.max(np.abs(value), initial=0)
            )
        )
        for name, value in observation.returned.items()
    )
