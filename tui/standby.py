"""The trainer's process before the first frame: it waits, then becomes the service.

What a service imports is a tenth of a second of computing, which slows down the screen's own imports though it has a
core of its own: both cores share a memory. The screen sends `Painted` with its first frame, or a key before it.
"""

from __future__ import annotations

import select
import sys

MOST_DELAY = 0.5
"""Seconds after which it goes on even if nothing has been heard of the screen."""


def main() -> None:
    """Wait for something to read at the connection named on the command line, then serve it."""
    select.select([int(sys.argv[1])], [], [], MOST_DELAY)
    from tui.service import main as serve  # noqa: PLC0415 - this is what had to wait

    serve()


if __name__ == "__main__":
    main()
