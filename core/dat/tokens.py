"""The tokens of a text with arrays in it, in one pass over the text, however it is written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from core.errors import DumpError

if TYPE_CHECKING:
    from collections.abc import Iterator

NUMBER, OPEN, CLOSE, ROW, END, GAP, NOISE, WORD = "number", "open", "close", "row", "end", "gap", "noise", "word"

MOST_TOKENS = 1_500_000
"""Of a text: more take longer than anybody waits."""

LONGEST_NUMBER = 64
"""Longer ones are no numbers that a program prints."""

_TOKEN = re.compile(
    rf"""
      (?P<{END}> \n )
    | (?P<row_number> ^ [ \t]*+ \[ \d{{1,6}} ,? \] (?= [ \t]+ [-+.\d] ) )
    | (?P<skip> ^ [ \t]*+ (?: [-*•] [ \t]++ )++ (?= [-+.\d\[] ) | [ \t\r\f\v,|&│┃║]++ | \\\\++ )
    | (?P<{NUMBER}> (?: [+-] | (?<![\w.]) )
        (?: (?: \d++ (?: \.\d*+ )? | \.\d++ ) (?: e[+-]?\d++ | d[+-]\d++ )? | nan | inf(?:inity)? ) (?! \w | \.\d ) )
    | (?P<index> (?<= [\w{{^] ) \[ \s*+ ['"]?+ \w{{1,40}} ['"]?+ \s*+ \] | \[,\d{{1,6}}\] )
    | (?P<{OPEN}> \[ )
    | (?P<{CLOSE}> \] )
    | (?P<{ROW}> ; )
    | (?P<{GAP}> \.\.\.+ | … | ⋯ | ⋮ )
    | (?P<{NOISE}>
        (?: torch \. )? size \s*+ \( \s*+ \[ [\d\s,]{{0,40}} \] \s*+ \)
        | (?: (?: np | numpy | torch | jnp | tf ) \. )? (?: tensor | array | matrix | asarray | parameter | variable
            | float\d{{0,3}} | double | devicearray ) \s*+ \(
        | (?: dtype | grad_fn | requires_grad | device | layout | shape | size ) \s*+ = \s*+
            (?: < [^>\n]{{0,80}} > | ' [^'\n]{{0,40}} ' | " [^"\n]{{0,40}} " | \( [^()\n]{{0,40}} \) | [\w.:]{{1,40}} )
        | [()'"] )
    | (?P<{WORD}> [:={{}}] | [^\s\[\](),;|:='"{{}}…⋯⋮]++ )
    | (?P<other> . )
    """,
    re.VERBOSE | re.IGNORECASE | re.MULTILINE,
)


def tokens(text: str) -> Iterator[tuple[str, int, int]]:
    """Go through a text: what each token is, where it begins and where it ends. Blanks and commas part them.

    NOISE is what surrounds numbers without a meaning for them: `tensor(`, `dtype=float32`, `grad_fn=<MmBackward0>`. A
    word may end with an index, `grads[0]`; R's row numbers, `[1,]`, are passed over, and so are YAML's bullets and
    LaTeX's `&`.

    Raises:
        DumpError: there are too many.
    """
    for count, found in enumerate(_TOKEN.finditer(text)):
        if count > 2 * MOST_TOKENS:  # with the blanks between them
            raise DumpError(f"has more than {MOST_TOKENS:,} numbers, words and brackets", None, ".npz or .safetensors")
        kind = found.lastgroup
        if kind in ("skip", "row_number"):
            continue
        begin, end = found.span()
        if kind is None or kind in ("other", "index") or (kind == NUMBER and end - begin > LONGEST_NUMBER):
            kind = WORD
        yield kind, begin, end
