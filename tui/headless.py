"""`mlp-tui train`: a run without a screen, printed; dumped, drawn, saved, resumed."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core import dat
from core.agreement import loss_digits
from core.engines.autograd import Autograd
from core.engines.scratch import Scratch
from core.errors import DumpError, FileError
from core.experiment_file import load
from core.files import require_place
from core.pictures.figures import require_matplotlib
from core.saved_run import is_run, read_run, write_run
from core.session import Session
from tui.picture_files import all_pictures, write_picture
from tui.protocol import engines
from tui.train_text import Epoch, JsonPrinter, Printer, TablePrinter

if TYPE_CHECKING:
    from pathlib import Path

    from core.experiment import Experiment
    from core.saved_run import SavedRun

SUFFIX = ".safetensors"
"""How saved runs end."""


@dataclass(frozen=True)
class Request:
    """What `mlp-tui train` is asked for."""

    source: str
    """An experiment's name or file."""
    settings: tuple[str, ...] = ()
    """Put over what it says."""
    resume: Path | None = None
    """A saved run to go on with, in the place of an experiment."""
    epochs: int | None = None
    """How many in all, counted from the run's beginning; None for as many as are planned."""
    dump: Path | None = None
    """The folder for the last epoch's dumps."""
    save: Path | None = None
    """The file that the run is saved to."""
    pictures: Path | None = None
    """The folder for pictures of the run and its last epoch."""
    gradients: bool = False
    as_json: bool = False
    force: bool = False


class Interruption:
    """What ctrl+c does while a run is to be saved: the first waits for the end of an epoch, the second for nothing."""

    def __init__(self) -> None:
        self.noted = False

    def __enter__(self) -> Interruption:
        """Take ctrl+c over."""
        self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        """Give it back."""
        signal.signal(signal.SIGINT, self._before)

    def _note(self, _number: int, _frame: object) -> None:
        if self.noted:
            raise KeyboardInterrupt
        self.noted = True
        with contextlib.suppress(OSError):
            os.write(2, b"mlp-tui: the run is saved after this epoch; ctrl+c again leaves without that\n")


def run(asked: Request) -> int:
    """Train, print, dump the last epoch where a folder is given, and save the run where a file is.

    Return the exit status: 130 where ctrl+c ended the training and what was trained is saved.

    Raises:
        MlpError: what is asked for can't be run, the folder can't be made, or a file that is not ours is in the way.
        KeyboardInterrupt: ctrl+c where nothing is to be saved, or a second one.
    """
    session = begun(asked)
    if asked.dump is not None:
        _prepare(asked.dump, force=asked.force)
    if asked.pictures is not None:
        _prepare_pictures(session, asked.pictures, force=asked.force)
    printer: Printer = JsonPrinter() if asked.as_json else TablePrinter()
    if asked.save is not None:
        _check_place(asked.save, force=asked.force)
    if session.trained < (wanted := asked.epochs or session.experiment.epochs):
        printer.begin(session)
    else:
        printer.nothing(session.trained, wanted)
    if asked.save is None:
        _train(session, asked, printer)
        _conclude(session, asked, printer)
        return 0
    with Interruption() as interruption:
        try:
            completed = _train(session, asked, printer, interruption)
        except BrokenPipeError:
            if not interruption.noted:
                raise
            completed = False  # ctrl+c ended whoever read, too
        if completed:
            _conclude(session, asked, printer)
        write_run(asked.save, session.saved(), replace=True)
        if not completed:
            printer.epoch(_told(session))
        printer.written("run", asked.save, asked.save.stat().st_size)
    return 0 if completed else 130


def _train(session: Session, asked: Request, printer: Printer, interruption: Interruption | None = None) -> bool:
    """Train all epochs, unless that is interrupted; tell whether it was not.

    The epoch that is interrupted is trained to its end, and not told of before it is saved.
    """
    while session.trained < (asked.epochs or session.experiment.epochs):
        session.advance()
        if interruption is not None and interruption.noted:
            return False
        printer.epoch(_told(session))
    return True


def _conclude(session: Session, asked: Request, printer: Printer) -> None:
    """Print what comes after the losses, and write the dumps."""
    printer.end(session.samples.y, session.predictions())
    frame = session.frame()
    if asked.gradients:
        for engine_frame in frame.engines.values():
            printer.gradients(engine_frame)
    if asked.dump is not None:
        for name, engine_frame in frame.engines.items():
            path = asked.dump / dat.dump_name(name, None)
            dump = dat.dump_of(engine_frame, session.epoch, session.experiment)
            printer.written("dump", path, dat.write(path, dump, replace=True))
    if asked.pictures is not None:
        for each in all_pictures(session, asked.pictures, replace=True):
            printer.written("picture", each.path, write_picture(session, frame, each))


def begun(asked: Request) -> Session:
    """Return a session with both engines, at the beginning of an experiment or where a run was saved."""
    saved = None if asked.resume is None else read_run(asked.resume)
    if saved is not None and asked.epochs is not None and asked.epochs < saved.epoch:
        expected = f"--epochs {saved.epoch} or more: they are counted from the run's beginning"
        raise FileError(f"has trained {saved.epoch} epochs", str(asked.resume), expected)
    experiment = load(asked.source, asked.settings) if saved is None else saved.experiment
    session = joined(experiment)
    if saved is not None:
        session.resume(saved)
        session.catch_up(saved.epoch)  # what the run was saved without
        _tell_of_other_versions(session, saved)
    return session


def joined(experiment: Experiment) -> Session:
    """Return a session at its beginning, with both engines."""
    session = Session(experiment)
    for engine in (Scratch(experiment), Autograd(experiment)):
        session.join(engine)
    return session


def _tell_of_other_versions(session: Session, saved: SavedRun) -> None:
    """Say so where a run goes on with another NumPy or PyTorch: only the same ones promise the same bits."""
    labels = session.labels()
    for name, engine in saved.engines.items():
        if engine.label != labels[name]:
            print(
                f"mlp-tui: the run was saved by {engine.label} and goes on with {labels[name]}: its bits may differ",
                file=sys.stderr,
            )


def _told(session: Session) -> Epoch:
    """Return what is told of the last epoch trained."""
    at = session.trained
    losses = {name: float(session.losses(name, at, at)[0]) for name in session.engines}
    metrics: dict[str, dict[str, float]] = {}
    for engine in session.engines:
        for name, values in session.metrics(engine, at, at).items():
            metrics.setdefault(name, {})[engine] = float(values[0])
    return Epoch(at, losses, _digits(session, losses), metrics)


def _digits(session: Session, losses: dict[str, float]) -> float | None:
    if not session.comparable:
        return None
    shared = loss_digits({name: np.array([loss]) for name, loss in losses.items()}, session.precisions())
    return None if shared is None else float(shared[0])


def _prepare(folder: Path, *, force: bool) -> None:
    """Make the folder, and refuse files in the way before anything is trained."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DumpError(f"can't be made ({error.strerror})", str(folder), "a folder for the dumps") from None
    for name in engines():
        path = folder / dat.dump_name(name, None)
        require_place(path, "a dump", error=DumpError)
        if path.exists() and not force and not _ours(path):
            raise DumpError("is no dump of mlp-tui", str(path), "another folder, or --force to replace it")


def _prepare_pictures(session: Session, folder: Path, *, force: bool) -> None:
    """Make the folder, and refuse before anything is trained what can't be drawn, or would be replaced."""
    require_matplotlib()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(f"can't be made ({error.strerror})", str(folder), "a folder for the pictures") from None
    for each in all_pictures(session, folder, replace=True):
        require_place(each.path, "a picture")
        if each.path.exists() and not force:
            raise FileError("exists already", str(each.path), "another folder, or --force to replace it")


def _check_place(path: Path, *, force: bool) -> None:
    """Refuse what can't be written, or is in the way and no saved run, before anything is trained."""
    if path.suffix != SUFFIX:
        raise FileError(f"ends with {path.suffix or 'nothing'!r}", str(path), f"a file that ends with {SUFFIX}")
    require_place(path, f"a {SUFFIX} file")
    if path.exists() and not force and not is_run(path):
        raise FileError("is no saved run of mlp-tui", str(path), "another file, or --force to replace it")


def _ours(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.readline(80).strip() == f"# {dat.FORMAT}".encode()
    except OSError:
        return False
