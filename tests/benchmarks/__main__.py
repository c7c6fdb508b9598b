"""Every figure with its target, in one table.

    python tests/benchmarks [--write] [NAME…]

NAME is a benchmark: updates, travel, launching, keypresses, matrices, losses, explaining, web; without one, all are
run, which takes about ten minutes on a machine that does nothing else. `--write` puts the table into the README,
between its two marks.
Exit status: 0 if every target is met, 1 if one is missed.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

from figure import FULL, table  # noqa: E402 - found once the path is set

if TYPE_CHECKING:
    from figure import Figure

BENCHMARKS = ("updates", "travel", "launching", "keypresses", "matrices", "losses", "explaining", "web")
README = HERE.parents[1] / "README.md"
BEGIN, END = "<!-- benchmarks: begin -->", "<!-- benchmarks: end -->"


def main() -> int:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(prog="tests/benchmarks", description="Every figure with its target.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(BENCHMARKS)}")
    parser.add_argument("--write", action="store_true", help="put the table into the README")
    asked = parser.parse_args()
    unknown = [name for name in asked.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"no benchmark is called {', '.join(unknown)}")
    if asked.write and asked.names:
        parser.error("--write needs all benchmarks")
    figures = [figure for name in asked.names or BENCHMARKS for figure in _figures(name)]
    _report(figures, write=asked.write)
    return 0 if all(figure.met for figure in figures) else 1


def _figures(name: str) -> list[Figure]:
    """Run one benchmark, and say what it gives as it comes."""
    figures = []
    for figure in importlib.import_module(name).figures(FULL):
        figures.append(figure)
        print(f"{'met   ' if figure.met else 'MISSED'}  {'  '.join(figure.cells())}", file=sys.stderr, flush=True)
    return figures


def _report(figures: list[Figure], *, write: bool) -> None:
    """Print the table with what it was measured on, and put it into the README if that is asked for."""
    text = f"{_machine()}\n\n{table(figures)}\n"
    print(text)
    missed = [figure.name for figure in figures if not figure.met]
    print(f"missed: {'; '.join(missed)}" if missed else f"All {len(figures)} targets are met.")
    if write:
        README.write_text(between_marks(README.read_text(encoding="utf-8"), text), encoding="utf-8")


def between_marks(readme: str, text: str) -> str:
    """Return the README with the text between its two marks.

    Raises:
        ValueError: it has not exactly one of each, in that order.
    """
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end or BEGIN in rest or END in after:
        raise ValueError(f"expected one line {BEGIN!r} and below it one line {END!r} in the README")
    return f"{before}{begin}\n{text}{end}{after}"


def _machine() -> str:
    import numpy as np
    import textual
    import torch

    versions = f"NumPy {np.__version__}, PyTorch {torch.__version__}, Textual {textual.__version__}"
    return f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, {versions}:"


if __name__ == "__main__":
    sys.exit(main())
