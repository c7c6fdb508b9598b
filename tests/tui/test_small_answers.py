"""What the screen answers where there is nothing to do, or where something can't be."""

import pytest

from tui.screens.dump import DumpScreen
from tui.screens.goto import GoToScreen
from tui.screens.help import HelpScreen


async def test_a_folder_that_cant_be_written_keeps_the_dump_dialog(opened, tmp_path):
    async with opened() as program:
        await program.press("n", "d")
        await program.until(lambda: isinstance(program.app.screen, DumpScreen), "it asks what to dump")
        program.app.screen.query_one("#folder").value = "/proc/self"  # where nobody can make a file
        await program.press("enter")
        await program.until(lambda: "/proc/self can't be written to" in program.said, "it says so")
        assert isinstance(program.app.screen, DumpScreen)
        program.app.screen.query_one("#folder").value = str(tmp_path)
        await program.press("enter")
        await program.until(lambda: "Written" in program.said, "it is written elsewhere")
        assert len(list(tmp_path.iterdir())) == 2


async def test_going_to_what_is_no_whole_number_is_refused(opened):
    async with opened() as program:
        await program.press("g", "1", "e", "9", "enter")
        assert isinstance(program.app.screen, GoToScreen)
        assert "not 1e9" in program.said
        assert program.view.trained == 0


async def test_opening_a_folder_that_is_not_there_says_so_however_often_enter_is_pressed(opened):
    async with opened() as program:
        await program.press("o", *"/nonexist/")
        await program.shows("There is no folder /nonexist")
        await program.press("enter", "enter")
        await program.shows("There is no /nonexist/.")
        assert "/../" not in program.text


@pytest.mark.parametrize("key", ["w", "W"])
async def test_where_nothing_is_off_the_cell_stays(opened, key):
    async with opened() as program:
        await program.press("n", "3", "v", "m")
        cell = (program.selection.row, program.selection.column)
        assert cell != (0, 0)
        await program.press(key)
        assert (program.selection.row, program.selection.column) == cell
        assert "Nothing is off" in program.said


@pytest.mark.parametrize("pane", ["1", "2"])
async def test_enter_explains_the_cell_from_the_model_and_the_losses(opened, pane):
    async with opened() as program:
        await program.press("n", "3", "down", pane, "enter")
        assert program.focused == "explain"
        assert str(program.view.explained.explanation.address) == "dL/dW1[1,0]"


@pytest.mark.parametrize("pane", ["1", "2", "3"])
async def test_u_turns_to_what_the_cells_number_feeds_into(opened, pane):
    async with opened() as program:
        await program.press("n", pane, "u")
        await program.shows("feeds into · dL/dW1[0,0]")
        assert program.focused == "explain"


async def test_a_dialog_hides_the_keys_of_the_panes(opened):
    async with opened() as program:
        await program.press("g")
        assert "quantity" not in program.text.splitlines()[-1]
        await program.press("escape")
        assert "quantity" in program.text.splitlines()[-1]


async def test_q_closes_the_help(opened):
    async with opened() as program:
        await program.press("question_mark")
        assert isinstance(program.app.screen, HelpScreen)
        await program.press("q")
        assert program.app.screen is program.main
