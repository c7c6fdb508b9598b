"""Thousands of broken files of weights and of runs: each is read, or refused in one line and soon.

    python tests/campaigns/files.py [ROUNDS] [SEED]

Prints what it did and exits with 1 at the first file that raises anything else or takes too long; that file is kept.
"""

import io
import json
import random
import sys
import tempfile
import time
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np

from core.engines.base import EngineState
from core.errors import MlpError
from core.experiment import Experiment, Optimizer, parameter_count
from core.parameters import Parameters
from core.saved_run import SavedEngine, SavedRun, read_run, write_run
from core.weights import Origin, read_weights, write_weights

LAYERS = (2, 3, 2, 1)
MOST_SECONDS = 2.0
"""Reading takes a millisecond; a machine that is busy with other things may take a thousand times that."""


def sound_files(folder):
    """Write a file of each kind; return their contents by name."""
    numbers = np.random.default_rng(4)
    experiment = Experiment("broken", LAYERS, optimizer=Optimizer("adam"))
    parameters = Parameters(LAYERS, numbers.normal(size=parameter_count(LAYERS)))
    for name in ("weights.safetensors", "weights.pt"):
        write_weights(folder / name, parameters, experiment.activations(), Origin("broken", "2-3-2-1", "scratch", 3))
    vectors = {"step": np.array(3.0), "exp_avg": parameters.flat, "exp_avg_sq": parameters.flat**2}
    engine = SavedEngine(EngineState(parameters.flat, vectors), np.ones(3), "0" * 64, "scratch")
    write_run(folder / "run.safetensors", SavedRun(experiment, 3, {"scratch": engine}))
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def read(path):
    """Read a file as what its name says it is."""
    return read_run(path) if path.name.startswith("run") else read_weights(path, LAYERS)


def broken(content, chance):
    """Return the content with something wrong: mostly what stands in the header or the pickle, else any bytes."""
    if chance.random() < 0.7:
        return _inside(content, chance)
    for _ in range(chance.randint(1, 3)):
        content = _bytes(content, chance)
    return content


def _inside(content, chance):
    if content[:2] == b"PK":
        return _repacked(content, chance)
    length = int.from_bytes(content[:8], "little")
    if not 0 < length < len(content):
        return _bytes(content, chance)
    header, rest = content[8 : 8 + length], content[8 + length :]
    try:
        header = json.dumps(_value(json.loads(header), chance)).encode()
    except (ValueError, RecursionError):
        header = _bytes(header, chance)
    return len(header).to_bytes(8, "little") + header + rest


def _repacked(content, chance):
    """Break the pickle of an archive, or another entry, with a checksum that is right again."""
    out = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
            entries = old.infolist()
            victim = chance.choice([entry.filename for entry in entries] + ["archive/data.pkl"] * 20)
            for entry in entries:
                data = old.read(entry)
                name = (
                    entry.filename.replace(chance.choice("/0.d"), "x", 1) if chance.random() < 0.01 else entry.filename
                )
                new.writestr(name, _bytes(data, chance) if entry.filename.endswith(victim[-8:]) else data)
    except (zipfile.BadZipFile, ValueError, EOFError, OSError, NotImplementedError, RuntimeError):
        return _bytes(content, chance)
    return out.getvalue()


def _value(value, chance):
    """Change one thing in a JSON value, somewhere."""
    odd = [
        None,
        -1,
        0,
        1,
        2**63,
        2**64,
        1e308,
        "",
        "F32",
        "BF16",
        "I64",
        [],
        {},
        [[]],
        "\x00",
        "ü",
        [2**40, 2**40],
        True,
    ]
    if isinstance(value, dict) and value and chance.random() < 0.9:
        key = chance.choice(list(value))
        if chance.random() < 0.15:
            return {name if name != key else chance.choice([*value, "x", ""]): each for name, each in value.items()}
        return {**value, key: _value(value[key], chance)}
    if isinstance(value, list) and value and chance.random() < 0.7:
        at = chance.randrange(len(value))
        return [*value[:at], _value(value[at], chance), *value[at + 1 :]]
    if isinstance(value, str) and len(value) > 20 and chance.random() < 0.9:
        try:
            return json.dumps(_value(json.loads(value), chance))
        except ValueError:
            return _bytes(value.encode(), chance).decode("utf-8", "replace")
    return chance.choice(odd)


def _bytes(content, chance):
    at, size = chance.randrange(len(content) + 1), chance.choice((1, 1, 1, 2, 4, 8, 100))
    noise = bytes(chance.choice((0, 1, 127, 255, chance.randrange(256))) for _ in range(size))
    return chance.choice(
        (
            content[:at],
            content[at:],
            content[:at] + noise + content[at + size :],
            content[:at] + noise + content[at:],
            content[:at] + content[at + size :],
            content[:at] + content[at : at + size] * 2 + content[at + size :],
        )
    )


def _said_of(path):
    """Read a file, or return the line that refuses it, without the file's name."""
    try:
        read(path)
    except MlpError as error:
        return str(error).replace(f"{path}: ", "")
    except BaseException as error:
        raise AssertionError(f"{path} raised {error!r}") from error
    return "read"


def fuzz(folder, rounds, seed):
    """Break and read that many files; return how often each outcome was seen.

    Raises:
        AssertionError: a file was neither read nor refused in one line and in time; it stays in the folder.
    """
    chance = random.Random(seed)
    sound = sound_files(folder)
    seen = Counter()
    for _ in range(rounds):
        name = chance.choice(list(sound))
        path = folder / f"{name.partition('.')[0]}-broken.{name.partition('.')[2]}"
        path.write_bytes(broken(sound[name], chance))
        began = time.perf_counter()
        said = _said_of(path)
        assert "\n" not in said, path
        assert len(said) < 600, path
        assert time.perf_counter() - began < MOST_SECONDS, path
        seen[f"{name} {said[:24]}"] += 1
    return seen


def main():
    """Run as long as it is told to."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    folder = Path(tempfile.mkdtemp(prefix="mlp-tui-files-"))
    for outcome, count in sorted(fuzz(folder, rounds, seed).items()):
        print(f"{count:7}  {outcome}")


if __name__ == "__main__":
    main()
