"""What a `gradients` function returned, brought to names and arrays; runs in the user's process.

Names: `loss`, `dW1`, `db1`, … and, where they are returned, `z1`, `a1`, `delta1`, … with layers from 1.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Set
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from core.arrays import FloatArray

MOST_NUMBERS = 50_000_000
"""In one array."""
MOST_ARRAYS = 1000
"""Taken from what is gone through; it may be endless."""

_KEYS = {
    **dict.fromkeys(("loss", "l", "cost", "j"), "loss"),
    **dict.fromkeys(("dw", "dweights", "weights", "w", "nabla_w", "weight", "dweight"), "dW"),
    **dict.fromkeys(("db", "dbiases", "biases", "b", "nabla_b", "bias", "dbias"), "db"),
    **dict.fromkeys(("delta", "deltas", "dz", "δ"), "delta"),
    **dict.fromkeys(("z", "zs", "pre_activations"), "z"),
    **dict.fromkeys(("a", "activations", "h", "as"), "a"),
}
WANTED = "loss, dW and db: a number, and a list of arrays each"


class ReturnedError(Exception):
    """What was returned can't be taken for a loss and gradients; the text says why."""


def named(returned: Any, depth: int) -> dict[str, FloatArray]:  # noqa: ANN401 - it is whatever the user returned
    """Return the loss and the arrays by name, each as float64, or as float32 where it was that or narrower.

    Raises:
        ReturnedError: something is missing, or is no number.
    """
    parts = _parts(returned)
    for name in ("loss", "dW", "db"):
        if name not in parts:
            raise ReturnedError(f"returned {_kind(returned)} without {name}; expected {WANTED}")
    arrays = {"loss": _scalar(parts["loss"])}
    for name in ("dW", "db"):
        arrays |= _layers(name, parts[name], depth)
    for name in ("z", "a", "delta"):
        if name in parts:
            arrays |= _extra(name, parts[name], depth)
    return arrays


def _parts(returned: Any) -> dict[str, Any]:  # noqa: ANN401
    if isinstance(returned, dict):
        return _of_dict(returned)
    if not isinstance(returned, (tuple, list)):
        raise ReturnedError(f"returned {_kind(returned)}; expected {WANTED}")
    if len(returned) == 2 and isinstance(returned[1], dict):
        return {"loss": returned[0], **_of_dict(returned[1])}
    if len(returned) < 3:
        raise ReturnedError(f"returned {len(returned)} values; expected {WANTED}")
    parts: dict[str, Any] = dict(zip(_order(*returned[:3]), returned, strict=False))
    for extra in returned[3:]:
        if isinstance(extra, dict):
            parts = _of_dict(extra) | parts
    return parts


def _order(first: Any, second: Any, third: Any) -> tuple[str, str, str]:  # noqa: ANN401
    """Name three values in their order: the loss is first, or last where that alone is a number.

    Raises:
        ReturnedError: the only number is in the middle.
    """
    if not _is_number(first):
        if _is_number(second):
            raise ReturnedError("returned the loss second; it comes first: return loss, dW, db")
        if _is_number(third):
            return "dW", "db", "loss"
    return "loss", "dW", "db"


def _is_number(value: Any) -> bool:  # noqa: ANN401
    try:
        return _array("loss", value).size == 1
    except ReturnedError:
        return False


def _of_dict(returned: dict[Any, Any]) -> dict[str, Any]:
    """Take `{"dW": [...]}`, and `{"dW1": ..., "dW2": ...}` as courses have it."""
    parts: dict[str, Any] = {}
    for key, value in returned.items():
        word = re.sub(r"^(dl/|grad_|grads_|gradient_)", "d", str(key).strip().lower())
        word = re.sub(r"^dd", "d", word)
        match = re.fullmatch(r"(.*?)_?(\d+)", word)
        if word in _KEYS:
            parts[_KEYS[word]] = value
        elif match and match[1] in _KEYS:
            parts.setdefault(_KEYS[match[1]], {})[int(match[2])] = value
    return parts


def _layers(name: str, value: Any, depth: int) -> dict[str, FloatArray]:  # noqa: ANN401
    """Give numbers to one array a layer."""
    each = _listed(name, value)
    if len(each) != depth:
        raise ReturnedError(f"returned {len(each)} arrays as {name}; expected {depth}, one a layer")
    return {f"{name}{k}": _array(f"{name}[{k - 1}]", item) for k, item in enumerate(each, start=1)}


def _extra(name: str, value: Any, depth: int) -> dict[str, FloatArray]:  # noqa: ANN401
    """Give numbers to what else was returned, but for what does not fit; an `a` with one more begins with the input."""
    each = _listed(name, value)
    if name == "a" and len(each) == depth + 1:
        each = each[1:]
    return _layers(name, each, depth) if len(each) == depth else {}


def _listed(name: str, value: Any) -> list[Any]:  # noqa: ANN401
    """Return the arrays in their order; those of a dict in that of its keys, whose numbers are numbers: 2 before 10."""
    if isinstance(value, dict):
        return [value[key] for key in sorted(value, key=_natural)]
    scalar = isinstance(value, np.ndarray) and value.ndim == 0
    if isinstance(value, Iterable) and not (scalar or isinstance(value, (str, bytes, Set))):
        return list(itertools.islice(value, MOST_ARRAYS))
    raise ReturnedError(f"returned {_kind(value)} as {name}; expected a list of arrays, one a layer")


def _natural(key: Any) -> list[tuple[int, str]]:  # noqa: ANN401
    """Return what to sort a key by."""
    parts = re.split(r"(\d+)", str(key))
    return [(int(part), "") if part.isdecimal() else (0, part) for part in parts]


def _scalar(value: Any) -> FloatArray:  # noqa: ANN401
    array = _array("loss", value)
    if array.size != 1:
        raise ReturnedError(f"returned a loss of shape {array.shape}; expected one number")
    return array.reshape(())


def _array(name: str, value: Any) -> FloatArray:  # noqa: ANN401
    if hasattr(value, "detach"):  # a torch tensor, on whatever device
        value = value.detach().cpu().numpy()
    try:
        array = np.asarray(value)
    except Exception as error:
        raise ReturnedError(f"returned {_kind(value)} as {name}, which is no array: {error}") from None
    if array.dtype.kind not in "fiub":
        raise ReturnedError(f"returned {_kind(value)} of {array.dtype} as {name}; expected numbers")
    if array.size > MOST_NUMBERS:
        raise ReturnedError(f"returned {array.size:,} numbers as {name}")
    narrow = array.dtype.kind == "f" and array.dtype.itemsize <= 4
    return np.array(array, "float32" if narrow else "float64", copy=True, order="C")


def _kind(value: Any) -> str:  # noqa: ANN401
    if value is None:
        return "None"
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"
