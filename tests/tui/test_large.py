"""A tensor that is too large to travel whole: the cell and all that is seen of it are there all the same."""

import pytest

from core.tensors import parse_tensor_name
from tui.look import WHOLE

LARGE = parse_tensor_name("dL/dW2")
ROWS, COLUMNS = 160, 150
LAST = (ROWS - 1, COLUMNS - 1)


@pytest.fixture
def wide(tmp_path):
    path = tmp_path / "wide.toml"
    path.write_text(f"name = 'wide'\nlayers = [2, {COLUMNS}, {ROWS}, 1]\n")
    assert ROWS * COLUMNS > WHOLE
    return path


async def at_the_large_tensor(program):
    await program.press("n", "3", "right_square_bracket", "right_square_bracket")
    await program.until(lambda: program.view.matrix.tensor == LARGE, "the large tensor is shown")


def full_number(program, row, column):
    whole = program.conductor.trainer._session.frame().engines["scratch"].tensor(LARGE)
    return f"{whole[row, column]:.16e}"


async def go_to_cell(program, row, column):
    program.main.selection = program.main.selection.at(row, column)
    await program.press()


async def test_the_last_cell_is_shown_with_all_its_digits(opened, wide):
    async with opened(wide) as program:
        await at_the_large_tensor(program)
        await program.press("end", *["pagedown"] * 6)
        assert (program.selection.row, program.selection.column) == LAST
        await program.shows(full_number(program, *LAST))


async def test_a_high_terminal_has_no_number_missing(opened, wide):
    async with opened(wide, (120, 100)) as program:
        await at_the_large_tensor(program)
        rows = [line[48:] for line in program.text.splitlines() if "e-" in line[48:]]
        assert len(rows) > 64
        assert not [line for line in program.text.splitlines() if "…" in line[48:]]


async def test_going_up_and_down_in_a_large_tensor_shows_no_gap(opened, wide):
    async with opened(wide, (120, 60)) as program:
        await at_the_large_tensor(program)
        await go_to_cell(program, 150, 75)
        await program.press("pageup", "pageup")
        await program.pilot.pause()
        assert not [line for line in program.text.splitlines() if "…" in line[48:]]


async def test_coming_back_to_a_large_tensor_shows_the_cell(opened, wide):
    async with opened(wide) as program:
        await at_the_large_tensor(program)
        await go_to_cell(program, *LAST)
        await program.press("right_square_bracket")
        await program.press("left_square_bracket")
        assert program.view.matrix.tensor == LARGE
        assert program.view.matrix.window.holds(*LAST)
        assert full_number(program, *LAST) in program.text


async def test_starting_again_shows_the_same_cell_of_a_large_tensor(opened, wide):
    async with opened(wide) as program:
        await at_the_large_tensor(program)
        await go_to_cell(program, *LAST)
        await program.press("r")
        await program.until(lambda: program.view.trained == 0, "the run starts again")
        await program.press("n")
        assert full_number(program, *LAST) in program.text


async def test_copying_a_cell_that_has_yet_to_come_copies_no_other_and_does_not_crash(opened, wide):
    async with opened(wide) as program:
        await at_the_large_tensor(program)
        program.main.selection = program.main.selection.at(*LAST)
        program.main.action_copy_cell()
        await program.press()
        assert program.app.clipboard in ("", full_number(program, *LAST))


async def test_a_large_tensor_is_not_copied_in_part(opened, wide):
    async with opened(wide) as program:
        await at_the_large_tensor(program)
        await program.press("Y")
        assert program.app.clipboard == ""
        assert "too large to copy" in program.said
