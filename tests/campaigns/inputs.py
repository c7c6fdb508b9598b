"""Throw broken experiments and data files at what reads them: only an `MlpError` of one line may come out, soon.

    python tests/campaigns/inputs.py [--count 20000] [--seed 0] [--keep FOLDER]

Half of the inputs are good ones of a corpus, mutated; half are drawn by Hypothesis. The exit status is 1 if anything
else came out: a traceback, a warning, several lines, or nothing for five seconds. What did it is kept in FOLDER.
"""

from __future__ import annotations

import argparse
import io
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st

from core.errors import MlpError
from core.experiment_file import load, shipped, to_toml

SECONDS = 5
"""What one input may take; they are small, and a good one takes milliseconds."""

MEMORY = 8_000_000_000
"""What the process may take, in bytes of address space: a shape that is believed asks for more."""

ON_A_FILE = 'hidden = [3]\noutput = "{output}"\n[data]\nfile = "points"\nstandardize = true\ntest_fraction = 0.3\n'


def saved(save: object, *arrays: np.ndarray, **named: np.ndarray) -> bytes:
    """Return what NumPy's `save` would write to a file."""
    file = io.BytesIO()
    save(file, *arrays, **named)
    return file.getvalue()


EXPERIMENTS = [to_toml(load(name)).encode() for name in shipped()]
EXPERIMENTS.append(b'[data]\nfile = "points"\ninputs = ["x1", 1]\ntargets = ["y"]\nseed = 3\n')

TABLES = [
    b"x1,x2,y\n1.5,2,0.5\n3,-4e-3,1\n0,1,0\n2,1,1\n",
    b"\xef\xbb\xbfx1;x2;y\r\n1,5;2;0,5\r\n3;-4e-3;1\r\n1;0;0\r\n",
    b'# c\n\n"x ""1""","x\n2",y\n1,2,rose\n3,4,"a, b"\n5,6,rose\n',
    b",x1,x2,y\n0,1.0,2.0,True\n1,3.0,4.0,False\n2,1.0,1.0,True\n",
    b'"1,5",2,"0,5"\r\n"3","-0,004",1\r\n"1,234",0,0\r\n',
    "sep=;\r\nHöhe;x2;y\r\n1,5;2;Löwe\r\n3;-0,004;Bär\r\n".encode("cp1252"),
    "x1\tx2\ty\r\n1,5\t2\t0,5\r\n3\t-0,004\t1\r\n".encode("utf-16"),
    b"1\t2\t0\n3\t4\t1\n5\t6\t2\n7\t8\t0\n",
    saved(np.save, np.arange(12.0).reshape(4, 3)),
    saved(np.savez, x=np.arange(8.0).reshape(4, 2), y=np.array([0, 1, 1, 0])),
    saved(np.savez_compressed, x=np.arange(8, dtype=np.uint8).reshape(4, 2), y=np.array(["a", "b", "b", "a"])),
    saved(np.savez, x=np.ones((2, 2), np.float16), y=np.array([{}, []], dtype=object)),
]

TOKENS = [
    *(b",", b";", b"\t", b"\n", b"\r", b'"', b"#", b"\0", b"\xff", b"\x1b[2J", b"-", b".", b"=", b"[", b"]", b"{"),
    *(b"nan", b"inf", b"1e999", b"1e308", b"-1", b"0", b"999999999999", b"1_0", b"''", b"true", b"$", b"`", b"{:n}"),
    *(
        b"[data]\n",
        b"hidden = [1]\n",
        b"file",
        b"layers",
        b'"/dev/zero"',
        b"2147483648",
        b"|O",
        b"<U9",
        b"<f8",
        b"PK\x03\x04",
    ),
    *("\u2028".encode(), "\ufeff".encode(), "x1".encode("utf-16"), b"(", b")", b"a" * 200, b"[" * 300),
]


class TooSlowError(BaseException):
    """Nothing came out in time; no handler of the program takes it for its own."""


@dataclass
class Campaign:
    """What came out so far, and where inputs are put."""

    folder: Path
    keep: Path | None
    outcomes: Counter[str] = field(default_factory=Counter)

    def try_experiment(self, text: bytes) -> None:
        """Read an experiment; its data, if it names any, are a small table."""
        (self.folder / "points").write_bytes(TABLES[0])
        self._try(text, text)

    def try_table(self, content: bytes, output: str) -> None:
        """Read an experiment on a data file."""
        (self.folder / "points").write_bytes(content)
        self._try(ON_A_FILE.format(output=output).encode(), content)

    def _try(self, experiment: bytes, tried: bytes) -> None:
        path = self.folder / "mine.toml"
        path.write_bytes(experiment)
        begun = time.perf_counter()
        signal.alarm(SECONDS)
        try:
            load(str(path))
            outcome = "read"
        except MlpError as error:
            line = str(error)
            outcome = "refused in a line" if len(line.splitlines()) == 1 else f"several lines: {line!r}"
        except (Exception, TooSlowError):
            outcome = f"a bug: {traceback.format_exc()}"
        finally:
            signal.alarm(0)
        self._count(outcome, tried, time.perf_counter() - begun)

    def _count(self, outcome: str, tried: bytes, seconds: float) -> None:
        good = outcome in ("read", "refused in a line")
        self.outcomes[outcome if good else "wrong"] += 1
        if not good:
            print(f"{outcome}\n  of {tried[:300]!r} in {seconds:.2f} s\n")
            if self.keep:
                self.keep.mkdir(parents=True, exist_ok=True)
                (self.keep / f"{self.outcomes['wrong']}").write_bytes(tried)


def mutated(content: bytes, random_: random.Random) -> bytes:
    """Return a good input after a few changes: bytes set, cut or doubled, and tokens put in or in the place of some."""
    changed = bytearray(content)
    for _ in range(random_.choice([1, 1, 2, 4])):
        at = random_.randint(0, len(changed))
        to = min(len(changed), at + random_.choice([1, 1, 1, 2, 4, 64]))
        match random_.randint(0, 5):
            case 0:
                changed[at:to] = bytes(random_.randint(32, 126) for _ in range(to - at))
            case 1:
                del changed[at:to]
            case 2:
                changed[at:at] = changed[at:to] * random_.choice([1, 2, 50])
            case 3:
                changed[at:at] = random_.choice(TOKENS)
            case 4:
                changed[at:to] = random_.choice(TOKENS)
            case 5:
                changed[at:to] = random_.randbytes(to - at)
    return bytes(changed)


def mutated_inside(archive: bytes, random_: random.Random) -> bytes:
    """Return an NPZ with one of its arrays mutated, and a checksum that is right: so the array is looked at."""
    with zipfile.ZipFile(io.BytesIO(archive)) as good:
        members = {name: good.read(name) for name in good.namelist()}
    chosen = random_.choice(list(members))
    members[chosen] = mutated(members[chosen], random_)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as broken:
        for name, content in members.items():
            broken.writestr(name, content)
    return file.getvalue()


def mutate(campaign: Campaign, count: int, random_: random.Random) -> None:
    """Try mutated inputs of the corpus."""
    for _ in range(count):
        if random_.random() < 0.4:
            campaign.try_experiment(mutated(random_.choice(EXPERIMENTS), random_))
        else:
            good = random_.choice(TABLES)
            inside = good.startswith(b"PK") and random_.random() < 0.7
            content = mutated_inside(good, random_) if inside else mutated(good, random_)
            campaign.try_table(content, random_.choice(["sigmoid", "softmax", "identity"]))


CELLS = st.one_of(
    st.integers().map(str),
    st.floats().map(repr),
    st.sampled_from(["", "a", "NA", "1,5", "1.5", '"', '""', '"x"', "#", " ", "\ufeff", "1e400", "٣"]),
    st.text(max_size=5),
)
TEXTS = st.builds(
    lambda rows, delimiter, end: end.join(delimiter.join(row) for row in rows).encode("utf-8", "surrogatepass"),
    st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=6),
    st.sampled_from(",;\t|"),
    st.sampled_from(["\n", "\r\n", "\r", "\n\n"]),
)
KEYS = ["layers", "hidden", "data", "data.file", "data.inputs", "data.targets", "data.test_fraction", "loss", "output"]
VALUES = st.recursive(
    st.integers().map(str)
    | st.sampled_from(["nan", "inf", "true", "''", "'points'", "'x1'", "'/'", "'../points'", "'moons'", "'softmax'"])
    | st.floats(allow_nan=False, allow_infinity=False).map(repr),
    lambda inner: st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
    max_leaves=4,
)
DESCRIBED = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=4).map(
    lambda table: "\n".join(f"{key} = {value}" for key, value in table.items()).encode()
)


def draw(campaign: Campaign, count: int, seed: int) -> None:
    """Try inputs that Hypothesis draws."""
    every = settings(
        max_examples=max(count // 3, 1),
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    seeded(seed)(every(given(TEXTS, st.sampled_from(["sigmoid", "softmax"]))(campaign.try_table)))()
    seeded(seed)(every(given(st.binary(max_size=200), st.just("sigmoid"))(campaign.try_table)))()
    seeded(seed)(every(given(DESCRIBED)(campaign.try_experiment)))()


def too_slow(*_: object) -> None:
    """Stop an input that takes too long."""
    raise TooSlowError(f"nothing came out for {SECONDS} s")


def main() -> int:
    """Run a campaign; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path)
    asked = parser.parse_args()
    warnings.simplefilter("error")
    signal.signal(signal.SIGALRM, too_slow)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    with tempfile.TemporaryDirectory() as folder:
        campaign = Campaign(Path(folder), asked.keep)
        mutate(campaign, asked.count // 2, random.Random(asked.seed))
        draw(campaign, asked.count // 2, asked.seed)
    print(", ".join(f"{count} {outcome}" for outcome, count in campaign.outcomes.most_common()))
    return 1 if campaign.outcomes["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
