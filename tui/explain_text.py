"""`mlp-tui explain`: where a number comes from, in plain text or as JSON, as deep as is asked for."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from core.arrays import diverging
from core.course import Course
from core.engines.guest import Yours
from core.errors import EpochError
from core.guest.process import Guest, Limits
from core.timeline import Timeline
from core.trace import explain, parse_address, sheet
from core.trace.exact import nearest
from core.trace.words import doubt
from tui.beside import SECONDS_TO_LOAD, as_engine_frame, judged, require_fit
from tui.headless import Request as Run
from tui.headless import begun, joined
from tui.mine import experiment_said
from tui.shown import MINE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from core.experiment import Experiment
    from core.frame import EngineFrame, Frame
    from core.session import Session
    from core.trace import Address, Explanation, Lent, Line, Operand, Sheet
    from tui.protocol import Mine

GAP = "  "


@dataclass(frozen=True)
class Request:
    """What `mlp-tui explain` is asked for."""

    address: str
    source: str
    settings: tuple[str, ...] = ()
    resume: Path | None = None
    epoch: int | None = None
    """None for the first one, or of a saved run for its last."""
    update: int | None = None
    """Which update of the epoch; None for its last."""
    mine: Mine | None = None
    own_path: bool = False
    """Whether the user's file trains by its own gradients."""
    depth: int = 1
    """How many levels; 1 for the number alone."""
    most: int = 12
    """How many terms of a sum are listed."""
    order: Literal["size", "index"] = "size"
    as_json: bool = False


@dataclass(frozen=True, eq=False)
class Node:
    """A number explained, and the operands that are explained below it."""

    explanation: Explanation
    below: Mapping[Address, Node]


def run(asked: Request) -> int:
    """Train as far as the epoch, explain, print; return the exit status.

    Raises:
        MlpError: what is asked for is not there.
    """
    session = _session(asked)
    frame, lent = _frame(session, asked)
    parsed = parse_address(frame, session.experiment, asked.address)
    root = _Tree(frame, session.experiment, lent, asked).node(parsed, asked.depth)
    if asked.as_json:
        where = {"experiment": session.experiment.name, "epoch": frame.epoch, "update": frame.update}
        print(json.dumps({**where, **_object(root)}, ensure_ascii=False))
    else:
        print("\n".join(_text(root, session, frame)))
    return 0


# The number


def _session(asked: Request) -> Session:
    """Begin the run that was asked for, or that the user's file says it is for."""
    said = None if asked.mine is None else experiment_said(asked.mine)
    return begun(Run(asked.source, asked.settings, asked.resume)) if said is None else joined(said)


def _frame(session: Session, asked: Request) -> tuple[Frame, Mapping[str, Lent]]:
    """Train, and return the epoch; with the user's own file in it, where there is one."""
    epoch = asked.epoch if asked.epoch is not None else max(session.trained, 1)
    with diverging():
        while session.trained < epoch:  # it stops once where a loss leaves the finite numbers
            session.advance(epoch - session.trained)
        session.seek(epoch, _update(session, epoch, asked.update))
        frame = session.frame()
        return (frame, {}) if asked.mine is None else _with_own(session, frame, asked.mine, own_path=asked.own_path)


def _update(session: Session, epoch: int, update: int | None) -> int | None:
    """Return what a session calls an update: None is the last one."""
    count = session.updates(epoch)
    if update is not None and not 1 <= update <= count:
        raise EpochError(f"epoch {epoch} has no update {update}", expected=f"1 to {count}" if count else "none")
    return None if update == count else update


def _with_own(session: Session, frame: Frame, mine: Mine, *, own_path: bool) -> tuple[Frame, Mapping[str, Lent]]:
    experiment = session.experiment
    if not session.in_lockstep or frame.epoch == 0:
        return frame, {}
    with Guest(mine.path, Limits(SECONDS_TO_LOAD, mine.memory)) as guest:
        guest.load()
        require_fit(guest, experiment, mine.source)
        engine = Yours(experiment, guest, follow_own=own_path)
        scratch = frame.engines["scratch"]
        made = _trained(engine, session, frame) if own_path else as_engine_frame(engine, scratch)
    seen = judged(made, experiment.at(max(frame.epoch, 1)), None if own_path else scratch)
    return replace(frame, engines={**frame.engines, MINE: made}), seen.lending


def _trained(engine: Yours, session: Session, frame: Frame) -> EngineFrame:
    """Let the engine come to the epoch by its own gradients."""
    timeline = Timeline(engine, Course(session.experiment, session.samples.cast(engine.precision)))
    timeline.train(frame.epoch if frame.update is None else frame.epoch - 1)
    return timeline.frame(frame.epoch, frame.update)


class _Tree:
    """Explains a number, and what it is made of; each number once, where it comes first."""

    def __init__(self, frame: Frame, experiment: Experiment, lent: Mapping[str, Lent], asked: Request) -> None:
        self._frame, self._experiment, self._lent, self._asked = frame, experiment, lent, asked
        self._seen: set[Address] = set()

    def node(self, address: Address, depth: int) -> Node:
        """Explain a number, to so many levels; those of a level before those below."""
        self._seen.add(address)
        asked = self._asked
        explanation = explain(
            self._frame, self._experiment, address, order=asked.order, most=asked.most, lent=self._lent
        )
        new = [each.address for each in explanation.operands if each.address not in self._seen and not each.leaf]
        if depth <= 1:
            return Node(explanation, {})
        self._seen.update(new)
        return Node(explanation, {each: self.node(each, depth - 1) for each in new})


# As text


def _text(root: Node, session: Session, frame: Frame) -> Iterator[str]:
    explanation = root.explanation
    update = "" if frame.update is None else f", update {frame.update}"
    yield f"{session.experiment.name}, epoch {frame.epoch}{update}"
    yield explanation.formula
    engines = list(explanation.numbers)
    width = max(map(len, [*explanation.results, ""]))
    yield from (f"{GAP}{each:<{width}} = {explanation.numbers[each]}" for each in engines)
    yield ""
    yield from _table(explanation) if engines else _results(explanation)
    yield from _told(explanation)
    if root.below:
        yield ""
        yield from _branches(root, "", _engine_of_tree(explanation))


def _table(explanation: Explanation) -> Iterator[str]:
    """Write the terms, what is left out, the rounding and the result: a column an engine."""
    sheets = {engine: sheet(explanation, engine) for engine in explanation.closings}
    if any(each is None for each in sheets.values()):
        yield from _plain(explanation)
        return
    columns = {engine: list(_lines(each)) for engine, each in sheets.items() if each is not None}
    labels = [
        max(each, key=len) for each in zip(*([line.label for line in lines] for lines in columns.values()), strict=True)
    ]
    texts = {engine: [line.text for line in lines] for engine, lines in columns.items()}
    yield from _aligned(_head(explanation), labels, texts)


def _lines(laid: Sheet) -> Iterator[Line]:
    yield from laid.terms
    if laid.left_out is not None:
        yield laid.left_out
    yield laid.rounding
    yield laid.result


def _plain(explanation: Explanation) -> Iterator[str]:
    """Write the terms where the numbers are not finite, and no sum can be closed."""
    labels = [*(term.text for term in explanation.terms), str(explanation.address)]
    texts = {
        engine: [*(f"{nearest(term.values[engine]):.17g}" for term in explanation.terms), f"{closing.result:.17g}"]
        for engine, closing in explanation.closings.items()
    }
    yield from _aligned(_head(explanation), labels, texts)


def _head(explanation: Explanation) -> str:
    if not explanation.of_sum:
        return "made of"
    return "terms, largest first" if explanation.order == "size" else "terms, in their order"


def _results(explanation: Explanation) -> Iterator[str]:
    texts = {engine: [f"{value:.17g}"] for engine, value in explanation.results.items()}
    yield from _aligned("", [str(explanation.address)], texts)


def _aligned(head: str, labels: list[str], columns: Mapping[str, list[str]]) -> Iterator[str]:
    left = max(map(len, [head, *labels]))
    widths = {name: max(map(len, [name, *texts])) for name, texts in columns.items()}
    yield f"{head:<{left}}" + "".join(f"{GAP}{name:>{widths[name]}}" for name in columns)
    for at, label in enumerate(labels):
        yield f"{label:<{left}}" + "".join(f"{GAP}{texts[at]:>{widths[name]}}" for name, texts in columns.items())


def _told(explanation: Explanation) -> Iterator[str]:
    """Say what is beside it, what is wrong, what is not the engine's own, where engines part, what it feeds into."""
    sentences = [
        *(f"{each.text}: {', '.join(f'{name} {value:.17g}' for name, value in each.values.items())}"
          for each in explanation.beside),
        *(f"✗ {text}." for text in _doubts(explanation).values()),
        *(f"{engine}: {text}." for engine, said in explanation.remarks.items() for text in said),
        *(f"{first} − {other}: {each.text}." for (first, other), each in explanation.differences.items()),
    ]  # fmt: skip
    if explanation.used_by:
        sentences.append(f"feeds into {', '.join(map(str, explanation.used_by))}")
    if sentences:
        yield ""
        yield from sentences


def _doubts(explanation: Explanation) -> dict[str, str]:
    closings = {engine: each for engine, each in explanation.closings.items() if not each.reproduced}
    return {engine: doubt(each, of_sum=explanation.of_sum) for engine, each in closings.items()}


def _engine_of_tree(explanation: Explanation) -> str:
    """Return the engine whose numbers stand in the tree: the user's own where there is one, else the first."""
    return MINE if MINE in explanation.results else next(iter(explanation.results))


def _branches(node: Node, before: str, engine: str) -> Iterator[str]:
    """Write what a number is made of, a line or two each, and below each what that is made of."""
    operands = node.explanation.operands
    for operand in operands:
        last = operand is operands[-1] and not node.explanation.left_out
        yield f"{before}{'└' if last else '├'} {_operand(node, operand, engine)}"
        inner = node.below.get(operand.address)
        deeper = f"{before}{' ' if last else '│'} "
        if inner is not None:
            for text in _doubts(inner.explanation).values():
                yield f"{deeper}✗ {text}"
            yield from _branches(inner, deeper, engine) if inner.below else ()
    if node.explanation.left_out:
        yield f"{before}└ {node.explanation.left_out} more terms"


def _operand(node: Node, operand: Operand, engine: str) -> str:
    value = operand.values.get(engine)
    inner = node.below.get(operand.address)
    if inner is None:
        return operand.text if value is None else f"{operand.text} = {value:.6g}"
    numbers = inner.explanation.numbers.get(engine)
    formula = inner.explanation.formula.partition("; ")[0]
    return formula + ("" if numbers is None else f" = {numbers}")


# As JSON


def _object(node: Node) -> dict[str, Any]:
    """Return an explanation as JSON holds it; what is not finite is null."""
    explanation = node.explanation
    closings = explanation.closings
    return {
        "address": str(explanation.address),
        "formula": explanation.formula,
        "results": _finite(explanation.results),
        "numbers": dict(explanation.numbers),
        "order": explanation.order,
        "count": explanation.count,
        "terms": [
            {
                "text": term.text,
                "operands": [each.text for each in term.operands],
                "values": _finite({name: nearest(value) for name, value in term.values.items()}),
                "shares": _finite(term.shares),
            }
            for term in explanation.terms
        ],
        "left_out": _finite({name: nearest(each.left_out) for name, each in closings.items()}),
        "rounding": _finite({name: nearest(each.rounding) for name, each in closings.items()}),
        "allowed": _finite({name: each.allowed for name, each in closings.items()}),
        "adds_up": {name: each.reproduced for name, each in closings.items()},
        "doubts": _doubts(explanation),
        "remarks": {name: list(said) for name, said in explanation.remarks.items()},
        "differences": [_difference(explanation, pair) for pair in explanation.differences],
        "operands": [_operand_object(node, each) for each in explanation.operands],
        "beside": [_operand_object(node, each) for each in explanation.beside],
        "used_by": [str(each) for each in explanation.used_by],
    }


def _difference(explanation: Explanation, pair: tuple[str, str]) -> dict[str, Any]:
    found = explanation.differences[pair]
    causes = [
        {"operand": None if each.operand is None else each.operand.text, "amount": _number(each.amount)}
        for each in found.causes
    ]
    path = [str(each) for each in found.path]
    return {
        "engines": list(pair),
        "amount": _number(found.amount),
        "causes": causes,
        "path": path,
        "arises": found.arises,
        "text": found.text,
    }


def _operand_object(node: Node, operand: Operand) -> dict[str, Any]:
    plain = {"address": operand.text, "values": _finite(operand.values), "leaf": operand.leaf}
    inner = node.below.get(operand.address)
    return plain if inner is None else {**plain, "explanation": _object(inner)}


def _finite(values: Mapping[str, float | None]) -> dict[str, float | None]:
    return {name: _number(value) for name, value in values.items()}


def _number(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
