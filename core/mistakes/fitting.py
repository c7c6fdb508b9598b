"""Where mistakes mean anything: conditions on a network and a layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.functions.losses import LOSSES

if TYPE_CHECKING:
    from core.mistakes.entry import Described, Fits

MEAN_OVER_OUTPUTS = ("mse", "mae", "huber", "bce")


def every(*conditions: Fits) -> Fits:
    """Ask for all of the conditions."""
    return lambda network, k: all(condition(network, k) for condition in conditions)


def width(k: int, offset: int, network: Described) -> int:
    """Return the width of the layer k + offset; 0 where there is none."""
    at = k + offset
    return network.layers[at] if 0 <= at < len(network.layers) else 0


def top(network: Described, k: int) -> bool:
    """Tell whether it is the output layer."""
    return k == len(network.layers) - 1


def hidden(network: Described, k: int) -> bool:
    """Tell whether there is a layer above it."""
    return 1 <= k < len(network.layers) - 1


def second_or_above(_network: Described, k: int) -> bool:
    """Tell whether there is a hidden layer below it."""
    return k > 1


def loss_among(*names: str) -> Fits:
    """Ask for a loss of one of these names."""
    return lambda network, _k: network.loss in names


def mean_loss(network: Described, _k: int) -> bool:
    """Tell whether the loss is a mean over the samples."""
    return LOSSES[network.loss].reduction == "mean"


def sum_loss(network: Described, _k: int) -> bool:
    """Tell whether the loss is a sum over the samples."""
    return LOSSES[network.loss].reduction == "sum"


def fused(network: Described, k: int) -> bool:
    """Tell whether it is the output layer and the loss takes z_L."""
    return top(network, k) and LOSSES[network.loss].fused


def not_fused(network: Described, k: int) -> bool:
    """Tell whether the layer's δ is a product with f′."""
    return not fused(network, k)


def several_outputs(network: Described, _k: int) -> bool:
    """Tell whether there are several outputs."""
    return network.layers[-1] > 1


def one_output(network: Described, _k: int) -> bool:
    """Tell whether there is a single output."""
    return network.layers[-1] == 1


def activation(network: Described, k: int) -> str:
    """Name the activation of layer k; the empty text where there is no such layer."""
    return network.activations[k - 1] if 1 <= k <= len(network.activations) else ""


def activation_among(*names: str) -> Fits:
    """Ask for one of these activations."""
    return lambda network, k: activation(network, k) in names


def activation_not(*names: str) -> Fits:
    """Ask for none of these activations."""
    return lambda network, k: activation(network, k) not in names


def wider_than_one(offset: int) -> Fits:
    """Ask for more than one unit in layer k + offset."""
    return lambda network, k: width(k, offset, network) > 1


def same_width(one: int, other: int) -> Fits:
    """Ask for two layers, by their offsets from k, that are equally wide."""
    return lambda network, k: width(k, one, network) == width(k, other, network) != 0


def exists(offset: int) -> Fits:
    """Ask for a layer k + offset that has parameters."""
    return lambda network, k: 1 <= k + offset < len(network.layers)
