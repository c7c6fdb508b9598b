"""Lists as they stand in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def joined(names: Sequence[object]) -> str:
    """Return `a, b and c`; nothing for none."""
    *others, last = map(str, names or [""])
    return f"{', '.join(others)} and {last}" if others else last
