"""What can be shown of a tensor: each engine's, and what parts the engines. Nothing here imports NumPy or Textual."""

from __future__ import annotations

MINE = "yours"
"""The engine that a file of the user's own is."""
DERIVED = ("difference", "digits", "share")
"""What can be shown of a tensor beside what each engine has: first engine minus second, the digits they share, and the
larger share that an engine takes up of what rounding alone could do. The user's own engine has the same for itself."""


def derived(engine: str) -> tuple[str, str, str]:
    """Name what is told of an engine's tensor: DERIVED, or of the user's own `difference yours` and so on."""
    difference, shared, share = (f"{each} {engine}" if engine == MINE else each for each in DERIVED)
    return difference, shared, share


def kind_of(shown: str) -> str:
    """Return which of DERIVED this is; an engine's name where it is that."""
    return shown.split(maxsplit=1)[0]


def is_derived(shown: str) -> bool:
    """Whether this is told of engines, and is none."""
    return kind_of(shown) in DERIVED


def views_of(engines: tuple[str, ...]) -> tuple[str, ...]:
    """Name all that can be shown of a tensor: each engine, then what parts each of the others from the first."""
    return (*engines, *(name for other in engines[1:] for name in derived(other)))
