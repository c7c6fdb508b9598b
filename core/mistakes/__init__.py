"""The catalogue of mistakes: each one a change to one of the equations of backpropagation.

The same entries are planted in an engine and looked for in somebody's own backward pass. `core.simulation` makes a pass
with any of them; nothing here imports NumPy before a mistake is made.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from core.mistakes import of_derivative, of_loss, of_parameters, of_returned, of_upstream
from core.mistakes.entry import Change, Mistake, Planted, Slot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.mistakes.entry import Described

__all__ = ["MISTAKES", "Change", "Mistake", "Planted", "Slot", "places", "plantable", "planted", "refuse_unknown"]

MISTAKES = {
    each.name: each
    for kind in (of_loss, of_derivative, of_upstream, of_parameters, of_returned)
    for each in kind.MISTAKES
}
"""All mistakes by name."""

NUMBERS = {"factor": 3.0, "learning rate": 0.1, "momentum": 0.9, "weight decay": 0.01, "limit": 0.1, "slope": 0.1}
"""What a mistake's own number is when it is planted without one."""


def places(network: Described, layer: int | None = None) -> Iterator[Planted]:
    """Return every mistake at every place of a network (or of one layer) where it means something.

    Those that change the gradients of all layers have layer 0, and come with every layer.
    """
    layers = range(len(network.layers) - 1, 0, -1) if layer is None else (layer,)
    for mistake in MISTAKES.values():
        for change in mistake.changes:
            if change.slot == "gradients":
                yield Planted(mistake, change, 0)
                continue
            for k in layers:
                if change.fits(network, k):
                    yield Planted(mistake, change, k)


def planted(text: str, network: Described) -> Planted:
    """Read `derivative-at-activation@2`, `wrong-sign@1:dW`, `updated-too-early@1=0.5` or a name alone.

    Without a layer it is the highest that the mistake fits.

    Raises:
        ValueError: no such mistake, or it means nothing there; the text says what was expected.
    """
    match = refuse_unknown(text)
    mistake = MISTAKES[match[1]]
    layer = None if match[2] is None else int(match[2])
    number = _number(match[4]) if match[4] else NUMBERS.get(mistake.number, 1.0)
    for change in mistake.changes:
        if match[3] is not None and change.how != match[3]:
            continue
        if change.slot == "gradients":
            return Planted(mistake, change, 0, number)
        for k in range(len(network.layers) - 1, 0, -1):
            if layer in (None, k) and change.fits(network, k):
                return Planted(mistake, change, k, number)
    fitting = dict.fromkeys(each.layer for each in places(network) if each.mistake is mistake)
    expected = f"{mistake.name}@{' or '.join(map(str, fitting))}" if fitting else "a mistake that fits this network"
    raise ValueError(f"Expected {expected}, got `{text}`")


def refuse_unknown(text: str) -> re.Match[str]:
    """Part a mistake's text into name, layer, form and number.

    Raises:
        ValueError: the catalogue has no such name; the text has near ones.
    """
    match = re.fullmatch(r"([\w-]+)(?:@(\d+))?(?::([\w-]+))?(?:=(.+))?", text)
    if match is None or match[1] not in MISTAKES:
        near = difflib.get_close_matches(re.split("[@:=]", text)[0], MISTAKES, 3) or ("half-loss-gradient",)
        raise ValueError(f"Expected a mistake such as {', '.join(near)} (see mlp-tui mistakes), got `{text}`")
    return match


def plantable(text: str, network: Described) -> Planted:
    """Read a mistake that an engine is to train with.

    Raises:
        ValueError: there is none, it means nothing there, or one can't train with it; the text says what was expected.
    """
    found = planted(text, network)
    if found.mistake.needs_earlier:
        raise ValueError(f"Expected a mistake of one pass alone, got `{text}`, which is one of several")
    if not found.change.keeps_shape(network, found.layer):
        raise ValueError(f"Expected gradients of the right shapes, got `{text}`, with which they have others")
    if found.change.slot == "loss":
        raise ValueError(f"Expected a mistake in the backward pass, got `{text}`, which is one in the loss")
    return found


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"Expected a number after =, got {text!r}") from None
