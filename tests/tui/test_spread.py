"""Distributions and gradient flow on the screen."""

import math

import numpy as np
import pytest

from core.pictures.flow import WELL, Flow
from core.pictures.histogram import Histogram, histogram
from core.pictures.spread import QUANTITIES, Spread, name_of
from tui.pictures.bars import BAR_ROWS, BLOCKS, bar_row, peak_label, range_label
from tui.pictures.canvas import style_of
from tui.pictures.spread import Inks, histogram_width, picture

PLAIN = style_of("white")
INKS = Inks(PLAIN, PLAIN, PLAIN)


def text_of(lines):
    return ["".join(each.text for each in line) for line in lines]


def flow(layer, **settings):
    usual = {"mean_gradient": 1e-2, "largest_gradient": 1e-1, "ratio": -3.0, "saturated": 0.1}
    return Flow(layer, "tanh", 16, 80, **{**usual, **settings})


def spread(*layers, findings=()):
    return Spread("scratch", {}, layers, findings)


async def counted(program, *keys):
    await program.press("8", *keys)
    await program.until(lambda: program.main.query_one("#spread")._spread is not None, "the numbers are counted")
    await program.pilot.pause()


async def test_8_shows_words_the_flow_and_histograms_of_every_layer(opened):
    async with opened("moons", size=(120, 50)) as program:
        await program.press("n")
        await counted(program)
        for text in (
            "|dL/dθ|",
            "log₁₀",
            "−3 is usual",
            "flat",
            *QUANTITIES,
            "1 tanh",
            "2 tanh",
            "3 sigmoid",
            "max",
        ):
            assert text in program.text
        assert "epoch 1 · scratch · 5 updates, the last batch" in program.text


async def test_at_epoch_0_there_are_the_weights_and_a_word_on_what_is_missing(opened):
    async with opened("moons") as program:
        await counted(program)
        assert "No gradients at epoch 0: n trains the first epoch." in program.text
        assert {name.quantity.value for name in program.view.spread.histograms} == {"parameter"}


async def test_it_goes_with_the_epoch_and_the_engine_and_is_turned_where_it_is_longer(opened):
    async with opened("moons", size=(80, 24)) as program:
        await program.press("n", "n")
        await counted(program, "down", "down")
        assert "lines 3–" in program.text
        await program.press("up", "up", "up", "e")
        await program.shows("epoch 2 · autograd")
        await program.press("p")
        await program.shows("epoch 1 · autograd")
        await program.press(*["down"] * 60)
        assert program.main.query_one("#spread")._lines[-1][-1].text.rstrip().split()[0] in program.text


async def test_it_stays_where_it_was_turned_while_it_is_counted_anew(opened):
    async with opened("moons", size=(80, 24)) as program:
        await program.press("n", "n")
        await counted(program, "down", "down", "down")
        await program.pilot.resize_terminal(76, 24)
        await counted(program)
        await program.shows("lines 4–")


async def test_what_is_not_seen_is_not_counted(opened):
    async with opened("xor") as program:
        await counted(program)
        await program.press("3")
        await program.until(lambda: program.view.spread is None, "nothing is counted any more")


def test_what_is_well_is_said_and_what_is_not_stands_on_top():
    assert text_of(picture(spread(flow(1)), ["tanh"], 70, 20, INKS))[0] == f"✓ {WELL}"
    sick = spread(flow(1), findings=("Gradients shrink 300-fold over four layers, from the last to the first.",))
    folded = text_of(picture(sick, ["tanh"], 40, 20, INKS))
    assert (folded[0], folded[1]) == ("⚠ Gradients shrink 300-fold over four", "  layers, from the last to the first.")


@pytest.mark.parametrize(
    ("ratio", "bar"),
    [
        (-3.0, "······◆······"),
        (-1.0, "······│···◆··"),
        (-9.0, "◀·····│······"),
        (0.4, "······│·····▶"),
        (math.nan, "······│······"),
    ],
)
def test_a_ratio_lies_on_its_axis_beside_the_line_at_minus_3(ratio, bar):
    lines = text_of(picture(spread(flow(1, ratio=ratio)), ["tanh"], 80, 20, INKS))
    assert any(bar in each for each in lines)


def test_the_tallest_bar_fills_all_rows_and_one_number_is_still_seen():
    of = Histogram(0.0, 1.0, (1, 0, 500, 1000))
    rows = [bar_row(of, 4, row) for row in range(BAR_ROWS)]
    heights = [sum(BLOCKS.index(row[i]) for row in rows) for i in range(4)]
    assert heights == [1, 0, 8, 16]


@pytest.mark.parametrize("columns", [60, 70, 76, 150, 196])
def test_no_line_is_wider_than_the_pane(columns):
    width = histogram_width(columns)
    wide = histogram(np.array([-1.2345678e-20, math.nan, 9.87654321e20]), width)
    numbers = {name_of(quantity, k): wide for quantity in QUANTITIES for k in range(1, 8)}
    layers = [flow(k, silent=16, stuck=16) for k in range(1, 8)]
    lines = text_of(picture(Spread("scratch", numbers, tuple(layers), ()), ["leaky_relu"] * 7, columns, 20, INKS))
    assert max(map(len, lines)) <= columns


@pytest.mark.parametrize("width", [11, 12, 14, 30])
@pytest.mark.parametrize(
    ("low", "high"),
    [
        (-0.0123456, 0.00987),
        (-2e10, 3.5e9),
        (-5.0863669e154, 1e155),
        (0.0, 1.0),
        (-1.0, 1.0),
        (-8568.3, -0.1),
        (5e-324, 1),
    ],
)
def test_the_numbers_of_a_range_are_rounded_and_never_cut(width, low, high):
    label = range_label(Histogram(low, high, (1,) * width), width)
    assert len(label) == width
    numbers = [float(each.strip("±")) for each in label.split()]
    if label.startswith("±"):
        assert numbers == [pytest.approx(max(abs(low), abs(high)), rel=0.5)]
    else:  # 0 may stand between them
        assert [numbers[0], numbers[-1]] == [pytest.approx(each, rel=0.5) for each in (low, high)]
        assert numbers[1:-1] in ([], [0.0])


def test_a_rule_stands_between_the_ranges_of_two_histograms():
    numbers = {name_of(each, 1): histogram(np.array([-0.0955, -0.0063]), 12) for each in QUANTITIES}
    lines = text_of(picture(Spread("scratch", numbers, (flow(1),), ()), ["tanh"], 64, 20, INKS))
    ranges = next(line for line in lines if "-6e-3" in line)
    assert len({each.strip() for each in ranges.split("│")}) == 1
    assert ranges.count("│") == len(QUANTITIES) - 1


def test_0_stands_below_its_bar():
    values = np.linspace(-1, 3, 401)
    of = histogram(values, 20)
    assert range_label(of, 20).index(" 0 ") + 1 == 5  # a quarter of the way
    assert " 0 " not in range_label(histogram(values + 1.5, 20), 20)


def test_numbers_that_are_all_the_same_are_one_that_is_not_cut():
    assert range_label(histogram(np.full(3, -5.0863669e154), 11), 11).split() == ["all", "-5e154"]


def test_what_is_not_finite_is_counted_below_the_bars_and_explained():
    values = np.array([1.0, 2.0, math.nan, math.inf])
    of = histogram(values, 11)
    assert peak_label(of, 11) == "max 1 ✕ 2  "
    assert peak_label(Histogram(0.0, 1.0, (123456,) * 11, 1234567), 11) == "✕ 1,234,567"
    broken = Spread("scratch", {name_of("weights", 1): of}, (flow(1),), ())
    assert any("✕ counts what is inf or nan" in each for each in text_of(picture(broken, ["tanh"], 70, 20, INKS)))


@pytest.mark.parametrize("rows", [20, 30, 36])
def test_bars_take_the_room_that_there_is(rows):
    of = histogram(np.arange(100.0), histogram_width(70))
    numbers = {name_of(quantity, k): of for quantity in QUANTITIES for k in (1, 2)}
    lines = picture(Spread("scratch", numbers, (flow(1), flow(2)), ()), ["tanh"] * 2, 70, rows, INKS)
    assert rows - 10 < len(lines) <= max(rows, 20)


def test_a_layers_name_is_written_out_in_a_narrow_pane_too():
    lines = text_of(picture(spread(flow(1)), ["softplus"], 60, 20, INKS))
    assert sum("1 softplus" in each or "1 tanh" in each for each in lines) == 2
