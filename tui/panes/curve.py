"""The loss curve: all engines over all epochs, with the epoch shown as a line that keys and the mouse move."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from textual.reactive import reactive

from core.metrics import HELD_OUT_LOSS
from tui.actions import bindings
from tui.history import LossHistory
from tui.panes.lines import LinePane
from tui.pictures.axes import number_text
from tui.pictures.curve import Curve, Look, accuracies_of, losses_of
from tui.protocol import GoTo, Step
from tui.selection import Selection

if TYPE_CHECKING:
    from textual import events
    from textual.binding import BindingType

    from tui.protocol import Described, View

FEWEST = 8
"""Epochs that are seen at the highest magnification."""
NOTHING_YET = "No loss yet: n trains the first epoch, space all of them."


class CurvePane(LinePane):
    """The losses, and the accuracies where there are any, drawn over the epochs."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("curve")]
    BORDER_TITLE = "6 Loss curve"

    described: reactive[Described | None] = reactive(None)
    view: reactive[View | None] = reactive(None)
    selection: reactive[Selection] = reactive(Selection(), repaint=False)
    history: reactive[LossHistory] = reactive(LossHistory, repaint=False)
    logarithmic: reactive[bool] = reactive(True)
    """Whether the losses' axis is logarithmic."""
    window: reactive[tuple[int, int] | None] = reactive(None)
    """The first and the last epoch seen; None for all, as they come."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self._curve: Curve | None = None

    # What changes the picture

    def watch_described(self) -> None:
        """Draw another run."""
        self._curve = None

    def watch_view(self) -> None:
        """Draw what has come; a run that was started again may not reach to what was seen."""
        self._curve = None
        if self.window is not None and self.view is not None and self.window[0] >= self.view.trained:
            self.window = None

    def watch_logarithmic(self) -> None:
        """Draw it anew, and say what the axis is."""
        self._curve = None
        self.border_title = f"6 Loss curve · {'log' if self.logarithmic else 'linear'}"

    def watch_window(self) -> None:
        """Draw it anew, and say what is seen."""
        self._curve = None
        self.border_subtitle = "" if self.window is None else "epochs {:,}–{:,}".format(*self.window)

    def on_resize(self) -> None:
        """Draw it anew."""
        self._curve = None

    def notify_style_update(self) -> None:
        """Draw it anew in other colours."""
        self._curve = None
        super().notify_style_update()

    # Keys and the mouse

    def action_cursor(self, by: int) -> None:
        """Move the line by columns, to epochs that are trained."""
        if self.curve is not None:
            self.ask(Step(by * self.curve.epochs_a_column, train=False))

    def action_zoom(self, factor: float) -> None:
        """See fewer epochs, or more, about the one that is shown."""
        if self.view is not None:
            first, last = self._seen
            epoch = self.view.epoch
            self._zoom(factor, epoch if first <= epoch <= last else (first + last) // 2)

    def action_pan(self, by: float) -> None:
        """See earlier or later epochs, by a part of what is seen."""
        first, last = self._seen
        self._show(first + round(by * (last - first + 1)), last - first + 1)

    def action_whole(self) -> None:
        """See all epochs."""
        self.window = None

    def action_log(self) -> None:
        """Draw the losses on a logarithmic axis, or on a linear one."""
        self.logarithmic = not self.logarithmic

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """See fewer epochs, about the mouse."""
        self._zoom(0.5, self._epoch_at(event))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """See more epochs, about the mouse."""
        self._zoom(2, self._epoch_at(event))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Move the line to the mouse, as long as its button is down."""
        self.capture_mouse()
        self._go_to(self._epoch_at(event))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Move the line with the mouse."""
        if event.button and self.app.mouse_captured is self:
            self._go_to(self._epoch_at(event))

    def on_mouse_up(self) -> None:
        """Let go."""
        self.release_mouse()

    # The picture

    def line(self, y: int) -> list[Segment]:
        """Draw a row of the curve, or below it the numbers at the epoch shown."""
        curve, view = self.curve, self.view
        if curve is None or view is None:
            return [Segment(NOTHING_YET if view is not None else "", self.dim)] if y == 1 else []
        if y == self.size.height - 1:
            return self._numbers()
        return curve.line(y, view.epoch, self.cursor)

    @property
    def curve(self) -> Curve | None:
        """The picture; None where no epoch has been trained."""
        described, view = self.described, self.view
        if described is None or view is None or view.trained < 1 or self.size.height < 5:
            return None
        if self._curve is None:
            dark, columns, rows = self.app.current_theme.dark, self.size.width, self.size.height - 1
            look = Look(*self._seen, self.logarithmic, dark, columns, rows, self.faint)
            self._curve = Curve(self.history, described.engines, described.metrics, look, self.dim)
        return self._curve

    def _numbers(self) -> list[Segment]:
        """Write the numbers of the epoch shown, as many as there is room for."""
        view, described = self.view, self.described
        assert view is not None
        assert described is not None
        series = [
            *losses_of(described.engines, described.metrics),
            *accuracies_of(described.engines, described.metrics),
        ]
        texts = [f"epoch {view.epoch:,}"]
        for each in series:
            value = self.history.at(each.name, view.epoch)
            if value is not None:
                texts.append(f"{_short(each.name)} {number_text(value) if math.isfinite(value) else value}")
        while len(texts) > 2 and sum(map(len, texts)) + 3 * (len(texts) - 1) > self.size.width:
            texts.pop()
        return [Segment(" · ".join(texts))]

    @property
    def _seen(self) -> tuple[int, int]:
        trained = self.view.trained if self.view else 1
        if self.window is None:
            return 1, max(trained, 1)
        return self.window[0], min(self.window[1], trained)

    def _zoom(self, factor: float, about: int | None) -> None:
        if about is None or self.view is None:
            return
        first, last = self._seen
        count = max(FEWEST, round((last - first + 1) * factor))
        self._show(about - round((about - first) / max(last - first, 1) * (count - 1)), count)

    def _show(self, first: int, count: int) -> None:
        """See so many epochs from there on, as far as there are any; all, where that is all."""
        if self.view is None or count >= self.view.trained:
            self.window = None
            return
        first = min(max(first, 1), self.view.trained - count + 1)
        self.window = first, first + count - 1

    def _epoch_at(self, event: events.MouseEvent) -> int | None:
        offset = event.get_content_offset_capture(self)
        return None if self.curve is None else self.curve.epoch_at(offset.x)

    def _go_to(self, epoch: int | None) -> None:
        if epoch is not None and self.view is not None and self.view.trained:
            epoch = min(max(epoch, 0), self.view.trained)
            if epoch != self.view.epoch:
                self.ask(GoTo(epoch))


def _short(name: str) -> str:
    return name.replace(HELD_OUT_LOSS, "held-out")
