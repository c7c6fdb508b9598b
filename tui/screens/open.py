"""Open an experiment or a saved run: one that ships, one opened of late, or a file."""

from __future__ import annotations

import asyncio
import itertools
import os
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from core.errors import ExperimentError, MlpError
from core.experiment_file import load, shipped
from tui.places import Place, places
from tui.protocol import Open, Resume
from tui.recent import remember
from tui.screens.dialog import Dialog
from tui.served import ONLY_SHIPPED, may_open_files

if TYPE_CHECKING:
    from textual.app import ComposeResult

CAPTIONS = {"ships": "Come with mlp-tui", "recent": "Opened of late", "folder": "Files", "file": "Files"}


class OpenScreen(Dialog[Open | Resume | None]):
    """A text that narrows down a list; where it is a path, the list is that folder's."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "cancel"),
        Binding("up", "move('cursor_up')", "up", show=False),
        Binding("down", "move('cursor_down')", "down", show=False),
        Binding("pageup", "move('page_up')", "page up", show=False),
        Binding("pagedown", "move('page_down')", "page down", show=False),
    ]

    FIRST = "Input"

    def __init__(self) -> None:
        super().__init__()
        self._places: list[Place] = []
        self._listed: str | None = None
        """The text that the list is of."""
        self._entered = False
        """Whether Enter waits for the list of what was typed."""

    def compose(self) -> ComposeResult:
        """Put the text on top, the list below it, and what is wrong last."""
        with Vertical(classes="dialog page open") as dialog:
            dialog.border_title = "Open"
            path, example = (" · / or ~ begins a path", ", or a path such as ~/runs/") if may_open_files() else ("", "")
            dialog.border_subtitle = f"↑ ↓ choose · Enter opens{path} · Esc leaves"
            yield Input(placeholder=f"a name{example}", compact=True)
            yield OptionList(compact=True)
            yield Static("", id="said", markup=False)

    def on_mount(self) -> None:
        """List what there is."""
        self._list("")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._entered = False
        self._list(event.value)

    @work(exclusive=True, group="list")
    async def _list(self, text: str) -> None:
        """List what the text may mean, as soon as the disk has answered."""
        self._places = await asyncio.to_thread(places, text)
        choice = self.query_one(OptionList)
        choice.clear_options()
        for caption, group in itertools.groupby(enumerate(self._places), lambda each: CAPTIONS[each[1].kind]):
            choice.add_option(Option(Content.styled(caption, "$foreground 60%"), disabled=True))
            choice.add_options(Option(_prompt(place), id=str(at)) for at, place in group)
        choice.action_first()
        self._say("" if self._places else _nothing(text))
        self._listed = text
        if self._entered:
            self._enter_listed(text)

    def action_move(self, action: str) -> None:
        """Walk the list while the text keeps the focus."""
        getattr(self.query_one(OptionList), f"action_{action}")()

    @on(Input.Submitted)
    def _enter(self, event: Input.Submitted) -> None:
        """Open what is typed where it is a file, else what the list's cursor is on."""
        path = os.path.expanduser(event.value.strip())  # noqa: PTH111 - Path.expanduser raises for ~nobody
        if may_open_files() and os.path.isfile(path):  # noqa: PTH113 - Path.is_file raises for a path too long
            self._open(path)
        elif event.value == self._listed:
            self._enter_listed(event.value)
        else:
            self._entered = True

    def _enter_listed(self, text: str) -> None:
        self._entered = False
        choice = self.query_one(OptionList)
        if choice.highlighted is not None and (option := choice.get_option_at_index(choice.highlighted)).id:
            self._choose(self._places[int(option.id)])
        else:
            self._say(f"✗ There is no {text.strip()}.")

    @on(OptionList.OptionSelected)
    def _click(self, event: OptionList.OptionSelected) -> None:
        if event.option.id:
            self._choose(self._places[int(event.option.id)])

    def _choose(self, place: Place) -> None:
        """Open a file, or look into a folder."""
        if place.kind != "folder":
            self._open(place.target)
            return
        text = self.query_one(Input)
        text.value = place.target
        text.cursor_position = len(text.value)
        text.focus()

    @work(exclusive=True, group="open")
    async def _open(self, source: str) -> None:
        """Read what was chosen; answer with it, or say why it can't be had."""
        self._say("Reading …")
        try:
            answer = await asyncio.to_thread(_read, source)
        except MlpError as error:
            self._say(f"✗ {error}")
            return
        self.dismiss(answer)

    def _say(self, text: str) -> None:
        said = self.query_one("#said", Static)
        said.set_class(text.startswith("✗"), "error")
        said.update(Content(text))


def _read(source: str) -> Open | Resume:
    """Read an experiment, or a saved run, which the trainer reads again.

    Raises:
        MlpError: it is none that can be run, or none that a visitor may read.
    """
    if source not in shipped() and not may_open_files():
        raise ExperimentError(ONLY_SHIPPED)
    if not source.lower().endswith(".safetensors"):
        experiment = load(source)
        if Path(source).is_file():
            remember(Path(source))
        return Open(experiment)
    from core.saved_run import read_run  # noqa: PLC0415 - only saved runs need it

    path = Path(source).absolute()
    read_run(path)
    remember(path)
    return Resume(path)


def _nothing(text: str) -> str:
    """Say why nothing is listed."""
    folder = os.path.dirname(text.strip()) if may_open_files() else ""  # noqa: PTH120 - as it was typed
    if folder and not os.path.isdir(os.path.expanduser(folder)):  # noqa: PTH111, PTH112 - as above
        return f"✗ There is no folder {folder}."
    return "Nothing here has that in its name."


def _prompt(place: Place) -> Content:
    return Content.assemble(f"  {place.label:<14}", (f"  {place.note}", "$foreground 60%"))
