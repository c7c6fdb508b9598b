"""Keys while it trains at full speed: how soon the screen shows what they did, and what that costs the training.

What a profile of the screen's process showed (py-spy, 300 samples a second, while it trained):

- Of the event loop's time, two thirds went into painting, nearly all of it a full update of the whole screen for each
  View. The cause: a reactive of a screen or of a container repaints all that is in it when it changes. Those that only
  hand a View on need `repaint=False`, so that only the panes that show something of it are painted.
- Of what was left, two thirds went into painting lines in which nothing had changed: for a line, Textual's own part
  (borders, filters, cutting, writing) takes twice as long as drawing it. A pane now compares its lines with those on
  the screen and repaints what differs. That took the bytes written in a second from 254,000 to 42,000, the processor's
  share from 15 to 8 %, and the cursor's keys from 13 to 5 ms.
- Textual paints in steps of a sixtieth of a second, and a key that just missed one waited for the one after the next.
  250 steps a second cost nothing where nothing changes.
- A key that needs the trainer waits for the end of its slice, so a slice is 10 ms long; what it asks for is looked up
  before the next slice begins, and before a View that is due. A slice trains in one call: each costs half an epoch of
  this network. Slices of 6 ms in up to three calls cost 6 % of the training.
- More than 10 Views a second are not told apart by the eye and cost both processes, so there are 10.5. Of the 2.5 ms
  that one takes, judging by rounding is a third, the two passes a quarter.

What a log of one key showed, of the answer map that turns to another layer's units (28 ms before, 20 after):

- Of the pane's own 3.5 ms, half went into finding out anew for each line what is drawn, and where its axes have marks.
- What the pane asked for waited 1.5 ms for the painting of its own new title: messages that bubble stop at each widget.
- A View that was due was sent first, then painted, then the one that had been asked for.
- The numbers, hidden behind the map, asked to be painted with each View; the screen arranged all widgets anew for it.
- Each of a line's segments went through five lists on its way to the terminal; two of them are left out now.
- Python's collection of all objects took 28 ms every second; of what is imported late it knows now that it stays.

What a profile of turning from one picture to another showed (100 ms before, at the worst 400; 45 after, at the worst
100): Textual's footer was made anew for each pane in focus, though it named the same keys, and nothing is painted as
long as that takes.
"""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

from figure import Figure, duration, percentile
from terminal import PATIENCE, PROGRAM, ROOT, Terminal, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from figure import Effort

LEAST_FRAMES = 10.0
_EPOCH = re.compile(rb"epoch ([\d,]+) of")
_LARGE_MAP, _SMALL_MAPS = "x2│", "each: x1"
"""What stands beside the one, and below the others."""
_UP, _DOWN = b"\x1b[A", b"\x1b[B"
_AUTOGRAD_IS_THERE = "ŷ autograd".encode()


class Opens(NamedTuple):
    """The key that opens a picture, and what shows then; with it, keys that change the picture itself, where any do."""

    key: bytes
    shows: str
    changes: str = ""
    turns: tuple[tuple[bytes, str], ...] = ()
    """A key that changes it and one that changes it back, each with the text that comes then."""


OF_PICTURES = {
    "answer map": Opens(b"7", _LARGE_MAP, "another map", ((_UP, _SMALL_MAPS), (_DOWN, _LARGE_MAP))),
    "loss curve": Opens(b"6", "Loss curve", "another axis", ((b"l", "curve · linear"), (b"l", "curve · log"))),
    "distributions": Opens(b"8", "log₁₀ ‖ΔW‖"),
}

BARE = """
import sys, time
from core.engines.autograd import Autograd
from core.engines.scratch import Scratch
from core.experiment_file import load
from core.session import Session

experiment = load("notebook")
session = Session(experiment)
for engine in (Scratch(experiment), Autograd(experiment)):
    session.join(engine)
session.advance(1000)
print("ready", flush=True)
for line in sys.stdin:
    before, begun = session.trained, time.perf_counter()
    while time.perf_counter() < begun + float(line):
        session.advance(100)
    print((session.trained - before) / (time.perf_counter() - begun), flush=True)
"""
"""Trains as fast as it can for the seconds that each line names, and answers with epochs a second."""


def figures(effort: Effort) -> Iterator[Figure]:
    """Measure the keys, then the training's speed."""
    terminal = Terminal([*PROGRAM])
    try:
        _begin(terminal)
        yield from _latency(terminal, effort)
        yield from _speed(terminal, effort)
        for picture in OF_PICTURES:
            yield from _latency_of(terminal, effort, picture)
    finally:
        terminal.close()


def _begin(terminal: Terminal) -> None:
    """Train without end in both engines, the numbers in focus."""
    terminal.until(lambda seen: b"press n to train" in seen, "the panes are filled")
    terminal.press(b"n")
    terminal.until(lambda seen: _AUTOGRAD_IS_THERE in seen, "autograd has joined")
    terminal.press(b"3g")
    terminal.until(lambda seen: b"Go to epoch" in seen, "it asks for an epoch")
    terminal.press(b"1000000000\r")
    terminal.until(lambda seen: len(set(_EPOCH.findall(seen))) > 5, "it trains")


def _latency(terminal: Terminal, effort: Effort) -> Iterator[Figure]:
    """Press keys that the screen answers by itself, and in turn keys that need the trainer.

    The cell's own line names the cell, and the pane's title the tensor: a View paints neither again.
    """
    times: dict[str, list[float]] = {"the screen alone": [], "with the trainer": []}
    for _ in range(effort.presses // 4):
        down, up = (_DOWN, "[1, 0]"), (_UP, "[0, 0]")
        times["the screen alone"] += [_answered(terminal, *each) for each in (down, up)]
        following, former = (b"]", "· dL/db1 ·"), (b"[", "· dL/dW1 ·")
        times["with the trainer"] += [_answered(terminal, *each) for each in (following, former)]
    yield from _of_keys("key to changed screen", times)


def _latency_of(terminal: Terminal, effort: Effort, picture: str) -> Iterator[Figure]:
    """Press the same keys with a picture open, and in turn those that change the picture itself."""
    opens = OF_PICTURES[picture]
    terminal.press(opens.key)
    terminal.until(lambda seen: opens.shows.encode() in seen, f"the {picture} is there")
    keys = {"another tensor": ((b"]", "▸   b1"), (b"[", "▸   W1"))} | (
        {opens.changes: opens.turns} if opens.turns else {}
    )
    times: dict[str, list[float]] = {kind: [] for kind in keys}
    for _ in range(effort.presses // (2 * len(keys))):
        for kind, pair in keys.items():
            times[kind] += [_answered(terminal, *each) for each in pair]
    yield from _of_keys(f"the same with the {picture} open", times)


def _of_keys(name: str, times: dict[str, list[float]]) -> Iterator[Figure]:
    """Make figures of how long keys of two kinds took."""
    together = [took for each in times.values() for took in each]
    medians = ", ".join(f"{kind} {duration(statistics.median(each))}" for kind, each in times.items())
    yield Figure(f"{name}, median", statistics.median(together) * 1e3, 20, "ms", medians)
    for percent, target in ((95, 50), (99, 100)):
        value = percentile(together, percent) * 1e3
        yield Figure(f"{name}, {percent} % of the keys", value, target, "ms", f"{len(together)} keys")


def _answered(terminal: Terminal, key: bytes, text: str) -> float:
    """Press a key at a moment that has nothing to do with the screen's frames; return how long its answer took."""
    pause = time.perf_counter() + 0.02 + 0.001 * (time.perf_counter_ns() % 61)
    while time.perf_counter() < pause:
        terminal.read(pause - time.perf_counter())
    wanted = text.encode()
    pressed = terminal.press(key)
    return terminal.until(lambda seen: wanted in seen, f"{key!r} shows {text}") - pressed


def _speed(terminal: Terminal, effort: Effort) -> Iterator[Figure]:
    """Train bare and with the screen in turns; the one waits while the other runs, and while the bare one starts.

    A machine's speed changes by some percent from one second to the next, so the turns are short and many.
    """
    shares, frames, speeds = [], [], []
    with subprocess.Popen(
        [sys.executable, "-c", BARE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True
    ) as bare:
        assert bare.stdin is not None
        assert bare.stdout is not None
        ask = _asker(bare.stdin.write, bare.stdin.flush, bare.stdout.readline)
        terminal.press(b" ")
        bare.stdout.readline()
        _train_on(terminal)
        for _ in range(2 * effort.rounds):
            shown, painted = _shown_speed(terminal, effort.seconds / 2)
            terminal.press(b" ")
            terminal.settle()
            alone = ask(effort.seconds / 2)
            _train_on(terminal)
            shares.append(shown / alone)
            frames.append(painted)
            speeds.append((shown, alone))
        bare.stdin.close()
    epochs = [statistics.median(each) for each in zip(*speeds, strict=True)]
    measured = f"{epochs[0]:,.0f} epochs a second with the screen, {epochs[1]:,.0f} without"
    yield Figure("training with the screen ÷ bare Session.advance", statistics.median(shares), 0.9, "×", measured, True)
    yield Figure("frames a second meanwhile", statistics.median(frames), LEAST_FRAMES, "", "", at_least=True)


def _train_on(terminal: Terminal) -> None:
    terminal.settle()
    terminal.press(b" ")
    terminal.until(lambda seen: len(set(_EPOCH.findall(seen))) > 2, "it trains on")


def _asker(
    write: Callable[[str], object], flush: Callable[[], object], readline: Callable[[], str]
) -> Callable[[float], float]:
    def ask(seconds: float) -> float:
        write(f"{seconds}\n")
        flush()
        return float(readline())

    return ask


def _shown_speed(terminal: Terminal, seconds: float) -> tuple[float, float]:
    """Return epochs a second by what the screen shows, and how many of them it showed in a second.

    On a busy machine it takes as long as two of them take.
    """
    shown: list[tuple[float, int]] = []
    begun, text = time.perf_counter(), b""
    while (passed := time.perf_counter() - begun) < seconds or len(shown) < 2:
        if not terminal.alive or passed > PATIENCE:
            raise TimeoutError(f"never: epochs are shown\n{text.decode(errors='replace')}")
        text = (text + plain(terminal.read(0.05)))[-4000:]
        found = _EPOCH.findall(text)
        if found:
            text = text[text.rfind(b"epoch ") + 6 :]
            epoch = int(found[-1].replace(b",", b""))
            if not shown or epoch != shown[-1][1]:
                shown.append((time.perf_counter(), epoch))
    (begun, first), (ended, last) = shown[0], shown[-1]
    return (last - first) / (ended - begun), (len(shown) - 1) / (ended - begun)
