"""A real browser, Chromium without a window, driven over its DevTools protocol; and the server that it looks at."""

import asyncio
import base64
import contextlib
import json
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

import aiohttp

ROOT = Path(__file__).parents[1]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
MISSING = "" if CHROMIUM else "there is no Chromium (apt-get install chromium)"
"""Why there is no browser; empty where there is one."""
PATIENCE = 120.0
"""Seconds for which anything is waited for."""

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--remote-debugging-port=0",
)

WATCHED = """
Object.defineProperty(Object.prototype, "websocket_url", {
  configurable: true,
  set(url) {
    Object.defineProperty(this, "websocket_url", { value: url });
    queueMicrotask(() => watched.take(this.terminal));
  },
});
window.watched = {
  pressed: 0,
  waiting: [],
  take(terminal) {
    this.terminal = terminal;
    terminal.onRender(() => this.look());
  },
  get text() {
    const lines = Array.from({ length: this.terminal?.rows ?? 0 }, (_, i) =>
      this.terminal.buffer.active.getLine(i).translateToString(true));
    return lines.join("\\n");
  },
  look() {
    const text = this.text;
    this.waiting = this.waiting.filter(([wanted, there, tell]) =>
      text.includes(wanted) !== there || tell(performance.now()));
  },
  shows(wanted, there = true) {
    return new Promise((resolve) => {
      this.waiting.push([wanted, there, resolve]);
      this.look();
    });
  },
};
window.addEventListener("keydown", () => { watched.pressed = performance.now(); }, true);
"""
"""Finds the terminal of textual-serve's client, which keeps it to itself; tells when it has painted a text."""

_CODES = {"Enter": 13, "Escape": 27, "ArrowDown": 40, "ArrowUp": 38, "F1": 112, "Backspace": 8}


class Server:
    """`mlp-tui serve` in a process of its own."""

    def __init__(self, process, address):
        self.process = process
        self.address = address

    @property
    def sessions(self):
        """The processes that the server has started, and those that these have."""
        return descendants(self.process.pid)


@contextlib.asynccontextmanager
async def serving(*words):
    """Give a server that is ready; it has ended, with all that it started, when the context has."""
    command = [sys.executable, "-c", "from tui.cli import main; main()", "serve", "--port", "0", *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, env=environment)
    try:
        line = await asyncio.wait_for(process.stdout.readline(), PATIENCE)
        yield Server(process, re.search(r"http://\S+", line.decode()).group())
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


class Browser:
    """Chromium, seen from its DevTools socket."""

    def __init__(self, socket):
        self._socket = socket
        self._number = 0
        self._answers = {}
        self.events = []
        """All that it has told of itself: the console, requests, downloads."""
        self._reader = asyncio.create_task(self._read())

    async def call(self, method, session=None, **parameters):
        """Ask for something, and return the answer."""
        self._number += 1
        answer = self._answers[self._number] = asyncio.get_running_loop().create_future()
        message = {"id": self._number, "method": method, "params": parameters}
        await self._socket.send_json({**message, **({"sessionId": session} if session else {})})
        return await asyncio.wait_for(answer, PATIENCE)

    async def _read(self):
        async for message in self._socket:
            content = json.loads(message.data)
            answer = self._answers.pop(content.get("id"), None)
            if answer is None:
                self.events.append(content)
            elif "error" in content:
                answer.set_exception(AssertionError(content["error"]["message"]))
            else:
                answer.set_result(content["result"])

    async def open(self, address, width=1200, height=800):
        """Open an address in a tab of its own."""
        target = (await self.call("Target.createTarget", url="about:blank"))["targetId"]
        session = (await self.call("Target.attachToTarget", targetId=target, flatten=True))["sessionId"]
        tab = Tab(self, target, session)
        for domain in ("Page", "Runtime", "Network", "Log"):
            await tab.call(f"{domain}.enable")
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        await tab.call("Emulation.setDeviceMetricsOverride", **size)
        await tab.call("Page.addScriptToEvaluateOnNewDocument", source=WATCHED)
        await tab.call("Page.navigate", url=address)
        return tab

    def told(self, method):
        """Return what came with all events of a kind."""
        return [each["params"] for each in self.events if each.get("method") == method]


class Tab:
    """A tab with a terminal in it."""

    def __init__(self, browser, target, session):
        self._browser = browser
        self._target = target
        self._session = session

    async def call(self, method, **parameters):
        return await self._browser.call(method, self._session, **parameters)

    async def evaluate(self, script):
        """Return what a script comes to, once it has."""
        found = await self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    async def text(self):
        """Return what stands on the terminal."""
        return await self.evaluate("watched.text")

    async def shows(self, wanted):
        """Wait until the terminal has painted a text; return when, in milliseconds since the page was asked for."""
        try:
            return await self.evaluate(f"watched.shows({json.dumps(wanted)})")
        except TimeoutError:
            raise AssertionError(f"never: {wanted!r}\n{await self.text()}") from None

    async def left(self, unwanted):
        """Wait until a text has gone."""
        await self.evaluate(f"watched.shows({json.dumps(unwanted)}, false)")

    async def press(self, *keys):
        """Press keys, by their names in the DOM; `ctrl+p` with the control key."""
        for name in keys:
            key, held = name.removeprefix("ctrl+"), name.startswith("ctrl+")
            text = "" if held else key if len(key) == 1 else "\r" if key == "Enter" else ""
            code = ord(key.upper()) if held else _CODES.get(key, 0)
            common = {"key": key, "windowsVirtualKeyCode": code, "code": key if code else "", "modifiers": 2 * held}
            await self.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", text=text, **common)
            await self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    async def answers(self, key, wanted):
        """Press a key; return how many seconds it took from its event until a text was painted."""
        waiting = asyncio.create_task(self.shows(wanted))
        await self.press(key)
        return (await waiting - await self.evaluate("watched.pressed")) / 1e3

    async def picture(self, path):
        """Write what is seen to a PNG."""
        Path(path).write_bytes(base64.b64decode((await self.call("Page.captureScreenshot"))["data"]))

    async def close(self):
        await self._browser.call("Target.closeTarget", targetId=self._target)


@contextlib.asynccontextmanager
async def browsing(downloads):
    """Give a browser that has never been used; it has ended when the context has."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = await asyncio.create_subprocess_exec(
            *(CHROMIUM, *FLAGS, f"--user-data-dir={profile}", "about:blank"),
            stderr=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
        )
        try:
            address = await asyncio.wait_for(_devtools(process), PATIENCE)
            async with aiohttp.ClientSession() as client, client.ws_connect(address, max_msg_size=0) as socket:
                browser = Browser(socket)
                await browser.call(
                    "Browser.setDownloadBehavior", behavior="allow", downloadPath=str(downloads), eventsEnabled=True
                )
                yield browser
                with contextlib.suppress(AssertionError, ConnectionError):
                    await browser.call("Browser.close")
                browser._reader.cancel()
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            await process.wait()


async def _devtools(process):
    """Return the address of the browser's DevTools socket, which it tells when it is ready."""
    async for line in process.stderr:
        if found := re.search(rb"DevTools listening on (ws://\S+)", line):
            _keep_reading(process.stderr)
            return found[1].decode()
    raise AssertionError("Chromium has not started")


def _keep_reading(stream):
    """Take in what else it says, or it waits for somebody to."""
    task = asyncio.create_task(stream.read())
    _READERS.add(task)
    task.add_done_callback(_READERS.discard)


_READERS = set()


async def until(condition, what):
    """Wait for something outside the browser that is to happen; it is looked at again and again."""
    end = asyncio.get_running_loop().time() + PATIENCE
    while not condition():
        assert asyncio.get_running_loop().time() < end, f"never: {what}"
        await asyncio.sleep(0.02)


def descendants(pid):
    """Return the processes that a process has started, and those that they have."""
    parents = {}
    for each in Path("/proc").iterdir():
        with contextlib.suppress(OSError, IndexError):
            if each.name.isdigit():
                parents[int(each.name)] = int((each / "stat").read_text().rpartition(")")[2].split()[1])
    found = [child for child, parent in parents.items() if parent == pid]
    return [*found, *(each for child in found for each in descendants(child))]
