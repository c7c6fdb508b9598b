"""The installed program in a real terminal: a pty, whose screen pyte keeps."""

import contextlib
import os
import re
import signal
import sys
import time
from pathlib import Path

import pexpect
import pyte
import pytest

from core import dat
from core.agreement import digits
from core.errors import FileError
from core.saved_run import read_run

PROGRAM = Path(sys.executable).with_name("mlp-tui")
PATIENCE = 20.0
SOON = 2.0
"""Seconds that quitting may take, whatever goes on."""
PLAIN, SHOW_CURSOR, MOUSE_OFF = b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?1000l"

pytestmark = [
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are found in /proc"),
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded, use of forkpty:DeprecationWarning"),
]


class Terminal:
    """A terminal of 120 × 40 in which the program runs."""

    def __init__(self, folder, *words):
        self.raw = b""
        self._screen = pyte.Screen(120, 40)
        self._stream = pyte.ByteStream(self._screen)
        environment = {**os.environ, "TERM": "xterm-256color"}
        self.child = pexpect.spawn(
            str(PROGRAM), list(words), cwd=str(folder), env=environment, dimensions=(40, 120), timeout=PATIENCE
        )
        self.child.delaybeforesend = None

    @property
    def text(self):
        return "\n".join(line.rstrip() for line in self._screen.display)

    @property
    def trainers(self):
        """The processes that the program has started."""
        return [pid for pid in processes() if parent_of(pid) == self.child.pid]

    def read(self):
        """Take in what the program writes within a moment; False when it has ended."""
        try:
            data = self.child.read_nonblocking(1 << 16, timeout=0.05)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        self.raw += data
        # pyte doesn't know the keyboard protocol's `CSI > 1 u` and `CSI < u`, and would write their ends on the screen
        self._stream.feed(re.sub(rb"\x1b\[[<>=][\d;]*u", b"", data))
        return True

    def until(self, condition, what):
        end = time.monotonic() + PATIENCE
        while not condition(self.text):
            alive = self.read()
            if not alive or time.monotonic() > end:
                pytest.fail(f"never: {what}\n{self.text}")

    def settled(self):
        """Return the screen when nothing more comes."""
        before = None
        end = time.monotonic() + PATIENCE
        while before != self.text:
            assert time.monotonic() < end
            before = self.text
            for _ in range(4):
                self.read()
        return before

    def press(self, keys):
        self.child.send(keys)

    def resize(self, rows, columns):
        self._screen.resize(rows, columns)
        self.child.setwinsize(rows, columns)

    def end(self):
        """Wait until the program has ended; return its exit status and how long it took."""
        begun = time.monotonic()
        while self.read():
            assert time.monotonic() - begun < PATIENCE, self.text
        self.child.close()
        return self.child.exitstatus, time.monotonic() - begun


def processes():
    return [int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit()]


def parent_of(pid):
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None


def is_trainer(pid):
    with contextlib.suppress(OSError):
        return re.search(rb"tui\.(standby|service)", Path(f"/proc/{pid}/cmdline").read_bytes()) is not None
    return False


@pytest.fixture
def terminal(tmp_path):
    terminal = Terminal(tmp_path)
    yield terminal
    terminal.child.close(force=True)


def ready(terminal):
    terminal.until(lambda text: "1 Model" in text and "press n to train" in text, "the panes are filled")
    (trainer,) = terminal.trainers
    assert is_trainer(trainer)
    return trainer


def test_ten_on_five_back_five_on_dump_and_quit(terminal, tmp_path):
    trainer = ready(terminal)
    for _ in range(10):
        terminal.press("n")
    terminal.until(lambda text: "epoch 10 of 10" in text, "epoch 10")
    terminal.until(lambda text: "…" not in text and "ŷ autograd" in text, "autograd has caught up")
    at_ten = terminal.settled()
    assert "differ by" in at_ten
    for _ in range(5):
        terminal.press("p")
    terminal.until(lambda text: "epoch 5 of 10" in text, "epoch 5")
    assert terminal.settled() != at_ten
    for _ in range(5):
        terminal.press("n")
    terminal.until(lambda text: "epoch 10 of 10" in text, "epoch 10 again")
    assert terminal.settled() == at_ten

    terminal.press("d")
    terminal.until(lambda text: "Will be written" in text, "the dump dialog")
    terminal.press("\r")
    terminal.until(lambda text: "Written" in text, "the files are written")
    mine, torchs = (dat.read(tmp_path / f"{stem}_autograd.dat") for stem in ("my", "torch"))
    assert mine.epoch == torchs.epoch == 10
    assert mine.start == torchs.start
    # one ulp of ŷ, 1.1e-16, is 5e-9 of the residual at epoch 10, 2.1e-8: correct engines may share 8 digits and no more
    assert min(digits(mine.tensors[name], torchs.tensors[name]).min() for name in mine.tensors) > 7

    written = len(terminal.raw)
    terminal.press("q")
    status, seconds = terminal.end()
    assert status == 0
    assert seconds < SOON
    for sequence in (PLAIN, SHOW_CURSOR, MOUSE_OFF):
        assert sequence in terminal.raw[written:]
    assert not is_trainer(trainer)


def test_a_number_is_followed_to_where_it_comes_from_and_back_in_one_breath(terminal):
    ready(terminal)
    enter, backspace = "\r", "\x7f"
    terminal.press(f"n3{enter * 4}")
    terminal.until(lambda text: "dL/dW1[0,0] › dL/dz1[0,0] › dL/dz2[0," in text, "three links deep")
    terminal.press(backspace * 3)
    terminal.until(lambda text: "dL/dW1[0,0] = Σₙ dL/dz1[n,0]·x[n,0]" in text and "›" not in text, "back")
    terminal.press(f"{backspace}>>>")
    terminal.until(lambda text: "z2 = a1·W2ᵀ + b2" in text and "3 Units · z2" in text, "the third phase")


def test_quitting_while_it_trains_ends_soon_and_leaves_no_process(terminal):
    trainer = ready(terminal)
    terminal.press("g")
    terminal.until(lambda text: "Go to epoch" in text, "it asks for an epoch")
    terminal.press("1000000\r")
    terminal.until(lambda text: re.search(r"epoch [\d,]{3,} of 1,000,000", text), "a hundred epochs pass")
    written = len(terminal.raw)
    terminal.press("q")
    status, seconds = terminal.end()

    assert status == 0
    assert seconds < SOON
    assert PLAIN in terminal.raw[written:]
    assert not is_trainer(trainer)


def accepted_at_once(terminal):
    """Ask for a dump of epoch 1 in one breath, at a time when PyTorch is still being imported; then quit."""
    ready(terminal)
    terminal.press("nd\r")
    terminal.until(lambda text: "A dump waits" in text or "Written" in text, "the dump is accepted")
    terminal.press("q")


def test_a_dump_asked_for_in_one_breath_is_written_though_the_program_is_left(terminal, tmp_path):
    accepted_at_once(terminal)
    begun = time.monotonic()
    while PLAIN not in terminal.raw:
        assert terminal.read()
    assert time.monotonic() - begun < SOON
    status, _ = terminal.end()

    assert status == 0
    assert [dat.read(tmp_path / f"{stem}_autograd.dat").epoch for stem in ("my", "torch")] == [1, 1]
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_being_ended_from_outside_leaves_a_clean_terminal(terminal, number):
    trainer = ready(terminal)
    written = len(terminal.raw)
    terminal.child.kill(number)
    status, _ = terminal.end()

    assert status == 128 + number
    for sequence in (PLAIN, SHOW_CURSOR, MOUSE_OFF):
        assert sequence in terminal.raw[written:]
    assert not is_trainer(trainer)


def test_a_program_that_is_killed_leaves_no_trainer(terminal):
    trainer = ready(terminal)
    terminal.child.kill(signal.SIGKILL)
    end = time.monotonic() + PATIENCE
    while is_trainer(trainer):
        terminal.read()
        assert time.monotonic() < end


def test_resizing_while_it_trains_keeps_it_alive(terminal):
    ready(terminal)
    terminal.press("g")
    terminal.until(lambda text: "Go to epoch" in text, "it asks for an epoch")
    terminal.press("1000000\r")
    terminal.until(lambda text: re.search(r"epoch [\d,]{3,} of 1,000,000", text), "a hundred epochs pass")
    terminal.resize(24, 80)
    terminal.until(lambda text: "2 Loss" in text and "3 Gradient" in text, "the narrow screen")
    terminal.resize(10, 50)
    terminal.until(lambda text: "needs 72" in text, "it says what it needs")
    terminal.resize(40, 120)
    terminal.until(lambda text: re.search(r"epoch \d+,\d{3} of 1,000,000", text), "it goes on training")
    terminal.press(" ")
    terminal.settled()
    terminal.press("q")

    assert terminal.end()[0] == 0


def test_ctrl_c_says_how_to_quit_and_does_not(terminal):
    ready(terminal)
    terminal.press("\x03")
    terminal.until(lambda text: "quit" in text.lower().replace("q quit", ""), "it says how to quit")
    terminal.press("n")
    terminal.until(lambda text: "epoch 1 of 10" in text, "it still answers")
    terminal.press("q")

    assert terminal.end()[0] == 0


def test_a_trainer_that_is_killed_is_told_and_r_starts_it_again(terminal):
    trainer = ready(terminal)
    terminal.press("n")
    terminal.until(lambda text: "epoch 1 of 10" in text, "epoch 1")
    os.kill(trainer, signal.SIGKILL)
    terminal.until(lambda text: "trainer has stopped" in text, "it says that the trainer has stopped")
    terminal.press("r")
    terminal.until(lambda text: "epoch 0 of 10" in text, "it starts again")
    terminal.press("n")
    terminal.until(lambda text: "epoch 1 of 10" in text and "ŷ autograd" in text, "it trains again")
    terminal.press("q")

    assert terminal.end()[0] == 0


def kept_by(pid):
    """Return the epochs of the checkpoints in the files without a name that a process has open."""
    epochs = []
    for each in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileError, OSError):
            if str(each.readlink()).endswith("(deleted)"):
                epochs.append(read_run(each).epoch)
    return epochs


def test_a_trainer_that_is_killed_can_be_gone_on_with_at_its_last_checkpoint(terminal):
    trainer = ready(terminal)
    terminal.press("nnnnn")
    terminal.until(lambda text: "epoch 5 of 10" in text and "ŷ autograd" in text, "epoch 5 in both engines")
    shown = terminal.settled()
    terminal.until(lambda _: 5 in kept_by(trainer), "the epoch is kept")
    os.kill(trainer, signal.SIGKILL)
    terminal.until(lambda text: "at epoch 5; R goes on from epoch 5" in text, "it says how far it had come")
    terminal.press("R")
    terminal.until(lambda text: "Going on from epoch 5" in text, "it goes on")
    terminal.until(lambda text: "epoch 5 of 10" in text and "ŷ autograd" in text, "the same epoch")
    numbers = [line for line in shown.splitlines() if "e-" in line]
    terminal.until(lambda text: all(line in text for line in numbers[:8]), "the same numbers")
    terminal.press("q")

    assert terminal.end()[0] == 0


def state_of(pid):
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_ctrl_z_gives_the_terminal_back_and_going_on_paints_everything(terminal):
    ready(terminal)
    before = terminal.settled()
    written = len(terminal.raw)
    terminal.press("\x1a")
    terminal.until(lambda _: state_of(terminal.child.pid) == "T", "it is stopped")
    assert PLAIN in terminal.raw[written:]
    os.kill(terminal.child.pid, signal.SIGCONT)
    terminal.until(lambda text: "1 Model" in text and "3 Gradient" in text, "the panes are back")
    terminal.press("n")
    terminal.until(lambda text: "epoch 1 of 10" in text, "it answers")
    assert "mlp-tui" in before
    terminal.press("q")

    assert terminal.end()[0] == 0
