"""Downloads: files on their way from a session's process to the browser, a chunk at a time, each once."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from textual_serve.download_manager import DOWNLOAD_CHUNK_SIZE, Download, DownloadManager

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

PATIENCE = 20.0
"""Seconds that a session may take for a chunk."""


class BrokenOff(Exception):  # noqa: N818 - what happened, not what is wrong
    """The session has ended, or does not answer: the file is not whole."""


class Downloads(DownloadManager):
    """Textual's way of handing out files, except that one that breaks off is told from one that is whole."""

    def take(self, key: str) -> Download | None:
        """Return what is to be downloaded under a key, for the one who asks first."""
        found = self._active_downloads.get(key)
        if found is None or getattr(found, "taken", False):
            return None
        found.taken = True  # type: ignore[attr-defined]
        return found

    async def chunks(self, download: Download) -> AsyncGenerator[bytes, None]:
        """Give a file's content.

        Raises:
            BrokenOff: there is more that does not come.
        """
        request: dict[str, str | int | bool | None] = {
            "type": "deliver_chunk_request",
            "key": download.delivery_key,
            "size": DOWNLOAD_CHUNK_SIZE,
            "name": download.name,
        }
        try:
            while True:
                if not await download.app_service.send_meta(request):
                    raise BrokenOff
                async with asyncio.timeout(PATIENCE):
                    chunk = await download.incoming_chunks.get()
                if chunk is None:
                    raise BrokenOff
                if not chunk:
                    return
                yield chunk
        except TimeoutError:
            raise BrokenOff from None
        finally:
            self._active_downloads.pop(download.delivery_key, None)

    async def cancel_app_downloads(self, app_service_id: str) -> None:
        """Break off a session's downloads, and forget those that nobody has asked for."""
        await super().cancel_app_downloads(app_service_id)
        of_session = [key for key, each in self._active_downloads.items() if _is_of(each, app_service_id)]
        for key in of_session:
            del self._active_downloads[key]


def disposition(name: str) -> str:
    """Return the header that has a file saved under a name, whatever stands in it."""
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", name) or "file"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _is_of(download: Download, app_service_id: str) -> bool:
    return download.app_service.app_service_id == app_service_id
