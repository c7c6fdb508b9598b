"""Experiments: TOML in, TOML out, and what is said of one that is wrong."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import DataError, ExperimentError, MlpError
from core.experiment import (
    AutogradSettings,
    Data,
    Engines,
    Experiment,
    Init,
    Optimizer,
    ScratchSettings,
    parameter_count,
)
from core.experiment_file import describe, load, parse, parsed_setting, shipped, to_toml

WRONG = {
    "an unknown key": ("lr = 1", "unknown key lr", "one of name, layers"),
    "a misspelt key": ("layer = [2, 1]", "unknown key layer", "layers?"),
    "an unknown key of a table": ("[optimizer]\nrate = 1", "unknown key optimizer.rate", "one of name, lr"),
    "an unknown table": ("[engines.guest]\na = 1", "unknown key engines.guest", "one of scratch, autograd"),
    "an empty key": ('"" = 1', "unknown key", "one of name"),
    "text for widths": ('layers = "2"', "layers: got '2'", "a list"),
    "a width of none": ("layers = [2, 0, 1]", "layers[1]: got 0", "a whole number >= 1"),
    "half a width": ("layers = [2, 1.5, 1]", "layers[1]: got 1.5", "a whole number"),
    "one width alone": ("layers = [2]", "layers: got [2]", "length >= 2"),
    "three inputs": ("layers = [3, 1]", "got [3, 1]", "`layers` to begin with 2"),
    "too many parameters": ("layers = [2, 100000, 1000, 1]", "100000", "`layers` to have at most 100,000,000"),
    "an unknown activation": ('activation = "tan"', "activation: got 'tan'", "sigmoid or identity or tanh or relu"),
    "a number for a name": ("activation = 3", "activation: got 3", "text or a list"),
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
    "no epochs": ("epochs = 0", "epochs: got 0", "a whole number >= 1"),
    "half an epoch": ("epochs = 1.5", "epochs: got 1.5", "a whole number"),
    "a truth for a number": ("epochs = true", "epochs: got true", "a whole number"),
    "too many epochs": (f"epochs = {10**23}", f"epochs: got {10**23}", "a whole number <= 1000000000"),
    "a number of 5000 digits": (f"epochs = {'1' * 5000}", "wrong.toml: ", "digits"),
    "a negative seed": ("seed = -1", "seed: got -1", "a whole number >= 0"),
    "a precision of 16 bits": ('precision = "float16"', "precision: got 'float16'", "float64 or float32"),
    "a learning rate of nan": ("[optimizer]\nlr = nan", "optimizer.lr: got nan", "a number >= 0"),
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
    "a beta of one": ('[optimizer]\nname = "adam"\nbetas = [0.9, 1.0]', "optimizer.betas[1]: got 1", "a number < 1"),
    "three betas": ('[optimizer]\nname = "adam"\nbetas = [0.9, 0.9, 0.9]', "optimizer.betas: got", "length 2"),
    "a misspelt setting": ("[optimizer]\nmomentun = 0.9", "unknown key optimizer.momentun", "momentum?"),
    "a negative learning rate": ("[optimizer]\nlr = -1", "optimizer.lr: got -1", "a number >= 0"),
    "an unknown optimizer": ('[optimizer]\nname = "adas"', "optimizer.name: got 'adas'", "sgd or adam or adamw"),
    "a number for a table": ("optimizer = 3", "optimizer: got 3", "a table"),
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
    "a law beside a file": ('[init]\nlaw = "unit"\nfile = "w.pt"', "init: got both", "either `law` or `file`"),
    "a file of another kind": (
        '[init]\nfile = "w.npz"',
        "init: got 'w.npz'",
        "to end with .safetensors or .pt or .pth",
    ),
    "no file": ('[init]\nfile = ""', "init.file: got ''", "length >= 1"),
    "a number for a file": ("[init]\nfile = 3", "init.file: got 3", "text"),
    "an unknown source": ('[data]\nsource = "file"', "data.source: got 'file'", "notebook or xor or circles"),
    "samples of the notebook's one": ("[data]\nsamples = 3", "data: got one of them", "neither `samples` nor `noise`"),
    "samples of the digits": (
        '[data]\nsource = "digits"\nsamples = 3',
        "data: got one of them",
        "those of digits are given",
    ),
    "a source beside a file": (
        '[data]\nsource = "moons"\nfile = "a.csv"',
        "data: got one of them",
        "none of `source`, `samples` and `noise` beside `file`",
    ),
    "noise beside a file": ('[data]\nfile = "a.csv"\nnoise = 1', "data: got one of them", "beside `file`"),
    "columns without a file": ('[data]\ninputs = ["a"]', "data: got none", "`file` with `inputs` and `targets`"),
    "no name for a file": ('[data]\nfile = ""', "data.file: got ''", "length >= 1"),
    "no columns": ('[data]\nfile = "a.csv"\ninputs = []', "data.inputs: got []", "length >= 1"),
    "a negative column": ('[data]\nfile = "a.csv"\ntargets = [-1]', "data.targets[0]: got -1", "a whole number >= 0"),
    "half a column": ('[data]\nfile = "a.csv"\ntargets = [0.5]', "data.targets[0]: got 0.5", "a whole number or text"),
    "a column alone": ('[data]\nfile = "a.csv"\ntargets = "y"', "data.targets: got 'y'", "a list"),
    "all held out": ('[data]\nsource = "moons"\ntest_fraction = 1.0', "data.test_fraction: got 1.0", "a number < 1"),
    "half of one sample held out": ("[data]\ntest_fraction = 0.5", "data: got 0.5", "hold out some of the 1 samples"),
    "standardized by a word": ('[data]\nstandardize = "yes"', "data.standardize: got 'yes'", "true or false"),
    "samples that fill the memory": (
        'layers = [2, 1000000]\n[data]\nsource = "spirals"\nsamples = 1000',
        "got",
        "at most 100,000,000 inputs and targets in all",
    ),
    "hidden and layers": ("hidden = [3]\nlayers = [2, 1]", "got both", "one of `hidden` and `layers`"),
    "a hidden width of none": ("hidden = [0]", "hidden[0]: got 0", "a whole number >= 1"),
    "a number for hidden": ("hidden = 3", "hidden: got 3", "a list"),
    "misspelt hidden": ("hiden = [3]", "unknown key hiden", "hidden?"),
    "hidden of unknown data": ('hidden = [3]\n[data]\nsource = "moon"', "data.source: got 'moon'", "moons"),
    "hidden layers too large": (
        "hidden = [1000000, 1000000]",
        "got",
        "`layers` to have at most 100,000,000 parameters",
    ),
    "no samples": ('[data]\nsource = "xor"\nsamples = 0', "data.samples: got 0", "a whole number >= 1"),
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
    "a batch of none": ("batch = 0", "batch: got 0", "a whole number >= 1"),
    "half a truth": ('shuffle = "yes"', "shuffle: got 'yes'", "true or false"),
    "no name": ('name = ""', "name: got ''", "length >= 1"),
    "a blank name": ('name = "  "', "name", "expected"),
    "a name too long": (f'name = "{"x" * 81}"', "name: got 'xxx", "length <= 80"),
    "a date for a name": ("name = 1979-05-27", "name: got 1979-05-27", "text"),
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


laws = st.sampled_from([None, Init("torch"), Init("notebook"), Init(file="/folder of mine/start.safetensors")])
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
        data=st.sampled_from(
            [
                Data(),
                Data("moons", 9, 0.0, 3),
                Data("blobs", standardize=True, test_fraction=0.5),
                Data(file="/a.csv", inputs=("x", 2), targets=("ŷ",)),
            ]
        ),
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


def test_without_a_law_or_a_file_parameters_start_by_pytorchs_law_and_with_a_file_by_none():
    assert Init() == Init("torch")
    assert Init(file="start.pt").law is None


WITH_FILES = """
[init]
file = "{}"
[engines.scratch]
init = {{ file = "own.pt" }}
[engines.autograd.init]
file = "/elsewhere/start.pth"
"""


@pytest.mark.parametrize("file", ["w.pt", "a b/w.pt", "../w.pt"])
def test_paths_in_a_file_begin_at_its_folder(tmp_path, monkeypatch, file):
    monkeypatch.chdir(tmp_path)

    experiment = parse(WITH_FILES.format(file), "mine.toml", Path("runs"))

    assert experiment.init.file == f"{tmp_path}/runs/{file}"
    assert experiment.init_of("scratch").file == f"{tmp_path}/runs/own.pt"
    assert experiment.init_of("autograd").file == "/elsewhere/start.pth"
    assert parse(to_toml(experiment), "again") == experiment


@pytest.mark.parametrize("wrong", ["init = 3", 'engines = "x"', "[engines]\nscratch = []", "[init]\nfile = [1]"])
def test_what_is_no_path_is_refused_by_its_key(tmp_path, wrong):
    (tmp_path / "wrong.toml").write_text(wrong)

    with pytest.raises(ExperimentError, match=r"expected (a table|text)"):
        load(str(tmp_path / "wrong.toml"))


def test_an_empty_file_is_the_notebook():
    assert parse("", "empty.toml") == load("notebook")


def test_the_notebook_is_shipped_first_and_as_printed_too():
    assert shipped() == ("notebook", "as-printed", "digits", "flowers", "moons", "spirals", "waves", "xor")


@pytest.mark.parametrize("name", shipped())
def test_an_experiment_that_ships_is_called_what_it_is_and_described_in_a_line(name):
    assert load(name).name == name
    assert 20 < len(describe(name)) < 200
    assert not describe(name).startswith("#")
    assert "\n" not in describe(name)


ENDS = {
    "one output for two classes": ('output = "sigmoid"\n[data]\nsource = "moons"', (2, 16, 8, 1)),
    "two for softmax": ('output = "softmax"\n[data]\nsource = "moons"', (2, 16, 8, 2)),
    "two for softmax of any": ('output = "softmax"\n[data]\nsource = "spirals"', (2, 16, 8, 2)),
    "as the source has them": ('[data]\nsource = "digits"', (64, 16, 8, 10)),
    "numbers of one": ('[data]\nsource = "waves"', (1, 16, 8, 1)),
    "the notebook's": ("", (2, 16, 8, 1)),
}


@pytest.mark.parametrize(("text", "layers"), ENDS.values(), ids=ENDS)
def test_hidden_takes_both_ends_from_a_source(text, layers):
    experiment = parse(f"hidden = [16, 8]\n{text}", "mine")

    assert experiment.layers == layers
    assert "hidden" not in to_toml(experiment)


FILE_ENDS = {
    "a number": ("a,b,y\n1,2,3\n", "identity", (2, 5, 1)),
    "two texts": ("a,b,y\n1,2,no\n3,4,yes\n", "sigmoid", (2, 5, 1)),
    "two texts with softmax": ("a,b,y\n1,2,no\n3,4,yes\n", "softmax", (2, 5, 2)),
    "three texts": ("a,y\n1,u\n2,v\n3,w\n", "sigmoid", (1, 5, 3)),
    "class numbers with softmax": ("a,y\n1,0\n2,2\n3,1\n", "softmax", (1, 5, 3)),
}


@pytest.mark.parametrize(("content", "output", "layers"), FILE_ENDS.values(), ids=FILE_ENDS)
def test_hidden_takes_both_ends_from_a_file(tmp_path, content, output, layers):
    (tmp_path / "points.csv").write_text(content)
    (tmp_path / "mine.toml").write_text(f'hidden = [5]\noutput = "{output}"\n[data]\nfile = "points.csv"\n')

    assert load(str(tmp_path / "mine.toml")).layers == layers


def test_a_network_may_have_no_hidden_layer():
    assert parse("hidden = []", "mine").layers == (2, 1)


def test_a_path_to_data_begins_at_the_experiments_folder_and_is_absolute_when_written(tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "points.csv").write_text("a,b,y\n1,2,3\n")
    (tmp_path / "mine.toml").write_text('[data]\nfile = "data/points.csv"\ninputs = ["a", 1]\n')
    monkeypatch.chdir(tmp_path)

    experiment = load("mine.toml")

    assert experiment.data.file == str(tmp_path / "data" / "points.csv")
    assert parse(to_toml(experiment), "elsewhere", tmp_path / "data") == experiment


def test_an_experiment_whose_data_cannot_be_read_or_do_not_fit_is_refused_when_it_is_loaded(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('layers = [3, 1]\n[data]\nfile = "points.csv"\n')

    with pytest.raises(DataError, match=r"points\.csv: can't be read"):
        load(str(path))
    (tmp_path / "points.csv").write_text("a,b,y\n1,2,3\n")
    with pytest.raises(DataError, match="has 2 inputs"):
        load(str(path))


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
    except MlpError as error:
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


@pytest.mark.parametrize(
    ("setting", "key", "value"),
    [
        ("optimizer.lr=0.3", "optimizer.lr", 0.3),
        (" batch = 64 ", "batch", 64),
        ("activation=tanh", "activation", "tanh"),
        ('activation=["tanh", "relu"]', "activation", ["tanh", "relu"]),
        ("data.file=a=b.csv", "data.file", "a=b.csv"),
        ("name=two moons", "name", "two moons"),
        ("name=", "name", ""),
        ("shuffle=false", "shuffle", False),
    ],
)
def test_a_setting_is_a_dotted_key_and_a_value_as_toml_has_it_or_a_bare_word(setting, key, value):
    assert parsed_setting(setting) == (key, value)


@pytest.mark.parametrize("setting", ["", "lr", "=1", "a b=1", "a..b=1", ".a=1", "a.=1"])
def test_what_sets_nothing_is_refused(setting):
    with pytest.raises(ExperimentError, match="sets nothing"):
        parsed_setting(setting)


def test_settings_are_put_over_what_the_file_says():
    experiment = load("as-printed", ["optimizer.lr=0.3", "engines.autograd.precision=float64", "epochs=20"])

    assert (experiment.optimizer.lr, experiment.epochs, experiment.name) == (0.3, 20, "as-printed")
    assert experiment.precision_of("autograd") == "float64"
    assert experiment.init_of("autograd").law == "manual_seed"


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ('"optimizer.lr" = -1', "epoch 3: Expected `float` >= 0.0 at `optimizer.lr`"),
        ('"optimizer.foo" = 1', "unknown field `foo`"),
        ("layers = [2, 1]", "got layers"),
        ('"data.noise" = 1', "got data.noise"),
        ('loss = "bce"', "as loss bce needs it"),
        ('activation = ["tanh"]', "one for each of the 2 hidden layers"),
    ],
)
def test_a_change_that_can_not_be_made_is_refused_when_the_experiment_is_read(settings, what):
    with pytest.raises(ExperimentError) as error:
        parse(f"[[change]]\nepoch = 3\nset = {{ {settings} }}", "wrong.toml")

    assert what in str(error.value)


def test_of_two_changes_the_later_epoch_counts_and_each_leaves_the_other_settings():
    experiment = parse(
        "[[change]]\nepoch = 9\nset = { 'optimizer.lr' = 0.01 }\n"
        "[[change]]\nepoch = 4\nset = { 'optimizer.lr' = 0.05, batch = 2 }",
        "changing.toml",
    )

    assert [experiment.at(epoch).optimizer.lr for epoch in (1, 3, 4, 8, 9, 99)] == [0.1, 0.1, 0.05, 0.05, 0.01, 0.01]
    assert [experiment.at(epoch).batch for epoch in (3, 4, 9)] == [None, 2, 2]
    assert parse(to_toml(experiment), "again") == experiment
