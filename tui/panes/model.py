"""The Model pane: layers, shapes, parameters, agreement; the sample and what each engine predicts of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive

from core.tensors import INPUT, TARGET, Quantity, TensorName
from tui.digits import digits_text
from tui.numbers import scientific, shape_text
from tui.panes.lines import ListPane, origin_for
from tui.panes.sample import long_sample, sample_place, short_sample
from tui.selection import Selection
from tui.shown import MINE

if TYPE_CHECKING:
    from textual import events

    from core.judge import Judgement
    from tui.panes.walk_line import AtWork
    from tui.protocol import Described, View

MOST_SIGNS = 6
"""Beside the heading of the layers."""
WITH_COUNTS = 42
"""Columns from which on there is room for everything in a row."""
ROOMY = 17
"""Lines from which on the sample has a line for each engine below the layers."""


class ModelPane(ListPane):
    """The network as a list; the cursor picks the tensor.

    | class | description |
    | :- | :- |
    | `model-pane--at-work` | the layer at work, in slow motion |
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"model-pane--at-work"}

    DEFAULT_CSS = """
    ModelPane .model-pane--at-work { color: $foreground; background: $accent 15%; text-style: bold; }
    """

    BORDER_TITLE = "1 Model"

    described: reactive[Described | None] = reactive(None)
    view: reactive[View | None] = reactive(None)
    selection: reactive[Selection] = reactive(Selection())
    at_work: reactive[AtWork | None] = reactive(None)

    class Picked(Message):
        """A tensor was picked."""

        def __init__(self, tensor: TensorName) -> None:
            super().__init__()
            self.tensor = tensor

    def watch_view(self, view: View | None) -> None:
        """Say in a few words how right the engines are; and where the user's own has left their path."""
        own = f"{self.BORDER_TITLE} · {MINE} on its own path"
        title = own if view is not None and view.own_path else self.BORDER_TITLE
        if self.border_title != title:
            self.border_title = title
        self.border_subtitle = Content(_verdict(view) if view else "")

    def on_click(self, event: events.Click) -> None:
        """Pick the tensor of the row that was clicked."""
        row = self._row_at(event)
        rows = self._rows()
        if 0 <= row < len(rows):
            self.post_message(self.Picked(rows[row]))

    def lines(self) -> list[list[Segment]]:
        """Draw the heading, the layers' rows that there is room for, and at the foot the sample."""
        if self.described is None:
            return [[Segment("starting…", self.dim)]]
        mine = f"{MINE:>6}" if MINE in self.described.engines else ""
        params = f"{'params':>7}" if self._counts else ""
        sample, rows, origin = self._sample_lines(), self._rows(), self._origin
        room = max(0, self.size.height - 1 - len(sample))
        layer = f"  layer {_out_of_sight(origin, len(rows) - origin - room)}"
        heading = [Segment(f"{layer:<14}{'shape':>8}{params}{'digits':>7}{mine}", self.heading)]
        seen = [self._row(name) for name in rows[origin : origin + room]]
        return [heading, *seen, *[[]] * (room - len(seen)), *sample][: self.size.height]

    @property
    def _counts(self) -> bool:
        """Whether there is room for counts of parameters: the mark of the user's own goes before them."""
        return self.described is None or MINE not in self.described.engines or self.size.width >= WITH_COUNTS

    def _row_at(self, event: events.Click) -> int:
        offset = event.get_content_offset(self)
        seen = self.size.height - len(self._sample_lines())
        return -1 if offset is None or not 1 <= offset.y < seen else offset.y - 1 + self._origin

    @property
    def _origin(self) -> int:
        rows = self._rows()
        at = next((i for i, name in enumerate(rows) if self._selected(name)), 0)
        return origin_for(at, 0, max(1, self.size.height - 1 - len(self._sample_lines())), len(rows))

    def _rows(self) -> list[TensorName]:
        """List what a row stands for: the input, each layer, its weights and its biases, the target."""
        if self.described is None:
            return []
        rows = [INPUT]
        for k in range(1, self.described.depth + 1):
            rows.append(TensorName(Quantity.ACTIVATION, k))
            rows += [TensorName(self._parameter_quantity, k, part) for part in ("W", "b")]
        return [*rows, TARGET]

    @property
    def _parameter_quantity(self) -> Quantity:
        quantity = self.selection.quantity
        return quantity if quantity.of_parameters else Quantity.GRADIENT

    def _selected(self, name: TensorName) -> bool:
        """Whether the row is that of the selected tensor: z, a and δ of a layer share one row."""
        chosen = self.selection.tensor
        return (name.layer, name.part) == (chosen.layer, chosen.part)

    def _row(self, name: TensorName) -> list[Segment]:
        selected = self._selected(name)
        working = self.at_work is not None and self.at_work.layer == name.layer and name != TARGET
        style = self.cursor if selected else Style.null() if name.part else self.dim
        if working and not selected:
            style = self.at_its_work
        label, shape, count = self._texts(name)
        tensor = self.selection.tensor if selected else self._of_row(name)
        agreed = self.view.agreements.get(tensor) if self.view else None
        digits = digits_text(agreed.digits, same=agreed.ulps == 0) if agreed else ""
        at_work = self.at_work if working and not name.part else None
        mark = at_work.arrow if at_work is not None else "▸" if selected else " "
        text = f"{mark} {label:<12}{shape:>8}{f'{count:>7}' if self._counts else ''} "
        line = [Segment(text, style), self._mark(tensor, style), Segment(f"{digits:>5}", style)]
        return [*line, *self._mark_of_yours(name, style)]

    @property
    def at_its_work(self) -> Style:
        """The style of the layer at work."""
        return self.get_component_rich_style("model-pane--at-work")

    def _mark(self, tensor: TensorName, style: Style) -> Segment:
        """Say whether every engine's tensor is right but for rounding: ✓, ✗, or ~ where its numbers can't show it.

        The user's own has a column of its own.
        """
        judgements = self.view.judgements if self.view else {}
        judged = [each[tensor] for name, each in judgements.items() if name != MINE and tensor in each]
        return self._sign(judged, style) if judged else Segment(" ", style)

    def _mark_of_yours(self, name: TensorName, style: Style) -> list[Segment]:
        """Say the same of the user's own gradient of the row's parameters, whatever quantity is shown."""
        if self.described is None or MINE not in self.described.engines:
            return []
        judged = self.view.marks.get(TensorName(Quantity.GRADIENT, name.layer, name.part)) if self.view else None
        sign = Segment(" ", style) if judged is None else self._sign([judged], style)
        return [Segment(" " * 5, style), sign]

    def _sign(self, judged: list[Judgement], style: Style) -> Segment:
        if not all(each.within for each in judged):
            return Segment("✗", style + self.wrong)
        return Segment("~" if any(each.blur for each in judged) else "✓", style)

    def _of_row(self, name: TensorName) -> TensorName:
        """Return the tensor of the selected quantity that a row stands for."""
        if name.part or name in (INPUT, TARGET):
            return name
        return TensorName(self.selection.quantity, name.layer)

    def _texts(self, name: TensorName) -> tuple[str, str, str]:
        """Return a row's label, shape and parameter count."""
        described = self.described
        assert described is not None
        if name == INPUT:
            return "x  input", str(described.layers[0] or "?"), ""
        if name == TARGET:
            return "y  target", str(described.layers[-1] or "?"), ""
        outputs, inputs = described.layers[name.layer], described.layers[name.layer - 1]
        if not name.part:
            return f"{name.layer} {described.activations[name.layer - 1]}"[:12], str(outputs or "?"), ""
        shape = (outputs, inputs) if name.part == "W" else (outputs,)
        return f"  {name.part}{name.layer}", shape_text(shape), f"{outputs * inputs if name.part == 'W' else outputs:,}"

    def _sample_lines(self) -> list[list[Segment]]:
        if self.view is None:
            return []
        sample = self.view.sample
        if not (sample.x or sample.y or sample.predictions):
            return []
        where = sample_place(self.view)
        if self.size.height < ROOMY:
            return [[Segment(text, self.dim)] for text in short_sample(sample, where, self.size.width)]
        lines = [[Segment(f"─ {where} {'─' * self.size.width}"[: self.size.width], self.dim)]]
        for name, text in long_sample(sample):
            lines.append([Segment(f"{name:<11}", self.heading), Segment(text)])
        return lines


def _out_of_sight(above: int, below: int) -> str:
    """Say in at most six signs how many rows are above and below those that are seen."""
    counts = [(sign, count) for sign, count in (("↑", above), ("↓", below)) if count > 0]
    text = "".join(f"{sign}{count}" for sign, count in counts)
    return text if len(text) <= MOST_SIGNS else "".join(sign for sign, _ in counts)


def _verdict(view: View) -> str:
    """Say which engines rounding does not explain; where it explains all, how far the engines have drifted apart."""
    wrong = [
        name for name, judged in view.judgements.items() if not all(judgement.within for judgement in judged.values())
    ]
    if wrong:
        return f"✗ {' and '.join(wrong)} beyond rounding · w"
    drifted = f"drift {scientific(view.drift, 0)}" if view.drift else ""
    return " · ".join(part for part in ("✓ within rounding" if view.judgements else "", drifted) if part)
