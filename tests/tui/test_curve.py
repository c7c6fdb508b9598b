"""The loss curve: what stands on the screen, and what keys and the mouse do to it."""

import math
from array import array

import numpy as np
import pytest

from core.pictures.scales import accuracy_floor
from tui.history import LossHistory
from tui.pictures.axes import axis, count_label, labels_line, number_text
from tui.pictures.canvas import GRID, Dots, style_of
from tui.pictures.colours import colour_of
from tui.pictures.curve import BROKEN, NOT_POSITIVE, Curve, Look

PLAIN = style_of("white")
DOT = range(0x2801, 0x2900)


def history_of(**series):
    history = LossHistory()
    history.take({name.replace("_", " "): (0, array("d", values)) for name, values in series.items()})
    return history


def curve_of(history, *, log=False, first=1, last=None, metrics=(), columns=80, rows=20, engines=("scratch",)):
    look = Look(first, last or history.trained("scratch"), log, True, columns, rows)
    return Curve(history, engines, metrics, look, PLAIN)


def lines_of(curve, epoch=0):
    return ["".join(each.text for each in curve.line(y, epoch, PLAIN)) for y in range(curve.look.rows)]


def dots_in(line):
    return [column for column, each in enumerate(line) if ord(each) in DOT]


def test_every_row_is_as_wide_as_the_picture_and_both_axes_are_labelled():
    lines = lines_of(curve_of(history_of(scratch=[3.0, 2.0, 1.0, 0.5])))
    assert all(len(each) == 80 for each in lines[1:])
    assert lines[0].strip().startswith("loss")
    assert lines[-1].strip().startswith("epoch")
    assert [float(each.split("┤")[0]) for each in lines if "┤" in each] == [3.0, 2.0, 1.0]


@pytest.mark.parametrize("log", [True, False])
def test_a_spike_of_one_epoch_in_a_million_reaches_the_top_in_its_own_column(log):
    values = np.full(1_000_000, 0.5)
    values[:] += np.sin(np.arange(1_000_000)) * 0.01
    values[399_999] = 50.0
    curve = curve_of(history_of(scratch=values.tolist()), log=log)
    column = curve.column_of(400_000)

    assert dots_in(lines_of(curve)[1]) == [column + 10]
    begin, end = curve.epoch_at(column + 9), curve.epoch_at(column + 11)
    assert begin < 400_000 < end


def test_nan_and_inf_leave_a_gap_and_a_mark():
    values = [1.0] * 30 + [math.nan] * 10 + [1.0] * 30 + [math.inf] * 10 + [1.0] * 20
    curve = curve_of(history_of(scratch=values), columns=110)
    lines = lines_of(curve)
    drawn = {column for line in lines[1:-2] for column in dots_in(line)}
    marks = {column for column, each in enumerate(lines[-2]) if each == BROKEN}

    for epoch in range(2, 100):
        column = curve.column_of(epoch) + 10
        assert (column in marks) == (not math.isfinite(values[epoch - 1]))
        assert (column in drawn) == math.isfinite(values[epoch - 1])
    assert "inf or nan" in lines[0]


def test_on_a_logarithmic_axis_what_is_0_is_marked():
    curve = curve_of(history_of(scratch=[1.0, 0.1, 0.0, 0.01]), log=True)
    lines = lines_of(curve)
    assert lines[-2].index(NOT_POSITIVE) == curve.column_of(3) + 10
    assert "0 or less" in lines[0]
    assert NOT_POSITIVE not in "".join(lines_of(curve_of(history_of(scratch=[1.0, 0.0])))[1:])


@pytest.mark.parametrize("values", [[math.nan] * 3, [math.inf], [0.0], [0.0, 0.0], [5.0], [1e300, -1e308, 1e308]])
@pytest.mark.parametrize("log", [True, False])
def test_losses_that_nothing_can_be_drawn_of_still_give_a_picture(values, log):
    lines = lines_of(curve_of(history_of(scratch=values), log=log))
    assert all(len(each) == 80 for each in lines[1:])


@pytest.mark.parametrize("count", [1, 2, 7, 139, 140, 141, 5000, 70_000])
def test_each_column_leads_to_an_epoch_that_is_drawn_in_it(count):
    curve = curve_of(history_of(scratch=[1.0] * count), last=count)
    for column in range(10, 80):
        epoch = curve.epoch_at(column)
        assert 1 <= epoch <= count
        if count >= 140:
            assert curve.column_of(epoch) == column - 10
    assert curve.epoch_at(9) is None
    assert curve.epoch_at(80) is None
    assert curve.column_of(count + 1) is None


def test_a_line_between_two_epochs_far_apart_has_a_dot_in_every_column():
    lines = lines_of(curve_of(history_of(scratch=[0.0, 1.0])))
    drawn = {column for line in lines[1:-2] for column in dots_in(line)}
    assert drawn == set(range(10, 80))


def test_two_curves_that_are_one_are_both_seen():
    curve = curve_of(history_of(scratch=[1.0] * 300, autograd=[1.0] * 300), engines=("scratch", "autograd"))
    styles = [segment.style for y in range(1, 18) for segment in curve.line(y, 0, PLAIN) if dots_in(segment.text)]
    assert len(set(map(str, styles))) == 2
    assert len(styles) > 10


@pytest.mark.parametrize(("least", "floor"), [(0.02, 0.0), (0.3, 0.25), (0.83, 0.8), (0.97, 0.9), (1.0, 0.9)])
def test_accuracies_have_a_panel_of_their_own_that_ends_at_1(least, floor):
    history = history_of(scratch=[1.0] * 9, accuracy_scratch=[least, *[1.0] * 8])
    assert accuracy_floor(least) == floor
    lines = lines_of(curve_of(history, metrics=("accuracy",)))
    at = next(i for i, each in enumerate(lines) if "accuracy" in each)
    labels = [float(each.split("┤")[0]) for each in lines[at:] if "┤" in each]
    assert labels[0] == 1.0
    assert all(floor <= each <= 1 for each in labels)
    assert dots_in(lines[at + 1])


def test_curves_of_three_engines_that_are_one_are_all_seen_and_what_is_held_out_is_dotted():
    values, held_out = [1.0] * 500, [2.0] * 500
    engines = ("scratch", "autograd", "yours")
    named = dict.fromkeys(engines, values) | {f"held-out_loss_{name}": held_out for name in engines}
    curve = curve_of(history_of(**named), metrics=("held-out loss",), engines=engines)
    rows = [curve.line(y, 0, PLAIN) for y in range(1, curve.look.rows - 2)]
    drawn = [each for row in rows for each in row if any(ord(sign) in DOT for sign in each.text)]

    assert {each.style.color.name for each in drawn} == {colour_of(i, dark=True) for i in range(3)}
    upper = next(text for text in lines_of(curve)[1:] if dots_in(text))
    lower = [text for text in lines_of(curve)[1:] if dots_in(text)][-1]
    dots = [sum((ord(sign) - 0x2800).bit_count() for sign in text if ord(sign) in DOT) for text in (upper, lower)]
    assert dots[1] == 2 * dots[0]


def test_a_dotted_curve_has_no_gap_where_it_is_steep():
    values = [1.0, 100.0] * 35
    curve = curve_of(
        history_of(**{"scratch": [50.0] * 70, "held-out_loss_scratch": values}), metrics=("held-out loss",)
    )
    columns = set().union(*(dots_in(text) for text in lines_of(curve)[2:10]))
    assert len(columns) >= 69


def test_lines_go_on_from_the_labels_where_nothing_is_drawn():
    look = Look(1, 4, False, True, 80, 20, PLAIN)
    curve = Curve(history_of(scratch=[3.0, 2.0, 1.0, 0.5]), ("scratch",), (), look, PLAIN)
    for text in lines_of(curve)[1:-2]:
        assert (GRID in text) == ("┤" in text)


def test_the_epoch_shown_is_a_line_through_all_rows_of_the_plot():
    curve = curve_of(history_of(scratch=[1.0] * 500))
    at = curve.column_of(250) + 10
    lines = lines_of(curve, 250)
    assert lines[-2][at] == "▲"
    assert all(line[at] == "│" or ord(line[at]) in DOT for line in lines[1:-2])


# Canvas and axes


def test_a_dot_stands_where_it_was_set():
    for y in range(8):
        for x in range(6):
            canvas = Dots(3, 2)
            mask = np.zeros((8, 6), bool)
            mask[y, x] = True
            canvas.draw(mask, PLAIN)
            text = "".join(each.text for each in canvas.line(y // 4))
            bit = [[1, 8], [2, 16], [4, 32], [64, 128]][y % 4][x % 2]
            assert text == " " * (x // 2) + chr(0x2800 + bit) + " " * (2 - x // 2)


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-3.2, 17.9), (1e-9, 2e-9), (1.0, 1e7), (-1e308, 1e308)])
def test_ticks_are_round_and_within_the_range(low, high):
    ticks = axis(low, high, 100).ticks(6)
    assert 1 <= len(ticks) <= 6
    assert all(low - 1e-9 * abs(low) <= each <= high * (1 + 1e-9) for each in ticks)


def test_a_logarithmic_axis_has_powers_of_ten():
    assert axis(1e-19, 30.0, 100, log=True).ticks(8) == pytest.approx([1e-18, 1e-15, 1e-12, 1e-9, 1e-6, 1e-3, 1.0])
    assert axis(1e-19, 1e304, 100, log=True).ticks(8) == pytest.approx([1.0, 1e50, 1e100, 1e150, 1e200, 1e250, 1e300])


def test_a_logarithmic_axis_of_few_powers_has_numbers_between_them():
    assert axis(0.003, 0.7, 100, log=True).ticks(8) == pytest.approx([0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5])
    assert axis(0.003, 0.7, 100, log=True).ticks(5) == pytest.approx([0.003, 0.01, 0.03, 0.1, 0.3])
    assert axis(0.003, 0.7, 100, log=True).ticks(2) == pytest.approx([0.01, 0.1])


def test_labels_are_short_and_never_touch():
    assert [number_text(each) for each in (0, 0.25, -1.2e-5, 1e-9, 123456.0)] == [
        "0",
        "0.25",
        "-1.2e-5",
        "1e-9",
        "1.23e5",
    ]
    assert [count_label(each) for each in (250, 12_500, 1_500_000)] == ["250", "12,500", "1.5M"]
    assert labels_line([(0, "10"), (2, "20"), (9, "100")], 10) == "10     100"


# Keys and the mouse


async def drawn(program, epochs=40):
    await program.press("g", *str(epochs), "enter")
    await program.until(lambda: program.view.epoch == epochs, "it has trained")
    await program.press("6")
    await program.shows("6 Loss curve")


def pane_of(program):
    return program.main.query_one("#curve")


async def test_6_shows_the_curve_which_says_so_where_there_is_none_yet(opened):
    async with opened() as program:
        await program.press("6")
        await program.shows("No loss yet: n trains the first epoch")
        await program.press("n", "n")
        await program.shows("epoch 2 · scratch")
        await program.press("3")
        await program.shows("3 Gradient ·")


async def test_the_arrows_move_the_line_and_train_nothing(opened):
    async with opened() as program:
        await drawn(program)
        await program.press("left", "left", "left")
        assert (program.view.epoch, program.view.trained) == (37, 40)
        await program.press("right", "right", "right", "right", "right")
        assert (program.view.epoch, program.view.trained) == (40, 40)


async def test_the_mouse_moves_the_line(opened):
    async with opened() as program:
        await drawn(program)
        pane = pane_of(program)
        column = pane.curve.column_of(20) + 10
        await program.pilot.click("#curve", offset=(column + 2, 5))
        await program.until(lambda: abs(program.view.epoch - 20) <= 1, "the epoch clicked is shown")


async def test_zoom_pan_and_all_again(opened):
    async with opened() as program:
        await drawn(program)
        await program.press("plus", "plus")
        first, last = pane_of(program).window
        assert (last - first + 1, last) == (10, 40)
        await program.shows(f"epochs {first}–{last}")
        await program.press("ctrl+left", "ctrl+left")
        assert pane_of(program).window[0] < first
        await program.press("minus")
        assert pane_of(program).window is not None
        await program.press("0")
        assert pane_of(program).window is None


async def test_l_changes_the_axis(opened):
    async with opened() as program:
        await drawn(program)
        await program.shows("log loss")
        await program.press("l")
        await program.shows("6 Loss curve · linear")
        assert "log loss" not in program.text


async def test_another_run_takes_the_zoom_away(opened):
    async with opened() as program:
        await drawn(program)
        await program.press("plus", "r")
        await program.shows("No loss yet")
        assert pane_of(program).window is None
