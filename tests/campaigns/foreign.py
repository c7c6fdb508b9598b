"""Write gradients in every layout and read them back; then break the files: an `MlpError` of one line may come out.

    python tests/campaigns/foreign.py [--count 20000] [--seed 0] [--keep FOLDER]

Half of the files are whole, half are mutated. The exit status is 1 if a whole one was not read as it was written, or if
anything else than a reading or a line came of a broken one, within five seconds. What did it is kept in FOLDER.
"""

from __future__ import annotations

import argparse
import importlib.util
import random
import resource
import signal
import sys
import tempfile
import traceback
import warnings
from collections import Counter
from pathlib import Path

import numpy as np

import core.torch_files  # noqa: F401 - it takes seconds, which no file is to be charged with
from core.compare import compare
from core.dat.foreign import read_any
from core.errors import MlpError

SECONDS = 5
"""What one file may take; they are small, and a good one takes milliseconds."""

MEMORY = 8_000_000_000
"""What the process may take, in bytes of address space."""


def loaded(path):
    """Return a file of the tests as a module."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


layouts = loaded(Path(__file__).parents[1] / "layouts.py")
inputs = loaded(Path(__file__).with_name("inputs.py"))

TOKENS = [
    *(b"[", b"]", b"[[", b"]]", b"(", b")", b",", b";", b"\n", b"\r\n", b"\0", b"\xff", b'"', b"'", b"...", b"tensor("),
    *(b"dW1", b"b2", b"epoch 2", b"grad", b"bias", b"weight", b"nan", b"-inf", b"1e999", b"1e-400", b"-", b".", b"e"),
    *(
        b"# mlp-tui dump 1\n",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"PK\x03\x04",
        b"output",
        b"hidden",
        b"[1,]",
        b"dtype=",
        b"<",
    ),
    *(b"9" * 80, b"[" * 50, b"1 " * 50, b"layer 999999999", b"W0", b"W", "−".encode(), "∂".encode(), b"\x1b[2J"),
]


class Campaign:
    """What came out so far."""

    def __init__(self, folder, keep):
        self.folder = folder
        self.keep = keep
        self.outcomes = Counter()

    def try_whole(self, written):
        """Read a file that is as it was written."""
        outcome = self._outcome(written, read_back)
        self._count(outcome, written)

    def try_broken(self, written):
        """Read a mutated file, and compare what is found with itself."""
        self._count(self._outcome(written, lambda path, _: compare_with_itself(path)), written)

    def _outcome(self, written, attempt):
        path = self.folder / f"file{written.suffix}"
        path.write_bytes(written.content)
        signal.alarm(SECONDS)
        try:
            return attempt(path, written)
        except MlpError as error:
            return "refused in a line" if len(str(error).splitlines()) == 1 else f"several lines: {error}"
        except (Exception, inputs.TooSlowError):
            return f"a bug: {traceback.format_exc()}"
        finally:
            signal.alarm(0)

    def _count(self, outcome, written):
        good = outcome in GOOD
        self.outcomes[outcome if good else "wrong"] += 1
        if not good:
            print(f"{outcome}\n  {written.layout}: {written.content[:300]!r}\n")
            if self.keep:
                self.keep.mkdir(parents=True, exist_ok=True)
                (self.keep / f"{self.outcomes['wrong']}{written.suffix}").write_bytes(written.content)


GOOD = ("read back", "refused in a line", "read")


def read_back(path, written):
    """Whether a file is read as it was written."""
    found = read_any(path).epochs
    if len(found) != len(written.epochs):
        return f"{len(found)} epochs for {len(written.epochs)}"
    for each, expected in zip(found, written.epochs, strict=True):
        for name, values in expected.items():
            tensor = each.gradients.get(name)
            if tensor is None:
                return f"no {name}"
            tensor = tensor.turned() if name in written.either_way else tensor
            if tensor.values.shape != values.shape or (abs(tensor.values - values) > tensor.unit * 0.5000001).any():
                return f"another {name}"
    return "read back"


def compare_with_itself(path):
    """A file is equal to itself, or says nothing."""
    reading = read_any(path)
    verdict = compare(reading, reading).verdict
    return "read" if verdict.status in (0, 3) else f"{verdict} of a file and itself"


def broken(written, random_):
    """A file after a few changes: bytes set, cut or doubled, tokens put in."""
    changed = bytearray(written.content)
    for _ in range(random_.choice([1, 1, 2, 4])):
        at = random_.randint(0, len(changed))
        to = min(len(changed), at + random_.choice([1, 1, 2, 4, 64]))
        match random_.randint(0, 4):
            case 0:
                del changed[at:to]
            case 1:
                changed[at:at] = changed[at:to] * random_.choice([1, 2, 50])
            case 2:
                changed[at:at] = random_.choice(TOKENS)
            case 3:
                changed[at:to] = random_.choice(TOKENS)
            case 4:
                changed[at:to] = random_.randbytes(to - at)
    return layouts.Written(bytes(changed), [], written.suffix, written.layout)


def main():
    """Run a campaign; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path)
    asked = parser.parse_args()
    warnings.simplefilter("error")
    signal.signal(signal.SIGALRM, inputs.too_slow)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    drawn, random_ = np.random.default_rng(asked.seed), random.Random(asked.seed)
    with tempfile.TemporaryDirectory() as folder:
        campaign = Campaign(Path(folder), asked.keep)
        for _ in range(asked.count // 2):
            written = layouts.write(drawn)
            campaign.try_whole(written)
            campaign.try_broken(broken(written, random_))
    print(", ".join(f"{count} {outcome}" for outcome, count in campaign.outcomes.most_common()))
    return 1 if campaign.outcomes["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
