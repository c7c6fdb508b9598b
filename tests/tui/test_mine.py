"""The user's own file in the program: an engine beside the others, and the doctor, who sees every version saved."""

import re
import time

import numpy as np
import pytest

from core import dat
from core.tensors import parse_tensor_name
from tui.findings import probes_text
from tui.mine import experiment_said
from tui.panes.explain import ExplainPane
from tui.protocol import Mine, Start

RIGHT = """
import numpy as np

layers, activation, output, loss = [2, 10, 10, 1], "sigmoid", "identity", "sse"

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def gradients(x, y, weights, biases):
    a = [x]
    for k in range(len(weights)):
        z = a[-1] @ weights[k] + biases[k]
        a.append(sigmoid(z) if k < len(weights) - 1 else z)
    d, dW, db = 2 * (a[-1] - y), [], []
    for k in reversed(range(len(weights))):
        dW.insert(0, a[k].T @ d)
        db.insert(0, d.sum(axis=0))
        if k:
            d = d @ weights[k].T * a[k] * (1 - a[k])
    return np.sum((a[-1] - y) ** 2), dW, db
"""
AT_ACTIVATION = RIGHT.replace("* a[k] * (1 - a[k])", "* sigmoid(a[k]) * (1 - sigmoid(a[k]))")
WRONG_SIGN = RIGHT.replace("dW.insert(0, a[k].T @ d)", "dW.insert(0, -a[k].T @ d if k == 1 else a[k].T @ d)")
HANGS = RIGHT.replace("    a = [x]", "    while True: pass")


@pytest.fixture
def mine(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(RIGHT, "utf-8")
    return path


def saved(path, text):
    """Save as editors do: another file, put in its place."""
    other = path.with_name("mine.py.new")
    other.write_text(text, "utf-8")
    other.replace(path)


async def test_a_right_file_stands_beside_the_engines_and_is_right(opened, mine):
    async with opened(mine=mine) as program:
        await program.press("n", "n")
        await program.until(lambda: "yours" in program.view.matrix.values, "the file has answered")
        matrix = program.view.matrix
        np.testing.assert_allclose(matrix.values["yours"], matrix.values["scratch"], rtol=1e-9)
        assert all(mark.within for mark in program.view.marks.values())
        await program.until(lambda: program.text.count("6.15e-02") == 3, "the losses of three engines")
        await program.press("5")
        await program.shows("✓ mine.py is right: all seven quantities agree within rounding")
        await program.shows("Checked as 2-10-10-1 sigmoid identity · sse")


async def test_e_goes_through_yours_and_what_parts_it_from_scratch(opened, mine):
    async with opened(mine=mine) as program:
        await program.press("n")
        await program.until(lambda: "yours" in program.view.matrix.values, "the file has answered")
        seen = []
        for _ in range(10):
            seen.append(program.selection.shown)
            assert program.selection.shown in program.view.matrix.values
            await program.press("e")

        assert seen == [
            *("scratch", "autograd", "yours", "difference", "digits", "share"),
            *("difference yours", "digits yours", "share yours", "scratch"),
        ]


async def test_enter_on_a_diagnosis_goes_to_the_tensor_at_its_worst_cell(opened, mine):
    saved(mine, WRONG_SIGN)
    async with opened(mine=mine) as program:
        await program.press("n", "5")
        await program.shows("it should be  dL/dW_2 = a_1ᵀ δ_2")
        await program.until(lambda: program.view.marks, "the file has answered")
        await program.press("enter")
        name = parse_tensor_name("dL/dW2")

        assert (program.selection.tensor, program.selection.shown) == (name, "yours")
        assert (program.selection.row, program.selection.column) == program.view.marks[name].worst
        assert program.focused == "grid"
        assert "× rounding" in program.text
        assert [str(each) for each, mark in program.view.marks.items() if not mark.within] == ["dL/dW2"]


async def test_the_doctor_begins_at_its_top_and_says_how_many_lines_lie_below(opened, mine):
    saved(mine, WRONG_SIGN)
    async with opened(mine=mine, size=(80, 24)) as program:
        await program.press("n", "5")
        await program.shows("PgDn: ")
        assert re.search(r"mine\.py is wrong(.|\n)*wrong on(.|\n)* loss ", program.text)
        below = int(re.search(r"PgDn: (\d+) more lines?", program.text)[1])
        await program.press("down")
        await program.shows("it should be  dL/dW_2")
        assert f"PgDn: {below} " not in program.text
        await program.press(*["pageup"] * 3)
        await program.shows(f"PgDn: {below} more line")


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_what_a_tensor_is_wrong_on_is_shortened_and_the_rest_is_counted(opened, mine, size):
    saved(mine, WRONG_SIGN)
    async with opened(mine=mine, size=size) as program:
        await program.press("n", "5")
        await program.shows("dL/dW2")
        row = next(line for line in program.text.splitlines() if re.search(r"✗ dL/dW2 ", line))
        assert re.search(r"  the experiment(, [a-z ]+)* and \d+ more +│$", row)
        assert "…" not in row


def test_probes_are_named_as_far_as_there_is_room():
    probes = ("the experiment", "seven samples", "one sample", "large weights", "other widths")
    assert probes_text(probes) == "the experiment, seven samples, one sample and 2 more"
    assert probes_text(probes, 40) == "the experiment, seven samples and 3 more"
    assert probes_text(probes, 10) == "the experiment and 4 more"
    assert probes_text(probes[:2], 40) == "the experiment, seven samples"
    assert probes_text(()) == ""


async def test_every_version_that_is_saved_is_checked_and_a_broken_one_leaves_the_last_result(opened, mine):
    async with opened(mine=mine) as program:
        await program.press("n", "5")
        await program.shows("✓ mine.py is right")
        saved(mine, AT_ACTIVATION)
        await program.shows("✗ mine.py is wrong: derivative-at-activation in layers 2 and 1.")
        await program.until(lambda: any(not each.within for each in program.view.marks.values()), "the engine follows")
        saved(mine, AT_ACTIVATION + "\ndef (")
        await program.shows("SyntaxError")
        await program.shows("Before that:")
        assert "mine.py, line " in program.text
        assert "derivative-at-activation" in program.text
        await program.until(lambda: "yours can't be used" in program.said, "the engine is broken too")
        saved(mine, RIGHT)
        await program.shows("✓ mine.py is right")
        await program.until(lambda: program.view.marks, "the engine is back")
        assert all(each.within for each in program.view.marks.values())


async def test_a_file_that_hangs_stops_nobody_but_itself(opened, mine, monkeypatch):
    monkeypatch.setattr("core.engines.guest.SECONDS_A_CALL", 0.6)
    saved(mine, HANGS)
    async with opened(mine=mine) as program:
        begun = time.monotonic()
        await program.press("n", "n", "n")
        assert time.monotonic() - begun < 0.6 or program.view.epoch == 3
        await program.until(lambda: "yours" in program.view.missing, "the file was ended")
        await program.until(lambda: "it took longer than" in program.said, "it is told")
        await program.press("e", "e")
        await program.shows("yours can't be used")
        await program.press("n")
        assert program.view.epoch == 4
        assert set(program.view.matrix.values) == {"scratch", "autograd", "difference", "digits", "share"}


async def test_what_the_file_prints_is_shown_and_harms_no_line(opened, mine):
    saved(mine, RIGHT + "\nprint('shapes [b]bold[/b] \\x1b[31m')\n")
    async with opened(mine=mine) as program:
        await program.press("5")
        await program.shows("What mine.py printed:")
        assert "shapes [b]bold[/b] �[31m" in program.text


async def test_on_its_own_path_it_trains_by_its_own_gradients(opened, mine):
    saved(mine, RIGHT.replace("d, dW, db = 2 *", "d, dW, db = 1 *"))
    async with opened(mine=mine) as program:
        await program.press("n", "n", "n")
        at_scratch = lambda: program.text.count("9.69e-05")  # noqa: E731
        await program.until(lambda: at_scratch() == 3, "its losses are scratch's")
        await program.press("O")
        await program.until(lambda: at_scratch() == 2 and program.view.own_path, "its losses are its own")
        await program.until(
            lambda: "yours now trains by its own gradients, on its own path." in program.said, "it is told"
        )
        assert "1 Model · yours on its own path" in program.text
        await program.press("O")
        await program.until(lambda: at_scratch() == 3, "its losses are scratch's again")
        assert "on its own path ─" not in program.text


async def test_a_dump_of_yours_is_mine_autograd(opened, mine, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    async with opened(mine=mine) as program:
        await program.press("n", "n", "d", "enter")
        await program.until(lambda: "Written" in program.said, "the dumps are written")
        yours, scratch = (dat.read(tmp_path / f"{name}.dat") for name in ("mine_autograd", "my_autograd"))

        assert yours.engine == "yours (mine.py)"
        for name, tensor in scratch.tensors.items():
            np.testing.assert_allclose(yours.tensors[name], tensor, rtol=1e-9)


async def test_a_file_for_another_network_says_which(opened, mine):
    saved(mine, RIGHT.replace("[2, 10, 10, 1]", "[2, 3, 1]"))
    async with opened(mine=mine) as program:
        await program.until(lambda: "yours" in program.view.missing, "it is refused")
        await program.until(
            lambda: "it is for 2-3-1 sigmoid identity with loss sse; expected 2-10-10-1" in program.said, "it is told"
        )


async def test_without_a_file_the_doctor_says_how_to_bring_one(opened):
    async with opened() as program:
        await program.press("5")
        await program.shows("mlp-tui --mine mine.py")
        await program.shows("checked here.")
        await program.press("O")
        assert "There is no file of yours here" in program.said


async def test_a_planted_mistake_is_chosen_by_a_part_of_its_name(opened):
    async with opened() as program:
        await program.press("P", *"wrong-sign@2")
        await program.shows("wrong-sign@2")
        await program.press("enter", "n")
        await program.until(lambda: program.main.described.experiment.engines.scratch.mistakes, "it is planted")
        (planted,) = program.main.described.experiment.engines.scratch.mistakes

        assert planted.startswith("wrong-sign@2")
        assert f"Planted in scratch's backward pass: {planted}" in program.text
        assert any(not each.within for each in program.view.judgements["scratch"].values())


async def test_a_hidden_mistake_is_not_told_before_it_is_asked_for(opened):
    async with opened() as program:
        await program.press("P", "ctrl+f")
        await program.until(lambda: program.main.described.experiment.engines.scratch.mistakes, "it is planted")
        (planted,) = program.main.described.experiment.engines.scratch.mistakes
        await program.press("n", "x")

        name = planted.partition("@")[0].partition(":")[0]
        assert name not in program.text + program.said
        assert "find it" in program.text
        await program.press("exclamation_mark")
        assert planted.partition("=")[0] in program.said
        assert "it should be" in program.said
        await program.shows(f"Planted in scratch's backward pass: {planted}")


def test_the_start_is_written_for_a_command_line_and_read_again(tmp_path):
    for mine in (None, Mine(tmp_path / "my file.py"), Mine(tmp_path / "m.py", "xor", 2**28)):
        start = Start("xor", ("optimizer.lr=0.3", "epochs=3"), None, mine)

        assert Start.of(start.words()) == start


def test_a_file_that_is_not_there_is_refused_before_the_screen_opens(mlp_tui, tmp_path):
    assert "none.py: can't be read: no such file" in mlp_tui("--mine", tmp_path / "none.py").refusal


def test_too_little_memory_is_refused(mlp_tui, mine):
    assert "--memory 1K can't be given" in mlp_tui("--mine", mine, "--memory", "1K").refusal


def test_a_file_says_which_experiment_the_program_begins_with(mine):
    saved(mine, RIGHT.replace('[2, 10, 10, 1], "sigmoid"', '[2, 3, 1], "tanh"'))

    assert experiment_said(Mine(mine)).network() == "2-3-1 tanh identity"
    saved(mine, "def (")
    assert experiment_said(Mine(mine)) is None


HALF = RIGHT.replace("d, dW, db = 2 *", "d, dW, db = 1 *")


async def explained_as_yours(program, mine, text):
    """Open the explanation of a cell, with the view turned to the user's file."""
    await program.until(lambda: program.view.marks, "the file has answered")
    await program.press("e", "e", "4")
    await program.until(lambda: program.main.query_one(ExplainPane).explanation, "it is explained")
    assert str(program.main.query_one(ExplainPane).explanation.address) == text
    assert f"4 Explain · {text} · yours" in program.text


def shown(program):
    """What the Explain pane shows, its lines joined: sentences are wrapped."""
    rows = program.main.query_one(ExplainPane)._rows
    return " ".join(" ".join("".join(piece.text for piece in row) for row in rows).split())


async def test_the_number_of_the_file_is_explained_and_its_links_are_followed_there_and_back(opened, mine):
    async with opened(mine=mine) as program:
        await program.press("n", "n")
        await explained_as_yours(program, mine, "dL/dW1[0,0]")
        pane = program.main.query_one(ExplainPane)
        closing = pane.explanation.closings["yours"]

        assert closing.reproduced
        assert closing.result == program.view.matrix.values["yours"][0, 0]
        assert "Your file does not return dL/dz1: that is scratch's, at the same parameters." in shown(program)
        for way in ("dL/dz1[0,0]", "dL/dz2[0,"):
            await program.press("enter")
            await program.until(lambda way=way: pane.explanation and way in str(pane.explanation.address), "followed")
            assert "yours" in pane.explanation.closings
        await program.press("backspace", "backspace")
        await program.until(lambda: str(pane.explanation.address) == "dL/dW1[0,0]", "it came back")


async def test_a_wrong_file_is_told_what_the_terms_give_and_the_ratio(opened, mine):
    saved(mine, HALF)
    async with opened(mine=mine) as program:
        await program.press("n")
        await explained_as_yours(program, mine, "dL/dW1[0,0]")

        assert "your file returned" in shown(program)
        assert "that is not rounding" in shown(program)
        assert "ratio 0.5." in shown(program)
        assert "arises here, or in dL/dz1, which your file does not return." in shown(program)
        await program.press("e", "e", "e", "e")
        assert program.selection.shown == "difference yours"
        await program.shows("scratch − yours")
        assert "scratch − autograd" not in program.text


async def test_what_follows_scratch_is_said_to_be_scratchs(opened, mine):
    async with opened(mine=mine) as program:
        await program.press("n", "v", "v")
        await explained_as_yours(program, mine, "update W1[0,0]")

        assert "Your file is evaluated at scratch's parameters: this update is made with scratch's gradient." in shown(
            program
        )
        await program.press("O")
        await program.until(lambda: program.view.own_path and program.view.marks, "it is on its own path")
        found = program.main.query_one(ExplainPane).explanation
        assert found.remarks == {}
        assert (
            found.operands[0].values["yours"]
            == program.conductor.trainer._seen_frame.engines["yours"].computed.gradients.flat[0]
        )
