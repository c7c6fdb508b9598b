"""What dumps are called. Nothing here imports NumPy: the screen needs the names before it needs the numbers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

DUMP_STEMS: Mapping[str, str] = {"scratch": "my_autograd", "autograd": "torch_autograd", "yours": "mine_autograd"}
"""What an engine's dump is called, without the ending."""


def dump_name(engine: str, epoch: int | None) -> str:
    """Name an engine's dump, with the epoch in it where one is given: `torch_autograd.0007.dat`."""
    number = "" if epoch is None else f".{epoch:04}"
    return f"{DUMP_STEMS[engine]}{number}.dat"


def parse_dump_name(name: str) -> tuple[str, int | None] | None:
    """Return the engine and the epoch that `dump_name` makes this name of; None for any other name."""
    found = re.fullmatch(r"(\w+?)(?:\.(\d{4,18}))?\.dat", name)
    engine = next((each for each, stem in DUMP_STEMS.items() if found and stem == found[1]), None)
    if found is None or engine is None:
        return None
    epoch = None if found[2] is None else int(found[2])
    return (engine, epoch) if dump_name(engine, epoch) == name else None
