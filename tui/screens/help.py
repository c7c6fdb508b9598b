"""The help: every key, from the registry, and what the words on the screen mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.table import Table
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.actions import Action, groups
from tui.screens.dialog import DIALOGS
from tui.served import works_here

if TYPE_CHECKING:
    from textual.app import ComposeResult

WORDS = (
    ("epoch k", "its pass (loss, gradients) is made with the parameters before its update; epoch 0 is the start"),
    ("parameter", "what the pass used, θ_{k−1}; the cell's line shows what it became, → θ_k"),
    ("update", "θ_k − θ_{k−1}"),
    ("z, a", "a layer before and after its activation; a0 is the input x, the last a is the prediction ŷ"),
    ("δ", "dL/dz, the error that is passed back"),
    (
        "digits",
        "the decimal digits that both engines' numbers share, the fewest of a tensor; 16: the same to the last bit",
    ),
    ("✓ ✗ ~", "rounding explains how far each engine is off; it does not; the numbers are too small to show it"),
    ("of rounding", "the share: how much of what rounding alone could do an engine is off; exact: not at all"),
    ("", "(the judge is a float64 pass at the engine's own parameters)"),
    ("drift", "how far the engines' parameters have come apart, by the largest of them; every update adds rounding"),
    ("ulps", "how many floating-point numbers lie from one to the other"),
    ("v(W1), next v", "what the optimizer keeps from update to update, as momentum does; next: after this update"),
    ("flat", "the part of a layer's activations whose slope is at most 1/20 of the steepest: saturated, or not firing"),
    ("silent", "units that are 0 with slope 0 for every sample of the batch: no gradient reaches their weights"),
    ("max", "below a histogram: how many numbers its tallest bar counts"),
    ("orange, blue", "positive and negative (with its minus sign); the brighter, the larger"),
)


class HelpScreen(ModalScreen[None]):
    """All keys and words."""

    CSS_PATH = DIALOGS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,f1,q", "dismiss(None)", "close", key_display="Esc")
    ]

    def compose(self) -> ComposeResult:
        """Write the page."""
        with VerticalScroll(classes="dialog page") as page:
            page.border_title = "Help"
            page.border_subtitle = "Esc closes"
            yield Static(self._keys(), markup=False)

    def _keys(self) -> Table:
        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True, min_width=12)
        table.add_column()
        for group, actions in groups().items():
            table.add_row(Text(group, style="bold underline"), "")
            for action in filter(_works, actions):
                table.add_row(Text(keys_text(action), style="bold"), Text(action.help))
            table.add_row("", "")
        table.add_row(Text("Words", style="bold underline"), "")
        for word, meaning in WORDS:
            table.add_row(Text(word, style="bold"), Text(meaning))
        return table


def keys_text(action: Action) -> str:
    """Write an action's keys as they stand on the keyboard; without any, it is in the palette."""
    names = {"question_mark": "?", "f1": "F1", "left_square_bracket": "[", "right_square_bracket": "]"}
    names |= {"full_stop": ".", "comma": ",", "escape": "Esc", "enter": "Enter", "backspace": "Backspace"}
    names |= {"greater_than_sign": ">", "less_than_sign": "<", "plus": "+", "minus": "-", "exclamation_mark": "!"}
    arrows = {"left": "←", "right": "→", "up": "↑", "down": "↓", "pageup": "PgUp", "pagedown": "PgDn"}
    words = {**names, **arrows, "home": "Home", "end": "End"}
    return "  ".join(words.get(key, key) for key in (action.keys or "ctrl+p").split(",") if works_here(key))


def _works(action: Action) -> bool:
    """Whether any of an action's keys does something where the screen is."""
    return not action.keys or any(map(works_here, action.keys.split(",")))
