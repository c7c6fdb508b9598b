"""What a file was checked as: the network, the loss and the shape of its weights, and what of that it did not say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import MlpError
from core.guest.described import SAID, experiment_of, layout_of, unsaid
from core.wording import joined

if TYPE_CHECKING:
    from core.guest.process import Guest

UNUSED = {"layers": "are no list of widths", "activation": "is no list of names"}
"""What is wrong with a list that says nothing of the network."""


def checked_as(guest: Guest, source: str | None) -> tuple[str, ...]:
    """Say in a sentence what a file is checked as, and in others what it leaves open; nothing of one that has not run.

    `source` is an experiment's name or file that was asked for.
    """
    if not guest.loaded:
        return ()
    try:
        experiment, _ = experiment_of(guest.constants, guest.path, source)
        layout = guest.only_layout or layout_of(guest.constants, guest.path)
    except MlpError:
        return ()
    lines = [f"Checked as {experiment.network()} · {experiment.loss}, W of shape ({layout})"]
    if source is None:
        lines += _assumed(unsaid(guest.constants), guest.unused)
    if guest.only_layout:
        lines.append(f'(it works with no other shape; let it say so: layout = "{layout}")')
    return tuple(lines)


def _assumed(names: list[str], unused: list[str]) -> list[str]:
    """Say what is the notebook's, and why: the file names none, or it names something else."""
    if len(names) == len(SAID) and not unused:
        return ["(the notebook's network and loss: the file names none)"]
    none = [name for name in names if name not in unused]
    lines = [f"({joined(none)} {_are(none)} the notebook's: the file names none)"] * bool(none)
    other = [name for name in names if name in unused]
    return lines + [f"({name} {_are([name])} the notebook's: the file's own {UNUSED[name]})" for name in other]


def _are(names: list[str]) -> str:
    return "are" if len(names) > 1 or names == ["layers"] else "is"
