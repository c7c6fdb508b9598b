"""Keys typed ahead: which of them wait until the screen shows what they are about, and for how long at most.

A key that asks the trainer for something never waits: n, p and space count from what was asked for before them. One
that is about the numbers on the screen (a cell, the largest of them) means those that the keys before it asked for.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from tui.screens.asked_for import PATIENCE, PATIENCE_AT_START

if TYPE_CHECKING:
    from textual.events import Key

    from tui.protocol import View
    from tui.screens.main import MainScreen

OF_THE_CELL = frozenset({"move", "page", "edge", "leap", "corner", "explain", "uses"})
"""They need the shape of the selected tensor."""
OF_THE_NUMBERS = frozenset({"app.largest", "app.worst", "app.worst_here"})
"""They need the numbers."""
OF_THE_RUN = frozenset(
    {"engine", "quantity", "tensor", "settings", "dump", "save", "app.plant", "app.reveal", "cursor"}
)
"""They need to know what is run."""


def seconds_to_wait(main: MainScreen, key: Key) -> float:
    """Return for how long a key may have to wait yet: 0 where it is its turn."""
    view = main.view
    if view is None or main.described is None:
        waits = _action(main, key) in OF_THE_CELL | OF_THE_NUMBERS | OF_THE_RUN
        return max(0.0, key.time + PATIENCE_AT_START - monotonic()) if waits else 0.0
    left = max(0.0, main.asked_for.at + PATIENCE - monotonic())
    if not left or main.asked_for.is_answered:
        return 0.0
    action = _action(main, key)
    waits = action in OF_THE_NUMBERS or (action in OF_THE_CELL and not _is_there(view, main))
    return left if waits else 0.0


def _is_there(view: View, main: MainScreen) -> bool:
    """Whether the tensor on the screen is the one that is selected."""
    return view.matrix is not None and view.matrix.tensor == main.selection.tensor


def _action(main: MainScreen, key: Key) -> str:
    """Return the name of the action that a key does where the focus is, without its arguments."""
    found = main.active_bindings.get(key.key)
    return found.binding.action.partition("(")[0] if found is not None else ""
