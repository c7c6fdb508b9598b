"""Sight: what is painted only while it is seen, and no more of it than has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.geometry import Region
from textual.widget import Widget

if TYPE_CHECKING:
    from typing import Self


def border_lines(widget: Widget) -> tuple[Region, Region]:
    """Return where a widget's title and its subtitle stand, from the corner of its content, for `refresh`."""
    left, width = -widget.gutter.left, widget.outer_size.width
    return Region(left, -widget.gutter.top, width, 1), Region(left, widget.size.height, width, 1)


class PaintedInSight(Widget):
    """Base of what is hidden by turns: to ask for its painting meanwhile would have the screen arrange all anew."""

    _hidden = False

    def on_show(self) -> None:
        """Paint what may have changed meanwhile."""
        self._hidden = False
        self.refresh()

    def on_hide(self) -> None:
        """Forget what was painted, so that all is drawn when it comes into sight."""
        self._hidden = True
        super().refresh()

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """Repaint, unless it is hidden and nothing more than that is asked for."""
        if self._hidden and not (layout or recompose):
            return self
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)
