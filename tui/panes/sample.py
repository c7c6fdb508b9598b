"""The sample at the foot of the Model pane: which one it is, what goes in, what should come out and what does."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui.protocol import Sample, View

Numbers = tuple[float, ...]

FEW = 4
"""Numbers of a sample that are written out; of more of them the range is told, or the class where they are one."""


def sample_place(view: View) -> str:
    """Say which sample it is: the first row of x, z and a, and of which batch they are."""
    if view.inside is not None:
        return f"sample 0 of batch {view.inside.update} of {view.updates}"
    return "sample 0 of the last batch" if view.updates > 1 else "sample 0"


def long_sample(sample: Sample) -> list[tuple[str, str]]:
    """Write the sample and each prediction in a line, each with its name."""
    named = [("x", sample.x), ("y", sample.y)]
    if is_class(sample.y):
        answers = [(f"ŷ {name}", _answer(each, 6)) for name, each in sample.predictions.items()]
        return [("x", _some(sample.x, 2, 8)), ("y", f"class {_largest(sample.y)}"), *answers]
    named += [(f"ŷ {name}", each) for name, each in sample.predictions.items()]
    return [(name, _some(each, 2, 8)) for name, each in named]


def short_sample(sample: Sample, place: str, width: int) -> list[str]:
    """Write the sample and all predictions in two lines; its place as far as there is room."""
    if is_class(sample.y):
        target = f"y class {_largest(sample.y)}"
        predictions = [f"{name} {_answer(each, 3)}" for name, each in sample.predictions.items()]
    else:
        target = f"y {_some(sample.y, 1, 4)}"
        predictions = [f"{name} {_some(each, 1, 4)}" for name, each in sample.predictions.items()]
    first = target if len(sample.x) > FEW else f"x {_some(sample.x, 2, 4)}  {target}"
    batch = place.removeprefix("sample 0").removeprefix(" of ").removeprefix("the ")
    places = (place, f"{batch}, sample 0", f"{batch}, 0") if batch else (place,)
    named = next((f"{each}: " for each in (*places, "0") if len(each) + 2 + len(first) <= width), "")
    return [f"{named}{first}", f"ŷ {' '.join(predictions)}" if predictions else ""]


def is_class(target: Numbers) -> bool:
    """Whether a target says which of several classes it is: all but one are 0, and that is 1."""
    return len(target) > 1 and target.count(1.0) == 1 and target.count(0.0) == len(target) - 1


def _largest(values: Numbers) -> int:
    return max(range(len(values)), key=values.__getitem__)


def _answer(values: Numbers, digits: int) -> str:
    """Name the class that is predicted, and what the network gives it."""
    at = _largest(values)
    return f"{at} ({values[at]:.{digits}g})"


def _some(values: Numbers, most: int, digits: int) -> str:
    """Write the first few of a sample's numbers; of many, between which they are."""
    if not values:
        return "–"
    if len(values) > FEW:
        return f"{len(values):,} numbers, {min(values):.4g} to {max(values):.4g}"
    more = " …" if len(values) > most else ""
    return " ".join(f"{value:.{digits}g}" for value in values[:most]) + more
