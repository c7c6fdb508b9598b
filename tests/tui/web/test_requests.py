"""Requests: what the server refuses, and what it gives out."""

import asyncio
import importlib.util
import json
import os
import re
from pathlib import Path

import pytest

pytest.importorskip("textual_serve", reason="mlp-tui[web] is not installed")

import aiohttp

from tui.web import sessions
from tui.web.files import files
from tui.web.server import NO_PLACE

spec = importlib.util.spec_from_file_location("visitor", Path(__file__).with_name("visitor.py"))
visitor_module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(visitor_module)
PATIENCE = visitor_module.PATIENCE
all_gone = visitor_module.all_gone
children = visitor_module.children
lives = visitor_module.lives
read_to_the_end = visitor_module.read_to_the_end
stand_in = visitor_module.stand_in
until = visitor_module.until
visiting = visitor_module.visiting

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


async def test_a_ninth_session_is_refused_until_somebody_leaves(monkeypatch):
    async with visiting() as visitor:
        opened = [await visitor.session() for _ in range(8)]
        with monkeypatch.context() as impatient:
            impatient.setattr(sessions, "TURN", 0.05)
            last = await read_to_the_end(await visitor.connect())
        assert (last.data, last.extra) == (NO_PLACE, "All 8 places are taken; try again when somebody has left.")
        assert all(lives(pid) for _, told in opened for pid in told["pids"])
        (leaver, told), *_ = opened
        await leaver.close()
        await until(lambda: all_gone(told), "the first has left")
        socket, _ = await visitor.session()
        assert not socket.closed


async def test_who_loads_the_page_anew_in_a_full_house_has_a_place():
    async with visiting(sessions=1) as visitor:
        first, told = await visitor.session()
        async with visitor.get("/") as page:  # a browser asks for the page before it leaves the one that it shows
            assert page.status == 200
        waiting = await visitor.connect()
        await first.close()
        again = json.loads((await waiting.receive(PATIENCE)).data)
        assert again["pids"] != told["pids"]


async def test_who_has_left_while_waiting_takes_nobodys_place():
    async with visiting(sessions=1) as visitor:
        others = children(os.getpid())
        first, _ = await visitor.session()
        for _ in range(20):
            (await visitor.connect())._response.connection.transport.abort()
        waiting = await visitor.connect()
        await first.close()
        await waiting.receive(PATIENCE)
        assert len(set(children(os.getpid())) - set(others)) == 1


async def test_no_other_method_does_anything():
    async with visiting() as visitor:
        for method in ("POST", "PUT", "DELETE", "OPTIONS"):
            address = f"{visitor.server.guard.address}"
            async with visitor.client.request(method, address) as answer:
                assert answer.status == 405


@pytest.mark.parametrize("sent", [b"\x16\x03\x01 no HTTP\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"])
async def test_what_is_no_request_is_refused_and_not_worth_a_word(sent, caplog):
    async with visiting() as visitor:
        reader, writer = await asyncio.open_connection("127.0.0.1", visitor.server.guard.port)
        writer.write(sent)
        assert (await reader.readline()).split()[1] == b"400"
        writer.close()
    assert caplog.records == []


async def test_a_mistake_of_ours_is_logged(caplog, monkeypatch):
    async with visiting() as visitor:
        monkeypatch.setattr(visitor.server, "_files", None)
        async with visitor.get("/static/page.js") as answer:
            assert answer.status == 500
    assert any("AttributeError" in (each.exc_text or "") for each in caplog.records)


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
