"""KeysLine: the keys at the bottom of the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widgets import Footer

if TYPE_CHECKING:
    from textual.screen import Screen


class KeysLine(Footer):
    """A footer that is made anew only where it names other keys.

    Textual's own is, whenever another pane is in focus, and nothing is painted meanwhile: too long for a key's answer.
    """

    _named: frozenset[tuple[str, str, bool]] = frozenset()
    """What stands in it: keys and what they do, and whether they do it now."""

    def bindings_changed(self, screen: Screen[object]) -> None:
        """Name other keys, where there are any; without the terminal's focus that waits, as in Textual's own."""
        active = screen.active_bindings.values()
        named = frozenset(
            (each.binding.key, each.binding.description, each.enabled) for each in active if each.binding.show
        )
        if named != self._named and screen.app.app_focus:
            self._named = named
            super().bindings_changed(screen)
