"""The answer map on the screen."""

from dataclasses import replace

import numpy as np
import pytest
from rich.color import Color, ColorSystem
from rich.style import Style

from core.engines.scratch import Scratch
from core.experiment_file import load, parse
from core.pictures.plane import Extent
from core.session import Session
from tui.depicted import MOST_SAMPLES, plane_of
from tui.pictures.canvas import HALF, Pixels
from tui.pictures.colours import LEVELS, scale
from tui.pictures.plane import BOUNDARY, NOT_FINITE, WRONG, Map, MapLook, levels_of, scale_line, signs_line
from tui.pictures.tiles import tiling
from tui.protocol import Plane, PlaneSamples, ShowPlane

PLAIN = Style()


def text_of(segments):
    return "".join(each.text for each in segments)


async def mapped(program, *keys):
    await program.press("7")
    await program.until(lambda: program.main.query_one("#map")._plane is not None, "the map is there")
    for key in keys:
        await program.press(key)
        await program.until(lambda: program.main.query_one("#map")._plane is not None, "the map is there")
    await program.pilot.pause()


async def test_7_shows_the_answer_over_both_inputs_with_a_legend_and_axes(opened):
    async with opened("xor") as program:
        await mapped(program)
        for text in ("○ 0", "● 1", "misclassified", "boundary", "x1", "x2┤", "x2│", "ŷ "):
            assert text in program.text or text in ("x2┤", "x2│")
        assert "x2" in program.text
        assert "after epoch 0 · scratch" in program.text


async def test_above_two_inputs_it_says_what_is_missing(opened):
    async with opened("digits") as program:
        await program.press("7")
        await program.shows("The answer map needs one or two inputs; this network has 64.")
        assert program.view.plane is None


async def test_what_is_not_seen_is_not_computed(opened):
    async with opened("xor") as program:
        await mapped(program)
        await program.press("3")
        await program.until(lambda: program.view.plane is None, "the map is computed no more")
        await program.press("7", "1", "f")
        await program.until(lambda: program.view.plane is None, "it is hidden by the model")


async def test_a_layer_is_seen_unit_by_unit_and_all_at_once(opened):
    async with opened("moons") as program:
        await mapped(program, "up")
        assert "layer 2, 16 units" in program.text
        assert sum(f"unit {i}" in program.text for i in range(16)) == 16
        await mapped(program, "right", "right")
        assert "layer 2, unit 1" in program.text
        unit = program.view.plane
        assert (unit.asked.first, len(unit.values), unit.width) == (1, 1, 16)
        await mapped(program, "left", "left", "up", "up")
        assert "layer 1, 16 units" in program.text
        await mapped(program, "down", "down")
        assert "after epoch 0" in program.text
        assert "misclassified" in program.text


async def test_with_one_input_it_is_a_curve_with_the_samples(opened):
    async with opened("waves") as program:
        await mapped(program)
        assert "the samples' y" in program.text
        assert program.view.plane.values.shape[:2] == (1, 1)
        await mapped(program, "up")
        assert "unit 31" in program.text


async def test_the_map_goes_with_the_epoch_the_engine_and_the_run(opened):
    async with opened("xor") as program:
        await mapped(program)
        first = program.view.plane.values
        await program.press("n", "n")
        assert not np.array_equal(program.view.plane.values, first)
        assert "after epoch 2 · scratch" in program.text
        await mapped(program, "e")
        await program.shows("after epoch 2 · autograd")
        await program.press("r")
        await program.shows("after epoch 0 · autograd")


# What stands on it


def session_of(text, epochs=3):
    experiment = load(text) if "=" not in text else parse(text, "some")
    session = Session(experiment)
    session.join(Scratch(experiment))
    session.advance(epochs)
    return session


def test_a_plane_has_the_samples_with_their_classes_and_which_are_wrong():
    session = session_of("moons")
    plane = plane_of(session, session.frame(), ShowPlane(20, 10))
    predicted = session.predictions()["scratch"][:, 0] > 0.5
    y = session.samples.y[:, 0] == 1

    np.testing.assert_array_equal(plane.samples.classes, y)
    np.testing.assert_array_equal(plane.samples.wrong, predicted != y)
    assert plane.samples.wrong.mean() == pytest.approx(1 - session.metrics("scratch", 3, 3)["accuracy"][0])


def test_of_many_samples_the_first_ones_are_laid_on_it():
    session = session_of("layers = [2, 3, 1]\n[data]\nsource = 'moons'\nsamples = 2500", 1)
    plane = plane_of(session, session.frame(), ShowPlane(20, 10))
    assert (len(plane.samples.x), plane.samples.total) == (MOST_SAMPLES, 2500)


def plane_with(values, *, boundary=None, wrong=None, x=((0.5, 0.5),)):
    x = np.array(x)
    samples = PlaneSamples(x, np.zeros((len(x), 1)), np.zeros(len(x), np.intp), wrong, len(x))
    span = (float(np.nanmin(values)), float(np.nanmax(values)))
    asked = ShowPlane(values.shape[2], values.shape[1])
    return Plane(asked, "scratch", 1, 1, values, span, Extent(0, 1, 0, 1), boundary, samples, ("a", "b"))


def test_levels_go_evenly_from_the_least_to_the_largest_and_nan_has_its_own():
    values = np.array([[0.0, 0.25, 0.5, 0.999, 1.0, np.nan, np.inf]])
    levels = levels_of(values, (0.0, 1.0)).tolist()
    assert levels == [[0, LEVELS // 4, LEVELS // 2, LEVELS - 1, LEVELS - 1, NOT_FINITE, NOT_FINITE]]
    assert levels_of(np.full((1, 2), 3.0), (3.0, 3.0)).tolist() == [[LEVELS // 2] * 2]


def test_the_upper_half_of_a_cell_has_the_upper_rows_colour():
    pixels = Pixels(np.array([[0, 1, 1], [2, 1, 1]], np.uint8), ("#000000", "#111111", "#222222"))
    first, second = pixels.line(0)
    assert (first.text, first.style.color.name, first.style.bgcolor.name) == (HALF, "#000000", "#222222")
    assert (second.text, second.style.bgcolor.name) == ("  ", "#111111")


def test_a_misclassified_sample_is_written_over_one_that_is_not():
    wrong = np.array([True, False])
    drawn = Map(plane_with(np.zeros((1, 4, 4)), wrong=wrong, x=((0.6, 0.6), (0.6, 0.6))), 0, MapLook())
    assert text_of(drawn.line(0)) == f"  {WRONG} "


def test_small_pictures_have_no_samples_where_these_would_cover_them():
    plane = plane_with(np.zeros((1, 4, 4)), x=((0.6, 0.6),))
    assert text_of(Map(plane, 0, MapLook(samples=False)).line(0)).strip() == ""
    assert "class" not in text_of(signs_line(plane, 60, PLAIN, MapLook(samples=False)))


@pytest.mark.parametrize("width", [36, 40, 50, 70, 150])
def test_the_legend_is_never_wider_than_the_map(width):
    values = np.array([[[-1.234567e-12, 0.2, np.nan, 0.8, 12345.678]] * 2])
    wrong, boundary = np.array([True]), np.zeros((2, 5), bool)
    plane = replace(plane_with(values, wrong=wrong, boundary=boundary), class_names=("iris setosa", "iris virginica"))
    signs = signs_line(plane, width, PLAIN, MapLook())
    scale = scale_line(plane, "ŷ", width, PLAIN, MapLook())
    assert len(text_of(signs)) <= width
    assert len(text_of(scale)) <= width
    assert all(sign in text_of(signs) for sign in ("○", "●", WRONG, "╱╱", "nan"))


def test_where_no_number_is_finite_the_legend_says_so():
    plane = replace(plane_with(np.zeros((1, 2, 2))), values=np.full((1, 2, 2), np.inf))
    assert text_of(scale_line(plane, "ŷ", 40, PLAIN, MapLook())).strip() == "ŷ: no finite number"


def test_what_is_beyond_single_precision_is_still_a_number_on_the_map():
    session = session_of("layers = [2, 3, 1]\n[data]\nsource = 'xor'\n[optimizer]\nname = 'sgd'\nlr = 1e60", 2)
    plane = plane_of(session, session.frame(), ShowPlane(6, 4))
    assert max(map(abs, plane.span)) > 1e39
    assert np.isfinite(plane.values).all()


def test_the_boundary_is_a_line_of_its_own_colour_also_where_there_are_none():
    boundary = np.zeros((2, 5), bool)
    boundary[:, 2] = True
    plane = plane_with(np.array([[[0.0, 0.2, 0.5, 0.8, 1.0]] * 2]), boundary=boundary, x=((0.0, 0.0),))
    assert text_of(Map(plane, 0, MapLook(shaded=True)).line(0))[1:] == " +▓█"
    styles = [each.style for each in Map(plane, 0, MapLook()).line(0) for _ in each.text]
    assert styles[2].bgcolor.name == "#ffffff"
    assert BOUNDARY == LEVELS


def lightness(colour):
    """Return L* of CIELAB."""
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (red, green, blue)]
    y = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 116 * y ** (1 / 3) - 16 if y > 0.008856 else 903.3 * y


def test_the_scale_grows_lighter_by_even_steps():
    steps = np.diff([lightness(each) for each in scale()])
    # L* of cividis grows by 76 over 31 steps; 8 bits a channel and straight pieces bend it a little
    assert (steps > 0).all()
    assert np.abs(steps - steps.mean()).max() < 0.75


def test_a_terminal_of_256_colours_has_those_of_the_scale_and_they_grow_lighter_too():
    colours = list(dict.fromkeys(scale(few=True)))
    for colour in colours:
        kept = Color.parse(colour).downgrade(ColorSystem.EIGHT_BIT)
        assert kept.get_truecolor().hex == colour
    assert (np.diff([lightness(each) for each in colours]) > 0).all()
    assert len(scale(few=True)) == LEVELS


@pytest.mark.parametrize(
    ("count", "size"), [(1, (70, 30)), (16, (70, 34)), (100, (70, 20)), (3, (9, 3)), (32, (200, 50))]
)
def test_tiles_fit_into_their_room(count, size):
    tiles = tiling(count, *size)
    assert tiles.across * (tiles.columns + 1) <= size[0]
    assert tiles.down * (tiles.rows + 1) <= size[1]
    assert tiles.count >= count or tiles.columns <= 12
