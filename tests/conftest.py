"""What a developer's shell says about colours and terminals changes no test; each worker computes in one thread."""

import itertools
import os

import pytest

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

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
