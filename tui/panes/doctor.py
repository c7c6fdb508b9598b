"""The Doctor pane: whether the user's file is right, which of its tensors are, and what the mistake is."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive

from core.tensors import TensorName, parse_tensor_name
from tui.actions import bindings
from tui.findings import Checkup, probes_text
from tui.panes.lines import LinePane
from tui.protocol import Described, View
from tui.selection import Selection

if TYPE_CHECKING:
    from textual import events
    from textual.binding import BindingType

NOTHING = (
    "No backward pass of yours is open.",
    "",
    "mlp-tui new mine.py",
    "  writes the start of one.",
    "mlp-tui --mine mine.py",
    "  opens it beside the other engines. Whenever you save it, it is checked here.",
    "",
    "Without one: 3 shows the engines' numbers, n trains an epoch.",
)
SIGNS = {"right": "✓", "wrong": "✗", "cannot run": "✗", "cannot tell": "?"}
MOST_PINNED = 3
BOLD, PLAIN = Style(bold=True), Style.null()


@dataclass(frozen=True)
class _Line:
    """A line of the pane."""

    text: str
    style: Style = PLAIN
    target: TensorName | None = None
    """Where Enter leads from here."""
    item: int = -1
    """Which of the things that can be chosen it belongs to; −1: none."""


class DoctorPane(LinePane):
    """The check of the user's file: verdict, table from the loss downward, diagnosis, and all that the file printed."""

    BORDER_TITLE = "5 Doctor"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("doctor")]

    described: reactive[Described | None] = reactive(None, repaint=False)
    view: reactive[View | None] = reactive(None, repaint=False)
    selection: reactive[Selection] = reactive(Selection(), repaint=False)
    checkup: reactive[Checkup | None] = reactive(None)
    """What the last check found; None where there is no file."""

    class Jumped(Message):
        """A tensor was chosen, to be looked at where it is worst."""

        def __init__(self, tensor: TensorName) -> None:
            super().__init__()
            self.tensor = tensor

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self._lines: list[_Line] = []
        self._item = 0
        self._origin = 0
        self._begins = True
        """Whether it stands at its beginning, since nothing else was chosen."""
        self._pinned = 0
        """Lines of the verdict, which stay on top."""
        self._width = 0
        """For which the lines are broken."""

    def watch_checkup(self, old: Checkup | None, new: Checkup | None) -> None:
        """Write it anew; where the verdict is another, choose its diagnosis, and show all from its beginning."""
        self._write()
        if new is not None and new.verdict and (old is None or old.line != new.line):
            self._begins = True
            diagnosed = [
                line.item for line in self._lines if line.item >= len(self._result.rows if self._result else ())
            ]
            self._item = diagnosed[0] if diagnosed else 0
        self._item = min(self._item, self._last_item)
        self._keep_in_sight()

    def on_click(self, event: events.Click) -> None:
        """Choose what was clicked; go there, where it was chosen already."""
        offset = event.get_content_offset(self)
        at = -1 if offset is None else self._at(offset.y)
        if 0 <= at < len(self._lines) and self._lines[at].item >= 0:
            if self._lines[at].item == self._item:
                self.action_jump()
            self._item = self._lines[at].item
            self.refresh()

    def on_resize(self) -> None:
        """Keep in sight what was; count anew what is below."""
        super().on_resize()
        self._keep_in_sight()

    def on_mouse_scroll_down(self) -> None:
        """Scroll."""
        self._leave(3)

    def on_mouse_scroll_up(self) -> None:
        """Scroll."""
        self._leave(-3)

    def action_choose(self, by: int) -> None:
        """Choose the next tensor or diagnosis; scroll where there is none in that direction.

        What is chosen at the beginning may lie below what is seen: then it is shown first.
        """
        if self._begins and not self._in_sight:
            by = 0
        if not 0 <= self._item + by <= self._last_item:
            self._leave(by)
            return
        self._begins = False
        self._item += by
        self._keep_in_sight()
        self.refresh()

    def action_turn(self, by: int) -> None:
        """Turn a page."""
        self._leave(by * max(1, self._room_below - 1))

    def action_jump(self) -> None:
        """Go to the tensor that is chosen."""
        target = next((line.target for line in self._lines if line.item == self._item and line.target), None)
        if target is not None:
            self.post_message(self.Jumped(target))

    def line(self, y: int) -> list[Segment]:
        """Draw a line; where the pane is wider or narrower than it was, break all lines anew."""
        if self._width != self.size.width:
            self._write()
            self._keep_in_sight()
        at = self._at(y)
        if at >= len(self._lines):
            return []
        line = self._lines[at]
        chosen = line.item == self._item and line.item >= 0
        first = chosen and (at == 0 or self._lines[at - 1].item != line.item)
        text = f"{'▸' if first else ' '} {line.text}"
        return [Segment(text.ljust(self.size.width), self.cursor) if chosen else Segment(text, line.style)]

    # What stands there

    @property
    def _result(self) -> Checkup | None:
        """The check whose table and diagnosis are shown: the last that came to a verdict."""
        found = self.checkup
        return found.last if found is not None and found.verdict == "cannot run" else found

    @property
    def _last_item(self) -> int:
        return max((line.item for line in self._lines), default=0)

    def _write(self) -> None:
        found, result, self._width = self.checkup, self._result, self.size.width
        if found is None:
            self._lines = [line for text in NOTHING for line in self._wrapped(text, self.dim)]
            self._pinned = 0
            return
        lines = self._verdict(found)
        self._pinned = min(len(lines), MOST_PINNED)
        if result is not None and result.verdict:
            stale = result is not found or found.checking
            if result is not found:
                lines += [_Line(""), _Line("Before that:", self.dim), *self._wrapped(_signed(result), self.dim)]
            lines += self._findings(result, self.dim if stale else PLAIN)
        self._lines = [*lines, *self._output(found)]

    def _verdict(self, found: Checkup) -> list[_Line]:
        lines = self._wrapped(_signed(found), BOLD)
        if found.error:
            lines += [_Line(f"  {text}") for text in found.error]
        return lines

    def _findings(self, result: Checkup, style: Style) -> list[_Line]:
        """Write the table, then each diagnosis; what can be chosen is counted through."""
        lines = [line for text in result.checked_as for line in self._wrapped(text, self.dim)]
        lines += [_Line("")] * bool(result.rows)
        if result.rows:
            lines.append(_Line(f"  {'quantity':<10}{'of what rounding allows':>25}  wrong on", self.heading))
        for item, row in enumerate(result.rows):
            text = f"{'✗' if row.wrong_on else '✓'} {row.name:<10}{row.share:>25}  "
            text += probes_text(row.wrong_on, self._room - len(text))
            lines.append(_Line(_cut(text, self._room), style, _target(row.name), item))
        for item, each in enumerate(result.diagnosed, start=len(result.rows)):
            lines.append(_Line(""))
            for text in each.lines:
                lines += self._wrapped(text, style, target=_target(each.tensor), item=item)
        for text in ("", *result.closing):
            lines += self._wrapped(text, style)
        for text in result.remarks:
            lines += self._wrapped(f"Note: {text}", style)
        return lines

    def _output(self, found: Checkup) -> list[_Line]:
        if not any(text.strip() for text in found.output):
            return []
        lines = [_Line(""), _Line(f"What {found.path.name} printed:", self.heading)]
        return [*lines, *(line for text in found.output for line in self._wrapped(f"  {text}", self.dim))]

    def _wrapped(self, text: str, style: Style, *, target: TensorName | None = None, item: int = -1) -> list[_Line]:
        """Break a text into lines that begin where it does."""
        begins = len(text) - len(text.lstrip())
        begins += 14 if text.lstrip().startswith(("it is ", "it should be ")) else 0
        broken = textwrap.wrap(text, self._room, subsequent_indent=" " * begins)
        return [_Line(each.rstrip(), style, target, item) for each in broken or [""]]

    @property
    def _room(self) -> int:
        return max(24, self.size.width - 3)

    def _scroll(self, by: int) -> None:
        self._origin = max(0, min(self._origin + by, len(self._lines) - self._pinned - self._room_below))
        self._entitle()
        self.refresh()

    def _entitle(self) -> None:
        """Say how much lies below what is seen, and what the check does."""
        below = len(self._lines) - self._pinned - self._room_below - self._origin
        more = f"PgDn: {below} more line{'s' if below > 1 else ''}" if below > 0 and self.size.height else ""
        state = _state(self.checkup) if self.checkup else ""
        self.border_subtitle = Content(" · ".join(each for each in (more, state) if each)).markup

    def _leave(self, by: int) -> None:
        """Scroll away from the beginning."""
        self._begins = False
        self._scroll(by)

    @property
    def _own_lines(self) -> list[int]:
        """Which lines, of those below the verdict, belong to what is chosen."""
        return [at for at, line in enumerate(self._lines[self._pinned :]) if line.item == self._item]

    @property
    def _in_sight(self) -> bool:
        own = self._own_lines
        return not own or self._origin <= own[0] < self._origin + self._room_below

    def _keep_in_sight(self) -> None:
        """Keep what is chosen in sight; where it is the first, all that stands above it too."""
        own = self._own_lines
        if self._begins:
            self._origin = 0
        elif own:
            first = 0 if self._item == 0 else own[0]
            self._origin = min(max(self._origin, own[-1] + 1 - self._room_below), first)
        self._scroll(0)

    def _at(self, y: int) -> int:
        """Return which line stands at y: the verdict stays on top."""
        return y if y < self._pinned else self._origin + y

    @property
    def _room_below(self) -> int:
        return max(1, self.size.height - self._pinned)


def _signed(found: Checkup) -> str:
    if not found.line:
        return f"… {found.path.name} is being checked for the first time"
    return f"{SIGNS.get(found.verdict, '')} {found.line}".strip()


def _state(found: Checkup) -> str:
    """Say what the check does."""
    if found.checking:
        return "checking …"
    return f"checked in {found.seconds:.2f} s · checked again when saved" if found.verdict else ""


def _target(name: str) -> TensorName | None:
    return parse_tensor_name(name) if name.startswith("dL/d") else None


def _cut(text: str, room: int) -> str:
    return text.rstrip() if len(text.rstrip()) <= room else f"{text[: room - 1].rstrip()}…"
