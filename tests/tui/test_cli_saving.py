"""`mlp-tui train --save` and `--resume`: a run that goes on as if it had never stopped, and what can't."""

import errno
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.experiment import parameter_count
from core.experiment_file import load
from core.parameters import Parameters
from core.saved_run import read_run, write_run
from core.weights import Origin, write_weights
from tui import headless
from tui.train_text import TablePrinter

PROGRAM = Path(sys.executable).with_name("mlp-tui")
PATIENCE = 60
DUMPS = ("my_autograd.dat", "torch_autograd.dat")

ADAM = """
layers = [2, 8, 1]
activation = "tanh"
output = "sigmoid"
loss = "bce"
epochs = 200
batch = 16
shuffle = true
optimizer = { name = "adam", lr = 0.01 }
data = { source = "moons", samples = 70, test_fraction = 0.2 }
[[change]]
epoch = 150
set = { "optimizer.lr" = 0.003, "batch" = 25 }
"""
MOMENTUM = """
layers = [1, 6, 6, 1]
activation = ["relu", "softplus"]
loss = "sse"
epochs = 200
batch = 9
shuffle = false
precision = "float32"
optimizer = { name = "sgd", lr = 0.001, momentum = 0.9, nesterov = true }
data = { source = "waves", samples = 40 }
[[change]]
epoch = 118
set = { "optimizer.momentum" = 0.5, "activation" = "tanh" }
[[change]]
epoch = 150
set = { "optimizer" = { name = "rmsprop", lr = 0.001 } }
"""
WHOLE = "epochs = 200\n"


def dumps_in(folder):
    return {name: (folder / name).read_bytes() for name in DUMPS}


@pytest.mark.parametrize("text", [ADAM, MOMENTUM, WHOLE], ids=["adam", "momentum", "the notebook's network"])
def test_a_run_stopped_at_117_saved_and_resumed_gives_the_dumps_of_one_that_never_stopped(tmp_path, mlp_tui, text):
    described, run = tmp_path / "mine.toml", tmp_path / "run.safetensors"
    described.write_text(text)
    straight = mlp_tui("train", described, "--dump", tmp_path / "straight", "--json").lines
    stopped = mlp_tui("train", described, "--epochs", 117, "--save", run, "--json").lines
    resumed = mlp_tui("train", "--resume", run, "--epochs", 200, "--dump", tmp_path / "resumed", "--json").lines

    assert dumps_in(tmp_path / "resumed") == dumps_in(tmp_path / "straight")
    assert [*stopped[:117], *resumed[:83]] == straight[:200]
    assert resumed[83] == straight[200]
    assert [set(each) for each in stopped[117:]] == [{"samples", "target", "prediction"}, {"run", "bytes"}]


def test_a_resumed_run_trains_as_far_as_was_planned(tmp_path, mlp_tui):
    run = tmp_path / "run.safetensors"
    mlp_tui("train", "--epochs", 4, "--save", run)

    assert [each["epoch"] for each in mlp_tui("train", "--resume", run, "--json").lines[:-1]] == [5, 6, 7, 8, 9, 10]


def test_a_run_can_be_saved_over_itself(tmp_path, mlp_tui):
    run = tmp_path / "run.safetensors"
    mlp_tui("train", "--epochs", 2, "--save", run)
    mlp_tui("train", "--resume", run, "--epochs", 5, "--save", run)

    assert read_run(run).epoch == 5
    assert [path.name for path in tmp_path.iterdir()] == ["run.safetensors"]


def test_nothing_is_trained_where_all_epochs_have_been(tmp_path, mlp_tui):
    run = tmp_path / "run.safetensors"
    trained = mlp_tui("train", "--save", run, "--json").lines

    assert mlp_tui("train", "--resume", run, "--json").lines == [trained[10]]


@pytest.fixture
def run(tmp_path, mlp_tui):
    """Return the file of a run of three epochs on a data file, with the data file."""
    (tmp_path / "points.csv").write_text("a,b,y\n1,2,0\n3,1,1\n2,2,1\n")
    (tmp_path / "mine.toml").write_text('hidden = [3]\ndata = { file = "points.csv" }\n')
    assert mlp_tui("train", tmp_path / "mine.toml", "--epochs", 3, "--save", tmp_path / "run.safetensors").stderr == ""
    return tmp_path / "run.safetensors"


def test_another_version_of_what_computes_is_told(mlp_tui, run):
    saved = read_run(run)
    others = {name: replace(each, label=f"{name} (Abacus 1)") for name, each in saved.engines.items()}
    write_run(run, replace(saved, engines=others), replace=True)
    done = mlp_tui("train", "--resume", run, "--epochs", 4)

    assert done.returncode == 0
    assert [line.partition(" and goes on with ")[0] for line in done.stderr.splitlines()] == [
        "mlp-tui: the run was saved by scratch (Abacus 1)",
        "mlp-tui: the run was saved by autograd (Abacus 1)",
    ]
    assert done.stderr.count(": its bits may differ\n") == 2


@pytest.mark.parametrize("left", [None, b"mine", "another"])
def test_a_file_of_weights_that_has_vanished_or_changed_since_is_told(tmp_path, mlp_tui, left):
    weights, run = tmp_path / "w.safetensors", tmp_path / "run.safetensors"
    experiment = load("notebook")
    for seed in (1, 2) if left == "another" else (1,):
        flat = np.random.default_rng(seed).normal(size=parameter_count(experiment.layers))
        origin = Origin("notebook", experiment.network(), "scratch", 0)
        parameters = Parameters(experiment.layers, flat)
        write_weights(weights, parameters, experiment.activations(), origin, replace=True)
        if seed == 1:
            assert mlp_tui("train", "--set", f"init.file={weights}", "--save", run).returncode == 0
    if left is None:
        weights.unlink()
    elif left != "another":
        weights.write_bytes(left)

    line = mlp_tui("train", "--resume", run).refusal
    assert line.startswith(f"{weights}: ")
    assert left != "another" or "started from other parameters; expected those that the run started from" in line


def test_an_engine_that_the_run_was_saved_without_catches_up(mlp_tui, run):
    whole = mlp_tui("train", "--resume", run, "--epochs", 3, "--json").lines
    saved = read_run(run)
    write_run(run, replace(saved, engines={"scratch": saved.engines["scratch"]}), replace=True)

    assert mlp_tui("train", "--resume", run, "--epochs", 3, "--json").lines == whole


def test_fewer_epochs_than_were_trained_are_refused(mlp_tui, run):
    assert (
        mlp_tui("train", "--resume", run, "--epochs", 2).refusal
        == f"{run}: has trained 3 epochs; expected --epochs 3 or more: they are counted from the run's beginning"
    )


def test_a_data_file_that_has_vanished_since_is_told(mlp_tui, run):
    points = run.with_name("points.csv")
    points.unlink()

    assert mlp_tui("train", "--resume", run).refusal.startswith(f"{points}: can't be read (No such file or directory)")


def test_a_data_file_that_has_changed_since_is_told(mlp_tui, run):
    points = run.with_name("points.csv")
    points.write_text(points.read_text().replace("3,1,1", "3,1,0.9"))

    assert mlp_tui("train", "--resume", run).refusal == (
        f"{points}: has changed since the run was saved; expected the samples that the run was trained on"
    )


OTHER_FILES = {
    "a dump": (lambda path, run: path.write_text("# mlp-tui dump 1\n"), "is damaged, cut short, or something else"),
    "cut short": (lambda path, run: path.write_bytes(run.read_bytes()[:-100]), "is damaged, or something else (incom"),
    "empty": (lambda path, run: path.write_bytes(b""), "is damaged, cut short, or something else"),
    "a folder": (lambda path, run: path.mkdir(), "is no regular file"),
    "nothing": (lambda path, run: None, "can't be read (No such file or directory)"),
}


@pytest.mark.parametrize(("make", "said"), OTHER_FILES.values(), ids=OTHER_FILES)
def test_what_is_no_saved_run_is_not_resumed(mlp_tui, run, make, said):
    path = run.with_name("other.safetensors")
    make(path, run)

    for command in ([], ["train"]):
        line = mlp_tui(*command, "--resume", path).refusal
        assert line.startswith(f"{path}: {said}")
        assert line.endswith("; expected a .safetensors file")


def test_a_run_of_engines_that_are_not_known_is_not_resumed(mlp_tui, run):
    content = run.read_bytes()
    run.write_bytes(content.replace(b"scratch", b"scraped"))

    assert "holds the engines" in mlp_tui("train", "--resume", run).refusal


@pytest.mark.parametrize("command", [[], ["train"]])
@pytest.mark.parametrize("more", [["notebook"], ["--set", "epochs=3"]])
def test_a_saved_run_brings_its_own_experiment(mlp_tui, run, command, more):
    assert mlp_tui(*command, "--resume", run, *more).refusal == (
        "--resume brings the experiment of its run; expected neither EXPERIMENT nor --set with it"
    )


# What can't be written is told before anything is trained


@pytest.mark.parametrize("forced", [[], ["--force"]])
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("run.pt", "run.pt: ends with '.pt'; expected a file that ends with .safetensors"),
        ("run", "run: ends with 'nothing'; expected a file that ends with .safetensors"),
        ("no/run.safetensors", "is in no folder that is there; expected a .safetensors file in a folder that exists"),
        ("folder.safetensors", "is no regular file; expected a .safetensors file"),
        ("file.txt/run.safetensors", "is in no folder that is there"),
    ],
)
def test_a_place_where_no_run_can_be_saved_is_refused(tmp_path, mlp_tui, name, said, forced):
    (tmp_path / "folder.safetensors").mkdir()
    (tmp_path / "file.txt").write_text("mine\n")

    assert said in mlp_tui("train", "--epochs", 10**9, "--save", tmp_path / name, *forced).refusal


def test_another_file_is_not_replaced_unless_that_is_forced(tmp_path, mlp_tui):
    path = tmp_path / "mine.safetensors"
    path.write_text("mine\n")

    assert mlp_tui("train", "--epochs", 10**9, "--save", path).refusal == (
        f"{path}: is no saved run of mlp-tui; expected another file, or --force to replace it"
    )
    assert path.read_text() == "mine\n"
    assert mlp_tui("train", "--epochs", 1, "--save", path, "--force").returncode == 0
    assert read_run(path).epoch == 1


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="a folder in which nobody can make a file")
@pytest.mark.parametrize("words", [["--save", "/proc/run.safetensors"], ["--dump", "/proc"]])
def test_a_folder_that_can_not_be_written_to_is_told_before_the_training(mlp_tui, words):
    assert "can't be written (" in mlp_tui("train", "--epochs", 10**9, *words).refusal


def test_a_disk_that_is_full_leaves_the_run_that_was_there(mlp_tui, run, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    before = run.read_bytes()
    monkeypatch.setattr("core.files.os.fsync", full)
    done = mlp_tui("train", "--resume", run, "--epochs", 5, "--save", run)

    assert (done.returncode, done.stderr) == (2, f"mlp-tui: {run}: can't be written (No space left on device)\n")
    assert run.read_bytes() == before
    assert sorted(path.name for path in run.parent.iterdir()) == ["mine.toml", "points.csv", "run.safetensors"]


# What ends a training early


def started(tmp_path, *options):
    command = [PROGRAM, "train", "--epochs", "1000000000", "--json", *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path)


def test_ctrl_c_saves_what_has_been_trained_and_it_can_be_resumed(tmp_path, mlp_tui):
    run = tmp_path / "run.safetensors"
    with started(tmp_path, "--save", run) as process:
        for _ in range(3):
            assert process.stdout.readline()
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=PATIENCE)

    assert process.returncode == 130
    assert errors == "mlp-tui: the run is saved after this epoch; ctrl+c again leaves without that\n"
    assert out.splitlines()[-1] == f'{{"run": "{run}", "bytes": {run.stat().st_size}}}'
    assert [path.name for path in tmp_path.iterdir()] == ["run.safetensors"]
    trained = read_run(run).epoch
    assert out.splitlines()[-2].startswith(f'{{"epoch": {trained}, ')
    assert mlp_tui("train", "--resume", run, "--epochs", trained + 2, "--json").lines[1]["epoch"] == trained + 2


class Interrupting(TablePrinter):
    """A printer at whose third row ctrl+c is pressed."""

    times = 1
    ends_the_reader = False

    def epoch(self, epoch):
        if epoch.number == 3:
            for _ in range(self.times):
                self.times -= 1
                signal.raise_signal(signal.SIGINT)
            if self.ends_the_reader:
                raise BrokenPipeError


@pytest.fixture
def interrupting(monkeypatch):
    monkeypatch.setattr(headless, "TablePrinter", Interrupting)
    return monkeypatch


def test_ctrl_c_saves_the_run_even_if_it_ends_the_reader_too(tmp_path, interrupting):
    interrupting.setattr(Interrupting, "ends_the_reader", True)
    with pytest.raises(BrokenPipeError):
        headless.run(headless.Request("notebook", save=tmp_path / "run.safetensors"))

    assert read_run(tmp_path / "run.safetensors").epoch == 3


def test_a_second_ctrl_c_leaves_without_saving(tmp_path, interrupting):
    interrupting.setattr(Interrupting, "times", 2)
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        headless.run(headless.Request("notebook", save=tmp_path / "run.safetensors"))

    assert list(tmp_path.iterdir()) == []
    assert signal.getsignal(signal.SIGINT) is before


def test_a_reader_that_leaves_early_leaves_nothing_half_written(tmp_path):
    with started(tmp_path, "--save", tmp_path / "run.safetensors") as process:
        assert process.stdout.readline()
        process.stdout.close()
        process.wait(PATIENCE)
        errors = process.stderr.read()

    assert (process.returncode, errors) == (141, "")
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_write_leaves_what_was_there(run, monkeypatch):
    def interrupted(_):
        raise KeyboardInterrupt

    saved, before = read_run(run), sorted(run.parent.iterdir())
    monkeypatch.setattr("core.files.os.fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_run(run.with_name("new.safetensors"), saved)

    assert sorted(run.parent.iterdir()) == before
