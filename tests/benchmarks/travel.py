"""Going back in time: jumps through a long run, what its history takes, and whether an epoch looks as it did."""

from __future__ import annotations

import os
import random
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from figure import Figure, duration

from core.engines.autograd import Autograd
from core.engines.scratch import Scratch
from core.experiment_file import load
from core.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from figure import Effort

    from core.arrays import FloatArray
    from core.engines.base import Pass
    from core.frame import EngineFrame, Frame

REMEMBERED = 0.5
"""How many of the jumps lead to epochs whose frame was kept when they were trained."""


def figures(effort: Effort) -> Iterator[Figure]:
    """Train both engines on the notebook's network, then jump to random epochs."""
    numbers = random.Random(7)
    targets = [numbers.randint(1, effort.epochs) for _ in range(effort.jumps)]
    session = _session()
    session.advance(min(100, effort.epochs))  # PyTorch has allocated what it keeps
    before = _resident_bytes()
    first_seen = _trained(session, effort.epochs, targets[: int(REMEMBERED * len(targets))])
    history = _resident_bytes() - before
    times, differing = [], 0
    for epoch in targets:
        begun = time.perf_counter()
        session.seek(epoch)
        frame = session.frame()
        times.append(time.perf_counter() - begun)
        differing += epoch in first_seen and first_seen[epoch] != bits(frame)
    yield from _figures(effort, times, history, differing, len(first_seen))


def _figures(effort: Effort, times: list[float], history: int, differing: int, remembered: int) -> Iterator[Figure]:
    run = f"{effort.jumps} jumps in a run of {effort.epochs:,} epochs, both engines"
    median, worst = statistics.median(times), max(times)
    yield Figure("jump to a random epoch, median", median * 1e3, 30, "ms", run)
    yield Figure("jump to a random epoch, worst", worst * 1e3, 100, "ms", f"quickest {duration(min(times))}")
    yield Figure("history in memory", history / 1e6, 64, "MB", "growth of the process while it trained")
    named = f"{remembered} frames, every number compared bit by bit with those first seen"
    yield Figure("frames that differ from what was first seen", differing, 0, "", named)


def _session() -> Session:
    experiment = load("notebook")
    session = Session(experiment)
    for engine in (Scratch(experiment), Autograd(experiment)):
        session.join(engine)
    return session


def _trained(session: Session, epochs: int, remembered: list[int]) -> dict[int, bytes]:
    """Train to the end, stopping at some epochs to remember what their frame held; as bits, which take little."""
    seen = {}
    for epoch in sorted({each for each in remembered if each > session.trained}):
        session.advance(epoch - session.trained)
        seen[epoch] = bits(session.frame())
    session.advance(epochs - session.trained)
    return seen


def bits(frame: Frame) -> bytes:
    """Return every number of a frame, in every engine."""
    return b"".join(part for engine in frame.engines.values() for part in _bits(engine))


def _bits(engine: EngineFrame) -> Iterator[bytes]:
    assert engine.computed is not None
    yield engine.before.flat.tobytes()
    yield engine.after.flat.tobytes()
    yield engine.computed.gradients.flat.tobytes()
    yield np.array([engine.loss, engine.computed.loss]).tobytes()
    for values in _by_layer(engine.computed):
        yield from (values[k].tobytes() for k in sorted(values))


def _by_layer(computed: Pass) -> tuple[Mapping[int, FloatArray], ...]:
    return computed.z, computed.a, computed.delta


def _resident_bytes() -> int:
    """Return the memory that this process holds now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
