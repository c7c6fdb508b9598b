"""What can be said on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import cyclopts
from cyclopts import Parameter, validators

from core import __version__
from core.experiment import DEFAULT, load
from tui import launch

app = cyclopts.App(
    name="mlp-tui",
    help="Shows backpropagation number by number in a terminal.",
    version=__version__,
    version_flags=["--version"],
    help_flags=["--help", "-h"],
)

ExperimentName = Annotated[
    str, Parameter(help="The name of an experiment that ships (notebook, as-printed), or a TOML file.")
]


@app.default
def open_screen(experiment: ExperimentName = DEFAULT, /) -> int:
    """Open the screen on an experiment."""
    load(experiment)
    return launch.open_screen(experiment)


@app.command
def train(
    experiment: ExperimentName = DEFAULT,
    /,
    *,
    epochs: Annotated[int | None, Parameter(validator=validators.Number(gte=1, lte=1_000_000_000))] = None,
    dump: Path | None = None,
    show: Literal["gradients"] | None = None,
    json: bool = False,
    force: bool = False,
) -> int:
    """Train without a screen: print the losses, then the target and what each engine predicts.

    Parameters
    ----------
    epochs
        How many epochs, instead of what the experiment plans.
    dump
        A folder for the last epoch's torch_autograd.dat and my_autograd.dat.
    show
        `gradients` prints every gradient matrix of the last epoch.
    json
        An object a line instead of a table.
    force
        Let --dump replace files that are no dumps of mlp-tui.
    """
    described = load(experiment)
    from tui.headless import run  # noqa: PLC0415 - it imports PyTorch, which --help need not wait for

    run(described, epochs or described.epochs, folder=dump, gradients=show is not None, as_json=json, force=force)
    return 0
