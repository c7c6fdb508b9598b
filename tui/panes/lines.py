"""LinePane: a focusable pane that draws itself line by line, and only the lines that are seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui.actions import bindings

if TYPE_CHECKING:
    from rich.segment import Segment
    from rich.style import Style
    from textual.binding import BindingType

    from tui.protocol import Command


class LinePane(Widget, can_focus=True):
    """Base of the panes: `line(y)` gives a line's segments; the pane fills up the rest in its own background.

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

    def line(self, y: int) -> list[Segment]:
        """Return the segments of line `y` of the pane's content."""
        raise NotImplementedError

    def render_line(self, y: int) -> Strip:
        """Draw a line in the pane's own background."""
        if self._ground is None:
            self._ground = self.rich_style
        segments = self.line(y)
        if not segments:
            return Strip.blank(self.size.width, self._ground)
        return Strip(segments).adjust_cell_length(self.size.width).apply_style(self._ground)

    def notify_style_update(self) -> None:
        """Find the pane's colours out again when they are drawn next."""
        self._ground = None
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


def origin_for(cursor: int, origin: int, shown: int, count: int) -> int:
    """Return the first of `count` lines to show, so that the cursor is among the `shown` ones and none are wasted."""
    origin = min(max(origin, cursor - shown + 1), cursor)
    return max(0, min(origin, count - shown))
