"""The App: its main screen, its palette, its end."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
from collections import deque
from typing import TYPE_CHECKING

from textual import on
from textual.app import App, SystemCommand
from textual.events import Event, Key

from tui.offered import offered, palette_help
from tui.panes.grid import MatrixGrid
from tui.protocol import FollowOwn, Show, ShowMap, Window
from tui.recent import remember_theme, remembered_theme
from tui.screens.dialog import Dialog
from tui.screens.main import MainScreen, TrainerSaid
from tui.screens.typed_ahead import seconds_to_wait
from tui.selection import nothing_is_off, worst_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType
    from textual.await_complete import AwaitComplete
    from textual.screen import Screen

    from tui.conductor import Conductor
    from tui.panes.explain import ExplainPane


NOTHING_TO_COMPARE = "There are no two engines here that can be compared."
NOTHING_YET = "There is nothing to compare at epoch 0: n goes to the first epoch."
AS_ENTER = "ctrl+j"
"""What a terminal makes of an Enter that was typed before the program had taken it over."""
NOTHING_OFF = "Nothing is off here: every number is right to the last bit."
SHOW_THE_CELL = ("matrix", "explain")
"""The panes of the right side that follow the cell."""


class MlpApp(App[None]):
    """mlp-tui's program."""

    TITLE = "mlp-tui"
    CSS_PATH = "mlp.tcss"

    def __init__(self, conductor: Conductor) -> None:
        super().__init__()
        self._conductor = conductor
        theme = remembered_theme()
        if theme in self.available_themes:
            self.theme = theme
        self._main = MainScreen(conductor)
        self._held: deque[Key] = deque()
        """Keys that have come and wait for their turn."""
        self._on_its_way: Key | None = None
        """The key that a screen's widgets have been given, and have not handed back yet."""
        self._sent_from: Screen[object] | None = None
        """The screen whose widgets they are: on another one it is not waited for any more."""

    def get_default_screen(self) -> Screen[None]:
        """Open with the three panes."""
        return self._main

    def on_mount(self) -> None:
        """Leave a clean terminal when asked to end from outside."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            with contextlib.suppress(RuntimeError, ValueError):  # only the main thread's loop takes signals
                loop.add_signal_handler(number, self._end, 128 + number)
        self.app_resume_signal.subscribe(self, self._paint_all)
        self.theme_changed_signal.subscribe(self, lambda theme: remember_theme(theme.name))

    def _paint_all(self, _app: App[object]) -> None:
        """Paint everything anew: the shell has written on the screen meanwhile."""
        self.refresh(layout=True)

    def on_ready(self) -> None:
        """Let what takes long begin now that the first frame is on the screen."""
        self._conductor.painted()
        self._main.call_later(self._main.panes.recall)
        gc.freeze()
        gc.enable()

    # What the numbers ask for

    @on(MatrixGrid.MapWanted)
    def _ask_for_map(self, message: MatrixGrid.MapWanted) -> None:
        self._conductor.send(ShowMap(message.rows, message.columns))

    def on_explain_pane_changed(self, message: ExplainPane.Changed) -> None:
        """Look at what the explanation leads to."""
        self._main.selection = message.change(self._main.selection)

    def on_explain_pane_left(self) -> None:
        """Turn back to the numbers."""
        self._main.action_pane("matrix")

    def on_explain_pane_stayed(self) -> None:
        """Stay where the run stands."""
        self._main.action_stay()

    def action_walk(self) -> None:
        """Walk through the epoch in slow motion, or halt."""
        self._main.slow_motion.toggle()

    def action_walk_step(self, by: int) -> None:
        """Go to the next phase of the epoch, or the one before."""
        self._main.slow_motion.step(by)

    def action_walk_pace(self, by: int) -> None:
        """Walk faster or slower."""
        self._main.slow_motion.pace(by)

    def action_largest(self) -> None:
        """Go to the largest number of the tensor."""
        self._bring_cell_into_sight()
        if not self._grid.go_to_largest():
            self.notify("There is no number here.")

    def action_worst_here(self) -> None:
        """Go to the number of this tensor that is off most, or that the engines agree least on."""
        self._bring_cell_into_sight()
        if nothing_is_off(self._main.view, self._main.selection.tensor):
            self.notify(NOTHING_OFF)
        elif not self._grid.go_to_worst():
            self.notify(self._why_nothing_compares)

    def action_worst(self) -> None:
        """Go to the number that is off most, or that the engines agree least on, in all tensors of the quantity."""
        self._bring_cell_into_sight()
        if nothing_is_off(self._main.view):
            self.notify(NOTHING_OFF)
            return
        worst = worst_of(self._main.view)
        if worst is None:
            self.notify(self._why_nothing_compares)
            return
        name, cell = worst
        row, column = (*cell, 0)[:2]
        self._main.selection = self._main.selection.of(name).at(row, column)

    def action_carry_on(self) -> None:
        """Start the trainer again where it left its last checkpoint."""
        epoch = self._conductor.carry_on()
        if epoch is None:
            self.notify("The trainer has not ended, or has left no checkpoint to go on from.")
            return
        self._conductor.send(Show(self._main.selection.tensor, Window()))
        self.notify(f"Going on from epoch {epoch:,}.")

    def action_plant(self) -> None:
        """Ask for a mistake to be planted in scratch."""
        self._main.errands.plant()

    def action_reveal(self) -> None:
        """Tell the mistake that is planted."""
        self._main.errands.reveal()

    def action_own_path(self) -> None:
        """Let the user's engine train by its own gradients, or follow scratch again."""
        self._main.send(FollowOwn())

    def action_zoom(self) -> None:
        """Show the whole tensor as a map, or its numbers again; from another pane of its place, the map."""
        in_sight = self._main.right.current == "matrix"
        if not in_sight:
            self._main.action_pane("matrix")
        if in_sight or not self._grid.zoomed:
            self._grid.zoom()

    def _bring_cell_into_sight(self) -> None:
        """Turn to the matrix from a pane that does not show the cell."""
        if self._main.right.current not in SHOW_THE_CELL:
            self._main.action_pane("matrix")

    @property
    def _why_nothing_compares(self) -> str:
        view = self._main.view
        return NOTHING_YET if view is not None and view.epoch == 0 else NOTHING_TO_COMPARE

    @property
    def _grid(self) -> MatrixGrid:
        return self._main.query_one(MatrixGrid)

    async def on_event(self, event: Event) -> None:
        """Take one key at a time, so that a key that opens a dialog has done so when the next one comes.

        Textual hands each key to the widget in focus as soon as it comes: of `d` and Enter in one breath, both would
        go to the main screen. Here Enter waits until `d` has come back from there and the dialog is ready for it; and
        what follows an Enter in a dialog waits until the dialog has made of it what it will.
        """
        if not isinstance(event, Key):
            await super().on_event(event)
        elif event.is_forwarded:
            await super().on_event(event)
            if event is self._on_its_way and not self._awaits_dialog(event):
                self._on_its_way = None
            await self._take_keys()
        else:
            self._held.append(Key("enter", "\r") if event.key == AS_ENTER else event)
            await self._take_keys()

    def _awaits_dialog(self, key: Key) -> bool:
        """Whether a dialog has yet to take in what its own widget says of a key; an Echo follows that."""
        screen, focused = self.screen, self.focused
        if screen is not self._sent_from or not isinstance(screen, Dialog) or focused is None:
            return False
        return focused.post_message(Dialog.Echo(key))

    @on(Dialog.Echo)
    async def _hear_echo(self, message: Dialog.Echo) -> None:
        if message.key is self._on_its_way:
            self._on_its_way = None
        await self._take_keys()

    async def _take_keys(self) -> None:
        """Hand on the keys that wait, as far as the screen is ready for them."""
        while self._held and self._takes_keys:
            key, screen = self._held.popleft(), self.screen
            await super().on_event(key)
            comes_back = screen is self._main or (isinstance(screen, Dialog) and not key.is_printable)
            if comes_back and key.is_forwarded:
                self._on_its_way, self._sent_from = key, screen

    @property
    def _takes_keys(self) -> bool:
        """Whether the first of the keys that wait may go; where only time can tell, look again then."""
        screen = self.screen
        if self._on_its_way is not None and self._sent_from is screen:
            return False
        if screen is not self._main:
            return not isinstance(screen, Dialog) or screen.ready
        left = 0.0 if self._main.turning else seconds_to_wait(self._main, self._held[0])
        if left:
            self.set_timer(left, self._take_keys)
        return not left and not self._main.turning

    @on(Dialog.Ready)
    @on(TrainerSaid)
    @on(MainScreen.Turned)
    async def __take_keys(self) -> None:
        await self._take_keys()

    def pop_screen(self) -> AwaitComplete:
        """Close a screen; keys that were held back go to the one below."""
        popped = super().pop_screen()
        self.call_later(self._take_keys)
        return popped

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Offer every action in the palette, each once, with its keys; then what Textual has."""
        if screen is self._main:
            actions = {each.label: each for each in reversed(offered(of_files=self._main.of_files))}
            for label, action in reversed(actions.items()):
                name = f"action_{action.name.removeprefix('app.').partition('(')[0]}"
                if not action.name.startswith("app.") or name in vars(MlpApp):
                    title = label[0].upper() + label[1:]
                    yield SystemCommand(title, palette_help(action), lambda action=action: self._main.perform(action))
        yield from super().get_system_commands(screen)

    def exit(self, result: None = None, return_code: int = 0, message: RenderableType | None = None) -> None:
        """Leave; the trainer ends meanwhile."""
        self._conductor.leave()
        super().exit(result, return_code, message)

    def _end(self, status: int) -> None:
        self.exit(return_code=status)
