"""Opening, settings and saving, through the keys."""

import threading

import pytest

from core.experiment_file import load
from core.saved_run import read_run
from core.weights import read_weights
from tui.places import places
from tui.recent import recent, remember
from tui.screens.confirm import ConfirmScreen
from tui.screens.dump import DumpScreen
from tui.screens.main import MainScreen
from tui.screens.open import OpenScreen
from tui.screens.save import SaveScreen
from tui.screens.settings import SettingsScreen

SMALL = 'name = "small"\nlayers = [2, 3, 1]\nepochs = 4\n'


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder to work in, with nothing opened of late."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


def screen(program):
    return type(program.app.screen)


async def back(program):
    await program.until(lambda: screen(program) is MainScreen and program.conductor.idle, "the dialog has gone")
    await program.pilot.pause()


async def typed(program, text):
    await program.press(*[{".": "full_stop", "-": "minus", "/": "slash"}.get(each, each) for each in text])


# Open


async def test_o_lists_what_ships_with_a_line_on_each(opened, folder):
    async with opened() as program:
        await program.press("o")
        await program.shows("spirals")
        assert screen(program) is OpenScreen
        assert "Fisher's irises" in program.text


async def test_a_name_that_is_typed_narrows_the_list_and_enter_opens_it(opened, folder):
    async with opened() as program:
        await program.press("n", "o")
        await typed(program, "moo")
        await program.until(lambda: "spirals" not in program.text, "the list is narrowed down")
        await program.press("enter")
        await back(program)
        await program.until(lambda: program.main.described.name == "moons", "moons is open")
        assert (program.view.epoch, program.view.trained) == (0, 0)
        await program.press("n")
        assert "accuracy" in program.text


async def test_the_arrows_choose_from_the_list(opened, folder):
    async with opened("moons") as program:
        await program.press("o")
        await program.shows("notebook")
        await program.press("down", "enter")
        await back(program)
        assert program.main.described.name == "as-printed"


async def test_a_file_is_found_by_its_folder_and_remembered(opened, folder):
    (folder / "runs").mkdir()
    (folder / "runs" / "small.toml").write_text(SMALL)
    async with opened() as program:
        await program.press("o")
        await typed(program, "./ru")
        await program.shows("runs/")
        await program.press("down", "up", "enter")
        await program.shows("small.toml")
        await program.press("down", "enter")
        await back(program)
        assert program.main.described.name == "small"
        assert recent() == [folder / "runs" / "small.toml"]


async def test_a_recent_file_is_offered_by_its_name(opened, folder):
    (folder / "small.toml").write_text(SMALL)
    remember(folder / "small.toml")
    async with opened() as program:
        await program.press("o")
        await typed(program, "small")
        await program.shows("Opened of late")
        await program.press("enter")
        await back(program)
        assert program.main.described.name == "small"


async def test_enter_waits_for_the_list_of_what_was_typed(opened, folder, monkeypatch):
    answered = threading.Event()

    def slow(text):
        if text:
            answered.wait(20)
        return places(text)

    monkeypatch.setattr("tui.screens.open.places", slow)
    async with opened() as program:
        await program.press("o")
        await program.shows("Come with mlp-tui")
        for key in (*"moons", "enter"):
            program.app.simulate_key(key)
        await program.until(lambda: program.app.screen.query_one("Input").value == "moons", "all is typed")
        answered.set()
        await program.shows("2-16-16-1 tanh")


async def test_a_broken_file_is_told_and_the_run_stays(opened, folder):
    (folder / "small.toml").write_text("layers = 3")
    async with opened() as program:
        await program.press("n", "o")
        await typed(program, "small.toml")
        await program.press("enter")
        await program.shows("small.toml: layers: got 3; expected a list")
        await program.press("escape")
        assert (program.view.epoch, program.main.described.name) == (1, "notebook")


async def test_what_is_not_there_is_told(opened, folder):
    async with opened() as program:
        await program.press("o")
        await typed(program, "nowhere.toml")
        await program.press("enter")
        await program.shows("There is no nowhere.toml.")


async def test_a_tensor_that_the_new_network_lacks_is_left(opened, folder):
    (folder / "small.toml").write_text(SMALL)
    async with opened() as program:
        await program.press("n", *["right_square_bracket"] * 5, "o")
        assert str(program.selection.tensor) == "dL/db3"
        await typed(program, "small.toml")
        await program.press("enter")
        await back(program)
        await program.press("n")
        assert "dL/dW1 · 3 × 2" in program.text


async def test_much_that_was_trained_is_not_dropped_without_asking(opened, folder):
    async with opened() as program:
        await program.press("g", *"1001", "enter")
        await program.press("o")
        await typed(program, "moons")
        await program.until(lambda: "spirals" not in program.text, "the list is narrowed down")
        await program.press("enter")
        await program.until(lambda: screen(program) is ConfirmScreen, "it asks")
        assert "1,001 epochs" in program.text
        await program.press("n")
        await back(program)
        assert (program.main.described.name, program.view.trained) == ("notebook", 1001)


# Settings


async def test_x_shows_every_setting(opened, folder):
    async with opened("moons") as program:
        await program.press("x")
        assert screen(program) is SettingsScreen
        for text in ("[2, 16, 16, 1]", "tanh", "bce", "momentum", "test_fraction", "scratch.mistakes"):
            assert text in program.text


async def set_to(program, key, text):
    """Put a text into a field."""
    fields = {each.field.key: each for each in program.app.screen.query("FieldInput")}
    fields[key].focus()
    await program.press("end", *["backspace"] * len(fields[key].value))
    await typed(program, text)


async def test_enter_starts_anew_with_what_was_changed(opened, folder):
    async with opened("moons") as program:
        await program.press("n", "x")
        await set_to(program, "optimizer.lr", "0.01")
        await program.press("enter")
        await back(program)
        assert (program.main.described.experiment.optimizer.lr, program.view.trained) == (0.01, 0)
        assert program.main.described.experiment.optimizer.momentum == 0.9


async def test_what_is_typed_in_a_field_takes_its_texts_place_and_after_end_it_is_added(opened, folder):
    async with opened("moons") as program:
        await program.press("x", "down", "down")
        fields = {each.field.key: each for each in program.app.screen.query("FieldInput")}
        await typed(program, "relu")
        await program.press("down", "down", "down", "down", "end", "0")
        assert (fields["activation"].value, fields["epochs"].value) == ("relu", "1000")


async def test_what_can_not_be_is_told_as_it_is_typed_and_not_started(opened, folder):
    async with opened("moons") as program:
        await program.press("x")
        await set_to(program, "batch", "0")
        await program.shows("batch: got 0; expected a whole number >= 1")
        await program.press("enter")
        assert screen(program) is SettingsScreen


def labels_of_wrong(program):
    return [str(row.query_one("Label").content) for row in program.app.screen.query(".setting.wrong")]


async def test_the_field_that_an_error_is_about_is_marked_until_it_is_mended(opened, folder):
    async with opened("moons") as program:
        await program.press("x")
        await set_to(program, "layers", "[2, 0, 1]")
        assert labels_of_wrong(program) == ["layers"]
        await set_to(program, "layers", "[2, 3, 1]")
        assert labels_of_wrong(program) == []
        await set_to(program, "engines.scratch.mistakes", '["none such"]')
        assert labels_of_wrong(program) == ["scratch.mistakes"]


async def test_an_empty_field_shows_what_it_stands_for(opened, folder):
    async with opened("notebook") as program:
        await program.press("x")
        fields = {each.field.key: each for each in program.app.screen.query("FieldInput")}
        assert [fields[key].value for key in ("batch", "optimizer.momentum", "init.file")] == ["", "", ""]
        shown = [fields[key].placeholder for key in ("batch", "optimizer.momentum", "init.file", "epochs")]
        assert shown == ["all", "0.0", "none", "10"]
        await set_to(program, "optimizer.name", "adam")
        assert fields["optimizer.betas"].placeholder == "[0.9, 0.999]"


async def test_page_keys_put_in_the_next_name_and_fields_that_mean_nothing_go(opened, folder):
    async with opened("moons") as program:
        await program.press("x")
        await set_to(program, "optimizer.name", "")
        await program.press("pagedown", "pagedown")
        await program.until(lambda: "betas" in program.text, "adam's own settings are there")
        assert "nesterov" not in program.text
        await program.press("enter")
        await back(program)
        assert program.main.described.experiment.optimizer.name == "adam"
        assert program.main.described.experiment.optimizer.momentum is None


async def test_settings_are_changed_from_the_epoch_shown_on_after_asking(opened, folder):
    async with opened("moons") as program:
        await program.press(*"nnnn", "p", "p", "x")
        await program.shows("From epoch 3 on")
        before = list(program.main.query_one("#loss").history._series["scratch"])
        await set_to(program, "optimizer.lr", "0.01")
        await program.press("ctrl+g")
        await program.until(lambda: screen(program) is ConfirmScreen, "it asks")
        assert "Epochs 3 to 4" in program.text
        await program.press("y")
        await back(program)
        assert (program.view.epoch, program.view.trained) == (2, 2)
        (change,) = program.main.described.experiment.change
        assert (change.epoch, change.set) == (3, {"optimizer.lr": 0.01})
        await program.press("n")
        after = list(program.main.query_one("#loss").history._series["scratch"])
        assert after[:2] == before[:2]
        assert after[2] != before[2]


async def test_another_optimizer_from_here_on_brings_its_own_settings(opened, folder):
    async with opened("moons") as program:
        await program.press("n", "x")
        await set_to(program, "optimizer.name", "adam")
        await program.press("ctrl+g")
        await back(program)
        (change,) = program.main.described.experiment.change
        assert change.set == {"optimizer": {"name": "adam", "lr": 0.1}}
        await program.press("n")
        assert program.view.trained == 2


async def test_what_can_not_be_changed_midway_is_told(opened, folder):
    async with opened("moons") as program:
        await program.press("n", "x")
        await set_to(program, "seed", "5")
        await program.press("ctrl+g")
        assert screen(program) is SettingsScreen
        assert "What a run can change midway" in program.said


# Saving


async def test_ctrl_s_saves_the_experiment_as_it_is_by_now(opened, folder):
    async with opened("moons") as program:
        await program.press("n", "x")
        await set_to(program, "optimizer.lr", "0.01")
        await program.press("ctrl+g")
        await back(program)
        await program.press("ctrl+s", "enter")
        await back(program)
        await program.until(lambda: "moons.toml" in program.said, "it is told")
        assert load(str(folder / "moons.toml")) == program.main.described.experiment


async def test_a_file_in_the_way_is_asked_about(opened, folder):
    (folder / "moons.toml").write_text("mine")
    async with opened("moons") as program:
        await program.press("ctrl+s", "enter")
        await program.until(lambda: screen(program) is ConfirmScreen, "it asks")
        await program.press("n", "escape")
        await back(program)
        assert (folder / "moons.toml").read_text() == "mine"


async def test_an_ending_that_means_nothing_is_told(opened, folder):
    async with opened("moons") as program:
        await program.press("ctrl+s", "end", "x")
        assert "Give a file that ends with .toml." in program.text
        await program.press("enter")
        assert screen(program) is SaveScreen


async def test_the_dump_menu_leads_to_the_weights_of_the_epoch_shown(opened, folder):
    async with opened("moons") as program:
        await program.press("n", "n", "p", "d")
        assert screen(program) is DumpScreen
        await program.pilot.click("#weights")
        await program.until(lambda: screen(program) is SaveScreen, "it asks for a file")
        await program.press("enter")
        await back(program)
        await program.until(lambda: "moons-weights.safetensors" in program.said, "it is told")
        saved = read_weights(folder / "moons-weights.safetensors", (2, 16, 16, 1))
        frame = program.conductor.trainer._session.frame_of(1)
        assert list(saved) == list(frame.engines["scratch"].after.flat)


async def test_the_dump_menu_leads_to_the_run_and_it_is_opened_again(opened, folder):
    async with opened("moons") as program:
        await program.press("n", "n", "d")
        await program.pilot.click("#run")
        await program.until(lambda: screen(program) is SaveScreen, "it asks for a file")
        await program.press("enter")
        await back(program)
        await program.until(lambda: "moons-run.safetensors" in program.said, "it is told")
        assert read_run(folder / "moons-run.safetensors").epoch == 2
        await program.press("r")
        await program.press("o")
        await typed(program, "moons-run.safetensors")
        await program.press("enter")
        await back(program)
        assert (program.view.epoch, program.view.trained) == (2, 2)


async def test_a_folder_that_can_not_be_written_to_is_told(opened, folder):
    async with opened("moons") as program:
        await program.press("n", "d")
        await program.pilot.click("#run")
        await program.until(lambda: screen(program) is SaveScreen, "it asks for a file")
        await program.press("home", *["delete"] * 40)
        await typed(program, "/proc/x.safetensors")
        await program.press("enter")
        await back(program)
        await program.until(lambda: "can't be written" in program.said, "it is told")


# Updates


async def test_the_full_stop_and_the_comma_step_through_an_epochs_updates(opened, folder):
    async with opened("moons") as program:
        await program.press("n", "full_stop")
        assert (program.view.epoch, program.view.inside.update, program.view.updates) == (2, 1, 5)
        assert "update 1 of 5" in program.text
        assert "update 1/5" in program.text
        await program.press("full_stop", "comma", "comma")
        assert (program.view.epoch, program.view.inside) == (1, None)
