"""Commands in, Views out: a run under command, without a process and without a screen."""

import math
import os
import time
from dataclasses import replace as changed

import numpy as np
import pytest

from core import dat
from core.engines.autograd import Autograd
from core.experiment_file import load
from core.tensors import Quantity, parse_tensor_name
from tui.protocol import (
    Cancel,
    Described,
    Dumped,
    GoTo,
    GoToLast,
    MayRestart,
    NotDumped,
    Restart,
    Said,
    Show,
    Step,
    ToggleRun,
    Window,
    WriteDumps,
)
from tui.trainer import Trainer

BOTH = ("scratch", "autograd")
FAR = 1_000_000
"""More epochs than a test trains."""
PATIENCE = 20.0


class Run:
    """A trainer and all that it has said."""

    def __init__(self, *engines, experiment="notebook"):
        self.said = []
        self.trainer = Trainer(load(experiment), self.said.append)
        for engine in engines:
            self.trainer.join(engine)

    def does(self, *commands):
        """Carry commands out to their end; return the View then."""
        for command in commands:
            self.trainer.handle(command)
            self.work_until(lambda: not self.trainer.busy)
        return self.trainer.view()

    def work_until(self, condition):
        until = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < until, self.said
            self.trainer.work()

    def last(self, kind):
        return next(each for each in reversed(self.said) if isinstance(each, kind))


@pytest.fixture
def run():
    return Run(Autograd)


def bits(view):
    """All numbers of a View but the news of the losses."""
    matrix = view.matrix
    parts = (matrix.values, matrix.after)
    arrays = [each.tobytes() for part in parts for each in part.values()]
    return view.epoch, view.trained, view.planned, arrays, dict(view.agreements), view.sample, matrix.largest


def dumps(folder, first=1, last=1, *, engines=BOTH, quantities=(Quantity.GRADIENT,), numbered=False, replace=True):
    asked = WriteDumps(engines, quantities, folder, first, last, numbered=numbered)
    return changed(asked, replace=frozenset(asked.paths())) if replace else asked


def test_it_begins_by_describing_the_run():
    run = Run()
    described = run.said[0]

    assert isinstance(described, Described)
    assert (described.name, described.layers, described.depth) == ("notebook", (2, 10, 10, 1), 3)
    assert described.engines == BOTH
    assert described.summary == ("2-10-10-1 sigmoid identity", "sse", "sgd 0.1", "1 sample", "float64")


def test_ten_on_five_back_and_five_on_show_the_same_numbers_again(run):
    at_ten = run.does(*[Step(1)] * 10)
    at_five = run.does(*[Step(-1)] * 5)
    again = run.does(*[Step(1)] * 5)

    assert at_five.epoch == 5
    assert bits(at_five) != bits(at_ten)
    assert bits(again) == bits(at_ten)
    assert again.trained == 10


def test_steps_that_come_faster_than_training_all_count(run):
    for _ in range(7):
        run.trainer.handle(Step(1))
    run.trainer.handle(Step(-2))
    view = run.does(Step(10))

    assert view.epoch == 15


def test_going_past_the_plan_grows_it(run):
    run.does(ToggleRun())
    view = run.does(Step(1))

    assert (view.epoch, view.trained, view.planned) == (11, 11, 11)


def test_running_trains_to_the_plan_and_stops(run):
    run.trainer.handle(ToggleRun())
    assert run.trainer.view().running
    view = run.does()
    run.work_until(lambda: not run.trainer.busy)

    assert (run.trainer.view().epoch, run.trainer.view().running) == (10, False)
    assert view.trained <= 10


def test_running_where_all_is_trained_says_so(run):
    view = run.does(ToggleRun(), ToggleRun())

    assert view.trained == 10
    assert "All 10 epochs are trained" in run.last(Said).text


def test_pausing_stops_where_it_is(run):
    run.does(GoTo(20), GoTo(0))
    run.trainer.handle(GoTo(FAR))
    run.work_until(lambda: run.trainer.view().trained > 20)
    view = run.does(ToggleRun())

    assert 20 < view.trained < FAR
    assert view.epoch == view.trained
    assert not view.running


def test_a_long_way_to_a_new_epoch_is_given_up_and_planned_no_more(run):
    run.trainer.handle(GoTo(FAR))
    run.work_until(lambda: run.trainer.view().trained > 20)
    view = run.does(Cancel())

    assert 20 < view.trained < FAR
    assert view.epoch == view.trained == view.planned


def test_a_step_back_from_a_long_way_counts_from_what_is_seen_and_gives_the_way_up(run):
    run.trainer.handle(GoTo(FAR))
    run.work_until(lambda: run.trainer.view().trained > 20)
    seen = run.trainer.view().epoch
    view = run.does(Step(-1), Step(-1))

    assert (view.epoch, view.trained, view.planned) == (seen - 2, seen, seen)


def test_giving_up_leaves_a_run_alone(run):
    run.does(GoTo(20))
    run.trainer.handle(GoTo(FAR))
    run.trainer.handle(ToggleRun())
    run.trainer.handle(ToggleRun())
    run.trainer.handle(Cancel())
    view = run.trainer.view()

    assert (view.running, view.planned) == (True, FAR)


def test_stepping_does_not_train_where_it_may_not(run):
    view = run.does(Step(3), Step(-1), Step(10, train=False))

    assert (view.epoch, view.trained) == (3, 3)


def test_jumping_back_while_it_runs_keeps_it_training(run):
    run.trainer.handle(GoTo(FAR))
    run.trainer.handle(ToggleRun())
    run.trainer.handle(ToggleRun())
    while run.trainer.view().trained <= 3:
        run.trainer.work()
    run.trainer.handle(GoTo(3))
    before = run.trainer.view()
    run.trainer.work()
    after = run.trainer.view()

    assert before.running
    assert after.running
    assert before.epoch == after.epoch == 3
    assert after.trained > before.trained
    run.trainer.handle(GoToLast())
    run.trainer.work()
    assert run.trainer.view().epoch == run.trainer.view().trained


def test_going_to_an_epoch_and_to_the_last(run):
    assert run.does(GoTo(25)).epoch == 25
    assert run.does(GoTo(4)).epoch == 4
    assert run.does(GoToLast()).epoch == 25


def test_starting_again_comes_to_the_same_numbers(run):
    first = run.does(Step(3))
    restarted = run.does(Restart())
    again = run.does(Step(3))

    assert (restarted.epoch, restarted.trained) == (0, 0)
    assert restarted.matrix is None
    assert bits(again) == bits(first)
    assert again.series["scratch"] == first.series["scratch"]


def test_a_view_shows_the_tensor_asked_for(run):
    view = run.does(Step(1), Show(parse_tensor_name("dL/dz2"), Window()))

    assert str(view.matrix.tensor) == "dL/dz2"
    assert [str(name) for name in view.agreements] == ["dL/dz1", "dL/dz2", "dL/dz3"]


def test_the_losses_come_once_and_in_order(run):
    first, second = run.does(Step(4)), run.does(Step(3))

    for name in (*BOTH, "digits"):
        assert (first.series[name][0], len(first.series[name][1])) == (0, 4)
        assert (second.series[name][0], len(second.series[name][1])) == (4, 3)


def test_autograd_that_comes_late_catches_up():
    run = Run()
    alone = run.does(Step(8))
    run.trainer.join(Autograd)
    assert run.trainer.busy
    both = run.does()

    assert alone.joined == ("scratch",)
    assert alone.agreements == {}
    run.work_until(lambda: not run.trainer.busy)
    both = run.trainer.view()
    assert both.joined == BOTH
    assert both.epoch == 8
    assert bits(both) == bits(Run(Autograd).does(Step(8)))
    assert both.series["autograd"][0] == 0
    assert len(both.series["autograd"][1]) == 8
    assert len(both.series["digits"][1]) == 8


def test_an_engine_that_can_not_be_had_is_said_and_the_other_goes_on(tmp_path):
    run = Run()
    run.trainer.do_without("autograd", "no such file")
    assert "autograd can't be used: no such file" in run.last(Said).text
    assert run.does(Step(2)).trained == 2
    run.does(dumps(tmp_path, 2, 2))

    assert "Nothing was written" in run.last(NotDumped).reason
    assert list(tmp_path.iterdir()) == []


def test_as_printed_can_not_be_compared():
    view = Run(Autograd, experiment="as-printed").does(Step(2))

    assert not view.comparable
    assert view.agreements == {}
    assert list(view.series["digits"][1]) == []


def test_losses_fall(run):
    series = run.does(ToggleRun()).series

    for name in BOTH:
        assert series[name][1][-1] < series[name][1][0]
        assert all(math.isfinite(loss) for loss in series[name][1])


# Dumps


def test_a_dump_has_the_bits_that_are_shown(run, tmp_path):
    view = run.does(Step(2), dumps(tmp_path, 2, 2))
    told = run.last(Dumped)

    assert told.paths == (tmp_path / "my_autograd.dat", tmp_path / "torch_autograd.dat")
    assert told.nbytes == sum(path.stat().st_size for path in told.paths)
    for engine, path in zip(BOTH, told.paths, strict=True):
        assert dat.read(path).tensors["dL/dW1"].tobytes() == view.matrix.values[engine].tobytes()


def test_every_epoch_is_dumped_under_its_number(run, tmp_path):
    run.does(Step(3), dumps(tmp_path, 1, 3, numbered=True, quantities=tuple(Quantity)))

    for stem in ("my_autograd", "torch_autograd"):
        assert [dat.read(tmp_path / f"{stem}.000{epoch}.dat").epoch for epoch in (1, 2, 3)] == [1, 2, 3]
    assert len(list(tmp_path.iterdir())) == 6
    assert {"W1", "z1", "update W1", "x", "y"} <= set(dat.read(tmp_path / "my_autograd.0002.dat").tensors)


def test_dumping_moves_nothing(run, tmp_path):
    before = run.does(Step(5), Step(-2))
    after = run.does(dumps(tmp_path, 1, 5, numbered=True))

    assert bits(after) == bits(before)


def test_a_dump_that_autograd_has_yet_to_reach_waits_for_it(tmp_path):
    run = Run()
    run.does(Step(3), dumps(tmp_path, 3, 3))
    assert list(tmp_path.iterdir()) == []
    run.trainer.join(Autograd)
    run.work_until(lambda: not run.trainer.busy)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["my_autograd.dat", "torch_autograd.dat"]


def test_a_dump_that_waits_says_so_and_outlives_starting_again(tmp_path):
    run = Run()
    at_three = run.does(Step(3), dumps(tmp_path, 3, 3))
    assert "waits until PyTorch has been imported" in at_three.dumping
    assert run.does(Restart()).trained == 0
    run.trainer.join(Autograd)
    run.work_until(lambda: not run.trainer.has_dumps)

    assert run.last(Dumped).paths == (tmp_path / "my_autograd.dat", tmp_path / "torch_autograd.dat")
    assert dat.read(tmp_path / "my_autograd.dat").epoch == 3
    assert (
        dat.read(tmp_path / "my_autograd.dat").tensors["dL/dW1"].tobytes()
        == at_three.matrix.values["scratch"].tobytes()
    )
    assert run.trainer.view().dumping == ""


def test_a_dump_that_needs_nothing_does_not_wait_behind_one_that_does(tmp_path):
    run = Run()
    (tmp_path / "mine").mkdir()
    run.does(Step(1), dumps(tmp_path), dumps(tmp_path / "mine", engines=("scratch",)))

    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["my_autograd.dat"]
    assert run.trainer.has_dumps


def test_a_dump_that_waits_for_an_engine_that_can_not_be_had_is_refused(tmp_path):
    run = Run()
    run.does(Step(1), dumps(tmp_path))
    run.trainer.do_without("autograd", "no such file")

    assert "no such file" in run.last(NotDumped).reason
    assert not run.trainer.has_dumps
    assert list(run.trainer.view().missing) == ["autograd"]


def test_a_file_that_came_after_the_question_is_kept_and_nothing_else_is_written(run, tmp_path):
    asked = dumps(tmp_path, 1, 3, numbered=True, replace=False)
    (tmp_path / "my_autograd.0001.dat").write_text("agreed")
    asked = changed(asked, replace=frozenset({tmp_path / "my_autograd.0001.dat"}))
    (tmp_path / "torch_autograd.0002.dat").write_text("came later")
    run.does(Step(3), asked)

    assert "torch_autograd.0002.dat: can't be written (exists already)" in run.last(NotDumped).reason
    assert (tmp_path / "my_autograd.0001.dat").read_text() == "agreed"
    assert (tmp_path / "torch_autograd.0002.dat").read_text() == "came later"
    assert len(list(tmp_path.iterdir())) == 2


def test_a_view_tells_the_last_command_and_where_the_steps_lead(run):
    run.trainer.handle(Step(3), 7)
    on_its_way = run.trainer.view()
    run.work_until(lambda: not run.trainer.busy)
    there = run.trainer.view()

    assert (on_its_way.handled, on_its_way.epoch, on_its_way.heading) == (7, 0, 3)
    assert (there.handled, there.epoch, there.heading) == (7, 3, 3)


def test_starting_again_is_asked_for_where_much_would_be_dropped(run):
    kept = run.does(Step(3), Restart(without_asking=2))
    assert run.last(MayRestart).trained == 3
    assert kept.trained == 3
    assert run.does(Restart(without_asking=3)).trained == 0


@pytest.mark.parametrize("where", ["gone", "file"])
def test_a_folder_that_can_not_be_written_is_said_and_training_is_unharmed(run, tmp_path, where):
    (tmp_path / "file").write_text("mine")
    view = run.does(Step(1), dumps(tmp_path / where))
    reason = run.last(NotDumped).reason

    assert "can't be written" in reason
    assert str(tmp_path / where) in reason
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert view.epoch == 1
    assert run.does(Step(1)).epoch == 2


def test_a_full_disk_leaves_nothing_half_written_and_what_was_there_stays(run, tmp_path, monkeypatch):
    run.does(Step(1), dumps(tmp_path))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full(descriptor):
        raise OSError(28, "No space left on device")

    run.does(Step(1))
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        run.does(dumps(tmp_path, 2, 2))

    assert "No space left on device" in run.last(NotDumped).reason
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    run.does(dumps(tmp_path, 2, 2))
    assert dat.read(tmp_path / "my_autograd.dat").epoch == 2


def test_a_file_in_the_way_is_kept_where_it_may_not_be_replaced(run, tmp_path):
    (tmp_path / "my_autograd.dat").write_text("mine")
    run.does(Step(1), dumps(tmp_path, replace=False))

    assert "my_autograd.dat: can't be written (exists already)" in run.last(NotDumped).reason
    assert (tmp_path / "my_autograd.dat").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["my_autograd.dat"]


def test_what_travels_can_not_change_the_run(run):
    view = run.does(Step(1))
    kept = view.matrix.values["scratch"].copy()
    for values in view.matrix.values.values():
        if values.flags.writeable:
            values[:] = 1.0
    np.testing.assert_array_equal(run.trainer.view().matrix.values["scratch"], kept)
