"""Keys that come faster than the screen can show what they ask for: none is lost, none means something else."""

import asyncio

import pytest
from textual.events import Key

from tui.actions import ACTIONS
from tui.protocol import GoTo
from tui.screens.main import TrainerSaid
from tui.screens.save import SaveScreen
from tui.screens.settings import SettingsScreen


def type_at_once(app, *keys):
    """Type faster than anything can be done about it."""
    for key in keys:
        app.post_message(Key(key, key if len(key) == 1 else None))


def delay_commands(conductor):
    """Let the trainer be as far away as a process is that has something else to do."""
    put = conductor._commands.put_nowait
    conductor._commands.put_nowait = lambda order: asyncio.get_running_loop().call_later(0.02, put, order)


@pytest.fixture
def typed_at_once(opened):
    """Return a function that types some keys one by one, then others in one breath, and gives the explanation."""

    async def explained(*keys, first=()):
        async with opened() as program:
            await program.press(*first)
            delay_commands(program.conductor)
            type_at_once(program.app, *keys)
            await program.until(lambda: program.focused == "explain", "it explains")
            await program.until(lambda: program.main.is_settled and program.view.explained, "all is there")
            return str(program.view.explained.explanation.address)

    return explained


async def test_a_cell_is_chosen_in_the_tensor_that_the_keys_before_asked_for(typed_at_once):
    assert await typed_at_once("v", "v", "v", "right", "right", "enter", first=("3", "n")) == "z1[0,2]"


async def test_a_cell_is_chosen_in_the_first_epoch_that_the_key_before_asked_for(typed_at_once):
    assert await typed_at_once("n", "down", "down", "enter", first=("3",)) == "dL/dW1[2,0]"


async def test_a_cell_is_chosen_in_the_pane_that_the_key_before_asked_for(typed_at_once):
    assert await typed_at_once("3", "down", "down", "enter", first=("n",)) == "dL/dW1[2,0]"


async def test_the_largest_number_is_that_of_the_tensor_that_the_keys_before_asked_for(typed_at_once, opened):
    async with opened() as program:
        await program.press("3", "n", "v", "v", "v", "m", "enter")
        largest = str(program.view.explained.explanation.address)
    assert await typed_at_once("v", "v", "v", "m", "enter", first=("3", "n")) == largest


async def test_what_follows_the_enter_of_a_dialog_is_for_what_comes_after_it(opened):
    async with opened() as program:
        type_at_once(program.app, "g", "5", "enter", "n", "n")
        await program.until(lambda: program.view.epoch == 7, "two epochs on from 5")
        type_at_once(program.app, "g", "3", "escape", "n")
        await program.until(lambda: program.view.epoch == 8, "one epoch on from 7")


async def test_an_enter_that_a_dialog_refuses_leaves_what_follows_to_it(opened):
    async with opened() as program:
        type_at_once(program.app, "g", "enter", "5", "enter", "n")
        await program.until(lambda: program.view.epoch == 6, "one epoch on from 5")


async def test_keys_that_come_before_there_is_anything_to_see_are_not_lost(opened):
    async with opened() as program:
        main, view = program.main, program.view
        main.view = None  # as it is until the trainer has said something
        type_at_once(program.app, "v", "right_square_bracket", "e", "x")
        await program.press()
        assert str(main.selection.tensor) == "dL/dW1"
        main.post_message(TrainerSaid(view))
        await program.until(lambda: isinstance(program.app.screen, SettingsScreen), "the settings are there")
        assert (str(main.selection.tensor), main.selection.shown) == ("b1", "autograd")
        await program.shows("From epoch 1 on")


async def test_what_the_palette_is_asked_for_before_there_is_anything_to_see_is_not_lost(opened):
    async with opened() as program:
        main, view = program.main, program.view
        main.view = main.asked_for._view = None
        asked = asyncio.create_task(main.perform(next(each for each in ACTIONS if each.label == "save weights")))
        await program.press()
        assert program.app.screen is main
        main.post_message(TrainerSaid(view))
        await program.until(lambda: isinstance(program.app.screen, SaveScreen), "it asks where to")
        await asked


async def test_an_enter_that_the_terminal_took_for_a_new_line_is_an_enter(opened):
    async with opened() as program:
        type_at_once(program.app, "g", "5", "ctrl+j", "n")
        await program.until(lambda: program.view.epoch == 6, "one epoch on from 5")


async def test_no_key_waits_for_long_where_the_trainer_has_nothing_to_show_yet(opened):
    async with opened() as program:
        await program.press("3")
        type_at_once(program.app, "g", *"1000000", "enter", "down", "m")
        await program.until(lambda: GoTo(1_000_000) in program.conductor.sent, "training begins")
        await program.until(lambda: not program.app._held, "all keys have been taken")
        assert program.view.trained == 0
        await program.press("escape")
