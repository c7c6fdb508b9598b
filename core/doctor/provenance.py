"""Where numbers come from, where they don't come from a backward pass: stored ones, or those of an engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.guest.described import differentiates_itself

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from core.arrays import FloatArray
    from core.doctor.consult import Consultation
    from core.doctor.findings import Findings
    from core.probes import Probe

SAME_OPERATIONS = (
    "Its gradients are autograd's to the last bit: it computes with PyTorch, whose operations may do that by hand too."
)
ENOUGH_ELEMENTS = 100
"""Equal bits in so many elements are no accident.

Measured on 108 networks of the nine kinds of `tests/campaigns/doctor.py`: a NumPy pass that was written by hand had no
set of gradients in common with autograd to the last bit, and 56 % of the elements at most; nor had the scratch engine.
"""


def are_stored(found: Consultation, asked: Sequence[Probe]) -> bool:
    """Whether all calls with the file's own widths gave the same gradients, whatever the parameters and samples.

    Zeros are no stored numbers: they are a backward pass that is still to be written.
    """
    calls = [call for probe in asked if probe.own for call in found.calls.get(probe.name, ())]
    first, *others = ({name: each for name, each in call.returned.items() if name != "loss"} for call in calls)
    numbers = np.concatenate([each.ravel() for each in first.values()])
    return (
        bool(others)
        and bool(np.isfinite(numbers).all() and numbers.any())
        and all(np.array_equal(value, each[name]) for each in others for name, value in first.items())
    )


def same_bits(returned: Sequence[Mapping[str, FloatArray]], opinions: Sequence[Mapping[str, FloatArray]]) -> bool:
    """Whether enough gradients were returned, and each is that of an engine to the last bit."""
    elements = 0
    for own, opinion in zip(returned, opinions, strict=True):
        for name in own.keys() - {"loss"}:
            if not np.array_equal(own[name], opinion[name]):
                return False
            elements += own[name].size
    return elements >= ENOUGH_ELEMENTS


def nothing_said(path: Path, findings: Findings, *, copied: bool) -> str | None:
    """Say why right gradients say nothing of a backward pass, if they don't; `copied` are autograd's, bit by bit."""
    found = findings.found
    if found.engines:
        return (
            f"It imports mlp-tui's own engines ({', '.join(sorted(found.engines))}): that its gradients are right says "
            "nothing of a backward pass."
        )
    if found.autograd or differentiates_itself(path.read_text("utf-8", "replace")):
        return "It calls automatic differentiation: that its gradients are right says nothing of a backward pass."
    if copied and not found.torch:
        return "Its gradients are autograd's to the last bit, in every element; those of another pass never are."
    if findings.says_nothing:
        return "All gradients are so small that rounding alone could make them."
    return None
