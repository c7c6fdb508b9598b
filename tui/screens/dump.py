"""The dump menu: which engines, which quantities, which epochs, where; and the paths that will be written."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Checkbox, Input, Label, RadioButton, RadioSet, Static

from core.tensors import Quantity
from tui.protocol import WriteDumps, dump_name
from tui.screens.confirm import ConfirmScreen, QuickButton

if TYPE_CHECKING:
    from textual.app import ComposeResult

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


class DumpScreen(ModalScreen[tuple[DumpChoice, WriteDumps] | None]):
    """Ask what to write where; the answer is complete: folders exist, and what is replaced has been agreed to."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "cancel")]

    def __init__(self, choice: DumpChoice, engines: tuple[str, ...], epoch: int, trained: int) -> None:
        super().__init__()
        self._choice = choice
        self._engines = engines
        self._epoch = epoch
        self._trained = trained

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
                        yield Dot(f"this one, {self._epoch}", value=not chosen.every)
                        yield Dot(f"every one, 1 to {self._trained}", value=chosen.every)
                with Vertical():
                    yield Label("Quantities", classes="caption")
                    for quantity, name in _NAMES.items():
                        on = quantity in chosen.quantities
                        yield Tick(name, on, id=f"quantity-{quantity.name}", compact=True)
            yield Label("Folder", classes="caption")
            yield Input(chosen.folder, id="folder", compact=True)
            yield Static("", id="paths", markup=False)
            with Horizontal(classes="buttons"):
                yield QuickButton("Save", id="save", variant="primary", compact=True)
                yield QuickButton("Cancel", id="cancel", compact=True)

    def on_mount(self) -> None:
        """Put Save in focus: Enter writes at once where nothing is in the way."""
        self.query_one("#save").focus()
        self._preview()

    @on(Checkbox.Changed)
    @on(RadioSet.Changed)
    @on(Input.Changed)
    def _preview(self) -> None:
        """Show what will be written."""
        asked = self._asked()
        self.query_one("#save", Button).disabled = asked is None
        self.query_one("#paths", Static).update(Content(self._summary(asked)))

    def on_input_submitted(self) -> None:
        """Save from the folder's field too."""
        self._save()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Save, or leave."""
        if event.button.id == "save":
            self._save()
        else:
            self.dismiss(None)

    @work
    async def _save(self) -> None:
        """Ask about whatever is in the way, then answer."""
        asked = self._asked()
        if asked is None:
            return
        if not _is_folder(asked.folder) and not await self._made(asked.folder):
            return
        existing = sum(_exists(path) for path in _paths(asked))
        if existing and not await self._agreed(existing, asked):
            return
        self.dismiss((self._current(), asked))

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

    async def _agreed(self, existing: int, asked: WriteDumps) -> bool:
        first = next(path for path in _paths(asked) if _exists(path))
        what = first.name if existing == 1 else f"{first.name} and {existing - 1} more"
        question = f"{what} in {asked.folder.absolute()}\nexist{'s' if existing == 1 else ''} already. Overwrite?"
        agreed: bool | None = await self.app.push_screen_wait(ConfirmScreen(question, "Overwrite"))
        return agreed is True

    def _current(self) -> DumpChoice:
        """Read the choices off the screen."""
        engines = frozenset(each for each in self._engines if self.query_one(f"#engine-{each}", Checkbox).value)
        quantities = frozenset(each for each in _NAMES if self.query_one(f"#quantity-{each.name}", Checkbox).value)
        every = self.query_one("#epochs", RadioSet).pressed_index == 1
        folder = self.query_one("#folder", Input).value.strip() or "."
        return DumpChoice(None if len(engines) == len(self._engines) else engines, quantities, folder, every)

    def _asked(self) -> WriteDumps | None:
        """Return what is to be written; None where nothing is chosen."""
        chosen = self._current()
        engines = tuple(each for each in self._engines if chosen.engines is None or each in chosen.engines)
        quantities = tuple(each for each in _NAMES if each in chosen.quantities)
        if not engines or not quantities:
            return None
        first, last = (1, self._trained) if chosen.every else (self._epoch, self._epoch)
        folder = Path(os.path.expanduser(chosen.folder))  # noqa: PTH111 - Path.expanduser raises for ~nobody
        return WriteDumps(engines, quantities, folder, first, last, numbered=chosen.every, replace=True)

    def _summary(self, asked: WriteDumps | None) -> str:
        if asked is None:
            return "Choose at least one engine and one quantity."
        paths = [path.absolute() for path in _paths(asked)]
        shown = paths if len(paths) <= 3 else [paths[0], paths[-1]]
        lines = [f"{path}{'  (exists: will ask)' if _exists(path) else ''}" for path in shown]
        count = f"{len(paths)} files will be written:" if len(paths) > 3 else "Will be written:"
        if not _is_folder(asked.folder):
            lines.append("The folder does not exist yet: will ask.")
        return "\n".join([count, *lines])


def _exists(path: Path) -> bool:
    """Whether something is there; a path that can't be looked at, such as one too long, is not."""
    return os.path.exists(path)  # noqa: PTH110 - Path.exists raises for such a path


def _is_folder(path: Path) -> bool:
    return os.path.isdir(path)  # noqa: PTH112 - as above


def _paths(asked: WriteDumps) -> list[Path]:
    """List the files that will be written."""
    epochs = range(asked.first, asked.last + 1)
    return [
        asked.folder / dump_name(engine, epoch if asked.numbered else None)
        for epoch in epochs
        for engine in asked.engines
    ]
