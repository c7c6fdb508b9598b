"""Property tests take as long as they take: the first one to import torch would miss any deadline."""

import os

import pytest
from hypothesis import settings

settings.register_profile("core", deadline=None, max_examples=60, derandomize="CI" in os.environ)
settings.load_profile("core")


@pytest.fixture
def checked(tmp_path):
    """Check a file of this text, after replacing some of it."""
    from core.doctor.check import check
    from core.guest.process import Limits

    def run(text, *changes, **options):
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "mine.py"
        path.write_text(text, "utf-8")
        return check(path, limits=Limits(seconds=60), **options)

    return run
