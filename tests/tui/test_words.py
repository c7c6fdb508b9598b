"""What the screen and the commands say of what is shown: of when it is, of which sample, of what is run."""

import pytest

from core.experiment_file import load
from tui.protocol import Described


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
