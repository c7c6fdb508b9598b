"""The answer map: what the network, or any unit of it, answers over its one or two inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from textual.reactive import reactive

from tui.actions import bindings
from tui.panes.lines import LinePane
from tui.pictures.axes import number_text
from tui.pictures.canvas import style_of
from tui.pictures.colours import colour_of
from tui.pictures.plane import (
    LABELS,
    Line,
    Map,
    MapLook,
    column_labels,
    dots_wanted,
    least_scale,
    map_axis,
    row_labels,
    scale_line,
    signs_line,
    signs_on,
    span_of,
)
from tui.pictures.tiles import Tiling, tiling
from tui.protocol import Described, ShowPlane, View
from tui.recorded import NO_PICTURE
from tui.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.binding import BindingType

    from tui.protocol import Plane

NUMBERS = ("no", "one", "two")
TITLE = "7 Answer map"
MOST_COVERED = 0.25
"""Of a small picture, by samples."""
FOOT = 2
"""Lines below the map: the labels of the inputs, and what is counted."""


class AnswerPane(LinePane):
    """The output over the inputs, with the samples on it; or a layer's units, side by side or one by one."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("map")]
    BORDER_TITLE = TITLE

    described: reactive[Described | None] = reactive(None)
    view: reactive[View | None] = reactive(None)
    selection: reactive[Selection] = reactive(Selection(), repaint=False)
    shown_layer: reactive[int] = reactive(0)
    """1 to L; 0 for the last one."""
    shown_unit: reactive[int | None] = reactive(None)
    """A unit seen alone; None for all of the layer's."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self._drawn: tuple[Plane, tuple[Map | Line, ...]] | None = None
        self._asked = ShowPlane(0, 0)
        self._seen = False
        self._awaited = False
        """Whether a key has asked for another picture and no View has come since: the old one is left until then."""

    # What is looked at

    def on_show(self) -> None:
        """Have it computed while it is seen."""
        self._seen = True
        self._ask()

    def on_hide(self) -> None:
        """Have it computed no more."""
        self._seen, self._asked = False, ShowPlane(0, 0)
        self.ask(self._asked)

    def on_resize(self) -> None:
        """Have as much computed as there is room for."""
        self._ask()

    def watch_described(self) -> None:
        """Look at the answer of another network."""
        self.shown_layer, self.shown_unit = 0, None
        self._ask()

    def watch_view(self) -> None:
        """Ask again where a trainer that was started again has forgotten what is looked at."""
        self._awaited = False
        if self.view is not None and self.view.plane is None:
            self._asked = ShowPlane(0, 0)
            self._ask()
        self._entitle()

    def watch_selection(self) -> None:
        """Look at another engine."""
        self._ask()

    def notify_style_update(self) -> None:
        """Draw it anew in other colours."""
        self._drawn = None
        super().notify_style_update()

    def action_layer(self, by: int) -> None:
        """Look at another layer's units; the last one's are the answer."""
        if self.described is not None:
            depth = self.described.depth
            layer = min(max((self.shown_layer or depth) + by, 1), depth)
            self.shown_layer, self.shown_unit = (0 if layer == depth else layer), None
            self._awaited = True
            self._ask()

    def action_unit(self, by: int) -> None:
        """Look at one unit alone, or at all again."""
        if self.described is None or self._width == 1:
            return
        unit = (-1 if self.shown_unit is None else self.shown_unit) + by
        self.shown_unit = None if unit < 0 else min(unit, self._width - 1)
        self._awaited = True
        self._ask()

    # The picture

    def lines(self) -> list[list[Segment]]:
        """Draw the legend, the picture and what stands below it; leave the old ones while others are awaited."""
        missing, plane = self._missing(), self._plane
        if not missing and plane is None and self._awaited and self._painted:
            return self._painted
        if missing or plane is None:
            return [[], [Segment(missing or "The map is being made…", self.dim)]]
        picture = self._large(plane) if plane.asked.count == 1 else self._small(plane)
        return [self._legend(plane), *picture, [Segment(self._counted(plane), self.dim)]]

    def _large(self, plane: Plane) -> list[list[Segment]]:
        """Draw a single picture with its axes."""
        rows, columns = self._room
        picture, dim = self._pictures(plane)[0], self.dim
        if isinstance(picture, Map):
            labels = row_labels(map_axis(plane, rows), rows, "x2")
        else:
            labels = row_labels(picture.values, rows, "ŷ, y" if self._targets(plane) else self._unit_name(plane))
        across = column_labels(plane, columns, "x" if plane.samples.x.shape[1] == 1 else "x1")
        drawn = [[Segment(label, dim), *picture.line(y)] for y, label in enumerate(labels)]
        return [*drawn, [Segment(across, dim)]]

    def _small(self, plane: Plane) -> list[list[Segment]]:
        """Draw small pictures, each below its unit's number, and say below them what their axes are."""
        tiles, pictures, heading = self._tiles, self._pictures(plane), self.heading
        drawn: list[list[Segment]] = []
        for first in range(0, min(tiles.count, len(pictures)), tiles.across):
            row = range(first, min(first + tiles.across, len(pictures)))
            names = [self._name_of(plane, plane.asked.first + at)[: tiles.columns] for at in row]
            drawn.append([Segment(name.ljust(tiles.columns + 1), heading) for name in names])
            for y in range(tiles.rows):
                drawn.append([each for at in row for each in (*pictures[at].line(y), Segment(" "))])
        below = self._room[0] - len(drawn)
        return [*drawn, *([] for _ in range(below)), [Segment(self._axes_of_tiles(plane), self.dim)]]

    def _legend(self, plane: Plane) -> list[Segment]:
        """Say what the colours are, and what the signs."""
        if plane.samples.x.shape[1] == 1:
            return self._legend_of_line(plane)
        look, width = self._look(plane), self.size.width
        name = self._unit_name(plane)
        signs = signs_line(plane, width - least_scale(plane, name), self.dim, look)
        rest = width - sum(len(each.text) for each in signs)
        return [*scale_line(plane, name, rest, self.dim, look), *signs]

    def _legend_of_line(self, plane: Plane) -> list[Segment]:
        dark = self.app.current_theme.dark
        answer, target = (style_of(colour_of(place, dark=dark)) for place in (0, 1))
        if not self._targets(plane):
            return [Segment("━━━", answer), Segment(" the unit's activation", self.dim)]
        words = (Segment(" the answer ŷ   ", self.dim), Segment(" the samples' y", self.dim))
        return [Segment("━━━", answer), words[0], Segment("⠢⠔", target), words[1]]

    def _unit_name(self, plane: Plane) -> str:
        return "ŷ" if not plane.asked.layer else f"a{plane.layer}"

    def _axes_of_tiles(self, plane: Plane) -> str:
        """Say what goes across and what up in each of the small pictures."""
        extent = plane.extent
        across, up = ("x", "a") if plane.samples.x.shape[1] == 1 else ("x1", "x2")
        low, high = span_of(plane, targets=self._targets(plane)) if up == "a" else (extent.bottom, extent.top)
        first, last, least, most = map(number_text, (extent.left, extent.right, low, high))
        return f"each: {across} {first} to {last} across, {up} {least} to {most} up"

    def _counted(self, plane: Plane) -> str:
        """Say below it what the picture can't: of when and whom it is, and how many samples are misclassified."""
        samples = plane.samples
        texts = [f"after epoch {self.view.epoch:,}" if self.view else "", plane.engine]
        if samples.wrong is not None:
            texts.append(f"{int(samples.wrong.sum()):,} of {len(samples.wrong):,} misclassified")
        if samples.total > len(samples.x):
            texts.append(f"the first {len(samples.x):,} of {samples.total:,} samples")
        return " · ".join(texts)

    def _missing(self) -> str:
        """Say what the picture needs that is not there; empty where all is."""
        if self.described is None or self.view is None:
            return "starting…"
        if self.described.recorded is not None:
            return NO_PICTURE
        inputs = self.described.layers[0]
        if inputs > 2:
            return f"The answer map needs one or two inputs; this network has {inputs:,}."
        rows, columns = self._room
        return "" if rows >= 2 and columns >= 8 else "There is no room for the map: f enlarges the pane."

    def _pictures(self, plane: Plane) -> tuple[Map | Line, ...]:
        if self._drawn is None or self._drawn[0] is not plane:
            look, many = self._look(plane), plane.samples.x.shape[1] == 2
            _, height, width = plane.values.shape
            signs = signs_on(plane, height // 2, width) if many and look.samples else {}
            self._drawn = plane, tuple(self._picture(plane, i, look, signs) for i in range(len(plane.values)))
        return self._drawn[1]

    def _picture(self, plane: Plane, unit: int, look: MapLook, signs: Mapping[tuple[int, int], str]) -> Map | Line:
        if plane.samples.x.shape[1] == 2:
            return Map(plane, unit, look, signs)
        rows, columns = self._room if plane.asked.count == 1 else (self._tiles.rows, self._tiles.columns)
        dark = self.app.current_theme.dark
        return Line(plane, unit, columns, rows, dark=dark, targets=self._targets(plane))

    def _look(self, plane: Plane) -> MapLook:
        """Leave the samples out of small pictures that they would cover."""
        rows, columns = self._tiles.rows, self._tiles.columns
        samples = plane.asked.count == 1 or len(plane.samples.x) <= rows * columns * MOST_COVERED
        return MapLook(self._few, self._shaded, samples)

    def _targets(self, plane: Plane) -> bool:
        """Whether the samples' targets have the picture's scale."""
        return plane.asked.layer == 0 and plane.samples.y.shape[1] == 1

    # What is asked for

    @property
    def _plane(self) -> Plane | None:
        """What is drawn: what there is room for now, no other."""
        plane = self.view.plane if self.view else None
        return plane if plane is not None and plane.asked == self._wanted else None

    @property
    def _width(self) -> int:
        """How many units the layer has."""
        return self.described.layers[self.shown_layer or -1] if self.described else 1

    @property
    def _room(self) -> tuple[int, int]:
        """Rows and columns of a single picture."""
        return self.size.height - 1 - FOOT, self.size.width - LABELS

    @property
    def _tiles(self) -> Tiling:
        return tiling(self._width, self.size.width + 1, self.size.height - 1 - FOOT)

    @property
    def _few(self) -> bool:
        """Whether there are 256 colours and no more."""
        return self.app.console.color_system == "256"

    @property
    def _shaded(self) -> bool:
        """Whether there are too few colours for a scale."""
        return self.app.console.color_system == "standard"

    @property
    def _wanted(self) -> ShowPlane:
        """What is to be asked for, of what is looked at and as much as there is room for."""
        many = self.shown_unit is None and self._width > 1
        rows, columns = (self._tiles.rows, self._tiles.columns) if many else self._room
        grid = (columns, 2 * rows) if self.described and self.described.layers[0] == 2 else (dots_wanted(columns), 1)
        count = min(self._tiles.count, self._width) if many else 1
        return ShowPlane(*grid, self.shown_layer, self.shown_unit or 0, count, self.selection.engine)

    def _ask(self) -> None:
        """Ask for what is seen, where that is something else than was asked for last."""
        if not self._seen or self._missing():
            return
        asked = self._wanted
        if asked != self._asked:
            self._asked = asked
            self.ask(asked)
        self._entitle()

    def _entitle(self) -> None:
        depth = self.described.depth if self.described else 0
        layer = self.shown_layer or depth
        answer = layer == depth
        if self.shown_unit is not None:
            what = f"{'output' if answer else f'layer {layer}, unit'} {self.shown_unit}"
        else:
            what = "" if answer else f"layer {layer}, {self._width} units"
        self.border_title = f"{TITLE} · {what}" if what else TITLE
        plane, seen = self._plane, self._asked.count
        parts = [f"units 0–{seen - 1} of {self._width}"] if self.shown_unit is None and 1 < seen < self._width else []
        alone = plane is not None and plane.asked.count > 1 and not self._look(plane).samples
        parts += ["→ one by one, with the samples" if alone else "→ one by one"] if parts or alone else []
        self.border_subtitle = " · ".join(parts)

    def _name_of(self, plane: Plane, unit: int) -> str:
        names = plane.class_names
        if plane.asked.layer == 0 and names is not None and len(names) == plane.width:
            return names[unit]
        return f"{'output' if plane.asked.layer == 0 else 'unit'} {unit}"
