"""The text of a file that somebody wrote somewhere: its encoding, and how numbers are spelt there."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

from core.dat.languages import has_han_words
from core.errors import DumpError

if TYPE_CHECKING:
    from pathlib import Path

EXPECTED = "gradients: a dump of mlp-tui, text with arrays in it, .npz, .safetensors or .pt"

_BINARY = {
    b"\x1f\x8b": "is compressed with gzip: unpack it first",
    b"BZh": "is compressed with bzip2: unpack it first",
    b"\xfd7zXZ\0": "is compressed with xz: unpack it first",
    b"\x28\xb5\x2f\xfd": "is compressed with zstd: unpack it first",
    b"\x93NUMPY": "is a .npy of one array: write all of them, by name, with np.savez",
    b"\x89HDF": "is HDF5",
    b"MATLAB 5.0 MAT": "is a .mat of MATLAB",
    b"\x89PNG": "is a picture",
    b"%PDF": "is a PDF",
}
"""What a file of another kind begins with, and what it is."""

_PICKLE = re.compile(
    rb"\x80[\x02-\x05]|\([dl]p0\n|c(?:__builtin__|builtins|collections|copy_reg|numpy|torch|pandas)[\w.]{0,40}\n|[\]}]q\0"
)
"""What pickles begin with, of all protocols."""

_PLAIN = str.maketrans("\N{MINUS SIGN}\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}［］（），：；＝", "-  [](),:;=")
"""What typesetters and Chinese keyboards write for the signs of programs."""

_ESCAPE = re.compile(r"\x1b(?:\[[0-9;:?]{0,40}[A-Za-z]|[()][A-Z0-9]|\][^\x07\x1b\n]{0,200}(?:\x07|\x1b\\))")
"""Colours and other orders to a terminal."""

_SPELT = (
    (re.compile(r"[+-]?\b1\.#(?:QNAN|SNAN|IND)\d*"), "nan"),
    (re.compile(r"\b1\.#INF\d*"), "inf"),
    (re.compile(r"[+-]?\bnan\((?:ind|snan)\)", re.IGNORECASE), "nan"),
)
"""How C libraries on Windows spell what is no number."""

_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\xfe\xff]")
"""What no text has in an encoding of single bytes, or of one and two."""

_DECIMAL_COMMA = re.compile(r"(?<![\w.,])([+-]?\d+),(\d{2,}(?:e[+-]?\d+)?)(?![\w.,])", re.IGNORECASE)
_DECIMAL_POINT = re.compile(r"\d\.\d")
_OTHER_COMMA = re.compile(r"\d,[\s\d]")


def text_of(path: Path) -> tuple[str, list[str]]:
    """Return what stands in a file, with a line feed at each line's end, and remarks on how it was read.

    It is UTF-8, or UTF-16 as a shell on Windows writes it; or an older encoding, whose numbers are the same.

    Raises:
        DumpError: it is no text.
    """
    content = path.read_bytes()
    _refuse_binary(path, content)
    text, remarks = _decoded(path, content)
    if "\0" in text:
        raise DumpError("is no text", str(path), EXPECTED)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.isascii():
        text = text.translate(_PLAIN)
    if "\x1b" in text:
        text = _ESCAPE.sub("", text)
    if "#" in text or "(" in text:
        for pattern, word in _SPELT:
            text = pattern.sub(word, text)
    if has_decimal_commas(text):
        text = _DECIMAL_COMMA.sub(r"\1.\2", text)
        remarks.append("no number has a decimal point: commas were read as such")
    return text, remarks


def _refuse_binary(path: Path, content: bytes) -> None:
    what = next((said for begin, said in _BINARY.items() if content.startswith(begin)), None)
    if what is None and _PICKLE.match(content):
        what = (
            "is a pickle, which could run anything and is not opened: write text, or np.savez, or torch.save as of 1.6"
        )
    if what is not None:
        raise DumpError(what, str(path), EXPECTED)


def _decoded(path: Path, content: bytes) -> tuple[str, list[str]]:
    wide = _wide(content)
    try:
        return content.decode(wide or "utf-8-sig"), []
    except UnicodeDecodeError as error:
        if wide is None and not _CONTROL.search(content):
            encoding, called = _older(content)
            return content.decode(encoding), [f"is no UTF-8 text: read as {called}"]
        line = content.count(b"\n", 0, error.start) + 1
        raise DumpError("is no UTF-8 text", f"{path}, line {line}", EXPECTED) from None


def _wide(content: bytes) -> str | None:
    """Return which UTF-16 it is: by its mark, or by the zeros that every other byte of plain text has in it."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    begin = content[:64]
    if len(begin) < 8 or len(content) % 2:
        return None
    zeros = [side.count(0) * 4 > 3 * len(side) and not other.count(0) for side, other in _sides(begin)]
    return "utf-16-le" if zeros[0] else "utf-16-be" if zeros[1] else None


def _sides(begin: bytes) -> tuple[tuple[bytes, bytes], tuple[bytes, bytes]]:
    """Return the high and the low bytes as they are in UTF-16 of either order."""
    return (begin[1::2], begin[::2]), (begin[::2], begin[1::2])


def _older(content: bytes) -> tuple[str, str]:
    """Return the encoding that was usual before UTF-8: of China where it gives known words, else of the West."""
    try:
        if has_han_words(content.decode("gb18030")):
            return "gb18030", "GB 18030"
    except UnicodeDecodeError:
        pass
    return "latin-1", "Latin-1"


def has_decimal_commas(text: str) -> bool:
    """Whether numbers have a comma before their decimals: there are such numbers, and no others."""
    if "," not in text or _DECIMAL_POINT.search(text) or not _DECIMAL_COMMA.search(text):
        return False
    return not _OTHER_COMMA.search(_DECIMAL_COMMA.sub(" ", text))
