"""The catalogue of mistakes: each one a change to one of the equations of backpropagation."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mistake:
    """One way in which a hand-written backward pass is wrong."""

    name: str
    """A stable slug."""
    explanation: str
    """What was done, in a sentence."""
    right: str
    """The line of mathematics as it should be."""
    wrong: str
    """The same line as the mistake has it."""


MISTAKES = {
    mistake.name: mistake
    for mistake in (
        Mistake(
            "half-loss-gradient",
            "The factor 2 of the squared error's derivative is left out: every gradient is half of the true one.",
            "δ_L = 2(ŷ − y) ⊙ f_L′(z_L)",
            "δ_L = (ŷ − y) ⊙ f_L′(z_L)",
        ),
    )
}
"""All that can be planted with an experiment's `[engines.scratch] mistakes`, by name."""
