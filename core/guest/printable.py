"""Text of the user's file, with nothing in it that a terminal would obey."""

from __future__ import annotations


def printable(text: str) -> str:
    """Return a line with � for what can't be shown; a tab stays."""
    return "".join(each if each.isprintable() or each == "\t" else "�" for each in text)


def printable_lines(text: str) -> list[str]:
    """Return the lines of what a file printed."""
    return [printable(line) for line in text.rstrip().splitlines()]
