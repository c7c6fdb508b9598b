"""Numbers as text and colour: aligned, and nothing hidden."""

import math
import re
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.digits import digits_text
from tui.numbers import aligned, count_text, full, shape_text, value_style
from tui.screens.help import WORDS

ANY = st.floats(allow_nan=True, allow_infinity=True)
DECIMALS = st.integers(2, 6)
unhurried = settings(deadline=None, max_examples=200)


@given(ANY, DECIMALS)
@unhurried
def test_aligned_numbers_have_one_width(value, decimals):
    assert len(aligned(value, decimals)) == decimals + 8


@given(ANY, DECIMALS)
@unhurried
def test_aligned_numbers_lose_no_sign_no_nan_and_no_inf(value, decimals):
    text = aligned(value, decimals).strip()

    if math.isnan(value):
        assert text == "nan"
    else:
        assert math.copysign(1, float(text)) == math.copysign(1, value)
        assert math.isinf(value) == ("inf" in text)


@given(st.floats(allow_nan=False, allow_infinity=False), DECIMALS)
@unhurried
def test_aligned_numbers_meet_at_their_points_and_their_exponents(value, decimals):
    text = aligned(value, decimals)

    assert text.index(".") == 2
    assert text.index("e") == decimals + 3


@given(
    st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False, min_value=-1e300, max_value=1e300), DECIMALS
)
@unhurried
def test_aligned_numbers_are_as_near_as_their_decimals_say(value, decimals):
    assert float(aligned(value, decimals)) == pytest.approx(value, rel=0.51 * 10.0**-decimals, abs=0)


@given(ANY)
@unhurried
def test_a_full_float64_gives_back_its_bits(value):
    back = float(full(value, "float64"))

    assert math.isnan(value) == math.isnan(back)
    assert math.isnan(value) or struct.pack("d", back) == struct.pack("d", value)


@given(st.floats(width=32, allow_nan=False))
@unhurried
def test_a_full_float32_gives_back_its_bits(value):
    assert np.float32(float(full(value, "float32"))).tobytes() == np.float32(value).tobytes()


@pytest.mark.parametrize(
    ("digits", "same", "text"),
    [
        (15.95, True, "16"),
        (15.95, False, "15.9"),
        (15.86, False, "15.9"),
        (10.46, False, "10.5"),
        (0.0, False, "0.0"),
        (None, False, "–"),
        (math.nan, True, "–"),
    ],
)
def test_digits_read_as_people_write_them(digits, same, text):
    assert digits_text(digits, same=same) == text


def test_full_digits_of_float32_are_not_sixteen():
    assert digits_text(7.22, same=True) == "7.2"


def test_shapes_and_sizes_read_as_people_write_them():
    assert shape_text((10, 2)) == "10 × 2"
    assert shape_text((10,)) == "10"
    assert [count_text(each) for each in (999, 1500, 2_000_000, 3.1e9)] == ["999 bytes", "1.5 kB", "2.0 MB", "3.1 GB"]


@given(value=ANY, largest=st.floats(min_value=0, allow_infinity=False), dark=st.booleans())
@unhurried
def test_every_number_has_a_colour(value, largest, dark):
    style = value_style(value, largest, dark=dark)

    assert style.color is not None
    assert (style.bgcolor is not None) == (not math.isfinite(value))


@pytest.mark.parametrize("dark", [True, False])
def test_signs_have_colours_of_their_own_and_nan_stands_out(dark):
    colours = {value_style(each, 1.0, dark=dark) for each in (-1.0, 1.0, 0.0, math.nan)}

    assert len(colours) == 4


@pytest.mark.parametrize("dark", [True, False])
def test_size_is_seen_in_the_colour(dark):
    steps = [value_style(10.0**-k, 1.0, dark=dark) for k in range(6)]

    assert len(set(steps)) == 6
    assert value_style(1e-300, 1.0, dark=dark) == steps[-1]


async def test_numbers_that_are_an_ulp_apart_are_not_said_to_share_all_digits(opened):
    async with opened("moons") as program:
        await program.press("n", "3", ">", ">")
        await program.shows("1 ulp")
        assert "15.9 digits · 1 ulp" in program.text
        await program.press("e", "e", "e")
        await program.until(lambda: program.selection.shown == "digits", "the digits are shown")
        await program.until(lambda: re.search(r"\[ *15\.9 *\]", program.text), "the cell reads 15.9")


def test_the_help_explains_the_words_of_distributions_and_of_what_an_optimizer_keeps():
    assert {"flat", "silent", "max", "v(W1), next v"} <= {word for word, _ in WORDS}
