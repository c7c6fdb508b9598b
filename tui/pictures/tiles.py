"""Tiles: how many pictures of the same kind fit beside and below one another."""

from __future__ import annotations

from dataclasses import dataclass

LEAST_COLUMNS, LEAST_ROWS = 10, 4
"""Of a tile, its title included, and the gap behind it."""


@dataclass(frozen=True)
class Tiling:
    """So many tiles across and down, each of so many cells with a title above and a gap at its right."""

    across: int
    down: int
    columns: int
    rows: int

    @property
    def count(self) -> int:
        """How many tiles there are."""
        return self.across * self.down


def tiling(count: int, columns: int, rows: int) -> Tiling:
    """Return the tiling that gives `count` tiles the most room in columns × rows cells, or as many as fit at all.

    A cell is twice as high as it is wide; a tile is as large as its smaller side.
    """
    most_across, most_down = max(1, columns // LEAST_COLUMNS), max(1, rows // LEAST_ROWS)
    found = [
        Tiling(across, down, columns // across - 1, rows // down - 1)
        for across in range(1, min(count, most_across) + 1)
        if (down := -(-count // across)) <= most_down
    ]
    if not found:
        return Tiling(most_across, most_down, columns // most_across - 1, rows // most_down - 1)
    return max(found, key=lambda each: min(each.columns, 2 * each.rows))
