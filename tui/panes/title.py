"""The line on top: what runs, how far it is; and below it what must be known about the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

if TYPE_CHECKING:
    from tui.protocol import Described, View

BAR = 10


class TitleBar(Static):
    """Program, experiment and network on the left, the epoch and the progress on the right."""

    DEFAULT_CSS = """
    TitleBar { height: 1; padding: 0 1; background: $panel; color: $foreground; }
    """

    described: reactive[Described | None] = reactive(None)
    view: reactive[View | None] = reactive(None)

    def render(self) -> Content:
        """Write both ends, and as much of the network between them as there is room for."""
        if self.described is None:
            return Content.styled("mlp-tui", "bold")
        name = Content.assemble(("mlp-tui", "bold $text-accent"), "  ", (self.described.name, "bold"), "  ")
        progress = self._progress()
        room = self.size.width - name.cell_length - len(progress) - 1
        summary = self.described.summary
        summary = summary if len(summary) <= room else f"{summary[: max(0, room - 1)]}…"
        return Content.assemble(name, (summary.ljust(max(0, room)), "$foreground 70%"), " ", progress)

    def _progress(self) -> str:
        view = self.view
        if view is None:
            return "starting…"
        filled = round(BAR * view.trained / view.planned)
        state = "▶ " if view.running else ""
        return f"{state}epoch {view.epoch} of {view.planned} {'█' * filled}{'░' * (BAR - filled)}"


class Notice(Static):
    """One line that says what makes the numbers not what one might think; not there otherwise."""

    DEFAULT_CSS = """
    Notice { height: 1; padding: 0 1; display: none; background: $warning 20%; color: $foreground; }
    """

    view: reactive[View | None] = reactive(None)

    def watch_view(self, view: View | None) -> None:
        """Show it where there is something to know."""
        self.display = view is not None and (not view.comparable or bool(view.dumping))

    def render(self) -> Content:
        """Say it: what dumps do, as long as they do it, and else that the engines start from different weights."""
        if self.view is not None and self.view.dumping:
            return Content(f"◌ {self.view.dumping}")
        short = "⚠ Different starting weights: the gradients can't be compared."
        long = "⚠ scratch and autograd start from different weights, so their gradients can't be compared."
        return Content(long if self.size.width > len(long) else short)
