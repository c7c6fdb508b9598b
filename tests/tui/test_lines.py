"""A pane that draws itself line by line repaints what has changed, and that alone."""

import pytest
from rich.segment import Segment
from textual.app import App
from textual.reactive import reactive

from tui.panes.lines import LinePane


class Pane(LinePane):
    DEFAULT_CSS = "Pane { border: round white; }"
    texts: reactive[tuple[str, ...]] = reactive(())

    def __init__(self):
        self.drawn = []
        super().__init__()

    def lines(self):
        return [[Segment(text)] for text in self.texts][: self.size.height]

    def render_line(self, y):
        self.drawn.append(y)
        return super().render_line(y)


class Only(App):
    def compose(self):
        yield Pane()


@pytest.fixture
async def pane():
    async with Only().run_test(size=(20, 8)) as pilot:
        pane = pilot.app.query_one(Pane)
        pane.texts = ("one", "two", "three")
        await pilot.pause()
        pane.drawn.clear()
        pane.settle = pilot.pause
        yield pane


async def test_a_line_that_changes_is_drawn_alone(pane):
    pane.texts = ("one", "TWO", "three")
    await pane.settle()
    assert pane.drawn == [1]


async def test_nothing_is_drawn_where_nothing_has_changed(pane):
    pane.refresh()
    await pane.settle()
    assert pane.drawn == []


async def test_lines_that_come_and_go_are_drawn(pane):
    pane.texts = ("one",)
    await pane.settle()
    assert sorted(pane.drawn) == [1, 2]
    pane.drawn.clear()
    pane.texts = ("one", "2", "3", "4")
    await pane.settle()
    assert sorted(pane.drawn) == [1, 2, 3]


async def test_changes_on_the_way_to_a_frame_are_drawn_once(pane):
    for i in range(5):
        pane.texts = (f"one {i}", "two", "three")
    await pane.settle()
    assert pane.drawn == [0]


async def test_a_new_title_is_painted(pane):
    pane.border_title = "Title"
    await pane.settle()
    assert pane.drawn == []
    top = "".join(segment.text for segment in pane.screen._compositor.render_strips()[0])
    assert "Title" in top


async def test_another_theme_draws_everything_anew(pane):
    pane.app.theme = "textual-light"
    await pane.settle()
    assert set(pane.drawn) == set(range(pane.size.height))
