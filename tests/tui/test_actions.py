"""One registry: what it names is there, and what the program should do is in it."""

import re
from collections import Counter

import pytest
from textual.keys import KEY_ALIASES, Keys

from tui.actions import ACTIONS, bindings, groups
from tui.app import MlpApp
from tui.panes.answers import AnswerPane
from tui.panes.curve import CurvePane
from tui.panes.doctor import DoctorPane
from tui.panes.explain import ExplainPane
from tui.panes.keys_line import KeysLine
from tui.panes.loss import LossPane
from tui.panes.matrix import MatrixGrid
from tui.panes.model import ModelPane
from tui.panes.spread import SpreadPane
from tui.screens.help import keys_text
from tui.screens.main import MainScreen

DOERS = {
    "main": (MainScreen,),
    "list": (ModelPane, LossPane),
    "matrix": (MatrixGrid,),
    "explain": (ExplainPane,),
    "curve": (CurvePane,),
    "map": (AnswerPane,),
    "spread": (SpreadPane,),
    "doctor": (DoctorPane,),
}
PROMISED = {
    "curve": {"left", "right", "plus", "minus", "0", "l", "ctrl+left", "ctrl+right"},
    "map": {"up", "down", "left", "right"},
    "spread": {"up", "down"},
    "main": {
        *("n", "right", "p", "left", "pagedown", "pageup", "home", "end", "space", "g", "e", "v"),
        *("left_square_bracket", "right_square_bracket", "tab", "1", "2", "3", "5", "d", "r", "y", "Y"),
        *("P", "exclamation_mark", "O"),
        *("full_stop", "comma", "escape", "o", "x", "ctrl+s"),
        *("6", "7", "8", "f"),
        *("4", "k", "greater_than_sign", "less_than_sign", "plus", "minus"),
        *("question_mark", "f1", "ctrl+p", "q", "ctrl+q"),
    },
    "list": {"up", "down"},
    "doctor": {"up", "down", "pageup", "pagedown", "enter"},
    "matrix": {"up", "down", "left", "right", "pageup", "pagedown", "home", "end", "enter"},
    "explain": {"up", "down", "left", "right", "enter", "backspace", "escape", "u"},
}


def keys_of(scope):
    return [key for action in ACTIONS if action.scope == scope for key in action.keys.split(",") if key]


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: f"{action.scope} {action.name}")
def test_an_action_names_a_method_that_is_there(action):
    name = re.match(r"[\w.]+", action.name)[0]
    doers = (MlpApp,) if name.startswith("app.") else DOERS[action.scope]

    for doer in doers:
        assert callable(getattr(doer, f"action_{name.removeprefix('app.')}"))


@pytest.mark.parametrize("scope", DOERS)
def test_no_two_actions_of_a_scope_share_a_key(scope):
    assert [key for key, count in Counter(keys_of(scope)).items() if count > 1] == []


@pytest.mark.parametrize("scope", DOERS)
def test_every_promised_key_is_there(scope):
    assert PROMISED[scope] <= set(keys_of(scope))


@pytest.mark.parametrize("scope", DOERS)
def test_every_key_is_one_that_textual_knows(scope):
    known = {each.value for each in Keys} | set(KEY_ALIASES) | {"left_square_bracket", "right_square_bracket"}
    known |= {"question_mark", "full_stop", "comma", "greater_than_sign", "less_than_sign", "plus", "minus"}
    known |= {"exclamation_mark"}

    assert [key for key in keys_of(scope) if len(key) > 1 and key not in known] == []


@pytest.mark.parametrize("scope", DOERS)
def test_the_bindings_of_a_scope_are_its_actions(scope):
    assert [each.key for each in bindings(scope)] == [
        each.keys for each in ACTIONS if each.scope == scope and each.keys
    ]


def test_the_groups_hold_every_action_once():
    assert sorted(each.name for group in groups().values() for each in group) == sorted(each.name for each in ACTIONS)


async def test_the_help_shows_every_action_with_its_keys(opened):
    async with opened(size=(120, 200)) as program:
        await program.press("question_mark")
        lines = program.text.splitlines()
        for action in ACTIONS:
            assert any(keys_text(action) in line and action.help in line for line in lines), action


async def test_the_footer_shows_what_the_registry_says(opened):
    async with opened(size=(160, 40)) as program:
        footer = program.text.splitlines()[-1]
        for action in ACTIONS:
            if action.footer:
                assert f"{action.shown or action.keys} {action.label}" in footer


async def test_the_line_of_keys_is_not_made_anew_where_another_pane_is_in_focus(opened):
    async with opened() as program:
        before = list(program.main.query_one(KeysLine).children)
        await program.press("2")
        assert program.main.focused.id == "loss"
        assert before
        assert all(a is b for a, b in zip(before, program.main.query_one(KeysLine).children, strict=True))


async def test_the_palette_offers_every_action_of_the_main_screen(opened):
    async with opened() as program:
        offered = {each.title.lower() for each in program.app.get_system_commands(program.main)}
        wanted = {each.label for each in ACTIONS if each.scope == "main" and not each.name.startswith("app.")}

        assert wanted <= offered
        assert "quit" in offered
