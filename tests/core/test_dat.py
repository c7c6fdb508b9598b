"""Dumps: written, read back bit by bit, read by NumPy and gnuplot, refused where something is wrong."""

import errno
import math
import os
import re
import shutil
import struct
import subprocess
import tempfile
from dataclasses import replace as changed
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from core.dat import DUMP_STEMS, FORMAT, Dump, dump_name, dump_of, parse_dump_name, read, render, write
from core.engines.autograd import Autograd
from core.engines.scratch import Scratch
from core.errors import DumpError
from core.experiment import Change, Data, EngineName, Experiment
from core.experiment_file import load
from core.session import Session
from core.tensors import Quantity, tensor_names

SMALL = Dump(
    engine="scratch (NumPy 2)",
    experiment="small",
    network="2-2-1 sigmoid identity",
    loss="sse",
    dtype="float64",
    epoch=3,
    loss_value=0.25,
    start="00ff",
    tensors={
        "dL/dW1": np.array([[1.0, -2.0], [0.5, 1e-300]]),
        "dL/db1": np.array([0.1, -0.0]),
        "dL/dW2": np.array([[math.inf, -math.inf]]),
        "dL/db2": np.array([math.nan]),
    },
)
UNITS = {"z1": 2, "z2": 1, "x": 2, "a1": 2, "a2": 1, "y": 1, "dL/dz1": 2, "dL/dz2": 1}
"""Its tensors of units, in a dump's order, with their widths."""
SMALL_TEXT = """\
# mlp-tui dump 1
# engine      scratch (NumPy 2)
# experiment  small
# network     2-2-1 sigmoid identity
# loss        sse
# dtype       float64
# epoch       3
# loss-value  2.5000000000000000e-01
# start       00ff


# dL/dW1
# shape 2 2
 1.0000000000000000e+00 -2.0000000000000000e+00
 5.0000000000000000e-01  1.0000000000000000e-300


# dL/db1
# shape 2
 1.0000000000000001e-01
-0.0000000000000000e+00


# dL/dW2
# shape 1 2
                    inf                    -inf


# dL/db2
# shape 1
                    nan
"""


def bits(values):
    """The numbers' bits, every nan as one."""
    return [b"nan" if math.isnan(value) else struct.pack("d", value) for value in np.asarray(values).ravel().tolist()]


def numbers(dtype):
    width = np.dtype(dtype).itemsize * 8
    edges = [
        0.0,
        -0.0,
        math.inf,
        -math.inf,
        math.nan,
        float(np.finfo(dtype).smallest_subnormal),
        float(np.finfo(dtype).max),
    ]
    return st.floats(width=width) | st.sampled_from(edges)


@st.composite
def dumps(draw):
    layers = draw(st.lists(st.integers(1, 4), min_size=2, max_size=5))
    dtype = draw(st.sampled_from(["float64", "float32"]))
    samples = draw(st.integers(1, 3))
    tensors = {}
    for quantity in draw(st.lists(st.sampled_from(Quantity), min_size=1, unique=True)):
        for name in tensor_names(quantity, len(layers) - 1):
            width = layers[name.layer]
            shape = {"W": (width, layers[name.layer - 1]), "b": (width,), "": (samples, width)}[name.part]
            tensors[str(name)] = draw(arrays.arrays(dtype, shape, elements=numbers(dtype)))
    words = st.from_regex(r"[^\W_]{1,8}( \([^\W_]{1,8} [0-9.]{1,5}\))?", fullmatch=True)
    return Dump(
        engine=draw(words),
        experiment=draw(words),
        network="-".join(map(str, layers)) + " sigmoid identity",
        loss="sse",
        dtype=dtype,
        epoch=draw(st.integers(1, 10**9)),
        loss_value=draw(numbers("float64")),
        start=draw(st.from_regex("[0-9a-f]{64}", fullmatch=True)),
        tensors=tensors,
        batch=draw(st.none() | st.just("3 of 4")),
    )


@given(dumps())
def test_a_dump_is_read_back_bit_by_bit(dump):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "dump.dat"
        size = write(path, dump)
        back = read(path)

        assert size == path.stat().st_size
    head = ("engine", "experiment", "network", "loss", "dtype", "epoch", "start", "batch")
    assert [getattr(back, key) for key in head] == [getattr(dump, key) for key in head]
    assert bits(back.loss_value) == bits(dump.loss_value)
    assert list(back.tensors) == list(dump.tensors)
    for name, values in dump.tensors.items():
        assert (back.tensors[name].dtype, back.tensors[name].shape) == (values.dtype, values.shape)
        assert bits(back.tensors[name]) == bits(values)


def test_a_dump_is_the_text_that_the_format_describes():
    assert render(SMALL).splitlines() == SMALL_TEXT.splitlines()
    assert render(SMALL).endswith("\n")


def test_float32_is_written_with_nine_significant_digits():
    values = np.array([0.1, -3.0], np.float32)
    dump = Dump("e", "x", "1-2 sigmoid identity", "sse", "float32", 1, 0.5, "0", {"dL/db1": values})

    assert [line.strip() for line in render(dump).splitlines()[-2:]] == ["1.00000001e-01", "-3.00000000e+00"]


def test_a_batch_is_named_behind_the_loss():
    dump = Dump("e", "x", "1-1 sigmoid identity", "sse", "float64", 1, 0.5, "0", {"dL/dW1": np.ones((1, 1))}, "2 of 3")

    assert "loss-value  5.0000000000000000e-01\n# batch       2 of 3\n# start" in render(dump)


def small_run(epochs=2, engine=Scratch):
    experiment = load("notebook")
    session = Session(experiment)
    session.join(engine(experiment))
    session.advance(epochs)
    return experiment, session.frame().engines[engine.name]


@pytest.mark.parametrize("engine", [Scratch, Autograd])
def test_the_dump_of_an_epoch_says_what_the_frame_knows(engine, tmp_path):
    experiment, frame = small_run(2, engine)
    write(tmp_path / "f.dat", dump_of(frame, 2, experiment, (Quantity.DELTA, Quantity.GRADIENT, Quantity.ACTIVATION)))

    back = read(tmp_path / "f.dat")

    assert (back.engine, back.experiment, back.network) == (frame.label, "notebook", "2-10-10-1 sigmoid identity")
    assert (back.epoch, back.loss_value, back.start, back.batch) == (2, frame.loss, frame.start, None)
    expected = [*Quantity.__members__.values()]
    names = [
        name
        for quantity in expected
        if quantity in (Quantity.GRADIENT, Quantity.PARAMETER, Quantity.ACTIVATION, Quantity.DELTA)
        for name in tensor_names(quantity, 3)
    ]
    assert list(back.tensors) == [str(name) for name in names]
    for name in names:
        assert bits(back.tensors[str(name)]) == bits(frame.tensor(name))


@pytest.mark.parametrize(
    ("loss", "output", "said"),
    [
        ("sse", "identity", "sse (sum over samples and outputs)"),
        ("huber", "identity", "huber (mean over samples and outputs)"),
        ("cross_entropy", "softmax", "cross_entropy (sum over outputs, mean over samples)"),
    ],
)
def test_the_head_says_how_the_loss_reduces(tmp_path, loss, output, said):
    experiment = Experiment(layers=(2, 3, 2), loss=loss, output=output, data=Data("moons", samples=6))
    write(tmp_path / "f.dat", dump_of(framed(experiment, 1), 1, experiment))

    assert f"# loss        {said}\n" in (tmp_path / "f.dat").read_text()
    assert read(tmp_path / "f.dat").loss == said


def test_the_head_names_the_network_and_the_loss_of_its_own_epoch():
    experiment = Experiment(change=(Change(2, {"loss": "mae", "activation": "tanh"}),))
    before, after = (dump_of(framed(experiment, epoch), epoch, experiment) for epoch in (1, 2))

    assert (before.network, before.loss.split()[0]) == ("2-10-10-1 sigmoid identity", "sse")
    assert (after.network, after.loss.split()[0]) == ("2-10-10-1 tanh identity", "mae")


def framed(experiment, epochs):
    session = Session(experiment)
    session.join(Scratch(experiment))
    session.advance(epochs)
    return session.frame().engines["scratch"]


def test_epoch_0_has_no_dump():
    experiment, frame = small_run(0)

    with pytest.raises(DumpError, match="epoch 0 of scratch has no gradients; expected an epoch that has been trained"):
        dump_of(frame, 0, experiment)


def test_an_experiments_name_is_written_without_the_spaces_around_it(tmp_path):
    _, frame = small_run()
    spaced = type(load("notebook"))(name=" x ")
    write(tmp_path / "f.dat", dump_of(frame, 2, spaced))

    assert read(tmp_path / "f.dat").experiment == "x"


# Reading strictly

LINES = SMALL_TEXT.rstrip("\n").split("\n")
"""Those of the small dump; line 12 is the first block's name."""


def with_line(number, *lines):
    """The small dump with one line replaced by others, or left out."""
    return "\n".join([*LINES[: number - 1], *lines, *LINES[number:]]) + "\n"


def without(first, last):
    return "\n".join([*LINES[: first - 1], *LINES[last:]]) + "\n"


WRONG = {
    "an empty file": ("", 1, f"# {FORMAT}"),
    "another first line": (with_line(1, "# mlp-tui dump 2"), 1, f"# {FORMAT}"),
    "no engine": (with_line(2), 2, "# engine and its value"),
    "an engine without a value": (with_line(2, "# engine"), 2, "# engine and its value"),
    "another key": (with_line(5, "# lost sse"), 5, "# loss and its value"),
    "the head out of order": (with_line(5, LINES[5], LINES[4]), 5, "# loss and its value"),
    "a head that is no comment": (with_line(5, "loss sse"), 5, "# loss and its value"),
    "no start": (with_line(9), 9, "# start and its value"),
    "a network of no widths": (with_line(4, "# network  sigmoid"), 4, "widths such as 2-10-10-1"),
    "a network with a width of none": (with_line(4, "# network  2-0-1 sigmoid"), 4, "widths such as 2-10-10-1"),
    "a network of one width": (with_line(4, "# network  2 sigmoid"), 4, "widths such as 2-10-10-1"),
    "another dtype": (with_line(6, "# dtype  float16"), 6, "float64 or float32"),
    "half an epoch": (with_line(7, "# epoch  1.5"), 7, "a whole number"),
    "a negative epoch": (with_line(7, "# epoch  -1"), 7, "a whole number"),
    "a loss that is no number": (with_line(8, "# loss-value  low"), 8, "a number"),
    "no block": (without(10, 31), None, "a tensor"),
    "no name": (with_line(12), 12, "a tensor's name, such as # dL/dW1"),
    "a name of no tensor": (with_line(12, "# dL/dV1"), 12, "a tensor's name, such as # dL/dW1"),
    "a name without its mark": (with_line(12, "dL/dW1"), 12, "a tensor's name, such as # dL/dW1"),
    "a name that is no comment": (with_line(12, "dL dW1"), 12, "a tensor's name, such as # dL/dW1"),
    "the first block missing": (without(12, 17), 12, "dL/dW1"),
    "a block missing": (without(18, 23), 18, "dL/db1"),
    "the last block missing": (without(29, 31), None, "dL/db2"),
    "the blocks out of order": (
        "\n".join([*LINES[:17], *LINES[23:28], *LINES[17:23], *LINES[28:]]) + "\n",
        18,
        "dL/db1",
    ),
    "a block twice": (SMALL_TEXT + "\n\n" + "\n".join(LINES[11:]) + "\n", 34, "a tensor that has not been read"),
    "a layer too many": (SMALL_TEXT + "\n\n# dL/dW3\n# shape 1 1\n 1\n", 34, "a tensor that has not been read"),
    "no shape": (with_line(13), 13, "# shape and one or two numbers"),
    "a shape of words": (with_line(13, "# shape two two"), 13, "# shape and one or two numbers"),
    "a shape of three": (with_line(13, "# shape 2 2 1"), 13, "# shape and one or two numbers"),
    "a shape turned round": (with_line(25, "# shape 2 1"), 25, "1 × 2"),
    "a vector's shape for a matrix": (with_line(13, "# shape 2"), 13, "2 × 2"),
    "a matrix's shape for a vector": (with_line(19, "# shape 2 1"), 19, "2"),
    "a row too short": (with_line(14, " 1.0"), 14, "2 numbers"),
    "a row too long": (with_line(14, " 1.0 2.0 3.0"), 14, "2 numbers"),
    "two numbers on a vector's line": (with_line(20, " 1.0 2.0"), 20, "1 numbers"),
    "a row missing": (with_line(15), 15, "2 numbers"),
    "the next block where a row should be": (without(15, 17), 15, "a row of 2"),
    "a row too many": (with_line(15, LINES[14], " 1.0 2.0"), 16, "a tensor's name"),
    "a word for a number": (with_line(14, " 1.0 two"), 14, "a number"),
    "a number with a comma": (with_line(14, " 1,0 2,0"), 14, "a number"),
    "the file's end in a row's place": ("\n".join(LINES[:30]) + "\n", 31, "1 numbers"),
}


@pytest.mark.parametrize(("text", "line", "expected"), WRONG.values(), ids=WRONG)
def test_a_wrong_dump_is_told_in_one_line_with_file_line_and_what_was_expected(text, line, expected, tmp_path):
    path = tmp_path / "wrong.dat"
    path.write_text(text, "utf-8")

    with pytest.raises(DumpError) as caught:
        read(path)

    said = str(caught.value)
    place = re.escape(f"{path}, line ") + (str(line) if line else r"\d+")
    assert re.match(f"{place}: .+", said), said
    assert f"expected {expected}" in said
    assert "\n" not in said


def test_the_small_dump_itself_is_right(tmp_path):
    (tmp_path / "right.dat").write_text(SMALL_TEXT, "utf-8")

    assert list(read(tmp_path / "right.dat").tensors) == ["dL/dW1", "dL/db1", "dL/dW2", "dL/db2"]


def test_white_space_and_the_way_of_writing_a_number_are_free(tmp_path):
    text = SMALL_TEXT.replace("\n\n\n", "\n \n\t\n\n\n").replace("\n", "\r\n")
    text = text.replace(" 1.0000000000000000e+00 -2.0000000000000000e+00", "\t1   -2.\t").replace(
        "  inf", "  +Infinity"
    )
    (tmp_path / "free.dat").write_bytes(text.encode() + b"\n\n")

    back = read(tmp_path / "free.dat")

    for name, values in SMALL.tensors.items():
        assert bits(back.tensors[name]) == bits(values)


def read_text(text):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cut.dat"
        path.write_text(text, "utf-8")
        return read(path)


def outcome_of(text):
    """The names of the tensors that are read, or how many lines say why they are not."""
    try:
        return list(read_text(text).tensors)
    except DumpError as error:
        return "one line" if len(str(error).splitlines()) == 1 else "several lines"


@pytest.mark.parametrize("kept", range(len(LINES)))
def test_a_dump_cut_at_any_line_is_refused(kept):
    with pytest.raises(DumpError, match="expected"):
        read_text("\n".join(LINES[:kept]))


@given(st.integers(0, len(SMALL_TEXT)))
def test_a_dump_cut_anywhere_is_refused_or_has_every_tensor(kept):
    assert outcome_of(SMALL_TEXT[:kept]) in ("one line", list(SMALL.tensors))


@given(st.integers(0, len(LINES) - 1), st.text(st.characters(codec="utf-8"), max_size=20))
def test_a_line_of_anything_is_refused_or_read(at, line):
    assert outcome_of("\n".join([*LINES[:at], line, *LINES[at + 1 :]])) in ("one line", list(SMALL.tensors))


def test_a_dump_that_is_not_utf_8_is_refused(tmp_path):
    (tmp_path / "latin.dat").write_bytes(SMALL_TEXT.replace("small", "caf\xe9").encode("latin-1"))

    with pytest.raises(DumpError, match=rf"latin\.dat: is not UTF-8 text; expected # {FORMAT}"):
        read(tmp_path / "latin.dat")


def test_a_missing_dump_is_told(tmp_path):
    with pytest.raises(DumpError, match=r"none\.dat: can't be read \(No such file or directory\)"):
        read(tmp_path / "none.dat")


def test_a_folder_is_no_dump(tmp_path):
    with pytest.raises(DumpError, match="is no regular file"):
        read(tmp_path)


# Other readers


def test_numpys_loadtxt_reads_a_block(tmp_path):
    experiment, frame = small_run()
    write(tmp_path / "f.dat", dump_of(frame, 2, experiment))
    lines = (tmp_path / "f.dat").read_text("utf-8").splitlines()

    for name in tensor_names(Quantity.GRADIENT, 3):
        values = frame.tensor(name)
        skipped = lines.index(f"# {name}") + 2
        block = np.loadtxt(tmp_path / "f.dat", skiprows=skipped, max_rows=len(values), ndmin=values.ndim)
        assert bits(block) == bits(values)
        assert block.shape == values.shape


def test_numpys_loadtxt_reads_the_text_between_the_blank_lines(tmp_path):
    experiment, frame = small_run()
    write(tmp_path / "f.dat", dump_of(frame, 2, experiment))

    blocks = (tmp_path / "f.dat").read_text("utf-8").split("\n\n\n")

    assert bits(np.loadtxt(blocks[1].splitlines())) == bits(frame.computed.gradients.W[1])
    assert bits(np.loadtxt(blocks[7].splitlines())) == bits(frame.before.W[1])


@pytest.fixture
def gnuplot():
    """Run gnuplot commands; what they print. On CI gnuplot has to be there."""
    if shutil.which("gnuplot") is None:
        if "CI" in os.environ:
            pytest.fail("gnuplot is not installed")
        pytest.skip("gnuplot is not installed")

    def run(commands, folder):
        done = subprocess.run(
            ["gnuplot", "-e", commands], cwd=folder, capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_gnuplot_reads_each_matrix_by_its_name(gnuplot, tmp_path):
    experiment, frame = small_run()
    write(tmp_path / "f.dat", dump_of(frame, 2, experiment))

    for k in (1, 2, 3):
        values = frame.before.W[k]
        gradient = frame.computed.gradients.W[k]
        gnuplot(f"set table 't.txt'; plot 'f.dat' index \"dL/dW{k}\" matrix with image", tmp_path)
        columns, rows, seen = np.loadtxt(tmp_path / "t.txt", usecols=(0, 1, 2)).T
        assert len(seen) == values.size
        # 1e-5: gnuplot's tables have six significant digits
        np.testing.assert_allclose(seen, gradient[rows.astype(int), columns.astype(int)], rtol=1e-5)


def test_gnuplot_reads_a_vector_by_its_name(gnuplot, tmp_path):
    experiment, frame = small_run()
    write(tmp_path / "f.dat", dump_of(frame, 2, experiment))

    gnuplot("set table 't.txt'; plot 'f.dat' index \"dL/db2\" using 1", tmp_path)

    seen = np.loadtxt(tmp_path / "t.txt", usecols=1)
    np.testing.assert_allclose(seen, frame.computed.gradients.b[2], rtol=1e-5)  # six significant digits


def test_gnuplot_draws_the_readmes_picture(gnuplot, tmp_path):
    experiment, frame = small_run(2, Autograd)
    write(tmp_path / "torch_autograd.dat", dump_of(frame, 2, experiment))

    said = gnuplot(
        "set terminal dumb; set yrange [] reverse; plot 'torch_autograd.dat' index \"dL/dW1\" matrix with image; "
        "set print '-'; "
        "print GPVAL_DATA_X_MIN, GPVAL_DATA_X_MAX, GPVAL_DATA_Y_MIN, GPVAL_DATA_Y_MAX, GPVAL_DATA_CB_MAX",
        tmp_path,
    )

    *sides, largest = map(float, said.split()[-5:])
    assert sides == [-0.5, 1.5, -0.5, 9.5]
    # 1e-7: gnuplot keeps a matrix in single precision
    assert largest == pytest.approx(frame.computed.gradients.W[1].max(), rel=1e-7, abs=0)


# Writing whole or not at all


def contents(folder):
    return {path.name: path.read_bytes() if path.is_file() else None for path in folder.iterdir()}


def refuses_to_write(path, reason, **options):
    with pytest.raises(DumpError) as caught:
        write(path, SMALL, **options)
    assert str(caught.value) == f"{path}: can't be written ({reason})"


def test_a_written_dump_stands_alone_in_its_folder(tmp_path):
    write(tmp_path / "f.dat", SMALL)

    assert contents(tmp_path) == {"f.dat": render(SMALL).encode()}


def test_a_written_dump_can_be_read_by_whom_the_umask_lets(tmp_path):
    before = os.umask(0o027)
    try:
        write(tmp_path / "f.dat", SMALL)
        mask = os.umask(0o027)
    finally:
        os.umask(before)

    assert (tmp_path / "f.dat").stat().st_mode & 0o777 == 0o640
    assert mask == 0o027


@pytest.mark.parametrize("other", ["a1", "dL/dz2"])
def test_all_tensors_of_units_have_the_same_samples(other, tmp_path):
    units = {name: np.ones((2, width)) for name, width in UNITS.items()}
    good = changed(SMALL, tensors=units)
    write(tmp_path / "good.dat", good)
    assert set(read(tmp_path / "good.dat").tensors) == set(UNITS)
    write(tmp_path / "bad.dat", changed(good, tensors={**units, other: np.ones((3, UNITS[other]))}))

    with pytest.raises(DumpError, match=rf"{other} has shape 3 × \d; expected 2 × \d"):
        read(tmp_path / "bad.dat")


def test_a_name_is_what_its_dump_is_called_and_nothing_else_is():
    for name in DUMP_STEMS:
        for epoch in (None, 1, 9999, 10000):
            assert parse_dump_name(dump_name(name, epoch)) == (name, epoch)
    for other in ("my_autograd.7.dat", "my_autograd.00007.dat", "x.dat", "my_autograd.dat.bak", "my_autograd"):
        assert parse_dump_name(other) is None


def test_every_engine_has_a_name_for_its_dumps():
    assert list(DUMP_STEMS) == [*get_args(EngineName), "yours"]


def test_a_file_in_the_way_is_not_overwritten(tmp_path):
    (tmp_path / "f.dat").write_text("mine")

    refuses_to_write(tmp_path / "f.dat", "exists already")

    assert contents(tmp_path) == {"f.dat": b"mine"}


def test_a_file_in_the_way_is_replaced_where_that_is_asked_for(tmp_path):
    (tmp_path / "f.dat").write_text("mine")

    write(tmp_path / "f.dat", SMALL, replace=True)

    assert contents(tmp_path) == {"f.dat": render(SMALL).encode()}


@pytest.mark.parametrize(("replace", "reason"), [(False, "exists already"), (True, "Is a directory")])
def test_a_folder_in_the_way_stays(tmp_path, replace, reason):
    (tmp_path / "f.dat").mkdir()

    refuses_to_write(tmp_path / "f.dat", reason, replace=replace)

    assert contents(tmp_path) == {"f.dat": None}


@pytest.mark.parametrize("replace", [False, True])
def test_a_folder_that_is_not_there_is_told(tmp_path, replace):
    refuses_to_write(tmp_path / "none" / "f.dat", "No such file or directory", replace=replace)

    assert contents(tmp_path) == {}


@pytest.fixture
def unwritable_folder(tmp_path):
    """A folder where nobody who runs this may write; the superuser may write anywhere but in /proc."""
    if os.geteuid() == 0:
        yield Path("/proc")
        return
    tmp_path.chmod(0o500)
    yield tmp_path
    tmp_path.chmod(0o700)


@pytest.mark.parametrize("replace", [False, True])
def test_a_folder_that_cannot_be_written_to_is_told(unwritable_folder, replace):
    with pytest.raises(DumpError, match=r"f\.dat: can't be written \(.+\)"):
        write(unwritable_folder / "f.dat", SMALL, replace=replace)

    assert not (unwritable_folder / "f.dat").exists()


@pytest.mark.parametrize("replace", [False, True])
def test_a_full_disk_leaves_nothing_behind(tmp_path, monkeypatch, replace):
    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)

    refuses_to_write(tmp_path / "f.dat", "No space left on device", replace=replace)

    assert contents(tmp_path) == {}


def test_a_full_disk_leaves_the_dump_that_was_to_be_replaced(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    (tmp_path / "f.dat").write_text("mine")
    monkeypatch.setattr(os, "fsync", full)

    refuses_to_write(tmp_path / "f.dat", "No space left on device", replace=True)

    assert contents(tmp_path) == {"f.dat": b"mine"}


def test_an_interrupt_while_writing_leaves_nothing_behind(tmp_path, monkeypatch):
    def interrupted(descriptor):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)

    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "f.dat", SMALL)

    assert contents(tmp_path) == {}
