"""Which piece of a text is which tensor of which pass, as their headings say."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from core.dat.headings import marks_epoch, section, understand
from core.dat.reading import Tensor
from core.dat.slots import Group, Slot
from core.tensors import Quantity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.dat.headings import Kind, Layer, Meaning
    from core.dat.pieces import Piece


class Grouping:
    """The passes of a text, told by headings; a pass begins where the epoch changes, or where a tensor comes again."""

    def __init__(self, pieces: list[Piece]) -> None:
        self.groups: list[Group] = []
        self.left_out: list[tuple[Piece, str]] = []
        """With the name of the tensor before, or what the heading says."""
        self.of_gradients = True
        """Whether a heading says so."""
        meanings = _with_those_of_the_same(pieces)
        sections = [section(piece.heading) for piece in pieces]
        self.of_gradients = "gradient" in {*sections, *(each.kind for each in meanings if each.part)}
        self._section: Kind | None = None
        self._layer: Layer | None = None
        self._before = ""
        self._mark: tuple[str, int] | None = None
        self._group = Group()
        self._lists = not any(each.part and each.layer is not None for each in meanings)
        """Whether no heading names a layer, so that a name may be that of all layers' arrays in a row."""
        self._listed: dict[Slot, Piece] = {}
        """Those of the group that have no heading, and follow in such a row."""
        self._last: Slot | None = None
        self._counts: Counter[tuple[Quantity, str]] = Counter()
        """How many tensors of a quantity the group has, of weights and of biases."""
        for piece, meaning, begun in zip(pieces, meanings, sections, strict=True):
            self._section = begun or self._section
            self._look_for_mark(piece)
            self._add(piece, meaning)
        self._end_group()
        _label(self.groups)

    def _look_for_mark(self, piece: Piece) -> None:
        for mark in filter(None, map(marks_epoch, piece.heading)):
            if mark != self._mark:
                self._end_group()
            self._mark = mark

    def _end_group(self) -> None:
        self._leave_out_what_is_too_many()
        if self._group.slots:
            if self._mark:
                self._group.label = f"{self._mark[0]} {self._mark[1]}"
                self._group.epoch = self._mark[1] if self._mark[0].startswith("epoch") else None
            self.groups.append(self._group)
        self._group = Group()
        self._counts.clear()
        self._layer = self._last = None

    def _leave_out_what_is_too_many(self) -> None:
        """Take the end of a row of arrays for something else, where the other part has fewer: a prediction, a loss."""
        for slot, piece in self._listed.items():
            others = self._counts[slot.quantity, "b" if slot.part == "W" else "W"]
            if others and isinstance(slot.layer, int) and slot.layer > others:
                del self._group.slots[slot]
                self.left_out.append((piece, self._after()))
        self._listed.clear()

    def _add(self, piece: Piece, meaning: Meaning) -> None:
        if meaning.layer is not None:
            self._layer = meaning.layer
        if self._last and self._lists and not piece.heading:
            slot = Slot(self._last.quantity, self._last.part, self._counts[self._last.quantity, self._last.part] + 1)
            self._listed[slot] = piece
            self._put(slot, piece)
            return
        if meaning.part is None or meaning.kind == "other":
            self._last = None
            said = piece.heading[-1] if piece.heading else ""
            self.left_out.append((piece, f"under {said[:50]!r}" if said else self._after()))
            return
        slot = self._slot(meaning)
        if slot in self._group.slots:
            self._end_group()
            slot = self._slot(meaning)
        self._put(slot, piece)
        self._before = piece.heading[-1]

    def _put(self, slot: Slot, piece: Piece) -> None:
        self._group.slots[slot] = Tensor(piece.values, piece.unit)
        self._counts[slot.quantity, slot.part] += 1
        self._layer, self._last = slot.layer, slot

    def _after(self) -> str:
        return f"after {self._before[:50]!r}" if self._before else "before the first heading"

    def _slot(self, meaning: Meaning) -> Slot:
        """Return the place of a piece; where its heading names no layer, that of the piece before, or the next one."""
        kind = meaning.kind or self._section
        quantity = Quantity.PARAMETER if self.of_gradients and kind != "gradient" else Quantity.GRADIENT
        part = meaning.part or "W"
        layer = meaning.layer
        if layer is None and self._lists:
            layer = self._counts[quantity, part] + 1
        elif layer is None:
            before = Slot(quantity, part, 1 if self._layer is None else self._layer)
            layer = self._counts[quantity, part] + 1 if before in self._group.slots else before.layer
        return Slot(quantity, part, layer)


def _with_those_of_the_same(pieces: Sequence[Piece]) -> list[Meaning]:
    """Return what each heading says; one that is `grad:` alone is of what the piece before it was of."""
    meanings: list[Meaning] = []
    for at, piece in enumerate(pieces):
        said = understand(piece.heading)
        before = meanings[-1] if meanings else said
        bare = said.part is None and said.layer is None and said.kind in ("gradient", "parameter")
        if bare and before.part and before.kind not in ("other", said.kind) and piece.count == pieces[at - 1].count:
            said = replace(said, part=before.part, layer=before.layer)
        meanings.append(said)
    return meanings


def _label(groups: list[Group]) -> None:
    """Tell passes apart that the text does not."""
    labels = [group.label for group in groups]
    for at, group in enumerate(groups, start=1):
        if len(groups) > 1 and labels.count(labels[at - 1]) > 1:
            group.label = f"{group.label}, no. {at}".removeprefix(", ")
