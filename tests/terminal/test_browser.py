"""The program in a real browser: the same numbers as in a terminal, a dump that arrives, nothing left behind."""

import importlib.util
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.parse import urlsplit

import pexpect
import pyte
import pytest

pytest.importorskip("textual_serve", reason="mlp-tui[web] is not installed")

spec = importlib.util.spec_from_file_location("browser", Path(__file__).parents[1] / "browser.py")
browser = importlib.util.module_from_spec(spec)
spec.loader.exec_module(browser)

PROGRAM = [sys.executable, "-c", "from tui.cli import main; main()"]

pytestmark = [
    pytest.mark.skipif(bool(browser.MISSING), reason=browser.MISSING),
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are found in /proc"),
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded, use of forkpty:DeprecationWarning"),
]


def in_a_terminal(columns, rows, folder):
    """Return what a terminal of that size shows after ten epochs."""
    screen = pyte.Screen(columns, rows)
    stream = pyte.ByteStream(screen)
    environment = {**os.environ, "TERM": "xterm-256color"}
    child = pexpect.spawn(
        PROGRAM[0], PROGRAM[1:], cwd=str(folder), env=environment, dimensions=(rows, columns), timeout=browser.PATIENCE
    )
    child.delaybeforesend = None

    def read_until(*texts):
        while not all(text in "\n".join(screen.display) for text in texts):
            # pyte doesn't know the keyboard protocol's `CSI > 1 u`, and would write its end on the screen
            stream.feed(re.sub(rb"\x1b\[[<>=][\d;]*u", b"", child.read_nonblocking(1 << 16, timeout=browser.PATIENCE)))

    try:
        read_until("press n to train", "q quit")
        child.send("n" * 10)
        read_until("epoch 10 of 10", "ŷ autograd", "differ by")
        return numbers_of("\n".join(screen.display))
    finally:
        child.close(force=True)


def numbers_of(text):
    """Return the numbers that stand on a screen, line by line."""
    lines = (re.findall(r"-?\d[\d.]*(?:e[-+]\d+)?", line) for line in text.splitlines())
    return [line for line in lines if line]


def mlp_tui(*words):
    return subprocess.run([*PROGRAM, *map(str, words)], capture_output=True, text=True, check=False)


async def test_ten_epochs_the_same_numbers_a_dump_and_nothing_left(tmp_path):
    downloads = tmp_path / "downloads"
    downloads.mkdir()
    async with browser.serving() as server, browser.browsing(downloads) as chromium:
        tab = await chromium.open(server.address)
        await tab.shows("press n to train")
        await tab.shows("q quit")
        assert "? help" in await tab.text()
        assert await tab.evaluate("[location.search, document.cookie].join()") == ","
        viewport = "document.querySelector('.xterm-viewport')"
        assert await tab.evaluate(f"{viewport}.offsetWidth - {viewport}.clientWidth") == 0  # no bar at its side

        await tab.press(*"n" * 10)
        for text in ("epoch 10 of 10", "ŷ autograd", "differ by"):
            await tab.shows(text)
        columns, rows = await tab.evaluate("[watched.terminal.cols, watched.terminal.rows]")
        assert numbers_of(await tab.text()) == in_a_terminal(columns, rows, tmp_path)

        await tab.press("d")
        await tab.shows("Your browser will download 2 files")
        await tab.press("Enter")
        await browser.until(lambda: "completed" in states_of(chromium), "the download is there")
        with zipfile.ZipFile(downloads / "notebook-dumps.zip") as packed:
            packed.extractall(downloads)
        assert mlp_tui("train", "--dump", tmp_path / "trained").returncode == 0
        for name in ("my_autograd.dat", "torch_autograd.dat"):
            compared = mlp_tui("compare", downloads / name, tmp_path / "trained" / name)
            assert (compared.returncode, compared.stderr) == (0, "")
            assert (downloads / name).read_bytes() == (tmp_path / "trained" / name).read_bytes()

        assert [each for each in chromium.told("Log.entryAdded") if each["entry"]["level"] == "error"] == []
        assert chromium.told("Runtime.exceptionThrown") == []
        requested = {each["request"]["url"] for each in chromium.told("Network.requestWillBeSent")}
        assert {urlsplit(url).netloc for url in requested} == {urlsplit(server.address).netloc}

        assert len(server.sessions) == 2
        await tab.close()
        await browser.until(lambda: not server.sessions, "no process is left")


async def test_weights_and_pictures_arrive_and_a_full_house_is_told_on_the_page(tmp_path):
    async with browser.serving("xor", "--sessions", "1") as server, browser.browsing(tmp_path) as chromium:
        tab = await chromium.open(server.address)
        await tab.shows("q quit")
        await tab.press("n")
        for what, name, begins in (
            ("save weights", "xor-weights.safetensors", None),
            ("save run", "xor-run.safetensors", None),
            ("save picture", "xor-picture.svg", b"<svg"),
        ):
            await tab.press("ctrl+p")
            await tab.shows("Search")
            await tab.press(*what)
            await tab.shows(what.capitalize())
            await tab.press("Enter")
            await tab.shows("Your browser will download it")
            await tab.press("Enter")
            await tab.shows(f": {name}")
            await browser.until(lambda name=name: (tmp_path / name).exists(), f"{name} is there")
            content = (tmp_path / name).read_bytes()
            assert len(content) > 100
            assert begins is None or begins in content[:200]

        late = await chromium.open(server.address)
        told = (
            "watched.pressed, new Promise(tell => setInterval(() => document.body.matches('.-closed') && tell(), 20))"
        )
        await late.evaluate(told)
        assert "The only place is taken" in await late.evaluate("document.querySelector('#reason').innerText")
        assert len(server.sessions) == 2


async def test_q_ends_the_session_the_page_says_so_and_starts_another(tmp_path):
    async with browser.serving("xor", "--idle", "600") as server, browser.browsing(tmp_path) as chromium:
        tab = await chromium.open(server.address)
        await tab.shows("q quit")
        await tab.press("q")
        await tab.evaluate("new Promise(tell => setInterval(() => document.body.matches('.-closed') && tell(), 20))")
        assert "has ended" in await tab.evaluate("document.querySelector('#reason').innerText")
        await browser.until(lambda: not server.sessions, "no process is left")
        await tab.evaluate("document.querySelector('#again').click()")
        await browser.until(lambda: len(server.sessions) == 2, "another session begins")


def states_of(chromium):
    return {each["state"] for each in chromium.told("Browser.downloadProgress")}
