"""Starting and leaving: the first frame beside a minimal Textual app's, what help needs, and how soon it is over.

What profiles of the start and of the end showed (`-X importtime`, pyinstrument every 0.2 ms, and a clock at each step):

- Three quarters of a start are imports, and three quarters of these are Textual's own. Of ours, the messages between
  screen and trainer took most: each dataclass compiles half a dozen methods, 0.3 ms. As msgspec's structs they take a
  tenth, and as their module no longer imports experiments, all that comes with those (60 ms of CPU became 5).
- Collecting garbage while nothing is garbage took a tenth of the imports: it begins with the first frame.
- The trainer's own start slows the screen's down, though it has a core of its own: what it imports cost the first frame
  40 ms. It waits for that frame, and PyTorch's import, a second of reading and computing, for what comes after it.
- Composing and painting the panes takes 50 ms: the full paint 10, laying out and mounting 20. Parsing the style sheet
  took 10; half of it was for dialogs, which now bring their own when the first one comes up.
- What Python has to compile first comes on top of all that, 50 ms. The first start does that, as installing does.
- Of the 360 ms that leaving took, 200 are Textual's: its input thread looks twice a tenth of a second for keys. Python
  took 80 to take modules apart, which is left out now; the trainer took 70 to end, and does so meanwhile.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from typing import TYPE_CHECKING

from figure import Figure, compared, duration
from terminal import PROGRAM, ROOT, Terminal, children, lives

if TYPE_CHECKING:
    from collections.abc import Iterator

    from figure import Effort

MINIMAL = """
from textual.app import App
from textual.widgets import Static

class Minimal(App):
    def compose(self):
        yield Static("painted")

Minimal().run()
"""

IMPORTED = """
import atexit, os, sys
def tell():
    heavy = sorted(name for name in sys.modules if name.split(".")[0] in ("textual", "torch"))
    os.write(2, ("modules:" + " ".join(heavy)).encode())
atexit.register(tell)
from tui.cli import main
main()
"""


def figures(effort: Effort) -> Iterator[Figure]:
    """Measure the start, then what the options import, then the end."""
    yield _first_paint(effort)
    for option in ("--help", "--version"):
        yield _imports(option)
    yield from _leaving(effort)


def _first_paint(effort: Effort) -> Figure:
    """Both from the spawn to the first frame's text; the first start of each, which reads the disk, doesn't count."""
    commands = {"mlp-tui": (PROGRAM, b"1 Model"), "minimal": ([sys.executable, "-c", MINIMAL], b"painted")}
    times: dict[str, list[float]] = {name: [] for name in commands}
    for counted in range(-effort.warming, effort.rounds):
        for name, (command, text) in commands.items():
            terminal = Terminal(command)
            try:
                painted = terminal.until(lambda seen, text=text: text in seen, "the first frame") - terminal.begun
            finally:
                terminal.close()
            if counted >= 0:
                times[name].append(painted)
    return compared("first frame ÷ a minimal Textual app's", 1.35, *times.values(), ("mlp-tui", "minimal app"))


def _imports(option: str) -> Figure:
    command = [sys.executable, "-c", IMPORTED, option]
    done = subprocess.run(command, check=True, capture_output=True, cwd=ROOT, env={"PYTHONPATH": str(ROOT)})
    modules = done.stderr.decode().partition("modules:")[2].split()
    return Figure(f"modules of textual or torch that {option} imports", len(modules), 0, "", " ".join(modules[:3]))


def _leaving(effort: Effort) -> Iterator[Figure]:
    """From `q`, while it trains at full speed, until the program and all that it started have ended."""
    times, left = [], 0
    for _ in range(max(1, effort.rounds // 2)):
        terminal = Terminal([*PROGRAM])
        try:
            terminal.until(lambda seen: b"press n to train" in seen, "the panes are filled")
            started = children(terminal.pid)
            terminal.press(b"g")
            terminal.until(lambda seen: b"Go to epoch" in seen, "it asks for an epoch")
            terminal.press(b"1000000000\r")
            terminal.until(lambda seen: b"epoch 1" in seen, "it trains")
            terminal.until(lambda seen: seen.count(b"of 1") > 20, "it has trained for a while")
            pressed = terminal.press(b"q")
            times.append(terminal.wait() - pressed)
            left += sum(map(lives, started))
        finally:
            terminal.close()
    measured = f"median {duration(statistics.median(times))}, quickest {duration(min(times))}"
    yield Figure("quitting while it trains, worst", max(times) * 1e3, 300, "ms", measured)
    yield Figure("processes left behind", left, 0, "", f"{len(times)} times")
