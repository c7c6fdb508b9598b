"""LinePane: a focusable pane that draws itself line by line, and only the lines that are seen."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from textual.filter import ANSIToTruecolor
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip

from tui.actions import bindings
from tui.panes.sight import PaintedInSight, border_lines

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

    from rich.style import Style
    from textual.binding import BindingType
    from textual.filter import LineFilter
    from textual.geometry import Size

    from tui.protocol import Command


class LinePane(PaintedInSight, can_focus=True):
    """Base of the panes: `line(y)` gives a line's segments; the pane fills up the rest in its own background.

    A pane that draws all its lines together more easily than one by one has `lines()` instead.

    | class | description |
    | :- | :- |
    | `line-pane--heading` | headings of rows and columns |
    | `line-pane--cursor` | what the cursor is on |
    | `line-pane--dim` | what matters less |
    | `line-pane--faint` | what only guides the eye |
    | `line-pane--wrong` | what rounding does not explain |
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "line-pane--heading",
        "line-pane--cursor",
        "line-pane--dim",
        "line-pane--faint",
        "line-pane--wrong",
    }

    DEFAULT_CSS = """
    LinePane {
        background: $background;
        & .line-pane--heading { color: $foreground 60%; }
        & .line-pane--dim { color: $foreground 60%; }
        & .line-pane--faint { color: $foreground 25%; }
        & .line-pane--wrong { color: $text-error; text-style: bold; }
        & .line-pane--cursor { color: $foreground; background: $accent 30%; text-style: bold; }
    }
    """

    _ground: Style | None = None
    """The pane's own colours, as long as they are the same: finding them out takes longer than drawing a line."""
    _on_ground: dict[Style | None, Style]
    """Each style that has been drawn, with what it leaves open as the pane's own are."""

    _titles: tuple[str | None, str | None] = (None, None)
    """The border's titles, as they were when lines were compared last."""
    _comparing = False
    """Whether lines are about to be compared."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        self._painted: list[list[Segment]] = []
        """What stands in each line, or will when it is painted next; nothing where all must be drawn anew."""
        self._painted_size: Size | None = None
        super().__init__(id=id, classes=classes)

    def lines(self) -> list[list[Segment]]:
        """Return the segments of all lines that are seen."""
        return [self.line(y) for y in range(self.size.height)]

    def line(self, y: int) -> list[Segment]:
        """Return the segments of line `y` of the pane's content."""
        raise NotImplementedError

    def render_line(self, y: int) -> Strip:
        """Draw a line in the pane's own background."""
        if self._ground is None:
            self._ground = self.rich_style
            self._on_ground = {None: self._ground}
        if self._is_new:
            self._painted, self._painted_size = self.lines(), self.size
        segments = self._painted[y] if y < len(self._painted) else []
        if not segments:
            return Strip.blank(self.size.width, self._ground)
        return Strip(self._grounded(segments, self._ground)).adjust_cell_length(self.size.width, self._ground)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Leave out the filter that makes true colours of a terminal's own: a pane names none of those."""
        return [each for each in super().get_line_filters() if not isinstance(each, ANSIToTruecolor)]

    def _grounded(self, segments: list[Segment], ground: Style) -> list[Segment]:
        """Put segments on the pane's own colours."""
        known, grounded = self._on_ground, []
        for text, style, _ in segments:
            whole = known.get(style)
            if whole is None:
                whole = known[style] = ground + style
            grounded.append(Segment(text, whole))
        return grounded

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """Repaint; where no more than that is asked for, the lines that have changed: to compare costs less."""
        if regions or layout or recompose or not repaint or self._hidden or self._is_new:
            self._painted = []
            return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)
        if not self._comparing:
            self._comparing = True
            self.call_later(self.refresh_changed)
        return self

    @property
    def _is_new(self) -> bool:
        """Whether nothing is known of what stands in the lines."""
        return not self._painted or self._painted_size != self.size

    def refresh_changed(self) -> None:
        """Compare what is to be seen with what is, and repaint what differs."""
        self._comparing = False
        if self._is_new:
            self.refresh()
            return
        lines, titles = self.lines(), (self.border_title, self.border_subtitle)
        nothing: list[Segment] = []
        pairs = enumerate(zip_longest(lines, self._painted, fillvalue=nothing))
        changed = [Region(0, y, self.size.width, 1) for y, (line, painted) in pairs if line != painted]
        edges = zip(border_lines(self), titles, self._titles, strict=True)
        changed += [edge for edge, title, old in edges if title != old]
        self._painted, self._titles = lines, titles
        if changed:
            super().refresh(*changed)

    def ask(self, command: Command) -> None:
        """Ask something of the trainer, straight away: what bubbles waits for all that is painted on its way."""
        if self.is_attached:
            self.screen.post_message(Asked(command))

    def on_resize(self) -> None:
        """Repaint what a pane's own answer to its new size has moved: a pane may be painted in that size before it."""
        self.refresh()

    def notify_style_update(self) -> None:
        """Find the pane's colours out again when they are drawn next, and draw all of it."""
        self._ground = None
        self._painted = []
        super().notify_style_update()

    @property
    def heading(self) -> Style:
        """The style of headings."""
        return self.get_component_rich_style("line-pane--heading")

    @property
    def dim(self) -> Style:
        """The style of what matters less."""
        return self.get_component_rich_style("line-pane--dim")

    @property
    def faint(self) -> Style:
        """The style of what only guides the eye."""
        return self.get_component_rich_style("line-pane--faint")

    @property
    def wrong(self) -> Style:
        """The style of what rounding does not explain."""
        return self.get_component_rich_style("line-pane--wrong")

    @property
    def cursor(self) -> Style:
        """The style of what the cursor is on."""
        return self.get_component_rich_style("line-pane--cursor")


class Asked(Message):
    """A pane asks something of the trainer."""

    def __init__(self, command: Command) -> None:
        super().__init__()
        self.command = command


class ListPane(LinePane):
    """A pane whose rows are walked with ↑ and ↓."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("list")]

    class Moved(Message):
        """The cursor was moved by some rows."""

        def __init__(self, pane: ListPane, by: int) -> None:
            super().__init__()
            self.pane = pane
            self.by = by

        @property
        def control(self) -> ListPane:
            """The pane that it was moved in."""
            return self.pane

    def action_cursor(self, by: int) -> None:
        """Move to another row."""
        self.post_message(self.Moved(self, by))

    async def action_explain(self) -> None:
        """Turn to where the cell of the selected tensor comes from."""
        await self.run_action("screen.explain")


def origin_for(cursor: int, origin: int, shown: int, count: int) -> int:
    """Return the first of `count` lines to show, so that the cursor is among the `shown` ones and none are wasted."""
    origin = min(max(origin, cursor - shown + 1), cursor)
    return max(0, min(origin, count - shown))
