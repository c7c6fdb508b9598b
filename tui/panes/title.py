"""The line on top: what runs, how far it is; and below it what must be known about the run."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from tui.numbers import duration_text, rate_text

if TYPE_CHECKING:
    from textual.geometry import Size

    from tui.protocol import Described, View
    from tui.recorded import Recorded

BAR = 10
"""Columns of the bar; half of them where the screen is not wide."""
WIDE = 100

HIGH = 32
"""Lines of a screen from which on the verdict on two files has more room."""
SHORT, LONG = 3, 5
"""Lines that it has at most."""


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
        summary = _fitting(self.described.summary, room)
        return Content.assemble(name, (summary.ljust(max(0, room)), "$foreground 70%"), " ", progress)

    def _progress(self) -> str:
        view = self.view
        if view is None:
            return "starting…"
        if self.described is not None and self.described.recorded is not None:
            return _pass_text(self.described.recorded, view.epoch)
        bar = BAR if self.size.width >= WIDE else BAR // 2
        filled = int(bar * view.trained / view.planned)
        return " ".join([*self._state(view), "█" * filled + "░" * (bar - filled)])

    def _state(self, view: View) -> list[str]:
        """Say where the run stands, and how fast it goes on."""
        inside = f", update {view.inside.update} of {view.updates}," if view.inside else ""
        stands = f"epoch {view.epoch:,}{inside} of {view.planned:,}"
        if view.left_behind:
            return [f"▶ {view.trained:,} of {view.planned:,} · you see epoch {view.epoch:,}: End follows"]
        if not view.running:
            return [stands]
        if not view.speed:
            return [f"▶ {stands}"]
        left = duration_text((view.planned - view.trained) / view.speed)
        return [f"▶ {stands}", f"{rate_text(view.speed * max(view.updates, 1))} updates/s", f"{left} left"]


def _fitting(parts: tuple[str, ...], room: int) -> str:
    """Write as many parts as there is room for, the first ones; of a first one that does not fit, its beginning."""
    for count in range(len(parts), 0, -1):
        text = " · ".join(parts[:count]) + (" …" if count < len(parts) else "")
        if len(text) <= room:
            return text
    return f"{parts[0][: max(0, room - 1)]}…"


def _pass_text(recorded: Recorded, number: int) -> str:
    """Say which pass of two files is shown, and what they call it."""
    label, count = recorded.passes[number - 1].label, len(recorded.passes)
    return " · ".join(part for part in (f"pass {number:,} of {count:,}" if count > 1 else "", label) if part)


class Notice(Static):
    """What makes the numbers not what one might think, or the verdict on two files; not there otherwise."""

    DEFAULT_CSS = """
    Notice {
        height: auto; max-height: 5; padding: 0 1; display: none; background: $warning 20%; color: $foreground;
        &.-equal { background: $success 20%; }
        &.-differ { background: $error 20%; }
    }
    """

    described: reactive[Described | None] = reactive(None)
    view: reactive[View | None] = reactive(None)
    hidden: reactive[bool] = reactive(False)
    """Whether the mistake that is planted in scratch is not to be told."""

    def watch_view(self, view: View | None) -> None:
        """Show it where there is something to know."""
        recorded = self._recorded
        mark = recorded.passes[view.epoch - 1].mark if recorded is not None and view is not None else ""
        self.set_class(mark == "✓", "-equal")
        self.set_class(mark == "✗", "-differ")
        self.display = recorded is not None or bool(self._text(view))
        if recorded is not None and self.is_attached and len(self._lines(self.size.width)) != self.size.height:
            self.refresh(layout=True)

    def watch_hidden(self) -> None:
        """Show it where there is something to know."""
        self.watch_view(self.view)

    def render(self) -> Content:
        """Say it."""
        return Content("\n".join(self._lines(self.size.width)))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Take as many lines as there are."""
        return len(self._lines(width))

    @property
    def _recorded(self) -> Recorded | None:
        return self.described.recorded if self.described is not None else None

    def _lines(self, width: int) -> list[str]:
        """Return one line on a run, as many as fit on two files."""
        if self._recorded is None or self.view is None:
            return [self._text(self.view)]
        most = SHORT if self.app.size.height < HIGH else LONG
        return _verdict_lines(self._recorded, self.view.epoch, width, most)

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
        if self.described is None or self.described.recorded is not None:
            return ""
        planted = self.described.experiment.engines.scratch.mistakes
        if planted and self.hidden:
            return "⚠ A mistake is planted in scratch's backward pass: find it. ! tells which."
        return f"⚠ Planted in scratch's backward pass: {', '.join(planted)}" if planted else ""


def _verdict_lines(recorded: Recorded, number: int, width: int, most: int) -> list[str]:
    """Write the verdict on the pass of two files that is shown, that on all where there are several, and what fits."""
    shown = recorded.passes[number - 1]
    lines = _wrapped(f"{shown.mark or '⚠'} {shown.line}", width)
    if len(lines) > most:
        return [*lines[: most - 1], f"{lines[most - 1][: width - 1]}…"]
    texts = [*([f"all passes: {recorded.line}"] if len(recorded.passes) > 1 else []), *shown.remarks, *recorded.remarks]
    for at, text in enumerate(texts):
        wrapped, left = _wrapped(text, width), len(texts) - at
        if len(lines) + len(wrapped) + (left > 1) > most:
            more = f"and {left} remark{'s' * (left > 1)} more: mlp-tui compare prints them"
            return [*lines, more] if len(lines) < most else lines
        lines += wrapped
    return lines


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, max(width, 20), subsequent_indent="  ")
