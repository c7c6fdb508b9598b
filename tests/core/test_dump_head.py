"""What a dump's head says of its run: enough to compute its pass again."""

import hashlib
from dataclasses import replace as changed

import pytest

from core.dat import DataFile, dump_of, read, render, write
from core.engines.scratch import Scratch
from core.errors import DumpError
from core.experiment_file import load, parse, shipped
from core.session import Session
from core.tensors import Quantity

ON_A_FILE = 'name = "mine"\nhidden = [2]\nbatch = 2\n[data]\nfile = "points 1.csv"\n'


def dump(experiment, epochs=1, quantities=(Quantity.GRADIENT,)):
    session = Session(experiment)
    session.join(Scratch(experiment))
    session.advance(epochs)
    return dump_of(session.frame().engines["scratch"], epochs, experiment, quantities)


def on_a_file(folder):
    (folder / "points 1.csv").write_text("x1,x2,y\n1,2,3\n2,3,4\n0,1,1\n")
    return parse(ON_A_FILE, "mine", folder)


@pytest.mark.parametrize("name", shipped())
def test_the_experiment_is_read_back_whole(name, tmp_path):
    experiment = load(name)
    write(tmp_path / "f.dat", dump(experiment))

    assert read(tmp_path / "f.dat").settings == experiment


def test_an_experiment_without_hidden_layers_is_read_back_whole(tmp_path):
    experiment = parse('layers = [2, 1]\nactivation = []\n[data]\nsource = "moons"\n', "mine")
    write(tmp_path / "f.dat", dump(experiment))

    assert read(tmp_path / "f.dat").settings == experiment


def test_the_experiments_lines_are_marked_and_close_the_head():
    head = render(dump(load("notebook"))).split("\n\n\n")[0].splitlines()

    marked = [line for line in head if line.startswith("#|")]
    assert marked[0] == '#| name = "notebook"'
    assert head[-len(marked) :] == marked
    assert all(line.startswith("# ") for line in head[: -len(marked)])


def test_after_the_gradients_come_the_parameters_that_they_were_computed_at():
    made = dump(load("xor"))

    assert list(made.tensors) == ["dL/dW1", "dL/db1", "dL/dW2", "dL/db2", "W1", "b1", "W2", "b2"]


def test_quantities_without_gradients_bring_no_parameters():
    assert list(dump(load("xor"), 1, (Quantity.DELTA,)).tensors) == ["dL/dz1", "dL/dz2"]


def test_a_data_file_is_named_with_its_digest(tmp_path):
    made = dump(on_a_file(tmp_path))
    write(tmp_path / "f.dat", made)

    digest = hashlib.sha256((tmp_path / "points 1.csv").read_bytes()).hexdigest()
    assert made.data == DataFile("points 1.csv", digest)
    back = read(tmp_path / "f.dat")
    assert (back.data, back.settings, back.batch) == (made.data, made.settings, made.batch)
    assert f"# data        {digest} points 1.csv\n#| name" in render(made)


def test_a_data_file_that_changes_gets_another_digest(tmp_path):
    experiment = on_a_file(tmp_path)
    before = dump(experiment).data
    (tmp_path / "points 1.csv").write_text("x1,x2,y\n1,2,3\n2,3,4\n0,1,1.5\n")

    assert dump(experiment).data != before


def test_a_data_file_that_is_gone_is_not_named(tmp_path):
    experiment = on_a_file(tmp_path)
    session = Session(experiment)
    session.join(Scratch(experiment))
    session.advance()
    (tmp_path / "points 1.csv").unlink()

    assert dump_of(session.frame().engines["scratch"], 1, experiment).data is None


def test_a_dump_of_an_earlier_version_says_no_experiment(tmp_path):
    earlier = changed(dump(load("xor")), settings=None)
    write(tmp_path / "f.dat", earlier)

    assert "#|" not in (tmp_path / "f.dat").read_text("utf-8")
    assert read(tmp_path / "f.dat").settings is None


@pytest.mark.parametrize(
    ("line", "instead", "said"),
    [
        ('#| activation = "tanh"', '#| activation = "tanhh"', "the experiment can't be read"),
        ('#| activation = "tanh"', '#| activation = "relu"', "network 2-4-1 relu sigmoid; expected 2-4-1 tanh sigmoid"),
        ("#| layers = [2, 4, 1]", "#| layers = ", "the experiment can't be read"),
        ("#| seed = 4", "# seed = 4", "expected a tensor's name"),
        ("# start ", "# data  abc points.csv\n# start ", "expected # start and its value"),
    ],
)
def test_a_wrong_experiment_is_told_in_one_line(line, instead, said, tmp_path):
    text = render(dump(load("xor")))
    assert line in text
    (tmp_path / "wrong.dat").write_text(text.replace(line, instead, 1), "utf-8")

    with pytest.raises(DumpError, match=r"wrong\.dat, line \d+: ") as caught:
        read(tmp_path / "wrong.dat")

    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_digest_that_is_none_is_refused(tmp_path):
    text = render(dump(load("xor"))).replace('#| name = "xor"', '# data  abc points.csv\n#| name = "xor"')
    (tmp_path / "wrong.dat").write_text(text, "utf-8")

    with pytest.raises(DumpError, match="expected a sha256 and a file's name"):
        read(tmp_path / "wrong.dat")
