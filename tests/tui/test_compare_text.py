"""`mlp-tui compare` on the command line."""

import json
import subprocess
import sys

import numpy as np
import pytest

from core.dat import dump_of, write
from core.engines.scratch import Scratch
from core.experiment_file import load
from core.session import Session

PROGRAM = (
    "import sys\nfrom tui.cli import main\n"
    "try:\n    main()\n"
    "finally:\n    print(sorted({'torch', 'textual', 'rich'} & set(sys.modules)), file=sys.stderr)\n"
)


@pytest.fixture
def compared(mlp_tui):
    """Return a function that compares files in this process."""
    return lambda *words: mlp_tui("compare", *words)


def loaded_by(*words):
    """Compare in a process of its own; return what it has loaded of what is heavy."""
    command = [sys.executable, "-c", PROGRAM, "compare", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stderr.strip()


@pytest.fixture
def dump(tmp_path):
    """Write a dump of the xor experiment; return its path."""

    def written(name, *settings, epochs=1):
        experiment = load("xor", settings)
        session = Session(experiment)
        session.join(Scratch(experiment))
        session.advance(epochs)
        write(tmp_path / name, dump_of(session.frame().engines["scratch"], epochs, experiment))
        return tmp_path / name

    return written


def text(path, values):
    path.write_text(f"dW1 = {np.asarray(values).tolist()}\ndb1 = [0.5123]\n", "utf-8")
    return path


def test_equal_dumps_print_a_table_and_the_verdict_last(mlp_tui_process, dump):
    done = mlp_tui_process("compare", dump("a.dat"), dump("b.dat"))

    lines = done.stdout.splitlines()
    assert done.returncode == 0
    assert lines[3].split() == ["tensor", "shape", "digits", "median", "ulps", "share", "worst", "A", "B"]
    assert lines[4].startswith("dL/dW1  4 × 2 ")
    assert lines[-1] == "identical bits: all 17 numbers"


def test_a_comparison_of_texts_and_dumps_loads_neither_torch_nor_a_screen(dump, tmp_path):
    assert loaded_by(dump("a.dat"), dump("b.dat")) == "[]"
    assert loaded_by(text(tmp_path / "a", [[1.25]]), text(tmp_path / "b", [[1.25]])) == "[]"


def test_a_mistake_has_status_1_and_is_explained(compared, dump):
    done = compared(dump("a.dat"), dump("b.dat", 'engines.scratch.mistakes=["half-loss-gradient"]'))

    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].startswith("differ: dL/dW2 first, from the loss downward")


@pytest.mark.parametrize(("settings", "epochs"), [(["seed=9"], 1), ([], 2)])
def test_what_can_not_be_compared_has_status_3(compared, dump, settings, epochs):
    done = compared(dump("a.dat"), dump("b.dat", *settings, epochs=epochs))

    assert done.returncode == 3
    assert done.stdout.splitlines()[-1].startswith("different ")


def test_an_unreadable_file_has_status_2_and_one_line(compared, tmp_path):
    done = compared(text(tmp_path / "a", [[1.25]]), tmp_path / "none")

    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.splitlines()[0].startswith(f"mlp-tui: {tmp_path / 'none'}: can't be read")


def test_digits_say_how_many_have_to_agree(compared, tmp_path):
    a, b = text(tmp_path / "a", [[1.234567891]]), text(tmp_path / "b", [[1.234577891]])

    assert compared(a, b).returncode == 0
    assert compared(a, b, "--digits", 8).returncode == 1
    assert compared(a, b, "--digits", 0).returncode == 2


def test_json_has_the_verdict_and_every_figure(compared, dump):
    done = compared(dump("a.dat"), dump("b.dat", 'engines.scratch.mistakes=["half-loss-gradient"]'), "--json")

    said = json.loads(done.stdout)
    assert (said["verdict"], said["status"]) == ("differ", 1)
    (pair,) = said["pairs"]
    assert [row["name"] for row in pair["rows"]] == ["dL/dW1", "dL/db1", "dL/dW2", "dL/db2"]
    assert pair["rows"][0]["a"] == pytest.approx(2 * pair["rows"][0]["b"])


def test_nothing_in_a_file_is_taken_for_a_command_to_the_terminal(compared, tmp_path):
    (tmp_path / "a").write_text("dW1\x1b[2J = [[1.5]]\ndb1 = [0.5]\n\x1b[31mother\n[3.0]\n", "utf-8")

    done = compared(tmp_path / "a", tmp_path / "a")

    assert done.returncode == 0
    assert "\x1b" not in done.stdout


def test_a_file_compared_with_itself_shares_all_digits_and_says_so_as_the_screen_does(compared, dump):
    path = dump("a.dat")
    cells = compared(path, path).stdout.splitlines()[4].split()
    assert cells[4:7] == ["16", "16", "0"]


def test_files_an_ulp_apart_are_said_to_share_no_more_than_15_9_digits(compared, tmp_path):
    near = [[np.nextafter(2.0, 0.0), 0.1]]
    nearer = [[np.nextafter(near[0][0], 0.0), 0.1]]
    for name, values in (("a.npz", near), ("b.npz", nearer)):
        np.savez(tmp_path / name, dW1=np.array(values), db1=np.array([0.5]))
    cells = compared(tmp_path / "a.npz", tmp_path / "b.npz").stdout.splitlines()[4].split()
    assert cells[4:7] == ["15.9", "15.9", "1"]
