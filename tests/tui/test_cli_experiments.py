"""`mlp-tui list`, `train` on the experiments that ship and on data files, and `--set`."""

import json

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file as numbers_of
from safetensors.torch import load_file, save_file
from torch import nn

from core.engines.autograd import Autograd
from core.engines.scratch import Scratch
from core.experiment_file import load, shipped
from core.session import Session
from core.weights import Origin, write_weights

CSV = "x1,x2,y\n" + "".join(f"{i / 4},{i * i % 7 / 2},{i % 3 / 4}\n" for i in range(12))


def trained_on(mlp_tui, *words):
    """Return the lines of a training, after checking that the two engines go together."""
    lines = mlp_tui("train", *words, "--json").lines
    for line in lines[:-1]:
        # 10 digits: rounding alone parts two engines in float64, by little in a few epochs
        assert line["loss"]["scratch"] == pytest.approx(line["loss"]["autograd"], rel=1e-10)
    return lines


# What ships


def test_list_has_a_line_for_each_experiment_that_ships(mlp_tui_process):
    done = mlp_tui_process("list")

    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split()[0] for line in done.stdout.splitlines()] == list(shipped())
    assert all(len(line.split()) > 4 for line in done.stdout.splitlines())
    assert {"notebook", "as-printed", "xor", "moons", "spirals", "waves", "flowers", "digits"} == set(shipped())


def test_digits_reach_95_percent_with_both_engines_which_agree_to_ten_digits_in_the_first_epoch(mlp_tui):
    *epochs, _ = mlp_tui("train", "digits", "--json").lines

    assert epochs[0]["loss"]["scratch"] == pytest.approx(epochs[0]["loss"]["autograd"], rel=1e-10)
    assert epochs[0]["digits"] > 10
    assert min(epochs[-1]["accuracy"][engine] for engine in ("scratch", "autograd")) >= 0.95
    assert min(epochs[-1]["held_out_accuracy"].values()) >= 0.95
    assert list(epochs[-1]) == ["epoch", "loss", "digits", "accuracy", "held_out_loss", "held_out_accuracy"]


@pytest.mark.parametrize("name", shipped())
def test_each_experiment_that_ships_trains_in_lockstep(mlp_tui, name):
    lines = mlp_tui("train", name, "--epochs", 3, "--json").lines

    assert [line.get("epoch") for line in lines] == [1, 2, 3, None]
    if name != "as-printed":
        trained_on(mlp_tui, name, "--epochs", 3)


# Data files


def spreadsheet(text):
    return text.replace(",", ";").replace(".", ",").replace("\n", "\r\n")


def quoted(text):
    rows = [line.split(",") for line in text.splitlines()]
    return "".join(",".join(f'"{cell}"'.replace(".", ",") for cell in row) + "\r\n" for row in rows)


def indexed(text):
    head, *rows = text.splitlines()
    return "\n".join([f",{head}", *(f"{at},{row}" for at, row in enumerate(rows))]) + "\n"


EXPORTS = {
    "LibreOffice": CSV.encode(),
    "LibreOffice with all quoted, in German": quoted(CSV).encode(),
    "Excel's CSV UTF-8": CSV.replace("\n", "\r\n").encode("utf-8-sig"),
    "Excel's CSV UTF-8 in German": spreadsheet(CSV).encode("utf-8-sig"),
    "Excel's CSV in German": spreadsheet(CSV).replace("x1", "Höhe").encode("cp1252"),
    "Excel's CSV with empty rows below": (CSV.replace("\n", "\r\n") + ",,\r\n,,\r\n").encode(),
    "Excel's Unicode Text": spreadsheet(CSV).replace(";", "\t").encode("utf-16"),
    "pandas": indexed(CSV).encode(),
    "pandas without its index": CSV.encode(),
    "pandas with a time as index": indexed(CSV).rstrip().replace("\n", "\n2024-05-01 00:").encode(),
}


@pytest.mark.parametrize("content", EXPORTS.values(), ids=EXPORTS)
def test_exported_tables_train_as_the_same_numbers_do(tmp_path, mlp_tui, content):
    (tmp_path / "exported.csv").write_bytes(content)
    np.save(tmp_path / "same.npy", np.loadtxt(CSV.splitlines()[1:], delimiter=","))
    first = "Höhe" if "Höhe".encode("cp1252") in content else "x1"
    (tmp_path / "mine.toml").write_text(
        'hidden = [4]\nactivation = "tanh"\nepochs = 3\n'
        f'[data]\nfile = "exported.csv"\ninputs = ["{first}", "x2"]\ntargets = ["y"]\n',
        "utf-8",
    )
    (tmp_path / "same.toml").write_text('layers = [2, 4, 1]\nactivation = "tanh"\nepochs = 3\ndata.file = "same.npy"\n')

    assert trained_on(mlp_tui, tmp_path / "mine.toml") == trained_on(mlp_tui, tmp_path / "same.toml")


def test_a_pandas_table_trains_without_a_word_on_its_columns(tmp_path, mlp_tui):
    (tmp_path / "frame.csv").write_text(indexed(CSV))
    (tmp_path / "plain.csv").write_text(CSV)

    first, second = (
        trained_on(mlp_tui, "--set", f"data.file={tmp_path / name}", "--set", "hidden=[3]", "--epochs", 2)
        for name in ("frame.csv", "plain.csv")
    )
    assert first == second


def test_labels_become_classes_with_an_accuracy(tmp_path, mlp_tui):
    rows = "".join(f"{i % 3 + i / 100},{-(i % 3)},{('rose', 'iris', 'aster')[i % 3]}\n" for i in range(30))
    (tmp_path / "flowers.csv").write_text(f"a,b,kind\n{rows}")
    (tmp_path / "mine.toml").write_text(
        'hidden = [6]\noutput = "softmax"\nloss = "cross_entropy"\nepochs = 40\n[data]\nfile = "flowers.csv"\n'
        'standardize = true\n[optimizer]\nname = "adam"\nlr = 0.1\n'
    )
    *epochs, _ = trained_on(mlp_tui, tmp_path / "mine.toml")

    assert epochs[-1]["accuracy"] == {"scratch": 1.0, "autograd": 1.0}


# Settings


def test_settings_are_put_over_the_experiment(mlp_tui):
    words = ["--set", "optimizer.lr=0.3", "--set", "batch=64", "--set", "activation=relu", "--epochs", 2]
    plain, changed = (trained_on(mlp_tui, "moons", *more, "--epochs", 2) for more in ([], words[:-2]))

    assert plain[0]["loss"] != changed[0]["loss"]


def test_a_relative_path_in_a_setting_begins_where_the_program_runs(tmp_path, mlp_tui, monkeypatch):
    (tmp_path / "points.csv").write_text(CSV)
    monkeypatch.chdir(tmp_path)

    assert trained_on(mlp_tui, "--set", "data.file=points.csv", "--epochs", 1)[0]["epoch"] == 1


def test_another_optimizer_drops_the_keys_that_it_does_not_take(mlp_tui):
    words = ["--set", "optimizer.lr=0.01", "--set", "optimizer.name=adam", "--epochs", 2]

    assert trained_on(mlp_tui, "moons", *words)[1]["epoch"] == 2
    assert mlp_tui("train", "moons", *words, "--set", "optimizer.momentum=0.9").refusal.endswith(
        "got momentum; expected lr, betas, eps, weight_decay alone with adam"
    )


REFUSED = {
    "no value": ("optimizer.lr", "'optimizer.lr' sets nothing; expected a key and a value, such as optimizer.lr=0.3"),
    "no key": ("=3", "'=3' sets nothing; expected a key and a value, such as optimizer.lr=0.3"),
    "nothing": ("", "'' sets nothing; expected a key and a value, such as optimizer.lr=0.3"),
    "a key of nothing": ("a..b=3", "'a..b=3' sets nothing; expected a key and a value, such as optimizer.lr=0.3"),
    "an unknown key": ("epoch=3", "setting: unknown key epoch; expected epochs?"),
    "an unknown key in a table": ("optimizer.rate=3", "setting: unknown key optimizer.rate; expected one of name, lr"),
    "an unknown table": ("a.b.c=3", "setting: unknown key a; expected one of name, layers"),
    "text for a number": ("optimizer.lr=fast", "setting optimizer.lr: got 'fast'; expected a number"),
    "a comma for a point": ("optimizer.lr=0,3", "setting optimizer.lr: got '0,3'; expected a number"),
    "a number below 0": ("optimizer.lr=-1", "setting optimizer.lr: got -1; expected a number >= 0.0"),
    "no number": ("optimizer.lr=nan", "setting optimizer.lr: got nan; expected a number >= 0.0"),
    "infinity": ("optimizer.lr=inf", "expected `lr` to be finite"),
    "a part": ("batch=1.5", "setting batch: got 1.5; expected a whole number"),
    "none": ("batch=0", "setting batch: got 0; expected a whole number >= 1"),
    "a list that does not end": ("layers=[2,3", "setting layers: got '[2,3'; expected a list"),
    "an empty list": ("layers=[]", "setting layers: got []; expected a list of length >= 2"),
    "a list of text": ('hidden=["a"]', "setting hidden[0]: got 'a'; expected a whole number"),
    "a number for a list": ("hidden=4", "setting hidden: got 4; expected a list"),
    "python's truth": ("shuffle=True", "setting shuffle: got 'True'; expected true or false"),
    "a name for a table": ("optimizer=adam", "setting optimizer: got 'adam'; expected a table"),
    "a table for a name": ("loss.name=sse", "loss: got {'name': 'sse'}; expected text"),
    "an unknown name": ("loss=mape", "setting loss: got 'mape'; expected sse or mse"),
    "a layer too many": (
        'activation=["relu"]',
        "expected `activation` to be one name, or one for each of the 2 hidden",
    ),
    "a loss of another output": ("loss=cross_entropy", "expected `output` to be softmax, as loss cross_entropy needs"),
    "no data file": ("data.file=none.csv", "none.csv: can't be read (No such file or directory); expected a table"),
    "columns without a file": ('data.inputs=["a"]', "expected `file` with `inputs` and `targets`, which name its"),
    "no file of weights": ("init.file=w.txt", "expected `file` to end with .safetensors or .pt or .pth"),
    "a path in it": ("data.file=/dev/zero", "/dev/zero: is no regular file; expected a table"),
}


@pytest.mark.parametrize(("setting", "said"), REFUSED.values(), ids=REFUSED)
def test_a_setting_that_can_not_be_is_one_line(mlp_tui, setting, said):
    assert said in mlp_tui("train", "moons", "--set", setting).refusal
    assert said in mlp_tui("moons", "--set", setting).refusal


def test_a_file_is_named_where_it_says_what_is_wrong_and_no_setting_does(tmp_path, mlp_tui):
    (tmp_path / "mine.toml").write_text("epochs = 0\n")

    assert mlp_tui("train", tmp_path / "mine.toml", "--set", "batch=3").refusal == (
        f"{tmp_path / 'mine.toml'}: epochs: got 0; expected a whole number >= 1"
    )


# Weights


def plain_network():
    return nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 1), nn.Sigmoid())


@pytest.mark.parametrize("engine", ["scratch", "autograd"])
def test_weights_load_into_a_plain_sequential_which_predicts_the_same_bits(tmp_path, mlp_tui, engine):
    experiment = load("moons")
    session = Session(experiment)
    for each in (Scratch(experiment), Autograd(experiment)):
        session.join(each)
    session.advance(3)
    frame = session.frame().engines[engine]
    origin = Origin("moons", experiment.network(), engine, 3)
    write_weights(tmp_path / "w.safetensors", frame.after, experiment.activations(), origin)

    plain = plain_network().double()
    plain.load_state_dict(load_file(tmp_path / "w.safetensors"), strict=True)
    with torch.no_grad():
        predicted = plain(torch.tensor(session.samples.x)).numpy()

    if engine == "autograd":
        assert predicted.tobytes() == session.predictions()["autograd"].tobytes()
        shown = mlp_tui("train", "moons", "--epochs", 3, "--json").lines[-1]["prediction"]["autograd"]
        assert shown == predicted[:3].tolist()
    else:
        # 1e-12: the same equations in another order of operations, 16 terms a sum
        np.testing.assert_allclose(predicted, session.predictions()["scratch"], rtol=1e-12)


@pytest.mark.parametrize("name", ["plain.pt", "plain.pth", "plain.safetensors"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_weights_of_plain_pytorch_start_a_run(tmp_path, mlp_tui, name, dtype):
    torch.manual_seed(7)
    plain, path = plain_network().to(dtype), tmp_path / name
    if path.suffix == ".safetensors":
        save_file(plain.state_dict(), path)
    else:
        torch.save(plain.state_dict(), path)
    run = tmp_path / "run.safetensors"
    words = ["--set", f"init.file={path}", "--set", "optimizer.lr=0", "--epochs", 1, "--save", run, "--json"]
    lines = mlp_tui("train", "moons", *words).lines

    with torch.no_grad():
        x = torch.tensor(Session(load("moons")).samples.x[:3])
        assert lines[1]["prediction"]["autograd"] == plain.double()(x).tolist()
    started = torch.cat([each.flatten() for each in plain.double().state_dict().values()]).detach().numpy()
    for engine in ("scratch", "autograd"):
        assert numbers_of(run)[f"{engine}/parameters"].tobytes() == started.tobytes()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: torch.save({"0.weight": torch.zeros(3, 2)}, path), "weights.pt: "),
        (lambda path: torch.save(plain_network(), path), "weights.pt: holds more than tensors: it names"),
        (lambda path: path.write_bytes(b"PK\x03\x04"), "weights.pt: "),
        (lambda path: None, "weights.pt: can't be read (No such file or directory)"),
    ],
    ids=["another network", "a pickled module", "damaged", "nothing"],
)
def test_other_files_of_weights_start_nothing(tmp_path, mlp_tui, make, said):
    make(tmp_path / "weights.pt")

    assert said in mlp_tui("train", "moons", "--set", f"init.file={tmp_path / 'weights.pt'}").refusal


def test_a_saved_run_is_no_start_of_another(tmp_path, mlp_tui):
    mlp_tui("train", "--epochs", 1, "--save", tmp_path / "run.safetensors")

    assert "is no layer's" in mlp_tui("train", "--set", f"init.file={tmp_path / 'run.safetensors'}").refusal
    assert json.dumps(list(numbers_of(tmp_path / "run.safetensors"))).count("parameters") == 2
