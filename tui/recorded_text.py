"""What is said of two files of gradients: of each pass, of all together, and what the files are called."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tui.recorded import RecordedPass

if TYPE_CHECKING:
    from core.recording import Recording, Sides

MARKS = {0: "✓", 1: "✗", 3: "~"}
"""By the exit status of a verdict."""


def said_of_pass(sides: Sides) -> RecordedPass:
    """Return what is said of a pass."""
    labels = {side: found.label for side, found in sides.found.items()}
    pair = sides.pair
    if pair is None:
        return RecordedPass(labels, "", f"{next(iter(labels))} alone has this pass", losses=sides.losses)
    digits = min((row.digits[0] for row in pair.rows), default=None)
    remarks = [*pair.remarks]
    if pair.other_way is not None:
        remarks.append(f"read the other way: {pair.other_way.line}")
    if pair.basis:
        remarks.append(f"judged by {pair.basis}")
    same = all(row.ulps == 0 for row in pair.rows)
    return RecordedPass(labels, MARKS[pair.verdict.status], pair.line, tuple(remarks), digits, same, sides.losses)


def line_of(recording: Recording) -> str:
    """Say what all passes come to; of one that was taken of many, why."""
    pairs, verdict = recording.comparison.pairs, recording.comparison.verdict
    if len(pairs) == 1 and sum(each.pair is not None for each in recording.passes) > 1:
        return f"{verdict.value}; {pairs[0].remarks[-1]}"
    if len(pairs) > 1:
        return f"{verdict.value}, {sum(pair.verdict is verdict for pair in pairs)} of {len(pairs)}"
    return recording.comparison.line


def telling_pass(recording: Recording) -> int:
    """Return the pass to begin with: that which the verdict on all is of."""
    verdict = recording.comparison.verdict
    telling = next((pair for pair in recording.comparison.pairs if pair.verdict is verdict), None)
    pairs = [each.pair for each in recording.passes]
    alike = (at for at, pair in enumerate(pairs, start=1) if pair and telling and pair.labels == telling.labels)
    return next(alike, 1)


def names_of(recording: Recording) -> dict[str, str]:
    """Return the files' names, by engine; with their folders where the names are the same."""
    paths = {side: Path(path) for side, path in recording.paths.items()}
    if len({path.name for path in paths.values()}) == len(paths):
        return {side: path.name for side, path in paths.items()}
    return {side: str(Path(path.absolute().parent.name, path.name)) for side, path in paths.items()}
