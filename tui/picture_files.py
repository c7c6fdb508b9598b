"""Pictures as files, of a session where it stands: what SavePicture and `mlp-tui train --pictures` write."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from core.files import write_whole
from core.functions.losses import LOSSES
from core.metrics import ACCURACY, HELD_OUT_ACCURACY, HELD_OUT_LOSS
from core.pictures.figures import FORMATS, Format, answer_map, distributions, encoded, loss_curve
from core.pictures.plane import forward
from core.pictures.spread import spread_of
from tui.depicted import MOST_INPUTS, engine_of, plane_of
from tui.protocol import Picture, SavePicture, ShowPlane

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from core.arrays import Float64Array
    from core.frame import Frame
    from core.session import Session

BINS = 30
CELLS = 200
"""Across and down, of a map."""
SMALL_CELLS = 80
MOST_UNITS = 36
NAMES: dict[Picture, str] = {"curve": "loss-curve", "map": "answer-map", "spread": "distributions"}


def write_picture(session: Session, frame: Frame, asked: SavePicture) -> int:
    """Write one picture of a session and of a frame of it; return its size in bytes.

    Raises:
        FileError: Matplotlib is not installed, the network has too many inputs for a map, or the file can't be written.
    """
    content = picture(session, frame, asked)
    write_whole(asked.path, content, replace=asked.replace)
    return len(content)


def picture(session: Session, frame: Frame, asked: SavePicture) -> bytes:
    """Return one picture as the content of its file."""
    figure = {"curve": _curve, "map": _map, "spread": _spread}[asked.picture](session, frame, asked)
    return encoded(figure, cast("Format", asked.path.suffix.lower().removeprefix(".")))


def all_pictures(session: Session, folder: Path, *, replace: bool) -> Iterator[SavePicture]:
    """Give every picture of a session in both formats: the curve, and for each engine map and distributions."""
    for kind in FORMATS:
        yield SavePicture("curve", folder / f"{NAMES['curve']}.{kind}", replace=replace)
        for engine in session.engines:
            for each in _of_engine(session):
                yield SavePicture(each, folder / f"{NAMES[each]}-{engine}.{kind}", engine, replace=replace)


def _of_engine(session: Session) -> tuple[Picture, ...]:
    return ("map", "spread") if session.experiment.layers[0] <= MOST_INPUTS else ("spread",)


def _curve(session: Session, _frame: Frame, asked: SavePicture) -> object:
    losses = {name: session.losses(name) for name in session.engines}
    measured = {
        f"{metric} {name}": values for name in session.engines for metric, values in session.metrics(name).items()
    }
    losses |= _named(measured, HELD_OUT_LOSS)
    accuracies = _named(measured, ACCURACY) | _named(measured, HELD_OUT_ACCURACY)
    return loss_curve(losses, accuracies, session.experiment.name, log=asked.logarithmic)


def _named(series: dict[str, Float64Array], metric: str) -> dict[str, Float64Array]:
    return {name: values for name, values in series.items() if name.startswith(f"{metric} ")}


def _map(session: Session, frame: Frame, asked: SavePicture) -> object:
    from core.errors import FileError  # noqa: PLC0415 - only a refusal needs it

    experiment = session.experiment
    if experiment.layers[0] > MOST_INPUTS:
        what = f"the answer map needs one or two inputs; this network has {experiment.layers[0]:,}"
        raise FileError(what, str(asked.path))
    layer = asked.layer or experiment.depth
    count = 1 if asked.unit is not None else min(experiment.layers[layer], MOST_UNITS)
    cells = CELLS if count == 1 else SMALL_CELLS
    looked = ShowPlane(cells, cells, layer, asked.unit or 0, count, asked.engine)
    plane = plane_of(session, frame, looked)
    activations = experiment.at(max(frame.epoch, 1)).activations()
    answers = None
    if layer == experiment.depth:
        answers = forward(engine_of(frame, asked.engine).after, activations, plane.samples.x, layer)
    what = "output" if answers is not None else f"layer {layer}, unit"
    titles = [f"{what} {looked.first + i}" if experiment.layers[layer] > 1 else "" for i in range(count)]
    names = plane.class_names if asked.unit is None else None
    if answers is not None and names is not None and len(names) == len(titles) > 1:
        titles = list(names)
    samples = (np.asarray(plane.samples.x), np.asarray(plane.samples.y))
    heading = f"{experiment.name} · {plane.engine} after epoch {frame.epoch:,}"
    return answer_map(
        plane.values, plane.extent, samples, titles=titles, classes=names, answers=answers, heading=heading
    )


def _spread(session: Session, frame: Frame, asked: SavePicture) -> object:
    settings, engine = session.experiment.at(max(frame.epoch, 1)), engine_of(frame, asked.engine)
    activations = settings.activations()
    spread = spread_of(engine, activations, BINS, fused=LOSSES[settings.loss].fused)
    return distributions(spread, activations, f"{session.experiment.name} · {engine.name} · epoch {frame.epoch:,}")
