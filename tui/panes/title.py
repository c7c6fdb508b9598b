"""The line on top: what runs, how far it is; and below it what must be known about the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from tui.numbers import duration_text, rate_text

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
        filled = int(BAR * view.trained / view.planned)
        return " ".join([*self._state(view), "█" * filled + "░" * (BAR - filled)])

    def _state(self, view: View) -> list[str]:
        """Say where the run stands, and how fast it goes on."""
        inside = f", update {view.inside.update} of {view.updates}," if view.inside else ""
        stands = f"epoch {view.epoch:,}{inside} of {view.planned:,}"
        if not view.running:
            return [stands]
        if not view.speed:
            return [f"▶ {stands}"]
        left = duration_text((view.planned - view.trained) / view.speed)
        return [f"▶ {stands}", f"{rate_text(view.speed * max(view.updates, 1))} updates/s", f"{left} left"]


class Notice(Static):
    """One line that says what makes the numbers not what one might think; not there otherwise."""

    DEFAULT_CSS = """
    Notice { height: 1; padding: 0 1; display: none; background: $warning 20%; color: $foreground; }
    """

    described: reactive[Described | None] = reactive(None)
    view: reactive[View | None] = reactive(None)
    hidden: reactive[bool] = reactive(False)
    """Whether the mistake that is planted in scratch is not to be told."""

    def watch_view(self, view: View | None) -> None:
        """Show it where there is something to know."""
        self.display = bool(self._text(view))

    def watch_hidden(self) -> None:
        """Show it where there is something to know."""
        self.display = bool(self._text(self.view))

    def render(self) -> Content:
        """Say it."""
        return Content(self._text(self.view))

    def _text(self, view: View | None) -> str:
        """Say what takes its time, as long as it does; else that the engines start from different weights."""
        if view is None:
            return ""
        if view.jump is not None:
            jump = view.jump
            share = f"{jump.done:,} of {jump.total:,} epochs computed again"
            return f"◌ Going to epoch {jump.epoch:,}: {share}, {duration_text(jump.left)} left. Esc stays here."
        if view.dumping:
            return f"◌ {view.dumping}"
        if view.comparable:
            return self._planted()
        long = "⚠ scratch and autograd start from different weights, so their gradients can't be compared."
        return long if self.size.width > len(long) else "⚠ Different starting weights: the gradients can't be compared."

    def _planted(self) -> str:
        """Say which mistake is planted in scratch, or that one is."""
        planted = self.described.experiment.engines.scratch.mistakes if self.described is not None else ()
        if planted and self.hidden:
            return "⚠ A mistake is planted in scratch's backward pass: find it. ! tells which."
        return f"⚠ Planted in scratch's backward pass: {', '.join(planted)}" if planted else ""
