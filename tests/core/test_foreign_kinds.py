"""Kinds of files that students write: one network's gradients, written in each, are read as the same numbers."""

import gzip
import io
import pickle

import numpy as np
import pytest

from core.compare import Verdict, compare
from core.dat.foreign import read_any
from core.errors import MlpError

LAYERS = (3, 5, 4, 2)
HAN = "一二三"


def gradients(seed=0):
    random = np.random.default_rng(seed)
    named = {}
    for k in range(1, len(LAYERS)):
        named[f"W{k}"] = random.normal(size=(LAYERS[k], LAYERS[k - 1])).round(6)
        named[f"b{k}"] = random.normal(size=LAYERS[k]).round(6)
    return named


def each(head, body=str, between="\n"):
    """A kind that writes a heading and then the array, for each tensor."""
    return lambda g: "".join(f"{head(name[0], int(name[1:]))}{between}{body(array)}\n" for name, array in g.items())


def rows(number, blank=" "):
    return lambda array: "\n".join(blank.join(map(number, row)) for row in np.atleast_2d(array))


def dW(part, k):
    return f"d{part}{k}"


def part_of(words):
    return lambda part, k: words.format(part=["weight", "bias"][part == "b"], k=k)


def lists(name, g, part):
    return f"{name}: {[g[f'{part}{k}'] for k in range(1, len(LAYERS))]}\n"


def by_neuron(g):
    lines = []
    for k in range(1, len(LAYERS)):
        lines.append(f"Layer {k} gradients")
        for i in range(LAYERS[k]):
            lines.append(f"  Neuron {i}: weights {g[f'W{k}'][i].tolist()} bias {g[f'b{k}'][i]}")
    return "\n".join(lines)


def elements(show):
    return lambda g: "".join(show(name, at, x) + "\n" for name, array in g.items() for at, x in np.ndenumerate(array))


def pandas(array):
    head = "," + ",".join(map(str, range(np.atleast_2d(array).shape[1])))
    return "\n".join([head, *(f"{i},{','.join(map(repr, map(float, r)))}" for i, r in enumerate(np.atleast_2d(array)))])


def latex(array):
    inner = " \\\\\n".join(" & ".join(f"{x:.6f}" for x in row) for row in np.atleast_2d(array))
    return f"\\begin{{bmatrix}}\n{inner}\n\\end{{bmatrix}}"


KINDS = {
    "shapes before arrays": each(part_of("fc{k}.{part}.grad:"), lambda a: f"torch.Size({list(a.shape)}) {a}"),
    "shapes and norms": each(part_of("fc{k}.{part}.grad"), lambda a: f"shape: {a.shape} | norm: {a.max():.4f}\n{a}"),
    "norms after names": each(part_of("fc{k}.{part} | mean: 0.1234 | norm: 1.25"), str),
    "all weights, all biases": lambda g: lists("nabla_w", g, "W") + lists("nabla_b", g, "b") + "[[0.25, 0.5]]\n",
    "names below": lambda g: "".join(f"{array}\nd{name}\n\n" for name, array in g.items()),
    "names behind": lambda g: "".join(f"{array.tolist()}  # d{name}\n" for name, array in g.items()),
    "rows in a loop": each(dW, lambda a: "\n".join(map(str, a))),
    "YAML": each(dW, lambda a: "\n".join(f"  - {row}" for row in a.tolist()), ":\n"),
    "a number a line": each(dW, lambda a: "\n".join(map(repr, a.ravel().tolist()))),
    "an element a line": elements(lambda name, at, x: f"d{name}{''.join(f'[{i}]' for i in at)} = {x:.6f}"),
    "CSV of elements": elements(lambda name, at, x: f"d{name},{at[0]},{at[1] if at[1:] else ''},{x:.6f}"),
    "neuron by neuron": by_neuron,
    "pandas": each(dW, pandas),
    "Markdown": each(part_of("## {part} gradient, layer {k}\n"), rows("| {:.6f} |".format)),
    "LaTeX": each(lambda part, k: f"\\frac{{\\partial L}}{{\\partial {part}_{{{k}}}}} =", latex, " "),
    "layers in brackets": each(lambda part, k: f"$\\nabla_{{{part}^{{[{k}]}}}} =", lambda a: str(a.tolist()), " "),
    "a common factor": each(dW, lambda a: f"\n   1.0e-03 *\n\n{rows('{:.3f}'.format)(a * 1e3)}"),
    "decimal commas": each(dW, rows(lambda x: f"{x:.6f}".replace(".", ","), "\t")),
    "Fortran": each(dW, rows(lambda x: f"{x:.8E}".replace("E", "D"))),
    "colours": each(dW, lambda a: str(a.tolist()).replace(", ", "\x1b[0m, \x1b[1;36m")),
    "UTF-16 without a mark": lambda g: each(dW)(g).encode("utf-16-le"),
    "Latin-1": lambda g: each(part_of("Für {part} {k}: Gradient"))(g).encode("latin-1"),
    "GB 18030": lambda g: each(lambda p, k: f"第{k}层{'权重' if p == 'W' else '偏置'}梯度")(g).encode("gb18030"),
    "Chinese": each(lambda p, k: f"第{HAN[k - 1]}层{'权重' if p == 'W' else '偏置'}的梯度："),
    "Japanese": each(lambda p, k: f"層{k}の{'重み' if p == 'W' else 'バイアス'}の勾配"),
    "German": each(lambda p, k: f"Gradient der {'Gewichte' if p == 'W' else 'Biaswerte'} in Schicht {k}"),
    "French": each(lambda p, k: f"Gradient des {'poids' if p == 'W' else 'biais'} de la couche {k} :"),
    "Spanish": each(lambda p, k: f"Gradiente de los {'pesos' if p == 'W' else 'sesgos'} de la capa {k}:"),
    "Russian": each(lambda p, k: f"Слой {k}, градиент {'весов' if p == 'W' else 'смещений'}:"),
    "w.r.t.": each(part_of("Gradient of L w.r.t. {part} {k}:")),
    "subscripts": each(lambda part, k: f"∂L/∂{part}{'₁₂₃'[k - 1]}"),
    "between layers": each(lambda p, k: f"d{p}_{('in_hidden1', 'hidden1_hidden2', 'hidden2_output')[k - 1]}"),
    "steps of a derivation": each(lambda part, k: f"Step {4 - k}: at layer {k}\nd{part}{k}"),
    "values and gradients": each(part_of("fc{k}.{part}"), lambda a: f"Parameter containing:\n{a * 3}\ngrad:\n{a}"),
    "parameters behind": lambda g: (
        "Gradients:\n" + each(dW)(g) + "Weights after the update:\n" + "".join(f"{n}: {3 * a}\n" for n, a in g.items())
    ),
    "a name on each row": lambda g: "".join(
        f"d{n}\t{r}\n" for n, a in g.items() for r in rows("{:.6f}".format)(a).split("\n")
    ),
    "arrays under a title": lambda g: (
        "weights\n" + "".join(f"{a * 3}\n" for a in g.values()) + "grads\n" + "".join(f"{a}\n" for a in g.values())
    ),
    "JSON of an epoch": lambda g: (
        '{"epoch": 3, "loss": 0.5, "grads": {' + ", ".join(f'"{n}": {a.tolist()}' for n, a in g.items()) + "}}"
    ),
}


def written(tmp_path, content, name="f.dat"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_gradients_are_read_whatever_kind_of_file_it_is(kind, tmp_path):
    reading = read_any(written(tmp_path, kind(gradients())))

    assert len(reading.epochs) == 1
    found = reading.epochs[0].gradients
    assert list(found) == [f"dL/d{name}" for name in gradients()]
    for name, values in gradients().items():
        tensor = found[f"dL/d{name}"]
        assert tensor.values.shape == values.shape
        assert (np.abs(tensor.values - values) <= np.maximum(tensor.unit * 0.5000001, 1e-12)).all()


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_weight_that_is_doubled_is_named_in_every_kind(kind, tmp_path):
    wrong = gradients() | {"W2": 2 * gradients()["W2"]}
    a, b = (read_any(written(tmp_path, kind(each), name)) for each, name in ((gradients(), "a"), (wrong, "b")))

    compared = compare(a, b)

    assert compared.verdict is Verdict.DIFFER
    assert "dL/dW2 is 2 × A's" in compared.line


@pytest.mark.parametrize(
    "begun", ["Epoch {}: loss 0.5", "第{}轮, 损失: 0.5", "Epoche {}: Verlust 0.5", "[Epoch {}/3]", '{{"epoch": {}}}']
)
def test_epochs_are_told_in_every_language(begun, tmp_path):
    text = "".join(f"{begun.format(epoch)}\n{each(dW)(gradients(epoch))}" for epoch in range(1, 4))

    assert [found.epoch for found in read_any(written(tmp_path, text)).epochs] == [1, 2, 3]


def array_file():
    file = io.BytesIO()
    np.save(file, gradients()["W1"])
    return file.getvalue()


REFUSED = {
    "a pickle": (pickle.dumps(gradients()), "is a pickle"),
    "an old pickle": (pickle.dumps({"W1": [0.5]}, protocol=0), "is a pickle"),
    "gzip": (gzip.compress(each(dW)(gradients()).encode()), "is compressed with gzip"),
    ".npy": (array_file(), "is a .npy of one array"),
    "norms alone": (b"fc1.weight: grad norm = 0.25\nfc1.bias: grad norm = 0.5\n", "holds no arrays"),
    "no gradients yet": (b"fc1.weight.grad: None\nfc1.bias.grad: None\n", "holds no arrays"),
    "one number a line": (b"0.5\n0.25\n0.125\n", "expected each tensor under its name"),
    "cut and without names": (b"[[1 2]\n ...\n [3 4]]\n[[1.5 2.5]]\n[0.5]\n", "some are cut"),
}


@pytest.mark.parametrize(("content", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_placed_is_refused_by_what_it_is(content, said, tmp_path):
    with pytest.raises(MlpError, match=said):
        read_any(written(tmp_path, content))


def test_an_equal_verdict_says_which_tensors_it_is_not_of(tmp_path):
    text = "dW1 = [[1.5, 2.5]]\ndb1 = [0.5]\ndW2 = [[1.5, ..., 2.5]]\ndb2 = [0.5]\n"
    reading = read_any(written(tmp_path, text))

    compared = compare(reading, reading)

    assert compared.verdict.equal
    assert "not compared: dL/dW2, which are not in both files" in compared.line


def test_of_several_passes_one_of_few_tensors_is_not_taken_because_it_agrees(tmp_path):
    one = "dW1 = [[1.5, 2.5]]\ndb1 = [0.5]\n"
    a = read_any(written(tmp_path, one, "a"))
    b = read_any(written(tmp_path, f"epoch 1\n{one.replace('2.5', '7.5')}epoch 2\ndb1 = [0.5]\n", "b"))

    assert compare(a, b).verdict is Verdict.DIFFER


def test_numbers_that_are_none_are_told(tmp_path):
    reading = read_any(written(tmp_path, "dW1 = [[nan, 2.5]]\ndb1 = [0.5]\n"))

    assert "1 of 3 numbers is nan or infinite in B" in compare(reading, reading).pairs[0].remarks
