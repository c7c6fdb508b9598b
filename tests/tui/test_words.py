"""What the screen and the commands say of what is shown: of when it is, of which sample, of what is run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.experiment_file import load
from tui import served
from tui.protocol import Described
from tui.recent import remember_pane, remember_theme, remembered_pane, remembered_theme


def line_with(text, program):
    return next(line for line in program.text.splitlines() if text in line)


def test_train_says_when_its_predictions_are_from(mlp_tui):
    printed = mlp_tui("train", "--epochs", 3).stdout

    losses, after = printed.split("\nAfter the last update (each loss above is from before its update):\n")
    assert "prediction" not in losses
    assert after.startswith("target")


async def test_the_losses_say_that_they_are_from_before_the_update_and_the_accuracies_after_it(opened):
    async with opened("moons") as program:
        await program.press("n")
        assert "2 Loss · before its update" in program.text
        lines = program.text.splitlines()
        at = next(i for i, line in enumerate(lines) if "─ after its update ─" in line)
        assert "accuracy" in lines[at + 1]


async def test_where_the_losses_have_little_room_what_was_measured_has_it_all(opened):
    async with opened("moons", size=(80, 24)) as program:
        await program.press("n")
        assert "after its update" not in program.text
        assert "held-out accuracy" in program.text


async def test_the_sample_says_of_which_batch_it_is(opened):
    async with opened("moons") as program:
        assert "─ sample 0 ─" in program.text
        await program.press("n")
        assert "─ sample 0 of the last batch ─" in program.text
        await program.press("comma")
        assert "─ sample 0 of batch 4 of 5 ─" in program.text


async def test_in_80_by_24_the_sample_says_it_in_fewer_words(opened):
    async with opened("moons", size=(80, 24)) as program:
        await program.press("n")
        assert "last batch, 0: x " in program.text


async def test_of_a_wide_sample_the_classes_are_told(opened):
    async with opened("digits") as program:
        await program.press("n")
        assert "64 numbers, 0 to 1" in line_with("│ x   ", program)
        assert "class 2" in line_with("│ y   ", program)
        assert "2 (0." in line_with("ŷ scratch", program)


async def test_of_a_wide_sample_the_classes_are_told_in_80_by_24(opened):
    async with opened("digits", size=(80, 24)) as program:
        await program.press("n")
        assert "last batch, sample 0: y class 2" in program.text
        assert "ŷ scratch 2 (0." in program.text


def test_a_summary_tells_the_optimizer_and_the_batches():
    moons = Described(load("moons"), ("scratch", "autograd"), samples=160)

    assert moons.summary[2:] == ("sgd 0.1", "momentum 0.9", "batch 32 of 160", "float64")


def test_a_summary_tells_switches_and_pairs_of_an_optimizer_as_they_are_set():
    settings = ["optimizer.name=adamw", "optimizer.betas=[0.8, 0.99]", "optimizer.lr=0.01"]
    nesterov = ["optimizer.momentum=0.5", "optimizer.nesterov=true"]

    assert Described(load("notebook", settings), ()).summary[2:4] == ("adamw 0.01", "betas 0.8/0.99")
    assert Described(load("notebook", nesterov), ()).summary[2:5] == ("sgd 0.1", "momentum 0.5", "nesterov")


@pytest.mark.parametrize(
    ("width", "summary"),
    [(80, "bce · sgd 0.1 …"), (120, "momentum 0.9 · batch 32 of 160 …"), (140, "batch 32 of 160 · float64 ")],
)
async def test_the_title_leaves_out_what_there_is_no_room_for_from_the_right(opened, width, summary):
    async with opened("moons", size=(width, 30)) as program:
        await program.press("n")
        assert summary in program.text.splitlines()[0]


async def test_a_run_that_goes_on_without_the_view_says_so_and_what_follows_it(opened, tmp_path):
    path = tmp_path / "long.toml"
    path.write_text("epochs = 1000000\n")
    async with opened(path) as program:
        await program.press("n", "n", "n")
        await program.pilot.press("space", "p", "v")  # the trainer tells where it is when the next key comes
        await program.shows(": End follows")
        assert f"you see epoch {program.view.epoch:,}: End follows" in program.text
        assert f"2 Loss · at {program.view.epoch:,}: End follows" in program.text
        await program.pilot.press("end", "v")
        await program.until(lambda: "End follows" not in program.text, "the view follows")
        await program.press("space")


# What a key has selected that is not in sight


@pytest.mark.parametrize("pane", ["5", "6", "7", "8"])
async def test_a_quantity_that_is_not_in_sight_is_named(opened, pane):
    async with opened("moons") as program:
        await program.press("n", pane, "v")
        assert "W1 is selected: 3 shows it." in program.said


@pytest.mark.parametrize("pane", ["5", "6"])
async def test_an_engine_that_is_not_in_sight_is_named(opened, pane):
    async with opened("moons") as program:
        await program.press("n", pane, "e")
        assert "autograd is selected: 3 shows it." in program.said


@pytest.mark.parametrize("pane", ["7", "8"])
async def test_a_picture_of_an_engine_says_so_where_what_parts_them_is_selected(opened, pane):
    async with opened("moons") as program:
        await program.press("n", pane, "e")
        assert "is selected" not in program.said
        await program.press("e")
        assert "difference is selected: 3 shows it; here it stays with scratch." in program.said


@pytest.mark.parametrize("pane", ["3", "4"])
async def test_nothing_is_said_of_what_is_in_sight(opened, pane):
    async with opened("moons") as program:
        await program.press("n", pane, "e", "v")
        assert "is selected" not in program.said


@pytest.mark.parametrize(("keys", "cell"), [((), "dL/dW1[2,1]"), (("right_square_bracket",), "dL/db1[2]")])
async def test_a_copy_says_of_which_cell_it_is(opened, keys, cell):
    async with opened() as program:
        await program.press("n", *keys, "3", "down", "down", "right", "8", "y")
        await program.until(lambda: f"{cell} of scratch was sent" in program.said, "the cell is named")


# Two files


def dumps(folder):
    return [folder / name for name in ("my_autograd.dat", "torch_autograd.dat")]


@pytest.fixture
def files(mlp_tui, tmp_path):
    mlp_tui("train", "--epochs", 1, "--dump", tmp_path)
    return dumps(tmp_path)


async def test_of_two_files_the_footer_offers_only_what_works_there(opened_files, files):
    async with opened_files(*files, size=(160, 40)) as program:
        footer = program.text.splitlines()[-1]
        assert " ".join(footer.split()) == "n → next p ← back o open e engine v quantity ? help q quit"
        await program.press("space")
        assert "nothing to train" in program.said


async def test_the_footer_has_all_of_its_keys_again_where_a_run_is_opened_in_the_place_of_files(opened_files, files):
    async with opened_files(*files, size=(160, 40)) as program:
        program.main.described = Described(load("xor"), ("scratch", "autograd"))
        program.main.refresh_bindings()
        await program.shows("space run")


async def test_of_two_files_the_help_tells_only_what_works_there(opened_files, files):
    async with opened_files(*files, size=(120, 200)) as program:
        await program.press("question_mark")
        assert "Next pass." in program.text
        for text in ("trains it", "slow motion", "Plant a mistake", "Change settings", "Write .dat", "Explaining"):
            assert text not in program.text


async def test_of_two_files_the_palette_offers_only_what_works_there(opened_files, files):
    async with opened_files(*files) as program:
        titles = {each.title for each in program.app.get_system_commands(program.main)}
        assert {"Next", "Engine", "Largest number", "Loss curve"} <= titles
        assert not {"Run", "Dump", "Settings", "Explain", "Walk", "Start again", "Plant a mistake"} & titles


async def test_two_files_open_on_the_matrix_and_what_is_turned_to_there_is_not_remembered(opened_files, files):
    remember_pane("doctor")
    async with opened_files(*files) as program:
        assert program.main.right.current == "matrix"
        await program.press("6")
        assert program.main.right.current == "curve"
    assert remembered_pane() == "doctor"


# The palette


async def test_the_palette_tells_the_keys_and_nothing_twice(opened):
    async with opened() as program:
        commands = list(program.app.get_system_commands(program.main))
        titles = [each.title for each in commands]
        assert len(set(titles)) == len(titles)
        helps = {each.title: each.help for each in commands}
        assert helps["Next"] == "n  → · Next epoch; trains it if it is new."
        assert helps["Explain"].startswith("4 · ")
        assert not [each.title for each in commands if each.help.rstrip(".").lower() == each.title.lower()]


# What is remembered


async def test_the_theme_that_was_chosen_is_there_at_the_next_start(opened):
    async with opened("xor") as program:
        assert program.app.current_theme.dark
        program.app.theme = "textual-light"
        await program.press("n")
    async with opened("xor") as program:
        assert program.app.theme == "textual-light"


@pytest.mark.parametrize("kept", ["", "nonsense"])
async def test_a_theme_that_is_not_there_is_passed_over(opened, kept):
    remember_theme(kept)
    async with opened("xor") as program:
        assert program.app.theme == "textual-dark"


def test_the_theme_of_a_visitor_is_not_the_servers_to_keep(monkeypatch, tmp_path):
    remember_theme("textual-light")
    monkeypatch.setenv(served.FOLDER, str(tmp_path))
    remember_theme("nord")
    assert remembered_theme() == ""
    monkeypatch.delenv(served.FOLDER)
    assert remembered_theme() == "textual-light"


async def test_an_explanation_at_epoch_0_says_which_key_brings_it(opened):
    remember_pane("explain")
    async with opened("xor") as program:
        await program.shows("Nothing has been computed yet. Press n to train the first epoch")
        assert "expected an epoch" not in program.text


async def test_the_doctor_says_where_to_go_on_without_a_file(opened):
    remember_pane("doctor")
    async with opened("xor") as program:
        await program.shows("Without one: 3 shows the engines' numbers, n trains an epoch.")


# On the command line


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("trian", "did you mean train?"),
        ("moonz", "did you mean moons?"),
        ("zzz", "mlp-tui --help and mlp-tui list name them"),
    ],
)
def test_a_word_that_is_no_command_and_no_experiment_is_refused_with_what_may_be_meant(mlp_tui, word, meant):
    assert mlp_tui(word).refusal == f"no command or experiment is called {word}; {meant}"


@pytest.mark.parametrize("path", ["./trian", "trian.toml", "/nowhere/trian"])
def test_what_looks_like_a_file_is_one_that_can_t_be_read(mlp_tui, path):
    assert "can't be read (No such file or directory)" in mlp_tui(path).refusal


def test_a_run_that_has_its_epochs_already_says_that_there_is_nothing_to_train(mlp_tui, tmp_path):
    run = tmp_path / "run.safetensors"
    mlp_tui("train", "--epochs", 2, "--save", run)
    done = mlp_tui("train", "--resume", run, "--epochs", 2)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Nothing to train: the run has 2 of 2 epochs. --epochs 3 or more trains on.\n")
    assert "digits" not in done.stdout
    assert "prediction scratch" in done.stdout


@pytest.mark.parametrize("words", [["--help"], ["train", "--help"], ["list"], ["mistakes"]])
def test_where_whoever_reads_has_gone_it_ends_quietly_and_with_the_same_status(words):
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as pipe:
        program = [Path(sys.executable).with_name("mlp-tui"), *words]
        done = subprocess.run(program, stdout=pipe, stderr=subprocess.PIPE, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (141, b"")


# The help


async def test_the_help_begins_with_ten_keys_and_the_words_then_tells_all_keys(opened):
    async with opened(size=(120, 100)) as program:
        await program.press("question_mark")
        page = [part.strip() for line in program.text.splitlines() for part in line.split("│")]
        useful, words, epochs = (page.index(head) for head in ("Most useful", "Words", "Epochs"))
        assert useful < words < epochs
        told = " ".join(page[useful:words])
        assert all(f" {key} " in told for key in ("space", "v", "]", "e", "3", "4", "w", "k"))
        assert "Train to the last planned epoch" in told
        assert "Ten epochs on." not in told
        assert "answer map: from after it" in " ".join(page[words:epochs])
