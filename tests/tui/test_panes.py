"""Which pane is seen, which one is enlarged, and what of that is remembered."""

import subprocess
import sys

import pytest

from core.tensors import parse_tensor_name
from tui import served
from tui.recent import remember_pane, remembered_pane


def seen(program):
    return {each.id for each in program.main.query(".pane") if each.region.area and each.is_on_screen}


KEYS = {"1": "model", "2": "loss", "3": "matrix", "6": "curve", "7": "map", "8": "spread"}


@pytest.mark.parametrize(("key", "pane"), KEYS.items())
@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_f_enlarges_any_pane_and_gives_it_back(opened, key, pane, size):
    async with opened("xor", size) as program:
        await program.press(key)
        before = seen(program)
        await program.press("f")
        await program.until(lambda: seen(program) == {pane}, "it has all of the screen")
        widget = program.main.query_one(f"#{pane}")
        assert widget.region.size == (size[0], size[1] - 2)
        await program.press("f")
        await program.until(lambda: seen(program) == before, "all are back")
        assert len(before) == 3


async def test_turning_to_a_pane_that_is_hidden_gives_back_the_enlarged_one(opened):
    async with opened("xor") as program:
        await program.press("7", "f", "8")
        await program.until(lambda: seen(program) == {"spread"}, "the other one is enlarged")
        await program.press("1")
        await program.until(lambda: seen(program) == {"model", "loss", "spread"}, "all are back")
        assert program.focused == "model"


async def test_the_pane_turned_to_last_is_there_at_the_next_start(opened):
    async with opened("xor") as program:
        await program.press("8", "6")
    async with opened("xor") as program:
        await program.until(lambda: "curve" in seen(program), "the curve is there")
        assert program.focused == "model"


@pytest.mark.parametrize("kept", ["", "nonsense", "../model", "model"])
async def test_what_is_remembered_of_no_pane_is_passed_over(opened, kept):
    remember_pane(kept)
    async with opened("xor") as program:
        assert "matrix" in seen(program)


def test_what_visitors_of_a_server_turn_to_is_not_the_servers_to_keep(monkeypatch, tmp_path):
    remember_pane("curve")
    monkeypatch.setenv(served.FOLDER, str(tmp_path))
    remember_pane("map")
    assert remembered_pane() == ""
    monkeypatch.delenv(served.FOLDER)
    assert remembered_pane() == "curve"


def test_where_it_can_t_be_kept_nobody_is_troubled(monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", "/proc/nowhere")
    remember_pane("curve")
    assert remembered_pane() == ""


def test_the_first_frame_needs_no_numpy_and_no_picture():
    program = (
        "import sys, tui.app\n"
        "sys.exit(any(each in sys.modules for each in ('numpy', 'matplotlib', 'tui.pictures', 'tui.panes.curve')))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=120).returncode == 0


async def test_the_model_says_how_many_of_its_rows_are_out_of_sight(opened):
    async with opened("spirals", size=(80, 24)) as program:
        model = program.main.query_one("#model")
        rows = 1 + 3 * 7 + 1
        room = model.size.height - 1 - len(model._sample_lines())
        assert f"layer ↓{rows - room} " in program.text
        await program.press(*["]"] * 13)
        assert program.selection.tensor == parse_tensor_name("dL/db7")
        assert f"layer ↑{rows - room - 1}↓1 " in program.text
    async with opened("spirals", size=(120, 60)) as program:
        assert "layer  " in program.text
