"""Sessions: each of its own, and none that outlives its page."""

import asyncio
import contextlib
import importlib.util
import json
import os
import re
import sys
from pathlib import Path

import pytest

pytest.importorskip("textual_serve", reason="mlp-tui[web] is not installed")

import aiohttp
from yarl import URL

from tui import served
from tui.web import sessions
from tui.web.sessions import Program

spec = importlib.util.spec_from_file_location("visitor", Path(__file__).with_name("visitor.py"))
visitor_module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(visitor_module)
PATIENCE = visitor_module.PATIENCE
all_gone = visitor_module.all_gone
children = visitor_module.children
environment_of = visitor_module.environment_of
lives = visitor_module.lives
read_to_the_end = visitor_module.read_to_the_end
stand_in = visitor_module.stand_in
until = visitor_module.until
visiting = visitor_module.visiting


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
        await asyncio.gather(visitor.server.stop(), read_to_the_end(socket))
        assert not Path(told[served.FOLDER]).exists()
        await until(lambda: all_gone(told), "its processes, which have been killed, have ended")
        assert socket.close_code == aiohttp.WSCloseCode.GOING_AWAY


async def test_nobody_at_the_keys_for_long_ends_a_session_and_says_so():
    async with visiting(idle=0.5 / 60) as visitor:
        socket, told = await visitor.session()
        await socket.send_json(["ping", "1"])
        await socket.send_json(["focus"])
        last = await read_to_the_end(socket)
        assert (last.data, last.extra) == (4000, f"Ended: no key for {0.5 / 60:g} minutes.")
        await until(lambda: all_gone(told), "its processes have ended")


async def test_a_program_that_ends_closes_its_page():
    async with visiting() as visitor:
        socket, told = await visitor.session()
        await socket.send_json(["stdin", "end"])
        await read_to_the_end(socket)
        await until(lambda: all_gone(told), "its processes have ended")


async def test_a_program_that_cannot_start_closes_its_page(capfd):
    async with visiting(Program((sys.executable, "-c", "raise SystemExit('no luck')"))) as visitor:
        socket = await visitor.connect()
        last = await read_to_the_end(socket)
        assert last.extra == "The session has ended."
    assert "no luck" in capfd.readouterr().out


async def test_so_does_one_that_has_failed_before_anybody_listens_to_it(capfd, monkeypatch):
    begin = sessions.Session._open_app_process

    async def begin_and_end(self, *size):
        process = await begin(self, *size)
        await process.wait()
        while not (process.stdout.at_eof() and process.stderr._eof):
            await asyncio.sleep(0.01)
        return process

    monkeypatch.setattr(sessions.Session, "_open_app_process", begin_and_end)
    async with visiting(Program((sys.executable, "-c", "raise SystemExit('no luck')"))) as visitor:
        socket = await visitor.connect()
        last = await read_to_the_end(socket)
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
        last = await read_to_the_end(socket)
        assert last.data == aiohttp.WSCloseCode.UNSUPPORTED_DATA
        await until(lambda: all_gone(told), "its processes have ended")


async def test_no_size_is_larger_than_a_terminal_can_be():
    async with visiting() as visitor:
        socket, _ = await visitor.session()
        await socket.send_json(["resize", {"width": 10**9, "height": -5}])
        echoed = json.loads((await socket.receive(PATIENCE)).data)
        assert echoed == {"type": "resize", "width": 400, "height": 5}


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
            (program,) = children(server.pid)
            trainers = children(program)
            assert len(trainers) == 1
            environment = dict(each.split("=", 1) for each in environment_of(program))
            assert Path(environment[served.FOLDER]).is_dir()
            server.kill()
            await until(lambda: not any(map(lives, [program, *trainers])), "the session has ended")
            assert not Path(environment[served.FOLDER]).exists()
            await socket.close()
    finally:
        with contextlib.suppress(ProcessLookupError):
            server.kill()
        await server.wait()
