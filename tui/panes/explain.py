"""The Explain pane: where a number comes from, with the actual operands; each of them a link to where it lives."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive

from tui.actions import bindings
from tui.numbers import scientific, value_style
from tui.panes.explain_text import Room, explanation_rows, feeding_rows, link_text
from tui.panes.lines import LinePane, origin_for
from tui.panes.pieces import Row, fitted, wrapped
from tui.selection import FEW_TERMS, Selection
from tui.shown import MINE

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual import events
    from textual.binding import BindingType

    from core.trace import Address, Explanation
    from tui.protocol import Described, Explained, View

PATH_LINES = 1
ROOMY = 24
"""Lines from which on some are left empty."""
SEPARATOR = " › "
NOTHING_YET = (
    "Nothing has been computed yet. Press n to train the first epoch: then this tells where the number comes from."
)

NOTHING_TO_SORT = "There are no terms here that could be sorted."
NOTHING_LEFT_OUT = "There are no more terms here."


class ExplainPane(LinePane):
    """The path on top, the explanation below it; ↑ ↓ ← → choose a link.

    What a key asks for waits until the explanation is there that it is meant for.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("explain")]

    described: reactive[Described | None] = reactive(None)
    view: reactive[View | None] = reactive(None)
    selection: reactive[Selection] = reactive(Selection())
    lists_uses: reactive[bool] = reactive(False)
    """Whether it shows what the number feeds into."""

    class Changed(Message):
        """Something else is to be selected, as a function of what is selected then."""

        def __init__(self, change: Callable[[Selection], Selection]) -> None:
            super().__init__()
            self.change = change

    class Left(Message):
        """The way back has come to its beginning."""

    class Stayed(Message):
        """A way back in time that takes long is to be given up."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self._rows: list[Row] = []
        self._cursor = 0
        """Which of the links, in the order of the rows."""
        self._origin = 0
        self._came_from: Address | None = None
        """What was explained before: the cursor begins there, if it is among the links."""
        self._settled = False
        """Whether the cursor has been put where it begins."""
        self._turning = False
        """Whether another selection is on its way."""
        self._waiting: list[Callable[[], None]] = []

    # What is explained

    @property
    def explained(self) -> Explained | None:
        """The answer to what is selected, once it has come."""
        found = self.view.explained if self.view else None
        return found if found is not None and found.asked == self.selection.asked else None

    @property
    def explanation(self) -> Explanation | None:
        """What is shown, where there is an explanation."""
        return self.explained.explanation if self.explained else None

    @property
    def links(self) -> list[tuple[int, Address]]:
        """Every link with its row, in order."""
        return [(at, piece.link) for at, row in enumerate(self._rows) for piece in row if piece.link is not None]

    @property
    def link(self) -> Address | None:
        """The link under the cursor."""
        links = self.links
        return links[min(self._cursor, len(links) - 1)][1] if links else None

    # What the keys do

    def action_cursor(self, by: int) -> None:
        """Choose a link in another row."""
        self._when_ready(lambda: self._move_row(by))

    def action_along(self, by: int) -> None:
        """Choose the next link, or the one before."""
        self._when_ready(lambda: self._put(self._cursor + by))

    def action_follow(self) -> None:
        """Follow the link."""
        self._when_ready(self._follow)

    def action_back(self) -> None:
        """Come back from the list of uses, by a link, or to the matrix."""
        if self.view is not None and self.view.jump is not None:
            self.post_message(self.Stayed())
        else:
            self._when_ready(self._back)

    def action_feeding(self) -> None:
        """List what the number feeds into, or show where it comes from again."""
        self._when_ready(self._turn_over)

    def action_uses(self) -> None:
        """List what the number feeds into."""
        self._when_ready(lambda: None if self.lists_uses else self._turn_over())

    def action_resort(self) -> None:
        """Sort the terms the other way."""
        self._when_ready(self._resort)

    def action_more(self) -> None:
        """List more terms of the sum, or few again."""
        self._when_ready(self._list_more)

    def action_scroll(self, by: int) -> None:
        """Scroll by a page, without another link."""
        self._scroll(by * max(1, self._shown - 1))

    def on_mouse_scroll_down(self) -> None:
        """Scroll with the wheel."""
        self._scroll(3)

    def on_mouse_scroll_up(self) -> None:
        """Scroll with the wheel."""
        self._scroll(-3)

    def on_click(self, event: events.Click) -> None:
        """Follow the link that was clicked."""
        offset = event.get_content_offset(self)
        if offset is None or not PATH_LINES <= offset.y < PATH_LINES + len(self._rows) - self._origin:
            return
        at, x = self._origin + offset.y - PATH_LINES, 0
        for piece in self._rows[at]:
            if x <= offset.x < x + len(piece.text) and piece.link is not None:
                self._put(self.links.index((at, piece.link)))
                self.action_follow()
                return
            x += len(piece.text)

    # When it is there

    def _when_ready(self, do: Callable[[], None]) -> None:
        self._waiting.append(do)
        self._go_on()

    def _go_on(self) -> None:
        while self._waiting and self.explained is not None and not self._turning:
            self._waiting.pop(0)()

    def _change(self, change: Callable[[Selection], Selection]) -> None:
        self._turning = True
        self.post_message(self.Changed(change))

    def _resort(self) -> None:
        if self.explanation is None or self.explanation.count < 2:
            self.notify(NOTHING_TO_SORT)
        else:
            self._change(Selection.resorted)

    def _list_more(self) -> None:
        explanation = self.explanation
        if explanation is None or not (explanation.left_out or self.selection.most > FEW_TERMS):
            self.notify(NOTHING_LEFT_OUT)
        else:
            count = explanation.count
            self._change(lambda selection: selection.with_more(count))

    def _follow(self) -> None:
        link, explanation = self.link, self.explanation
        if link is not None and explanation is not None:
            start = explanation.address
            self._change(lambda selection: selection.follow(start, link))

    def _back(self) -> None:
        if self.lists_uses:
            self._turn_over()
        elif self.selection.trail:
            self._change(Selection.back)
        else:
            self.post_message(self.Left())

    def _turn_over(self) -> None:
        self.lists_uses = not self.lists_uses
        self._cursor = self._origin = 0
        self._lay_out()

    def _move_row(self, by: int) -> None:
        links = self.links
        if not links:
            return
        rows = sorted({row for row, _ in links})
        here = rows.index(links[min(self._cursor, len(links) - 1)][0])
        row = rows[min(max(here + by, 0), len(rows) - 1)]
        first = next(at for at, (each, _) in enumerate(links) if each == row)
        self._put(self._cursor if row == rows[here] else first)

    def _put(self, cursor: int) -> None:
        self._cursor = max(0, min(cursor, len(self.links) - 1))
        self._keep_in_sight()
        self._entitle()
        self.refresh()

    # What has come

    def watch_selection(self, old: Selection, new: Selection) -> None:
        """Go on from what was explained before."""
        self._turning = False
        if (old.asked.tensor, old.asked.cell) != (new.asked.tensor, new.asked.cell):
            self._came_from = new.trail[-1].explained if len(new.trail) > len(old.trail) else old.explained
            self._settled = self.lists_uses = False
        self._lay_out()
        self._go_on()

    def watch_view(self) -> None:
        """Show what has come, and do what has waited for it."""
        self._lay_out()
        self._go_on()

    def on_resize(self) -> None:
        """Lay the rows out anew."""
        self._lay_out()

    def _lay_out(self) -> None:
        """Write the rows; leave those of the last explanation until the next one is there."""
        if self.explained is not None:
            before = self.link
            self._rows = [fitted(row, self.size.width) for row in self._written(self.explained)]
            self._find(before if self._settled else self._came_from)
            self._settled = True
        self._keep_in_sight()
        self._entitle()
        self.refresh()

    def _written(self, explained: Explained) -> list[Row]:
        explanation, width = explained.explanation, self.size.width
        if explanation is None:
            untrained = self.view is not None and self.view.epoch == 0 and "epoch 0" in explained.reason
            return list(wrapped(NOTHING_YET if untrained else f"{explained.reason}.", width))
        sample = self._sample(explanation.address)
        if self.lists_uses and not explanation.leaf:
            return feeding_rows(explanation, width, sample)
        room = Room(width, roomy=self.size.height >= ROOMY)
        return explanation_rows(explanation, self._as_shown, room, sample)

    def _find(self, link: Address | None) -> None:
        """Put the cursor on a link, where there is such a one."""
        found = [at for at, (_, each) in enumerate(self.links) if each == link]
        if found:
            self._cursor = found[0]
        elif not self._settled:
            self._cursor = self._origin = 0

    def _sample(self, address: Address) -> int:
        """Return the sample that was looked at last on the way."""
        way = [address, *(each.explained for each in reversed(self.selection.trail) if each.explained)]
        of_units = (each.cell[0] for each in way if len(each.cell) == 2 and not each.tensor.part)
        return next(of_units, 0)

    # Drawing

    def line(self, y: int) -> list[Segment]:
        """Draw the path, or a row."""
        if y < PATH_LINES:
            path, hints = self._path(), self._hints()
            room = self.size.width - len(path)
            return [Segment(path, self.heading), Segment(hints.rjust(room) if len(hints) < room else "", self.dim)]
        at = self._origin + y - PATH_LINES
        return self._drawn(at) if at < len(self._rows) else []

    def _path(self) -> str:
        """Write the way here, as much of its end as there is room for."""
        tip = self.explanation.address if self.explanation else self.selection.explained or self.selection.tensor
        stops = [str(each.explained) for each in self.selection.trail] + [str(tip)]
        while len(text := SEPARATOR.join(stops)) > self.size.width and len(stops) > 2:
            stops = ["…", *stops[2:]]
        return text

    def _hints(self) -> str:
        """Name the keys that do something here."""
        explanation = self.explanation
        if explanation is None or self.lists_uses:
            return "Esc back"
        hints = ["Esc back"] if self.selection.trail else ["Esc matrix"]
        hints += ["u uses"] if explanation.used_by and not explanation.leaf else []
        hints += ["s sort"] if explanation.count > 1 else []
        hints += ["t terms"] if explanation.left_out or self.selection.most > FEW_TERMS else []
        return " · ".join(hints)

    def _drawn(self, at: int) -> list[Segment]:
        links = self.links
        here = links[min(self._cursor, len(links) - 1)] if links else None
        number = next((i for i, (row, _) in enumerate(links) if row == at), 0)
        segments = []
        for piece in self._rows[at]:
            style = self._style(piece.kind)
            if piece.number is not None:
                style = value_style(piece.number, self._largest, dark=self.app.current_theme.dark)
            if piece.link is not None:
                style = self._link_style(chosen=number == self._cursor)
                number += 1
            segments.append(Segment(piece.text, style))
        if here is not None and here[0] == at:
            segments[0] = Segment("▸" + segments[0].text[1:], self.heading)
        return segments

    def _style(self, kind: str) -> Style:
        if kind == "wrong":
            return Style(bold=True, reverse=True)
        return {"heading": self.heading, "dim": self.dim}.get(kind, Style.null())

    def _link_style(self, *, chosen: bool) -> Style:
        if not chosen:
            return Style(underline=True)
        return self.cursor + Style(bold=True, reverse=self.has_focus)

    @property
    def _largest(self) -> float:
        numbers = [abs(piece.number) for row in self._rows for piece in row if piece.number is not None]
        return max((each for each in numbers if each < float("inf")), default=0.0)

    @property
    def _as_shown(self) -> str:
        """Which engine's number is explained, or what parts them; the first one's until the user's own is there."""
        shown, explanation = self.selection.shown, self.explanation
        if shown.endswith(MINE) and explanation is not None and MINE not in explanation.results:
            return next(iter(explanation.results), shown)
        return shown

    @property
    def _shown(self) -> int:
        return max(1, self.size.height - PATH_LINES)

    def _keep_in_sight(self) -> None:
        """Keep the cursor's row in sight; with the first link what is above it, with the last one what is below."""
        links = self.links
        if not links:
            self._origin = 0
            return
        cursor = min(self._cursor, len(links) - 1)
        row = links[cursor][0]
        if row == links[0][0]:
            self._origin = origin_for(row, 0, self._shown, len(self._rows))
        elif row == links[-1][0]:
            self._origin = origin_for(row, len(self._rows), self._shown, len(self._rows))
        else:
            self._origin = origin_for(row, self._origin, self._shown, len(self._rows))

    def _scroll(self, by: int) -> None:
        self._origin = max(0, min(self._origin + by, len(self._rows) - self._shown))
        self._entitle()
        self.refresh()

    def _entitle(self) -> None:
        tip = self.explanation.address if self.explanation else self.selection.tensor
        uses = "feeds into · " if self.lists_uses else ""
        closing = self.explanation.closings.get(self._as_shown) if self.explanation else None
        doubt = " ✗" if closing is not None and not closing.reproduced else ""
        self.border_title = Content(f"4 Explain · {uses}{tip} · {self._as_shown}{doubt}").markup
        self.border_subtitle = Content(self._told()).markup

    def _told(self) -> str:
        """Say what lies out of sight, and what Enter would follow."""
        below = len(self._rows) - self._origin - self._shown
        more = f"PgDn: {below} more line{'s' if below > 1 else ''}" if below > 0 else ""
        return " · ".join(each for each in (more, self._offered()) if each)

    def _offered(self) -> str:
        if self.link is None or self.explanation is None:
            return ""
        text, values = link_text(self.explanation, self.link)
        value = values.get(self._as_shown, next(iter(values.values()), None))
        number = "" if value is None else f" = {scientific(value, 6)}"
        return f"Enter: {text}{number}"
