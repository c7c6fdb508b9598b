"""Errands: what the main screen asks the user about, and what it sends the trainer when there is an answer.

Dialogs are imported when they are asked for: the first frame waits neither for them nor for what they need of the core.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tui.numbers import count_text
from tui.protocol import ChangeSettings, GoTo, Open, Restart, Resume, SaveRun, SaveWeights
from tui.recorded import UNCHANGEABLE
from tui.screens.handing import hand_over
from tui.served import is_served

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from core.experiment import Experiment
    from tui.protocol import WriteDumps
    from tui.screens.dump import DumpChoice, Other
    from tui.screens.main import MainScreen
    from tui.screens.plant import Planting
    from tui.screens.save import SaveTo
    from tui.screens.settings import Anew, FromHere

SLOW_TO_GET_BACK = 1000
"""Epochs; more of them are not dropped without asking."""


class Errands:
    """Dialogs of the main screen, each from its question to the command that follows.

    The first dialog of each comes up at once, before the next key is taken.
    """

    def __init__(self, main: MainScreen) -> None:
        self._main = main
        self._dump_choice: DumpChoice | None = None

    def go_to(self) -> None:
        """Ask for an epoch, and go there."""
        from tui.screens.goto import to_a_pass, to_an_epoch  # noqa: PLC0415

        view = self._main.view
        trained = view.trained if view else 0
        screen = to_a_pass(trained) if self._of_files else to_an_epoch(trained)
        self._main.app.push_screen(screen, self._go_to)

    def dump(self) -> None:
        """Ask what to dump, and have it written; or go on to what else can be saved."""
        from tui.screens.dump import NOTHING, DumpChoice, DumpScreen  # noqa: PLC0415

        main = self._main
        if self._refused():
            return
        if main.view is None or main.described is None or (main.is_settled and main.view.epoch == 0):
            main.notify(NOTHING, severity="warning")
            return
        screen = DumpScreen(self._dump_choice or DumpChoice(), main.described.engines, main.view, main.settled())
        main.app.push_screen(screen, self._dump)

    def save(self, what: Other) -> None:
        """Ask for a file, and have the experiment, weights or the run written."""
        main = self._main
        if not self._refused() and main.view is not None and main.described is not None:
            from tui.screens.picture import picture_choices  # noqa: PLC0415
            from tui.screens.save import SaveScreen  # noqa: PLC0415

            choices = {"weights": main.view.joined, "picture": picture_choices(main)}.get(what, ())
            screen = SaveScreen(what, main.described.name, choices)
            main.app.push_screen(screen, lambda to: self._save(what, to))

    def open(self) -> None:
        """Ask for an experiment or a saved run, and start it."""
        from tui.screens.open import OpenScreen  # noqa: PLC0415

        self._main.app.push_screen(OpenScreen(), self._open)

    def settings(self) -> None:
        """Show the settings; start anew with them, or train on with them."""
        main = self._main
        if self._refused():
            return
        if main.hidden:
            main.notify("The settings would give the hidden mistake away; ! tells it.")
        elif main.view is not None and main.described is not None:
            from tui.screens.settings import SettingsScreen  # noqa: PLC0415

            screen = SettingsScreen(main.described.experiment, main.view.epoch, main.settled())
            main.app.push_screen(screen, self._change)

    def plant(self) -> None:
        """Ask for a mistake, and start anew with it in scratch."""
        if not self._refused() and self._main.described is not None:
            from tui.screens.plant import PlantScreen  # noqa: PLC0415

            self._main.app.push_screen(PlantScreen(self._main.described.experiment), self._plant)

    def reveal(self) -> None:
        """Tell the mistake that is planted."""
        if self._refused():
            return
        described = self._main.described
        planted = described.experiment.planted() if described is not None else ()
        self._main.hidden = False
        if not planted:
            self._main.notify("No mistake is planted in scratch.")
        for each in planted:
            from tui.screens.plant import explained  # noqa: PLC0415

            text = "\n".join([f"{each.text}: {explained(each)[0]}", *explained(each)[1:]])
            self._main.notify(text, title="The mistake", markup=False, timeout=30)

    def restart(self, trained: int) -> None:
        """Ask whether to start again, as much has been trained."""
        question = f"Start again? The {trained:,} epochs trained are dropped; the same bits come out anew."
        self._ask(question, "Start again", lambda: self._main.send(Restart()))

    def written(self, paths: tuple[Path, ...], nbytes: int) -> None:
        """Tell which files were written; hand them to the browser where the screen is in one."""
        if is_served():
            described = self._main.described
            self._main.run_worker(hand_over(self._main.app, paths, described.name if described else "mlp-tui"))
        else:
            self._main.notify(f"Written, {count_text(nbytes)}: {_named(paths)}", markup=False)

    @property
    def _of_files(self) -> bool:
        """Whether two files are shown, and no run."""
        return self._main.described is not None and self._main.described.recorded is not None

    def _refused(self) -> bool:
        """Say so where two files are shown, which can't be changed, and saved only as what they are."""
        if self._of_files:
            self._main.notify(UNCHANGEABLE, severity="warning")
        return self._of_files

    # With the answers

    def _go_to(self, epoch: int | None) -> None:
        if epoch is not None:
            self._main.send(GoTo(epoch))

    def _dump(self, answer: tuple[DumpChoice, WriteDumps] | Other | None) -> None:
        if isinstance(answer, tuple):
            self._dump_choice, asked = answer
            self._main.send(asked)
        elif answer is not None:
            self.save(answer)

    def _save(self, what: Other, to: SaveTo | None) -> None:
        if to is None:
            return
        if what == "weights":
            self._main.send(SaveWeights(to.engine, to.path, to.replace))
        elif what == "picture":
            from tui.screens.picture import save_picture  # noqa: PLC0415

            self._main.run_worker(save_picture(self._main, to))
        elif what == "run":
            self._main.send(SaveRun(to.path, to.replace))
        elif self._main.described is not None:
            self._main.run_worker(self._write_experiment(self._main.described.experiment, to))

    def _open(self, answer: Open | Resume | None) -> None:
        if answer is not None:
            self._ask_to_drop("Open it?", lambda: self._begin(answer))

    def _plant(self, answer: Planting | None) -> None:
        if answer is not None:
            begin = Open(answer.experiment)
            self._ask_to_drop("Start anew?", lambda: self._begin(begin, hidden=answer.hidden))

    def _change(self, answer: Anew | FromHere | None) -> None:
        from tui.screens.settings import Anew, FromHere  # noqa: PLC0415

        if isinstance(answer, Anew):
            experiment = answer.experiment
            self._ask_to_drop("Start anew?", lambda: self._begin(Open(experiment)))
        elif isinstance(answer, FromHere):
            self._ask_to_cut(ChangeSettings(answer.settings, answer.after))

    def _begin(self, command: Open | Resume, *, hidden: bool = False) -> None:
        self._main.hidden = hidden
        self._main.revive()
        self._main.send(command)

    def _ask_to_drop(self, question: str, do: Callable[[], object]) -> None:
        """Ask before a run is given up that would take long to get back."""
        view = self._main.view
        if view is None or view.trained <= SLOW_TO_GET_BACK or self._of_files:
            do()
        else:
            self._ask(f"{question} The {view.trained:,} epochs trained of this run are dropped.", "Yes", do)

    def _ask_to_cut(self, change: ChangeSettings) -> None:
        """Ask before epochs are dropped that were trained with the settings so far."""
        view = self._main.view
        if view is None or view.trained <= change.after:
            self._main.send(change)
            return
        dropped = f"Epochs {change.after + 1:,} to {view.trained:,} were trained with the settings so far"
        self._ask(f"{dropped}. Drop them?", "Drop them", lambda: self._main.send(change))

    def _ask(self, question: str, yes: str, do: Callable[[], object]) -> None:
        from tui.screens.confirm import ConfirmScreen  # noqa: PLC0415

        def answered(agreed: bool | None) -> None:
            if agreed:
                do()

        self._main.app.push_screen(ConfirmScreen(question, yes), answered)

    async def _write_experiment(self, experiment: Experiment, to: SaveTo) -> None:
        from core.errors import MlpError  # noqa: PLC0415
        from core.experiment_file import to_toml  # noqa: PLC0415
        from core.files import write_whole  # noqa: PLC0415

        content = to_toml(experiment).encode()
        try:
            await asyncio.to_thread(write_whole, to.path, content, replace=to.replace)
        except MlpError as error:
            self._main.notify(str(error), severity="error", markup=False, timeout=10)
            return
        self.written((to.path,), len(content))


def _named(paths: tuple[Path, ...]) -> str:
    """Name files in the fewest words that tell them from any others."""
    first, last = paths[0], paths[-1]
    if len(paths) == 1:
        return str(first.absolute())
    names = f"{first.name}, {last.name}" if len(paths) == 2 else f"{first.name} to {last.name}"
    return f"{names} in {first.parent.absolute()}"
