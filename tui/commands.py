"""What can be said on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import cyclopts
from cyclopts import Parameter, validators

from core import __version__
from core.errors import ExperimentError, GuestError
from core.experiment_file import describe, load, shipped
from tui import launch
from tui.arguments import asked_for, own_file, planting, require_known, source_of
from tui.protocol import Start
from tui.recorded import Compared

app = cyclopts.App(
    name="mlp-tui",
    help="Shows backpropagation number by number in a terminal.",
    version=__version__,
    version_flags=["--version"],
    help_flags=["--help", "-h"],
)

ExperimentName = Annotated[
    str, Parameter(help="The name of an experiment that ships (see `mlp-tui list`), or a TOML file.")
]
CheckedFor = Annotated[
    str,
    Parameter(
        help="The experiment that it is checked on, by name or TOML file. The layers, activation, output and loss that "
        "FILE itself says go before."
    ),
]
Settings = Annotated[
    list[str] | None,
    Parameter("--set", negative="", help="A setting put over the experiment's, such as optimizer.lr=0.3; repeatable."),
]
SavedRun = Annotated[Path | None, Parameter(help="A saved run to go on with, in the place of an experiment.")]
Epochs = Annotated[int | None, Parameter(validator=validators.Number(gte=1, lte=1_000_000_000))]


@app.default
def open_screen(
    experiment: ExperimentName | None = None,
    /,
    *,
    settings: Settings = None,
    resume: SavedRun = None,
    mine: Path | None = None,
    memory: str = "2G",
) -> int:
    """Open the screen on an experiment.

    Parameters
    ----------
    mine
        A backward pass of your own (see `mlp-tui new`), run with your own rights in a process of its own: an engine
        beside the others, checked whenever you save it. Without EXPERIMENT, the file says which network it is for.
    memory
        How much memory that process may use, such as 500M.
    """
    source = source_of(experiment, settings, resume)
    require_known(source, [name for name in app if not name.startswith("-")])
    if resume is None:
        load(source, settings or ())
    else:
        from core.saved_run import read_run  # noqa: PLC0415 - it needs NumPy, which --help need not wait for

        read_run(resume)
    own = own_file(mine, asked_for(experiment, settings), memory)
    return launch.open_screen(Start(source, tuple(settings or ()), resume and resume.absolute(), own))


@app.command
def train(
    experiment: ExperimentName | None = None,
    /,
    *,
    settings: Settings = None,
    epochs: Epochs = None,
    dump: Path | None = None,
    save: Path | None = None,
    pictures: Path | None = None,
    resume: SavedRun = None,
    plant: Annotated[list[str] | None, Parameter(negative="")] = None,
    show: Literal["gradients"] | None = None,
    json: bool = False,
    force: bool = False,
) -> int:
    """Train without a screen: print the losses, then the target and what each engine predicts.

    Parameters
    ----------
    epochs
        How many epochs, instead of what the experiment plans; with --resume, counted from the run's beginning.
    dump
        A folder for the last epoch's torch_autograd.dat and my_autograd.dat.
    save
        A .safetensors file for the whole run, which --resume takes up again; ctrl+c then saves what has been trained.
    pictures
        A folder for pictures, as SVG and PNG: the loss curve, and of the last epoch each engine's distributions and,
        where the network has one or two inputs, its answer map. Needs Matplotlib: pip install 'mlp-tui[pictures]'.
    plant
        A mistake for the backward pass written by hand, such as derivative-at-activation@2 (see `mlp-tui mistakes`);
        repeatable.
    show
        `gradients` prints every gradient matrix of the last epoch.
    json
        An object a line instead of a table.
    force
        Let --dump and --save replace files that are not mlp-tui's own, and --pictures any.
    """
    settings = [*(settings or []), *planting(plant or [])]
    source = source_of(experiment, settings, resume)
    if resume is None:
        load(source, settings or ())  # what is wrong with it is told before PyTorch is imported
    from tui.headless import Request, run  # noqa: PLC0415 - it imports PyTorch, which --help need not wait for

    launch.let_ctrl_c_interrupt()
    return run(
        Request(
            source=source,
            settings=tuple(settings or ()),
            resume=resume,
            epochs=epochs,
            dump=dump,
            save=save,
            pictures=pictures,
            gradients=show is not None,
            as_json=json,
            force=force,
        )
    )


@app.command
def explain(
    number: str,
    experiment: ExperimentName | None = None,
    /,
    *,
    epoch: Annotated[int | None, Parameter(validator=validators.Number(gte=0, lte=1_000_000_000))] = None,
    update: Annotated[int | None, Parameter(validator=validators.Number(gte=1))] = None,
    settings: Settings = None,
    resume: SavedRun = None,
    mine: Path | None = None,
    memory: str = "2G",
    own_path: Annotated[bool, Parameter(negative="")] = False,
    depth: Annotated[int, Parameter(validator=validators.Number(gte=1, lte=100))] = 1,
    terms: Annotated[int, Parameter(validator=validators.Number(gte=1))] = 12,
    sort: Literal["size", "index"] = "size",
    json: bool = False,
) -> int:
    """Explain a number: its formula, the same with the real numbers, and what it is made of, in every engine.

    Parameters
    ----------
    number
        Which one, such as "dL/dW2[3,7]", "z1[0,3]", "update b1[2]", "next W1[0,0]" or L, the loss of the batch. Layers
        count from 1, cells from 0: W[output, input], z[sample, unit].
    epoch
        The epoch; the first one, or of a saved run its last, unless you say otherwise.
    update
        Which update of the epoch, where it has several batches: the last one unless you say otherwise.
    mine
        A backward pass of your own (see `mlp-tui new`), explained beside the engines. Without EXPERIMENT, the file says
        which network it is for.
    memory
        How much memory its process may use, such as 500M.
    own_path
        Let it train by its own gradients, instead of being evaluated at scratch's parameters.
    depth
        How many levels: 2 explains what the number is made of too, and so on.
    terms
        How many terms of a sum are listed.
    sort
        The terms by their size, or by their index.
    json
        An object instead of text.
    """
    source = source_of(experiment, settings, resume)
    own = own_file(mine, asked_for(experiment, settings), memory)
    if own_path and own is None:
        raise ExperimentError("--own-path is said of a file of your own", expected="--mine FILE with it")
    if resume is None:
        load(source, settings or ())  # what is wrong with it is told before PyTorch is imported
    from tui.explain_text import Request, run  # noqa: PLC0415 - it imports PyTorch, which --help need not wait for

    launch.let_ctrl_c_interrupt()
    return run(
        Request(
            address=number,
            source=source,
            settings=tuple(settings or ()),
            resume=resume,
            epoch=epoch,
            update=update,
            mine=own,
            own_path=own_path,
            depth=depth,
            most=terms,
            order=sort,
            as_json=json,
        )
    )


@app.command
def serve(
    experiment: ExperimentName | None = None,
    /,
    *,
    settings: Settings = None,
    mine: Path | None = None,
    memory: str = "2G",
    port: Annotated[int, Parameter(validator=validators.Number(gte=0, lte=65_535))] = 8000,
    host: str = "127.0.0.1",
    sessions: Annotated[int, Parameter(validator=validators.Number(gte=1, lte=1000))] = 8,
    idle: Annotated[float, Parameter(validator=validators.Number(gt=0, lte=10_080))] = 30.0,
    trust: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Serve the program to browsers, for a classroom; it prints the address, with the token that opens it.

    It needs what `pip install mlp-tui[web]` installs. What visitors save arrives as a download.

    Parameters
    ----------
    mine
        A backward pass of your own, an engine beside the others in every session; only with --trust.
    memory
        How much memory the process of that file may use, in each session, such as 500M.
    port
        Where it listens; 0 for any that is free.
    host
        The name or address that it listens at: this machine alone unless you say otherwise, 0.0.0.0 for all networks.
    sessions
        How many may use it at once; each has a run of their own.
    idle
        Minutes without a key after which a session is ended.
    trust
        Let visitors open this machine's files, and run the one that --mine names.
    """
    source = source_of(experiment, settings, None)
    load(source, settings or ())  # what is wrong with it is told here, not to each visitor
    if mine is not None and not trust:
        raise GuestError("--mine runs a file of this machine in every session", expected="--trust with it")
    own = own_file(mine, asked_for(experiment, settings), memory)
    from tui.web.start import run, words_of  # noqa: PLC0415 - it needs what the extra installs

    words = words_of(asked_for(experiment, settings), settings or (), own)
    return run(words, host=host, port=port, sessions=sessions, idle=idle, trust=trust)


@app.command
def compare(
    a: Path,
    b: Path,
    /,
    *,
    digits: Annotated[int, Parameter(validator=validators.Number(gte=1, lte=17))] = 5,
    json: bool = False,
    tui: bool = False,
) -> int:
    """Compare the gradients in two files, whoever wrote them: dumps, text, .npz, .safetensors or .pt.

    The exit status is 0 where they are equal, 1 where they differ, 2 where a file can't be read, and 3 where the files
    don't show it: they are of different runs, epochs or experiments, or the numbers say nothing.

    Parameters
    ----------
    a
        A file of gradients, such as torch_autograd.dat.
    b
        Another one, such as my_autograd.dat.
    digits
        Significant digits that have to agree where no rounding bound can be derived, as in other people's files.
    json
        An object instead of a table.
    tui
        Open the two files in the program, as two engines whose epochs are the passes found in them.
    """
    if tui:
        return _open_files(Compared(a.absolute(), b.absolute(), digits), as_json=json)
    from tui.compare_text import run  # noqa: PLC0415 - it needs NumPy, which --help need not wait for

    launch.let_ctrl_c_interrupt()
    return run(a, b, digits, as_json=json)


@app.command
def check(
    file: Path,
    /,
    *,
    experiment: CheckedFor | None = None,
    json: bool = False,
    autograd: bool = False,
    time: Annotated[float, Parameter(validator=validators.Number(gt=0, lte=86_400))] = 10.0,
    memory: str = "2G",
) -> int:
    """Check your own backward pass: is it right, and if not, which layer is wrong and what is the mistake?

    FILE defines gradients(x, y, weights, biases), which returns the loss, dW and db (see `mlp-tui new`). It is run with
    your own rights, in a process of its own. The exit status is 0 if it is right, 1 if it is wrong, 2 if it can't be
    run, 3 if that can't be told.

    Parameters
    ----------
    json
        One object instead of text.
    autograd
        Ask PyTorch's autograd too; it is asked anyway where there is doubt.
    time
        Seconds that the file may take in all.
    memory
        How much memory it may use, such as 500M.
    """
    from tui import check as checking  # noqa: PLC0415 - it imports NumPy, which --help need not wait for

    launch.let_ctrl_c_interrupt()
    return checking.run(file, experiment, checking.limits_of(time, memory), autograd=autograd, as_json=json)


@app.command
def new(file: Path, /, *, from_class: bool = False) -> None:
    """Write the start of a backward pass of your own: all is there but the backward pass.

    Parameters
    ----------
    from_class
        Show how to wrap a class that has weights and a method `fit`.
    """
    from core.guest.template import FROM_CLASS, FUNCTION  # noqa: PLC0415
    from tui.check import write_new  # noqa: PLC0415 - it imports NumPy

    write_new(file, FROM_CLASS if from_class else FUNCTION)


@app.command
def mistakes() -> None:
    """List the mistakes that `check` names, with their equations."""
    from tui.check import list_mistakes  # noqa: PLC0415 - it imports NumPy

    list_mistakes()


@app.command(name="list")
def list_experiments() -> None:
    """List the experiments that ship."""
    for name in shipped():
        print(f"{name:<12} {describe(name)}")


def _open_files(compared: Compared, *, as_json: bool) -> int:
    """Open the screen on two files, once they are known to hold gradients.

    Raises:
        MlpError: one can't be read, or it is to be printed too.
    """
    if as_json:
        raise ExperimentError("--tui opens the screen, --json prints", expected="one of them")
    from core.dat.foreign import read_any  # noqa: PLC0415 - it needs NumPy, which --help need not wait for

    for path in (compared.a, compared.b):
        read_any(path)
    return launch.open_screen(Start(compared=compared))
