"""How the user's function is called: what its arguments are named, in which order; runs in the user's process."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

RATE_NAMES = ("lr", "learning_rate", "eta", "alpha", "rate")
"""What a learning rate is called, if the function takes one."""
ORDER: tuple[str, ...] = ("x", "y", "weights", "biases")
"""Of the arguments, where their names say no other."""
NAMES = {
    **dict.fromkeys(("x", "xs", "input", "inputs", "features"), "x"),
    **dict.fromkeys(("y", "ys", "y_true", "target", "targets", "t", "label", "labels"), "y"),
    **dict.fromkeys(("w", "ws", "weight", "weights"), "weights"),
    **dict.fromkeys(("b", "bs", "bias", "biases"), "biases"),
}
"""What arguments are called, in small letters."""
HOW = "; for a file that calls a class: mlp-tui new FILE --from-class"
"""How a class is checked."""


def order_of(function: Callable[..., Any]) -> tuple[str, ...]:
    """Return the order of the four arguments: that of their names, where all four are known."""
    order = tuple(NAMES.get(name.lower(), "") for name in _names(function)[:4])
    return order if sorted(order) == sorted(ORDER) else ORDER


def rate_of(function: Callable[..., Any]) -> str | None:
    """Return what the argument for the learning rate is called; None if the function takes none."""
    names = _names(function)[4:]
    return next((name for name in RATE_NAMES if name in names), None)


def missing(names: Mapping[str, Any], module: str) -> str:
    """Say that a file has no function `gradients`, and what it has instead."""
    said = "has no function `gradients(x, y, weights, biases)`"
    own = [each for each in names.values() if isinstance(each, type) and each.__module__ == module]
    if not own:
        return said
    with_method = [each.__name__ for each in own if callable(vars(each).get("gradients"))]
    if with_method:
        return f"{said} outside of its class {with_method[0]}{HOW}"
    named = [each.__name__ for each in own]
    return f"{said}, but {'a class' if len(named) == 1 else 'classes'} {', '.join(named)}{HOW}"


def _names(function: Callable[..., Any]) -> list[str]:
    try:
        return list(inspect.signature(function).parameters)
    except (ValueError, TypeError):
        return []
