"""The trainer as a process of its own: it answers, it ends, and it can be started again."""

import os
import signal
import threading
import time

import pytest

from core import dat
from core.engines.scratch import Scratch
from core.experiment_file import load
from core.session import Session
from core.tensors import Quantity, TensorName
from tui.conductor import ProcessConductor
from tui.protocol import (
    Described,
    Ended,
    GoTo,
    Kept,
    NotDumped,
    Open,
    Restart,
    Show,
    Start,
    Step,
    View,
    Window,
    WriteDumps,
)
from tui.recorded import Compared

PATIENCE = 30.0
SOON = 2.0
"""Seconds within which a trainer has to end, whatever it does."""


class Ear:
    """Takes events from the reading thread; waits for one that fits."""

    def __init__(self):
        self.events = []
        self._news = threading.Condition()

    def __call__(self, event):
        with self._news:
            self.events.append(event)
            self._news.notify_all()

    def wait(self, kind, fits=lambda event: True, after=0):
        def found():
            return next((each for each in self.events[after:] if isinstance(each, kind) and fits(each)), None)

        with self._news:
            assert self._news.wait_for(found, PATIENCE), self.events[-3:]
            return found()


def gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.fixture
def ear():
    return Ear()


@pytest.fixture
def conductor(ear):
    conductor = ProcessConductor(Start("notebook"))
    conductor.listen(ear)
    yield conductor
    conductor.close()


def test_it_describes_the_run_then_shows_it_then_answers(conductor, ear):
    ear.wait(View)
    assert isinstance(ear.events[0], Described)
    conductor.send(Step(3))

    assert ear.wait(View, lambda view: view.epoch == 3).matrix.values["scratch"].shape == (10, 2)


def test_autograd_joins_when_it_has_been_imported(conductor, ear):
    conductor.send(Step(2))
    view = ear.wait(View, lambda view: view.epoch == 2 and "autograd" in view.joined)

    assert view.comparable
    assert all(each.digits > 10 for each in view.agreements.values())


def test_closing_leaves_no_process_and_says_nothing(conductor, ear):
    ear.wait(View)
    pid = conductor._process.pid
    conductor.close()

    assert gone(pid)
    assert not [each for each in ear.events if isinstance(each, Ended)]


def test_closing_while_it_trains_takes_no_longer(conductor, ear):
    conductor.send(GoTo(1_000_000_000))
    ear.wait(View, lambda view: view.trained > 0)
    pid, begun = conductor._process.pid, time.monotonic()
    conductor.close()

    assert time.monotonic() - begun < SOON
    assert gone(pid)


def test_closing_twice_and_sending_afterwards_do_no_harm(conductor, ear):
    ear.wait(View)
    conductor.close()
    conductor.close()
    conductor.send(Step(1))

    assert conductor._process.returncode is not None


def test_a_process_that_is_killed_is_told_and_revived(conductor, ear):
    conductor.send(Step(5))
    ear.wait(View, lambda view: view.epoch == 5)
    os.kill(conductor._process.pid, signal.SIGKILL)
    assert "SIGKILL" in ear.wait(Ended).reason

    heard = len(ear.events)
    conductor.revive()
    conductor.send(Restart())
    conductor.send(Step(1))
    view = ear.wait(View, lambda view: view.epoch == 1, heard)
    assert view.trained == 1


def test_reviving_one_that_lives_changes_nothing(conductor, ear):
    ear.wait(View)
    pid = conductor._process.pid
    conductor.revive()

    assert conductor._process.pid == pid


def test_a_trainer_that_can_not_start_says_why(ear):
    conductor = ProcessConductor(Start("no-such-experiment"))
    conductor.listen(ear)
    try:
        assert "no-such-experiment" in ear.wait(Ended).reason
    finally:
        conductor.close()


# Dumps that are not written yet


def both(folder, last=1, *, numbered=False):
    return WriteDumps(("scratch", "autograd"), (Quantity.GRADIENT,), folder, 1, last, numbered=numbered)


def test_a_dump_that_waits_for_pytorch_is_written_before_the_trainer_ends(conductor, ear, tmp_path):
    conductor.send(Step(1))
    conductor.send(both(tmp_path))
    conductor.leave()
    assert conductor.unwritten == (tmp_path,)

    assert conductor.wait(PATIENCE)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["my_autograd.dat", "torch_autograd.dat"]
    assert dat.read(tmp_path / "torch_autograd.dat").epoch == 1
    assert conductor.unwritten == ()
    assert conductor.failures == []


def test_a_dump_that_fails_after_leaving_is_told(conductor, ear, tmp_path):
    conductor.send(Step(1))
    conductor.send(both(tmp_path / "gone"))
    conductor.leave()

    assert conductor.wait(PATIENCE)
    (failure,) = conductor.failures
    assert "gone" in failure


def test_giving_up_leaves_no_file_half_written(conductor, ear, tmp_path):
    conductor.send(Step(2000))
    conductor.send(both(tmp_path, 2000, numbered=True))
    ear.wait(
        View,
        lambda view: view.dumping.startswith("Writing dumps: ") and not view.dumping.startswith("Writing dumps: 0"),
    )
    conductor.close()

    names = [path.name for path in tmp_path.iterdir()]
    assert 0 < len(names) < 4000
    assert [name for name in names if not name.endswith(".dat")] == []


def test_a_trainer_that_is_killed_says_which_dumps_it_owes(conductor, ear, tmp_path):
    conductor.send(Step(1))
    number = conductor.send(both(tmp_path))
    os.kill(conductor._process.pid, signal.SIGKILL)

    assert ear.wait(NotDumped).number == number
    assert ear.wait(Ended)


def test_sending_waits_for_nobody(conductor, ear, tmp_path):
    ear.wait(View)
    os.kill(conductor._process.pid, signal.SIGSTOP)
    begun = time.monotonic()
    for _ in range(20_000):
        conductor.send(Step(1, train=False))
    for layer in (1, 2, 3) * 2_000:
        last = conductor.send(Show(TensorName(Quantity.GRADIENT, layer, "W"), Window()))
    took = time.monotonic() - begun
    os.kill(conductor._process.pid, signal.SIGCONT)

    assert took < SOON
    ear.wait(View, lambda view: view.handled == last)


# Checkpoints that outlive a trainer


def trained_and_kept(conductor, ear, epoch):
    """Train to an epoch in both engines, and wait until it is kept."""
    heard = len(ear.events)
    conductor.send(GoTo(epoch))
    view = ear.wait(View, lambda view: view.trained == epoch and len(view.joined) == 2, heard)
    ear.wait(Kept, lambda kept: kept.epoch == epoch, heard)
    return view


def end_and_carry_on(conductor, ear):
    """Kill the trainer and start another; return why it ended, the epoch, and what is shown with both engines."""
    heard = len(ear.events)
    os.kill(conductor._process.pid, signal.SIGKILL)
    reason = ear.wait(Ended, after=heard).reason
    epoch = conductor.carry_on()
    return reason, epoch, ear.wait(View, lambda view: len(view.joined) == 2, heard)


def test_a_trainer_that_is_killed_goes_on_at_its_last_checkpoint_with_the_same_bits_time_and_again(conductor, ear):
    for at in (3, 7):
        before = trained_and_kept(conductor, ear, at)
        reason, epoch, after = end_and_carry_on(conductor, ear)

        assert f"SIGKILL, as it is when memory runs out, at epoch {at}; R goes on from epoch {at}" in reason
        assert epoch == after.epoch == after.trained == at
        for engine in ("scratch", "autograd"):
            assert after.matrix.values[engine].tobytes() == before.matrix.values[engine].tobytes()


def test_without_a_checkpoint_or_with_a_trainer_that_lives_there_is_nothing_to_go_on_with(conductor, ear):
    ear.wait(View)
    assert conductor.carry_on() is None
    trained_and_kept(conductor, ear, 1)
    assert conductor.carry_on() is None


def test_a_checkpoint_has_no_name_that_could_be_left_behind(conductor):
    assert [os.fstat(file.fileno()).st_nlink for file in conductor._files] == [0, 0]


def test_two_files_are_shown_and_give_way_to_an_experiment_that_is_opened(ear, tmp_path):
    session = Session(load("xor"))
    session.join(Scratch(session.experiment))
    session.advance(2)
    path = tmp_path / "my.dat"
    dat.write(path, dat.dump_of(session.frame_of(2).engines["scratch"], 2, session.experiment))
    conductor = ProcessConductor(Start(compared=Compared(path, path)))
    try:
        conductor.listen(ear)
        assert ear.wait(Described).recorded.line.startswith("identical bits")
        assert ear.wait(View).joined == ("A", "B")
        conductor.painted()

        number = conductor.send(Open(load("xor")))

        assert ear.wait(Described, lambda each: each.recorded is None).name == "xor"
        ear.wait(View, lambda view: view.handled >= number and view.joined == ("scratch", "autograd"))
    finally:
        conductor.close()
