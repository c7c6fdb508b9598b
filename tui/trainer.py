"""The trainer: owns the Session, takes commands, answers with Views. It is plain and knows nothing of processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.engines.scratch import Scratch
from core.errors import MlpError
from core.saved_run import read_run, write_run
from core.session import Session
from core.tensors import Quantity, TensorName
from core.weights import Origin, write_weights
from tui.depicted import Depicted
from tui.dump_job import DumpJob
from tui.explaining import Explaining
from tui.look import agreements_of, inside_of, matrix_of, sample_of
from tui.news import News
from tui.picture_files import write_picture
from tui.protocol import (
    ChangeSettings,
    Command,
    Described,
    Event,
    Explain,
    FollowOwn,
    MayRestart,
    NotSaved,
    Open,
    Restart,
    Resume,
    Said,
    Saved,
    SavePicture,
    SaveRun,
    SaveWeights,
    Show,
    ShowMap,
    ShowPhases,
    View,
    Window,
    WriteDumps,
    engines,
)
from tui.shown import MINE
from tui.verdicts import Verdicts, drift_of, shares_of
from tui.walk import Walk
from tui.whole import Whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from core.engines.base import Engine
    from core.experiment import Experiment
    from core.frame import Frame
    from core.judge import Judgement
    from core.saved_run import SavedRun
    from tui.mine import OwnFile
    from tui.protocol import Mine


class Trainer:
    """A run under command. `emit` takes what it has to say; `work` trains, or goes back in time, a slice at a time."""

    def __init__(
        self,
        experiment: Experiment,
        emit: Callable[[Event], object],
        saved: SavedRun | None = None,
        mine: Mine | None = None,
    ) -> None:
        self._emit = emit
        self.wake: Callable[[], object] = lambda: None
        """Called from any thread where `take_news` has something to take."""
        self._mine = None if mine is None else _own_file(mine, self._rouse)
        self._shown = Show(TensorName(Quantity.GRADIENT, 1, "W"), Window())
        self._map: ShowMap | None = None
        self._whole = Whole(None)
        self._depicted = Depicted()
        self._explaining = Explaining()
        self._late: list[Callable[[Experiment], Engine]] = []
        self._jobs: list[DumpJob] = []
        self._missing: dict[str, str] = {}
        """Why an engine can't be had, by its name."""
        self._handled = 0
        self._begin(experiment, saved)

    def join(self, make: Callable[[Experiment], Engine]) -> None:
        """Take in an engine that could not be there from the beginning; it catches up as `work` goes on."""
        self._late.append(make)
        for session in {id(each): each for each in (self._session, *(job.session for job in self._jobs))}.values():
            session.join(make(session.experiment))
        if self._saved is not None:
            self._session.resume(self._saved)

    def do_without(self, engine: str, reason: str) -> None:
        """Go on without an engine that can't be had, and say why; dumps that wait for it are refused."""
        self._missing[engine] = reason
        self._emit(Said(_cannot(engine, reason), "error"))
        for job in [each for each in self._jobs if engine in each.asked.engines]:
            self._end(job, job.refuse(f"Nothing was written: {_cannot(engine, reason)}"))

    def handle(self, command: Command, number: int = 0) -> None:
        """Carry out a command, or begin to; what can't be carried out is said."""
        self._handled = number
        try:
            self._carry_out(command, number)
        except MlpError as error:
            refused = isinstance(command, SaveWeights | SaveRun | SavePicture)
            self._emit(NotSaved(number, str(error)) if refused else Said(str(error), "error"))

    def _rouse(self) -> None:
        self.wake()  # which may have been set since

    def take_news(self) -> None:
        """Take in what the user's file has come to, where there is one."""
        for event in self._mine.news() if self._mine is not None else ():
            self._emit(event)

    def close(self) -> None:
        """End the processes of the user's file."""
        if self._mine is not None:
            self._mine.close()

    def stop(self) -> None:
        """Train no more; what dumps need is still trained."""
        self._walk.stop()

    @property
    def to_keep(self) -> tuple[int, int] | None:
        """What tells one state of the run from another that is worth keeping; None where there is none, or not now."""
        session = self._session
        return (id(session), session.trained) if session.trained and session.in_lockstep else None

    def saved(self) -> SavedRun:
        """Return all that it takes to go on from the last epoch trained."""
        return self._session.saved()

    @property
    def nearly_there(self) -> bool:
        """Whether a slice brings what was asked for: then there is no hurry to show what is there without it."""
        return self._walk.nearly_there

    @property
    def has_dumps(self) -> bool:
        """Whether dumps that were accepted are not written yet."""
        return bool(self._jobs)

    @property
    def busy(self) -> bool:
        """Whether `work` has something to do."""
        return self._walk.busy or self._ready_job is not None

    def work(self) -> None:
        """Go back in time or train for about a slice, and write a dump."""
        job = self._ready_job
        if job is not None and (answer := job.step()) is not None:
            self._end(job, answer)
        self._walk.work()

    def view(self) -> View:
        """Return what is to be seen now, with the losses that have come since the last View."""
        walk, session, plain = self._walk, self._session, self._session.frame()
        frame, seen = (plain, None) if self._mine is None else self._mine.seen(plain)
        if self._whole.frame is not frame:
            self._whole = Whole(frame)
        name, judgements = self._shown.tensor, self._judgements(plain)
        shares = shares_of(plain, session.experiment.at(max(frame.epoch, 1)), name, self._whole) if judgements else {}
        if seen is not None and name.quantity is Quantity.GRADIENT:
            judgements, shares = {**judgements, MINE: seen.marks}, {**shares, MINE: seen.shares[name]}
        return View(
            epoch=session.epoch,
            trained=session.trained,
            planned=walk.planned,
            running=walk.training,
            heading=walk.heading,
            handled=self._handled,
            dumping=self._jobs[0].state if self._jobs else "",
            missing=self._all_missing,
            joined=tuple(plain.engines),
            comparable=session.comparable,
            matrix=matrix_of(frame, name, self._shown.window, self._whole, self._map, shares=shares),
            agreements=agreements_of(frame, name, session.experiment.depth, self._whole),
            sample=sample_of(frame, session.samples.x, session.samples.y),
            series=self._news.take(session) | ({} if self._mine is None else self._mine.series()),
            updates=frame.updates,
            inside=inside_of(frame),
            jump=walk.jump,
            speed=walk.speed,
            plane=self._depicted.plane(session, frame, self._whole),
            spread=self._depicted.spread(session, frame, self._whole),
            explained=self._explaining.explained(frame, session.experiment, {} if seen is None else seen.lending),
            phases=self._explaining.phases(plain, session.experiment),
            judgements=judgements,
            parted=self._verdicts.parted,
            drift=drift_of(plain),
            marks={} if seen is None else seen.marks,
            own_path=self._mine is not None and self._mine.own_path,
        )

    def _judgements(self, frame: Frame) -> dict[str, Mapping[TensorName, Judgement]]:
        quantity = self._shown.tensor.quantity
        return self._verdicts.of(self._session, frame, quantity, self._whole, at_work=self._walk.busy)

    @property
    def _all_missing(self) -> dict[str, str]:
        return self._missing | ({} if self._mine is None else self._mine.missing)

    @property
    def _seen_frame(self) -> Frame:
        """The epoch where the run stands, with the user's own engine in it where that is known."""
        plain = self._session.frame()
        return plain if self._mine is None else self._mine.seen(plain)[0]

    # Commands

    def _carry_out(self, command: Command, number: int) -> None:
        if self._walk.follow(command) or self._depicted.take(command):
            return
        match command:
            case Restart(without_asking):
                self._restart(without_asking)
            case Open(experiment):
                self._begin(experiment)
            case Resume(path):
                saved = read_run(path)
                self._begin(saved.experiment, saved)
            case ChangeSettings(settings, after):
                self._change(settings, after)
            case Show():
                self._shown = command
            case ShowMap():
                self._map = command
            case FollowOwn():
                self._follow_own()
            case Explain() | ShowPhases():
                self._explaining.follow(command)
            case WriteDumps():
                self._accept(DumpJob(number, command, self._session, self._session.experiment, self._mine))
            case SaveWeights() | SaveRun() | SavePicture():
                self._save(command)
                self._emit(Saved(number, command.path, command.path.stat().st_size))

    def _begin(self, experiment: Experiment, saved: SavedRun | None = None) -> None:
        """Start a run, or go on with one that was saved; where that fails, all stays as it was.

        Raises:
            MlpError: what the experiment names can't be had.
        """
        session = Session(experiment)
        session.join(Scratch(experiment))
        for make in self._late:
            session.join(make(experiment))
        if saved is not None:
            session.resume(saved)
        if self._shown.tensor.layer > experiment.depth:
            self._shown = Show(TensorName(Quantity.GRADIENT, 1, "W"), Window())
        self._saved = saved
        self._walk = Walk(session, self._emit)
        self._news = News()
        if self._mine is not None:
            self._mine.begin(session)
        self._verdicts = Verdicts()
        self._describe()

    @property
    def _session(self) -> Session:
        return self._walk.session

    def _describe(self) -> None:
        mine = () if self._mine is None else (MINE,)
        session = self._session
        count = len(session.samples.x)
        self._emit(Described(session.experiment, (*engines(), *mine), session.metric_names, count))

    def _follow_own(self) -> None:
        if self._mine is None:
            self._emit(Said("There is no file of yours here: mlp-tui --mine mine.py brings one.", "warning"))
            return
        self._mine.toggle()
        own, beside = "now trains by its own gradients, on its own path", "is now evaluated at scratch's parameters"
        self._emit(Said(f"{MINE} {own if self._mine.own_path else beside}."))

    def _restart(self, without_asking: int | None) -> None:
        """Start again, or ask whether to; dumps that are not written yet stay with the session they were asked of."""
        trained = self._session.trained
        if without_asking is not None and trained > without_asking:
            self._emit(MayRestart(trained))
        else:
            self._begin(self._session.experiment)

    def _change(self, settings: Mapping[str, object], after: int) -> None:
        self._walk.stop()
        self._session.seek(after)
        self._session.change(settings)
        if self._mine is not None:
            self._mine.begin(self._session)
        self._verdicts.forget_after(after)
        self._describe()

    def _save(self, asked: SaveWeights | SaveRun | SavePicture) -> None:
        match asked:
            case SaveWeights(engine, path, replace):
                self._save_weights(engine, path, replace=replace)
            case SaveRun(path, replace):
                write_run(path, self._session.saved(), replace=replace)
            case SavePicture():
                write_picture(self._session, self._seen_frame, asked)

    def _save_weights(self, engine: str, path: Path, *, replace: bool) -> None:
        session = self._session
        frame, experiment = session.frame().engines[engine], session.experiment
        settings = experiment.at(max(session.epoch, 1))
        origin_of = Origin(experiment.name, settings.network(), frame.label, session.epoch)
        write_weights(path, frame.after, settings.activations(), origin_of, replace=replace)

    def _accept(self, job: DumpJob) -> None:
        reasons = [_cannot(name, why) for name, why in self._all_missing.items() if name in job.asked.engines]
        self._jobs.append(job)
        if reasons:
            self._end(job, job.refuse(f"Nothing was written: {reasons[0]}"))

    def _end(self, job: DumpJob, answer: Event) -> None:
        self._jobs.remove(job)
        self._emit(answer)

    @property
    def _ready_job(self) -> DumpJob | None:
        """The first dump that can be written now; another may have to wait until an engine has been imported."""
        return next((job for job in self._jobs if not job.awaited), None)


def _own_file(mine: Mine, wake: Callable[[], object]) -> OwnFile:
    from tui.mine import OwnFile  # noqa: PLC0415 - a run without such a file need not wait for the doctor

    return OwnFile(mine, wake)


def _cannot(engine: str, reason: str) -> str:
    return f"{engine} can't be used: {reason}"
