"""In a browser: its first paint beside a terminal's first frame, and how long a key takes until the page has changed.

The page loads 0.7 MB of client and font from the server; the session's program starts meanwhile, as it does in a
terminal. Both times are by the page's own clock: from the navigation, or from the key's event, to xterm.js's report
that it has rendered the text that is waited for. Chromium draws without a graphics card here.
"""

from __future__ import annotations

import asyncio
import importlib.util
import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from figure import Figure, compared, duration, percentile
from terminal import PROGRAM, Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from figure import Effort

NEEDED = ("aiohttp", "textual_serve")


def figures(effort: Effort) -> Iterator[Figure]:
    """Measure the start, then the keys; nothing, where there is no browser or no server."""
    reason = missing()
    if reason:
        print(f"skipped web: {reason}", file=sys.stderr, flush=True)
        return
    yield from asyncio.run(_measure(effort))


def missing() -> str:
    """Say why this can't be measured here; nothing where it can."""
    absent = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    return f"{' and '.join(absent)} not installed (mlp-tui[web])" if absent else str(_browser().MISSING)


def _browser() -> Any:
    spec = importlib.util.spec_from_file_location("browser", Path(__file__).parents[1] / "browser.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def _measure(effort: Effort) -> list[Figure]:
    browser = _browser()
    with tempfile.TemporaryDirectory() as downloads:
        async with browser.serving() as server, browser.browsing(downloads) as chromium:
            first, left = await _first_paint(browser, server, chromium, effort)
            keys = await _keys(server, chromium, effort)
    return [first, *keys, left]


async def _first_paint(browser: Any, server: Any, chromium: Any, effort: Effort) -> tuple[Figure, Figure]:
    """Open a page and a terminal in turns; the first of each, which reads the disk, doesn't count."""
    times: dict[str, list[float]] = {"browser": [], "terminal": []}
    for counted in range(-effort.warming, effort.rounds):
        tab = await chromium.open(server.address)
        painted = await tab.shows("1 Model") / 1e3
        await tab.close()
        await browser.until(lambda: not server.sessions, "the session has ended")
        terminal = await asyncio.to_thread(_terminal_start)
        if counted >= 0:
            times["browser"].append(painted)
            times["terminal"].append(terminal)
    figure = compared("first paint in a browser ÷ first frame in a terminal", 2.5, *times.values(), tuple(times))
    return figure, Figure("processes left behind by closed tabs", len(server.sessions), 0, "", f"{effort.rounds} times")


def _terminal_start() -> float:
    terminal = Terminal([*PROGRAM])
    try:
        return terminal.until(lambda seen: b"1 Model" in seen, "the first frame") - terminal.begun
    finally:
        terminal.close()


async def _keys(server: Any, chromium: Any, effort: Effort) -> list[Figure]:
    """Press keys that the screen answers by itself, and in turn keys that need the trainer; it is not training."""
    tab = await chromium.open(server.address)
    await tab.shows("q quit")
    await tab.press("n", "3")
    await tab.shows("ŷ autograd")
    times: dict[str, list[float]] = {"the screen alone": [], "with the trainer": []}
    row = 0
    for i in range(effort.presses // 2):
        step = 1 if row == 0 or (row < 9 and i % 2 == 0) else -1
        row += step
        times["the screen alone"].append(await tab.answers("ArrowDown" if step > 0 else "ArrowUp", f"[{row}, 0]"))
        key, named = ("]", "· dL/db1 ·") if i % 2 == 0 else ("[", "· dL/dW1 ·")
        times["with the trainer"].append(await tab.answers(key, named))
        if i % 2 == 0:  # back to the matrix with rows and columns, whose cells have a name of two numbers
            await tab.answers("[", "· dL/dW1 ·")
    await tab.close()
    together = [took for each in times.values() for took in each]
    medians = ", ".join(f"{name} {duration(statistics.median(each))}" for name, each in times.items())
    middle = Figure("key to painted page, median", statistics.median(together) * 1e3, 50, "ms", medians)
    most = percentile(together, 95) * 1e3
    return [middle, Figure("key to painted page, 95 % of the keys", most, 100, "ms", f"{len(together)} keys")]
