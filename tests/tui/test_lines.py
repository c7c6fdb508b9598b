"""A pane that draws itself line by line repaints what has changed, and that alone."""

import pytest
from rich.segment import Segment
from textual.app import App
from textual.containers import Container
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
        yield Container(Pane())


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


async def test_a_hidden_pane_is_not_painted_and_shows_what_has_changed_when_it_is_seen_again(pane, monkeypatch):
    pane.parent.display = False
    await pane.settle()
    pane.drawn.clear()
    painted, compositor = set(), pane.screen._compositor
    monkeypatch.setattr(compositor, "update_widgets", painted.update)

    pane.texts = ("one", "two", "four")
    pane.border_title = "Later"
    await pane.settle()
    assert pane.drawn == []
    assert pane not in painted, "the screen arranges all anew for what is hidden"

    monkeypatch.undo()
    pane.parent.display = True
    await pane.settle()
    lines = ["".join(segment.text for segment in strip) for strip in pane.screen._compositor.render_strips()]
    assert "Later" in lines[0]
    assert [line.strip("│ ") for line in lines[1:4]] == ["one", "two", "four"]


async def test_a_pane_that_is_hidden_and_shown_in_one_breath_follows_what_changes(pane):
    pane.parent.display = False
    pane.texts = ("1",)
    pane.parent.display = True
    pane.texts = ("2",)
    await pane.settle()
    pane.texts = ("3",)
    await pane.settle()
    assert "3" in "".join(segment.text for segment in pane.screen._compositor.render_strips()[1])
