"""The server with a client of its own: what it refuses, gives out, and ends."""

import asyncio
import contextlib
import json
import os
import re
import sys
from pathlib import Path

import pytest

pytest.importorskip("textual_serve", reason="mlp-tui[web] is not installed")

import aiohttp
from yarl import URL

from core.errors import MlpError
from tui import served
from tui.web import sessions, start
from tui.web.files import files
from tui.web.server import Offer, Server, _tell
from tui.web.sessions import COMMAND, Program

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
        self.origin = f"http://127.0.0.1:{server.guard.port}"

    def get(self, path, *, cookie=True, **headers):
        sent = {"Cookie": f"{self.server.guard.cookie}={self.server.guard.token}"} if cookie else {}
        return self.client.get(URL(f"{self.origin}{path}", encoded=True), headers={**sent, **headers})

    async def session(self, query="", **headers):
        """Open a session, and return its socket with what the program tells first."""
        cookie = f"{self.server.guard.cookie}={self.server.guard.token}"
        sent = {"Cookie": cookie, "Origin": self.origin, **headers}
        socket = await self.client.ws_connect(f"{self.origin}/session{query}", headers=sent)
        return socket, json.loads((await socket.receive(PATIENCE)).data)


@contextlib.asynccontextmanager
async def visiting(program=None, **offer):
    server = Server(Offer(program or stand_in(), port=0, **offer))
    await server.start()
    try:
        async with aiohttp.ClientSession() as client:
            yield Visitor(server, client)
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


# What is refused

FOREIGN = [
    ({"cookie": False}, "no token"),
    ({"cookie": False, "Cookie": "mlp-tui-PORT=wrong"}, "a wrong token"),
    ({"Origin": "http://elsewhere.example"}, "a foreign origin"),
    ({"Host": "elsewhere.example"}, "a foreign host"),
]


@pytest.mark.parametrize("path", ["/", "/session", "/static/page.js", "/download/k1", "/nothing"])
@pytest.mark.parametrize("headers", [each for each, _ in FOREIGN], ids=[name for _, name in FOREIGN])
async def test_strangers_get_nothing_but_a_reason(path, headers):
    async with visiting() as visitor:
        port = str(visitor.server.guard.port)
        sent = {name: value.replace("PORT", port) if name == "Cookie" else value for name, value in headers.items()}
        async with visitor.get(path, **sent) as answer:
            assert answer.status == 403
            assert "Set-Cookie" not in answer.headers
            assert (await answer.text()).count("\n") == 1


@pytest.mark.parametrize(
    "headers",
    [{"Cookie": ""}, {"Cookie": "mlp-tui=wrong"}, {"Origin": "http://elsewhere.example"}, {"Origin": ""}],
    ids=["no token", "a wrong token", "a foreign origin", "no origin"],
)
async def test_strangers_get_no_session(headers):
    async with visiting() as visitor:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await visitor.session(**headers)
        assert refused.value.status == 403


@pytest.mark.parametrize("token", ["", "wrong", "%FF%00"])
async def test_a_wrong_token_in_the_address_leaves_no_cookie(token):
    async with visiting() as visitor, visitor.get(f"/?token={token}", cookie=False) as answer:
        assert answer.status == 403
        assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "path",
    [
        "/static/../../../../etc/passwd",
        "/static/%2e%2e/%2e%2e/etc/passwd",
        "/static/..%2f..%2fetc%2fpasswd",
        "//etc/passwd",
        "/etc/passwd",
        "/static/",
        "/static/page.html",
        "/static/../server.py",
        "/download/../../etc/passwd",
        "/download/k1",
        "/download/%2e%2e%2fx",
    ],
)
async def test_there_is_nothing_outside(path):
    async with visiting() as visitor, visitor.get(path) as answer:
        assert answer.status == 404
        assert "root:" not in await answer.text()


async def test_a_ninth_session_is_refused_until_somebody_leaves():
    async with visiting() as visitor:
        opened = [await visitor.session() for _ in range(8)]
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await visitor.session()
        assert refused.value.status == 503
        async with visitor.get("/") as page:
            assert page.status == 503
            assert "All 8 places are taken" in await page.text()
        (leaver, told), *_ = opened
        await leaver.close()
        await until(lambda: all_gone(told), "the first has left")
        socket, _ = await visitor.session()
        assert not socket.closed


async def test_no_other_method_does_anything():
    async with visiting() as visitor:
        for method in ("POST", "PUT", "DELETE", "OPTIONS"):
            address = f"{visitor.server.guard.address}"
            async with visitor.client.request(method, address) as answer:
                assert answer.status == 405


# What is given out


async def test_the_address_gives_the_page_and_a_strict_cookie_which_then_suffices():
    async with visiting() as visitor:
        async with visitor.client.get(visitor.server.guard.address) as page:
            assert page.status == 200
            cookie = page.headers["Set-Cookie"]
        name, *flags = cookie.split("; ")
        assert name == f"{visitor.server.guard.cookie}={visitor.server.guard.token}"
        assert set(flags) == {"HttpOnly", "Path=/", "SameSite=Strict"}
        async with visitor.get("/", cookie=False, Cookie=name) as page:
            assert page.status == 200


async def test_every_answer_says_what_may_be_loaded_and_that_nobody_may_frame_it():
    async with visiting() as visitor:
        for path, cookie in (("/", True), ("/", False), ("/nothing", True), ("/static/textual.js", True)):
            async with visitor.get(path, cookie=cookie) as answer:
                assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
                assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_the_page_names_nothing_that_is_elsewhere():
    known = files()
    own = "".join(known[path].content.decode() for path in ("/", "/static/page.css"))
    named = re.findall(r"""(?:src|href)="([^"]*)"|url\("([^"]*)"\)""", own)

    assert {a or b for a, b in named} - {"data:,"} == set(known) - {"/"}
    assert "//" not in own.replace("</", "")


async def test_what_is_saved_is_downloaded_once_under_its_name():
    async with visiting() as visitor:
        socket, _ = await visitor.session()
        await socket.send_json(["stdin", "save"])
        assert json.loads((await socket.receive(PATIENCE)).data) == ["deliver_file_start", "k1"]
        async with visitor.get("/download/k1") as answer:
            assert await answer.read() == b"one two"
            assert answer.headers["Content-Type"] == "application/octet-stream"
            assert answer.headers["Content-Disposition"] == (
                "attachment; filename=\"my__file__.dat\"; filename*=UTF-8''my%20%22file%22%C5%B7.dat"
            )
        async with visitor.get("/download/k1") as answer:
            assert answer.status == 404


async def test_a_file_that_breaks_off_is_not_taken_for_a_whole_one():
    async with visiting(stand_in("silent")) as visitor:
        socket, _ = await visitor.session()
        await socket.send_json(["stdin", "save"])
        await socket.receive(PATIENCE)
        with pytest.raises(aiohttp.ClientError):
            async with visitor.get("/download/k1") as answer:
                await answer.read()


# Sessions


async def test_a_session_knows_that_it_is_served_in_a_folder_of_its_own():
    async with visiting() as visitor:
        _, one = await visitor.session("?width=100&height=30")
        _, two = await visitor.session("?width=99999&height=nonsense")

        assert one[served.FOLDER] == one["cwd"] != two[served.FOLDER]
        assert Path(one[served.FOLDER]).stat().st_mode & 0o777 == 0o700
        assert served.TRUSTED not in one
        assert (one["COLUMNS"], one["ROWS"], two["COLUMNS"], two["ROWS"]) == ("100", "30", "400", "24")


async def test_with_trust_a_session_may_open_files_and_is_where_the_server_is():
    async with visiting(stand_in(trust=True)) as visitor:
        _, told = await visitor.session()

        assert told[served.TRUSTED] == "1"
        assert told["cwd"] == str(Path.cwd())


@pytest.mark.parametrize("words", [(), ("stubborn",)])
async def test_a_closed_tab_leaves_no_process_and_no_folder(words, monkeypatch):
    monkeypatch.setattr(sessions, "GRACE", 0.2)
    async with visiting(stand_in(*words)) as visitor:
        socket, told = await visitor.session()
        assert all(map(lives, told["pids"]))
        await socket.close()
        await until(lambda: all_gone(told), "its processes have ended")


async def test_nor_does_a_connection_that_is_cut():
    async with visiting() as visitor:
        socket, told = await visitor.session()
        socket._response.connection.transport.abort()
        await until(lambda: all_gone(told), "its processes have ended")


async def test_the_server_takes_its_sessions_along(monkeypatch):
    monkeypatch.setattr(sessions, "GRACE", 0.2)
    async with visiting(stand_in("stubborn")) as visitor:
        socket, told = await visitor.session()
        await asyncio.gather(visitor.server.stop(), _read_to_the_end(socket))
        assert not Path(told[served.FOLDER]).exists()
        await until(lambda: all_gone(told), "its processes, which have been killed, have ended")
        assert socket.close_code == aiohttp.WSCloseCode.GOING_AWAY


async def test_nobody_at_the_keys_for_long_ends_a_session_and_says_so():
    async with visiting(idle=0.5 / 60) as visitor:
        socket, told = await visitor.session()
        await socket.send_json(["ping", "1"])
        await socket.send_json(["focus"])
        last = await _read_to_the_end(socket)
        assert (last.data, last.extra) == (4000, f"Ended: no key for {0.5 / 60:g} minutes.")
        await until(lambda: all_gone(told), "its processes have ended")


async def test_a_program_that_ends_closes_its_page():
    async with visiting() as visitor:
        socket, told = await visitor.session()
        await socket.send_json(["stdin", "end"])
        await _read_to_the_end(socket)
        await until(lambda: all_gone(told), "its processes have ended")


async def test_a_program_that_cannot_start_closes_its_page(capfd):
    async with visiting(Program((sys.executable, "-c", "raise SystemExit('no luck')"))) as visitor:
        cookie = f"{visitor.server.guard.cookie}={visitor.server.guard.token}"
        headers = {"Cookie": cookie, "Origin": visitor.origin}
        socket = await visitor.client.ws_connect(f"{visitor.origin}/session", headers=headers)
        last = await _read_to_the_end(socket)
        assert last.extra == "The session has ended."
    assert "no luck" in capfd.readouterr().out


@pytest.mark.parametrize(
    "message",
    [
        "{",
        "[]",
        '"x"',
        '["stdin", 5]',
        '["resize", {"width": "1", "height": 2}]',
        '["sudo"]',
        "[" * 5000,
        '["ping", "x"]',
    ],
)
async def test_what_is_no_message_ends_the_session(message):
    async with visiting() as visitor:
        socket, told = await visitor.session()
        await socket.send_str(message)
        last = await _read_to_the_end(socket)
        assert last.data == aiohttp.WSCloseCode.UNSUPPORTED_DATA
        await until(lambda: all_gone(told), "its processes have ended")


async def test_no_size_is_larger_than_a_terminal_can_be():
    async with visiting() as visitor:
        socket, _ = await visitor.session()
        await socket.send_json(["resize", {"width": 10**9, "height": -5}])
        echoed = json.loads((await socket.receive(PATIENCE)).data)
        assert echoed == {"type": "resize", "width": 400, "height": 5}


async def _read_to_the_end(socket):
    while True:
        message = await socket.receive(PATIENCE)
        if message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR):
            return message


# The real program


async def test_a_killed_server_leaves_no_session_of_the_real_program(tmp_path):
    code = "from tui.cli import main; main()"
    server = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", code, "serve", "--port", "0"), stdout=asyncio.subprocess.PIPE, env=dict(os.environ)
    )
    try:
        address = URL(re.search(r"http://\S+", (await server.stdout.readline()).decode())[0])
        async with aiohttp.ClientSession() as client:
            async with client.get(address) as page:
                assert page.status == 200
            cookie = {"Cookie": f"mlp-tui-{address.port}={address.query['token']}", "Origin": str(address.origin())}
            socket = await client.ws_connect(address.origin() / "session", headers=cookie)
            seen = b""
            while b"press n" not in seen:
                seen += (await socket.receive(PATIENCE)).data
            (program,) = _children(server.pid)
            trainers = _children(program)
            assert len(trainers) == 1
            environment = dict(each.split("=", 1) for each in _environment(program))
            assert Path(environment[served.FOLDER]).is_dir()
            server.kill()
            await until(lambda: not any(map(lives, [program, *trainers])), "the session has ended")
            assert not Path(environment[served.FOLDER]).exists()
    finally:
        with contextlib.suppress(ProcessLookupError):
            server.kill()
        await server.wait()


def _environment(pid):
    return [each for each in Path(f"/proc/{pid}/environ").read_text().split("\0") if "=" in each]


def _children(pid):
    found = []
    for each in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if each.name.isdigit() and (each / "stat").read_text().rpartition(")")[2].split()[1] == str(pid):
                found.append(int(each.name))
    return found


# The command


@pytest.mark.parametrize(("host", "warned"), [("127.0.0.1", False), ("localhost", False), ("0.0.0.0", True)])
def test_beyond_this_machine_a_sentence_names_the_risk(host, warned, capsys):
    from tui.web.guard import Guard

    _tell(Guard(host, 8000, "t"), Offer(host=host))
    said = capsys.readouterr()

    assert ":8000/?token=t\n" in said.out
    assert said.out.count("token=") == 1
    assert ("nothing is encrypted" in said.err) == warned
    assert said.err.count("\n") == (1 if warned else 0)


def test_trusting_is_warned_of_too(capsys):
    from tui.web.guard import Guard

    _tell(Guard("127.0.0.1", 8000, "t"), Offer(Program(trust=True)))

    assert "read the files that you can read" in capsys.readouterr().err


async def test_a_port_that_is_taken_is_told_in_a_line():
    async with visiting() as visitor:
        port = visitor.server.guard.port
        with pytest.raises(MlpError, match=rf"127.0.0.1:{port}: can't listen there \(.*; expected a free port"):
            await Server(Offer(port=port)).start()


def test_without_the_extra_serve_says_what_to_install(monkeypatch, mlp_tui):
    monkeypatch.setattr(start, "find_spec", lambda name: None if name == "textual_serve" else name)

    assert "pip install 'mlp-tui[web]'" in mlp_tui("serve").refusal


def test_a_wrong_experiment_is_told_to_the_server_not_to_its_visitors(mlp_tui):
    assert "nonsense" in mlp_tui("serve", "nonsense").refusal
    assert "port" in mlp_tui("serve", "--port", "70000").refusal.lower()


def test_a_session_opens_the_experiment_from_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert start.words_of("notebook", ()) == ()
    assert start.words_of("moons", ["epochs=3"]) == ("moons", "--set", "epochs=3")
    assert start.words_of("own.toml", ()) == (str(tmp_path / "own.toml"),)
    assert COMMAND[0] == sys.executable
