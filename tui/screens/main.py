"""The main screen: three panes, three coordinates, and the keys."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.containers import Container, Vertical
from textual.message import Message
from textual.reactive import reactive
from textual.screen import Screen
from textual.widgets import ContentSwitcher, Label

from core.tensors import TensorName
from tui.actions import Action, bindings
from tui.history import LossHistory
from tui.offered import OF_RUNS
from tui.panes.keys_line import KeysLine
from tui.panes.lines import Asked, ListPane
from tui.panes.loss import LossPane
from tui.panes.matrix import MatrixGrid, MatrixPane
from tui.panes.model import ModelPane
from tui.panes.title import Notice, TitleBar
from tui.panes.walk_line import AtWork, WalkLine
from tui.protocol import (
    Cancel,
    Command,
    Described,
    Event,
    GoTo,
    GoToLast,
    Restart,
    Show,
    Step,
    StepUpdate,
    ToggleRun,
    View,
    Window,
)
from tui.screens.asked_for import AskedFor
from tui.screens.copying import Copying
from tui.screens.errands import SLOW_TO_GET_BACK, Errands
from tui.screens.hearing import Hearing
from tui.screens.panes import Panes
from tui.screens.slow_motion import SlowMotion
from tui.selection import Selection, cell_of

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import ActiveBinding, BindingType
    from textual.widget import Widget

    from tui.conductor import Conductor
    from tui.findings import Checkup
    from tui.panes.doctor import DoctorPane
    from tui.screens.dump import Other

LEAST_WIDTH, LEAST_HEIGHT = 72, 20
"""Below that the panes don't fit; the screen says so."""


class TrainerSaid(Message):
    """Something came from the trainer."""

    def __init__(self, event: Event) -> None:
        super().__init__()
        self.event = event


class MainScreen(Screen[None]):
    """Hands what the trainer says to the panes, and what the panes and keys say to the trainer."""

    class Turned(Message):
        """The pane that was asked for has the focus."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("main")]
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - as Textual declares them
        (0, "-tiny"),
        (LEAST_WIDTH, "-narrow"),
        (110, "-wide"),
    ]
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (LEAST_HEIGHT, "-high")]  # noqa: RUF012

    described: reactive[Described | None] = reactive(None, repaint=False)
    view: reactive[View | None] = reactive(None, repaint=False)
    selection: reactive[Selection] = reactive(Selection(), repaint=False)
    history: reactive[LossHistory] = reactive(LossHistory, repaint=False)
    checkup: reactive[Checkup | None] = reactive(None, repaint=False)
    """The last check of the user's own file."""
    hidden: reactive[bool] = reactive(False, repaint=False)
    """Whether the mistake that is planted in scratch is not to be told."""
    at_work: reactive[AtWork | None] = reactive(None, repaint=False)
    """What an epoch in slow motion is doing."""

    def __init__(self, conductor: Conductor) -> None:
        super().__init__()
        self._conductor = conductor
        self._asked_for = AskedFor(conductor)
        self._hearing = Hearing(self)
        self.errands = Errands(self)
        self.copying = Copying(self)
        self.panes = Panes(self)
        self.slow_motion = SlowMotion(self)
        self.turning = 0
        """How many panes are on their way into sight: keys wait for them."""

    def compose(self) -> ComposeResult:
        """Put the title on top, the panes in the middle and the keys at the bottom."""
        yield TitleBar().data_bind(MainScreen.described, MainScreen.view)
        yield Notice().data_bind(MainScreen.described, MainScreen.view, MainScreen.hidden)
        with Container(id="panes"):
            with Vertical(id="side"):
                yield ModelPane(id="model", classes="pane").data_bind(
                    MainScreen.described, MainScreen.view, MainScreen.selection, MainScreen.at_work
                )
                yield LossPane(id="loss", classes="pane").data_bind(
                    MainScreen.described, MainScreen.view, MainScreen.history
                )
            with ContentSwitcher(id="right", initial="matrix"):
                yield self.bound(MatrixPane(id="matrix", classes="pane"))
        yield WalkLine(markup=False).data_bind(MainScreen.at_work)
        yield Label("", id="too-small", markup=False)
        yield KeysLine(show_command_palette=False, compact=True)

    def bound(self, pane: Widget) -> Widget:
        """Let a pane of the right side follow what this screen knows."""
        with self._context():  # a pane is bound to whatever runs, and a key's action is run by the app
            pane.data_bind(MainScreen.described, MainScreen.view, MainScreen.selection)
            others = (MainScreen.history, MainScreen.checkup)
            return pane.data_bind(*(each for each in others if hasattr(type(pane), each.name)))

    def on_mount(self) -> None:
        """Begin where ↑ and ↓ choose a tensor; listen to the trainer now that there is something to show it in."""
        self.query_one(ModelPane).focus()
        self._conductor.listen(lambda event: self.post_message(TrainerSaid(event)))

    def on_screen_suspend(self) -> None:
        """Name no keys while a dialog takes them."""
        self.query_one(KeysLine).visible = False

    def on_screen_resume(self) -> None:
        """Name the keys again."""
        self.query_one(KeysLine).visible = True

    def on_resize(self) -> None:
        """Say what the screen needs, where it is too small."""
        if self.size.width >= LEAST_WIDTH and self.size.height >= LEAST_HEIGHT:
            return
        text = (
            f"mlp-tui needs {LEAST_WIDTH} × {LEAST_HEIGHT}.\nThis terminal has {self.size.width} × {self.size.height}."
        )
        self.query_one("#too-small", Label).update(text)

    @property
    def of_files(self) -> bool:
        """Whether two files are shown, and no run."""
        return self._conductor.of_files if self.described is None else self.described.recorded is not None

    @property
    def active_bindings(self) -> dict[str, ActiveBinding]:
        """The keys, of which the footer shows those alone that do something; others say why they don't."""
        keys = super().active_bindings
        return keys if not self.of_files else {key: _unless_of_runs(each) for key, each in keys.items()}

    # What the trainer says

    @on(TrainerSaid)
    def _take(self, message: TrainerSaid) -> None:
        """Take in what the trainer said."""
        self._hearing.take(message.event)

    def watch_selection(self, old: Selection, new: Selection) -> None:
        """Ask for another tensor; which part of it is wanted shows when it is there."""
        if old.tensor != new.tensor:
            self.send(Show(new.tensor, Window()))
        if self.right.current == "explain" and old.asked != new.asked:
            self.send(new.asked)

    # What the panes say

    @on(ModelPane.Picked)
    def _pick_tensor(self, message: ModelPane.Picked) -> None:
        name, shown = message.tensor, self.selection.quantity
        is_layer = not name.part and name.layer > 0
        if is_layer and not shown.of_parameters:
            name = TensorName(shown, name.layer)
        self.selection = self.selection.of(name)

    @on(ListPane.Moved, "#model")
    def _move_tensor(self, message: ListPane.Moved) -> None:
        self.action_tensor(message.by)

    @on(LossPane.Picked)
    def _pick_epoch(self, message: LossPane.Picked) -> None:
        self.send(GoTo(message.epoch))

    @on(ListPane.Moved, "#loss")
    def _move_epoch(self, message: ListPane.Moved) -> None:
        self.send(Step(message.by, train=False))

    @on(Asked)
    def _pass_on(self, message: Asked) -> None:
        self.send(message.command)

    @on(MatrixGrid.Picked)
    def _pick_cell(self, message: MatrixGrid.Picked) -> None:
        self.selection = self.selection.at(message.row, message.column)

    @on(MatrixGrid.Seen)
    def _ask_for_part(self, message: MatrixGrid.Seen) -> None:
        matrix = self.view.matrix if self.view else None
        if matrix is not None and not matrix.window.covers(message.window):
            self.send(Show(self.selection.tensor, message.window.with_margin()))

    def on_doctor_pane_jumped(self, message: DoctorPane.Jumped) -> None:
        """Look at the worst cell of the tensor that a diagnosis names."""
        self.selection = self.selection.of(message.tensor).at_worst_of_yours(self.view)
        self.action_pane("matrix")

    # What the keys do

    def action_step(self, epochs: int) -> None:
        """Go some epochs on or back."""
        self.send(Step(epochs))

    def action_step_update(self, updates: int) -> None:
        """Go some updates on or back, inside an epoch too."""
        self.send(StepUpdate(updates))

    def action_stay(self) -> None:
        """Give up the way to an epoch, or else the walk through one."""
        if self.slow_motion.walking and not (self.view and self.view.jump):
            self.slow_motion.leave()
        else:
            self.send(Cancel())

    def action_first(self) -> None:
        """Go to epoch 0."""
        self.send(GoTo(0))

    def action_last(self) -> None:
        """Go to the last epoch trained."""
        self.query_one(LossPane).come_back()
        self.send(GoToLast())

    def action_run(self) -> None:
        """Train to the planned end, or pause."""
        self.send(ToggleRun())

    def action_engine(self) -> None:
        """Show the next engine, or what parts them."""
        if self.described is not None:
            self.selection = self.selection.next_shown(self.described.engines)
            self.panes.say_engine()

    def action_quantity(self) -> None:
        """Show the next quantity."""
        if self.described is not None:
            self.selection = self.selection.next_quantity(self.described.depth)
            self.panes.say_tensor()

    def action_tensor(self, by: int) -> None:
        """Show the next or the previous tensor."""
        if self.described is not None:
            self.selection = self.selection.next_tensor(by, self.described.depth)

    def action_pane(self, name: str, then: str = "") -> None:
        """Put a pane in focus, and have it do something; the next key is for that one."""
        self.turning += 1
        self._turn(name, then)

    @work(group="pane")
    async def _turn(self, name: str, then: str) -> None:
        try:
            pane = await self.panes.show(name)
            if then:
                await pane.run_action(then)
        finally:
            self.turning -= 1
            self.post_message(self.Turned())

    def action_explain(self, then: str = "") -> None:
        """Explain the cell of the selected tensor, then do what the pane is asked for."""
        self.selection = self.selection.at(*cell_of(self.selection, self.view.matrix if self.view else None))
        self.action_pane("explain", then)

    def action_uses(self) -> None:
        """Turn to what the cell's number feeds into."""
        self.action_explain("uses")

    def action_enlarge(self) -> None:
        """Give the pane in focus all of the screen, or give the others their place back."""
        self.panes.enlarge()

    @property
    def right(self) -> ContentSwitcher:
        """The right side."""
        return self.query_one("#right", ContentSwitcher)

    @work
    async def action_copy_cell(self) -> None:
        """Copy the cell's number, as the engine has it."""
        await self.copying.cell()

    @work
    async def action_copy_tensor(self) -> None:
        """Copy the whole tensor, a row a line."""
        await self.copying.tensor()

    def action_help(self) -> None:
        """Show the help."""
        from tui.screens.help import HelpScreen  # noqa: PLC0415 - the first frame does without

        self.app.push_screen(HelpScreen(of_files=self.of_files))

    def action_go_to(self) -> None:
        """Ask for an epoch and go there."""
        self.errands.go_to()

    def action_restart(self) -> None:
        """Start again; the trainer asks where much has been trained."""
        self.revive()
        self.send(Restart(SLOW_TO_GET_BACK))
        self.send(Show(self.selection.tensor, Window()))

    def action_ask_to_restart(self, trained: int) -> None:
        """Ask whether to start again."""
        self.errands.restart(trained)

    def action_dump(self) -> None:
        """Ask what to dump, and have it written."""
        self.errands.dump()

    def action_open(self) -> None:
        """Ask for another experiment, and start it."""
        self.errands.open()

    def action_settings(self) -> None:
        """Show the settings, and go by what was changed."""
        self.errands.settings()

    def action_save(self, what: Other) -> None:
        """Ask for a file, and save the experiment, weights or the run."""
        self.errands.save(what)

    # The way to the trainer

    def send(self, command: Command) -> None:
        """Send the trainer a command."""
        self._asked_for.send(command)

    def revive(self) -> None:
        """Start the trainer again where it has ended."""
        self._conductor.revive()

    async def settled(self) -> View:
        """Return the View of all that has been asked for until now; a long training is not waited for."""
        return await self._asked_for.settled()

    @property
    def is_settled(self) -> bool:
        """Whether the screen shows all that has been asked for."""
        return self._asked_for.is_settled

    @property
    def asked_for(self) -> AskedFor:
        """What has been asked for, and whether the screen shows it."""
        return self._asked_for

    async def perform(self, action: Action) -> None:
        """Do what the palette was asked for, in the pane that it is for; most of it needs to know what is run."""
        await self._asked_for.begun()
        focused = self.focused if isinstance(self.focused, ListPane) else self.query_one(ModelPane)
        places: dict[str, Widget] = {"main": self, "list": focused, "matrix": self.query_one(MatrixGrid)}
        place = places.get(action.scope) or await self.panes.show(action.scope)
        await place.run_action(action.name)


def _unless_of_runs(active: ActiveBinding) -> ActiveBinding:
    """Leave a binding out of the footer where its action means something of runs alone."""
    if active.binding.action not in OF_RUNS:
        return active
    return active._replace(binding=replace(active.binding, show=False))
