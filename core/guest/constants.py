"""What the user's file says of its network, read off its names once it has run; runs in the user's process."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

CONSTANTS = ("layers", "activation", "output", "loss", "layout", "experiment")
LISTED = ("layers", "activation")
"""Those that may be lists."""


def constants_in(names: dict[str, Any], source: bytes) -> dict[str, Any]:
    """Return what the file says of its network; functions and the like of the same names are no constants.

    A name that has come to stand for something else, as `loss` does where `def loss` follows it, is what the file last
    wrote it to be.
    """
    found = {name: names[name] for name in CONSTANTS if name in names}
    usable = {name: value for name, each in found.items() if (value := _usable(name, each)) is not None}
    if len(usable) < len(found):
        return _written(source) | usable
    return usable


def unused_in(names: dict[str, Any], constants: dict[str, Any]) -> list[str]:
    """Name the lists that say nothing of a network, as `layers` of objects."""
    return [name for name in LISTED if name not in constants and isinstance(names.get(name), (list, tuple))]


def _usable(name: str, value: Any) -> Any:  # noqa: ANN401 - it is whatever the user wrote
    """Return a constant as words and whole numbers; None where it is no constant."""
    if isinstance(value, str):
        return value
    if name in LISTED and isinstance(value, (list, tuple, np.ndarray)):
        items = [item.item() if isinstance(item, np.generic) else item for item in value]
        return items if all(isinstance(item, (int, str)) for item in items) else None
    return None


def _written(source: bytes) -> dict[str, Any]:
    """Return the constants that the file itself assigns outside of its functions; the last of each name."""
    found: dict[str, Any] = {}
    for target, written in _assignments(ast.parse(source)):
        if isinstance(target, ast.Name) and target.id in CONSTANTS:
            value = _usable(target.id, _literal(written))
            found |= {} if value is None else {target.id: value}
    return found


def _assignments(module: ast.Module) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Return what is assigned to what; `a, b = 1, 2` is two assignments."""
    for statement in module.body:
        if isinstance(statement, ast.AnnAssign) and statement.value is not None:
            yield statement.target, statement.value
        elif isinstance(statement, ast.Assign):
            for target in statement.targets:
                if isinstance(target, ast.Tuple) and isinstance(statement.value, ast.Tuple):
                    yield from zip(target.elts, statement.value.elts, strict=False)
                else:
                    yield target, statement.value


def _literal(written: ast.expr) -> Any:  # noqa: ANN401
    try:
        return ast.literal_eval(written)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
