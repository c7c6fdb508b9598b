"""Save the experiment, an engine's weights, or the whole run to a file."""

from __future__ import annotations

import asyncio
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, Label, RadioSet, Static

from tui.screens.confirm import ConfirmScreen, QuickButton
from tui.screens.dialog import Dialog
from tui.screens.dump import Dot, Other
from tui.served import is_served, new_folder

if TYPE_CHECKING:
    from textual.app import ComposeResult

_TITLES: dict[Other, str] = {
    "experiment": "Save the experiment",
    "weights": "Save weights",
    "run": "Save the run",
    "picture": "Save a picture",
}
_SUFFIXES: dict[Other, tuple[str, ...]] = {
    "experiment": (".toml",),
    "weights": (".safetensors", ".pt", ".pth"),
    "run": (".safetensors",),
    "picture": (".svg", ".png"),
}
_EXPLAINED: dict[Other, str] = {
    "experiment": "TOML, with the changes made midway: mlp-tui opens it, mlp-tui train runs it.",
    "weights": "As nn.Sequential's state_dict, after the epoch shown: .safetensors or .pt.",
    "run": "To go on with later, to the same bits: mlp-tui --resume FILE.",
    "picture": "SVG or PNG, as the file's name ends; all but the screen as SVG needs Matplotlib.",
}


@dataclass(frozen=True)
class SaveTo:
    """Where to write; a file that is in the way may be replaced if the user agreed to that."""

    path: Path
    replace: bool
    engine: str = ""
    """Whose weights; or which picture."""


class SaveScreen(Dialog[SaveTo | None]):
    """Ask for a file; the answer is complete: its folder exists, and what is replaced has been agreed to."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "cancel")]

    FIRST = "Input"

    def __init__(self, what: Other, name: str, engines: tuple[str, ...] = ()) -> None:
        super().__init__()
        self._what: Other = what
        self._engines = engines
        self._proposed = f"{slug(name)}{'' if what == 'experiment' else f'-{what}'}{_SUFFIXES[what][0]}"

    def compose(self) -> ComposeResult:
        """Offer a name."""
        with Vertical(classes="dialog wide") as dialog:
            dialog.border_title = _TITLES[self._what]
            yield Label(_EXPLAINED[self._what], classes="hint", markup=False)
            if self._engines:
                yield Label("Which" if self._what == "picture" else "Whose", classes="caption")
                with RadioSet(id="engines", compact=True):
                    for at, name in enumerate(self._engines):
                        yield Dot(name, value=at == 0)
            yield Label("File", classes="caption")
            yield Input(self._proposed, compact=True, select_on_focus=False)
            yield Static("", id="said", markup=False)
            with Horizontal(classes="buttons"):
                yield QuickButton("Save", id="save", variant="primary", compact=True)
                yield QuickButton("Cancel", id="cancel", compact=True)

    @on(Input.Changed)
    def _preview(self) -> None:
        """Show where the file will be, or what is wrong with its name."""
        wrong = self._wrong()
        self.query_one("#save", Button).disabled = bool(wrong)
        said = self.query_one("#said", Static)
        said.set_class(bool(wrong), "error")
        where = "Your browser will download it." if is_served() else str(self._path().absolute())
        said.update(Content(f"✗ {wrong}" if wrong else where))

    @on(Input.Submitted)
    def _enter(self) -> None:
        self._save()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Save, or leave."""
        if event.button.id == "save":
            self._save()
        else:
            self.dismiss(None)

    @work(exclusive=True)
    async def _save(self) -> None:
        """Ask about whatever is in the way, then answer."""
        if self._wrong():
            return
        path = self._path()
        if is_served():
            self.dismiss(SaveTo(new_folder() / path.name, False, self._engine))
            return
        if not await asyncio.to_thread(os.path.isdir, path.parent):
            question = f"There is no folder {path.parent}. Create it?"
            if not await self._agreed(question, "Create") or not self._made(path.parent):
                return
        taken = await asyncio.to_thread(os.path.exists, path)
        if taken and not await self._agreed(f"{path.absolute()} exists already. Overwrite?", "Overwrite"):
            return
        self.dismiss(SaveTo(path.absolute(), taken, self._engine))

    @property
    def _engine(self) -> str:
        return self._engines[max(self.query_one("#engines", RadioSet).pressed_index, 0)] if self._engines else ""

    async def _agreed(self, question: str, yes: str) -> bool:
        return await self.app.push_screen_wait(ConfirmScreen(question, yes)) is True

    def _made(self, folder: Path) -> bool:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            self.notify(f"{folder} can't be created: {reason}", severity="error", markup=False)
            return False
        return True

    def _path(self) -> Path:
        return Path(os.path.expanduser(self.query_one(Input).value.strip()))  # noqa: PTH111 - as in the dump menu

    def _wrong(self) -> str:
        suffixes = _SUFFIXES[self._what]
        path = self._path()
        if path.suffix.lower() not in suffixes or not path.stem:
            return f"Give a file that ends with {' or '.join(suffixes)}."
        if is_served() and path.name != self.query_one(Input).value.strip():
            return "Give a name without a folder."
        return ""


def slug(name: str) -> str:
    """Make a file's name of an experiment's: `two moons` becomes `two-moons`."""
    return re.sub(r"[^\w.-]+", "-", name).strip("-.") or "experiment"
