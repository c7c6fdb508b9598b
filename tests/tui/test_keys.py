"""The program through its keys and the mouse, as a user has it."""

import struct
import time

import pytest
from textual.events import Key

from core import dat
from core.experiment_file import load
from core.tensors import INPUT, TARGET, Quantity, parse_tensor_name
from tui.actions import ACTIONS
from tui.dump_job import existing
from tui.panes.block_map import HEADING_WIDTH
from tui.protocol import GoTo, Step, WriteDumps
from tui.screens.confirm import ConfirmScreen
from tui.screens.dump import DumpScreen, _look, _summary
from tui.screens.goto import GoToScreen
from tui.screens.help import HelpScreen

BORDER_AND_HEADING = 2
"""Lines of a pane above its first row."""
DUMPS = ("my_autograd.dat", "torch_autograd.dat")


async def test_it_opens_at_epoch_0_with_the_model_in_focus(opened):
    async with opened() as program:
        assert (program.view.epoch, program.view.trained, program.view.planned) == (0, 0, 10)
        assert program.focused == "model"
        assert "press n to train" in program.text
        assert "epoch 0 of 10" in program.text


# Epochs


@pytest.mark.parametrize("key", ["n", "right"])
async def test_next_trains_an_epoch_that_is_new(opened, key):
    async with opened() as program:
        await program.press(key)
        assert (program.view.epoch, program.view.trained) == (1, 1)
        assert program.view.joined == ("scratch", "autograd")
        assert "epoch 1 of 10" in program.text


@pytest.mark.parametrize("key", ["p", "left"])
async def test_previous_goes_back_and_stops_at_epoch_0(opened, key):
    async with opened() as program:
        await program.press("n", "n", key)
        assert (program.view.epoch, program.view.trained) == (1, 2)
        await program.press(key, key, key)
        assert (program.view.epoch, program.view.trained) == (0, 2)


async def test_page_keys_go_ten_epochs(opened):
    async with opened() as program:
        await program.press("n", "pagedown")
        assert (program.view.epoch, program.view.planned) == (11, 11)
        await program.press("pageup")
        assert program.view.epoch == 1


async def test_home_and_end_go_to_the_first_and_the_last_epoch(opened):
    async with opened() as program:
        await program.press("n", "n", "n", "home")
        assert program.view.epoch == 0
        await program.press("end")
        assert program.view.epoch == 3


async def test_space_trains_to_the_planned_end(opened):
    async with opened() as program:
        await program.press("space")
        assert (program.view.epoch, program.view.trained, program.view.running) == (10, 10, False)
        await program.press("space")
        assert program.view.trained == 10
        assert "All 10 epochs are trained" in program.said


async def test_going_past_the_plan_trains_one_more_and_the_plan_grows(opened):
    async with opened() as program:
        await program.press("space", "n")
        assert (program.view.epoch, program.view.planned) == (11, 11)
        assert "epoch 11 of 11" in program.text


async def test_go_to_asks_for_an_epoch_and_trains_up_to_it(opened):
    async with opened() as program:
        await program.pilot.press("g")
        await program.until(lambda: isinstance(program.app.screen, GoToScreen), "it asks for an epoch")
        await program.press("2", "5", "enter")
        await program.until(lambda: program.view.epoch == 25, "epoch 25 is shown")
        assert program.view.planned == 25
        await program.press("g", "3", "enter")
        await program.until(lambda: program.view.epoch == 3, "epoch 3 is shown")


async def test_go_to_takes_no_empty_number_and_escape_stays(opened):
    async with opened() as program:
        await program.press("n", "g", "enter")
        assert isinstance(program.app.screen, GoToScreen)
        assert "whole number" in program.said
        await program.press("escape")
        assert program.app.screen is program.main
        assert program.view.epoch == 1


async def test_space_pauses_a_long_run(opened):
    async with opened() as program:
        await program.pilot.press("g", *"1000000", "enter")
        await program.until(lambda: GoTo(1_000_000) in program.conductor.sent, "training begins")
        await program.press("space")
        trained = program.view.trained
        assert 0 < trained < 1_000_000
        assert not program.view.running
        await program.press("home")
        assert (program.view.epoch, program.view.trained) == (0, trained)


async def test_starting_again_goes_back_to_epoch_0_with_nothing_trained(opened):
    async with opened() as program:
        await program.press("n", "n", "v", "r")
        await program.until(lambda: program.view.trained == 0, "the run starts again")
        await program.press("n")
        assert (program.view.epoch, program.view.trained) == (1, 1)
        assert program.view.matrix.tensor == program.selection.tensor


async def test_pressing_keys_quickly_loses_none(opened):
    async with opened() as program:
        await program.press(*"nnnnnnnpppnnnnn")
        assert program.view.epoch == 9


# What is looked at


async def test_e_cycles_both_engines_their_difference_and_their_digits(opened):
    async with opened() as program:
        await program.press("n")
        seen = []
        for _ in range(6):
            seen.append(program.selection.shown)
            assert seen[-1] in program.main.query_one("#matrix").border_title
            await program.press("e")
        assert seen == ["scratch", "autograd", "difference", "digits", "share", "scratch"]


async def test_v_cycles_the_six_quantities(opened):
    async with opened() as program:
        await program.press("n")
        seen = []
        for _ in range(7):
            assert program.view.matrix.tensor == program.selection.tensor
            seen.append(program.selection.quantity.value)
            await program.press("v")
        assert seen == ["gradient", "parameter", "update", "z", "a", "δ", "gradient"]


async def test_brackets_go_through_the_tensors(opened):
    async with opened() as program:
        await program.press("n")
        seen = []
        for _ in range(7):
            seen.append(str(program.view.matrix.tensor))
            await program.press("right_square_bracket")
        assert seen == [*(f"dL/d{part}{k}" for k in (1, 2, 3) for part in "Wb"), "dL/db3"]
        await program.press("left_square_bracket")
        assert str(program.view.matrix.tensor) == "dL/dW3"


async def test_brackets_reach_the_input_and_the_target_among_the_activations(opened):
    async with opened() as program:
        await program.press("n", "v", "v", "v", "v", "left_square_bracket")
        assert program.view.matrix.tensor == INPUT
        await program.press(*["right_square_bracket"] * 4)
        assert program.view.matrix.tensor == TARGET


async def test_tab_and_numbers_go_to_the_panes(opened):
    async with opened() as program:
        seen = []
        for key in ("tab", "tab", "tab", "shift+tab", "1", "3", "2"):
            await program.press(key)
            seen.append(program.focused)
        assert seen == ["loss", "grid", "model", "grid", "model", "grid", "loss"]


async def test_up_and_down_choose_the_tensor_in_the_model(opened):
    async with opened() as program:
        await program.press("n", "down", "down")
        assert str(program.view.matrix.tensor) == "dL/dW2"
        await program.press("up")
        assert str(program.view.matrix.tensor) == "dL/db1"


async def test_up_and_down_choose_the_epoch_in_the_losses_and_train_none(opened):
    async with opened() as program:
        await program.press("n", "n", "n", "2", "up", "up")
        assert program.view.epoch == 1
        await program.press("down", "down", "down", "down")
        assert (program.view.epoch, program.view.trained) == (3, 3)


async def test_arrows_step_epochs_outside_the_matrix_and_move_the_cell_inside(opened):
    async with opened() as program:
        await program.press("n", "n", "3")
        asked = [each for each in program.conductor.sent if isinstance(each, Step)]
        await program.press("down", "down", "right", "left", "right")
        assert (program.selection.row, program.selection.column) == (2, 1)
        await program.press("home")
        assert (program.selection.row, program.selection.column) == (2, 0)
        await program.press("end")
        assert (program.selection.row, program.selection.column) == (2, 1)
        await program.press("pagedown", "pagedown")
        assert (program.selection.row, program.selection.column) == (9, 1)
        await program.press("pageup", "up")
        assert (program.selection.row, program.selection.column) == (0, 1)
        assert [each for each in program.conductor.sent if isinstance(each, Step)] == asked
        await program.press("1", "left")
        assert program.view.epoch == 1


async def test_n_and_p_step_epochs_inside_the_matrix_too(opened):
    async with opened() as program:
        await program.press("3", "n", "n", "p")
        assert (program.view.epoch, program.view.trained) == (1, 2)


async def test_the_cells_line_has_every_digit_of_both_engines(opened):
    async with opened() as program:
        await program.press("n", "3", "down")
        matrix = program.view.matrix
        for engine in ("scratch", "autograd"):
            assert f"{matrix.values[engine][1, 0]: .16e}".strip() in program.text
        assert "ulp" in program.text


# Copies


async def test_y_copies_the_cell_and_capital_y_the_tensor_to_the_last_bit(opened):
    async with opened() as program:
        await program.press("n", "3", "down", "right", "y")
        values = program.view.matrix.values["scratch"]
        assert struct.pack("d", float(program.app.clipboard)) == values[1, 1].tobytes()
        await program.press("Y")
        rows = [[float(word) for word in line.split()] for line in program.app.clipboard.splitlines()]
        assert rows == values.tolist()


async def test_copying_where_there_is_no_number_says_so(opened):
    async with opened() as program:
        await program.press("y", "Y")
        assert program.app.clipboard == ""
        assert "no number" in program.said
        assert "no tensor" in program.said


# Dumps


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


async def dump_dialog(program):
    await program.pilot.press("d")
    await program.until(lambda: isinstance(program.app.screen, DumpScreen), "the dump dialog opens")
    await program.pilot.pause()


async def test_d_enter_writes_both_dumps_here_and_says_where(opened, folder):
    async with opened() as program:
        await program.press("n", "n")
        await dump_dialog(program)
        await program.press("enter")
        await program.until(lambda: "Written" in program.said, "it says what it wrote")
        assert sorted(path.name for path in folder.iterdir()) == list(DUMPS)
        assert all(str(folder / name) in program.said or name in program.said for name in DUMPS)
        mine, torchs = (dat.read(folder / name) for name in DUMPS)
        assert mine.epoch == torchs.epoch == 2
        assert mine.tensors["dL/dW1"].tobytes() == program.view.matrix.values["scratch"].tobytes()


async def test_dumping_again_asks_and_no_keeps_the_files(opened, folder):
    async with opened() as program:
        for name in DUMPS:
            (folder / name).write_text("mine")
        await program.press("n")
        await dump_dialog(program)
        await program.pilot.press("enter")
        await program.until(lambda: isinstance(program.app.screen, ConfirmScreen), "it asks")
        await program.press("n")
        assert isinstance(program.app.screen, DumpScreen)
        assert {(folder / name).read_text() for name in DUMPS} == {"mine"}
        await program.pilot.press("enter")
        await program.until(lambda: isinstance(program.app.screen, ConfirmScreen), "it asks again")
        await program.press("y")
        await program.until(lambda: "Written" in program.said, "it says what it wrote")
        assert [dat.read(folder / name).epoch for name in DUMPS] == [1, 1]


async def test_a_folder_that_is_not_there_is_made_where_the_user_agrees(opened, folder):
    async with opened() as program:
        await program.press("n")
        await dump_dialog(program)
        program.app.screen.query_one("#folder").focus()
        program.app.screen.query_one("#folder").value = "new/er"
        await program.pilot.press("enter")
        await program.until(lambda: isinstance(program.app.screen, ConfirmScreen), "it asks")
        await program.press("n")
        assert list(folder.iterdir()) == []
        await program.pilot.press("enter")
        await program.until(lambda: isinstance(program.app.screen, ConfirmScreen), "it asks again")
        await program.press("y")
        await program.until(lambda: "Written" in program.said, "it says what it wrote")
        assert sorted(path.name for path in (folder / "new" / "er").iterdir()) == list(DUMPS)
        await dump_dialog(program)
        assert program.app.screen.query_one("#folder").value == "new/er"


async def test_a_file_in_the_folders_place_is_said_and_nothing_is_written(opened, folder):
    (folder / "file").write_text("mine")
    async with opened() as program:
        await program.press("n")
        await dump_dialog(program)
        program.app.screen.query_one("#folder").value = "file"
        await program.pilot.press("enter")
        await program.until(lambda: "not a folder" in program.said, "it says what is in the way")
        assert (folder / "file").read_text() == "mine"
        await program.press("escape", "n")
        assert program.view.epoch == 2


async def test_a_folder_where_a_dump_should_be_is_said_and_training_goes_on(opened, folder):
    (folder / DUMPS[0] / "inside").mkdir(parents=True)
    async with opened() as program:
        await program.press("n")
        await dump_dialog(program)
        await program.pilot.press("enter")
        await program.until(lambda: isinstance(program.app.screen, ConfirmScreen), "it asks")
        await program.press("y")
        await program.until(lambda: "can't be written" in program.said, "it says that it can't")
        assert [path.name for path in folder.iterdir()] == [DUMPS[0]]
        await program.press("n")
        assert program.view.epoch == 2


async def test_every_epoch_can_be_dumped_of_one_engine(opened, folder):
    async with opened() as program:
        await program.press("n", "n", "n")
        await dump_dialog(program)
        program.app.screen.query_one("#engine-scratch").toggle()
        program.app.screen.query("#epochs RadioButton").last().toggle()
        await program.pilot.pause()
        await program.press("enter")
        await program.until(lambda: "Written" in program.said, "it says what it wrote")
        names = sorted(path.name for path in folder.iterdir())
        assert names == [f"torch_autograd.000{epoch}.dat" for epoch in (1, 2, 3)]
        assert [dat.read(folder / name).epoch for name in names] == [1, 2, 3]


async def test_nothing_chosen_can_not_be_saved(opened, folder):
    async with opened() as program:
        await program.press("n")
        await dump_dialog(program)
        program.app.screen.query_one("#quantity-GRADIENT").toggle()
        await program.shows("at least one")
        assert program.app.screen.query_one("#save").disabled
        assert list(folder.iterdir()) == []


def type_at_once(program, *keys):
    """Type faster than anything can be done about it."""
    for key in keys:
        program.app.post_message(Key(key, key if len(key) == 1 else None))


async def test_n_d_enter_in_one_breath_dumps_epoch_1(opened, folder):
    async with opened() as program:
        type_at_once(program, "n", "d", "enter")
        await program.until(lambda: "Written" in program.said, "it says what it wrote")
        assert [dat.read(folder / name).epoch for name in DUMPS] == [1, 1]
        type_at_once(program, "n", "n", "y", "d", "escape", "n")
        await program.until(lambda: program.view.epoch == 4 and program.app.clipboard, "all have been taken")
        assert program.app.screen is program.main


async def test_an_epoch_typed_ahead_is_gone_to(opened):
    async with opened() as program:
        type_at_once(program, "g", "2", "5", "enter")
        await program.until(lambda: program.view.epoch == 25, "epoch 25")


async def test_what_came_after_the_dialog_looked_is_not_overwritten(opened, folder):
    async with opened() as program:
        await program.press("n")
        await dump_dialog(program)
        send = program.conductor.send
        program.conductor.send = lambda command: ((folder / DUMPS[1]).write_text("mine"), send(command))[1]
        await program.press("enter")
        await program.until(lambda: "exists already" in program.said, "it refuses")
        assert [path.name for path in folder.iterdir()] == [DUMPS[1]]
        assert (folder / DUMPS[1]).read_text() == "mine"


async def test_a_great_many_epochs_are_offered_without_counting_them(opened, folder, monkeypatch):
    asked = WriteDumps(("scratch", "autograd"), (Quantity.GRADIENT,), folder, 1, 1_000_000_000, numbered=True)
    (folder / "my_autograd.0007.dat").write_text("mine")
    (folder / "torch_autograd.1000000001.dat").write_text("of another run")
    begun = time.perf_counter()
    text = _summary(asked, _look(asked))

    assert existing(asked) == [folder / "my_autograd.0007.dat"]
    assert time.perf_counter() - begun < 0.1
    assert text.startswith("2,000,000,000 files will be written:")
    assert text.endswith("torch_autograd.1000000000.dat")


async def test_epoch_0_has_nothing_to_dump(opened, folder):
    async with opened() as program:
        await program.press("d")
        await program.until(lambda: "nothing to dump" in program.said, "it says so")
        assert program.app.screen is program.main


# The program


@pytest.mark.parametrize("key", ["question_mark", "f1"])
async def test_help_opens_and_closes(opened, key):
    async with opened() as program:
        await program.press(key)
        assert isinstance(program.app.screen, HelpScreen)
        await program.press("escape")
        assert program.app.screen is program.main


@pytest.mark.parametrize("key", ["q", "ctrl+q"])
async def test_quitting_asks_nothing_and_ends_well(opened, key):
    async with opened() as program:
        await program.press("n")
        await program.pilot.press(key)
        assert program.app._exit
        assert program.app.return_code == 0


async def test_the_palette_finds_an_action_and_does_it(opened):
    async with opened() as program:
        await program.press("n", "ctrl+p")
        await program.until(lambda: program.app.screen is not program.main, "the palette opens")
        await program.pilot.press(*"quantity")
        await program.shows("Gradient, parameter, update")
        await program.pilot.press("enter")
        await program.until(lambda: program.app.screen is program.main, "the palette closes")
        await program.until(lambda: program.selection.quantity is Quantity.PARAMETER, "the quantity changes")


@pytest.mark.parametrize(
    ("row", "tensor"), [(0, "x"), (1, "a1"), (2, "dL/dW1"), (5, "dL/dW2"), (9, "dL/db3"), (10, "y")]
)
async def test_a_click_on_a_row_of_the_model_picks_its_tensor(opened, row, tensor):
    async with opened() as program:
        await program.press("n", "right_square_bracket")
        await program.pilot.click("#model", offset=(6, BORDER_AND_HEADING + row))
        await program.until(lambda: program.view.matrix.tensor == parse_tensor_name(tensor), f"{tensor} is shown")
        assert program.selection.tensor == program.view.matrix.tensor


async def test_a_click_on_a_loss_goes_to_its_epoch(opened):
    async with opened() as program:
        await program.press("n", "n", "n")
        await program.pilot.click("#loss", offset=(6, BORDER_AND_HEADING + 1))
        await program.until(lambda: program.view.epoch == 1, "epoch 1 is shown")
        await program.pilot.click("#loss", offset=(6, BORDER_AND_HEADING + 6))
        await program.press("p")
        assert (program.view.epoch, program.view.trained) == (0, 3)


async def test_a_click_on_a_cell_picks_it(opened):
    async with opened() as program:
        await program.press("n")
        width = program.main.query_one("#grid")._cell_width
        await program.pilot.click("#grid", offset=(HEADING_WIDTH + width + 2, 1 + 4))
        await program.until(lambda: (program.selection.row, program.selection.column) == (4, 1), "it is picked")
        assert program.focused == "grid"


def first_epoch_seen(program):
    """The epoch in the first row of the losses."""
    return program.main.query_one("#loss")._origin


async def test_the_wheel_holds_in_the_losses_until_the_cursor_moves_or_end(opened):
    async with opened() as program:
        await program.press("n", *["pagedown"] * 6)
        newest = first_epoch_seen(program)
        loss = program.main.query_one("#loss")
        for _ in range(8):
            loss.on_mouse_scroll_up()
        away = first_epoch_seen(program)
        assert away == newest - 24
        await program.press("n", "v")
        assert first_epoch_seen(program) == away
        await program.press("p")
        assert first_epoch_seen(program) > away
        for _ in range(8):
            loss.on_mouse_scroll_up()
        await program.press("end")
        assert first_epoch_seen(program) >= newest


@pytest.mark.parametrize(("action", "cell"), [("Cell down", (1, 0)), ("Cell right", (0, 1))])
async def test_the_palette_moves_the_cell(opened, action, cell):
    async with opened() as program:
        await program.press("n", "ctrl+p")
        await program.until(lambda: program.app.screen is not program.main, "the palette opens")
        await program.pilot.press(*action.lower().replace(" ", ""))
        await program.shows(action)
        await program.pilot.press("enter")
        await program.until(lambda: (program.selection.row, program.selection.column) == cell, "the cell moves")


async def test_every_action_of_ours_is_in_the_palette(opened):
    async with opened() as program:
        offered = {each.title.lower() for each in program.app.get_system_commands(program.main)}
        assert {each.label for each in ACTIONS if not each.name.startswith("app.")} <= offered


async def test_an_engine_that_can_not_be_had_is_not_said_to_be_on_its_way(opened):
    async with opened() as program:
        program.conductor.trainer._session._timelines.pop("autograd")
        program.conductor.trainer.do_without("autograd", "no such file")
        await program.press("n", "e")
        assert "can't be used" in program.main.query_one("#matrix").border_subtitle
        await program.press("e")
        assert "can't be used" in program.main.query_one("#matrix").border_subtitle
        assert "…" not in program.main.query_one("#loss").line(2)[0].text


async def test_a_dump_that_waits_for_pytorch_says_so_as_long_as_it_does(opened, folder):
    async with opened() as program:
        await program.press("n")
        autograd = program.conductor.trainer._session._timelines.pop("autograd")
        await dump_dialog(program)
        await program.press("enter")
        await program.shows("A dump waits until PyTorch has been imported.")
        program.conductor.trainer._session._timelines["autograd"] = autograd
        await program.press("n")
        await program.until(lambda: "Written" in program.said, "it is written")
        await program.press("n")
        assert "A dump waits" not in program.text


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_a_notice_hides_no_number(opened, folder, size):
    async with opened(size=size) as program:
        await program.press("n")
        before = program.text.splitlines()[:-2]
        await dump_dialog(program)
        await program.press("enter")
        await program.shows("Written")
        assert program.text.splitlines()[:-2] == before


# Sizes and experiments


async def test_both_predictions_are_shown_and_named_in_80_by_24(opened):
    async with opened(size=(80, 24)) as program:
        await program.press("n")
        (line,) = [each for each in program.text.splitlines() if "ŷ scratch" in each]
        assert "scratch 0.3694" in line
        assert "autograd 0.3694" in line


@pytest.mark.parametrize("size", [(60, 30), (100, 12)])
async def test_a_terminal_that_is_too_small_is_told_what_is_needed(opened, size):
    async with opened(size=size) as program:
        assert "mlp-tui needs 72 × 20" in program.text
        assert f"{size[0]} × {size[1]}" in program.text


async def test_epochs_trained_while_the_terminal_is_too_small_stand_in_the_table_afterwards(opened):
    async with opened(size=(100, 30)) as program:
        await program.press(*["n"] * 4)
        await program.pilot.resize_terminal(60, 20)
        await program.press("n")
        await program.until(lambda: program.view.epoch == 5, "the next epoch is trained")
        await program.pilot.pause()
        await program.pilot.resize_terminal(100, 30)
        for epoch in range(6):
            await program.shows(f"│ {'▸' if epoch == 5 else ' '}    {epoch} ")


async def test_resizing_brings_the_panes_back_with_all_that_was_there(opened):
    async with opened() as program:
        await program.press("n", "n")
        before = program.text
        await program.pilot.resize_terminal(50, 10)
        await program.shows("needs 72")
        await program.press("n")
        await program.pilot.resize_terminal(80, 24)
        await program.shows("2 Loss")
        assert "epoch 3 of 10" in program.text
        await program.pilot.resize_terminal(120, 40)
        await program.press("p")
        await program.until(lambda: program.text.count("\n") == 39, "the terminal is large again")
        at_two = program.text
        assert [line for line in at_two.splitlines() if "[0" in line] == [
            line for line in before.splitlines() if "[0" in line
        ]


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_as_printed_says_that_its_engines_can_not_be_compared(opened, size):
    async with opened("as-printed", size) as program:
        await program.press("n", "e", "e")
        assert "ifferent" in program.text
        assert "can't be compared" in program.text
        assert "difference" not in program.view.matrix.values


async def test_the_notebook_says_nothing_of_the_kind(opened):
    async with opened() as program:
        await program.press("n")
        assert "can't be compared" not in program.text


async def test_brackets_in_an_experiments_name_are_shown_as_they_are(opened, tmp_path):
    path = tmp_path / "brackets.toml"
    path.write_text('name = "[red]x[/red] [/oops] [1, 2]"\n')
    assert load(str(path)).name == "[red]x[/red] [/oops] [1, 2]"
    async with opened(path, (140, 40)) as program:
        await program.press("n")
        assert "[red]x[/red] [/oops] [1, 2]" in program.text


async def test_a_folder_with_brackets_in_its_name_is_shown_as_it_is(opened, tmp_path, monkeypatch):
    folder = tmp_path / "[red]out[oops]"
    folder.mkdir()
    monkeypatch.chdir(folder)
    async with opened(size=(200, 40)) as program:
        await program.press("n")
        await dump_dialog(program)
        await program.press("enter")
        await program.until(lambda: "Written" in program.said, "it says what it wrote")
        assert sorted(path.name for path in folder.iterdir()) == list(DUMPS)


async def test_a_network_that_blows_up_shows_nan_and_inf_as_words(opened, tmp_path):
    path = tmp_path / "wild.toml"
    path.write_text("[optimizer]\nlr = 1e200\n")
    async with opened(path) as program:
        await program.press("n", "n", "n", "n")
        assert "both are nan" in program.text


@pytest.mark.parametrize("name", ["~nobody-has-this-name", "x" * 300])
async def test_a_folder_that_can_not_be_is_shown_and_harms_nothing(opened, folder, name):
    async with opened() as program:
        await program.press("n")
        await dump_dialog(program)
        program.app.screen.query_one("#folder").value = name
        await program.pilot.pause()
        assert isinstance(program.app.screen, DumpScreen)
        assert "will ask" in str(program.app.screen.query_one("#paths").content)
