"""The array types that signatures name."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.floating]
"""float32 or float64, whichever the engine computes in."""

Float64Array: TypeAlias = NDArray[np.float64]


def read_only(array: FloatArray) -> FloatArray:
    """Return a copy of `array` that can't be written to."""
    copy = array.copy()
    copy.setflags(write=False)
    return copy


def diverging() -> np.errstate:
    """Let numbers become inf and nan without a warning: a run that diverges shows them for what they are."""
    return np.errstate(all="ignore")
