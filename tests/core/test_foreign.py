"""Other people's files of gradients: random ones in every layout are read back; what can't be placed is said."""

import contextlib
import importlib.util
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import dat
from core.dat.foreign import MOST_TEXT_BYTES, read_any
from core.dat.format import Dump
from core.errors import MlpError

spec = importlib.util.spec_from_file_location("layouts", Path(__file__).parents[1] / "layouts.py")
layouts = importlib.util.module_from_spec(spec)
spec.loader.exec_module(layouts)

ONE_LAYER = "dW1 = [[1.5, 2.5]]\ndb1 = [0.5]\n"


def read_text(text, tmp_path, name="f.dat"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_any(path)


def check(written, reading):
    """All epochs, all tensors, each number as near as it was printed."""
    assert len(reading.epochs) == len(written.epochs)
    for found, expected in zip(reading.epochs, written.epochs, strict=True):
        assert list(found.gradients) == list(expected)
        for name, values in expected.items():
            tensor = found.gradients[name]
            if name in written.either_way:
                assert name in found.either_way
                tensor = tensor.turned()
            assert tensor.values.shape == values.shape
            # half a unit of the last place printed, and the rounding of that half
            assert (np.abs(tensor.values - values) <= tensor.unit * 0.5000001).all()


@pytest.mark.parametrize("layout", layouts.LAYOUTS)
@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_file_in_any_layout_is_read_back(layout, seed, tmp_path_factory):
    written = layouts.write(np.random.default_rng(seed), layout)
    path = tmp_path_factory.mktemp("layouts") / f"f{written.suffix}"
    path.write_bytes(written.content)

    check(written, read_any(path))


def test_a_pt_file_is_read_by_its_names(tmp_path):
    torch = pytest.importorskip("torch")
    W, b = torch.randn(3, 2), torch.randn(3)
    torch.save({"fc1.weight.grad": W, "fc1.bias.grad": b}, tmp_path / "g.pt")

    found = read_any(tmp_path / "g.pt").epochs[0]

    assert found.gradients["dL/dW1"].values.dtype == np.float32
    assert np.array_equal(found.gradients["dL/dW1"].values, W.numpy())
    assert found.gradients["dL/db1"].exact


MORE = {
    "torch's list of parameters": "[tensor([[1.5, 2.5]]), tensor([0.5])]",
    "a state dict as it is printed": "OrderedDict([('0.weight', tensor([[1.5, 2.5]])), ('0.bias', tensor([0.5]))])",
    "MATLAB": "dW1 = [1.5 2.5]\ndb1 = 0.5;\n",
    "R": "dW1\n     [,1] [,2]\n[1,]  1.5  2.5\ndb1\n[1] 0.5\n",
    "NumPy 2's scalars": "dW1 [[np.float64(1.5), np.float64(2.5)]] db1 np.float64(0.5)".replace(" db1", "\ndb1"),
    "numbers behind their names": "dW1: 1.5 2.5\ndb1: 0.5\n",
    "a typographic minus": "dW1 = [[1.5, 2.5]]\ndb1 = [0.5]\nloss \N{MINUS SIGN}3\n",
    "input to output": "weights input to output, gradient: [[1.5], [2.5]]\nbias gradient: [0.5]",
    "a byte order mark": "\ufeff" + ONE_LAYER,
    "old ends of lines": ONE_LAYER.replace("\n", "\r"),
    "sections": "Parameters:\nW1 [[1, 2]]\nb1 [1]\nGradients:\nW1 [[1.5, 2.5]]\nb1 [0.5]\n",
}


@pytest.mark.parametrize("text", MORE.values(), ids=MORE)
def test_one_layer_is_read_however_it_is_written(text, tmp_path):
    found = read_text(text, tmp_path).epochs[0].gradients

    assert {name: each.values.tolist() for name, each in found.items()} == {"dL/dW1": [[1.5, 2.5]], "dL/db1": [0.5]}


# How precisely numbers are printed


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("[[0.25, 0.5]]", [[0.01, 0.01]]),  # what prints together has the same places
        ("[[1.5e-05, 2.25e-03]]", [[1e-07, 1e-05]]),
        ("[[1.e-05 0.e+00]]", [[1e-05, 1e-05]]),  # a zero's exponent says nothing
        ("[[0.1234567890123456, 0.5]]", [[0, 0]]),  # 16 digits: all bits are there
    ],
)
def test_the_last_place_that_was_printed_is_known(text, unit, tmp_path):
    found = read_text(f"dW1 = {text}\ndb1 = [0.5]", tmp_path).epochs[0]

    np.testing.assert_allclose(found.tensors["dL/dW1"].unit, unit, rtol=1e-12)


def test_zeros_alone_were_rounded_where_the_rest_of_the_file_was(tmp_path):
    found = read_text("dW1 = [[0. 0.]]\ndb1 = [0.00025]", tmp_path).epochs[0]

    np.testing.assert_allclose(found.tensors["dL/dW1"].unit, 1e-5, rtol=1e-12)
    assert not found.tensors["dL/dW1"].significant.any()


# What can't be placed is said


def test_a_prediction_at_the_end_is_left_out_and_told(tmp_path):
    reading = read_text(ONE_LAYER + "tensor([[-0.5751]], grad_fn=<AddBackward0>)", tmp_path)

    assert reading.remarks == ("1 number after 'db1 =' was left out",)


def test_an_array_cut_by_dots_is_left_out_and_told(tmp_path):
    reading = read_text("dW1 = [[1.5, ..., 2.5]]\ndb1 = [0.5]", tmp_path)

    assert list(reading.epochs[0].tensors) == ["dL/db1"]
    assert "line 1: an array with … in the place of numbers was left out" in reading.remarks[0]


def test_a_missing_tensor_is_told(tmp_path):
    reading = read_text("dW1 = [[1.5, 2.5]]\ndb1 = [0.5]\ndW2 = [[1.0]]", tmp_path)

    assert "dL/db2: not found in the file" in reading.remarks


def test_a_square_weight_is_read_like_the_others_and_that_is_told(tmp_path):
    text = "dW1 = [[1, 2, 3], [4, 5, 6]]\ndb1 = [1, 2, 3]\ndW2 = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]\ndb2 = [1, 2, 3]"

    found = read_text(text, tmp_path).epochs[0]

    assert found.tensors["dL/dW1"].values.tolist() == [[1, 4], [2, 5], [3, 6]]
    assert found.tensors["dL/dW2"].values.tolist() == [[1, 4, 7], [2, 5, 8], [3, 6, 9]]
    assert found.either_way == {"dL/dW2": "read as inputs × outputs, as dL/dW1 is"}


def test_numbers_under_no_name_of_a_gradient_are_told(tmp_path):
    reading = read_text(f"Targets:\n[1.0, 2.0]\n{ONE_LAYER}", tmp_path)

    assert reading.remarks == ("2 numbers under 'Targets:' were left out",)


# Own dumps


def own(epoch):
    tensors = {"dL/dW1": np.array([[0.1 * epoch]]), "dL/db1": np.array([0.2])}
    return Dump("scratch", "x", "1-1 identity", "sse", "float64", epoch, 0.5, "00", tensors)


def test_own_dumps_one_after_another_are_epochs(tmp_path):
    text = dat.render(own(1)) + "\n\n" + dat.render(own(2))

    reading = read_text(text, tmp_path)

    assert [found.epoch for found in reading.epochs] == [1, 2]
    assert reading.epochs[1].dump.epoch == 2
    assert reading.epochs[0].tensors["dL/dW1"].exact


def test_an_own_dump_is_read_strictly_with_its_line_in_the_whole_file(tmp_path):
    text = dat.render(own(1)) + "\n\n" + dat.render(own(2)).replace("# shape 1 1", "# shape 2 2")
    line = text.split("\n").index("# shape 2 2") + 1

    with pytest.raises(MlpError, match=rf"line {line}: dL/dW1 has shape 2 × 2; expected 1 × 1"):
        read_text(text, tmp_path)


# Broken files

BROKEN = {
    "nothing": (b"", "holds no arrays of numbers"),
    "prose": (b"no numbers here\n", "holds no arrays of numbers"),
    "binary": (b"\x00\x01\x02" * 100, "is no text"),
    "bad UTF-8": (b"dW1 = [1, 2]\n\xff\xfe", "line 2: is no UTF-8 text"),
    "half of a UTF-16": ("dW1".encode("utf-16") + b"\x00", "is no UTF-8 text"),
    "a bracket that is never closed": (b"dW1 = [[1, 2], [3, 4\n", "a bracket that is never closed"),
    "brackets too deep": (b"[" * 100 + b"1" + b"]" * 100, "1 array (1 × 1) without a name"),
    "arrays of no network": (b"[1, 2]\n[3, 4, 5]\n[6, 7, 8, 9]\n", "without a name fit no network"),
    "a broken zip": (b"PK\x03\x04 and no more", "is damaged"),
}


@pytest.mark.parametrize(("content", "said"), BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_told_in_one_line(content, said, tmp_path):
    with pytest.raises(MlpError) as caught:
        read_text(content, tmp_path)

    assert said in str(caught.value)
    assert str(tmp_path / "f.dat") in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_missing_file_and_a_folder_are_told(tmp_path):
    with pytest.raises(MlpError, match="No such file"):
        read_any(tmp_path / "none.dat")
    with pytest.raises(MlpError, match="no regular file"):
        read_any(tmp_path)


def test_a_huge_text_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "huge.dat"
    with path.open("wb") as file:
        file.truncate(2 * MOST_TEXT_BYTES)
        file.write(b"dW1 = [1.5]")

    with pytest.raises(MlpError, match="bytes long; expected at most"):
        read_any(path)


def test_a_csv_of_too_many_arrays_is_refused(tmp_path):
    with pytest.raises(MlpError, match="is a CSV with too many arrays"):
        read_text("a,b\n" + '1,"[1]"\n' * 100_001, tmp_path)


@pytest.mark.parametrize(
    "repeated", ["[", "[1,", "[[1]] ", "1 ", "a", "dtype=<", "[ 1 x", "a[", '"', "1-", "(((", "W1: "]
)
def test_time_grows_as_the_text_does(repeated, tmp_path):
    def seconds(count):
        path = tmp_path / "f.dat"
        path.write_text(repeated * count)
        begun = time.process_time()
        with contextlib.suppress(MlpError):
            read_any(path)
        return time.process_time() - begun

    seconds(100)

    # 4 times the text, at most 12 times the time: in a square of the length it would be 16
    assert seconds(12_000) < 12 * max(seconds(3_000), 0.05)
