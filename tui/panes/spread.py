"""Distributions and gradient flow: every layer's numbers at the epoch shown, and what of them is unhealthy."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from textual.reactive import reactive

from tui.actions import bindings
from tui.panes.lines import LinePane
from tui.pictures.canvas import style_of
from tui.pictures.colours import colour_of
from tui.pictures.spread import Inks, histogram_width, picture
from tui.protocol import Described, ShowSpread, View
from tui.recorded import NO_PICTURE
from tui.selection import Selection

if TYPE_CHECKING:
    from textual.binding import BindingType
    from textual.geometry import Size

    from core.pictures.spread import Spread

TITLE = "8 Distributions"


class SpreadPane(LinePane):
    """Words, the table of the flow, and the histograms; turned like a page where they need more lines."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("spread")]
    BORDER_TITLE = TITLE

    described: reactive[Described | None] = reactive(None)
    view: reactive[View | None] = reactive(None)
    selection: reactive[Selection] = reactive(Selection(), repaint=False)
    top: reactive[int] = reactive(0)
    """The first line that is seen."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self._asked = ShowSpread(0)
        self._seen = False
        self._drawn: tuple[Spread | None, Size | None, list[list[Segment]]] = None, None, []

    def on_show(self) -> None:
        """Have it computed while it is seen."""
        self._seen = True
        self._ask()

    def on_hide(self) -> None:
        """Have it computed no more."""
        self._seen, self._asked = False, ShowSpread(0)
        self.ask(self._asked)

    def on_resize(self) -> None:
        """Have as many bins counted as there is room for."""
        self._ask()
        self.top = self._within(self.top)

    def watch_view(self) -> None:
        """Ask again where a trainer that was started again has forgotten what is looked at."""
        if self.view is not None and self.view.spread is None:
            self._asked = ShowSpread(0)
            self._ask()
        self.top = self._within(self.top)
        self._entitle()

    def watch_selection(self) -> None:
        """Look at another engine."""
        self._ask()

    def watch_top(self) -> None:
        """Say which lines are seen."""
        self._entitle()

    def notify_style_update(self) -> None:
        """Draw it anew in other colours."""
        self._drawn = None, None, []
        super().notify_style_update()

    def action_turn(self, by: int) -> None:
        """See other lines."""
        self.top = self._within(self.top + by)

    def on_mouse_scroll_down(self) -> None:
        """See later lines."""
        self.action_turn(3)

    def on_mouse_scroll_up(self) -> None:
        """See earlier lines."""
        self.action_turn(-3)

    def line(self, y: int) -> list[Segment]:
        """Draw a line of what is seen."""
        lines = self._lines
        if not lines:
            text = NO_PICTURE if self._of_files else "The numbers are being counted…"
            return [Segment(text, self.dim)] if y == 1 else []
        at = self.top + y
        return lines[at] if at < len(lines) else []

    @property
    def _lines(self) -> list[list[Segment]]:
        spread = self._spread
        if spread is None or self.described is None:
            return []
        known, size, _ = self._drawn
        if known is not spread or size != self.size:
            names = self.described.engines
            place = names.index(spread.engine) if spread.engine in names else 0
            bars = style_of(colour_of(place, dark=self.app.current_theme.dark))
            inks = Inks(self.heading, self.dim, bars)
            self._drawn = spread, self.size, picture(spread, self.described.activations, *self.size, inks)
        return self._drawn[2]

    @property
    def _spread(self) -> Spread | None:
        spread = self.view.spread if self.view else None
        if spread is None:
            return None
        bins = {len(each.counts) for each in spread.histograms.values()}
        return spread if bins == {histogram_width(self.size.width)} else None

    def _within(self, top: int) -> int:
        """Return a first line that the picture has; any, while it is counted anew."""
        return max(0, min(top, len(self._lines) - self.size.height) if self._lines else top)

    @property
    def _of_files(self) -> bool:
        """Whether two files are shown, and no run."""
        return self.described is not None and self.described.recorded is not None

    def _ask(self) -> None:
        """Ask for what is seen, where that is something else than was asked for last."""
        if not self._seen or not self.size.width or self._of_files:
            return
        asked = ShowSpread(histogram_width(self.size.width), self.selection.engine)
        if asked != self._asked:
            self._asked = asked
            self.ask(asked)

    def _entitle(self) -> None:
        view, spread = self.view, self._spread
        if view is None or spread is None:
            return
        batch = f" · {view.updates} updates, the last batch" if view.updates > 1 else ""
        self.border_title = f"{TITLE} · epoch {view.epoch:,} · {spread.engine}{batch}"
        count, height = len(self._lines), self.size.height
        last = min(self.top + height, count)
        self.border_subtitle = f"lines {self.top + 1}–{last} of {count} · ↑ ↓" if count > height else ""
