"""Messages between the program and the process that runs the user's file: JSON for words, raw bytes for numbers.

Nothing in them can run: no pickle. A message is 8 bytes for the length of its JSON, the JSON, then the arrays' bytes in
the order that the JSON has their types and shapes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from json import dumps, loads  # bound here, where the user's file can't replace them
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.arrays import FloatArray

MOST_WORDS = 4_000_000
"""Bytes of JSON in one message."""
MOST_BYTES = 1_000_000_000
"""Bytes of numbers in one message."""
DISABLED = 113
"""The status of a process that can't answer any more, as the user's file has taken away what it needs for that."""
DTYPES = ("float64", "float32")


class WireError(Exception):
    """What came in is no message."""


@dataclass(frozen=True)
class Message:
    """Words, and arrays by name."""

    words: dict[str, Any]
    arrays: dict[str, FloatArray] = field(default_factory=dict)


def packed(message: Message) -> bytes:
    """Return a message as bytes."""
    specs = [[name, str(array.dtype), list(array.shape)] for name, array in message.arrays.items()]
    head = dumps([message.words, specs]).encode()
    return b"".join([len(head).to_bytes(8, "little"), head, *(array.tobytes() for array in message.arrays.values())])


def unpacked(read: Callable[[int], bytes]) -> Message:
    """Read one message with `read(count)`, which returns exactly as many bytes.

    Raises:
        WireError: the bytes are no message.
    """
    length = int.from_bytes(read(8), "little")
    if length > MOST_WORDS:
        raise WireError(f"a message of {length} bytes")
    try:
        words, specs = loads(read(length))
        arrays = _arrays(specs, read)
    except (ValueError, TypeError) as error:
        raise WireError(str(error)) from None
    if not isinstance(words, dict):
        raise WireError("no words")
    return Message(words, arrays)


def _arrays(specs: Any, read: Callable[[int], bytes]) -> dict[str, FloatArray]:  # noqa: ANN401 - it is checked here
    arrays = {}
    left = MOST_BYTES
    for name, dtype, shape in specs:
        if dtype not in DTYPES or not all(isinstance(size, int) and size >= 0 for size in shape):
            raise WireError(f"an array of {dtype}, {shape}")
        nbytes = math.prod(shape) * np.dtype(dtype).itemsize
        left -= nbytes
        if left < 0:
            raise WireError(f"more than {MOST_BYTES} bytes of numbers")
        arrays[str(name)] = np.frombuffer(read(nbytes), dtype).reshape(shape)
    return arrays
