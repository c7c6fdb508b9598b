"""Two files of gradients in the program, as two engines whose epochs are the passes found in them."""

import pytest

from core.dat import dump_of, render
from core.engines.autograd import Autograd
from core.engines.scratch import Scratch
from core.errors import EpochError
from core.experiment_file import load
from core.session import Session
from core.tensors import Quantity, TensorName
from tui.digits import digits_text
from tui.player import Player, open_files
from tui.protocol import (
    ChangeSettings,
    Mine,
    NotDumped,
    NotSaved,
    Open,
    Said,
    SaveRun,
    SaveWeights,
    Show,
    ShowMap,
    Start,
    Step,
    ToggleRun,
    Window,
    WriteDumps,
)
from tui.recorded import UNEXPLAINED, Compared, RecordedPass
from tui.screens.goto import GoToScreen
from tui.trainer import Trainer

WRONG = ('engines.scratch.mistakes=["half-loss-gradient"]',)
FOREIGN = "dW1\n[[1.5 2.5 3.5]\n [4.5 5.5 6.5]]\ndb1\n[0.5 0.25]\ndW2\n[[1.25 {other}]]\ndb2\n[0.125]\n"
GRADIENT = TensorName(Quantity.GRADIENT, 1, "W")


def written(folder, epochs, settings=(), quantities=(Quantity.GRADIENT,)):
    """Both engines' dumps of these epochs of the notebook, one after another in a file each."""
    session = Session(load("notebook", settings))
    for engine in (Scratch, Autograd):
        session.join(engine(session.experiment))
    session.advance(max(epochs))
    paths = []
    for name in ("autograd", "scratch"):
        frames = {k: session.frame_of(k).engines[name] for k in epochs}
        paths.append(folder / f"{name}.dat")
        texts = [render(dump_of(frame, k, session.experiment, quantities)) for k, frame in frames.items()]
        paths[-1].write_text("".join(texts))
    return paths


def printed(folder, *others):
    """Files that somebody else wrote: gradients alone, of a 3-2-1 network."""
    paths = []
    for name, other in zip(("a.txt", "b.txt"), others, strict=True):
        paths.append(folder / name)
        paths[-1].write_text(FOREIGN.format(other=other))
    return paths


def player_of(a, b):
    said = []
    return Player(open_files(Compared(a, b)), said.append), said


# On the screen


async def test_dumps_of_two_right_engines_are_marked_as_right(opened_files, tmp_path):
    async with opened_files(*written(tmp_path, [1, 3])) as program:
        assert "A autograd.dat · B scratch.dat" in program.text
        assert "✓ equal within rounding" in program.text
        assert "pass 1 of 2 · epoch 1" in program.text
        assert "2-10-10-1 sigmoid identity" in program.text
        assert "✓ within rounding" in program.text
        assert all(each.within for judged in program.view.judgements.values() for each in judged.values())
        assert set(program.view.judgements) == {"A", "B"}


async def test_pictures_of_a_run_and_mistakes_are_refused(opened_files, tmp_path):
    async with opened_files(*written(tmp_path, [1, 3])) as program:
        for key in ("7", "8"):
            await program.press(key)
            assert "Files hold no run to draw this of" in program.text
        for key in ("5", "6", "n"):
            await program.press(key)
        assert program.view.epoch == 2

        for key in ("P", "exclamation_mark", "s"):
            await program.press(key)
            assert program.app.screen is program.main
        assert "Two files are shown as they are" in program.said


def test_a_start_carries_files_and_the_users_own_file(tmp_path):
    start = Start("xor", ("epochs=3",), None, Mine(tmp_path / "own.py"), Compared(tmp_path / "a", tmp_path / "b"))

    assert Start.of(start.words()) == start


async def test_a_planted_mistake_is_marked_and_w_goes_to_it(opened_files, tmp_path):
    async with opened_files(*written(tmp_path, [1], WRONG)) as program:
        assert "✗ differ: dL/dW3 first" in program.text
        assert "B is further from the reference pass" in " ".join(program.text.split())
        assert "✗ B beyond rounding" in program.text
        judged = program.view.judgements
        assert all(each.within for each in judged["A"].values())
        worst = max(judged["B"], key=lambda name: judged["B"][name].share)

        await program.press("w")

        assert program.selection.tensor == worst


async def test_the_verdict_takes_as_many_lines_as_it_has(opened_files, tmp_path):
    async with opened_files(*written(tmp_path, [1, 2], WRONG)) as program:
        assert "drifted apart" not in program.text

        await program.press("n")

        assert "the parameters of the two have drifted apart" in program.text
        assert "judged by the rounding bounds of each side's own pass" in program.text


async def test_keys_walk_through_the_passes_and_stop_at_both_ends(opened_files, tmp_path):
    async with opened_files(*written(tmp_path, [2, 5, 9])) as program:
        await program.press("n", "n")
        assert (program.view.epoch, "pass 3 of 3 · epoch 9" in program.text) == (3, True)

        await program.press("n")
        assert program.view.epoch == 3
        assert "The files end here: they have 3 passes." in program.said

        await program.press("home")
        assert program.view.epoch == 1
        await program.press("p")
        assert (program.view.epoch, "pass 1 of 3 · epoch 2" in program.text) == (1, True)


async def test_go_to_asks_for_a_pass(opened_files, tmp_path):
    async with opened_files(*written(tmp_path, [2, 5, 9])) as program:
        await program.press("g")
        await program.until(lambda: isinstance(program.app.screen, GoToScreen), "it asks")
        assert "In the files: 1 to 3" in program.text

        await program.press("2", "enter")

        assert program.view.epoch == 2


async def test_the_passes_stand_in_a_table_with_losses_digits_and_marks(opened_files, tmp_path):
    async with opened_files(*written(tmp_path, [1, 2], WRONG)) as program:
        passes = program.main.described.recorded.passes
        assert "2 Passes" in program.text
        assert [each.mark for each in passes] == ["✗", "✗"]
        for each in passes:
            (row,) = [line for line in program.text.splitlines() if f"{each.losses['B']:.4e}" in line]
            assert f"✗ {digits_text(each.digits, same=each.same)}" in row
            assert f"{each.losses['A']:.4e}" in row
        assert "start" not in program.text


async def test_a_click_on_a_pass_goes_there(opened_files, tmp_path):
    async with opened_files(*written(tmp_path, [1, 2, 3])) as program:
        await program.pilot.click("#loss", offset=(5, 3))
        await program.until(lambda: program.view.epoch == 2, "it stands at the second pass")


async def test_e_cycles_through_both_files_and_what_parts_them(opened_files, tmp_path):
    async with opened_files(*written(tmp_path, [2])) as program:
        seen = [program.selection.shown]
        for _ in range(4):
            await program.press("e")
            seen.append(program.selection.shown)
            assert program.selection.shown in program.view.matrix.values

        assert seen == ["A", "B", "difference", "digits", "share"]
        assert "share of rounding" in program.text


async def test_the_titles_name_the_file(opened_files, tmp_path):
    async with opened_files(*written(tmp_path, [2])) as program:
        await program.press("e")

        assert "dL/dW1 · 10 × 2 · B scratch.dat" in program.text


async def test_what_the_files_do_not_hold_is_told_and_not_made_up(opened_files, tmp_path):
    async with opened_files(*written(tmp_path, [2])) as program:
        await program.press("v", "v", "v")

        assert program.view.matrix is None
        assert program.view.lacking == {"A": "A holds no z1", "B": "B holds no z1"}
        assert "Neither file holds z1." in program.text


async def test_what_one_file_holds_alone_is_shown_of_it(opened_files, tmp_path):
    everything, _ = written(tmp_path, [2], quantities=tuple(Quantity))
    (tmp_path / "other").mkdir()
    _, gradients = written(tmp_path / "other", [2])
    async with opened_files(everything, gradients) as program:
        await program.press("v", "v", "v")
        assert set(program.view.matrix.values) == {"A", "share"}
        assert program.view.judgements["A"][TensorName(Quantity.PRE_ACTIVATION, 1)].within

        await program.press("e")

        assert "B holds no z1" in program.text


async def test_a_dump_with_its_samples_shows_the_first_one(opened_files, tmp_path):
    async with opened_files(*written(tmp_path, [2], quantities=tuple(Quantity))) as program:
        assert len(program.view.sample.x) == 2
        assert set(program.view.sample.predictions) == {"A", "B"}


async def test_files_of_others_have_no_marks_and_an_unknown_network(opened_files, tmp_path):
    async with opened_files(*printed(tmp_path, "2.25", "2.25")) as program:
        assert "3-2-1" in program.text
        assert "1 ?" in program.text
        assert program.view.judgements == {}
        assert "judged by the digits that are printed" in program.text
        assert program.view.drift is None


async def test_no_more_digits_are_shown_than_were_printed(opened_files, tmp_path):
    async with opened_files(*printed(tmp_path, "2.25", "2.25")) as program:
        agreed = program.view.agreements[GRADIENT]
        assert agreed.digits == pytest.approx(2)
        assert (program.view.matrix.values["digits"] <= 2).all()
        (line,) = [each for each in program.text.splitlines() if "[0, 0]" in each]
        assert line.rstrip(" │").endswith(" 1.5")
        assert "ulps" not in program.text


async def test_the_map_of_digits_counts_those_that_were_printed(tmp_path):
    player, _ = player_of(*printed(tmp_path, "2.25", "2.25"))

    player.handle(ShowMap(10, 10))

    assert (player.view().matrix.map.values["digits"] <= 2).all()


async def test_files_of_others_that_differ_say_where(opened_files, tmp_path):
    async with opened_files(*printed(tmp_path, "2.25", "9.75")) as program:
        assert "✗ differ: dL/dW2 first" in program.text
        await program.press("w")
        assert (str(program.selection.tensor), program.selection.column) == ("dL/dW2", 1)


@pytest.mark.parametrize("key", ["d", "x", "ctrl+s"])
async def test_what_would_change_or_save_a_run_is_refused(opened_files, tmp_path, key):
    async with opened_files(*written(tmp_path, [1])) as program:
        main = program.app.screen

        await program.press(key)

        await program.until(lambda: "Two files are shown as they are" in program.said, "it is refused")
        assert program.app.screen is main


async def test_there_is_nothing_to_run(opened_files, tmp_path):
    async with opened_files(*written(tmp_path, [1])) as program:
        await program.press("space")

        assert "there is nothing to train" in program.said


async def test_numbers_of_files_are_not_explained(opened_files, tmp_path):
    async with opened_files(*written(tmp_path, [1])) as program:
        await program.press("4")
        await program.shows("Files hold numbers, and not how they came about")

        await program.press("k")

        assert not program.main.slow_motion.walking
        assert UNEXPLAINED in program.said


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_numbers_keep_their_room_beside_the_verdict(opened_files, tmp_path, size):
    async with opened_files(*written(tmp_path, [1, 2], WRONG), size=size) as program:
        assert program.main.query_one("#grid").size.height >= 2
        assert "every gradient is 0.5 ×" in " ".join(program.text.split())


async def test_networks_of_other_widths_are_shown_as_far_as_they_go(opened_files, tmp_path):
    a, _ = written(tmp_path, [1], ["layers=[2, 3, 1]"])
    (tmp_path / "wide").mkdir()
    _, b = written(tmp_path / "wide", [1], ["layers=[2, 4, 4, 1]"])
    async with opened_files(a, b) as program:
        assert "~ different experiments" in program.text
        assert "A" in program.view.matrix.values

        await program.press("e")
        assert "dL/dW1 is 4 × 2 in B and 3 × 2 in the other file" in program.text

        for _ in range(4):
            await program.press("]")
        assert str(program.selection.tensor) == "dL/dW3"
        assert "B" in program.view.matrix.values


# Without a screen


def test_it_begins_at_the_pass_that_the_verdict_is_of(tmp_path):
    scratch, _ = written(tmp_path, [1, 2, 3])
    (tmp_path / "one").mkdir()
    _, one = written(tmp_path / "one", [2])

    player, said = player_of(scratch, one)

    assert player.view().epoch == 2
    assert [each.mark for each in said[0].recorded.passes] == ["~", "✓", "~"]
    assert "epoch 2 agrees best" in said[0].recorded.line


def test_a_pass_of_one_file_alone_has_no_mark(tmp_path):
    scratch, _ = written(tmp_path, [1, 2, 3])
    (tmp_path / "two").mkdir()
    _, two = written(tmp_path / "two", [1, 2])
    player, said = player_of(scratch, two)

    player.handle(Step(2))

    assert (player.view().epoch, player.view().joined) == (3, ("A",))
    assert (said[0].recorded.passes[2].mark, said[0].recorded.passes[2].label) == ("", "A epoch 3")
    assert player.view().lacking == {"B": "B has no such pass"}


@pytest.mark.parametrize(
    ("labels", "label"),
    [
        ({"A": "epoch 3", "B": "epoch 3"}, "epoch 3"),
        ({"A": "epoch 3", "B": "epoch 4"}, "A epoch 3, B epoch 4"),
        ({"A": "", "B": "run 2"}, "B run 2"),
        ({"A": "", "B": ""}, ""),
    ],
)
def test_a_pass_is_called_what_the_files_call_it(labels, label):
    assert RecordedPass(labels, "✓", "").label == label


def test_commands_that_write_are_answered(tmp_path):
    player, said = player_of(*written(tmp_path, [1]))
    del said[:]

    player.handle(WriteDumps(("A",), (Quantity.GRADIENT,), tmp_path, 1, 1, False), 3)
    player.handle(SaveWeights("A", tmp_path / "w.safetensors"), 4)
    player.handle(SaveRun(tmp_path / "r.safetensors"), 5)
    player.handle(ChangeSettings({"optimizer.lr": 1.0}, 0), 6)
    player.handle(ToggleRun(), 7)

    assert [type(each) for each in said] == [NotDumped, NotSaved, NotSaved, Said, Said]
    assert [each.number for each in said[:3]] == [3, 4, 5]
    assert player.view().handled == 7
    with pytest.raises(EpochError, match="nothing to train"):
        player.saved()


def test_a_trainer_follows_where_an_experiment_is_opened(tmp_path):
    player, said = player_of(*written(tmp_path, [1]))
    player.handle(Show(TensorName(Quantity.PARAMETER, 2, "b"), Window()))

    trainer = player.succeeded_by(Open(load("xor")), 9)

    view = trainer.view()
    assert isinstance(trainer, Trainer)
    assert (view.handled, view.epoch, str(view.matrix.tensor)) == (9, 0, "b2")
    assert said[-1].experiment.name == "xor"


def test_files_of_the_same_name_are_told_apart_by_their_folders(tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
    first, _ = written(tmp_path / "one", [1])
    second, _ = written(tmp_path / "two", [1])

    _, said = player_of(first, second)

    assert said[0].recorded.files == {"A": "one/autograd.dat", "B": "two/autograd.dat"}


def test_losses_are_sent_once(tmp_path):
    player, _ = player_of(*written(tmp_path, [1, 2]))

    series = player.view().series

    assert {name: (first, len(values)) for name, (first, values) in series.items()} == {"A": (0, 2), "B": (0, 2)}
    assert player.view().series == {}


# The command line


def test_the_start_is_written_for_a_command_line_and_read_again(tmp_path):
    start = Start(compared=Compared(tmp_path / "a.dat", tmp_path / "b.dat", 7))

    assert Start.of(start.words()) == start
    assert Start.of(Start("xor", ("epochs=3",)).words()) == Start("xor", ("epochs=3",))


def test_a_file_that_cannot_be_read_is_told_before_the_screen_opens(mlp_tui, tmp_path):
    a, _ = written(tmp_path, [1])
    nothing = tmp_path / "nothing.dat"
    nothing.write_text("no numbers here")

    assert f"{nothing}: holds no arrays of numbers" in mlp_tui("compare", a, nothing, "--tui").refusal
    assert "gone.dat" in mlp_tui("compare", a, tmp_path / "gone.dat", "--tui").refusal


def test_the_screen_needs_a_terminal(mlp_tui, tmp_path):
    assert "the screen needs a terminal" in mlp_tui("compare", *written(tmp_path, [1]), "--tui").refusal


def test_a_screen_and_json_are_not_to_be_had_at_once(mlp_tui, tmp_path):
    assert "--tui opens the screen, --json prints" in mlp_tui("compare", "a", "b", "--tui", "--json").refusal
