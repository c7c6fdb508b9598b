"""Weights: what PyTorch loads, what it wrote, and what is refused."""

import io
import itertools
import os
import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from safetensors import safe_open
from torch import nn

from core.engines.autograd import Autograd
from core.engines.scratch import Scratch
from core.errors import FileError
from core.experiment import AutogradSettings, Data, Engines, Experiment, Init, parameter_count
from core.functions.activations import ACTIVATIONS
from core.initial import draw, start_digest
from core.parameters import Parameters
from core.session import Session
from core.weights import Origin, read_weights, sequential_names, write_weights

LAYERS = (2, 10, 10, 1)
ORIGIN = Origin("notebook", "2-10-10-1 sigmoid identity", "autograd", 20)
SUFFIXES = ["safetensors", "pt"]


def numbers(layers=LAYERS, dtype=np.float64):
    return Parameters(layers, np.random.default_rng(4).normal(size=parameter_count(layers)).astype(dtype))


def same_bits(one, other):
    """Whether the bits are the same, every nan as one."""
    nan = np.isnan(one)
    return one.dtype == other.dtype and (nan == np.isnan(other)).all() and one[~nan].tobytes() == other[~nan].tobytes()


def saved(path, tensors):
    """Write tensors as PyTorch's users do."""
    if path.suffix == ".safetensors":
        safetensors.torch.save_file({name: each.contiguous() for name, each in tensors.items()}, path)
    else:
        torch.save(tensors, path)
    return path


def state_dict(layers=LAYERS, prefix="", dtype=torch.float64, first=0, step=2):
    """A plain network's weights under the names of an `nn.Sequential` with one module between its layers."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(4)
        linear = [nn.Linear(a, b, dtype=dtype) for a, b in itertools.pairwise(layers)]
    return OrderedDict(
        (f"{prefix}{first + step * i}.{part}", getattr(each, part).detach())
        for i, each in enumerate(linear)
        for part in ("weight", "bias")
    )


def flat(tensors):
    return np.concatenate([each.to(torch.float64).numpy().ravel() for each in tensors.values()])


@st.composite
def any_parameters(draw):
    """Networks of any small shape with any numbers, nan, inf, −0.0 and subnormals among them."""
    layers = tuple(draw(st.lists(st.integers(1, 4), min_size=2, max_size=5)))
    width = draw(st.sampled_from([32, 64]))
    values = arrays.arrays(f"float{width}", parameter_count(layers), elements=st.floats(width=width))
    return Parameters(layers, draw(values))


@given(any_parameters(), st.data())
def test_safetensors_give_back_the_bits(tmp_path_factory, parameters, data):
    path = tmp_path_factory.mktemp("bits") / "w.safetensors"
    activations = data.draw(
        st.lists(st.sampled_from(list(ACTIVATIONS)), min_size=parameters.depth, max_size=parameters.depth)
    )

    write_weights(path, parameters, activations, ORIGIN)

    assert same_bits(read_weights(path, parameters.layers).astype(parameters.flat.dtype), parameters.flat)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_pt_files_give_back_the_bits(tmp_path, dtype):
    special = [0.0, -0.0, np.nan, np.inf, -np.inf, np.finfo(dtype).smallest_subnormal, np.finfo(dtype).max, 0.1, 1]
    parameters = Parameters((2, 2, 1), np.array(special, dtype))

    write_weights(tmp_path / "w.pt", parameters, ("tanh", "identity"), ORIGIN)

    assert same_bits(read_weights(tmp_path / "w.pt", (2, 2, 1)).astype(dtype), parameters.flat)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("activation", ["identity", ("identity", "tanh", "gelu"), "sigmoid"])
def test_a_plain_sequential_loads_them_strictly_and_predicts_the_bits_of_the_engine(
    tmp_path, activation, precision, suffix
):
    layers = (2, 10, 7, 4, 1)
    experiment = Experiment(layers=layers, activation=activation, precision=precision, data=Data("blobs", samples=50))
    session = Session(experiment)
    session.join(Autograd(experiment))
    session.advance(5)
    modules = []
    for k, name in enumerate(experiment.activations()):
        modules.append(nn.Linear(layers[k], layers[k + 1], dtype=getattr(torch, precision)))
        if name != "identity":
            modules.append({"tanh": nn.Tanh, "gelu": nn.GELU, "sigmoid": nn.Sigmoid}[name]())
    model = nn.Sequential(*modules)

    path = tmp_path / f"w.{suffix}"
    write_weights(path, session.frame().engines["autograd"].after, experiment.activations(), ORIGIN)
    tensors = safetensors.torch.load_file(path) if suffix == "safetensors" else torch.load(path, weights_only=True)
    model.load_state_dict(tensors, strict=True)

    with torch.no_grad():
        predicted = model(torch.from_numpy(session.samples.cast(precision).x.copy())).numpy()
    assert predicted.tobytes() == session.predictions()["autograd"].tobytes()


def test_an_activation_that_is_no_module_takes_no_number():
    assert [weight for weight, _ in sequential_names(("identity", "tanh", "identity", "softmax"))] == [
        "0.weight",
        "1.weight",
        "3.weight",
        "4.weight",
    ]


def test_the_header_tells_where_the_weights_come_from_and_the_same_weights_give_the_same_file(tmp_path):
    for name in ("a", "b"):
        write_weights(tmp_path / f"{name}.safetensors", numbers(), ("sigmoid", "sigmoid", "identity"), ORIGIN)

    with safe_open(tmp_path / "a.safetensors", framework="np") as file:
        assert file.metadata() == {
            "mlp-tui": '{"format": "mlp-tui weights 1", "experiment": "notebook", '
            '"network": "2-10-10-1 sigmoid identity", "engine": "autograd", "epoch": 20}'
        }
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_weights_that_are_in_the_way_are_kept(tmp_path, suffix):
    path = tmp_path / f"w.{suffix}"
    path.write_text("mine")

    with pytest.raises(FileError, match="exists already"):
        write_weights(path, numbers(), ("sigmoid",) * 3, ORIGIN)
    assert path.read_text() == "mine"

    write_weights(path, numbers(), ("sigmoid",) * 3, ORIGIN, replace=True)
    assert same_bits(read_weights(path, LAYERS), numbers().flat)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("engine", [Scratch, Autograd])
def test_weights_of_plain_pytorch_start_a_run(tmp_path, suffix, engine):
    tensors = state_dict()
    path = saved(tmp_path / f"start.{suffix}", tensors)

    started = engine(Experiment(init=Init(file=str(path))))

    assert started.state().parameters.tobytes() == flat(tensors).tobytes()
    assert started.start == start_digest(flat(tensors))


def test_an_engine_may_have_a_file_of_its_own(tmp_path):
    path = saved(tmp_path / "start.safetensors", state_dict())
    experiment = Experiment(engines=Engines(autograd=AutogradSettings(init=Init(file=str(path)))))

    assert Scratch(experiment).start == start_digest(draw(Init("torch"), LAYERS, 4, Data()))
    assert Autograd(experiment).start == start_digest(flat(state_dict()))


NAMES = {
    "of a module of layers": {"prefix": "layers.", "step": 1},
    "that are numbered from one": {"prefix": "fc", "first": 1, "step": 1},
    "that pass ten": {"prefix": "fc", "first": 9, "step": 1},
    "of a DataParallel": {"prefix": "module.net.", "step": 3},
}


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("names", NAMES.values(), ids=NAMES)
def test_layers_may_have_names(tmp_path, suffix, names):
    tensors = state_dict(**names)
    path = saved(tmp_path / f"w.{suffix}", tensors)

    assert read_weights(path, LAYERS).tobytes() == flat(tensors).tobytes()


def renamed(layers, *names):
    """A network's weights, with a name for each layer, in that order."""
    tensors = state_dict(layers, step=1)
    return OrderedDict((key.replace(key[0], names[int(key[0])], 1), each) for key, each in tensors.items())


def test_words_for_layers_are_taken_in_the_order_of_a_pt(tmp_path):
    tensors = renamed((2, 3, 3, 3, 1), "input", "second", "first", "output")
    path = saved(tmp_path / "w.pt", tensors)

    assert read_weights(path, (2, 3, 3, 3, 1)).tobytes() == flat(tensors).tobytes()


def test_words_for_layers_are_told_by_their_shapes_in_safetensors(tmp_path):
    tensors = renamed((2, 3, 3, 3, 1), "z_input", "hidden.2", "hidden.10", "a_output")
    path = saved(tmp_path / "w.safetensors", tensors)

    assert read_weights(path, (2, 3, 3, 3, 1)).tobytes() == flat(tensors).tobytes()


def test_words_for_layers_of_the_same_shape_tell_no_order_in_safetensors(tmp_path):
    path = saved(tmp_path / "w.safetensors", renamed((2, 3, 3, 3, 1), "input", "second", "first", "output"))

    with pytest.raises(FileError, match=r"the order of 'first\.weight', 'second\.weight' can't be told"):
        read_weights(path, (2, 3, 3, 3, 1))


def test_numbers_in_names_win_over_the_order_of_a_pt(tmp_path):
    tensors = state_dict((2, 2, 2))
    turned = OrderedDict((key, tensors[key]) for key in ("2.weight", "2.bias", "0.weight", "0.bias"))

    assert read_weights(saved(tmp_path / "w.pt", turned), (2, 2, 2)).tobytes() == flat(tensors).tobytes()


def test_a_single_linear_layer_has_names_without_a_prefix(tmp_path):
    layer = nn.Linear(3, 2)

    path = saved(tmp_path / "w.pt", layer.state_dict())

    assert read_weights(path, (3, 2)).tolist() == [*layer.weight.flatten().tolist(), *layer.bias.tolist()]


@pytest.mark.parametrize("key", ["state_dict", "model_state_dict", "model"])
def test_a_checkpoint_may_hold_more_beside_the_state_dict(tmp_path, key):
    tensors = state_dict()
    model = nn.Linear(2, 2)
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.ones(2)).sum().backward()
    optimizer.step()
    path = tmp_path / "checkpoint.pth"
    torch.save({"epoch": 3, key: tensors, "optimizer": optimizer.state_dict(), "loss": 0.5, "args": None}, path)

    assert read_weights(path, LAYERS).tobytes() == flat(tensors).tobytes()


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_other_precisions_are_taken_value_by_value(tmp_path, suffix, dtype):
    tensors = state_dict(dtype=dtype)

    assert read_weights(saved(tmp_path / f"w.{suffix}", tensors), LAYERS).tobytes() == flat(tensors).tobytes()


def without(name):
    tensors = state_dict()
    del tensors[name]
    return tensors


REFUSED = {
    "another number of layers": (state_dict((2, 10, 1)), r"holds 2 layers \('0.weight', '2.weight'\); expected 3"),
    "other widths": (state_dict((2, 10, 9, 1)), "'2.weight' has shape 9 × 10; expected 10 × 10 for W2"),
    "a missing bias": (without("2.bias"), "'2.bias' is missing"),
    "a missing weight": (without("2.weight"), "'2.weight' is missing"),
    "a tensor too many": (state_dict() | {"1.running_mean": torch.ones(10)}, "'1.running_mean' is no layer's"),
    "a normalisation": (
        state_dict() | {"1.weight": torch.ones(10), "1.bias": torch.ones(10)},
        "holds 4 layers",
    ),
    "whole numbers": (state_dict() | {"2.weight": torch.ones(10, 10, dtype=torch.int64)}, "'2.weight' holds"),
    "complex numbers": (state_dict() | {"2.weight": torch.ones(10, 10, dtype=torch.complex64)}, "'2.weight' holds"),
    "another bias": (state_dict() | {"2.bias": torch.ones(1)}, "'2.bias' has shape 1; expected 10 for b2"),
    "a bias that is a number": (state_dict() | {"2.bias": torch.ones(())}, r"'2.bias' has shape \(\); expected 10"),
    "transposed weights": (
        {name: each.T.contiguous() if each.ndim == 2 else each for name, each in state_dict().items()},
        "'0.weight' is 2 × 10, inputs × outputs: transposed; expected 10 × 2 for W1",
    ),
    "layers of a network turned round": (state_dict((1, 10, 10, 2)), "'0.weight' has shape 10 × 1; expected 10 × 2"),
}


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(("tensors", "message"), REFUSED.values(), ids=REFUSED)
def test_other_tensors_than_the_networks_are_refused(tmp_path, suffix, tensors, message):
    path = saved(tmp_path / f"w.{suffix}", tensors)

    with pytest.raises(FileError, match=message) as refused:
        read_weights(path, LAYERS)

    assert str(refused.value).startswith(f"{path}: ")
    assert "\n" not in str(refused.value)


def test_transposed_weights_are_not_taken_for_layers_in_another_order(tmp_path):
    tensors = renamed((2, 10, 2), "input", "output")
    turned = {name: each.T.contiguous() if each.ndim == 2 else each for name, each in tensors.items()}

    with pytest.raises(FileError, match="transposed"):
        read_weights(saved(tmp_path / "w.safetensors", turned), (2, 10, 2))


class Runs:
    """Makes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def archive(*entries, compression=zipfile.ZIP_STORED):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compression) as file:
        for name, data in entries:
            file.writestr(name, data)
    return content.getvalue()


def torch_saved(value, **options):
    content = io.BytesIO()
    torch.save(value, content, **options)
    return content.getvalue()


BOMB = b"\x80\x02cbuiltins\nbytearray\n\x8a\x05" + (10**11).to_bytes(5, "little") + b"\x85R."
NO_WEIGHTS = {
    "an empty file": (b"", "no archive of torch.save"),
    "text": (b"weights\n" * 20, "no archive of torch.save"),
    "half a file": (torch_saved(state_dict())[:1500], "no archive of torch.save"),
    "a pickle": (pickle.dumps({"0.weight": [1.0]}), "no archive of torch.save"),
    "a file of an old PyTorch": (
        torch_saved(state_dict(), _use_new_zipfile_serialization=False),
        r"no archive of torch.save \(PyTorch 1.6 or later\)",
    ),
    "a whole model": (
        torch_saved(nn.Sequential(nn.ReLU())),
        "it names 'torch.nn.modules.activation.ReLU', which is not run",
    ),
    "numpy arrays": (torch_saved({"0.weight": np.ones(2)}), "holds more than tensors: it names 'numpy"),
    "a tensor that is sparse": (torch_saved({"0.weight": torch.eye(2).to_sparse()}), "holds more than tensors"),
    "a tensor without numbers": (torch_saved({"0.weight": torch.ones(2, device="meta")}), "holds more than tensors"),
    "a list": (torch_saved([torch.ones(2)]), "holds no state dict"),
    "nothing": (torch_saved({}), "holds no state dict"),
    "a number for a tensor": (torch_saved({"0.weight": 3}), "'0.weight' is no dense tensor"),
    "a number for a name": (torch_saved({3: torch.ones(2)}), "what stands under a int is no dense tensor"),
    "another kind of archive": (archive(("a.txt", b"a")), "damaged"),
    "an endless array": (
        archive(("archive/data.pkl", BOMB), ("archive/version", b"3\n")),
        "names 'builtins.bytearray'",
    ),
    "a pickle of a name made up": (
        archive(("archive/data.pkl", pickle.dumps(Path.touch)), ("archive/version", b"3\n")),
        "holds more than tensors",
    ),
    "an archive that unpacks to more": (
        archive(("archive/data.pkl", b"\x80\x02}."), ("archive/data/0", bytes(70_000_000)), compression=8),
        "holds 70,000,004 bytes",
    ),
}


@pytest.mark.parametrize(("content", "message"), NO_WEIGHTS.values(), ids=NO_WEIGHTS)
def test_a_pt_that_holds_no_weights_is_refused_in_a_line(tmp_path, content, message):
    path = tmp_path / "w.pt"
    path.write_bytes(content)

    with pytest.raises(FileError, match=message) as refused:
        read_weights(path, LAYERS)

    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("write", [torch.save, lambda value, path: path.write_bytes(pickle.dumps(value))])
def test_nothing_that_stands_in_a_pt_is_run(tmp_path, write):
    path = tmp_path / "w.pt"
    write({"0.weight": Runs(tmp_path / "run")}, path)

    with pytest.raises(FileError):
        read_weights(path, LAYERS)

    assert os.listdir(tmp_path) == ["w.pt"]  # noqa: PTH208 - their names alone


def test_a_tensor_that_repeats_one_number_is_refused_before_it_takes_memory(tmp_path):
    path = saved(tmp_path / "w.pt", state_dict() | {"0.weight": torch.ones(1).expand(10**6, 10**6)})

    with pytest.raises(FileError, match=r"'0\.weight' has shape 1000000 × 1000000; expected 10 × 2"):
        read_weights(path, LAYERS)


def header(text):
    return len(text).to_bytes(8, "little") + text


NO_SAFETENSORS = {
    "an empty file": b"",
    "text": b"weights\n" * 20,
    "a header longer than the file": (10**6).to_bytes(8, "little") + b"{}",
    "an endless header": b"\xff" * 8 + b"{}",
    "no json": header(b"{x"),
    "deep json": header(b"[" * 100_000),
    "no tensors": header(b"{}"),
    "offsets outside": header(b'{"0.weight":{"dtype":"F64","shape":[9],"data_offsets":[0,72]}}'),
    "a shape that overflows": header(
        b'{"0.weight":{"dtype":"F64","shape":[4294967296,4294967296],"data_offsets":[0,0]}}'
    ),
}


@pytest.mark.parametrize("content", NO_SAFETENSORS.values(), ids=NO_SAFETENSORS)
def test_broken_safetensors_are_refused_in_a_line(tmp_path, content):
    path = tmp_path / "w.safetensors"
    path.write_bytes(content)

    with pytest.raises(FileError) as refused:
        read_weights(path, LAYERS)

    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_of_a_hundred_gigabytes_is_refused_before_it_is_read(tmp_path, suffix):
    path = tmp_path / f"w.{suffix}"
    start = header(b'{"0.weight":{"dtype":"F64","shape":[12500,1000000],"data_offsets":[0,100000000000]}}')
    with path.open("wb") as file:
        file.write(start)
        file.truncate(len(start) + 10**11)  # a hole, which takes no space

    with pytest.raises(FileError, match=r"'0\.bias' is missing|holds 100,000,000,\d+ bytes; expected at most"):
        read_weights(path, LAYERS)


def test_a_huge_header_is_refused_before_it_is_parsed(tmp_path):
    path = tmp_path / "w.safetensors"
    with path.open("wb") as file:
        file.write((9_000_000).to_bytes(8, "little"))
        file.truncate(10_000_000)

    with pytest.raises(FileError, match="has a header of 9,000,000 bytes"):
        read_weights(path, LAYERS)


@pytest.mark.parametrize("name", ["w.npz", "w", ".pt"])
def test_a_file_of_another_kind_is_refused_by_its_name(tmp_path, name):
    with pytest.raises(FileError, match=r"expected a file that ends with \.safetensors or \.pt or \.pth"):
        read_weights(tmp_path / name, LAYERS)
    with pytest.raises(FileError, match="ends with"):
        write_weights(tmp_path / name, numbers(), ("sigmoid",) * 3, ORIGIN)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_that_is_not_there_and_a_folder_are_refused(tmp_path, suffix):
    (tmp_path / f"folder.{suffix}").mkdir()

    with pytest.raises(FileError, match="No such file"):
        read_weights(tmp_path / f"w.{suffix}", LAYERS)
    with pytest.raises(FileError, match="is no regular file"):
        read_weights(tmp_path / f"folder.{suffix}", LAYERS)
