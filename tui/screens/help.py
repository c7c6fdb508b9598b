"""The help: the keys that are of most use, what the words on the screen mean, then every key, from the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.table import Table
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.actions import groups
from tui.offered import keys_text, offered
from tui.screens.dialog import DIALOGS
from tui.served import works_here

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.app import ComposeResult

    from tui.actions import Action

USEFUL = (
    *("step(1)", "step(-1)", "run", "quantity", "tensor(1)"),
    *("engine", "pane('matrix')", "pane('explain')", "app.worst", "app.walk"),
)
"""The ten actions that come first."""
WORDS = (
    ("epoch k", "its pass (loss, gradients) is made with the parameters before its update; epoch 0 is the start"),
    (
        "loss, ŷ",
        "from before the epoch's update (or each batch's); accuracy, held-out and the answer map: from after it",
    ),
    (
        "sample 0",
        "x, y, ŷ in Model are of the first sample of the epoch's last batch, another one where epochs are shuffled",
    ),
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

    def __init__(self, *, of_files: bool = False) -> None:
        super().__init__()
        self._offered = offered(of_files=of_files)

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
        useful = sorted(
            (each for each in self._offered if each.name in USEFUL), key=lambda each: USEFUL.index(each.name)
        )
        _add_group(table, "Most useful", useful)
        table.add_row("", "")
        table.add_row(Text("Words", style="bold underline"), "")
        for word, meaning in WORDS:
            table.add_row(Text(word, style="bold"), Text(meaning))
        for group, actions in groups(self._offered).items():
            table.add_row("", "")
            _add_group(table, group, actions)
        return table


def _add_group(table: Table, name: str, actions: Iterable[Action]) -> None:
    table.add_row(Text(name, style="bold underline"), "")
    for action in filter(_works, actions):
        table.add_row(Text(keys_text(action), style="bold"), Text(action.help))


def _works(action: Action) -> bool:
    """Whether any of an action's keys does something where the screen is."""
    return not action.keys or any(map(works_here, action.keys.split(",")))
