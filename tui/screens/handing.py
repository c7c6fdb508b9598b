"""Handing over: what was written for a browser goes to its downloads, and leaves nothing behind here."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tui.numbers import count_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from textual.app import App


async def hand_over(app: App[None], paths: Sequence[Path], name: str) -> None:
    """Have the browser download files, which have a folder to themselves: several as `NAME-dumps.zip`."""
    import shutil  # noqa: PLC0415 - the first frame does without

    from tui.screens.save import slug  # noqa: PLC0415

    folder = paths[0].parent
    try:
        path = paths[0] if len(paths) == 1 else folder / f"{slug(name)}-dumps.zip"
        if path not in paths:
            await asyncio.to_thread(_zip, paths, path)
        nbytes, content = path.stat().st_size, path.open("rb")
    except OSError as error:
        app.notify(f"It can't be downloaded: {error.strerror}.", severity="error", markup=False)
        return
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)  # an open file can still be read
    app.deliver_binary(content, save_filename=path.name)
    app.notify(f"To your downloads, {count_text(nbytes)}: {path.name}", markup=False)


def _zip(paths: Sequence[Path], into: Path) -> None:
    import zipfile  # noqa: PLC0415 - only downloads of several files need it

    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in paths:
            packed.write(path, path.name)
