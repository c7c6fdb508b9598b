"""Checkpoints for another trainer: one of two files is whole at any moment."""

import tempfile
import time
from pathlib import Path

import pytest

from core.engines.scratch import Scratch
from core.errors import FileError
from core.experiment_file import load
from core.saved_run import read_run
from core.session import Session
from tui import keeper as module
from tui.keeper import Keeper


@pytest.fixture
def files():
    with tempfile.NamedTemporaryFile() as one, tempfile.NamedTemporaryFile() as other:
        yield one, other


@pytest.fixture
def session():
    session = Session(load("notebook"))
    session.join(Scratch(session.experiment))
    return session


def test_runs_are_kept_in_turn_and_can_be_read(files, session, tmp_path):
    keeper = Keeper([file.fileno() for file in files])
    for epoch in (1, 2, 3):
        session.advance(1)
        kept = keeper.keep(session.saved(), epoch)
        (path := tmp_path / f"{epoch}.safetensors").write_bytes(Path(files[kept.slot].name).read_bytes())
        assert kept.epoch == read_run(path).epoch == epoch
        assert read_run(path).engines["scratch"].state.parameters.tobytes() == (
            session.saved().engines["scratch"].state.parameters.tobytes()
        )


def test_being_killed_while_keeping_leaves_the_one_before(files, session, monkeypatch, tmp_path):
    keeper = Keeper([file.fileno() for file in files])
    session.advance(1)
    first = keeper.keep(session.saved(), 1)
    session.advance(1)

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "_write", killed)
    with pytest.raises(KeyboardInterrupt):
        keeper.keep(session.saved(), 2)
    contents = [Path(file.name).read_bytes() for file in files]
    for slot, content in enumerate(contents):
        (tmp_path / f"{slot}").write_bytes(content)
    assert read_run(tmp_path / f"{first.slot}").epoch == 1
    with pytest.raises(FileError):
        read_run(tmp_path / f"{1 - first.slot}")


def test_nothing_is_kept_twice_and_keeping_takes_a_small_share_of_the_time(files, session):
    keeper = Keeper([file.fileno() for file in files])
    session.advance(1)
    assert keeper.waits("state") == 0
    begun = time.perf_counter()
    keeper.keep(session.saved(), "state")
    taken = time.perf_counter() - begun

    assert keeper.waits("state") is None
    assert 0 < keeper.waits("another") <= max(module.LEAST_PAUSE, taken / module.SHARE)
