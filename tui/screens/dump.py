"""The dump menu: which engines, which quantities, which epochs, where; and the paths that will be written."""

from __future__ import annotations

import asyncio
import os
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, get_args

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Checkbox, Input, Label, RadioButton, RadioSet, Static

from core.tensors import Quantity
from tui.dump_job import existing
from tui.protocol import WriteDumps
from tui.screens.confirm import ConfirmScreen, QuickButton
from tui.screens.dialog import Dialog
from tui.served import is_served, new_folder

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from textual.app import ComposeResult

    from tui.protocol import View

NOTHING = "There is nothing to dump at epoch 0: press n to train the first epoch."
MOST_DOWNLOADED = 2000
"""Files in one download; they are gathered on the server first."""
MOST_SHOWN = 3
"""Paths; of more, only the first and the last are shown."""

_NAMES = {
    Quantity.GRADIENT: "gradients",
    Quantity.PARAMETER: "parameters",
    Quantity.UPDATE: "updates",
    Quantity.PRE_ACTIVATION: "z",
    Quantity.ACTIVATION: "a, x, y, ŷ",
    Quantity.DELTA: "δ",
}


@dataclass(frozen=True)
class DumpChoice:
    """What was chosen last, remembered while the program runs."""

    engines: frozenset[str] | None = None
    """None: all of them."""
    quantities: frozenset[Quantity] = frozenset({Quantity.GRADIENT})
    folder: str = "."
    every: bool = False


class Tick(Checkbox):
    """A checkbox whose state is seen without colour."""

    @property
    def BUTTON_INNER(self) -> str:  # type: ignore[override]
        """The mark between the brackets."""
        return "x" if self.value else " "


class Dot(RadioButton):
    """A radio button whose state is seen without colour."""

    @property
    def BUTTON_INNER(self) -> str:  # type: ignore[override]
        """The mark between the brackets."""
        return "●" if self.value else " "


Other = Literal["experiment", "weights", "run", "picture"]
"""What else can be saved; the answer of a DumpScreen that is left for it."""


class DumpScreen(Dialog[tuple[DumpChoice, WriteDumps] | Other | None]):
    """Ask what to write where; the answer is complete: folders exist, and what is replaced has been agreed to."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "cancel")]

    FIRST = "#save"

    def __init__(self, choice: DumpChoice, engines: tuple[str, ...], view: View, settled: Awaitable[View]) -> None:
        super().__init__()
        self._choice = choice
        self._engines = engines
        self._view = view
        self._settled = settled
        self._known = asyncio.Event()
        """Set once `_view` shows all that was asked for before the dialog was."""

    def compose(self) -> ComposeResult:
        """Offer the choices, with Save in focus."""
        chosen = self._choice
        with Vertical(classes="dialog wide") as dialog:
            dialog.border_title = "Dump"
            with Horizontal(classes="choices"):
                with Vertical():
                    yield Label("Engines", classes="caption")
                    for name in self._engines:
                        on = chosen.engines is None or name in chosen.engines
                        yield Tick(name, on, id=f"engine-{name}", compact=True)
                    yield Label("Epochs", classes="caption")
                    with RadioSet(id="epochs", compact=True):
                        yield Dot(self._this_one, value=not chosen.every)
                        yield Dot(self._every_one, value=chosen.every)
                with Vertical():
                    yield Label("Quantities", classes="caption")
                    for quantity, name in _NAMES.items():
                        on = quantity in chosen.quantities
                        yield Tick(name, on, id=f"quantity-{quantity.name}", compact=True)
            if not is_served():
                yield Label("Folder", classes="caption")
                yield Input(chosen.folder, id="folder", compact=True)
            yield Static("", id="paths", markup=False)
            with Horizontal(classes="buttons"):
                for other in get_args(Other):
                    yield QuickButton(f"{other.capitalize()} …", id=other, classes="other", compact=True)
                yield QuickButton("Save", id="save", variant="primary", compact=True)
                yield QuickButton("Cancel", id="cancel", compact=True)

    @property
    def _this_one(self) -> str:
        return f"this one, {self._view.epoch}"

    @property
    def _every_one(self) -> str:
        return f"every one, 1 to {self._view.trained}"

    def on_mount(self) -> None:
        """Show what is known; the trainer may be on its way to where the keys before this one sent it."""
        self._preview()
        self._wait()

    @work
    async def _wait(self) -> None:
        """Offer the epoch that the run has come to."""
        self._view = await self._settled
        if self._view.epoch == 0:
            self.notify(NOTHING, severity="warning")
            self.dismiss(None)
            return
        this, every = self.query(Dot)
        this.label, every.label = self._this_one, self._every_one
        self._known.set()
        self._preview()

    @on(Checkbox.Changed)
    @on(RadioSet.Changed)
    @on(Input.Changed)
    def _preview(self) -> None:
        """Show what will be written."""
        asked = self._asked()
        self.query_one("#save", Button).disabled = asked is None
        if asked is None:
            self.query_one("#paths", Static).update(Content("Choose at least one engine and one quantity."))
        else:
            self._show_paths(asked)

    @work(exclusive=True, group="preview")
    async def _show_paths(self, asked: WriteDumps) -> None:
        """Show the first few paths at once; then, when the disk has answered, what is in the way."""
        paths = self.query_one("#paths", Static)
        if is_served():
            paths.update(Content(_download(asked)))
            return
        paths.update(Content(_summary(asked, None)))
        paths.update(Content(_summary(asked, await asyncio.to_thread(_look, asked))))

    def on_input_submitted(self) -> None:
        """Save from the folder's field too."""
        self._save()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Save, or leave."""
        match event.button.id:
            case "save":
                self._save()
            case "experiment" | "weights" | "run" | "picture" as other:
                self.dismiss(other)
            case _:
                self.dismiss(None)

    @work(exclusive=True, group="save")
    async def _save(self) -> None:
        """Ask about whatever is in the way, then answer."""
        await self._known.wait()
        asked = self._asked()
        if asked is None:
            return
        if is_served():
            self._download(asked)
            return
        if not await asyncio.to_thread(_is_folder, asked.folder) and not await self._made(asked.folder):
            return
        if refused := await asyncio.to_thread(_refused, asked.folder):
            self.notify(f"{asked.folder} can't be written to: {refused}.", severity="error", markup=False)
            return
        in_the_way = await asyncio.to_thread(existing, asked)
        if in_the_way and not await self._agreed(in_the_way, asked):
            return
        self.dismiss((self._current(), replace(asked, replace=frozenset(in_the_way))))

    def _download(self, asked: WriteDumps) -> None:
        """Answer with a folder for what will be downloaded."""
        if asked.count > MOST_DOWNLOADED:
            self.notify(
                f"A browser takes {MOST_DOWNLOADED:,} files at once; these are {asked.count:,}.", severity="error"
            )
            return
        self.dismiss((self._current(), replace(asked, folder=new_folder())))

    async def _made(self, folder: Path) -> bool:
        """Make the folder, if the user agrees."""
        if _exists(folder):
            self.notify(f"{folder} is not a folder.", severity="error", markup=False)
            return False
        if not await self.app.push_screen_wait(ConfirmScreen(f"There is no folder {folder}. Create it?", "Create")):
            return False
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            self.notify(f"{folder} can't be created: {error.strerror}", severity="error", markup=False)
            return False
        return True

    async def _agreed(self, in_the_way: list[Path], asked: WriteDumps) -> bool:
        first, count = in_the_way[0], len(in_the_way)
        what = first.name if count == 1 else f"{first.name} and {count - 1:,} more"
        question = f"{what} in {asked.folder.absolute()}\nexist{'s' if count == 1 else ''} already. Overwrite?"
        agreed: bool | None = await self.app.push_screen_wait(ConfirmScreen(question, "Overwrite"))
        return agreed is True

    def _current(self) -> DumpChoice:
        """Read the choices off the screen."""
        engines = frozenset(each for each in self._engines if self.query_one(f"#engine-{each}", Checkbox).value)
        quantities = frozenset(each for each in _NAMES if self.query_one(f"#quantity-{each.name}", Checkbox).value)
        every = self.query_one("#epochs", RadioSet).pressed_index == 1
        folder = self._choice.folder if is_served() else self.query_one("#folder", Input).value.strip() or "."
        return DumpChoice(None if len(engines) == len(self._engines) else engines, quantities, folder, every)

    def _asked(self) -> WriteDumps | None:
        """Return what is to be written; None where nothing is chosen."""
        chosen = self._current()
        engines = tuple(each for each in self._engines if chosen.engines is None or each in chosen.engines)
        quantities = tuple(each for each in _NAMES if each in chosen.quantities)
        if not engines or not quantities:
            return None
        first, last = (1, self._view.trained) if chosen.every else (self._view.epoch, self._view.epoch)
        folder = Path(os.path.expanduser(chosen.folder))  # noqa: PTH111 - Path.expanduser raises for ~nobody
        return WriteDumps(engines, quantities, folder, first, last, numbered=chosen.every)


@dataclass(frozen=True)
class _Disk:
    """What stands where the dumps are to go."""

    folder: bool
    """Whether there is the folder."""
    shown: frozenset[Path]
    """Which of the paths shown exist."""


def _look(asked: WriteDumps) -> _Disk:
    """Look at the disk, which may take long: never on the event loop."""
    return _Disk(_is_folder(asked.folder), frozenset(path for path in _shown(asked) if _exists(path)))


def _shown(asked: WriteDumps) -> list[Path]:
    """List the paths that are shown: all where they are few, the first and the last where they are many."""
    if asked.count <= MOST_SHOWN:
        return list(asked.paths())
    return [asked.path(asked.engines[0], asked.first), asked.path(asked.engines[-1], asked.last)]


def _summary(asked: WriteDumps, disk: _Disk | None) -> str:
    """Say what will be written; as quick for many epochs as for one."""
    taken = disk.shown if disk else frozenset()
    lines = [f"{path.absolute()}{'  (exists: will ask)' if path in taken else ''}" for path in _shown(asked)]
    if disk and not disk.folder:
        lines.append("The folder does not exist yet: will ask.")
    count = f"{asked.count:,} files will be written:" if asked.count > MOST_SHOWN else "Will be written:"
    return "\n".join([count, *lines])


def _download(asked: WriteDumps) -> str:
    """Say what the browser will download."""
    names = "\n".join(path.name for path in _shown(asked))
    what = f"{asked.count:,} files in a .zip" if asked.count > 1 else "one file"
    return f"Your browser will download {what}:\n{names}"


def _exists(path: Path) -> bool:
    """Whether something is there; a path that can't be looked at, such as one too long, is not."""
    return os.path.exists(path)  # noqa: PTH110 - Path.exists raises for such a path


def _refused(folder: Path) -> str:
    """Say why no file can be made in a folder; empty where one can, which leaves no trace."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return ""
    except OSError as error:
        return error.strerror or str(error)


def _is_folder(path: Path) -> bool:
    return os.path.isdir(path)  # noqa: PTH112 - as above
