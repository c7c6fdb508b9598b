"""The Loss pane: a row an epoch, a column an engine, and the digits that the losses share."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive

from tui.digits import are_same, digits_text
from tui.history import LossHistory
from tui.numbers import aligned
from tui.panes.lines import ListPane, origin_for

if TYPE_CHECKING:
    from textual import events

    from tui.protocol import Described, View
    from tui.recorded import RecordedPass

ROOMY = 10
"""Lines from which on what was measured after an epoch is parted from the losses, which are from before its update."""


class LossPane(ListPane):
    """The losses as a table, of which only the rows that are seen are drawn; the cursor picks the epoch."""

    BORDER_TITLE = "2 Loss"

    described: reactive[Described | None] = reactive(None)
    view: reactive[View | None] = reactive(None)
    history: reactive[LossHistory] = reactive(LossHistory, repaint=False)

    class Picked(Message):
        """An epoch was picked."""

        def __init__(self, epoch: int) -> None:
            super().__init__()
            self.epoch = epoch

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self._origin = 0
        self._away = False
        """Whether the wheel has turned away from the epoch that is shown; until that is another one."""

    def watch_described(self, described: Described | None) -> None:
        """Say how the loss is reduced."""
        if described is not None:
            self._entitle()
            self.border_subtitle = Content(described.loss)

    def watch_view(self, old: View | None, new: View | None) -> None:
        """Keep the epoch that is shown in sight, unless the user has scrolled away from it."""
        self._entitle()
        if new is None or old is None:
            return
        following = old.epoch == old.trained and new.epoch == new.trained
        if new.epoch != old.epoch and not (self._away and following and new.epoch > old.epoch):
            self._away = False
        self._keep_in_sight()

    def _entitle(self) -> None:
        """Say when in an epoch its loss is measured; or that the run has gone on without the view, and what follows."""
        if self.described is None or self.described.recorded is not None:
            title = "2 Loss" if self.described is None else "2 Passes"
        elif self.view is not None and self.view.left_behind:
            title = f"2 Loss · at {self.view.epoch:,}: End follows"
        else:
            title = "2 Loss · before its update"
        if self.border_title != title:
            self.border_title = title

    def on_resize(self) -> None:
        """Keep the epoch that is shown in sight."""
        self._keep_in_sight()

    def come_back(self) -> None:
        """Show the epoch that the run stands at, wherever the wheel has turned."""
        self._away = False
        self._keep_in_sight()
        self.refresh()

    def on_mouse_scroll_down(self) -> None:
        """Scroll without moving the cursor."""
        self._scroll(3)

    def on_mouse_scroll_up(self) -> None:
        """Scroll without moving the cursor."""
        self._scroll(-3)

    def on_click(self, event: events.Click) -> None:
        """Pick the epoch of the row that was clicked."""
        offset = event.get_content_offset(self)
        if (
            offset is not None
            and 1 <= offset.y <= self._shown
            and self.view
            and self._epoch_at(offset.y) <= self.view.trained
        ):
            self.post_message(self.Picked(self._epoch_at(offset.y)))

    def line(self, y: int) -> list[Segment]:
        """Draw the heading or an epoch's row."""
        if self.described is None or self.view is None:
            return []
        names = self.described.engines
        if y == 0:
            columns = "".join(f"{name:>{self._column - 1}} " for name in names)
            first = "epoch" if self.described.recorded is None else "pass"
            return [Segment(f"{first:>{self._epoch_width}}{columns}{'digits':>6}", self.heading)]
        if y > self._shown:
            return self._foot()[y - 1 - self._shown]
        epoch = self._epoch_at(y)
        if epoch > self.view.trained:
            return []
        if self.described.recorded is not None:
            return self._pass_row(self.described.recorded.passes[epoch - 1], epoch, names)
        return self._row(epoch, names)

    def _pass_row(self, shown: RecordedPass, number: int, names: tuple[str, ...]) -> list[Segment]:
        """Draw a pass of two files: the losses that they tell, the fewest digits that its gradients share, a mark."""
        assert self.view is not None
        losses = [shown.losses.get(name) for name in names]
        cells = [f"{'–':>{self._column - 1}} " if each is None else _loss_text(each, self._column) for each in losses]
        current = number == self.view.epoch
        style = self.cursor if current else Style.null()
        text = f"{'▸' if current else ' '}{number:>{self._epoch_width - 1}}{''.join(cells)}"
        agreed = f"{f'{shown.mark} {digits_text(shown.digits, same=shown.same)}':>6}"
        return [Segment(text, style), Segment(agreed, style + self.wrong if shown.mark == "✗" else style)]

    def _row(self, epoch: int, names: tuple[str, ...]) -> list[Segment]:
        assert self.view is not None
        current = epoch == self.view.epoch
        cells = [self._loss_text(name, epoch) for name in names]
        same = are_same(self.history.at(name, epoch) for name in names)
        digits = digits_text(self.history.at("digits", epoch), same=same) if epoch else ""
        text = f"{'▸' if current else ' '}{epoch:>{self._epoch_width - 1}}{''.join(cells)}"
        style = self.cursor if current else Style.null()
        parted = self.view.parted is not None and epoch >= self.view.parted
        agreed = Segment(f"{f'✗ {digits}':>6}", style + self.wrong) if parted else Segment(f"{digits:>6}", style)
        return [Segment(text, style), agreed]

    def _loss_text(self, name: str, epoch: int) -> str:
        loss = self.history.at(name, epoch)
        if loss is None:
            assert self.view is not None
            text = "start" if epoch == 0 else "–" if name in self.view.missing else "…"
            return f"{text:>{self._column - 1}} "
        return _loss_text(loss, self._column)

    def _foot(self) -> list[list[Segment]]:
        """Write below the table what else was measured at the epoch shown, and inside an epoch the batch's own loss."""
        if self.described is None or self.view is None:
            return []
        lines: list[list[Segment]] = []
        view, names = self.view, self.described.engines
        if self.described.metrics and view.epoch and view.inside is None and self.size.height >= ROOMY:
            lines.append([Segment(f"─ after its update {'─' * self.size.width}"[: self.size.width], self.dim)])
        for metric in self.described.metrics if view.epoch and view.inside is None else ():
            values = [self.history.at(f"{metric} {name}", view.epoch) for name in names]
            lines.append(self._foot_line(metric, values))
        if view.inside is not None:
            losses = [view.inside.losses.get(name) for name in names]
            lines.append(self._foot_line(f"update {view.inside.update}/{view.updates}", losses))
        return lines

    def _foot_line(self, label: str, values: list[float | None]) -> list[Segment]:
        room = max(8, (self.size.width - 18) // max(len(values), 1))
        decimals = max(2, min(6, room - 6))
        numbers = "".join(f"{'…' if value is None else f'{value:.{decimals}g}':>{room}}" for value in values)
        return [Segment(f"{label:<18}", self.heading), Segment(numbers)]

    @property
    def _column(self) -> int:
        """The width of an engine's column: all have to fit beside the epoch and the digits."""
        return 12 if self.described is None or len(self.described.engines) < 3 else 10

    @property
    def _epoch_width(self) -> int:
        return 1 + max(5, len(str(self.view.trained if self.view else 0)))

    @property
    def _shown(self) -> int:
        return max(1, self.size.height - 1 - len(self._foot()))

    def _keep_in_sight(self) -> None:
        if self.view is not None and not self._away:
            at, count = self.view.epoch - self._first, self.view.trained + 1 - self._first
            self._origin = origin_for(at, self._origin, self._shown, count)

    def _scroll(self, by: int) -> None:
        if self.view is not None:
            self._origin = max(0, min(self._origin + by, self.view.trained + 1 - self._first - self._shown))
            self._away = not self._origin <= self.view.epoch - self._first < self._origin + self._shown
            self.refresh()

    @property
    def _first(self) -> int:
        """The number of the first row: epoch 0 is a run's start, which files don't have."""
        return 0 if self.described is None or self.described.recorded is None else 1

    def _epoch_at(self, y: int) -> int:
        return self._first + self._origin + y - 1


def _loss_text(loss: float, width: int) -> str:
    return aligned(loss, width - 8).rjust(width) if math.isfinite(loss) else f"{loss!s:>{width - 1}} "
