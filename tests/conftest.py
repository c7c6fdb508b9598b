"""What a developer's shell says about colours and terminals changes no test; each worker computes in one thread."""

import itertools
import os
import runpy
import sys
from pathlib import Path

import pytest

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # what one of a hundred processes compiles, the others need not
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

CAMPAIGNS = Path(__file__).with_name("campaigns")

SPOKEN = (
    "NO_COLOR", "FORCE_COLOR", "COLORTERM", "TERM_PROGRAM", "COLUMNS", "LINES", "PYTHONWARNINGS",
    "TEXTUAL", "TEXTUAL_THEME", "TEXTUAL_COLOR_SYSTEM", "TEXTUAL_FPS", "TEXTUAL_ANIMATIONS", "TEXTUAL_DEBUG",
)  # fmt: skip


_COUNT = itertools.count()


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch, tmp_path_factory):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.getbasetemp() / "state" / str(next(_COUNT))))
    for name in SPOKEN:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def campaign(monkeypatch, capsys):
    """Return a function that runs a short campaign in this process, which has PyTorch already; it returns what it says.

    Those that limit what their process may use are run in one of their own instead.
    """

    def run(name, *words):
        path = CAMPAIGNS / f"{name}.py"
        monkeypatch.syspath_prepend(str(CAMPAIGNS))
        monkeypatch.setattr(sys, "argv", [str(path), *map(str, words)])
        with pytest.raises(SystemExit) as left:
            runpy.run_path(str(path), run_name="__main__")
        said = capsys.readouterr()
        assert (left.value.code, said.err) == (0, ""), said.out + said.err
        return said.out

    return run
