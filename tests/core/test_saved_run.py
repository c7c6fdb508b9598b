"""Saved runs: every bit comes back, and nothing else than a run is taken for one."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from msgspec import structs
from safetensors import safe_open
from safetensors.numpy import load_file, save

from core.engines.autograd import Autograd
from core.engines.base import EngineState
from core.engines.scratch import Scratch
from core.errors import FileError, MlpError
from core.experiment import AutogradSettings, Engines, Experiment, Init, Optimizer, parameter_count
from core.functions.optimizers import STEP
from core.parameters import Parameters
from core.saved_run import SavedEngine, SavedRun, read_run, write_run
from core.weights import Origin, read_weights, write_weights

START = "0123456789abcdef" * 4
OPTIMIZERS = {
    "sgd": Optimizer(),
    "momentum": Optimizer("sgd", momentum=0.9),
    "adam": Optimizer("adam"),
    "rmsprop": Optimizer("rmsprop", centered=True, momentum=0.5),
    "adagrad": Optimizer("adagrad"),
}


def trained(experiment, epochs):
    """Train both engines by hand; return them and the run as it would be saved."""
    x, y = np.array([[0.5, -0.25]]), np.array([[0.125]])
    engines = [Scratch(experiment), Autograd(experiment)]
    saved = {}
    for engine in engines:
        sample = x.astype(engine.precision), y.astype(engine.precision)
        losses = np.array([engine.step(*sample) for _ in range(epochs)], np.float64)
        saved[engine.name] = SavedEngine(engine.state(), losses, engine.start, engine.label, {"accuracy": losses / 2})
    return engines, SavedRun(experiment, epochs, saved, {"numpy": np.__version__}, "ab" * 32)


def contents(run):
    """All that a run says, every array as its type, shape and bytes."""

    def exact(array):
        return str(array.dtype), array.shape, array.tobytes()

    return (
        run.experiment,
        run.epoch,
        dict(run.versions),
        run.samples,
        [
            (
                name,
                each.start,
                each.label,
                exact(each.state.parameters),
                exact(each.losses),
                {key: exact(value) for key, value in each.state.optimizer.items()},
                {key: exact(value) for key, value in each.metrics.items()},
            )
            for name, each in run.engines.items()
        ],
    )


@pytest.mark.parametrize("epochs", [0, 7])
@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_a_run_comes_back_bit_by_bit_with_any_optimizer(tmp_path, optimizer, epochs):
    engines = Engines(autograd=AutogradSettings(precision="float32"))
    _, run = trained(Experiment(optimizer=optimizer, engines=engines), epochs)

    write_run(tmp_path / "run.safetensors", run)

    assert contents(read_run(tmp_path / "run.safetensors")) == contents(run)


@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_an_engine_that_is_restored_from_a_file_goes_on_to_the_same_bits(tmp_path, optimizer):
    experiment = Experiment(optimizer=optimizer)
    engines, run = trained(experiment, 7)
    write_run(tmp_path / "run.safetensors", run)
    back = read_run(tmp_path / "run.safetensors")
    x, y = np.array([[0.5, -0.25]]), np.array([[0.125]])

    for engine in engines:
        again = type(engine)(back.experiment)
        again.restore(back.engines[engine.name].state)
        for _ in range(5):
            assert again.step(x, y) == engine.step(x, y)
        assert again.state().parameters.tobytes() == engine.state().parameters.tobytes()
        assert again.start == back.engines[engine.name].start


LAYERS = (2, 2, 1)
COUNT = parameter_count(LAYERS)


def vectors(dtype, length):
    return arrays.arrays(dtype, length, elements=st.floats(width=np.dtype(dtype).itemsize * 8))


@st.composite
def any_run(draw):
    """Runs with any numbers, nan, inf, −0.0 and subnormals among them."""
    epoch = draw(st.integers(0, 5))
    precision = draw(st.sampled_from(["float64", "float32"]))
    optimizer = {STEP: np.array(float(epoch))} | {
        key: draw(vectors(precision, COUNT)) for key in ("exp_avg", "exp_avg_sq")
    }
    metrics = draw(st.dictionaries(st.sampled_from(["accuracy", "held-out loss"]), vectors("float64", epoch)))
    engine = SavedEngine(
        EngineState(draw(vectors(precision, COUNT)), optimizer),
        draw(vectors("float64", epoch)),
        draw(st.from_regex("[0-9a-f]{64}", fullmatch=True)),
        draw(st.text(st.characters(codec="utf-8"))),
        metrics,
    )
    name = draw(
        st.text(st.characters(codec="utf-8"), min_size=1, max_size=80).filter(str.strip).filter(str.isprintable)
    )
    experiment = Experiment(name, LAYERS, precision=precision, optimizer=Optimizer("adam"))
    return SavedRun(
        experiment, epoch, {"scratch": engine}, draw(st.dictionaries(st.text(max_size=9), st.text(max_size=9)))
    )


@settings(max_examples=25)
@given(any_run())
def test_any_numbers_and_names_come_back(tmp_path_factory, run):
    path = tmp_path_factory.mktemp("run") / "run.safetensors"

    write_run(path, run)

    assert contents(read_run(path)) == contents(run)


@pytest.fixture
def run():
    return trained(Experiment(optimizer=Optimizer("adam")), 3)[1]


@pytest.fixture
def path(tmp_path, run):
    write_run(tmp_path / "run.safetensors", run)
    return tmp_path / "run.safetensors"


def test_the_file_names_its_tensors_so_that_other_programs_can_use_them(path, run):
    tensors = load_file(path)

    assert sorted(tensors)[:5] == [
        "autograd/losses",
        "autograd/metrics/accuracy",
        "autograd/optimizer/exp_avg",
        "autograd/optimizer/exp_avg_sq",
        "autograd/optimizer/step",
    ]
    assert tensors["scratch/parameters"].tobytes() == run.engines["scratch"].state.parameters.tobytes()


def test_the_same_run_gives_the_same_file(path, run, tmp_path):
    write_run(tmp_path / "again.safetensors", read_run(path))

    assert path.read_bytes() == (tmp_path / "again.safetensors").read_bytes()


def test_a_file_that_is_in_the_way_is_replaced_only_if_that_is_asked_for(path, run):
    with pytest.raises(FileError, match="exists already"):
        write_run(path, replace(run, versions={}))
    assert read_run(path).versions == run.versions

    write_run(path, replace(run, versions={}), replace=True)
    assert read_run(path).versions == {}


def test_a_run_that_could_not_be_read_again_is_not_written(tmp_path, run):
    wrong = replace(run, epoch=4)

    with pytest.raises(FileError, match="scratch/losses is 3 float64; expected 4 float64"):
        write_run(tmp_path / "wrong.safetensors", wrong)

    assert list(tmp_path.iterdir()) == []


def rewritten(path, change_head=None, change_tensors=None):
    """Write the file anew with another header or other tensors."""
    tensors = load_file(path)
    with safe_open(path, framework="np") as file:
        head = json.loads(file.metadata()["mlp-tui"])
    if change_head:
        change_head(head)
    if change_tensors:
        change_tensors(tensors)
    path.write_bytes(save(tensors, {"mlp-tui": json.dumps(head)}))


def other_toml(old, new):
    return lambda head: head.update(experiment=head["experiment"].replace(old, new))


HEADS = {
    "a version to come": (
        lambda head: head.update(format="mlp-tui run 2"),
        "it is 'mlp-tui run 2'; expected 'mlp-tui run 1'",
    ),
    "a number for a version": (lambda head: head.update(format=1), "says that it is '1'"),
    "no epoch": (lambda head: head.pop("epoch"), "damaged header .*missing required field `epoch`"),
    "an epoch before the first": (lambda head: head.update(epoch=-1), "damaged header .*`int` >= 0"),
    "a key that is not known": (lambda head: head.update(more=1), "damaged header .*unknown field `more`"),
    "a start that is no sha256": (lambda head: head["engines"]["scratch"].update(start="0"), "damaged header"),
    "no engines": (lambda head: head.update(engines={}), "holds the engines none; expected some of scratch, autograd"),
    "an engine that is not known": (
        lambda head: head["engines"].update(yours=head["engines"]["scratch"]),
        "holds the engines scratch, autograd, yours",
    ),
    "one engine less": (lambda head: head["engines"].pop("autograd"), "'autograd/losses' is no tensor of this run"),
    "another epoch": (lambda head: head.update(epoch=4), "scratch/losses|autograd/losses is 3 float64; expected 4"),
    "another network": (
        other_toml("[2, 10, 10, 1]", "[2, 9, 1]"),
        "is 151 float64; expected 37 float64, as its header",
    ),
    "another precision": (other_toml("float64", "float32"), "is 151 float64; expected 151 float32"),
    "another optimizer": (other_toml('"adam"', '"adagrad"'), "optimizer/sum is missing"),
    "toml that is none": (other_toml("[optimizer]", "[optimizer"), "experiment: is no TOML"),
    "a key that a later version may know": (other_toml("[optimizer]", "depth = 3\n[optimizer]"), "unknown key depth"),
}


@pytest.mark.parametrize(("change", "message"), HEADS.values(), ids=HEADS)
def test_a_header_that_says_something_else_is_refused(path, change, message):
    rewritten(path, change)

    with pytest.raises(MlpError, match=message) as refused:
        read_run(path)

    assert str(refused.value).startswith(f"{path}: ")
    assert "\n" not in str(refused.value)


def put(name, array):
    return lambda tensors: tensors.update({name: array})


TENSORS = {
    "losses of another length": (put("scratch/losses", np.ones(2)), "scratch/losses is 2 float64; expected 3 float64"),
    "losses in another precision": (put("scratch/losses", np.ones(3, np.float32)), "scratch/losses is 3 float32"),
    "a metric of another length": (put("scratch/metrics/accuracy", np.ones(2)), "accuracy is 2 float64; expected 3"),
    "other parameters": (put("scratch/parameters", np.ones((1, 151))), "scratch/parameters is 1 × 151 float64"),
    "whole numbers": (put("scratch/parameters", np.ones(151, np.int64)), "scratch/parameters is 151 I64"),
    "a vector for the count": (put("scratch/optimizer/step", np.ones(1)), "step is 1 float64; expected one float64"),
    "a count in whole numbers": (put("scratch/optimizer/step", np.array(3)), "step is one I64; expected one float64"),
    "a tensor too many": (
        put("scratch/optimizer/sum", np.ones(151)),
        "'scratch/optimizer/sum' is no tensor of this run",
    ),
    "a tensor of nobody": (put("x", np.ones(1)), "'x' is no tensor of this run"),
    "no parameters": (lambda tensors: tensors.pop("autograd/parameters"), "autograd/parameters is missing"),
    "no losses": (lambda tensors: tensors.pop("scratch/losses"), "scratch/losses is missing"),
    "no vector": (lambda tensors: tensors.pop("autograd/optimizer/exp_avg"), "autograd/optimizer/exp_avg is missing"),
}


@pytest.mark.parametrize(("change", "message"), TENSORS.values(), ids=TENSORS)
def test_other_tensors_than_the_header_says_are_refused(path, change, message):
    rewritten(path, None, change)

    with pytest.raises(FileError, match=message):
        read_run(path)


@pytest.mark.parametrize("length", [0, 7, 100, 5000, -1])
def test_a_file_that_was_cut_short_is_refused(path, length):
    path.write_bytes(path.read_bytes()[:length])

    with pytest.raises(FileError, match="is damaged"):
        read_run(path)


def test_weights_are_no_run(tmp_path):
    path = tmp_path / "w.safetensors"
    experiment = Experiment()
    _, run = trained(experiment, 1)
    parameters = run.engines["scratch"].state.parameters
    write_weights(path, Parameters(experiment.layers, parameters), experiment.activations(), Origin("n", "n", "s", 1))

    with pytest.raises(FileError, match="says that it is 'mlp-tui weights 1'; expected 'mlp-tui run 1'"):
        read_run(path)


def test_weights_of_another_program_are_no_run(tmp_path):
    path = tmp_path / "w.safetensors"
    path.write_bytes(save({"0.weight": np.ones((2, 2))}, {"format": "pt"}))

    with pytest.raises(FileError, match="is no saved run of mlp-tui"):
        read_run(path)


def test_a_run_holds_no_weights_that_could_start_another(path):
    with pytest.raises(FileError, match="is no layer's"):
        read_weights(path, (2, 10, 10, 1))


def test_an_experiment_that_starts_from_a_file_is_saved_with_its_path(tmp_path, run):
    experiment = structs.replace(run.experiment, init=Init(file="/start.safetensors"))

    write_run(tmp_path / "run.safetensors", replace(run, experiment=experiment))

    assert read_run(tmp_path / "run.safetensors").experiment == experiment
