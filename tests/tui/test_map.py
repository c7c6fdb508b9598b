"""A whole matrix at a glance, and the ways to a cell that matters."""

import re

import numpy as np
import pytest

from core.agreement import digits
from core.engines.autograd import Autograd
from core.engines.scratch import Scratch
from core.experiment_file import parse
from core.session import Session
from core.tensors import parse_tensor_name
from tui.look import matrix_of
from tui.panes.block_map import HALF, block_at
from tui.protocol import BlockMap, ShowMap, Window
from tui.whole import Whole, block_map, largest, peak

NAN, INF = float("nan"), float("inf")


@pytest.fixture
def wide(tmp_path):
    path = tmp_path / "wide.toml"
    path.write_text("name = 'wide'\nlayers = [2, 150, 160, 1]\n")
    return path


def blocks_of(matrix, height, width):
    """Every block, taken one by one."""
    rows, columns = matrix.shape
    return [[matrix[i : i + height, j : j + width] for j in range(0, columns, width)] for i in range(0, rows, height)]


@pytest.mark.parametrize(
    ("shape", "most"), [((10, 7), (4, 3)), ((9, 9), (3, 3)), ((5, 4), (50, 50)), ((40, 1), (6, 9))]
)
def test_a_block_stands_for_its_largest_magnitude_with_its_sign(shape, most):
    matrix = np.random.default_rng(1).normal(size=shape)
    found = block_map({"scratch": matrix}, {}, *most, [])
    values = found.values["scratch"]

    assert values.shape[0] <= most[0]
    assert values.shape[1] <= most[1]
    for row, line in enumerate(blocks_of(matrix, found.height, found.width)):
        for column, block in enumerate(line):
            assert values[row, column] == block.flat[np.argmax(np.abs(block))]


def test_a_block_with_a_nan_is_nan_and_one_with_an_inf_is_inf():
    matrix = np.array([[1.0, NAN, 2.0, -INF], [1.0, INF, 2.0, 3.0]])
    values = block_map({"scratch": matrix}, {}, 1, 2, []).values["scratch"]

    assert np.isnan(values[0, 0])
    assert values[0, 1] == -INF


def test_of_digits_a_block_stands_for_the_fewest():
    numbers = np.random.default_rng(2)
    a = numbers.normal(size=(8, 8))
    b = a * (1 + 10.0 ** -numbers.integers(2, 15, size=(8, 8)))
    found = block_map({"scratch": a, "autograd": b}, {}, 4, 4, [("scratch", "autograd")])

    assert found.values["digits"][1, 2] == digits(a, b)[2:4, 4:6].min()
    apart = block_map({"scratch": a, "autograd": b}, {}, 4, 4, [])
    assert list(apart.values) == ["scratch", "autograd"]


def test_the_peak_is_the_largest_magnitude_an_inf_before_all_and_never_a_nan():
    assert peak(np.array([[1.0, -3.0], [2.0, NAN]])) == (0, 1)
    assert peak(np.array([[1.0, -3.0], [-INF, NAN]])) == (1, 0)
    assert peak(np.array([NAN, NAN])) == (0,)
    assert largest(np.array([[1.0, -3.0], [-INF, NAN]])) == 3.0
    assert largest(np.array([NAN, INF])) == 0.0


def test_another_part_of_a_frame_finds_nothing_out_anew(monkeypatch):
    experiment = parse("layers = [2, 150, 160, 1]", "wide")
    session = Session(experiment)
    session.join(Scratch(experiment))
    session.advance(1)
    frame, name = session.frame(), parse_tensor_name("dL/dW2")
    whole, asked = Whole(frame), ShowMap(20, 20)
    first = matrix_of(frame, name, Window(), whole, asked)
    for each in ("largest", "peak", "block_map"):
        monkeypatch.setattr(f"tui.look.{each}", lambda *_, **__: pytest.fail("found out twice"))
    second = matrix_of(frame, name, Window(80, 80, 20, 20), whole, asked)

    assert second.map is first.map
    assert second.largest == first.largest
    assert second.values["scratch"].shape == (20, 20)


def test_a_map_has_a_block_only_where_it_has_one():
    blocks = BlockMap(3, 2, {"scratch": np.zeros((4, 5))})

    assert block_at(blocks, 3, 4) == (9, 8)
    assert block_at(blocks, 4, 0) is None
    assert block_at(blocks, 0, 5) is None


async def at_large(program):
    await program.press("n", "3", "right_square_bracket", "right_square_bracket")
    await program.until(lambda: program.view.matrix.rows == 160, "the large tensor is shown")


async def test_z_shows_the_whole_matrix_with_a_legend_and_z_shows_the_numbers_again(opened, wide):
    async with opened(wide) as program:
        await at_large(program)
        numbers = program.text
        await program.press("z")
        await program.shows("the largest of each block of")
        legend = next(line for line in program.text.splitlines() if "log scale" in line)
        assert len(re.findall(r"█-?\d", legend)) == 5  # a number for each colour
        assert sum(HALF in line for line in program.text.splitlines()) >= 25
        assert "not finite" in program.text
        await program.press("z")
        await program.until(lambda: program.text == numbers, "the numbers are back")
        assert program.view.matrix.map is None


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_in_the_map_the_arrows_go_by_blocks_and_the_cell_is_shown_in_full(opened, wide, size):
    async with opened(wide, size) as program:
        await at_large(program)
        await program.press("z")
        await program.until(lambda: program.view.matrix.map is not None, "the map is there")
        blocks = program.view.matrix.map
        await program.press("down", "right")
        assert (program.selection.row, program.selection.column) == (blocks.height, blocks.width)
        await program.shows(f"[{blocks.height}, {blocks.width}]")
        await program.press("ctrl+end")
        await program.shows("[159, 149]")
        assert "▸ 159" in program.text


async def test_the_map_follows_the_tensor_the_engine_and_the_size(opened, wide):
    async with opened(wide) as program:
        await at_large(program)
        await program.press("z", "e", "e", "e")
        await program.shows("the fewest digits")
        await program.press("left_square_bracket")
        await program.shows("each block of 3 × 1")
        await program.press("right_square_bracket")
        await program.pilot.resize_terminal(80, 24)
        await program.press()
        await program.until(lambda: program.view.matrix.map.values["scratch"].shape[0] <= 2 * 8, "a smaller map")


async def test_m_goes_to_the_largest_magnitude(opened, wide):
    async with opened(wide) as program:
        await at_large(program)
        await program.press("m")
        whole = program.conductor.trainer._session.frame().engines["scratch"].tensor(program.selection.tensor)
        assert (program.selection.row, program.selection.column) == peak(whole)


async def test_capital_w_goes_to_what_is_off_most_in_the_tensor_and_w_in_all(opened, wide):
    async with opened(wide) as program:
        await at_large(program)
        judged = {
            name: max((each[name] for each in program.view.judgements.values()), key=lambda judgement: judgement.share)
            for name in program.view.judgements["scratch"]
        }
        await program.press("W")
        assert (program.selection.row, program.selection.column) == judged[program.selection.tensor].worst
        worst = max(judged, key=lambda name: judged[name].share)
        await program.press("w")
        assert program.selection.tensor == worst
        await program.until(lambda: program.view.matrix.tensor == worst, "the worst tensor is shown")
        assert (program.selection.row, program.selection.column) == (*judged[worst].worst, 0)[:2]


async def test_w_goes_by_digits_where_nothing_is_judged(opened):
    async with opened() as program:
        await program.press("n", "n", "v")
        agreements = program.view.agreements
        await program.press("w")
        assert program.selection.tensor == min(agreements, key=lambda name: agreements[name].digits)


@pytest.mark.parametrize("key", ["w", "W", "m", "z"])
@pytest.mark.parametrize("pane", "5678")
async def test_keys_of_the_matrix_bring_it_into_sight_from_another_pane(opened, pane, key):
    async with opened("moons") as program:
        await program.press("n", pane)
        assert program.main.right.current != "matrix"
        await program.press(key)
        await program.until(lambda: program.main.right.current == "matrix", "the matrix is in sight")
        assert program.main.query_one("#grid").zoomed == (key == "z")


async def test_the_map_left_for_another_pane_is_there_again_by_z(opened):
    async with opened() as program:
        await program.press("n", "z", "6", "z")
        await program.until(lambda: program.main.right.current == "matrix", "the matrix is in sight")
        assert program.main.query_one("#grid").zoomed


async def test_keys_of_the_cell_leave_its_explanation_in_sight(opened):
    async with opened() as program:
        await program.press("n", "4", "m")
        assert program.main.right.current == "explain"


async def test_at_epoch_0_w_says_that_there_is_nothing_to_compare_yet(opened):
    async with opened() as program:
        for key in ("w", "W"):
            await program.press(key)
            assert "nothing to compare at epoch 0" in program.said


async def test_where_nothing_can_be_compared_w_says_so(opened):
    async with opened("as-printed") as program:
        await program.press("n", "v", "w", "W")
        assert "no two engines" in program.said


async def test_ctrl_and_an_arrow_go_by_what_is_seen_and_edges_are_held(opened, wide):
    async with opened(wide) as program:
        await at_large(program)
        await program.press("ctrl+down", "ctrl+right")
        first = (program.selection.row, program.selection.column)
        assert first[0] > 10
        assert first[1] > 1
        await program.press("ctrl+up", "ctrl+left", "ctrl+up")
        assert (program.selection.row, program.selection.column) == (0, 0)
        await program.press("ctrl+end", "ctrl+home")
        assert (program.selection.row, program.selection.column) == (0, 0)
        assert Autograd.name in program.view.joined
