"""What of the registry is offered: in the footer, the help and the palette stands only what does something here."""

from __future__ import annotations

from dataclasses import replace

from tui.actions import ACTIONS, Action
from tui.served import works_here

OF_RUNS = frozenset(
    {
        *("run", "step_update(1)", "step_update(-1)", "stay", "restart", "settings"),
        *("app.plant", "app.reveal", "app.own_path", "app.carry_on"),
        *("app.walk", "app.walk_step(1)", "app.walk_step(-1)", "app.walk_pace(1)", "app.walk_pace(-1)"),
        *("pane('explain')", "pane('doctor')", "pane('map')", "pane('spread')", "explain"),
        *("dump", "save('experiment')", "save('weights')", "save('run')", "save('picture')"),
    }
)
"""Actions that mean nothing of two files, which are neither trained nor changed."""
SCOPES_OF_RUNS = frozenset({"explain", "doctor", "map", "spread"})
"""Those of panes that show nothing of two files."""
HELP_OF_FILES = {
    "step(1)": "Next pass.",
    "step(-1)": "Previous pass.",
    "step(10)": "Ten passes on.",
    "step(-10)": "Ten passes back.",
    "first": "The first pass.",
    "last": "The last pass.",
    "go_to": "Go to a pass by its number.",
    "open": "An experiment, or a saved run.",
    "engine": "Each file; difference, digits, rounding's share.",
    "pane('loss')": "To the passes: ↑ ↓ choose one.",
}
"""What is said of actions that do something else with two files."""


def offered(*, of_files: bool) -> tuple[Action, ...]:
    """Return the actions that do something, of a run or of two files."""
    if not of_files:
        return ACTIONS
    left = (each for each in ACTIONS if each.name not in OF_RUNS and each.scope not in SCOPES_OF_RUNS)
    return tuple(replace(each, help=HELP_OF_FILES.get(each.name, each.help)) for each in left)


def keys_text(action: Action) -> str:
    """Write an action's keys as they stand on the keyboard; without any, it is in the palette."""
    names = {"question_mark": "?", "f1": "F1", "left_square_bracket": "[", "right_square_bracket": "]"}
    names |= {"full_stop": ".", "comma": ",", "escape": "Esc", "enter": "Enter", "backspace": "Backspace"}
    names |= {"greater_than_sign": ">", "less_than_sign": "<", "plus": "+", "minus": "-", "exclamation_mark": "!"}
    arrows = {"left": "←", "right": "→", "up": "↑", "down": "↓", "pageup": "PgUp", "pagedown": "PgDn"}
    words = {**names, **arrows, "home": "Home", "end": "End"}
    return "  ".join(words.get(key, key) for key in (action.keys or "ctrl+p").split(",") if works_here(key))


def palette_help(action: Action) -> str:
    """Write an action's sentence for the palette, its keys before it."""
    keys = keys_text(action) if action.keys else ""
    return f"{keys} · {action.help}" if keys else action.help
