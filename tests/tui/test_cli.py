"""The command line: what it says in this process, and in processes of its own what only they can show."""

import contextlib
import math
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import core
from core import dat

PROGRAM = Path(sys.executable).with_name("mlp-tui")
PATIENCE = 60
DUMPS = ("my_autograd.dat", "torch_autograd.dat")


# Help and version


def test_the_version_is_the_packages(mlp_tui_process):
    done = mlp_tui_process("--version")

    assert (done.returncode, done.stdout, done.stderr) == (0, f"{core.__version__}\n", "")


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["train", "--help"]])
def test_help_says_what_can_be_said(mlp_tui, words):
    done = mlp_tui(*words)

    assert (done.returncode, done.stderr) == (0, "")
    assert "mlp-tui" in done.stdout
    assert "train" in done.stdout
    assert "experiment" in done.stdout.lower()


@pytest.mark.parametrize("word", ["--version", "--help"])
def test_help_and_version_wait_for_no_screen_and_no_torch(word):
    program = (
        "import sys; from tui.cli import main; sys.argv = ['mlp-tui', sys.argv[1]]\n"
        "try: main()\n"
        "finally: print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, word], capture_output=True, text=True, check=True, timeout=PATIENCE
    )
    loaded = set(done.stderr.split())

    assert "cyclopts" in loaded
    assert loaded.isdisjoint({"torch", "textual", "numpy"})


# What the user can mend


@pytest.mark.parametrize("words", [[], ["notebook"]])
def test_without_a_terminal_one_line_names_train(mlp_tui_process, words):
    assert "mlp-tui train" in mlp_tui_process(*words).refusal


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--nonsense"], "--nonsense"),
        (["train", "--nonsense"], "--nonsense"),
        (["train", "--epochs", "many"], "many"),
        (["train", "--epochs", "0"], "0"),
        (["train", "no-such-experiment"], "no-such-experiment"),
        (["no-such-experiment"], "no-such-experiment"),
        (["train", "notebook", "another"], "another"),
    ],
)
def test_what_is_not_known_is_one_line(mlp_tui, words, named):
    assert named in mlp_tui(*words).refusal


def test_a_process_that_is_refused_says_so_in_its_exit_status(mlp_tui_process):
    assert "no-such-experiment" in mlp_tui_process("train", "no-such-experiment").refusal


@pytest.mark.parametrize("command", [[], ["train"]])
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("epoch = 3\n", "epochs"),
        ("epochs = 'ten'\n", "epochs"),
        ("layers = [2, 10\n", "TOML"),
        ("[optimizer]\nlr = 'fast'\n", "optimizer.lr"),
        ("[engines.scratch]\nmistakes = ['none such']\n", "half-loss-gradient"),
    ],
)
def test_a_broken_experiment_is_one_line_that_names_file_and_key(tmp_path, mlp_tui, command, text, told):
    path = tmp_path / "broken.toml"
    path.write_text(text)
    line = mlp_tui(*command, path).refusal

    assert str(path) in line
    assert told in line


# Training


def test_json_is_an_object_an_epoch_and_one_of_predictions(mlp_tui_process):
    *epochs, last = mlp_tui_process("train", "--json").lines

    assert [each["epoch"] for each in epochs] == list(range(1, 11))
    for each in epochs:
        assert list(each) == ["epoch", "loss", "digits"]
        assert list(each["loss"]) == ["scratch", "autograd"]
    assert epochs[0]["digits"] > 12
    assert epochs[-1]["loss"]["scratch"] < epochs[0]["loss"]["scratch"]
    assert list(last) == ["samples", "target", "prediction"]
    assert last["prediction"]["scratch"][0][0] == pytest.approx(last["target"][0][0], abs=1e-2)
    assert list(last["prediction"]) == ["scratch", "autograd"]


def test_as_printed_has_no_digits_in_json(mlp_tui):
    *epochs, last = mlp_tui("train", "as-printed", "--epochs", "3", "--json").lines

    assert [each["digits"] for each in epochs] == [None] * 3
    assert all(math.isfinite(loss) for each in epochs for loss in each["loss"].values())
    assert set(last["prediction"]) == {"scratch", "autograd"}


def test_what_is_not_finite_is_null_in_json(tmp_path, mlp_tui):
    path = tmp_path / "wild.toml"
    path.write_text("epochs = 4\n[optimizer]\nlr = 1e200\n")
    *epochs, last = mlp_tui("train", path, "--json").lines

    assert epochs[-1]["loss"] == {"scratch": None, "autograd": None}
    assert last["prediction"] == {"scratch": [[None]], "autograd": [[None]]}


def test_the_table_has_a_row_an_epoch_then_target_and_predictions(mlp_tui):
    done = mlp_tui("train", "--epochs", "12")

    assert (done.returncode, done.stderr) == (0, "")
    assert re.findall(r"^ +(\d+) ", done.stdout, re.MULTILINE) == [str(epoch) for epoch in range(1, 13)]
    assert re.findall(r"^(target|prediction \w+) +\[\[", done.stdout, re.MULTILINE) == [
        "target",
        "prediction scratch",
        "prediction autograd",
    ]


def test_show_gradients_prints_every_matrix_of_both_engines(mlp_tui):
    done = mlp_tui("train", "--epochs", "1", "--show", "gradients")

    assert done.stdout.count("Weight gradient of") == 6
    assert done.stdout.count("Bias gradient of output layer") == 2
    assert "Weight gradient of second hidden layer" in done.stdout


def test_dump_makes_the_folder_and_replaces_its_own_dumps(tmp_path, mlp_tui):
    folder = tmp_path / "new" / "out"
    for epochs in (1, 2):
        done = mlp_tui("train", "--epochs", epochs, "--dump", folder)
        assert (done.returncode, done.stderr) == (0, "")
        assert sorted(path.name for path in folder.iterdir()) == list(DUMPS)
        assert [dat.read(folder / name).epoch for name in DUMPS] == [epochs] * 2


@pytest.mark.parametrize("name", DUMPS)
def test_dump_refuses_other_files_unless_forced(tmp_path, mlp_tui, name):
    (tmp_path / name).write_text("mine\n")
    line = mlp_tui("train", "--epochs", "1", "--dump", tmp_path).refusal

    assert name in line
    assert "--force" in line
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "mine\n"
    done = mlp_tui("train", "--epochs", "1", "--dump", tmp_path, "--force")
    assert done.returncode == 0
    assert dat.read(tmp_path / name).epoch == 1


def test_dump_into_a_file_is_one_line(tmp_path, mlp_tui):
    (tmp_path / "file").write_text("mine\n")

    assert "file" in mlp_tui("train", "--dump", tmp_path / "file").refusal


def test_a_folder_where_a_dump_should_be_is_refused(tmp_path, mlp_tui):
    (tmp_path / DUMPS[0]).mkdir()

    assert DUMPS[0] in mlp_tui("train", "--dump", tmp_path).refusal


def test_ctrl_c_ends_a_long_training_with_130_and_no_traceback():
    command = [PROGRAM, "train", "--epochs", "1000000000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        for _ in range(3):
            assert process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=PATIENCE)

    assert process.returncode == 130
    assert errors == ""


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="what is being imported is seen in /proc")
def test_ctrl_c_while_pytorch_is_imported_leaves_no_traceback():
    with subprocess.Popen([PROGRAM, "train"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        until = time.monotonic() + PATIENCE
        while "libtorch" not in Path(f"/proc/{process.pid}/maps").read_text():
            assert time.monotonic() < until
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=PATIENCE)

    assert process.returncode == 130
    assert errors == ""


@pytest.mark.parametrize("moment", [0.06, 0.1, 0.15, 0.2, 0.3])
def test_ctrl_c_at_the_very_beginning_leaves_no_traceback(moment):
    with subprocess.Popen([PROGRAM, "train"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(moment)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=PATIENCE)

    assert not re.search(r"(tui|core)/.*, in (?!<module>)", errors), errors  # it may not have come to main() yet


FULL = "mlp-tui: the output can't be written (No space left on device)\n"


@pytest.fixture
def full_disk():
    if not Path("/dev/full").exists():
        pytest.skip("there is no disk that is always full")
    with Path("/dev/full").open("w") as full:
        yield full


@pytest.mark.parametrize("words", [["list"], ["--help"], ["--version"]])
def test_a_full_disk_under_the_output_is_one_line(full_disk, words):
    done = subprocess.run(
        [PROGRAM, *words], stdout=full_disk, stderr=subprocess.PIPE, text=True, check=False, timeout=PATIENCE
    )

    assert (done.returncode, done.stderr) == (2, FULL)


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_disk_that_is_full_ends_a_training_in_one_line(full_disk, mlp_tui, monkeypatch, options):
    with monkeypatch.context() as patched:
        patched.setattr("sys.stdout", full_disk)
        done = mlp_tui("train", *options)

    assert (done.returncode, done.stderr) == (2, FULL)


def test_a_pipe_that_closes_early_leaves_no_traceback():
    done = subprocess.run(
        ["sh", "-c", '"$0" train --epochs 100000 | head -1', str(PROGRAM)],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )

    assert done.stdout.count("\n") == 1
    assert done.stderr == ""
