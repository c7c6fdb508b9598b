"""Weights in files: what a plain `nn.Sequential` loads with `strict=True`, and what comes from one.

`.safetensors` needs NumPy alone; `.pt` and `.pth` load PyTorch when they are used.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from core.errors import FileError
from core.experiment import WEIGHTS_SUFFIXES, parameter_count
from core.files import write_whole
from core.functions.activations import ACTIVATIONS
from core.layer_names import ordered_by_layer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from core.arrays import Float64Array, FloatArray
    from core.parameters import Parameters
    from core.safetensors_file import Spec

FORMAT = "mlp-tui weights 1"
"""Stands in the header of a `.safetensors` file of weights."""


@dataclass(frozen=True)
class Origin:
    """Where weights come from, told in the header of their file."""

    experiment: str
    network: str
    """Widths, then activations: `2-10-10-1 sigmoid identity`."""
    engine: str
    epoch: int


class TensorFile(Protocol):
    """A file that was opened: what it holds, and the numbers if they are wanted."""

    specs: dict[str, Spec]

    def arrays(self) -> dict[str, FloatArray]:
        """Read all tensors."""


def write_weights(
    path: Path, parameters: Parameters, activations: Sequence[str], origin: Origin, *, replace: bool = False
) -> None:
    """Write weights as the state dict of the `nn.Sequential` with these activations, in their own precision.

    Raises:
        FileError: it can't be written, a file is in the way and `replace` is not given, or no format ends like that.
    """
    names = sequential_names(activations)
    tensors: dict[str, FloatArray] = {}
    for k, (weight, bias) in enumerate(names, start=1):
        tensors |= {weight: parameters.W[k], bias: parameters.b[k]}
    write_whole(path, _content(path, tensors, origin), replace=replace)


def read_weights(path: Path, layers: tuple[int, ...]) -> Float64Array:
    """Return the flat parameters, shape (P,), that a file of weights holds for a network with these widths.

    Layers may have any names; `core.layer_names` says how their order is told. All precisions of floating point from
    16 bits to 64 are taken.

    Raises:
        FileError: the file can't be read, or holds other tensors than those of the network.
    """
    file = _opened(path, layers)
    names = ordered_by_layer(file.specs, layers, str(path), in_file_order=_suffix(path) != ".safetensors")
    arrays = file.arrays()
    return np.concatenate([arrays[name].astype(np.float64).ravel() for pair in names for name in pair])


def sequential_names(activations: Sequence[str]) -> list[tuple[str, str]]:
    """Name each layer's weights and biases as `nn.Sequential` does: by the place of its `nn.Linear` among the modules.

    An activation that is z itself is no module there.
    """
    modules = (1 + (ACTIVATIONS[name].module is not None) for name in activations)
    places = itertools.accumulate(modules, initial=0)
    return [(f"{place}.weight", f"{place}.bias") for place, _ in zip(places, activations, strict=False)]


def _content(path: Path, tensors: Mapping[str, FloatArray], origin: Origin) -> bytes:
    if _suffix(path) == ".safetensors":
        from core import safetensors_file  # noqa: PLC0415 - only a run that saves needs it

        return safetensors_file.to_bytes(tensors, json.dumps({"format": FORMAT, **asdict(origin)}, ensure_ascii=False))
    from core import torch_files  # noqa: PLC0415 - PyTorch takes over a second

    return torch_files.to_bytes(tensors)


def _opened(path: Path, layers: tuple[int, ...]) -> TensorFile:
    if _suffix(path) == ".safetensors":
        from core.safetensors_file import SafetensorsFile  # noqa: PLC0415 - only a start from a file needs it

        return SafetensorsFile(path)
    from core.torch_files import TorchFile  # noqa: PLC0415 - PyTorch takes over a second

    checkpoint = (
        8 * 8 * parameter_count(layers)
    )  # float64, with gradients, an optimizer's vectors and a mean of weights
    return TorchFile(path, checkpoint + 64_000_000)


def _suffix(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix not in WEIGHTS_SUFFIXES:
        raise FileError(
            f"ends with {suffix or 'nothing'!r}", str(path), f"a file that ends with {' or '.join(WEIGHTS_SUFFIXES)}"
        )
    return suffix
