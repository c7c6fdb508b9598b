"""The server: a page, a session for each visitor, and downloads; behind the guard."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiohttp import WSCloseCode, WSMsgType, web
from aiohttp.http_exceptions import HttpProcessingError

from core.errors import MlpError
from tui.web.downloads import BrokenOff, Downloads, disposition
from tui.web.files import files
from tui.web.guard import HEADERS, Asked, Guard, is_loopback
from tui.web.sessions import Places, Program, Session

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

MOST_IN_A_MESSAGE = 1 << 20
"""Bytes: a text that is pasted may be long."""
IDLE, NO_PLACE = 4000, 4001
"""Codes with which a socket is closed, of those that are free for programs."""
BEAT = 15.0
"""Seconds after which a browser that has gone without a word is missed."""

BEYOND_THIS_MACHINE = (
    "whoever has this address can use this computer's processor and memory, and others on the way can read it and all "
    "that is sent, as nothing is encrypted"
)
TRUSTING = "--trust lets everyone who has this address read the files that you can read"


class ServeError(MlpError):
    """The server can't listen where it should."""


@dataclass(frozen=True)
class Offer:
    """What is served to whom."""

    program: Program = field(default_factory=Program)
    host: str = "127.0.0.1"
    port: int = 8000
    """0 for any that is free."""
    sessions: int = 8
    """At most so many at once."""
    idle: float = 30.0
    """Minutes without a key or the mouse after which a session is ended."""


def serve(offer: Offer) -> int:
    """Serve until a signal ends it; return the exit status.

    Raises:
        ServeError: it can't listen there.
    """
    asyncio.run(_serve(offer))
    return 0


async def _serve(offer: Offer) -> None:
    over = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, over.set)
    server = Server(offer)
    await server.start()
    try:
        _tell(server.guard, offer)
        await over.wait()
    finally:
        await server.stop()


def _tell(guard: Guard, offer: Offer) -> None:
    """Print the address, and what there is to know about it."""
    print(f"mlp-tui is at {guard.address}", flush=True)
    print("ctrl+c ends it, and all sessions.", flush=True)
    warnings = [] if is_loopback(offer.host) else [BEYOND_THIS_MACHINE]
    for warning in [*warnings, *([TRUSTING] if offer.program.trust else [])]:
        print(f"mlp-tui: warning: {warning}.", file=sys.stderr, flush=True)


class Server:
    """Answers requests."""

    guard: Guard
    """There once it has started."""

    def __init__(self, offer: Offer) -> None:
        self._offer = offer
        self._files = files()
        self._downloads = Downloads()
        self._places = Places(offer.sessions)
        self._sockets: set[web.WebSocketResponse] = set()
        app = web.Application(middlewares=[self._guarded])
        app.on_response_prepare.append(_add_headers)
        app.on_shutdown.append(self._close_sessions)
        app.router.add_get("/session", self._session, allow_head=False)
        app.router.add_get("/download/{key}", self._download, allow_head=False)
        app.router.add_get("/{path:.*}", self._file)
        self._runner = web.AppRunner(app, access_log=None, logger=_log(), handle_signals=False, shutdown_timeout=10)

    async def start(self) -> None:
        """Listen.

        Raises:
            ServeError: that is not possible there.
        """
        host, port = self._offer.host, self._offer.port
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host, port).start()
        except OSError as error:
            await self._runner.cleanup()
            reason = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
            raise ServeError(
                f"can't listen there ({reason})", f"{host}:{port}", "a free port of this machine"
            ) from None
        self.guard = Guard(host, self._runner.addresses[0][1])

    async def stop(self) -> None:
        """End all sessions, then listen no more."""
        await self._runner.cleanup()

    # Who may

    @web.middleware
    async def _guarded(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        refusal = self.guard.refusal(self._asked(request))
        if refusal:
            return web.Response(status=403, text=f"{refusal}\n")
        return await handler(request)

    def _asked(self, request: web.Request) -> Asked:
        return Asked(
            host=request.headers.get("Host", ""),
            origin=request.headers.get("Origin"),
            token=request.query.get("token") if request.path == "/" else None,
            cookie=request.cookies.get(self.guard.cookie),
            session=request.path == "/session",
        )

    # What there is

    async def _file(self, request: web.Request) -> web.StreamResponse:
        """Give a file out of the table; the page leaves the cookie."""
        file = self._files.get(request.path)
        if file is None:
            return web.Response(status=404, text="There is nothing here.\n")
        response = web.Response(body=file.content, content_type=file.mime_type, charset=_charset(file.mime_type))
        if request.path == "/":
            response.set_cookie(self.guard.cookie, self.guard.token, httponly=True, samesite="Strict", path="/")
        return response

    async def _download(self, request: web.Request) -> web.StreamResponse:
        """Hand on a file of a session."""
        download = self._downloads.take(request.match_info["key"])
        if download is None:
            return web.Response(status=404, text="This has been downloaded, or its session has ended.\n")
        response = web.StreamResponse(headers={"Content-Disposition": disposition(download.file_name)})
        response.content_type = "application/octet-stream"
        await response.prepare(request)
        try:
            async for chunk in self._downloads.chunks(download):
                await response.write(chunk)
        except BrokenOff:
            if request.transport is not None:
                request.transport.abort()  # or the browser would take the part for the whole
            return response
        await response.write_eof()
        return response

    async def _session(self, request: web.Request) -> web.StreamResponse:
        """Run the program for a page until either has ended."""
        socket = web.WebSocketResponse(heartbeat=BEAT, max_msg_size=MOST_IN_A_MESSAGE)
        await socket.prepare(request)
        self._sockets.add(socket)
        try:
            async with self._places.one() as there_is:
                if not there_is:
                    await socket.close(code=NO_PLACE, message=self._full.encode())
                elif not (socket.closed or _has_left(request)):
                    await self._run(request, socket)
        finally:
            self._sockets.discard(socket)
        return socket

    async def _run(self, request: web.Request, socket: web.WebSocketResponse) -> None:
        """Run the program until its page has gone, or it has ended."""
        session = Session(self._offer.program, socket.send_bytes, socket.send_str, _closing(socket), self._downloads)
        try:
            await session.start(_number(request.query, "width", 80), _number(request.query, "height", 24))
            await self._listen(socket, session)
        finally:
            await session.stop()

    async def _listen(self, socket: web.WebSocketResponse, session: Session) -> None:
        """Hand on what the page sends until it ends, or sends no key for too long, or no sense."""
        loop, idle = asyncio.get_running_loop(), self._offer.idle * 60
        try:
            async with asyncio.timeout(idle) as end:
                async for message in socket:
                    if message.type is WSMsgType.TEXT and await _follow(session, message.json()):
                        end.reschedule(loop.time() + idle)
        except TimeoutError:
            await socket.close(code=IDLE, message=f"Ended: no key for {self._offer.idle:g} minutes.".encode())
        except (ValueError, RecursionError):
            await socket.close(code=WSCloseCode.UNSUPPORTED_DATA, message=b"Ended: what came was no message.")

    @property
    def _full(self) -> str:
        places = f"All {self._places.most} places are" if self._places.most > 1 else "The only place is"
        return f"{places} taken; try again when somebody has left."

    async def _close_sessions(self, _app: web.Application) -> None:
        for socket in list(self._sockets):
            await socket.close(code=WSCloseCode.GOING_AWAY, message=b"mlp-tui serve has ended.")


def _log() -> logging.Logger:
    """Return a log of what fails here; that strangers send no HTTP is none of it."""
    log = logging.getLogger("mlp-tui.serve")
    log.addFilter(_is_ours)
    return log


def _is_ours(record: logging.LogRecord) -> bool:
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


async def _follow(session: Session, message: list[object]) -> bool:
    """Hand a message on to the session; return whether somebody sits before the page.

    Raises:
        ValueError: it is none.
    """
    match message:
        case ["stdin", str(keys)]:
            await session.send_bytes(keys.encode("utf-8", "replace"))
            return True
        case ["resize", {"width": int(width), "height": int(height)}]:
            await session.set_terminal_size(width, height)
        case ["ping", str(when)]:
            await session.remote_write_str(f'["pong", "{int(when)}"]')
        case ["focus"]:
            await session.focus()
        case ["blur"]:
            await session.blur()
        case _:
            raise ValueError(message)
    return False


def _has_left(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


def _closing(socket: web.WebSocketResponse) -> Callable[[], Awaitable[None]]:
    async def close() -> None:
        await socket.close(message=b"The session has ended.")

    return close


def _number(query: Mapping[str, str], name: str, otherwise: int) -> int:
    text = query.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else otherwise


def _charset(mime_type: str) -> str | None:
    return "utf-8" if mime_type.startswith("text/") else None


async def _add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)
    response.headers["Server"] = "mlp-tui"  # and not which versions of what it is made of
