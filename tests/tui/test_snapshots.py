"""Pictures of the screen. `pytest --snapshot-update` takes them anew; look at them before you keep them.

The numbers are steadied (see `steady`): a processor that adds up in another order changes the last bits of a run, and
with them the digits that two engines share. The README's picture has the numbers as they are, and is compared as text,
with those that a processor may change left out.
"""

import os
import re
from array import array
from dataclasses import replace
from fractions import Fraction
from html import unescape
from pathlib import Path

import numpy as np
import pytest
from textual.widgets import Input

from core.agreement import Agreement, digits, ulps
from core.engines.autograd import Autograd
from core.experiment_file import load
from core.trace import Cause, Difference
from tui.app import MlpApp
from tui.conductor import LocalConductor
from tui.panes.answers import AnswerPane
from tui.protocol import Mine, View
from tui.shown import MINE
from tui.trainer import Trainer

WIDE, NARROW, HUGE = (120, 40), (80, 24), (200, 60)
PICTURE = Path(__file__).parents[2] / "screenshot.svg"
AT_EPOCH_7 = "n" * 7
TO_THE_CELL = ["right_square_bracket", "right_square_bracket", "3", *["down"] * 3, *["right"] * 4]
"""To W2, cell [3, 4], with the matrix in focus."""
PATIENCE = 200
"""How often it looks whether the trainer has come to epoch 7."""
APART = 1 + 2.0**-36
"""Between the engines' numbers, in pictures."""
DRIFT = 2e-16
"""Between their parameters, in pictures."""
SHARES = {"scratch": 0.0, "autograd": 0.06}
"""Of what rounding can do, in pictures."""


def steady(event):
    """Round a View's numbers, and let the second engine's be a fixed factor from the first's."""
    if not isinstance(event, View):
        return event
    agreements = {name: Agreement(10.8, 65_536, 0.0, (0,)) for name in event.agreements}
    sample = replace(event.sample, predictions=dict.fromkeys(event.sample.predictions, (0.61730492,)))
    series = {name: (first, array("d", rounded(each))) for name, (first, each) in event.series.items()}
    if "digits" in series:
        series["digits"] = (series["digits"][0], array("d", [10.8] * len(series["digits"][1])))
    matrix, explained = steady_matrix(event.matrix), steady_explained(event.explained)
    steadied = replace(event, agreements=agreements, sample=sample, series=series, matrix=matrix, explained=explained)
    return replace(steadied, drift=DRIFT if event.drift is not None and event.epoch else event.drift)


def steady_matrix(matrix):
    if matrix is None:
        return None
    a = np.array(rounded(matrix.values["scratch"].ravel())).reshape(matrix.values["scratch"].shape)
    b = a * APART
    values = {"scratch": a, "autograd": b, "difference": a - b, "digits": digits(a, b)}
    if MINE in matrix.values:
        values |= {MINE: HALF * a, f"difference {MINE}": a - HALF * a, f"digits {MINE}": digits(a, HALF * a)}
    largest = dict.fromkeys(matrix.largest, float(np.abs(a).max()))
    shares = {name: each if name == MINE else np.full_like(each, SHARES[name]) for name, each in matrix.shares.items()}
    apart = {"autograd": ulps(a, b).astype(np.float64)}
    return replace(matrix, values=values, ulps=apart, largest=largest, shares=shares)


def steady_explained(explained):
    """Round what an explanation is made of, and let its numbers come out of that."""
    if explained is None or explained.explanation is None:
        return explained
    given = explained.explanation
    operands = {each.address: replace(each, values=steady_pair(each.values)) for each in given.operands}
    running, terms = dict.fromkeys(given.closings, Fraction(0)), []
    for term in given.terms:
        values = {name: Fraction(value) for name, value in steady_pair(term.values).items()}
        running = {name: running[name] + value for name, value in values.items()}
        made_of = tuple(operands[each.address] for each in term.operands)
        terms.append(replace(term, values=values, running=running, operands=made_of))
    results = {name: float(total) for name, total in running.items()} or steady_pair(given.results)
    results |= {name: HALF * results[name] for name, each in given.closings.items() if not each.reproduced}
    closings = {
        name: replace(
            each,
            result=results[name],
            total=running[name],
            rounding=Fraction(results[name]) - running[name],
            allowed=1e-15,
        )
        for name, each in given.closings.items()
    }
    explanation = replace(
        given,
        terms=tuple(
            replace(term, shares={name: float(value) / results[name] for name, value in term.values.items()})
            for term in terms
        ),
        operands=tuple(operands.values()),
        beside=tuple(replace(each, values=steady_pair(each.values)) for each in given.beside),
        closings=closings,
        results=results,
        differences={} if given.leaf else steady_differences(given, results),
    )
    return replace(explained, explanation=explanation)


def steady_pair(values):
    first = rounded([float(values["scratch"])])[0]
    return {name: first * APART if name == "autograd" else first for name in values}


def steady_differences(explanation, results):
    found = {("scratch", "autograd"): steady_difference(explanation, results)}
    if MINE in results:
        mine = explanation.differences["scratch", MINE]
        found["scratch", MINE] = replace(mine, amount=results["scratch"] - results[MINE])
    return found


def steady_difference(explanation, results):
    amount, first = results["scratch"] - results["autograd"], explanation.operands[0]
    text = f"all of the difference in {explanation.address} comes in through {first.text}, where it arises"
    path = (explanation.address, first.address)
    return Difference(amount, (Cause(first, amount, 1.0),), 0.0, path, True, text)


def rounded(values):
    return [float(f"{value:.7e}") for value in values]


class SteadyConductor(LocalConductor):
    """A trainer in the same loop whose Views are steadied."""

    async def _work(self, listener):
        await super()._work(lambda event: listener(steady(event)))


@pytest.fixture
def picture(snap_compare, monkeypatch):
    """Return a function that compares a picture of the program, taken when the trainer is idle, with the one kept."""

    def compare(*keys, size=WIDE, theme=None, shows="", source="notebook", colours=1 << 24, mine=None):
        monkeypatch.setattr(AnswerPane, "_shaded", colours == 16)  # whatever terminal the tests run in
        monkeypatch.setattr(AnswerPane, "_few", colours == 256)

        def make(emit):
            trainer = Trainer(load(source), emit, mine=mine and Mine(mine))
            trainers.append(trainer)
            trainer.join(Autograd)
            return trainer

        trainers = []
        app = MlpApp(SteadyConductor(make))
        app.animation_level = "none"

        async def run_before(pilot):
            app.theme = theme or app.theme
            await pilot.press(*AT_EPOCH_7)
            for _ in range(PATIENCE):
                await pilot.pause(0.01 if mine else None)
                if (
                    app.screen.view is not None
                    and app.screen.view.epoch == 7
                    and bool(app.screen.view.marks) == bool(mine)
                ):
                    break
            await pilot.press(*keys)
            await pilot.pause()
            for _ in range(PATIENCE):
                if shows in "\n".join(strip.text for strip in app.screen._compositor.render_strips()):
                    break
                await pilot.pause()
            else:
                pytest.fail(f"never: the screen shows {shows!r}")
            for each in app.screen.query(Input):
                each.cursor_blink = False

        try:
            return snap_compare(app, terminal_size=size, run_before=run_before)
        finally:
            for trainer in trainers:
                trainer.close()

    return compare


def test_three_panes_at_epoch_7(picture):
    assert picture(*TO_THE_CELL)


def test_three_panes_in_80_by_24(picture):
    assert picture(*TO_THE_CELL, size=NARROW)


def test_a_light_theme(picture):
    assert picture(*TO_THE_CELL, theme="textual-light")


def test_no_colour(picture, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert picture(*TO_THE_CELL)


BY_LINKS = ["3", "down", "enter", "enter"]
"""From dL/dW1[1,0] to dL/dz1[0,1]."""
COME = "› dL/dz1[0,1]"
TO_THE_LAST_DELTA = ["greater_than_sign"] * 11
"""The eleventh phase of the notebook's epoch: backward, into layer 2."""
AT_WORK = "11 of 22"
TO_THE_LOSS = ["greater_than_sign"] * 7
TO_YOURS = ["e", "e", "3", "enter"]
HALF = 0.5
HALF_THE_GRADIENT = """
import numpy as np

layers, activation, output, loss = [2, 10, 10, 1], "sigmoid", "identity", "sse"

def gradients(x, y, weights, biases):
    a = [x]
    for k, (W, b) in enumerate(zip(weights, biases)):
        z = a[-1] @ W + b
        a.append(1 / (1 + np.exp(-z)) if k < 2 else z)
    d, dW, db = a[-1] - y, [], []
    for k in (2, 1, 0):
        dW.insert(0, a[k].T @ d)
        db.insert(0, d.sum(axis=0))
        d = d @ weights[k].T * a[k] * (1 - a[k])
    return np.sum((a[-1] - y) ** 2), dW, db
"""


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_where_a_number_comes_from(picture, size):
    assert picture(*BY_LINKS, size=size, shows=COME)


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_how_two_engines_come_to_differ(picture, size):
    assert picture(*BY_LINKS, "e", "e", size=size, shows="comes in through")


def test_where_a_number_comes_from_in_a_light_theme(picture):
    assert picture(*BY_LINKS, theme="textual-light", shows=COME)


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_where_a_number_of_a_wrong_file_comes_from(picture, tmp_path, size):
    mine = tmp_path / "mine.py"
    mine.write_text(HALF_THE_GRADIENT, "utf-8")
    assert picture(*TO_YOURS, mine=mine, size=size, shows="your file returned")


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_the_loss_in_slow_motion(picture, size):
    assert picture(*TO_THE_LOSS, size=size, shows="7 of 22")


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_an_epoch_in_slow_motion(picture, size):
    assert picture(*TO_THE_LAST_DELTA, size=size, shows=AT_WORK)


def test_the_dump_dialog(picture, monkeypatch):
    monkeypatch.chdir("/")
    assert picture("d")


def test_the_help(picture):
    assert picture("question_mark")


PICTURES = {
    "6": "epoch 7 · scratch",
    "7": "after epoch 7 · scratch",
    "8": "epoch 7 · scratch · 5 updates",
}
"""Keys of the panes of pictures, and what stands in them at epoch 7 of `moons`."""


@pytest.mark.parametrize("key", PICTURES)
@pytest.mark.parametrize("size", [NARROW, WIDE, HUGE], ids=["narrow", "wide", "huge"])
def test_a_picture(picture, key, size):
    assert picture(key, size=size, shows=PICTURES[key], source="moons")


@pytest.mark.parametrize("key", PICTURES)
@pytest.mark.parametrize("size", [NARROW, WIDE, HUGE], ids=["narrow", "wide", "huge"])
def test_a_picture_in_a_light_theme(picture, key, size):
    assert picture(key, size=size, theme="textual-light", shows=PICTURES[key], source="moons")


@pytest.mark.parametrize("key", PICTURES)
@pytest.mark.parametrize("size", [NARROW, WIDE, HUGE], ids=["narrow", "wide", "huge"])
def test_a_picture_without_colour(picture, key, size, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert picture(key, size=size, shows=PICTURES[key], source="moons")


@pytest.mark.parametrize("colours", [256, 16])
@pytest.mark.parametrize("size", [NARROW, WIDE, HUGE], ids=["narrow", "wide", "huge"])
def test_an_answer_map_in_few_colours(picture, colours, size):
    """The other pictures are the same in few colours."""
    assert picture("7", size=size, shows=PICTURES["7"], source="moons", colours=colours)


def test_a_layers_units_side_by_side(picture):
    assert picture("7", "up", shows="unit 15", source="moons")


def test_an_enlarged_picture(picture):
    assert picture("7", "f", shows="after epoch 7 · scratch", source="moons")


# The README's picture


async def test_the_readmes_picture_is_what_the_program_shows(opened):
    """UPDATE_SCREENSHOT=1 takes it anew."""
    async with opened(size=WIDE) as program:
        await program.press(*AT_EPOCH_7, *TO_THE_CELL)
        drawn = program.app.export_screenshot(title="mlp-tui")
        if os.environ.get("UPDATE_SCREENSHOT"):
            PICTURE.write_text(drawn, encoding="utf-8")
    assert "epoch 7 of 10" in words(drawn)
    assert "[3, 4]" in words(drawn)
    assert words(PICTURE.read_text(encoding="utf-8")) == words(drawn)


def words(svg):
    """Return a picture's text without what a processor may change: last digits, and how many of them are shared."""
    text = unescape(" ".join(re.findall(r"<text[^>]*>([^<]*)</text>", svg))).replace("\xa0", " ")
    text = re.sub(r"(\d\.\d{2})\d*(e[-+]\d+)", r"\1…\2", text)
    text = re.sub(
        r"(?<![\d.])\d{1,2}\.\d(?!\d)|differ by \S+|\d\S* ulps?|drift \S+|✓ \d\S* of rounding|✓ exact", "…", text
    )
    text = re.sub(r"\b16(?=\s+│)", "…", text)  # all digits, at the right of a pane
    text = re.sub(r"(0\.\d{6})\d+", r"\1…", text)
    return " ".join(text.split())
