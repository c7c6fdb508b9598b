"""Pictures as files where the numbers are at the ends of what a float can hold."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.pictures.figures import answer_map, distributions, encoded, loss_curve
from core.pictures.flow import Flow, findings
from core.pictures.histogram import histogram
from core.pictures.plane import Extent
from core.pictures.scales import decades, share_of
from core.pictures.spread import QUANTITIES, Spread, name_of

pytest.importorskip("matplotlib", reason="pictures as files need the extra `pictures`")
LARGEST = 1.7e308


@pytest.fixture(autouse=True)
def no_number_overflows():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def drawn(axes):
    """Return the points of an axes' first line as they lie on it, both from 0 to 1 where they are seen."""
    line = axes.lines[0]
    return axes.transAxes.inverted().transform(axes.transData.transform(line.get_xydata()))


@pytest.mark.parametrize("log", [True, False])
@pytest.mark.parametrize(
    "losses", [[1e-320, 1e-3, LARGEST, math.inf, math.nan], [LARGEST] * 3, [5e-324] * 3, [0.0, -1.0], [1e10] * 2]
)
def test_a_loss_curve_is_seen_whatever_its_losses_are(losses, log):
    figure = loss_curve({"scratch": np.array(losses)}, {"accuracy scratch": np.array([1.0, math.nan])}, "a", log=log)
    encoded(figure, "png")
    points = drawn(figure.axes[0])
    seen = [value > 0 if log else math.isfinite(value) for value in losses]
    seen = np.array(seen) & np.isfinite(losses)
    if not log or any(seen):
        assert ((points[seen] >= -1e-9) & (points[seen] <= 1 + 1e-9)).all()


def test_what_is_not_finite_is_marked_and_named_once():
    figure = loss_curve({name: np.array([1.0, math.nan]) for name in ("scratch", "autograd")}, {}, "a", log=True)
    assert [each.get_text() for each in figure.axes[0].get_legend().get_texts()] == [
        "scratch",
        "autograd",
        "inf or nan",
    ]


def test_distributions_are_drawn_whatever_the_numbers_are():
    numbers = [[-LARGEST, LARGEST, 1.0], [5e-324, 1e-323], [1e308, math.inf], [math.nan]]
    counted = {name_of(q, k): histogram(np.array(each), 30) for q in QUANTITIES for k, each in enumerate(numbers, 1)}
    sizes = [(1e-320, LARGEST, -300.0), (math.nan, math.nan, math.nan), (0.0, 0.0, 300.0), (1.0, 2.0, -math.inf)]
    flow = tuple(Flow(k, "tanh", 3, 1, *each, 0.5) for k, each in enumerate(sizes, 1))
    assert encoded(distributions(Spread("scratch", counted, flow, findings(flow)), ["tanh"] * 4, "a"), "png")


@pytest.mark.parametrize("scale", [1.0, 3e38, 1e308])
def test_a_map_is_drawn_whatever_the_answers_are(scale):
    values = np.full((1, 8, 8), scale)
    values[0, :3], values[0, 5] = -scale, math.nan
    samples = np.array([[0.0, 0.5]]), np.array([[1.0]])
    looks = {"titles": [""], "classes": ("0", "1"), "answers": np.array([[math.nan]]), "heading": "a"}
    figure = answer_map(values, Extent(-1, 1, -1, 1), samples, **looks)
    encoded(figure, "png")
    names = [each.get_text() for each in figure.legends[0].get_texts()]
    assert {"class 1", "1 misclassified", "boundary", "inf or nan"} <= set(names)


@pytest.mark.parametrize(("first", "last", "most"), [(-324, 308, 12), (0, 3, 8), (-1.2, 7.9, 4), (0.2, 0.4, 3)])
def test_decades_are_evenly_apart_within_their_range_and_not_too_many(first, last, most):
    found = decades(first, last, most)
    assert len(found) <= most
    assert all(first <= each <= last for each in found)
    assert len(set(np.diff(found))) <= 1
    assert found or last - first < 1


@given(st.tuples(*[st.floats(allow_nan=False, allow_infinity=False)] * 3).map(sorted))
def test_a_number_of_a_range_lies_between_its_ends_however_wide_or_narrow_that_is(numbers):
    low, value, high = numbers
    if low < high:
        shares = share_of(np.array([low, value, high]), low, high)
        assert shares[0] == 0
        assert shares[2] == pytest.approx(1)
        assert 0 <= shares[1] <= 1
        assert share_of(value, low, high) == shares[1]
