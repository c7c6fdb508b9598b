"""What the check of the user's file found, in words, as it travels from the trainer to the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from pathlib import Path

MOST_PROBES = 3
"""So many are named; of others it is told how many there are."""


class Row(Struct, frozen=True):
    """What the check found of one tensor."""

    name: str
    """`loss`, `dL/dW3`, …"""
    share: str
    """The largest part of what rounding allows that it differs by, in words; above 1 it is wrong."""
    wrong_on: tuple[str, ...]
    """The probes that it is wrong on."""


class Diagnosed(Struct, frozen=True):
    """A mistake that was named."""

    tensor: str
    """The gradient where it shows; empty where it shows in the loss alone."""
    lines: tuple[str, ...]
    """What it is, then the mathematics as it is and as it should be."""


class Checkup(Struct, frozen=True):
    """What the check of the user's file found, in words."""

    path: Path
    checking: bool = False
    """Whether it is being checked again."""
    verdict: str = ""
    """`right`, `wrong`, `cannot run`, `cannot tell`; empty before the first check."""
    line: str = ""
    """The verdict in a sentence."""
    checked_as: tuple[str, ...] = ()
    """The network that it was taken for, in a sentence, and what of that it did not say."""
    rows: tuple[Row, ...] = ()
    """From the loss downward."""
    diagnosed: tuple[Diagnosed, ...] = ()
    closing: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    error: tuple[str, ...] = ()
    """The user's own lines that an error went through."""
    output: tuple[str, ...] = ()
    """What the file printed."""
    seconds: float = 0.0
    """What the check took."""
    last: Checkup | None = None
    """The last check that came to a verdict, where this one could not be made."""


def probes_text(probes: tuple[str, ...], room: int | None = None) -> str:
    """Name the first probes, and say how many more there are: as many by name as there is room for, but one."""
    texts = [_named(probes, most) for most in range(min(MOST_PROBES, len(probes)), 0, -1)]
    return next((text for text in texts if room is None or len(text) <= room), texts[-1] if texts else "")


def _named(probes: tuple[str, ...], most: int) -> str:
    more = len(probes) - most
    return ", ".join(probes[:most]) + (f" and {more} more" if more else "")
