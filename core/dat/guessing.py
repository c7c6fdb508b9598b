"""Arrays without headings: which is which is told by their order and sizes, if only one order fits a network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.dat.headings import understand
from core.dat.reading import Tensor
from core.dat.slots import Group, Slot
from core.tensors import Quantity

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Literal

    from core.dat.pieces import Piece

    Place = tuple[Literal["W", "b"], int]

MOST_LEFT_OUT = 3
"""Pieces at the end that may be none of the network's: a prediction, a loss, a target."""

MOST_PIECES = 2_000
"""More are not tried."""


def _ups(depth: int) -> range:
    return range(1, depth + 1)


def _downs(depth: int) -> range:
    return range(depth, 0, -1)


_ORDERS: dict[str, Callable[[int], list[Place]]] = {
    "W1, b1, W2, b2, …": lambda depth: [place for k in _ups(depth) for place in _pair(k)],
    "W1, W2, …, b1, b2, …": lambda depth: [*_all("W", _ups(depth)), *_all("b", _ups(depth))],
    "the output layer first, W before b": lambda depth: [place for k in _downs(depth) for place in _pair(k)],
    "the output layer first, all W before all b": lambda depth: [*_all("W", _downs(depth)), *_all("b", _downs(depth))],
    "b1, W1, b2, W2, …": lambda depth: [place for k in _ups(depth) for place in reversed(_pair(k))],
    "b1, b2, …, W1, W2, …": lambda depth: [*_all("b", _ups(depth)), *_all("W", _ups(depth))],
    "the output layer first, b before W": lambda depth: [place for k in _downs(depth) for place in reversed(_pair(k))],
    "the output layer first, all b before all W": lambda depth: [*_all("b", _downs(depth)), *_all("W", _downs(depth))],
}
"""Orders that people write in, by what is said of them; the likeliest first."""


def _pair(k: int) -> list[Place]:
    return [("W", k), ("b", k)]


def _all(part: Literal["W", "b"], layers: range) -> list[Place]:
    return [(part, k) for k in layers]


@dataclass(frozen=True)
class Guess:
    """What pieces without names are taken for."""

    groups: list[Group]
    left_out: list[Piece]
    remark: str


def guess(pieces: Sequence[Piece]) -> Guess | None:
    """Return the passes that pieces in a row make up; None where they fit no network.

    Several passes, each of the same shapes, may follow one another; a few pieces at the end, or one at the beginning,
    may belong to none.
    """
    if len(pieces) > MOST_PIECES:
        return None
    for first, last in _spans(len(pieces)):
        held = pieces[first:last]
        for length in _lengths(held):
            fitting = _fitting(held[:length])
            if fitting:
                outside = [*pieces[:first], *pieces[last:]]
                return Guess(_groups(held, length, _ORDERS[fitting[0]]), outside, _said(fitting))
    return None


def guess_under_title(pieces: Sequence[Piece]) -> Guess | None:
    """Return the passes of pieces without names that follow a line such as `Gradients:`; what is elsewhere is left out.

    None where no such line stands before several of them, or they fit no network.
    """
    begin = next((at for at, piece in enumerate(pieces) if _is_title(piece) and at + 1 < len(pieces)), None)
    if begin is None or pieces[begin + 1].heading:
        return None
    end = next((at for at in range(begin + 1, len(pieces)) if pieces[at].heading), len(pieces))
    found = guess(pieces[begin:end])
    return found and Guess(found.groups, [*pieces[:begin], *found.left_out, *pieces[end:]], found.remark)


def _is_title(piece: Piece) -> bool:
    said = understand(piece.heading)
    return said.part is None and said.layer is None and said.kind == "gradient"


def _fitting(pieces: Sequence[Piece]) -> list[str]:
    """Name the orders that fit; of several, those that take the fewest vectors for weights or matrices for biases."""
    odd = {}
    for said, make in _ORDERS.items():
        order = make(len(pieces) // 2)
        if _fits(order, pieces):
            places = zip(order, pieces, strict=True)
            odd[said] = sum((part == "W") != (piece.values.ndim > 1) for (part, _), piece in places)
    return [said for said, count in odd.items() if count == min(odd.values())]


def _spans(count: int) -> list[tuple[int, int]]:
    """List where a network's pieces may begin and end, with the fewest left out first."""
    left = [(first, after) for first in range(2) for after in range(MOST_LEFT_OUT + 1)]
    return [(first, count - after) for first, after in sorted(left, key=sum)]


def _said(fitting: list[str]) -> str:
    other = f" ({fitting[1]} would fit as well)" if len(fitting) > 1 else ""
    return f"no heading names a tensor: by their sizes read as {fitting[0]}{other}"


def _lengths(pieces: Sequence[Piece]) -> list[int]:
    """List how many pieces a pass may have: an even number, after which the shapes come again; the most first."""
    shapes = [piece.values.shape for piece in pieces]
    count = len(shapes)
    divisors = [each for each in range(count, 1, -1) if count % each == 0 and each % 2 == 0]
    return [each for each in divisors if shapes[each:] == shapes[: count - each]]


def _fits(order: list[Place], pieces: Sequence[Piece]) -> bool:
    """Whether W_k has n_k · n_{k−1} numbers for every k, where b_k has n_k, and the shapes agree with that."""
    of = dict(zip(order, pieces, strict=True))
    widths = [0, *(of["b", k].count for k in range(1, len(order) // 2 + 1))]
    if not all(widths[1:]) or any(max(of["b", k].values.shape, default=1) != n for k, n in enumerate(widths) if k):
        return False
    widths[0] = of["W", 1].count // widths[1]
    for k in range(1, len(widths)):
        shape, wanted = of["W", k].values.shape, (widths[k], widths[k - 1])
        if of["W", k].count != wanted[0] * wanted[1] or (len(shape) > 1 and sorted(shape[-2:]) != sorted(wanted)):
            return False
    return True


def _groups(pieces: Sequence[Piece], length: int, order: Callable[[int], list[Place]]) -> list[Group]:
    groups = []
    for at in range(0, len(pieces), length):
        places = zip(order(length // 2), pieces[at : at + length], strict=True)
        slots = {Slot(Quantity.GRADIENT, part, k): Tensor(piece.values, piece.unit) for (part, k), piece in places}
        groups.append(Group(slots, f"no. {at // length + 1}" if len(pieces) > length else ""))
    return groups
