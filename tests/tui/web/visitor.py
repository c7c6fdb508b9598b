"""A visitor of the server, without a browser; and a program that stands in for a session's."""

import asyncio
import contextlib
import json
import sys
from pathlib import Path

import aiohttp
from yarl import URL

from tui import served
from tui.web.server import Offer, Server
from tui.web.sessions import Program

PATIENCE = 30.0
STAND_IN = """
import json, os, subprocess, sys, time
from textual_serve._binary_encode import dump
def say(kind, payload):
    os.write(1, kind + len(payload).to_bytes(4, "big") + payload)
def hear():
    kind, size = os.read(0, 1), int.from_bytes(os.read(0, 4), "big")
    return kind, os.read(0, size)
os.write(1, b"__GANGLION__\\n")
nowhere = subprocess.DEVNULL
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], stdout=nowhere, stderr=nowhere)
known = {name: value for name, value in os.environ.items() if name.startswith(("MLP_TUI", "COLUMNS", "ROWS"))}
say(b"D", json.dumps({"pids": [os.getpid(), child.pid], "cwd": os.getcwd(), **known}).encode())
while True:
    kind, payload = hear()
    if kind == b"M":
        meta = json.loads(payload)
        if meta["type"] == "quit" and "stubborn" not in sys.argv:
            sys.exit()
        elif meta["type"] == "deliver_chunk_request":
            if "silent" in sys.argv:
                sys.exit()
            say(b"P", dump(("deliver_chunk", meta["key"], chunks.pop(0))))
            continue
    if payload == b"save":
        chunks = [b"one ", b"two", b""]
        start = {"type": "deliver_file_start", "key": "k1", "path": "/x/my \\"file\\"ŷ.dat",
                 "open_method": "browser", "mime_type": "text/html", "encoding": "", "name": None}
        say(b"M", json.dumps(start).encode())
    elif payload == b"end":
        say(b"M", b'{"type": "exit"}')
    say(b"D", payload)
"""
"""A program that speaks as a session's does: it has a child, tells what it knows, echoes, and delivers a file."""


def stand_in(*words, trust=False):
    return Program((sys.executable, "-c", STAND_IN, *words), trust)


class Visitor:
    """A browser's requests, without a browser."""

    def __init__(self, server, client):
        self.server = server
        self.client = client
        self._sockets = []
        self.origin = f"http://127.0.0.1:{server.guard.port}"

    def get(self, path, *, cookie=True, **headers):
        sent = {"Cookie": f"{self.server.guard.cookie}={self.server.guard.token}"} if cookie else {}
        return self.client.get(URL(f"{self.origin}{path}", encoded=True), headers={**sent, **headers})

    async def connect(self, query="", **headers):
        """Open a session's socket."""
        cookie = f"{self.server.guard.cookie}={self.server.guard.token}"
        sent = {"Cookie": cookie, "Origin": self.origin, **headers}
        socket = await self.client.ws_connect(f"{self.origin}/session{query}", headers=sent)
        self._sockets.append(socket)
        return socket

    async def leave(self):
        """Close all that is open."""
        for socket in self._sockets:
            await socket.close()

    async def session(self, query="", **headers):
        """Open a session, and return its socket with what the program tells first."""
        socket = await self.connect(query, **headers)
        return socket, json.loads((await socket.receive(PATIENCE)).data)


@contextlib.asynccontextmanager
async def visiting(program=None, **offer):
    server = Server(Offer(program or stand_in(), port=0, **offer))
    await server.start()
    try:
        async with aiohttp.ClientSession() as client:
            visitor = Visitor(server, client)
            try:
                yield visitor
            finally:
                await visitor.leave()
    finally:
        await server.stop()


async def until(condition, what):
    end = asyncio.get_running_loop().time() + PATIENCE
    while not condition():
        assert asyncio.get_running_loop().time() < end, f"never: {what}"
        await asyncio.sleep(0.01)


def lives(pid):
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def all_gone(told):
    return not any(map(lives, told["pids"])) and not Path(told[served.FOLDER]).exists()


async def read_to_the_end(socket):
    while True:
        message = await socket.receive(PATIENCE)
        if message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR):
            return message


def environment_of(pid):
    return [each for each in Path(f"/proc/{pid}/environ").read_text().split("\0") if "=" in each]


def children(pid):
    found = []
    for each in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if each.name.isdigit() and (each / "stat").read_text().rpartition(")")[2].split()[1] == str(pid):
                found.append(int(each.name))
    return found
