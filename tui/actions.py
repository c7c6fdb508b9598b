"""One registry of all that can be done. Bindings, footer, help and palette come from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from textual.binding import Binding

Scope = Literal["main", "list", "matrix", "explain", "doctor", "curve", "map", "spread"]
"""Where the keys work: on the main screen; in the model and loss panes; in a pane of the right side, before the main
screen."""


@dataclass(frozen=True)
class Action:
    """Something that can be done."""

    name: str
    """The method `action_…` that does it, with its arguments."""
    keys: str
    """Empty where only the palette and the menus have it."""
    label: str
    """A word or two, for the footer and the palette."""
    help: str
    """A sentence."""
    group: str
    scope: Scope = "main"
    footer: bool = False
    shown: str | None = None
    """How the footer and the help write the keys."""


ACTIONS = (
    Action("step(1)", "n,right", "next", "Next epoch; trains it if it is new.", "Epochs", footer=True, shown="n →"),
    Action("step(-1)", "p,left", "back", "Previous epoch.", "Epochs", footer=True, shown="p ←"),
    Action("step(10)", "pagedown", "10 on", "Ten epochs on.", "Epochs", shown="PgDn"),
    Action("step(-10)", "pageup", "10 back", "Ten epochs back.", "Epochs", shown="PgUp"),
    Action("first", "home", "first epoch", "The start, before any training.", "Epochs", shown="Home"),
    Action("last", "end", "last epoch", "The last epoch trained; follows the training.", "Epochs", shown="End"),
    Action("run", "space", "run", "Train to the last planned epoch, or pause.", "Epochs", footer=True, shown="space"),
    Action("go_to", "g", "go to", "Go to an epoch by its number; trains up to it.", "Epochs"),
    Action("step_update(1)", "full_stop", "update on", "Next update, inside an epoch of several.", "Epochs", shown="."),
    Action("step_update(-1)", "comma", "update back", "Previous update.", "Epochs", shown=","),
    Action("stay", "escape", "stay", "Give up a long way to an epoch; stay here.", "Epochs", shown="Esc"),
    Action("restart", "r", "start again", "Start again at epoch 0.", "Experiment"),
    Action("open", "o", "open", "Another experiment, or a saved run.", "Experiment", footer=True),
    Action("settings", "x", "settings", "Change settings: anew, or from here on.", "Experiment"),
    Action("app.plant", "P", "plant a mistake", "Plant a mistake in scratch: chosen, or hidden.", "Experiment"),
    Action("app.reveal", "exclamation_mark", "answer", "Tell the mistake that is hidden.", "Experiment", shown="!"),
    Action("app.own_path", "O", "own path", "Let your file train by its own gradients, or not.", "Experiment"),
    Action("app.carry_on", "R", "go on", "Go on at the last checkpoint of a trainer that has stopped.", "Experiment"),
    Action("engine", "e", "engine", "Each engine; difference, digits, rounding's share.", "Looking", footer=True),
    Action("quantity", "v", "quantity", "Gradient, parameter, update, z, a (with x, y, ŷ), δ.", "Looking", footer=True),
    Action("tensor(-1)", "left_square_bracket", "previous tensor", "Previous tensor.", "Looking", shown="["),
    Action("tensor(1)", "right_square_bracket", "next tensor", "Next tensor.", "Looking", shown="]"),
    Action("app.largest", "m", "largest number", "To the largest magnitude of this tensor.", "Looking"),
    Action("app.worst", "w", "worst of all", "To the number that is off most, of all tensors.", "Looking"),
    Action("app.worst_here", "W", "worst of this", "The same, in this tensor alone.", "Looking"),
    Action("app.zoom", "z", "map", "The whole tensor at a glance, a cell a block of numbers; and back.", "Looking"),
    Action("pane('model')", "1", "model pane", "To the model: ↑ ↓ choose a tensor.", "Looking"),
    Action("pane('loss')", "2", "loss pane", "To the losses: ↑ ↓ choose an epoch.", "Looking"),
    Action("pane('matrix')", "3", "matrix pane", "To the numbers: arrows choose a cell.", "Looking"),
    Action("pane('explain')", "4", "explain", "Where the cell's number comes from.", "Looking"),
    Action("pane('doctor')", "5", "doctor pane", "To the check of your own file.", "Looking"),
    Action("pane('curve')", "6", "loss curve", "To the losses as a curve over all epochs.", "Looking"),
    Action("pane('map')", "7", "answer map", "To what the network answers over its one or two inputs.", "Looking"),
    Action("pane('spread')", "8", "distributions", "To histograms, gradient flow, and what is unhealthy.", "Looking"),
    Action("enlarge", "f", "enlarge", "The pane in focus on all of the screen; and back.", "Looking"),
    Action("app.walk", "k", "walk", "An epoch in slow motion; halt, and go on.", "Slow motion"),
    Action("app.walk_step(1)", "greater_than_sign", "walk on", "The next phase.", "Slow motion", shown=">"),
    Action("app.walk_step(-1)", "less_than_sign", "walk back", "The phase before.", "Slow motion", shown="<"),
    Action("app.walk_pace(1)", "plus", "walk faster", "A quicker pace.", "Slow motion", shown="+"),
    Action("app.walk_pace(-1)", "minus", "walk slower", "A slower pace.", "Slow motion", shown="-"),
    Action("app.focus_next", "tab", "next pane", "Next pane.", "Looking"),
    Action("app.focus_previous", "shift+tab", "previous pane", "Previous pane.", "Looking"),
    Action("cursor(-1)", "up", "up", "Previous tensor, or previous epoch.", "Model, losses", "list", shown="↑"),
    Action("cursor(1)", "down", "down", "Next tensor, or next epoch trained.", "Model, losses", "list", shown="↓"),
    Action("explain", "enter", "explain", "Where the cell comes from.", "Model, losses", "list", shown="Enter"),
    Action("move(-1, 0)", "up", "cell up", "A cell up.", "In the matrix", "matrix", shown="↑"),
    Action("move(1, 0)", "down", "cell down", "A cell down.", "In the matrix", "matrix", shown="↓"),
    Action("move(0, -1)", "left", "cell left", "A cell to the left.", "In the matrix", "matrix", shown="←"),
    Action("move(0, 1)", "right", "cell right", "A cell to the right.", "In the matrix", "matrix", shown="→"),
    Action("page(-1)", "pageup", "page up", "A page up.", "In the matrix", "matrix", shown="PgUp"),
    Action("page(1)", "pagedown", "page down", "A page down.", "In the matrix", "matrix", shown="PgDn"),
    Action("edge(-1)", "home", "row's start", "The first cell of the row.", "In the matrix", "matrix", shown="Home"),
    Action("edge(1)", "end", "row's end", "The last cell of the row.", "In the matrix", "matrix", shown="End"),
    Action("leap(-1, 0)", "ctrl+up", "leap up", "Up by all that is seen.", "In the matrix", "matrix", shown="^↑"),
    Action("leap(1, 0)", "ctrl+down", "leap down", "Down by all that is seen.", "In the matrix", "matrix", shown="^↓"),
    Action("leap(0, -1)", "ctrl+left", "leap back", "Left by all that is seen.", "In the matrix", "matrix", shown="^←"),
    Action("leap(0, 1)", "ctrl+right", "leap on", "Right by all that is seen.", "In the matrix", "matrix", shown="^→"),
    Action("corner(-1)", "ctrl+home", "first cell", "The first cell of all.", "In the matrix", "matrix", shown="^Home"),
    Action("corner(1)", "ctrl+end", "last cell", "The last cell of all.", "In the matrix", "matrix", shown="^End"),
    Action("cursor(-1)", "left", "line back", "The epoch a column to the left.", "Loss curve", "curve", shown="←"),
    Action("cursor(1)", "right", "line on", "The epoch a column to the right.", "Loss curve", "curve", shown="→"),
    Action("zoom(0.5)", "plus,up", "fewer epochs", "Fewer epochs; the wheel too.", "Loss curve", "curve", shown="+ ↑"),
    Action("zoom(2)", "minus,down", "more epochs", "More epochs.", "Loss curve", "curve", shown="- ↓"),
    Action("pan(-0.25)", "ctrl+left", "pan back", "Earlier epochs.", "Loss curve", "curve", shown="^←"),
    Action("pan(0.25)", "ctrl+right", "pan on", "Later epochs.", "Loss curve", "curve", shown="^→"),
    Action("whole", "0", "all epochs", "The whole run again.", "Loss curve", "curve"),
    Action("log", "l", "log or linear", "A logarithmic axis of losses, or a linear one.", "Loss curve", "curve"),
    Action("layer(-1)", "up", "layer before", "The layer before.", "Answer map", "map", shown="↑"),
    Action("layer(1)", "down", "next layer", "The next layer's units, or the answer.", "Answer map", "map", shown="↓"),
    Action("unit(-1)", "left", "units before", "The unit before, or all of them.", "Answer map", "map", shown="←"),
    Action("unit(1)", "right", "next unit", "The next unit, alone.", "Answer map", "map", shown="→"),
    Action("turn(-1)", "up", "line up", "A line up.", "Distributions", "spread", shown="↑"),
    Action("turn(1)", "down", "line down", "A line down.", "Distributions", "spread", shown="↓"),
    Action("explain", "enter", "explain", "Where this number comes from.", "In the matrix", "matrix", shown="Enter"),
    Action("cursor(-1)", "up", "row up", "The row of links above.", "Explaining", "explain", shown="↑"),
    Action("cursor(1)", "down", "row down", "The row of links below.", "Explaining", "explain", shown="↓"),
    Action("along(-1)", "left", "link before", "The link to the left.", "Explaining", "explain", shown="←"),
    Action("along(1)", "right", "next link", "The link to the right.", "Explaining", "explain", shown="→"),
    Action("follow", "enter", "follow", "To where that number comes from.", "Explaining", "explain", shown="Enter"),
    Action("back", "backspace,escape", "come back", "By a link; at last to the matrix.", "Explaining", "explain"),
    Action("uses", "u", "used by", "What the cell's number feeds into.", "Looking"),
    Action("feeding", "u", "used by", "What the number feeds into; and back.", "Explaining", "explain"),
    Action("resort", "s", "sort terms", "Terms by their size, or in their order.", "Explaining", "explain"),
    Action("more", "t", "more terms", "More terms of a long sum, then few again.", "Explaining", "explain"),
    Action("scroll(-1)", "pageup", "scroll up", "A page up.", "Explaining", "explain", shown="PgUp"),
    Action("scroll(1)", "pagedown", "scroll down", "A page down.", "Explaining", "explain", shown="PgDn"),
    Action("choose(-1)", "up", "previous finding", "Tensor or diagnosis before.", "In the doctor", "doctor", shown="↑"),
    Action("choose(1)", "down", "next finding", "Tensor or diagnosis after.", "In the doctor", "doctor", shown="↓"),
    Action("turn(-1)", "pageup", "page back", "A page back.", "In the doctor", "doctor", shown="PgUp"),
    Action("turn(1)", "pagedown", "page on", "A page on.", "In the doctor", "doctor", shown="PgDn"),
    Action("jump", "enter", "go there", "To the tensor, at its worst cell.", "In the doctor", "doctor", shown="Enter"),
    Action("dump", "d", "dump", "Write .dat files of this epoch, or of all; and more.", "Saving", footer=True),
    Action("save('experiment')", "ctrl+s", "save experiment", "The experiment as a TOML file.", "Saving", shown="^s"),
    Action("save('weights')", "", "save weights", "An engine's weights, for PyTorch.", "Saving"),
    Action("save('run')", "", "save run", "The whole run, to go on with later.", "Saving"),
    Action("save('picture')", "", "save picture", "The screen, or a picture of the run, as SVG or PNG.", "Saving"),
    Action("copy_cell", "y", "copy cell", "Copy the cell's number.", "Saving"),
    Action("copy_tensor", "Y", "copy tensor", "Copy the whole tensor.", "Saving"),
    Action("app.command_palette", "ctrl+p", "palette", "All commands, by name; themes too.", "Program", shown="^p"),
    Action("app.suspend_process", "ctrl+z", "suspend", "To the shell; fg comes back.", "Program", shown="^z"),
    Action("help", "question_mark,f1", "help", "This page.", "Program", footer=True, shown="?"),
    Action("app.quit", "q,ctrl+q", "quit", "Leave; nothing is asked.", "Program", footer=True, shown="q"),
)  # fmt: skip


def bindings(scope: Scope) -> list[Binding]:
    """Return the bindings of a scope; those of the panes never stand in the footer."""
    return [
        Binding(each.keys, each.name, each.label, show=each.footer, key_display=each.shown or each.keys)
        for each in ACTIONS
        if each.scope == scope and each.keys
    ]


def groups(actions: tuple[Action, ...] = ACTIONS) -> dict[str, list[Action]]:
    """Return actions by group, in order."""
    grouped: dict[str, list[Action]] = {}
    for action in actions:
        grouped.setdefault(action.group, []).append(action)
    return grouped
