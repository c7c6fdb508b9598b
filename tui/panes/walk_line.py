"""What is at work while an epoch is walked through in slow motion, and the line that says its equation."""

from __future__ import annotations

from dataclasses import dataclass

from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

ARROWS = {"forward": "→", "loss": "→", "backward": "←", "update": "↻"}
"""By stage: the way in which the layers are gone through."""


@dataclass(frozen=True)
class AtWork:
    """One phase of an epoch, as it is shown."""

    stage: str
    layer: int
    depth: int
    equation: str
    lines: tuple[str, ...]
    """Of an update, the lines of the optimizer's rule that come before it."""
    place: int
    """From 1."""
    count: int
    seconds: float | None
    """How long it stays if it goes on by itself; None where it halts."""
    update: str = ""
    """Which update of the epoch is walked through, where it has several: `the last of 5 updates`."""
    numbers: str = ""
    """The equation with numbers, where it is short enough: that of the loss."""

    @property
    def arrow(self) -> str:
        """The mark of the layer at work."""
        return ARROWS[self.stage]

    @property
    def where(self) -> str:
        """The stage, and the layer that is at work."""
        return self.stage if self.stage == "loss" else f"{self.stage}, layer {self.layer} of {self.depth}"


class WalkLine(Static):
    """The equation of the phase; not there otherwise."""

    DEFAULT_CSS = """
    WalkLine { height: auto; padding: 0 1; display: none; background: $accent 20%; color: $foreground; }
    """

    at_work: reactive[AtWork | None] = reactive(None, layout=True)

    def watch_at_work(self, at_work: AtWork | None) -> None:
        """Show it where there is something at work."""
        self.display = at_work is not None

    def render(self) -> Content:
        """Write the stage and the equation on the left, how far it is on the right of a line that has room for it."""
        if self.at_work is None:
            return Content("")
        work, width = self.at_work, self.size.width
        head = f"{work.arrow} {work.where:<22} "
        pace = "halted" if work.seconds is None else f"▶ {work.seconds:g} s"
        place = f"{work.place} of {work.count} · {pace}"
        update = work.update and f"{work.update} · "
        short = update.removeprefix("the ").replace(" updates", "")
        *before, last = (*work.lines, work.equation) if work.equation not in work.lines else work.lines
        numbers = [f"  = {work.numbers}"] if work.numbers else []
        hint = " · k > < + - Esc"
        lines = [f"{head if not at else ' ' * len(head)}{line}" for at, line in enumerate((*before, last, *numbers))]
        ends = (update + place + hint, update + place, short + place, place)
        fitting = ((end, at) for end in ends for at, line in enumerate(lines) if len(end + line) < width)
        end, at = next(fitting, ("", 0))
        lines[at] += end.rjust(width - len(lines[at]))
        return Content("\n".join(lines))
