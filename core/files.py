"""Files: written whole or not at all; what is read is a regular file."""

from __future__ import annotations

import contextlib
import os
import secrets
from typing import TYPE_CHECKING

from core.errors import FileError, MlpError

if TYPE_CHECKING:
    from pathlib import Path


def write_whole(path: Path, content: bytes, *, replace: bool = False, error: type[MlpError] = FileError) -> None:
    """Write a file whole or not at all: to a temporary one beside it, flushed to the disk, and renamed over it.

    Raises:
        FileError (or the kind that is given): it can't be written, or a file is in the way and `replace` is not given.
    """
    temporary = path.parent / f".mlp-tui-{secrets.token_hex(8)}"
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _put(temporary, path, replace=replace)
    except FileExistsError:
        raise error("can't be written (exists already)", str(path)) from None
    except (OSError, ValueError) as reason:
        raise error(f"can't be written ({why(reason)})", str(path)) from None
    finally:
        with contextlib.suppress(OSError, ValueError):
            temporary.unlink()


def require_regular(path: Path, expected: str) -> int:
    """Return the size in bytes of a file that is to be read.

    Raises:
        FileError: it is not there, or a folder, a pipe, a device.
    """
    try:
        if path.exists() and not path.is_file():
            raise FileError("is no regular file", str(path), expected)
        with path.open("rb"):
            return path.stat().st_size
    except (OSError, ValueError) as reason:
        raise FileError(f"can't be read ({why(reason)})", str(path), expected) from None


def require_place(path: Path, expected: str, *, error: type[MlpError] = FileError) -> None:
    """Refuse a path that `write_whole` could not write to, before the work is done that is to be written.

    Raises:
        FileError (or the kind that is given): its folder is not there or can't be written to, or something that is no
            regular file is in the way.
    """
    if not path.parent.is_dir():
        raise error("is in no folder that is there", str(path), f"{expected} in a folder that exists")
    if path.exists() and not path.is_file():
        raise error("is no regular file", str(path), expected)
    temporary = path.parent / f".mlp-tui-{secrets.token_hex(8)}"
    try:
        temporary.open("xb").close()
        temporary.unlink()
    except (OSError, ValueError) as reason:
        raise error(f"can't be written ({why(reason)})", str(path), expected) from None


def why(reason: Exception) -> str:
    """Return what the system says of a failure."""
    return getattr(reason, "strerror", None) or str(reason)


def _put(temporary: Path, path: Path, *, replace: bool) -> None:
    if not replace:
        path.open("x").close()  # fails where a file is in the way
    try:
        temporary.replace(path)
    except OSError:
        if not replace:
            path.unlink()
        raise
