"""Experiments: TOML in, TOML out, and what is said of one that is wrong."""

import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ExperimentError
from core.experiment import (
    AutogradSettings,
    Data,
    Engines,
    Experiment,
    Init,
    Optimizer,
    ScratchSettings,
    load,
    parameter_count,
    parse,
    shipped,
    to_toml,
)

WRONG = {
    "an unknown key": ("lr = 1", "unknown key lr", "one of name, layers"),
    "a misspelt key": ("layer = [2, 1]", "unknown key layer", "layers?"),
    "an unknown key of a table": ("[optimizer]\nrate = 1", "unknown key optimizer.rate", "one of name, lr"),
    "an unknown table": ("[engines.guest]\na = 1", "unknown key engines.guest", "one of scratch, autograd"),
    "an empty key": ('"" = 1', "unknown key", "one of name"),
    "text for widths": ('layers = "2"', "layers: got `str`", "`array`"),
    "a width of none": ("layers = [2, 0, 1]", "layers[1]: got 0", "`int` >= 1"),
    "half a width": ("layers = [2, 1.5, 1]", "layers[1]: got `float`", "`int`"),
    "one width alone": ("layers = [2]", "layers: got [2]", "length >= 2"),
    "three inputs": ("layers = [3, 1]", "got [3, 1]", "`layers` to begin with 2"),
    "too many parameters": ("layers = [2, 100000, 1000, 1]", "100000", "`layers` to have at most 100,000,000"),
    "an unknown activation": ('activation = "tan"', "activation: got 'tan'", "sigmoid or identity or tanh or relu"),
    "a number for a name": ("activation = 3", "activation: got `int`", "`str | array`"),
    "a name that looks like a place": (
        'activation = "x - at `$.q"',
        "activation: got 'x - at `$.q'",
        "sigmoid or identity",
    ),
    "an unknown activation in a list": (
        'activation = ["tanh", "tan"]',
        "activation[1]: got 'tan'",
        "sigmoid or identity or tanh",
    ),
    "an activation too few": ('activation = ["tanh"]', "got 1", "one for each of the 2 hidden layers"),
    "softmax in a hidden layer": ('activation = "softmax"', "activation: got 'softmax'", "or softplus"),
    "an unknown loss": ('loss = "ssd"', "loss: got 'ssd'", "sse or mse or mae"),
    "bce of an output that is no probability": ('loss = "bce"', "got identity", "`output` to be sigmoid"),
    "cross_entropy without softmax": (
        'loss = "cross_entropy"\noutput = "sigmoid"',
        "got sigmoid",
        "`output` to be softmax",
    ),
    "softmax of one output": ('output = "softmax"', "got 1", "`layers` to end with 2 or more"),
    "an unknown output": ('output = "max"', "output: got 'max'", "or softmax"),
    "no epochs": ("epochs = 0", "epochs: got 0", "`int` >= 1"),
    "half an epoch": ("epochs = 1.5", "epochs: got `float`", "`int`"),
    "a truth for a number": ("epochs = true", "epochs: got `bool`", "`int`"),
    "too many epochs": (f"epochs = {10**23}", f"epochs: got {10**23}", "`int` <= 1000000000"),
    "a number of 5000 digits": (f"epochs = {'1' * 5000}", "wrong.toml: ", "digits"),
    "a negative seed": ("seed = -1", "seed: got -1", "`int` >= 0"),
    "a precision of 16 bits": ('precision = "float16"', "precision: got 'float16'", "float64 or float32"),
    "a learning rate of nan": ("[optimizer]\nlr = nan", "optimizer.lr: got nan", "`float` >= 0"),
    "a learning rate of inf": ("[optimizer]\nlr = inf", "optimizer: got {'lr': inf}", "`lr` to be finite"),
    "an infinite momentum": (
        "[optimizer]\nmomentum = inf",
        "optimizer: got {'momentum': inf}",
        "`momentum` to be finite",
    ),
    "a key of another optimizer": (
        "[optimizer]\nbetas = [0.9, 0.99]",
        "optimizer: got betas",
        "lr, momentum, nesterov, weight_decay alone with sgd",
    ),
    "a momentum of adam": (
        '[optimizer]\nname = "adam"\nmomentum = 0.9',
        "optimizer: got momentum",
        "lr, betas, eps, weight_decay alone with adam",
    ),
    "nesterov without momentum": ("[optimizer]\nnesterov = true", "optimizer: got", "a `momentum` above 0"),
    "a beta of one": ('[optimizer]\nname = "adam"\nbetas = [0.9, 1.0]', "optimizer.betas[1]: got 1", "`float` < 1"),
    "three betas": ('[optimizer]\nname = "adam"\nbetas = [0.9, 0.9, 0.9]', "optimizer.betas: got", "length 2"),
    "a misspelt setting": ("[optimizer]\nmomentun = 0.9", "unknown key optimizer.momentun", "momentum?"),
    "a negative learning rate": ("[optimizer]\nlr = -1", "optimizer.lr: got -1", "`float` >= 0"),
    "an unknown optimizer": ('[optimizer]\nname = "adas"', "optimizer.name: got 'adas'", "sgd or adam or adamw"),
    "a number for a table": ("optimizer = 3", "optimizer: got `int`", "`object`"),
    "pytorch's own law for both": ('[init]\nlaw = "manual_seed"', "manual_seed", "another `init.law`"),
    "pytorch's own law for scratch": (
        '[engines.scratch]\ninit = { law = "manual_seed" }',
        "engines.scratch: got",
        "another `init.law`",
    ),
    "an unknown mistake": (
        '[engines.scratch]\nmistakes = ["half"]',
        "engines.scratch: got `half`",
        "half-loss-gradient",
    ),
    "a mistake that looks like a place": (
        '[engines.scratch]\nmistakes = ["x - at `$.foo"]',
        "wrong.toml: engines.scratch: got `x - at `$.foo`",
        "half-loss-gradient",
    ),
    "mistakes of autograd": ("[engines.autograd]\nmistakes = []", "unknown key engines.autograd.mistakes", "init"),
    "an unknown law": (
        '[init]\nlaw = "glorot"',
        "init.law: got 'glorot'",
        "torch or notebook or manual_seed or xavier",
    ),
    "an unknown source": ('[data]\nsource = "file"', "data.source: got 'file'", "notebook or xor or circles"),
    "samples of the notebook's one": ("[data]\nsamples = 3", "data: got one of them", "neither `samples` nor `noise`"),
    "no samples": ('[data]\nsource = "xor"\nsamples = 0', "data.samples: got 0", "`int` >= 1"),
    "endless noise": ('[data]\nsource = "xor"\nnoise = inf', "data: got", "`noise` to be finite"),
    "layers of other data": (
        'layers = [2, 3]\n[data]\nsource = "moons"',
        "got [2, 3]",
        "begin with 2 and end with 1 or 2",
    ),
    "inputs of other data": ('layers = [2, 1]\n[data]\nsource = "waves"', "got [2, 1]", "begin with 1 and end with 1"),
    "bce of targets that are no probabilities": (
        'layers = [1, 1]\nloss = "bce"\noutput = "sigmoid"\n[data]\nsource = "waves"',
        "got those of waves",
        "targets between 0 and 1",
    ),
    "a batch of none": ("batch = 0", "batch: got 0", "`int` >= 1"),
    "half a truth": ('shuffle = "yes"', "shuffle: got `str`", "`bool`"),
    "no name": ('name = ""', "name: got ''", "length >= 1"),
    "a blank name": ('name = "  "', "name", "expected"),
    "a name too long": (f'name = "{"x" * 81}"', "name: got 'xxx", "length <= 80"),
    "a date for a name": ("name = 1979-05-27", "name: got `date`", "`str`"),
    "no toml": ("layers = ", "is no TOML: Invalid value", "end of document"),
    "a key twice": ("seed = 1\nseed = 2", "is no TOML", "overwrite"),
    "brackets without end": (f"x = {'[' * 5000}", "nested too deeply", ""),
}


@pytest.mark.parametrize(("text", "what", "expected"), WRONG.values(), ids=WRONG)
def test_a_wrong_experiment_is_told_in_one_line_with_file_key_and_what_was_expected(text, what, expected):
    with pytest.raises(ExperimentError) as caught:
        parse(text, "wrong.toml")

    line = str(caught.value)
    assert line.startswith("wrong.toml: ")
    assert what in line
    assert expected in line
    assert "\n" not in line


@pytest.mark.parametrize("name", shipped())
def test_an_experiment_that_ships_is_the_same_after_writing_and_reading(name):
    experiment = load(name)

    assert parse(to_toml(experiment), "again") == experiment


laws = st.sampled_from([None, Init("torch"), Init("notebook")])
precisions = st.sampled_from([None, "float64", "float32"])


@given(
    st.builds(
        Experiment,
        name=st.text(st.characters(codec="utf-8"), min_size=1, max_size=80).filter(str.strip).filter(str.isprintable),
        layers=st.lists(st.integers(1, 50), max_size=5).map(lambda hidden: (2, *hidden, 1)),
        activation=st.sampled_from(["sigmoid", "identity", "tanh", "gelu_tanh"]),
        output=st.just("sigmoid"),
        loss=st.sampled_from(["sse", "mse", "huber", "bce"]),
        epochs=st.integers(1, 10**9),
        batch=st.none() | st.integers(1, 100),
        shuffle=st.booleans(),
        data=st.sampled_from([Data(), Data("moons", 9, 0.0, 3), Data("blobs")]),
        seed=st.integers(0, 2**32 - 1),
        optimizer=st.builds(Optimizer, lr=st.floats(0, allow_nan=False, allow_infinity=False))
        | st.builds(
            Optimizer,
            name=st.sampled_from(["adam", "adamw"]),
            betas=st.none() | st.tuples(st.floats(0, 0.99), st.floats(0, 0.99)),
            weight_decay=st.none() | st.floats(0, 1),
        ),
        engines=st.builds(
            Engines,
            scratch=st.builds(
                ScratchSettings,
                init=laws,
                precision=precisions,
                mistakes=st.sampled_from([(), ("half-loss-gradient",)]),
            ),
            autograd=st.builds(AutogradSettings, init=laws | st.just(Init("manual_seed")), precision=precisions),
        ),
    )
)
def test_any_experiment_is_the_same_after_writing_and_reading(experiment):
    assert parse(to_toml(experiment), "again") == experiment


def test_an_empty_file_is_the_notebook():
    assert parse("", "empty.toml") == load("notebook")


def test_the_notebook_is_shipped_first_and_as_printed_too():
    assert shipped() == ("notebook", "as-printed")


def test_as_printed_is_what_the_notebook_did():
    experiment = load("as-printed")

    assert (experiment.init_of("scratch").law, experiment.precision_of("scratch")) == ("notebook", "float64")
    assert (experiment.init_of("autograd").law, experiment.precision_of("autograd")) == ("manual_seed", "float32")
    assert experiment.engines.scratch.mistakes == ("half-loss-gradient",)


def test_a_network_is_described_by_widths_and_activations():
    experiment = load("notebook")

    assert experiment.network() == "2-10-10-1 sigmoid identity"
    assert experiment.activations() == ("sigmoid", "sigmoid", "identity")
    assert (experiment.depth, parameter_count(experiment.layers)) == (3, 151)


def test_hidden_layers_may_have_an_activation_each():
    experiment = Experiment(activation=("tanh", "relu"), output="sigmoid")

    assert experiment.activations() == ("tanh", "relu", "sigmoid")
    assert experiment.network() == "2-10-10-1 tanh relu sigmoid"
    assert parse(to_toml(experiment), "again") == experiment


def test_an_experiment_cannot_be_changed():
    with pytest.raises(AttributeError):
        load("notebook").epochs = 3


def test_a_file_is_read_as_what_it_says(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('name = "mine"\nlayers = [2, 3, 1]\n[optimizer]\nlr = 1\n', "utf-8")

    experiment = load(str(path))

    assert (experiment.name, experiment.layers, experiment.optimizer.lr) == ("mine", (2, 3, 1), 1.0)


def refused(source):
    with pytest.raises(ExperimentError) as caught:
        load(str(source))
    line = str(caught.value)
    assert line.startswith(f"{source}: ")
    assert "\n" not in line
    return line


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null"])
def test_a_device_is_no_experiment(device):
    line = refused(device)

    assert "is no regular file; expected a TOML file, or one of notebook, as-printed" in line


def test_a_pipe_is_no_experiment_and_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")

    assert "is no regular file; expected a TOML file" in refused(tmp_path / "pipe")


def test_a_folder_is_no_experiment(tmp_path):
    assert "is no regular file; expected a TOML file" in refused(tmp_path)


def test_a_missing_file_is_told_with_the_names_that_ship(tmp_path):
    line = refused(tmp_path / "missing.toml")

    assert "can't be read (No such file or directory); expected a TOML file, or one of notebook, as-printed" in line


def test_a_name_that_no_file_can_have_is_refused():
    assert "can't be read" in refused("a" * 300)
    assert "can't be read (embedded null byte)" in refused("a\0b")


def test_a_file_of_two_megabytes_is_too_large(tmp_path):
    path = tmp_path / "large.toml"
    path.write_bytes(b"#" * 2_000_000)

    assert "is larger than a megabyte; expected a TOML file of a few lines" in refused(path)


def test_a_file_that_is_not_utf_8_is_refused(tmp_path):
    path = tmp_path / "latin.toml"
    path.write_bytes(b'name = "caf\xe9"\n')

    assert "is not UTF-8 text; expected a TOML file" in refused(path)


def outcome_of(text):
    """Whether an experiment is read, or one line says why not."""
    try:
        return type(parse(text, "any.toml"))
    except ExperimentError as error:
        return "one line" if len(str(error).splitlines()) == 1 else "several lines"


KEYS = st.sampled_from(["name", "layers", "loss", "optimizer", "optimizer.lr", "engines.scratch.mistakes", "data", "a"])
VALUES = st.recursive(
    st.integers() | st.floats() | st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S", "Zs"])),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)


@given(KEYS, VALUES)
def test_no_value_makes_anything_but_an_experiment_or_one_line(key, value):
    written = json.dumps(value).replace("NaN", "nan").replace("Infinity", "inf")

    assert outcome_of(f"{key} = {written}") in (Experiment, "one line")


@given(st.text(max_size=60))
def test_no_text_makes_anything_but_an_experiment_or_one_line(text):
    assert outcome_of(text) in (Experiment, "one line")
