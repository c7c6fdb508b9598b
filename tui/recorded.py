"""What the screen is told of two files of gradients that it shows in the place of a run.

Nothing here imports NumPy or Textual.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

UNCHANGEABLE = (
    "Two files are shown as they are: there is nothing to train, to change or to save. o opens an experiment."
)
"""What is said where a run could be changed or saved."""

UNEXPLAINED = "Files hold numbers, and not how they came about: what is run can be explained, o opens an experiment"
"""What is said where an explanation, or a walk through an epoch, is asked for."""

NO_PICTURE = "Files hold no run to draw this of: o opens an experiment."
"""What stands where a picture of a run would."""


class Compared(Struct, frozen=True):
    """Two files of gradients to look at."""

    a: Path
    b: Path
    digits: int = 5
    """Significant digits that have to agree where no rounding bound can be derived."""

    def words(self) -> list[str]:
        """Write it for a command line."""
        return [str(self.a), str(self.b), str(self.digits)]


class RecordedPass(Struct, frozen=True):
    """What is said of one pass of two files."""

    labels: Mapping[str, str]
    """What each file that has it calls it, by engine: `epoch 3`, or nothing where it is the file's only one."""
    mark: str
    """✓ equal, ✗ different, ~ where the files can't show it; empty where it is in one file alone."""
    line: str
    """The verdict in a sentence without its full stop."""
    remarks: tuple[str, ...] = ()
    digits: float | None = None
    """The fewest that any of its gradients shares."""
    same: bool = False
    """Whether both files have the same gradients, to the last bit."""
    losses: Mapping[str, float] = {}
    """By engine, where its file tells it."""

    @property
    def label(self) -> str:
        """What the files call it: once, where they call it the same."""
        labels = {side: label for side, label in self.labels.items() if label}
        same = len(set(labels.values())) == 1 and len(labels) == len(self.labels) > 1
        return next(iter(labels.values())) if same else ", ".join(f"{side} {each}" for side, each in labels.items())


class Recorded(Struct, frozen=True):
    """Two files of gradients, in the place of an experiment that is trained."""

    files: Mapping[str, str]
    """Their names, by engine."""
    layers: tuple[int, ...]
    """Widths of the network of the pass shown, from the input to the output; 0 where they aren't told."""
    activations: tuple[str, ...]
    """Of each layer, 1 to L; `?` where they aren't told."""
    loss: str
    """With how it reduces over samples and outputs; empty where it isn't told."""
    network: str
    """In a few words."""
    line: str
    """The verdict on all passes."""
    remarks: tuple[str, ...]
    """What was left out of the files, or could be read otherwise."""
    passes: tuple[RecordedPass, ...]
