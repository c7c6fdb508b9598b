"""Plant a mistake in the backward pass of scratch: chosen from the catalogue, or hidden, to be found."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import msgspec
import numpy as np
from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, OptionList, Static
from textual.widgets.option_list import Option

from core import data
from core.initial import draw
from core.mistakes import places, plantable
from core.parameters import Parameters
from core.reference import Network
from core.simulation import Given, simulate
from tui.screens.confirm import QuickButton
from tui.screens.dialog import Dialog

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from core.experiment import Experiment
    from core.mistakes import Planted

SEEN = 1e-6
"""How much of a gradient's size a hidden mistake has to change, so that it can be found."""
MOST_SAMPLES = 64
"""On which it has to."""


class Planting(NamedTuple):
    """The answer: the experiment with the mistake in it, or with none."""

    experiment: Experiment
    hidden: bool


class PlantScreen(Dialog[Planting | None]):
    """A text that narrows down the catalogue; Enter plants what the cursor is on."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "cancel"),
        Binding("up", "move('cursor_up')", "up", show=False),
        Binding("down", "move('cursor_down')", "down", show=False),
        Binding("pageup", "move('page_up')", "page up", show=False),
        Binding("pagedown", "move('page_down')", "page down", show=False),
        Binding("ctrl+f", "hide", "hidden", show=False),
        Binding("ctrl+n", "take_out", "none", show=False),
    ]

    FIRST = "Input"

    def __init__(self, experiment: Experiment) -> None:
        super().__init__()
        self._experiment = experiment
        self._all = fitting(experiment)
        self._offered = self._all

    def compose(self) -> ComposeResult:
        """Put the text on top, the list below it, then what the mistake does."""
        with Vertical(classes="dialog page open") as dialog:
            dialog.border_title = "Plant a mistake in scratch"
            dialog.border_subtitle = "↑ ↓ choose · Enter plants it and starts anew · Esc leaves"
            yield Input(placeholder="part of a name, or a layer such as @2", compact=True)
            yield OptionList(compact=True)
            yield Static("", id="mistake", markup=False)
            with Horizontal(classes="buttons"):
                yield QuickButton("Hidden: find it yourself (^f)", id="hide", variant="primary", compact=True)
                planted = bool(self._experiment.engines.scratch.mistakes)
                yield QuickButton("None any more (^n)", id="none", compact=True, disabled=not planted)
                yield QuickButton("Cancel", id="cancel", compact=True)

    def on_mount(self) -> None:
        """List all."""
        self._list("")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._list(event.value)

    def _list(self, text: str) -> None:
        words = text.lower().split()
        self._offered = [each for each in self._all if all(word in each.text for word in words)]
        choice = self.query_one(OptionList)
        choice.clear_options()
        choice.add_options(Option(Content(each.text), id=str(at)) for at, each in enumerate(self._offered))
        choice.action_first()
        if not self._offered:
            self.query_one("#mistake", Static).update(Content("No mistake that fits this network is called that."))

    @on(OptionList.OptionHighlighted)
    def _explain(self, event: OptionList.OptionHighlighted) -> None:
        if event.option.id is not None and int(event.option.id) < len(self._offered):
            text = "\n".join(explained(self._offered[int(event.option.id)]))
            self.query_one("#mistake", Static).update(Content(text))

    def action_move(self, action: str) -> None:
        """Walk the list while the text keeps the focus."""
        getattr(self.query_one(OptionList), f"action_{action}")()

    @on(Input.Submitted)
    def _enter(self) -> None:
        at = self.query_one(OptionList).highlighted
        if at is not None and at < len(self._offered):
            self._plant(self._offered[at])

    @on(OptionList.OptionSelected)
    def _click(self, event: OptionList.OptionSelected) -> None:
        if event.option.id is not None:
            self._plant(self._offered[int(event.option.id)])

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Do what the button says."""
        match event.button.id:
            case "hide":
                self.action_hide()
            case "none":
                self.action_take_out()
            case _:
                self.dismiss(None)

    @work(exclusive=True)
    async def action_hide(self) -> None:
        """Plant one that nobody is told of."""
        found = await asyncio.to_thread(hidden, self._experiment, self._all)
        if found is None:
            self.notify("No mistake of the catalogue shows in this network.", severity="warning")
        else:
            self.dismiss(Planting(with_mistakes(self._experiment, found.text), hidden=True))

    def action_take_out(self) -> None:
        """Start anew without a mistake."""
        self.dismiss(Planting(with_mistakes(self._experiment), hidden=False))

    def _plant(self, mistake: Planted) -> None:
        self.dismiss(Planting(with_mistakes(self._experiment, mistake.text), hidden=False))


def fitting(experiment: Experiment) -> list[Planted]:
    """List the mistakes that an engine can train with in the network of an experiment, by name, then by layer."""
    network, found = Network.of(experiment), {}
    for each in places(network):
        text = each.text.partition("=")[0]
        try:
            found[text] = plantable(text, network)
        except ValueError:
            continue
    return [found[text] for text in sorted(found)]


def explained(mistake: Planted) -> list[str]:
    """Say what a mistake is, with its line of mathematics as it is and as it should be."""
    return [
        mistake.said(mistake.mistake.explanation),
        f"  it is         {mistake.said(mistake.change.wrong)}",
        f"  it should be  {mistake.said(mistake.change.right)}",
    ]


def with_mistakes(experiment: Experiment, *texts: str) -> Experiment:
    """Return an experiment with these mistakes in scratch, in the place of others."""
    scratch = msgspec.structs.replace(experiment.engines.scratch, mistakes=texts)
    engines = msgspec.structs.replace(experiment.engines, scratch=scratch)
    return msgspec.structs.replace(experiment, engines=engines)


def hidden(experiment: Experiment, among: list[Planted]) -> Planted | None:
    """Draw a mistake that changes the gradients of the experiment's own samples; None where none does."""
    samples = data.of(experiment).train
    start = draw(experiment.init_of("scratch"), experiment.layers, experiment.seed, experiment.data)
    parameters = Parameters(experiment.layers, start)
    given = Given(Network.of(experiment), parameters, samples.x[:MOST_SAMPLES], samples.y[:MOST_SAMPLES])
    return next((each for each in random.sample(among, len(among)) if _shows(given, each)), None)


def _shows(given: Given, mistake: Planted) -> bool:
    right, wrong = simulate(given), simulate(given, [mistake])
    if right is None or wrong is None:
        return False
    pairs = [(right.gradients[part][k], wrong.gradients[part][k]) for part in "Wb" for k in given.parameters.W]
    return any(
        one.shape == other.shape and bool(np.max(np.abs(one - other)) > SEEN * np.max(np.abs(one)))
        for one, other in pairs
    )
