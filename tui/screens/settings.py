"""The settings: the experiment as a form, to be started anew with them, or trained on with them from here."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events, on, work
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.suggester import SuggestFromList
from textual.widgets import Button, Input, Label, Static

from core.errors import MlpError
from core.experiment_file import PATH_KEYS, check_files
from tui.screens.confirm import QuickButton
from tui.screens.dialog import Dialog
from tui.served import may_open_files
from tui.settings import FIELDS, Field, Form, Texts, meaningless

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator

    from textual.app import ComposeResult

    from core.experiment import Experiment
    from tui.protocol import View

COLUMNS = (("Network", "Run", "Start"), ("Optimizer", "Data", "Engines"))
"""Which groups stand in which column."""


@dataclass(frozen=True)
class Anew:
    """Start a run of this experiment."""

    experiment: Experiment


@dataclass(frozen=True)
class FromHere:
    """Train on with these settings, by dotted keys."""

    settings: dict[str, Any]
    after: int
    """The last epoch that is kept."""


class FieldInput(Input):
    """The text of one setting; names that it may say are offered."""

    def __init__(self, field: Field, text: str) -> None:
        suggester = SuggestFromList(field.choices) if field.choices else None
        super().__init__(text, suggester=suggester, compact=True, classes="field")
        self.field = field

    def turn(self, by: int) -> None:
        """Put in the next of the names that it may say."""
        names = self.field.choices
        if names:
            at = names.index(self.value) + by if self.value in names else 0
            self.value = names[at % len(names)]
            self.cursor_position = len(self.value)


class SettingsScreen(Dialog[Anew | FromHere | None]):
    """Every setting in a field of its own; what can't be is told as it is typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "cancel"),
        Binding("up", "app.focus_previous", "up", show=False, priority=True),
        Binding("down", "app.focus_next", "down", show=False, priority=True),
        Binding("pagedown", "turn(1)", "next value", show=False, priority=True),
        Binding("pageup", "turn(-1)", "previous value", show=False, priority=True),
        Binding("ctrl+g", "from_here", "from here on", show=False),
    ]

    FIRST = "FieldInput"

    def __init__(self, experiment: Experiment, epoch: int, settled: Awaitable[View]) -> None:
        super().__init__()
        self._form = Form(experiment, epoch)
        self._epoch = epoch
        self._settled = settled

    def compose(self) -> ComposeResult:
        """Put the fields in two columns, what is to be said of them below, and what can be done last."""
        with Vertical(classes="dialog page settings") as dialog:
            dialog.border_title = "Settings"
            dialog.border_subtitle = "↑ ↓ fields · PgUp PgDn values · Esc leaves"
            with VerticalScroll(can_focus=False), Horizontal(classes="columns"):
                for groups in COLUMNS:
                    with Vertical():
                        yield from self._column(groups)
            yield Static(self._changes(), id="changes", markup=False)
            yield Static("", id="said", markup=False)
            with Horizontal(classes="buttons"):
                yield QuickButton("Start anew", id="anew", variant="primary", compact=True)
                yield QuickButton(self._from_here, id="here", compact=True)
                yield QuickButton("Cancel", id="cancel", compact=True)

    def _column(self, groups: tuple[str, ...]) -> Iterator[Label | Horizontal]:
        for group, fields in itertools.groupby(FIELDS, key=lambda field: field.group):
            if group in groups:
                yield Label(group, classes="caption")
                for field in filter(_is_offered, fields):
                    label = Label(field.label, classes="key", markup=False)
                    yield Horizontal(label, FieldInput(field, self._form.texts[field.key]), classes="setting")

    def _changes(self) -> str:
        """Say what the experiment changes midway."""
        settings = [
            f"epoch {change.epoch:,}: {', '.join(f'{key} = {value}' for key, value in change.set.items())}"
            for change in self._form.experiment.change
        ]
        return f"Changed midway: {'; '.join(settings)}" if settings else ""

    def on_mount(self) -> None:
        """Show what there is."""
        self.query_one("#changes").display = bool(self._form.experiment.change)
        self._check()
        self._wait()

    @property
    def _from_here(self) -> str:
        return f"From epoch {self._epoch + 1:,} on (^g)"

    @work
    async def _wait(self) -> None:
        """Take the epoch that the run has come to, which may be on its way when the dialog opens."""
        view = await self._settled
        if view.epoch != self._epoch:
            self._epoch = view.epoch
            self.query_one("#here", Button).label = self._from_here

    @on(Input.Changed)
    def _check(self) -> None:
        """Say what is wrong, or what the field in focus takes; offer what can be done."""
        texts = self._texts()
        without, wrong, here = meaningless(texts), self._form.wrong(texts), None
        changed, unsaid = self._form.changed(texts), self._form.unsaid(texts)
        mistaken = self._form.wrong_fields(texts) if wrong else frozenset[str]()
        for each in self.query(FieldInput):
            row, key = each.parent, each.field.key
            assert row is not None
            row.display = key not in without
            row.set_class(key in changed, "changed")
            row.set_class(key in mistaken, "wrong")
            each.placeholder = unsaid[key]
        if not wrong:
            here = self._form.midway(texts)
        self.query_one("#anew", Button).disabled = bool(wrong)
        self.query_one("#here", Button).disabled = here is None
        self._say(wrong)

    @on(events.DescendantFocus)
    def _show_help(self) -> None:
        self._say(self._form.wrong(self._texts()))

    def _say(self, wrong: str) -> None:
        """Show an error, or else what the field in focus means and takes."""
        said = self.query_one("#said", Static)
        said.set_class(bool(wrong), "error")
        focused = self.focused
        hint = _hint(focused.field) if isinstance(focused, FieldInput) else ""
        said.update(Content(f"✗ {wrong}" if wrong else hint))

    def _texts(self) -> Texts:
        return {**self._form.texts, **{each.field.key: each.value for each in self.query(FieldInput)}}

    def action_turn(self, by: int) -> None:
        """Put the next allowed value into the field in focus."""
        if isinstance(self.focused, FieldInput):
            self.focused.turn(by)

    @on(Input.Submitted)
    def _enter(self) -> None:
        """Start anew from any field."""
        self._start_anew()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Do what the button says."""
        match event.button.id:
            case "anew":
                self._start_anew()
            case "here":
                self.action_from_here()
            case _:
                self.dismiss(None)

    @work(exclusive=True)
    async def _start_anew(self) -> None:
        """Answer with the experiment, once the files that it names have been read."""
        try:
            experiment = self._form.anew(self._texts())
            await asyncio.to_thread(check_files, experiment)
        except MlpError as error:
            self._say(str(error))
            return
        self.dismiss(Anew(experiment))

    def action_from_here(self) -> None:
        """Answer with what was changed, where that can be done midway."""
        texts = self._texts()
        settings = None if self._form.wrong(texts) else self._form.midway(texts)
        if settings is None:
            self.notify("What a run can change midway: activation, output, loss, batch, shuffle, optimizer.")
        else:
            self.dismiss(FromHere(settings, self._epoch))


def _is_offered(field: Field) -> bool:
    """Whether a field may be changed here: one that names a file only where files may be read."""
    return may_open_files() or field.key not in PATH_KEYS


def _hint(field: Field) -> str:
    """Say what a field means, and the names that it may say."""
    names = f": {' · '.join(field.choices)}" if field.choices else ""
    return f"{field.help}{names}"
