"""Files that are written whole or not at all."""

import os
import runpy
from pathlib import Path

import pytest

from core.errors import DumpError, FileError
from core.files import require_regular, write_whole

CAMPAIGN = Path(__file__).parents[1] / "campaigns" / "files.py"


def test_a_file_that_is_in_the_way_is_kept(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")

    with pytest.raises(FileError, match=r"a\.bin: can't be written \(exists already\)"):
        write_whole(path, b"new")

    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_is_replaced_where_that_is_asked_for(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")

    write_whole(path, b"new", replace=True)

    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("name", [".", "no/such/folder/a.bin", "a\0b"])
def test_what_cannot_be_written_is_told_as_the_error_that_is_asked_for(tmp_path, name):
    with pytest.raises(DumpError, match="can't be written"):
        write_whole(tmp_path / name, b"new", error=DumpError)

    assert list(tmp_path.iterdir()) == []


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(FileError, match="is no regular file; expected a letter"):
        require_regular(tmp_path / "pipe", "a letter")


@pytest.mark.parametrize("name", ["nothing", "a\0b"])
def test_a_file_that_is_not_there_is_told(tmp_path, name):
    with pytest.raises(FileError, match="can't be read"):
        require_regular(tmp_path / name, "a letter")


def test_hundreds_of_broken_files_are_each_read_or_refused_in_a_line(tmp_path):
    campaign = runpy.run_path(str(CAMPAIGN))

    seen = campaign["fuzz"](tmp_path, 600, 4)

    for name in ("weights.safetensors", "weights.pt", "run.safetensors"):
        assert sum(count for outcome, count in seen.items() if outcome.startswith(f"{name} is damaged")) > 50
