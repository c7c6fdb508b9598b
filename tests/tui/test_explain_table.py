"""The table of an explanation: its columns stand under one another, and nothing of a number is cut unmarked."""

import re

import pytest

from tui.panes.explain import ExplainPane
from tui.panes.pieces import Piece, fitted

NUMBER = r"-?\d+\.\d+(?:e[-+]\d+)?"


def table(program):
    """Read the table's lines off the screen, the heading first, the result last."""
    pane = program.main.query_one(ExplainPane)
    texts = ["".join(piece.text for piece in row).rstrip() for row in pane._rows]
    begin = next(at for at, text in enumerate(texts) if text.startswith("  terms, "))
    end = next(at for at, text in enumerate(texts) if at > begin and text.startswith("  rounding"))
    assert all(len(text) <= pane.size.width for text in texts)
    return texts[begin : end + 2]


def ends(text):
    return [found.end() for found in re.finditer(rf"{NUMBER}(?= |$)", text)]


async def open_explanation(program):
    await program.press("n", "3", "4")
    await program.shows("largest first")
    await program.press("down", "down", "enter")
    await program.shows("tanh′(z1[8,0])")


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_the_columns_of_a_sum_stand_under_one_another(opened, size):
    async with opened("moons", size=size) as program:
        await open_explanation(program)
        heading, *terms, rounding, result = table(program)
        assert "sum so far" in heading
        columns = {tuple(ends(re.sub(r" %", "", text))) for text in terms[:12]}
        assert len(columns) == 1, terms
        value, _, running = columns.pop()
        assert ends(rounding) == [value, running + 2]
        assert ends(result) == [value]
        assert heading.index("scratch") + len("scratch") == value
        assert len(heading) == running + 2


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_no_number_of_a_sum_is_cut(opened, size):
    async with opened("moons", size=size) as program:
        await open_explanation(program)
        _, *lines, _ = table(program)
        running = [float(re.findall(NUMBER, text)[-1]) for text in lines]
        values = [float(re.findall(NUMBER, text.split("  ", 2)[2])[0]) for text in lines]
        for at, total in enumerate(running):
            assert total == pytest.approx(sum(values[: at + 1]), abs=1e-12)


async def test_a_narrow_pane_leaves_columns_out_rather_than_digits(opened):
    async with opened("moons", size=(72, 30)) as program:
        await open_explanation(program)
        heading, first, *_ = table(program)
        assert "sum so far" not in heading
        assert first.endswith(" %")
        assert len(re.findall(NUMBER, first)[0]) >= len("0.000436")


def test_what_is_wider_than_its_place_ends_in_a_mark():
    row = (Piece("  a1[0,0]"), Piece("  -0.0013779"))
    assert fitted(row, 21) == row
    assert "".join(piece.text for piece in fitted(row, 16)) == "  a1[0,0]  -0.0…"
    assert "".join(piece.text for piece in fitted(row, 9)) == "  a1[0,0…"
    assert fitted((*row, Piece(" " * 20)), 21) == (*row, Piece(" " * 20))
