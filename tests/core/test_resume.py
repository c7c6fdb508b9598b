"""A run that is saved, and goes on as if it had never stopped; what is measured beside the loss."""

import math
from dataclasses import replace

import numpy as np
import pytest

from core import data
from core.engines.autograd import Autograd
from core.engines.scratch import Scratch
from core.errors import DataError, FileError
from core.experiment import Change, Data, Experiment, Optimizer
from core.experiment_file import load
from core.saved_run import read_run, write_run
from core.session import Session

RUNS = {
    "the notebook": Experiment(),
    "adam in batches, with a change": Experiment(
        layers=(2, 6, 1),
        activation="tanh",
        output="sigmoid",
        loss="bce",
        batch=7,
        optimizer=Optimizer("adam", 0.01),
        data=Data("moons", samples=30, test_fraction=0.2),
        change=(Change(15, {"optimizer.lr": 0.003}),),
    ),
    "an optimizer that becomes another": Experiment(
        change=(Change(12, {"optimizer.momentum": 0.5}), Change(18, {"optimizer": {"name": "rmsprop", "lr": 1e-3}})),
    ),
    "momentum in two precisions": Experiment(
        precision="float32", optimizer=Optimizer("sgd", 0.02, momentum=0.9), epochs=40
    ),
}


def session_of(experiment, *engines):
    session = Session(experiment)
    for engine in engines or (Scratch, Autograd):
        session.join(engine(experiment))
    return session


def bits(session, epoch):
    frames = session.frame_of(epoch).engines
    return {name: (each.before.flat.tobytes(), each.after.flat.tobytes(), each.loss) for name, each in frames.items()}


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("stop", [0, 1, 11, 17])
def test_a_run_that_was_saved_and_resumed_has_the_bits_of_one_that_never_stopped(tmp_path, run, stop):
    straight, stopped = session_of(RUNS[run]), session_of(RUNS[run])
    straight.advance(25)
    stopped.advance(stop)
    write_run(tmp_path / "run.safetensors", stopped.saved())

    saved = read_run(tmp_path / "run.safetensors")
    resumed = session_of(saved.experiment)
    resumed.resume(saved)
    assert (resumed.epoch, resumed.trained) == (stop, stop)
    resumed.advance(25 - stop)

    for epoch in (25, 24, stop, 3, 20, 0, stop + 1):
        assert bits(resumed, epoch) == bits(straight, epoch)
    for name in straight.engines:
        np.testing.assert_array_equal(resumed.losses(name), straight.losses(name))
        for metric, values in straight.metrics(name).items():
            np.testing.assert_array_equal(resumed.metrics(name)[metric], values)


def test_saving_leaves_the_run_where_it_stands():
    session = session_of(Experiment())
    session.advance(8)
    session.seek(3)
    before = bits(session, 3)

    assert session.saved().epoch == 8
    assert session.epoch == 3
    assert bits(session, session.epoch) == before


def test_a_run_of_other_parameters_is_not_resumed():
    saved = session_of(Experiment()).saved()

    with pytest.raises(FileError, match="started from other parameters"):
        session_of(Experiment(seed=5)).resume(saved)


def on_a_file(path, **settings):
    path.write_text("a,b,y\n" + "".join(f"{i},{i * i % 7},{i % 3}\n" for i in range(9)))
    return Experiment(layers=(2, 4, 1), data=Data(file=str(path), **settings))


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("8,1,2", "8,1,2.5"),
        lambda text: text.replace("0,0,0\n", ""),
        lambda text: text + "9,4,0\n",
    ],
)
@pytest.mark.parametrize("test_fraction", [0.0, 0.3])
def test_a_run_whose_data_file_has_changed_since_is_not_resumed(tmp_path, change, test_fraction):
    path = tmp_path / "points.csv"
    saved = session_of(on_a_file(path, test_fraction=test_fraction), Scratch).saved()
    path.write_text(change(path.read_text()))

    with pytest.raises(DataError, match=r"points\.csv: has changed since the run was saved; expected the samples"):
        session_of(saved.experiment, Scratch).resume(saved)


def test_a_data_file_that_was_written_again_with_the_same_numbers_has_not_changed(tmp_path):
    path = tmp_path / "points.csv"
    saved = session_of(on_a_file(path), Scratch).saved()
    path.write_text("# the same\n" + path.read_text().replace(",", ";").replace("\n", "\r\n"))

    session_of(saved.experiment, Scratch).resume(saved)


def test_a_run_on_samples_that_a_source_no_longer_makes_is_not_resumed():
    saved = session_of(RUNS["adam in batches, with a change"], Scratch).saved()

    with pytest.raises(DataError, match="source moons: makes other samples than the saved run's"):
        session_of(saved.experiment, Scratch).resume(replace(saved, samples="0" * 64))


@pytest.mark.parametrize("engine", [Scratch, Autograd])
def test_accuracy_and_held_out_loss_are_those_of_the_parameters_that_each_epoch_ended_with(engine):
    experiment = RUNS["adam in batches, with a change"]
    session = session_of(experiment, engine)
    session.advance(6)

    loaded = data.of(experiment)
    measured = session.metrics(engine.name)
    assert {name: len(values) for name, values in measured.items()} == {
        "accuracy": 6,
        "held-out loss": 6,
        "held-out accuracy": 6,
    }
    for epoch in range(1, 7):
        after = session.frame_of(epoch).engines[engine.name].after
        prediction = forward(after, loaded.train.x)
        assert measured["accuracy"][epoch - 1] == np.mean((prediction > 0.5) == (loaded.train.y > 0.5))
        held_out = forward(after, loaded.held_out.x)
        y = loaded.held_out.y
        loss = float(np.mean(-y * np.log(held_out) - (1 - y) * np.log(1 - held_out)))
        # 1e-9: the plain formula loses some digits where ŷ is near 0 or 1
        assert math.isclose(measured["held-out loss"][epoch - 1], loss, rel_tol=1e-9)


def forward(parameters, x):
    """ŷ of a network with one hidden layer of tanh and a sigmoid on top, written out."""
    hidden = np.tanh(x @ parameters.W[1].T + parameters.b[1])
    return 1 / (1 + np.exp(-(hidden @ parameters.W[2].T + parameters.b[2])))


def test_nothing_is_measured_where_targets_are_no_classes_and_nothing_is_held_out():
    session = session_of(load("notebook"), Scratch)
    session.advance(2)

    assert session.metrics("scratch") == {}
