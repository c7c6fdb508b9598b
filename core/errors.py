"""Errors as values for people: what is wrong, where, and what was expected."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class MlpError(Exception):
    """Something that the user can mend, told in one line.

    Raised for wrong input only; anything else that is raised is a bug of this program. The command line prints the
    line and exits with status 2; the screen shows it in a notice.
    """

    def __init__(self, what: str, where: str | None = None, expected: str | None = None) -> None:
        super().__init__(what, where, expected)
        self.what = what
        self.where = where
        self.expected = expected

    def __str__(self) -> str:
        where = f"{self.where}: " if self.where else ""
        expected = f"; expected {self.expected}" if self.expected else ""
        return " ".join(f"{where}{self.what}{expected}".split())


class ExperimentError(MlpError):
    """An experiment that can't be read, or that describes nothing that can be run."""


class DumpError(MlpError):
    """A dump that can't be read or written."""


class EpochError(MlpError):
    """An epoch that has not been trained, or has nothing to show."""


class FileError(MlpError):
    """A file of weights, or of a saved run, that can't be read or written, or that holds something else."""


class DataError(MlpError):
    """A data file that can't be read, or samples that don't fit the experiment."""


class GuestError(MlpError):
    """The user's own file can't be run, or does not return a loss and gradients."""

    def __init__(
        self,
        what: str,
        where: str | None = None,
        expected: str | None = None,
        lines: Sequence[str] = (),
        *,
        read_only: bool = False,
    ) -> None:
        super().__init__(what, where, expected)
        self.lines = tuple(lines)
        """The user's own lines that it went through, the innermost last."""
        self.read_only = read_only
        """Whether it was an attempt to change an argument."""


class AddressError(MlpError):
    """An address of a number that the network does not have."""
