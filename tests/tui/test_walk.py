"""How a run is walked: a slice at a time, in as few calls as can be."""

import pytest

from core.experiment_file import load
from tui import walk
from tui.protocol import GoTo

CALL = 0.00015
"""Seconds that a call takes beside its epochs."""


class Clock:
    def __init__(self):
        self.now = 100.0

    def perf_counter(self):
        return self.now


class Session:
    """Trains nothing, and takes its time for it."""

    experiment, epoch, update, trained, in_lockstep, diverged = load("notebook"), 0, None, 0, True, ()

    def __init__(self, clock, seconds):
        self.clock, self.seconds, self.calls = clock, seconds, []

    def advance(self, epochs):
        self.calls.append(epochs)
        self.clock.now += CALL + epochs * self.seconds
        self.trained = self.epoch = self.trained + epochs

    def distance(self, epoch):
        return 0

    def seek(self, epoch, update=None):
        pass


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(walk, "time", clock)
    return clock


@pytest.mark.parametrize("seconds", [1e-5, 3e-4, 2e-3])
def test_once_the_speed_is_known_a_slice_is_one_call_and_as_long_as_it_should_be(clock, seconds):
    session = Session(clock, seconds)
    walked = walk.Walk(session, print)
    walked.follow(GoTo(10**9))
    for _ in range(20):
        walked.work()

    session.calls.clear()
    begun = clock.now
    for _ in range(10):
        walked.work()

    assert len(session.calls) == 10
    assert (clock.now - begun) / 10 == pytest.approx(walk.SLICE, rel=0.25)


def test_an_epoch_that_is_longer_than_a_slice_is_trained_alone(clock):
    session = Session(clock, 0.5)
    walked = walk.Walk(session, print)
    walked.follow(GoTo(10**9))
    walked.work()
    walked.work()
    assert session.calls == [1, 1]
