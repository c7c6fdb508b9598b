"""Pictures as files, from the menu and from the command line."""

import subprocess
import sys
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from rich.segment import Segment
from textual.strip import Strip

from core.pictures import figures
from tui.picture_files import all_pictures
from tui.pictures.canvas import style_of
from tui.pictures.screen_file import CELL, png_of
from tui.screens.save import SaveScreen

pytest.importorskip("matplotlib", reason="pictures as files need the extra `pictures`")
PNG = b"\x89PNG\r\n\x1a\n"


def words(svg):
    return {"".join(each.itertext()).strip() for each in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")}


def test_train_writes_every_picture_in_both_formats(mlp_tui, tmp_path):
    folder = tmp_path / "some" / "pictures"
    done = mlp_tui("train", "moons", "--epochs", 2, "--pictures", folder)
    of_engines = [f"{each}-{name}" for each in ("answer-map", "distributions") for name in ("scratch", "autograd")]
    names = {f"{name}.{kind}" for kind in ("svg", "png") for name in ("loss-curve", *of_engines)}

    assert (done.returncode, done.stderr) == (0, "")
    assert {each.name for each in folder.iterdir()} == names
    assert {f"{folder / name}" for name in names} <= set(done.stdout.split())
    assert all((folder / name).read_bytes().startswith(PNG) for name in names if name.endswith("png"))
    curve, answers, spread = (
        words((folder / f"{name}.svg").read_bytes())
        for name in ("loss-curve", "answer-map-scratch", "distributions-autograd")
    )
    assert {"loss (log)", "epoch", "accuracy", "scratch", "autograd", "held-out loss scratch"} <= curve
    assert {"x1", "x2", "ŷ", "class 0", "class 1", "moons · scratch after epoch 2"} <= answers
    assert {"layer", "flat", "silent units", "−3 is usual", "weights", "δ", "dL/dW2"} <= spread
    assert "moons · autograd · epoch 2" in spread


def test_files_in_the_way_are_told_before_anything_is_trained(mlp_tui, tmp_path):
    (tmp_path / "loss-curve.svg").write_text("mine")
    done = mlp_tui("train", "digits", "--pictures", tmp_path)
    assert "loss-curve.svg: exists already; expected another folder, or --force" in done.refusal
    assert (tmp_path / "loss-curve.svg").read_text() == "mine"


def test_with_many_inputs_there_is_no_map_and_all_else_where_forced_over_what_is_in_the_way(mlp_tui, tmp_path):
    (tmp_path / "loss-curve.svg").write_text("mine")
    both = ("--set", "engines.autograd.precision=float64")
    assert mlp_tui("train", "digits", "--epochs", 1, *both, "--force", "--pictures", tmp_path).returncode == 0
    assert sorted(each.name for each in tmp_path.glob("*.svg")) == [
        "distributions-autograd.svg", "distributions-scratch.svg", "loss-curve.svg",
    ]  # fmt: skip
    assert (tmp_path / "loss-curve.svg").read_text() != "mine"


def test_without_matplotlib_it_is_told_what_to_install(mlp_tui, tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "find_spec", lambda name: None)
    done = mlp_tui("train", "xor", "--pictures", tmp_path)
    assert done.refusal == f"{figures.MISSING}; expected {figures.REMEDY}"


def test_the_same_numbers_give_the_same_file():
    series = {"scratch": np.array([1.0, 0.5, np.nan, 0.1])}
    first, second = (figures.encoded(figures.loss_curve(series, {}, "a", log=True), "svg") for _ in range(2))
    assert first == second


def test_a_spike_of_a_million_epochs_is_in_the_curve_of_the_file():
    values = np.full(1_000_000, 0.5)
    values[314_159] = 7.0
    epochs, drawn = figures._thinned(values)
    at = int(np.argmax(drawn))
    assert drawn[at] == 7.0
    assert epochs[at] <= 314_160 < epochs[at + 2]
    assert len(drawn) <= 2 * figures.MOST_COLUMNS


def test_matplotlib_is_imported_only_when_a_picture_is_drawn():
    program = (
        "import sys, core.pictures.figures, tui.picture_files, tui.headless, tui.trainer, tui.screens.picture\n"
        "sys.exit('matplotlib' in sys.modules or 'PIL' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=120).returncode == 0


def test_the_screens_cells_have_their_colours_in_the_png():
    import io

    from PIL import Image

    strip = Strip([Segment("▀", style_of("#ff0000", "#00ff00")), Segment("⣿", style_of("#0000ff")), Segment("W")])
    image = Image.open(io.BytesIO(png_of([strip], (1, 2, 3), (255, 255, 255)))).convert("RGB")

    assert image.size == (3 * CELL[0], CELL[1])
    assert image.getpixel((5, 5)) == (255, 0, 0)
    assert image.getpixel((5, 20)) == (0, 255, 0)
    assert image.getpixel((15, 3)) == (0, 0, 255)
    assert image.getpixel((12, 0)) == (1, 2, 3)
    assert image.crop((24, 0, 36, 24)).getextrema() == ((1, 255), (2, 255), (3, 255))


def test_every_picture_of_a_session_has_a_file_of_its_own(tmp_path):
    from core.engines.scratch import Scratch
    from core.experiment_file import load
    from core.session import Session

    session = Session(load("xor"))
    session.join(Scratch(load("xor")))
    paths = [each.path for each in all_pictures(session, tmp_path, replace=False)]
    assert len(paths) == len(set(paths)) == 6


# From the menu


async def saved(program, which, path):
    await program.press("n")
    program.main.call_later(program.main.action_save, "picture")
    await program.until(lambda: isinstance(program.app.screen, SaveScreen), "it asks for a file")
    await program.until(lambda: program.app.screen.ready, "it is ready")
    screen = program.app.screen
    buttons = {str(each.label): each for each in screen.query("Dot")}
    buttons[which].value = True
    screen.query_one("Input").value = str(path)
    await program.pilot.pause()
    await program.pilot.click("#save")
    await program.until(path.exists, f"{path} is written")
    await program.until(lambda: "Written" in program.said, "it is told")
    return path.read_bytes()


@pytest.mark.parametrize("kind", ["svg", "png"])
@pytest.mark.parametrize("which", ["the screen", "loss curve", "answer map", "distributions"])
async def test_every_picture_and_the_screen_are_saved_from_the_menu(opened, tmp_path, which, kind):
    async with opened("xor") as program:
        content = await saved(program, which, tmp_path / f"some.{kind}")
    if kind == "png":
        assert content.startswith(PNG)
    else:
        assert ET.fromstring(content).tag.endswith("svg")
        if which == "the screen":
            assert "1\xa0Model" in content.decode().replace("&#160;", "\xa0")


async def test_a_layers_units_are_saved_as_they_are_seen(opened, tmp_path):
    async with opened("xor") as program:
        await program.press("7", "up")
        content = await saved(program, "answer map", tmp_path / "units.svg")
    assert {f"layer 1, unit {i}" for i in range(4)} <= words(content)


async def test_a_map_that_there_is_not_is_refused(opened, tmp_path):
    async with opened("digits") as program:
        program.main.call_later(program.main.action_save, "picture")
        await program.until(lambda: isinstance(program.app.screen, SaveScreen), "it asks for a file")
        await program.until(lambda: program.app.screen.ready, "it is ready")
        {str(each.label): each for each in program.app.screen.query("Dot")}["answer map"].value = True
        program.app.screen.query_one("Input").value = str(tmp_path / "map.png")
        await program.pilot.pause()
        await program.pilot.click("#save")
        await program.until(lambda: "this network has 64" in program.said, "it is refused")
    assert not list(tmp_path.iterdir())
