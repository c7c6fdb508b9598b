"""What a developer's shell says about colours and terminals changes no test."""

import pytest

SPOKEN = (
    "NO_COLOR", "FORCE_COLOR", "COLORTERM", "TERM_PROGRAM", "COLUMNS", "LINES", "PYTHONWARNINGS",
    "TEXTUAL", "TEXTUAL_THEME", "TEXTUAL_COLOR_SYSTEM", "TEXTUAL_FPS", "TEXTUAL_ANIMATIONS", "TEXTUAL_DEBUG",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch):
    for name in SPOKEN:
        monkeypatch.delenv(name, raising=False)
