"""Writes gradients in the layouts that people write them in, at random."""

import csv
import io
import json
from dataclasses import dataclass, field

import numpy as np

ORDINALS = ("First", "Second", "Third", "Fourth", "Fifth")


@dataclass
class Written:
    """A file's content, and what it should be read as."""

    content: bytes
    epochs: list[dict[str, np.ndarray]]
    suffix: str = ".dat"
    layout: str = ""
    either_way: set[str] = field(default_factory=set)
    """Weights that nothing in the file tells the way of."""


def gradients(random, layers):
    """Random gradients by name; sizes differ from file to file."""
    scale = 10.0 ** random.integers(-9, 3)
    named = {}
    for k in range(1, len(layers)):
        named[f"dL/dW{k}"] = random.normal(size=(layers[k], layers[k - 1])) * scale
        named[f"dL/db{k}"] = random.normal(size=layers[k]) * scale
    return named


# How a tensor is called


def prose(part, k, depth):
    layer = "Output" if k == depth else f"{ORDINALS[k - 1]} hidden"
    return f"{layer} layer {'weights' if part == 'W' else 'bias'} gradient:"


def prose_behind(part, k, depth):
    layer = "output" if k == depth else f"{ORDINALS[k - 1].lower()} hidden"
    return f"{'Weight' if part == 'W' else 'Bias'} gradient of {layer} layer:"


def with_structure(part, k, depth):
    layer = "output" if k == depth else f"{ORDINALS[k - 1].lower()} hidden"
    before = f"Network Structure of {layer} layer:\n Linear(in_features=3, out_features=4, bias=True)\n"
    return f"{before if part == 'W' else ''}{'Weight' if part == 'W' else 'Bias'} gradient of network:"


NAMES = {
    "prose": prose,
    "prose behind": prose_behind,
    "with structure": with_structure,
    "dLdw1": lambda part, k, depth: f"dLd{part.lower()}{k}",
    "dW1": lambda part, k, depth: f"d{part}{k}",
    "dL/dW1": lambda part, k, depth: f"dL/d{part}{k}",
    "partial": lambda part, k, depth: f"∂L/∂{part}{k}:",
    "weight_1": lambda part, k, depth: f"{'weight' if part == 'W' else 'bias'}_{k}",
    "W1.grad": lambda part, k, depth: f"{part}{k}.grad =",
    "grads['W1']": lambda part, k, depth: f"grads['{part}{k}']:",
    "nabla_w[0]": lambda part, k, depth: f"nabla_{part.lower()}[{k - 1}] =",
    "fc1.weight.grad": lambda part, k, depth: f"fc{k}.{'weight' if part == 'W' else 'bias'}.grad",
    "0.weight": lambda part, k, depth: f"{2 * k - 2}.{'weight' if part == 'W' else 'bias'}",
    "hidden layer 1": lambda part, k, depth: f"Layer {k}: gradient of {'weights' if part == 'W' else 'biases'}",
}


# How an array is printed


def in_brackets(values, number, comma, rows, between):
    """`between` stands between rows, `rows` between the brackets of two."""
    if values.ndim == 0:
        return number(values)
    if values.ndim == 1:
        return "[" + comma.join(map(number, values)) + "]"
    inner = [in_brackets(each, number, comma, rows, between) for each in values]
    return "[" + (rows + between).join(inner) + "]"


AROUND = (
    ("", ""),
    ("tensor(", ")"),
    ("array(", ")"),
    ("tensor(", ", grad_fn=<MmBackward0>)"),
    ("array(", ", dtype=float32)"),
)


def styles(values, random):
    """Return a printer of arrays, the same for a whole file."""
    sizes = np.abs(np.concatenate([each.ravel() for each in values]))
    number = [
        lambda x: f"{x: .4e}",
        lambda x: f"{x:.8e}",
        lambda x: repr(float(x)),
        lambda x: f"{x: .4f}",
        lambda x: f"{x:.7f}".rstrip("0").ljust(10),
    ][random.integers(3 if sizes.max() < 1 else 5)]
    comma = [", ", " ", ","][random.integers(3)]
    rows = [",\n ", "\n ", " ", "], ["][random.integers(3)]
    head, tail = AROUND[random.integers(len(AROUND))]
    return lambda each: f"{head}{in_brackets(each, number, comma, rows, '')}{tail}"


def laid_out(named, random):
    """Weights as they are or all transposed; biases as vectors or as single rows."""
    turned, rows = random.integers(2), random.integers(2)
    return {
        name: (each.T if turned else each) if "W" in name else (each[np.newaxis] if rows else each)
        for name, each in named.items()
    }, bool(turned)


def ordered(named, random):
    depth = len(named) // 2
    up = [f"dL/d{part}{k}" for k in range(1, depth + 1) for part in "Wb"]
    down = [f"dL/d{part}{k}" for k in range(depth, 0, -1) for part in "Wb"]
    apart = [f"dL/d{part}{k}" for part in "Wb" for k in range(depth, 0, -1)]
    biases_first = [f"dL/d{part}{k}" for k in range(1, depth + 1) for part in "bW"]
    return [up, down, apart, biases_first][random.integers(4)]


def undecided(layers):
    """Which weights can't be told: the square ones, where all are."""
    if len(set(layers)) > 1:
        return set()
    return {f"dL/dW{k}" for k in range(1, len(layers))} if layers[0] > 1 else set()


# Whole files


def text(random, layers):
    """Headings and arrays; one epoch or several, with a prediction at the end or without."""
    style = list(NAMES)[random.integers(len(NAMES))]
    count = random.integers(1, 4)
    epochs = [gradients(random, layers) for _ in range(count)]
    marked = bool(random.integers(2))
    show = styles([each for epoch in epochs for each in epoch.values()], random)
    lines = []
    turned = None
    for number, epoch in enumerate(epochs, start=1):
        if marked and count > 1:
            lines.append(f"Epoch {number}, loss: {random.random():.4f}")
        if turned is None:
            state = random.bit_generator.state
        random.bit_generator.state = state
        shown, turned = laid_out(epoch, random)
        order = ordered(epoch, random)
        if style == "with structure":  # where biases are told by the weights before them
            order = sorted(order, key=lambda name: (int(name[5:]), name))
        for name in order:
            heading = NAMES[style](name[4], int(name[5:]), len(layers) - 1)
            lines += [heading, show(shown[name])] if random.integers(2) else [f"{heading} {show(shown[name])}"]
            lines += [""] * random.integers(2)
    if random.integers(3) == 0:
        lines.append(f"Predicted y: {show(random.normal(size=(1, 1)))}")
    end = "\r\n" if random.integers(4) == 0 else "\n"
    encoded = end.join(lines).encode("utf-16" if random.integers(8) == 0 else "utf-8")
    return Written(encoded, epochs, ".dat", style, undecided(layers) if turned else set())


def without_names(random, layers):
    epoch = gradients(random, layers)
    shown, turned = laid_out(epoch, random)
    shown = {name: each.ravel() if "b" in name else each for name, each in shown.items()}
    show = styles(list(epoch.values()), random)
    body = ",\n".join(show(each) for each in shown.values())
    listed = f"[{body}]" if random.integers(2) else body.replace(",\n", "\n")
    return Written(listed.encode(), [epoch], ".txt", "without names", undecided(layers) if turned else set())


def table(random, layers):
    """What np.savetxt writes, under headings."""
    epoch = gradients(random, layers)
    shown, turned = laid_out(epoch, random)
    delimiter = [" ", ",", "\t", ", "][random.integers(4)]
    file = io.StringIO()
    for name, each in shown.items():
        np.savetxt(file, each, delimiter=delimiter, header=name, fmt=["%.18e", "%.6e"][random.integers(2)])
    return Written(file.getvalue().encode(), [epoch], ".txt", "table", undecided(layers) if turned else set())


def wide_csv(random, layers):
    """A column a tensor, a row an epoch, arrays as texts."""
    epochs = [gradients(random, layers) for _ in range(random.integers(1, 4))]
    show = styles([each for epoch in epochs for each in epoch.values()], random)
    turned = bool(random.integers(2))
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(["epoch", "loss", *(name.replace("L/d", "") for name in epochs[0])])
    for number, epoch in enumerate(epochs, start=1):
        cells = [show(each.T if turned and "W" in name else each) for name, each in epoch.items()]
        writer.writerow([number, f"{random.random():.3f}", *cells])
    return Written(file.getvalue().encode(), epochs, ".csv", "wide csv", undecided(layers) if turned else set())


def long_csv(random, layers):
    """A row a tensor."""
    epoch = gradients(random, layers)
    show = styles(list(epoch.values()), random)
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(["name", "gradient"])
    for name, each in epoch.items():
        writer.writerow([f"fc{name[5:]}.{'weight' if name[4] == 'W' else 'bias'}", show(each)])
    return Written(file.getvalue().encode(), [epoch], ".csv", "long csv")


def as_json(random, layers):
    epoch = gradients(random, layers)
    named = {name.replace("L/", ""): each.tolist() for name, each in epoch.items()}
    return Written(json.dumps(named, indent=[None, 1][random.integers(2)]).encode(), [epoch], ".json", "json")


def npz(random, layers):
    epoch = gradients(random, layers)
    shown, turned = laid_out(epoch, random)
    file = io.BytesIO()
    if random.integers(2):
        np.savez(file, **{name.replace("L/", ""): each for name, each in shown.items()})
    else:
        np.savez(file, *[each.ravel() if "b" in name else each for name, each in shown.items()])
    return Written(file.getvalue(), [epoch], ".npz", "npz", undecided(layers) if turned else set())


def safetensors(random, layers):
    from safetensors.numpy import save

    epoch = {name: each.astype(np.float32) for name, each in gradients(random, layers).items()}
    named = {f"fc{n[5:]}.{'weight' if n[4] == 'W' else 'bias'}.grad": each for n, each in epoch.items()}
    return Written(save(named), [epoch], ".safetensors", "safetensors")


LAYOUTS = {each.__name__: each for each in (text, without_names, table, wide_csv, long_csv, as_json, npz, safetensors)}


def write(random, layout=None):
    """A file in a layout, or in any, of a network of any widths."""
    layers = tuple(int(width) for width in random.integers(1, 6, size=random.integers(2, 6)))
    names = list(LAYOUTS)
    return LAYOUTS[layout or names[random.integers(len(names))]](random, layers)
