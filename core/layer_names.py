"""Which tensor of a file is which layer's, whatever their names.

A layer is two tensors, `….weight` of shape (outputs, inputs) and `….bias` of shape (outputs,), as `nn.Linear` has them:
`0.weight`, `fc1.weight`, `module.layers.0.weight`. Their order is that of the numbers in the names (`fc2` before
`fc10`) where the names differ in nothing else. Where they do, it is the order of the file, if the file has one: a
`.pt` does. A `.safetensors` has none; there the shapes tell, and the numbers among layers of the same shape.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import FileError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from core.safetensors_file import Spec

FLOATS = ("float64", "float32", "float16", "bfloat16")
"""The types of numbers that weights may have."""

Shape = tuple[int, ...]


@dataclass(frozen=True)
class _Layer:
    """Two tensors of a file that belong together."""

    weight: str
    bias: str
    shapes: tuple[Shape, Shape]

    @property
    def form(self) -> str:
        """The name without its numbers."""
        return re.sub(r"\d+", "#", self.weight)

    @property
    def numbers(self) -> list[int]:
        """The numbers in the name."""
        return [int(digits) for digits in re.findall(r"\d+", self.weight)]


def ordered_by_layer(
    specs: Mapping[str, Spec], layers: tuple[int, ...], where: str, *, in_file_order: bool
) -> list[tuple[str, str]]:
    """Return the names of the weights and of the biases of each layer, 1 to L.

    Raises:
        FileError: a tensor is missing or one too many, has another shape or no numbers of floating point, or the order
            can't be told.
    """
    found = _paired(specs, where)
    wanted = [((outputs, inputs), (outputs,)) for inputs, outputs in itertools.pairwise(layers)]
    if len(found) != len(wanted):
        raise FileError(
            f"holds {len(found)} layers ({_listed(found)})", where, f"{len(wanted)}, as {_times(layers, '-')} has"
        )
    ordered = _ordered(found, wanted, where, in_file_order=in_file_order)
    for k, (layer, shapes) in enumerate(zip(ordered, wanted, strict=True), start=1):
        _check_shapes(layer, shapes, k, where)
    return [(layer.weight, layer.bias) for layer in ordered]


def _paired(specs: Mapping[str, Spec], where: str) -> list[_Layer]:
    """Put the tensors together, two for a layer, in the order of the file."""
    for name, spec in specs.items():
        if not re.search(r"(^|\.)(weight|bias)$", name):
            raise FileError(
                f"{_quoted(name)} is no layer's", where, "names that end with .weight or .bias, and no more"
            )
        if spec.dtype not in FLOATS:
            raise FileError(f"{_quoted(name)} holds {spec.dtype}", where, ", ".join(FLOATS))
    pairs = []
    for prefix in dict.fromkeys(re.sub(r"(weight|bias)$", "", name) for name in specs):
        weight, bias = f"{prefix}weight", f"{prefix}bias"
        for name in (weight, bias):
            if name not in specs:
                raise FileError(f"{_quoted(name)} is missing", where, "weights and biases of each layer")
        pairs.append(_Layer(weight, bias, (specs[weight].shape, specs[bias].shape)))
    return pairs


def _ordered(
    found: list[_Layer], wanted: Sequence[tuple[Shape, Shape]], where: str, *, in_file_order: bool
) -> list[_Layer]:
    if len({layer.form for layer in found}) <= 1:
        return sorted(found, key=lambda layer: layer.numbers)
    if in_file_order or {layer.shapes for layer in found} != set(wanted):
        return found
    alike = {shapes: _numbered([each for each in found if each.shapes == shapes], where) for shapes in wanted}
    return [alike[shapes].pop(0) if alike[shapes] else found[0] for shapes in wanted]


def _numbered(alike: list[_Layer], where: str) -> list[_Layer]:
    """Order layers of the same shape by the numbers in their names, which differ in nothing else."""
    if len({layer.form for layer in alike}) > 1:
        raise FileError(
            f"the order of {_listed(alike)} can't be told, as a .safetensors has none",
            where,
            "names that differ in their numbers alone, such as 0.weight, 2.weight; or a .pt",
        )
    return sorted(alike, key=lambda layer: layer.numbers)


def _check_shapes(layer: _Layer, wanted: tuple[Shape, Shape], k: int, where: str) -> None:
    weights, biases = wanted
    if weights != weights[::-1] and layer.shapes == (weights[::-1], biases):
        raise FileError(
            f"{_quoted(layer.weight)} is {_times(layer.shapes[0])}, inputs × outputs: transposed",
            where,
            f"{_times(weights)} for W{k}, outputs × inputs as nn.Linear has it",
        )
    for name, shape, expected, part in zip(
        (layer.weight, layer.bias), layer.shapes, wanted, (f"W{k}", f"b{k}"), strict=True
    ):
        if shape != expected:
            raise FileError(
                f"{_quoted(name)} has shape {_times(shape) or '()'}", where, f"{_times(expected)} for {part}"
            )


def _times(sizes: Shape, between: str = " × ") -> str:
    return between.join(map(str, sizes))


def _quoted(name: str) -> str:
    return repr(name if len(name) <= 60 else f"{name[:57]}…")


def _listed(layers: list[_Layer]) -> str:
    names = [_quoted(layer.weight) for layer in layers[:4]]
    return ", ".join(names + ["…"] * (len(layers) > 4)) or "none"
