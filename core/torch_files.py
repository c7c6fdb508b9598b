"""PyTorch's `.pt` files of tensors: read without running anything that stands in them.

Such a file is a zip archive of a pickle and the tensors' bytes. What the pickle names is looked at before PyTorch reads
it, with `weights_only=True`.
"""

from __future__ import annotations

import io
import pickletools
import struct
import warnings
import zipfile
from typing import TYPE_CHECKING, Any

import torch

from core.errors import FileError
from core.files import require_regular
from core.safetensors_file import Spec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from core.arrays import FloatArray

EXPECTED = "a state dict, as torch.save(model.state_dict(), …) writes it"

MOST_PICKLE_BYTES = 4_000_000
"""The pickle has only names and shapes; that of 100 layers takes some twenty kilobytes."""

_WRAPPERS = ("state_dict", "model_state_dict", "model", "grads", "gradients")
"""Where checkpoints keep the state dict beside other things."""

_HARMLESS = {
    ("collections", "OrderedDict"),
    ("collections", "defaultdict"),
    ("torch", "Size"),
    ("torch", "device"),
    ("torch._utils", "_rebuild_parameter"),
    ("torch._utils", "_rebuild_tensor_v2"),
}
"""What a pickle of dense tensors and plain values names, beside the kinds of storage."""


class TorchFile:
    """The state dict that one file holds, in the file's order."""

    def __init__(self, path: Path, most_bytes: int) -> None:
        """Read it, if its tensors take at most that many bytes.

        Raises:
            FileError: the file can't be read, is damaged or something else, or holds more than tensors.
        """
        _check_archive(path, most_bytes)
        self._tensors = _tensors_of(_loaded(path), path)
        self.specs = {
            name: Spec(str(each.dtype).removeprefix("torch."), tuple(each.shape))
            for name, each in self._tensors.items()
        }

    def arrays(self) -> dict[str, FloatArray]:
        """Return all tensors in float64; `specs` says before what that takes."""
        return {name: each.detach().to(torch.float64).numpy().copy() for name, each in self._tensors.items()}


def to_bytes(tensors: Mapping[str, FloatArray]) -> bytes:
    """Return the content of a file that holds these as a plain dict of tensors."""
    content = io.BytesIO()
    torch.save({name: torch.tensor(each) for name, each in tensors.items()}, content)
    return content.getvalue()


def _check_archive(path: Path, most_bytes: int) -> None:
    """Refuse what is no archive of `torch.save`, unpacks to too much, or names more than tensors need."""
    _check_sizes(path, require_regular(path, EXPECTED), most_bytes)
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            pickles = [entry for entry in entries if entry.filename.endswith("/data.pkl")]
            _check_sizes(path, sum(entry.file_size for entry in entries), most_bytes)
            _check_sizes(path, sum(entry.file_size for entry in pickles), MOST_PICKLE_BYTES)
            named = {name for entry in pickles for name in _named_in(_stored(archive, entry))}
    except (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError, RuntimeError, struct.error):
        raise FileError("is damaged, or no archive of torch.save (PyTorch 1.6 or later)", str(path), EXPECTED) from None
    foreign = [".".join(name) for name in named if name not in _HARMLESS and not _is_storage(*name)]
    foreign.sort(key=lambda name: (name.startswith("_"), name))  # _codecs and __builtin__ tell least
    if foreign:
        raise FileError(f"holds more than tensors: it names {foreign[0][:60]!r}, which is not run", str(path), EXPECTED)


def _stored(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """Read an entry; `torch.save` compresses none."""
    if entry.compress_type != zipfile.ZIP_STORED:
        raise zipfile.BadZipFile
    return archive.read(entry)


def _check_sizes(path: Path, size: int, most: int) -> None:
    if size > most:
        raise FileError(f"holds {size:,} bytes", str(path), f"at most {most:,} for this network")


def _named_in(pickle: bytes) -> Iterator[tuple[str, str]]:
    """Go through the modules and names that a pickle would import, without running it."""
    for operation, argument, _ in pickletools.genops(pickle):
        if operation.name in ("GLOBAL", "INST"):
            module, _, name = str(argument).partition(" ")
            yield module, name
        elif operation.name in ("STACK_GLOBAL", "EXT1", "EXT2", "EXT4"):
            yield "", operation.name  # its name is made up while it runs


def _is_storage(module: str, name: str) -> bool:
    return module in ("torch", "torch.storage") and name.endswith("Storage") and name.isalnum()


def _loaded(path: Path) -> Any:  # noqa: ANN401 - whatever was saved
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of archives that are not as PyTorch writes them
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception:  # a damaged file makes PyTorch raise nearly anything
        raise FileError("is damaged, or holds more than tensors", str(path), EXPECTED) from None


def _tensors_of(saved: Any, path: Path) -> dict[str, torch.Tensor]:  # noqa: ANN401 - whatever was saved
    """Return the state dict itself, taken out of the checkpoint around it."""
    if isinstance(saved, dict):
        saved = next((saved[key] for key in _WRAPPERS if isinstance(saved.get(key), dict)), saved)
    if not isinstance(saved, dict) or not saved:
        raise FileError("holds no state dict", str(path), EXPECTED)
    for name, each in saved.items():
        if not isinstance(name, str) or not isinstance(each, torch.Tensor) or each.layout != torch.strided:
            said = repr(name[:60]) if isinstance(name, str) else f"what stands under a {type(name).__name__}"
            raise FileError(f"{said} is no dense tensor", str(path), EXPECTED)
    return saved
