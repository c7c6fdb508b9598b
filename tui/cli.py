"""The command line. What is not needed is not imported: a bare `mlp-tui` paints before NumPy or PyTorch are loaded."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run `mlp-tui`."""
    words = sys.argv[1:]
    if words:
        sys.exit(_command(words))
    from tui.launch import open_screen  # noqa: PLC0415 - a command may need no screen

    sys.exit(open_screen())


def _command(words: list[str]) -> int:
    """Run a command line that says something; what the user can mend is one line and status 2."""
    from cyclopts import CycloptsError  # noqa: PLC0415 - a bare start needs none of this

    from core.errors import MlpError  # noqa: PLC0415
    from tui.commands import app  # noqa: PLC0415

    try:
        status = app(words, exit_on_error=False, print_error=False, result_action="return_value")
    except CycloptsError as error:
        return _refused(f"{' '.join(str(error).split())} (see mlp-tui --help)")
    except MlpError as error:
        return _refused(str(error))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains once more at its end
        return 141
    return status if isinstance(status, int) else 0


def _refused(text: str) -> int:
    print(f"mlp-tui: {text}", file=sys.stderr)
    return 2
