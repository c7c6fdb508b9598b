"""NumPy, loaded when it is first used: checking an experiment needs the tables' names, not yet their arithmetic."""

from __future__ import annotations

import importlib
from typing import Any


class _Later:
    """A module that is imported when one of its names is first asked for."""

    def __init__(self, module: str) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the module holds
        value = getattr(importlib.import_module(self._module), name)
        setattr(self, name, value)
        return value


np = _Later("numpy")
